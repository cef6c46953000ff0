"""What was found in several areas of one frame, as one frame's findings."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from its_camera_ai.core.detections import VEHICLES, Detections, ObjectClass
from its_camera_ai.vision.detector import FloatArray
from its_camera_ai.vision.nms import suppress

EDGE_PX = 3.0
"""A box that ends this near to its area's border is taken as cut off there."""

IOU_MAX = 0.5
INSIDE_SHARE = 0.6
"""A cut box gives way to another of its kind that holds this share of it."""

_KIND = np.array([ObjectClass.CAR if c in VEHICLES else c for c in ObjectClass], np.int8)

Bools = npt.NDArray[np.bool_]


def combine(
    found: Sequence[Detections],
    areas: Sequence[tuple[int, int, int, int]],
    frame_wh: tuple[int, int],
    known_xyxy: FloatArray | None = None,
) -> Detections:
    """The findings of all areas without doubles, best first.

    A box that its area's border cuts gives way to one from elsewhere that holds most of it, whole
    or cut less; where there is none it is kept, for something may stand there. The exception is
    the smaller part of a thing that is followed already and reaches out of the area: half a parked
    car says less than what is known.

    Args:
        found: of each area, boxes in pixels of the frame. areas: xyxy, in the same order.
        known_xyxy: (K, 4) where tracks are now; None if nothing is followed.
    """
    everything = Detections.concatenate(list(found))
    if not len(everything):
        return everything
    source = np.repeat(np.arange(len(found)), [len(f) for f in found])
    area = np.array(areas, np.float32).reshape(-1, 4)[source]
    cut = _cut(everything.xyxy, area, frame_wh)
    keep = ~(cut & _held_by_others(everything, source, cut))
    if known_xyxy is not None and len(known_xyxy):
        keep &= ~(cut & _lesser_part(everything.xyxy, area, known_xyxy))
    return suppress(everything.take(keep), IOU_MAX)


def _cut(xyxy: FloatArray, area: FloatArray, frame_wh: tuple[int, int]) -> Bools:
    """(N,): touches a border of its area that is none of the frame."""
    frame = np.array([0, 0, *frame_wh], np.float32)
    touches = np.abs(xyxy - area) <= EDGE_PX
    inner = np.abs(area - frame) > EDGE_PX
    cut: Bools = np.any(touches & inner, axis=1)
    return cut


def _held_by_others(found: Detections, source: npt.NDArray[np.intp], cut: Bools) -> Bools:
    """(N,): another area has a box of the kind that holds most of this one and is worth more."""
    xyxy = found.xyxy
    size = _size(xyxy)
    kind = _KIND[found.class_id]
    rivals = (source[:, None] != source[None, :]) & (kind[:, None] == kind[None, :])
    worth_more = ~cut[None, :] | (size[None, :] > size[:, None])
    held = _overlap(xyxy, xyxy) >= INSIDE_SHARE * size[:, None]
    result: Bools = np.any(rivals & worth_more & held, axis=1)
    return result


def _lesser_part(xyxy: FloatArray, area: FloatArray, known: FloatArray) -> Bools:
    """(N,): less than half of something known that reaches out of the area."""
    mine = _overlap(xyxy, known) >= INSIDE_SHARE * _size(xyxy)[:, None]
    lesser = _overlap(area, known) < 0.5 * _size(known)[None, :]
    result: Bools = np.any(mine & lesser, axis=1)
    return result


def _size(xyxy: FloatArray) -> FloatArray:
    return np.asarray(np.clip(xyxy[:, 2:] - xyxy[:, :2], 0, None).prod(axis=1), np.float32)


def _overlap(a: FloatArray, b: FloatArray) -> FloatArray:
    """(N, M): the area that each box of ``a`` shares with each of ``b``."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    return np.asarray(np.clip(high - low, 0, None).prod(axis=2), np.float32)

"""What part of the picture a look covered: who could be missed, and which boxes it may have cut."""

from typing import Any

import numpy as np
import numpy.typing as npt

from its_camera_ai.tracking.table import Floats

Bools = npt.NDArray[np.bool_]
Boxes = npt.NDArray[np.floating[Any]]

EDGE_PX = 2.0
"""A box this near to the edge of what was looked at is cut off there: that side says little about
the body."""
_SHARE = 0.5
"""A body with this share of its box in a looked-at area could be seen there."""


def could_be_seen(boxes: Floats, areas: Floats | None) -> Bools:
    """Which of N predicted boxes lie in a looked-at area, by half of their area or bottom centre.

    Args:
        boxes: (N, 4) xyxy px. areas: (R, 4) xyxy px; None where the whole frame was looked at.

    Returns:
        (N,).
    """
    if areas is None:
        return np.ones(len(boxes), np.bool_)
    if not len(areas) or not len(boxes):
        return np.zeros(len(boxes), np.bool_)
    box = boxes[:, None]
    wh = np.minimum(box[..., 2:], areas[:, 2:]) - np.maximum(box[..., :2], areas[:, :2])
    inside = np.clip(wh, 0, None).prod(axis=2)
    size = np.maximum((boxes[:, 2:] - boxes[:, :2]).prod(axis=1), 1e-9)
    foot = np.stack([(boxes[:, 0] + boxes[:, 2]) / 2, boxes[:, 3]], axis=1)[:, None]
    stands = ((foot >= areas[:, :2]) & (foot <= areas[:, 2:])).all(axis=2)
    seen: Bools = (stands | (inside >= _SHARE * size[:, None])).any(axis=1)
    return seen


def cut_sides(boxes: Boxes, size_wh: tuple[int, int], areas: Floats | None) -> Bools:
    """Which sides of N detected boxes lie on the picture's edge or a looked-at area's border.

    Returns:
        (N, 4): left, top, right, bottom.
    """
    frame = np.array([0.0, 0.0, *size_wh])
    cut: Bools = np.empty((len(boxes), 4), np.bool_)
    cut[:, :2] = boxes[:, :2] <= EDGE_PX
    cut[:, 2:] = boxes[:, 2:] >= frame[2:] - EDGE_PX
    if areas is not None and len(areas) and len(boxes):
        box = boxes[:, None]
        within = np.concatenate([box[..., :2] - areas[:, :2], areas[:, 2:] - box[..., 2:]], axis=2)
        inside = np.all(within >= -EDGE_PX, axis=2, keepdims=True)
        cut |= np.any(inside & (np.abs(within) <= EDGE_PX), axis=1)
    return cut

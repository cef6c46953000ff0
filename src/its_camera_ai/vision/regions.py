"""Where to look in a frame: the parts where something moves, each no larger than it must be. Pure.

Rules, numbered for the tests and docs/design/looks.md:

1. Every box that is handed in lies in one area, with room around it (``MARGIN_SHARE``,
   ``MARGIN_PX``), or the whole frame is looked at.
2. Areas lie inside the frame, in whole pixels, and are as fine as the whole-frame look at least;
   an object of ``object_min_px`` is ``INPUT_MIN_PX`` or more in the network's input. Where its
   input has room to spare an area is enlarged, up to ``ZOOM_MAX``.
3. Areas are joined while one look costs no more than two. Cost is the network's input in pixels,
   which is what its time is proportional to on a CPU (docs/design/looks.md, figures).
4. At most ``AREAS_MAX`` areas. All together cost less than the whole frame; else that is looked at,
   as it is where more than ``BOXES_MAX`` things move: it would be the answer after longer thought.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from its_camera_ai.vision.detector import AreaDetector, FloatArray

INPUT_MIN_PX = 12
"""The smallest wanted object is at least so many pixels high in the network's input."""

MARGIN_SHARE = 0.15
MARGIN_PX = 12
"""Room on each side of a box: this share of its larger side, at least so many pixels of the
network's input; a network needs to see what a thing stands in."""

ZOOM_MAX = 1.5
"""An area that would not fill its input is shown so much larger instead: it costs nothing, and
more is found (docs/design/looks.md, figures)."""

AREAS_MAX = 8
BOXES_MAX = 32
AREA_COST_PX = 1500
"""What one more area costs beside its pixels, in pixels: cutting out, scaling, a call."""

REGION_SIZES_WH = (
    (128, 128),
    (192, 128),
    (192, 192),
    (256, 256),
    (384, 256),
    (256, 384),
    (512, 320),
)
"""Inputs that areas are looked at with. Few: areas of several cameras then share a batch, and some
runtimes compile the network for each and keep a bounded number (``runtime_openvino``)."""

_Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PlannedArea:
    """One part of a frame.

    Attributes:
        area: left, top, right, bottom in whole pixels of the frame.
        input_wh: size of the network's input that it is scaled into.
    """

    area: tuple[int, int, int, int]
    input_wh: tuple[int, int]

    @property
    def cost_px(self) -> int:
        return self.input_wh[0] * self.input_wh[1] + AREA_COST_PX


@dataclass(frozen=True, slots=True)
class LookPlan:
    """One look: its areas, or the whole frame as the only one."""

    areas: tuple[PlannedArea, ...]
    is_full: bool

    @property
    def cost_px(self) -> int:
        return sum(area.cost_px for area in self.areas)

    def looked_xyxy(self) -> FloatArray:
        """(R, 4) pixels, for ``Tracker.update``."""
        return np.array([area.area for area in self.areas], np.float32).reshape(-1, 4)


def region_sizes(network: AreaDetector) -> tuple[tuple[int, int], ...]:
    """Those of ``REGION_SIZES_WH`` that the network can run at."""
    return tuple(size for size in REGION_SIZES_WH if network.fits(size))


class RegionPlanner:
    """Plans the looks at frames of one size by one network.

    Args:
        frame_wh: of the frames, pixels.
        full_wh: the network's input for the whole frame.
        sizes_wh: inputs for parts; those that cost no less than ``full_wh`` are not used.
        object_min_px: height of the smallest wanted object in the frame.
    """

    def __init__(
        self,
        frame_wh: tuple[int, int],
        full_wh: tuple[int, int],
        sizes_wh: Iterable[tuple[int, int]],
        *,
        object_min_px: float,
    ) -> None:
        if min(frame_wh) < 1 or object_min_px <= 0:
            raise ValueError("A frame has at least one pixel, and so has the smallest object.")
        self._frame_wh = frame_wh
        width, height = frame_wh
        self.full = LookPlan((PlannedArea((0, 0, width, height), full_wh),), is_full=True)
        full_scale = min(full_wh[0] / width, full_wh[1] / height)
        self.scale = max(full_scale, INPUT_MIN_PX / object_min_px)
        """Input pixels per frame pixel, at the least, in every part."""
        whole = full_wh[0] * full_wh[1]
        usable = sorted((w * h, w, h) for w, h in sizes_wh if w * h < whole)
        self._sizes = [(w, h) for _, w, h in usable]
        reach = [(math.floor(w / self.scale), math.floor(h / self.scale)) for w, h in self._sizes]
        self._reach = np.array(reach, np.float64).reshape(-1, 2)
        cost = [w * h + AREA_COST_PX for w, h in self._sizes]
        self._costs = np.array([*cost, np.inf])

    def plan(self, boxes: npt.ArrayLike) -> LookPlan:
        """The look that covers these boxes, (K, 4) xyxy in pixels of the frame; K ≥ 1.

        Boxes outside the frame are left out; without any, the whole frame is looked at.
        """
        wanted = self._with_margin(np.asarray(boxes, np.float64).reshape(-1, 4))
        if not 0 < len(wanted) <= BOXES_MAX or not len(self._sizes):
            return self.full
        size = self._smallest(wanted)
        if size.max() == len(self._sizes):
            return self.full  # something is too large for any part
        wanted, size = self._merge(wanted, size)
        if len(wanted) > AREAS_MAX:
            return self.full
        areas = tuple(self._place(box, self._sizes[s]) for box, s in zip(wanted, size, strict=True))
        plan = LookPlan(areas, is_full=False)
        return plan if plan.cost_px < self.full.cost_px else self.full

    def _with_margin(self, boxes: _Floats) -> _Floats:
        """Grown, clipped to the frame, in whole pixels; boxes within others are dropped."""
        limit = np.array([*self._frame_wh, *self._frame_wh], np.float64)
        boxes = np.clip(boxes[np.isfinite(boxes).all(axis=1)], 0, limit)
        boxes = boxes[np.all(boxes[:, 2:] > boxes[:, :2], axis=1)]
        side = (boxes[:, 2:] - boxes[:, :2]).max(axis=1, initial=0)
        grow = np.maximum(MARGIN_SHARE * side, MARGIN_PX / self.scale)[:, None]
        low = np.clip(np.floor(boxes[:, :2] - grow), 0, None)
        high = np.minimum(np.ceil(boxes[:, 2:] + grow), limit[:2])
        grown = np.unique(np.concatenate([low, high], axis=1), axis=0)
        inside = np.all(grown[:, None, :2] >= grown[None, :, :2], axis=2)
        inside &= np.all(grown[:, None, 2:] <= grown[None, :, 2:], axis=2)
        np.fill_diagonal(inside, val=False)
        kept: _Floats = grown[~np.any(inside, axis=1)]
        return kept

    def _smallest(self, boxes: _Floats) -> npt.NDArray[np.intp]:
        """(K,): the cheapest size that holds each box; the number of sizes where none does."""
        wh = boxes[..., 2:] - boxes[..., :2]
        fits = np.all(wh[..., None, :] <= self._reach, axis=-1)
        return np.where(fits.any(axis=-1), fits.argmax(axis=-1), len(self._sizes))

    def _merge(
        self, boxes: _Floats, size: npt.NDArray[np.intp]
    ) -> tuple[_Floats, npt.NDArray[np.intp]]:
        """Join the pair that saves most, again and again; pairs that save nothing only while there
        are too many."""
        boxes, size = boxes.copy(), size.copy()
        alive = np.ones(len(boxes), np.bool_)
        saved = self._saved(boxes[:, None], size[:, None], boxes, size)
        saved[np.tril_indices(len(boxes))] = -np.inf
        left = len(boxes)
        while left > 1:
            a, b = divmod(int(saved.argmax()), len(boxes))
            if not np.isfinite(saved[a, b]) or (saved[a, b] < 0 and left <= AREAS_MAX):
                break
            boxes[a] = _union(boxes[a], boxes[b])
            size[a] = self._smallest(boxes[a])
            alive[b] = False
            saved[b] = saved[:, b] = -np.inf
            saved[a] = self._saved(boxes[a], size[a], boxes, size)
            saved[a, ~alive] = saved[a, a] = saved[:, a] = -np.inf
            left -= 1
        return boxes[alive], size[alive]

    def _saved(
        self,
        one: _Floats,
        one_size: npt.NDArray[np.intp],
        others: _Floats,
        others_size: npt.NDArray[np.intp],
    ) -> _Floats:
        """By how much one look costs less than two, if ``one`` were joined with each of the others;
        minus infinity where no look could hold both."""
        together = self._costs[self._smallest(_union(one, others))]
        saved: _Floats = self._costs[one_size] + self._costs[others_size] - together
        return saved

    def _place(self, box: _Floats, input_wh: tuple[int, int]) -> PlannedArea:
        """The box in the middle as far as the frame goes, enlarged up to ``ZOOM_MAX``."""
        fills = min(input_wh[0] / (box[2] - box[0]), input_wh[1] / (box[3] - box[1]))
        scale = max(self.scale, min(fills, ZOOM_MAX * self.scale))
        low, high = [], []
        for axis in (0, 1):
            reach = max(math.floor(input_wh[axis] / scale), int(box[axis + 2] - box[axis]))
            reach = min(reach, self._frame_wh[axis])
            middle = (box[axis] + box[axis + 2]) / 2
            start = min(max(0, round(middle - reach / 2)), self._frame_wh[axis] - reach)
            start = min(start, math.floor(box[axis]))
            start = max(start, math.ceil(box[axis + 2]) - reach)
            low.append(start)
            high.append(start + reach)
        return PlannedArea((low[0], low[1], high[0], high[1]), input_wh)


def _union(one: _Floats, others: _Floats) -> _Floats:
    low = np.minimum(one[..., :2], others[..., :2])
    high = np.maximum(one[..., 2:], others[..., 2:])
    return np.concatenate([low, high], axis=-1)

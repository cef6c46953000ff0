"""The motion gate: is this picture worth a look? A fraction of a millisecond per frame.

A running average of the reduced luma plane stands for the empty scene. Motion is what differs
from it by more than is usual at that place, differs from the picture of half a second ago as
well, and has an edge. The numbered rules cited here are those of docs/design/motion-gate.md.
"""

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.vision.detector import ByteArray, FloatArray
from its_camera_ai.vision.habit_map import HabitMap, local_gain
from its_camera_ai.vision.light import LIGHT_SHARE, SCENE_SHARE, light_change
from its_camera_ai.vision.rain_gauge import RainGauge

REDUCED_WH = (320, 180)
"""The largest picture that is looked at, pixels."""

BACKGROUND_TAU_S = 3.0
"""Time constant of the average: what stands still for a few of these is background."""

BOXES_MAX = 64

_CELL_PX = 4  # of the reduced picture
_AREA_MIN_PX = 10  # of the reduced picture
_AREA_MIN_RAIN_PX = 16
_HOT_LEVEL = 20  # of the mean of a cell's mask: a cell with two changed pixels or more
_SPECK_LEVEL = 16  # of the mean over 3×3 cells: fewer than ten pixels change here
_SETTLING_NS = NS_PER_S  # after a change of the light the background learns faster for so long
_SETTLING_TAU_S = 0.3
_JUMP_SHARE = 0.1  # part of the picture that changes its light from one frame to the next
_UNEVEN_SHARE = 0.02  # from here on the background is fitted to the light place by place
_WIDE_SPOT = np.ones((9, 9), np.uint8)  # cells: wider than most things, narrower than shadows
_EDGE_FACTOR = 0.7  # step over two pixels, in allowed differences, that makes an edge
_EDGE_SHARE = 0.3  # of the way round a thing's box
_BACKGROUND_STEP_S, _HABIT_STEP_S, _CLOCK_STEP_S = 0.15, 0.2, 2.0
_EARLIER_STEP_S = 0.5
_NO_BOXES = np.empty((0, 4), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """What moved in one frame.

    Attributes:
        active: worth a look.
        boxes: (K, 4) float32 xyxy in pixels of the full frame, merged, largest first.
        share: part of the picture that differs from the background, 0–1.
        relit: the light changed over the whole picture and the background was learned anew;
            ``active`` then keeps the value of the frame before.
    """

    active: bool
    boxes: FloatArray
    share: float
    relit: bool = False


@dataclass(slots=True)
class _Turn:
    """Does something every ``step_s`` of stream time, and whenever the clock jumped."""

    step_s: float
    last_ns: int = 0

    def due_s(self, pts_ns: int) -> float:
        """Seconds since the last time if it is due, else 0; a jump counts as one step."""
        since_s = (pts_ns - self.last_ns) / NS_PER_S
        if 0 <= since_s < self.step_s:
            return 0.0
        self.last_ns = pts_ns
        return since_s if 0 < since_s < self.step_s + 1 else self.step_s


class MotionGate:
    """Motion of one camera. Give it every decoded frame, in order.

    Args:
        size_wh: of the full frame, pixels.
    """

    def __init__(self, size_wh: tuple[int, int]) -> None:
        scale = min(1.0, REDUCED_WH[0] / size_wh[0], REDUCED_WH[1] / size_wh[1])
        self._small_wh = (max(1, round(size_wh[0] * scale)), max(1, round(size_wh[1] * scale)))
        self._half_wh = _divided(self._small_wh, 2)
        self._cells_wh = _divided(self._small_wh, _CELL_PX)
        self._coarse_wh = _divided(self._small_wh, 2 * _CELL_PX)
        w, h = size_wh[0] / self._small_wh[0], size_wh[1] / self._small_wh[1]
        self._to_frame = np.array([w, h, w, h], np.float32)
        self._habits = HabitMap(self._small_wh, self._cells_wh)
        self._rain = RainGauge()
        self._average: npt.NDArray[np.float32] | None = None
        self._background: npt.NDArray[Any] = np.empty((0, 0), np.uint8)  # the average, rounded
        self._background_cells: npt.NDArray[Any] = self._background
        self._mask_before: npt.NDArray[Any] | None = None
        self._earlier: list[npt.NDArray[Any]] = []  # two reduced pictures, older first
        self._last_pts_ns = 0
        self._relit_pts_ns = 0
        self._uneven_share = 0.0
        self._active = False
        self._kernel = np.ones((3, 3), np.uint8)
        self._learn_turn = _Turn(_BACKGROUND_STEP_S)
        self._habit_turn = _Turn(_HABIT_STEP_S)
        self._clock_turn = _Turn(_CLOCK_STEP_S)
        self._earlier_turn = _Turn(_EARLIER_STEP_S)

    @property
    def threshold(self) -> int:
        """Grey levels above which a pixel counts as changed now, in the middle of all places."""
        return self._habits.level

    def update(self, luma: ByteArray, pts_ns: int) -> Motion:
        """Take the next frame's luma plane, (H, W) uint8.

        The first frame only teaches the background. A jump of the clock, back or forth, counts
        as one nominal step.
        """
        small = cv2.resize(luma, self._small_wh, interpolation=cv2.INTER_AREA)
        if self._average is None:
            self._start(small, pts_ns)
            return Motion(False, _NO_BOXES, 0.0)
        step_s = (pts_ns - self._last_pts_ns) / NS_PER_S
        step_s = step_s if 0 < step_s < 1 else 0.04
        self._last_pts_ns = pts_ns

        cells = self._cells_of(small)
        uneven = _above(cv2.absdiff(cells, self._background_cells), self._habits.level)
        uneven_share = cv2.countNonZero(uneven) / uneven.size
        jump = uneven_share - self._uneven_share
        self._uneven_share = uneven_share
        if (
            uneven_share > LIGHT_SHARE
            and jump > _JUMP_SHARE
            and self._relight(small, uneven_share, pts_ns)
        ):
            return Motion(self._active, _NO_BOXES, uneven_share, relit=True)

        lit_unevenly = uneven_share > _UNEVEN_SHARE and _has_wide_spot(uneven)
        background = self._lit_background(cells) if lit_unevenly else self._background
        difference = cv2.absdiff(small, background)
        mask = cv2.compare(difference, self._habits.allowed, cv2.CMP_GT)
        changed = cv2.countNonZero(mask)
        share = changed / mask.size
        if share > SCENE_SHARE:
            self._start(small, pts_ns)
            return Motion(self._active, _NO_BOXES, share, relit=True)

        boxes = _NO_BOXES
        if changed >= _AREA_MIN_PX:
            boxes = self._things(small, mask, difference if lit_unevenly else None)
        self._learn(small, mask, difference, pts_ns)
        self._mask_before = mask
        self._active = len(boxes) > 0
        return Motion(self._active, boxes, share)

    def _start(self, small: npt.NDArray[Any], pts_ns: int) -> None:
        """Another scene: this picture is the background."""
        self._take_background(small.astype(np.float32), pts_ns)
        if not self._earlier:
            self._earlier = [small, small]
            self._last_pts_ns = pts_ns
            for turn in (self._learn_turn, self._habit_turn, self._clock_turn, self._earlier_turn):
                turn.last_ns = pts_ns

    def _relight(self, small: npt.NDArray[Any], uneven_share: float, pts_ns: int) -> bool:
        """Rule 5: a jump of the light is learned at once, if that is what happened."""
        assert self._average is not None  # noqa: S101 (update() starts with the first picture)
        relit = light_change(small, self._average, self._habits.level)
        if relit is None and uneven_share <= SCENE_SHARE:
            return False
        self._take_background(small.astype(np.float32) if relit is None else relit, pts_ns)
        self._uneven_share = 0.0
        return True

    def _take_background(self, average: npt.NDArray[np.float32], pts_ns: int) -> None:
        self._average = average
        self._relit_pts_ns = pts_ns
        self._round_background()

    def _round_background(self) -> None:
        assert self._average is not None  # noqa: S101 (only called with an average)
        self._background = cv2.convertScaleAbs(self._average)
        self._background_cells = self._cells_of(self._background)

    def _lit_background(self, cells: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Rule 4: the background under the light of this moment, place by place."""
        gain = local_gain(cells, self._background_cells)
        fine = cv2.resize(gain, self._small_wh, interpolation=cv2.INTER_LINEAR)
        return cv2.multiply(self._background, fine, dtype=cv2.CV_8U)

    def _things(
        self,
        small: npt.NDArray[Any],
        mask: npt.NDArray[Any],
        difference: npt.NDArray[Any] | None,
    ) -> FloatArray:
        """Boxes of what moves.

        Args:
            difference: from the background, where the light is uneven; None where it is not and
                edges need not be asked for.
        """
        area_min_px = _AREA_MIN_PX
        if self._rain.raining and self._mask_before is not None:
            # rule 6: drops are elsewhere in the next frame
            mask = cv2.bitwise_and(mask, cv2.dilate(self._mask_before, self._kernel))
            area_min_px = _AREA_MIN_RAIN_PX
        stirred = cv2.absdiff(small, self._earlier[0])
        moving = cv2.bitwise_and(mask, cv2.compare(stirred, self._habits.allowed, cv2.CMP_GT))
        if cv2.countNonZero(moving) < area_min_px / 2:  # rule 3
            return _NO_BOXES
        cells = self._cells_of(mask)
        hot = cv2.min(_above(cells, _HOT_LEVEL), _above(cv2.blur(cells, (3, 3)), _SPECK_LEVEL))
        contours, _ = cv2.findContours(hot, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        rows = []
        for contour in contours:
            window = self._window(*cv2.boundingRect(contour))
            inside = mask[window]
            if (
                cv2.countNonZero(inside) < area_min_px
                or cv2.countNonZero(moving[window]) < area_min_px / 2
                or (difference is not None and not self._has_edge(window, inside, difference))
            ):
                continue
            left, top, width, height = cv2.boundingRect(inside)
            left, top = left + window[1].start, top + window[0].start
            rows.append((left, top, left + width, top + height))
        if not rows:
            return _NO_BOXES
        boxes = np.array(rows, np.float32)
        size = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
        largest = np.argsort(-size, kind="stable")[:BOXES_MAX]
        return np.asarray(boxes[largest] * self._to_frame, np.float32)

    def _has_edge(
        self, window: tuple[slice, slice], inside: npt.NDArray[Any], difference: npt.NDArray[Any]
    ) -> bool:
        """Rule 4: shadows of clouds and glare fade out, things end."""
        step = cv2.morphologyEx(difference[window], cv2.MORPH_GRADIENT, self._kernel)
        wanted = cv2.convertScaleAbs(self._habits.allowed[window], alpha=_EDGE_FACTOR)
        sharp = cv2.bitwise_and(cv2.compare(step, wanted, cv2.CMP_GT), inside)
        height, width = inside.shape
        needed = max(_AREA_MIN_PX / 2, _EDGE_SHARE * 2 * (width + height))
        return bool(cv2.countNonZero(sharp) >= needed)

    def _learn(
        self,
        small: npt.NDArray[Any],
        mask: npt.NDArray[Any],
        difference: npt.NDArray[Any],
        pts_ns: int,
    ) -> None:
        if since_s := self._learn_turn.due_s(pts_ns):
            settling = pts_ns - self._relit_pts_ns < _SETTLING_NS
            tau_s = _SETTLING_TAU_S if settling else BACKGROUND_TAU_S
            assert self._average is not None  # noqa: S101 (update() starts with the first picture)
            cv2.accumulateWeighted(small, self._average, 1 - math.exp(-since_s / tau_s))
            self._round_background()
        if since_s := self._habit_turn.due_s(pts_ns):
            hot = self._hot(mask)
            self._habits.learn(self._cells_of(difference), self._shifted(small), hot, since_s)
            if self._mask_before is not None:
                self._rain.update(hot, self._hot(self._mask_before), since_s)
        if self._clock_turn.due_s(pts_ns):
            self._habits.find_clock()
        if self._earlier_turn.due_s(pts_ns):
            self._earlier = [self._earlier[1], small]

    def _shifted(self, small: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Cells (h, w) are 255 where the mean of four of them is not that of the background."""
        change = cv2.subtract(self._cells_of(small), self._background_cells, dtype=cv2.CV_16S)
        coarse = cv2.resize(change, self._coarse_wh, interpolation=cv2.INTER_AREA)
        shifted = _above(cv2.convertScaleAbs(coarse), self._habits.level)
        return cv2.resize(shifted, self._cells_wh, interpolation=cv2.INTER_NEAREST)

    def _hot(self, mask: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Cells (h, w) with more than one changed pixel are 255."""
        return _above(self._cells_of(mask), _HOT_LEVEL)

    def _cells_of(self, picture: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Means over cells. Two halvings are a quarter of the cost of one step."""
        half = cv2.resize(picture, self._half_wh, interpolation=cv2.INTER_AREA)
        return cv2.resize(half, self._cells_wh, interpolation=cv2.INTER_AREA)

    def _window(self, x: int, y: int, w: int, h: int) -> tuple[slice, slice]:
        """Rows and columns of the reduced picture that some cells cover."""
        wide = self._small_wh[0] / self._cells_wh[0]
        high = self._small_wh[1] / self._cells_wh[1]
        return (
            slice(int(y * high), math.ceil((y + h) * high)),
            slice(int(x * wide), math.ceil((x + w) * wide)),
        )


def _divided(size_wh: tuple[int, int], by: int) -> tuple[int, int]:
    return max(1, size_wh[0] // by), max(1, size_wh[1] // by)


def _has_wide_spot(uneven: npt.NDArray[Any]) -> bool:
    """Whether all cells (h, w; 255 or 0) of some large square changed, as under another light."""
    spot = cv2.erode(uneven, _WIDE_SPOT, borderType=cv2.BORDER_CONSTANT, borderValue=(255,))
    return cv2.countNonZero(spot) > 0


def _above(values: npt.NDArray[Any], limit: int) -> npt.NDArray[Any]:
    """255 where a value is above the limit, else 0."""
    _, mask = cv2.threshold(values, limit, 255, cv2.THRESH_BINARY)
    return np.asarray(mask)

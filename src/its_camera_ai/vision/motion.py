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
_AREA_MIN_RAIN_PX, _AREA_MIN_DARK_RAIN_PX = 30, 16
_DARK_LEVEL = 70.0  # mean of the background: rain by night
_SHIFT_FACTOR = 1.3  # of the usual threshold: so much the mean of a place shifts if somebody passes
_HOT_LEVEL = 20  # of the mean of a cell's mask: a cell with two changed pixels or more
_SPECK_LEVEL = 16  # of the mean over 3×3 cells: fewer than ten pixels change here
_SETTLING_NS = NS_PER_S  # after a change of the light the background learns faster for so long
_SETTLING_TAU_S = 0.3
_JUMP_SHARE = 0.1  # part of the picture that changes its light from one frame to the next
_UNEVEN_SHARE = 0.02  # from here on the background is fitted to the light place by place
_WIDE_SPOT = np.ones((9, 9), np.uint8)  # cells: wider than most things, narrower than shadows
_LIT_MARGIN = 3  # cells around what is lit unevenly: what the median and the blending reach
_EDGE_SHARE = 0.3  # of the way round a thing's box
_BACKGROUND_STEP_S, _HABIT_STEP_S, _CLOCK_STEP_S = 0.15, 0.4, 2.0
_EARLIER_STEP_S = 0.5
_NEAR = np.ones((3, 3), np.uint8)
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
        self._columns = _edges(self._small_wh[0], self._cells_wh[0])
        self._rows = _edges(self._small_wh[1], self._cells_wh[1])
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
        self._dark = False
        self._active = False
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
        difference = cv2.absdiff(small, self._background)
        if lit_unevenly:
            self._relight_difference(difference, small, cells, uneven)
        mask = cv2.compare(difference, self._limit(), cv2.CMP_GT)
        changed = cv2.countNonZero(mask)
        share = changed / mask.size
        if share > SCENE_SHARE:
            self._start(small, pts_ns)
            return Motion(self._active, _NO_BOXES, share, relit=True)

        boxes = _NO_BOXES
        if changed >= _AREA_MIN_PX:
            boxes = self._things(small, mask, difference if lit_unevenly else None)
        self._learn(small, cells, mask, difference, pts_ns)
        self._mask_before = mask
        self._active = len(boxes) > 0
        return Motion(self._active, boxes, share)

    def _limit(self) -> ByteArray:
        """Rule 6: by night in rain things are fainter and drops are still drops."""
        in_the_dark = self._dark and self._rain.raining
        return self._habits.faint if in_the_dark else self._habits.allowed

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

    def _relight_difference(
        self,
        difference: npt.NDArray[Any],
        small: npt.NDArray[Any],
        cells: npt.NDArray[Any],
        uneven: npt.NDArray[Any],
    ) -> None:
        """Rule 4: the difference from the background under the light of this moment, place by
        place, wherever that light is another one; elsewhere it stays as it is.
        """
        x, y, w, h = cv2.boundingRect(uneven)
        x0, y0 = max(0, x - _LIT_MARGIN), max(0, y - _LIT_MARGIN)
        x1 = min(self._cells_wh[0], x + w + _LIT_MARGIN)
        y1 = min(self._cells_wh[1], y + h + _LIT_MARGIN)
        gain = local_gain(cells[y0:y1, x0:x1], self._background_cells[y0:y1, x0:x1])
        here = self._window(x0, y0, x1 - x0, y1 - y0)
        background = self._background[here]
        fine = cv2.resize(gain, background.shape[::-1], interpolation=cv2.INTER_LINEAR)
        lit = cv2.multiply(background, fine, dtype=cv2.CV_8U)
        difference[here] = cv2.absdiff(small[here], lit)

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
            mask = cv2.bitwise_and(mask, cv2.dilate(self._mask_before, _NEAR))
            area_min_px = _AREA_MIN_DARK_RAIN_PX if self._dark else _AREA_MIN_RAIN_PX
        stirred = cv2.absdiff(small, self._earlier[0])
        moving = cv2.bitwise_and(mask, cv2.compare(stirred, self._limit(), cv2.CMP_GT))
        if cv2.countNonZero(moving) < area_min_px / 2:  # rule 3
            return _NO_BOXES
        cells = self._cells_of(mask)
        hot = cv2.min(_above(cells, _HOT_LEVEL), _above(cv2.blur(cells, (3, 3)), _SPECK_LEVEL))
        if not cv2.countNonZero(hot):
            return _NO_BOXES
        sharp = None if difference is None else self._sharp(mask, difference)
        _, _, stats, _ = cv2.connectedComponentsWithStats(hot, connectivity=8, ltype=cv2.CV_16U)
        found = []
        for x, y, w, h, count in stats[1:].tolist():
            window = self._window(x, y, w, h)
            inside = mask[window]
            if (
                # a hot cell has two changed pixels
                (2 * count < area_min_px and cv2.countNonZero(inside) < area_min_px)
                or cv2.countNonZero(moving[window]) < area_min_px / 2
                or (sharp is not None and not _has_edge(sharp[window]))
            ):
                continue
            left, top, width, height = cv2.boundingRect(inside)
            left, top = left + window[1].start, top + window[0].start
            found.append((-width * height, left, top, left + width, top + height))
        if not found:
            return _NO_BOXES
        found.sort()
        boxes = np.array(found[:BOXES_MAX], np.float32)[:, 1:]
        return boxes * self._to_frame

    def _sharp(self, mask: npt.NDArray[Any], difference: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Changed pixels beside which the difference makes a step."""
        step = cv2.morphologyEx(difference, cv2.MORPH_GRADIENT, _NEAR)
        return cv2.bitwise_and(mask, cv2.compare(step, self._habits.faint, cv2.CMP_GT))

    def _learn(
        self,
        small: npt.NDArray[Any],
        cells: npt.NDArray[Any],
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
            brightness = cv2.mean(self._background_cells)[0]
            self._dark = brightness < _DARK_LEVEL
            self._habits.learn(
                self._cells_of(difference), self._shifted(cells), hot, since_s, brightness
            )
            if self._mask_before is not None:
                self._rain.update(hot, self._hot(self._mask_before), since_s)
        if self._clock_turn.due_s(pts_ns):
            self._habits.find_clock()
        if self._earlier_turn.due_s(pts_ns):
            self._earlier = [self._earlier[1], small]

    def _shifted(self, cells: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Cells (h, w) are 255 where the mean of four of them is not that of the background."""
        change = cv2.subtract(cells, self._background_cells, dtype=cv2.CV_16S)
        coarse = cv2.resize(change, self._coarse_wh, interpolation=cv2.INTER_AREA)
        shifted = _above(cv2.convertScaleAbs(coarse), _SHIFT_FACTOR * self._habits.level)
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
        (top, bottom), (left, right) = self._rows, self._columns
        return slice(top[y], bottom[y + h]), slice(left[x], right[x + w])


def _edges(length_px: int, cells: int) -> tuple[list[int], list[int]]:
    """First pixel of a run of cells by its first cell, and its end by the cell after it."""
    at = [k * length_px / cells for k in range(cells + 1)]
    return [math.floor(edge) for edge in at], [math.ceil(edge) for edge in at]


def _divided(size_wh: tuple[int, int], by: int) -> tuple[int, int]:
    return max(1, size_wh[0] // by), max(1, size_wh[1] // by)


def _has_wide_spot(uneven: npt.NDArray[Any]) -> bool:
    """Whether all cells (h, w; 255 or 0) of some large square changed, as under another light."""
    spot = cv2.erode(uneven, _WIDE_SPOT, borderType=cv2.BORDER_CONSTANT, borderValue=(255,))
    return cv2.countNonZero(spot) > 0


def _has_edge(sharp: npt.NDArray[Any]) -> bool:
    """Rule 4: shadows of clouds and glare fade out, things end."""
    height, width = sharp.shape
    needed = max(_AREA_MIN_PX / 2, _EDGE_SHARE * 2 * (width + height))
    return bool(cv2.countNonZero(sharp) >= needed)


def _above(values: npt.NDArray[Any], limit: float) -> npt.NDArray[Any]:
    """255 where a value is above the limit, else 0."""
    _, mask = cv2.threshold(values, limit, 255, cv2.THRESH_BINARY)
    return np.asarray(mask)

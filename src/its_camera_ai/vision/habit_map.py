"""What each place in the picture usually does: noise, leaves, a clock painted over the picture."""

import math

import cv2
import numpy as np
import numpy.typing as npt

from its_camera_ai.vision.detector import ByteArray, FloatArray

ALLOWED_MIN, ALLOWED_MAX = 12.0, 60.0
"""Grey levels. Below the first lies what compression does to a still picture by day; what differs
by more than the second is seen however much the place around it stirs."""

_FAINT_FACTOR = 0.7
_DARK_SHARE, _DARK_MIN = 0.16, 8.0  # of the brightness: noise and contrasts shrink with the light
_ALLOWED_FACTOR = np.float32(4)  # over the usual mean difference: 3.2 sigma of Gaussian noise
_USUAL_FIRST, _USUAL_MAX = 2.0, np.float32(ALLOWED_MAX / 4)
_TAU_S = 4.0  # of the usual difference, once it is that old itself
_TAU_FIRST_S = 0.5
_RISE_MAX, _FALL_MAX = np.float32(8), np.float32(0.5)  # levels: gusts of wind come and go
_PASSED_MAX = 4.0  # one bright lorry teaches little
_BUSY_TAU_S = 10.0
# somebody may have been there in the last half minute
_PASSED_TAU_S, _PASSED_MIN = 30.0, 0.05 * 255
_CLOCK_EDGE_SHARE = 1 / 8  # of the picture's height: where cameras write the time
_CLOCK_WIDTH_SHARE_MAX = 0.6
_CLOCK_BUSY_MIN, _CLOCK_BUSY_SEED = 0.1 * 255, 0.5 * 255
_NOTHING_PASSES = 255
_SPARSE = 3  # every third cell in both directions tells the level of all


class HabitMap:
    """Difference from the background that is allowed, pixel by pixel, learned in cells.

    Learned is a high quantile of each cell's mean difference. Two kinds of change teach it
    differently. Where the mean of the surroundings stays as it is (leaves, waves, noise: the same
    things at other places) it rises at once and falls slowly. Where that mean has changed now and
    then in the last half minute, somebody may be passing: rising and falling weigh the same, so
    that traffic for less than half of the time allows hardly more than an empty street.

    Args:
        size_wh: of the picture whose differences are judged, pixels.
        cells_wh: of the grid.

    Attributes:
        allowed: (H, W) grey levels.
        faint: seven tenths of that: a step over two pixels that is more makes an edge.
        level: what is allowed in the middle of all places.
    """

    def __init__(self, size_wh: tuple[int, int], cells_wh: tuple[int, int]) -> None:
        self._size_wh = size_wh
        shape = cells_wh[::-1]
        self._wanted = np.full(shape, ALLOWED_MIN, np.uint8)
        self._usual = np.full(shape, _USUAL_FIRST, np.float32)
        self._busy = np.zeros(shape, np.float32)
        self._passed = np.zeros(shape, np.float32)
        self._clock = np.zeros(shape, np.uint8)  # cells where nothing passes are 255
        self._clock_pixels: npt.NDArray[np.uint8] | None = None
        self._age_s = 0.0
        self.allowed: ByteArray = np.full(size_wh[::-1], ALLOWED_MIN, np.uint8)
        self.faint: ByteArray = self._faint()
        self.level = int(ALLOWED_MIN)

    def learn(
        self,
        difference: npt.NDArray[np.uint8],
        shifted: npt.NDArray[np.uint8],
        hot: npt.NDArray[np.uint8],
        step_s: float,
        brightness: float = 255.0,
    ) -> None:
        """Take one picture's differences in; some pictures a second are enough.

        Args:
            difference: (h, w) of each cell, mean over its pixels, grey levels.
            shifted: (h, w) 255 where the mean of the surroundings is not that of the background.
            hot: (h, w) 255 where a cell counted as changed, else 0, as in ``shifted``.
            step_s: since the last call.
            brightness: mean of the empty scene, grey levels; in the dark less is allowed.
        """
        self._age_s += step_s
        _follow(self._passed, shifted, step_s, _PASSED_TAU_S)
        passed_min = _PASSED_MIN if self._age_s > _TAU_S else -1.0
        # _PASSED_MAX where somebody may be passing, 0 elsewhere
        _, at_most = cv2.threshold(self._passed, passed_min, _PASSED_MAX, cv2.THRESH_BINARY)
        step = cv2.subtract(difference, self._usual, dtype=cv2.CV_32F)
        np.maximum(step, -np.maximum(at_most, _FALL_MAX), out=step)
        np.minimum(step, _RISE_MAX - at_most, out=step)
        tau_s = min(_TAU_S, max(_TAU_FIRST_S, self._age_s))
        cv2.scaleAdd(step, min(1.0, step_s / tau_s), self._usual, self._usual)
        np.minimum(self._usual, _USUAL_MAX, out=self._usual)
        if self._clock_pixels is not None:
            hot = np.where((self._clock > 0) & (difference > ALLOWED_MIN), np.uint8(255), hot)
        _follow(self._busy, hot, step_s, _BUSY_TAU_S)
        least = np.float32(min(ALLOWED_MIN, max(_DARK_MIN, _DARK_SHARE * brightness)))
        wanted = np.maximum(self._usual * _ALLOWED_FACTOR, least).astype(np.uint8)
        if not np.array_equal(wanted, self._wanted):
            self._wanted = wanted
            self._allow()

    def _allow(self) -> None:
        self.level = _median(self._wanted[::_SPARSE, ::_SPARSE])
        allowed = cv2.resize(self._wanted, self._size_wh, interpolation=cv2.INTER_LINEAR)
        if self._clock_pixels is not None:
            cv2.max(allowed, self._clock_pixels, allowed)
        self.allowed = np.asarray(allowed, np.uint8)
        self.faint = self._faint()

    def _faint(self) -> ByteArray:
        return np.asarray(cv2.convertScaleAbs(self.allowed, alpha=_FAINT_FACTOR), np.uint8)

    def find_clock(self) -> None:
        """Nothing passes where figures change all the time at the picture's edge.

        A clock is a region of busy cells that lies wholly in the uppermost or lowest eighth of the
        picture and doesn't fill its width. A road does not end there.
        """
        lively = (self._busy > _CLOCK_BUSY_MIN).astype(np.uint8)
        had_clock = self._clock_pixels is not None
        self._clock[:] = 0
        self._clock_pixels = None
        if lively.any():
            self._find_clock(lively)
        if had_clock or self._clock_pixels is not None:
            self._allow()

    def _find_clock(self, lively: ByteArray) -> None:
        near = cv2.dilate(lively, np.ones((3, 3), np.uint8))
        count, labels, stats, _ = cv2.connectedComponentsWithStats(near, connectivity=8)
        rows, columns = lively.shape
        for label in range(1, count):
            _, top, width, height, _ = stats[label]
            upper = top + height <= rows * _CLOCK_EDGE_SHARE
            lower = top >= rows * (1 - _CLOCK_EDGE_SHARE)
            if not (upper or lower) or width > columns * _CLOCK_WIDTH_SHARE_MAX:
                continue
            here = labels == label
            if float(self._busy[here].max()) > _CLOCK_BUSY_SEED:
                self._clock[here] = _NOTHING_PASSES
        if self._clock.any():
            self._clock_pixels = np.asarray(
                cv2.resize(self._clock, self._size_wh, interpolation=cv2.INTER_NEAREST), np.uint8
            )


def _follow(average: FloatArray, now: ByteArray, step_s: float, tau_s: float) -> None:
    """Move a running average (h, w) of bytes towards those of now."""
    cv2.accumulateWeighted(now, average, 1 - math.exp(-step_s / tau_s))


def _median(values: FloatArray) -> int:
    """The upper one, in whole levels."""
    flat = values.ravel()
    return int(np.partition(flat, flat.size // 2)[flat.size // 2])


def local_gain(now: ByteArray, before: ByteArray) -> FloatArray:
    """How much brighter each cell (h, w) is than before, without what single cells do.

    The median over 5×5 cells follows light, and things only inside of the largest.
    """
    ratio = np.add(now, 2, dtype=np.float32)
    ratio /= np.add(before, 2, dtype=np.float32)
    return np.asarray(cv2.medianBlur(ratio, 5), np.float32)

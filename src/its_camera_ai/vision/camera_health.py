"""Is the picture any good? Faults that a camera has while its packets still come.

Invariants, numbered for the tests (docs/camera-health.md):

1. A fault is told once its signs lasted ``hold_s`` without a break, and taken back once they were
   away for ``clear_s``. Times are the stream's, never a number of frames.
2. What depends on the light (black, overexposed, low contrast) is judged by the picture alone.
   What depends on the scene (blurred, covered, moved) is judged against a reference of lasting
   edges, learned from this camera and only while nothing looks wrong.
3. A picture is frozen if far fewer pixels change from second to second than usually do. A camera
   whose pictures never changed much needs two minutes without any change.
4. Until the reference is learned, nothing is known: ``faults`` is None, not empty.
"""

from collections import deque
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from its_camera_ai.core.picture_faults import PictureFault
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.vision.detector import ByteArray
from its_camera_ai.vision.picture_signs import SIGNS_WH, PictureSigns

SAMPLE_S = 1.0
LEARNING_S = 20.0
"""A camera is watched for so long before it is judged."""

_GAP_MAX_S = 10.0  # a longer silence is no evidence of anything
_BLACK_HIGH = 34.0  # 16 is black in video levels
_BRIGHT_SHARE = 0.6
_CONTRAST_MIN = 30.0
_STILL_SHARE = 0.0005  # pixels that change in a still picture, at most
_STILL_OF_USUAL = 0.05
_STILL_UNCONDITIONAL_S = 120.0
_LASTING = 0.6  # an edge is part of the scene if it is there in so many of the pictures
_PART_EDGES_MIN = 12  # in one of 15 parts of the picture; fewer say nothing
_PARTS_MIN = 3
_PARTS_QUANTILE = 0.67
_KEPT_MIN = 0.5  # part of the lasting edges that must still be there, beyond mere chance
_DETAIL_COVERED = 0.4  # of the usual detail; below, something is before the lens
_SHARP_MIN = 0.55  # of the usual steepness of the lasting edges
_REFERENCE_TAU_S = 180.0
_LIGHT_TAU_S = 600.0
_DRIFT_PER_S = 0.005
_DRIFT_WINDOW_S = 20.0
_DRIFT_SCATTER_S = 0.03

HOLD_S: dict[PictureFault, float] = {
    PictureFault.FROZEN: 15.0,
    PictureFault.BLACK: 5.0,
    PictureFault.OVEREXPOSED: 10.0,
    PictureFault.LOW_CONTRAST: 10.0,
    PictureFault.BLURRED: 15.0,
    PictureFault.COVERED: 10.0,
    PictureFault.MOVED: 15.0,
    PictureFault.CLOCK_DRIFT: 5.0,
}
CLEAR_S = 5.0


@dataclass(slots=True)
class _Standing:
    """One fault: since when its signs last, and since when they are away."""

    signs_since_s: float | None = None
    away_since_s: float | None = None
    told: bool = False

    def update(self, signs: bool, now_s: float, hold_s: float) -> None:
        if signs:
            self.away_since_s = None
            if self.signs_since_s is None:
                self.signs_since_s = now_s
            self.told = self.told or now_s - self.signs_since_s >= hold_s
            return
        self.signs_since_s = None
        if self.away_since_s is None:
            self.away_since_s = now_s
        if now_s - self.away_since_s >= CLEAR_S:
            self.told = False


class CameraHealth:
    """Judges one camera. Give it every decoded frame, in order; it looks once a second.

    Costs about a millisecond per second of 640×360 video.
    """

    def __init__(self) -> None:
        self._standings = {fault: _Standing() for fault in PictureFault}
        self._scene = _Scene()
        self._drift = _Drift()
        self._last: PictureSigns | None = None
        self._last_s: float | None = None
        self._learned_s = 0.0
        self._usual_change: float | None = None
        self._still_s = 0.0

    def faults(self) -> tuple[PictureFault, ...] | None:
        """What is wrong now, in the order of ``PictureFault``; None while it is not known yet."""
        told = tuple(fault for fault, standing in self._standings.items() if standing.told)
        return told if told or self._learned_s >= LEARNING_S else None

    def update(self, luma: ByteArray, pts_ns: int, arrived_ns: int) -> None:
        """Take the next frame.

        Args:
            luma: (H, W) uint8.
            pts_ns: stream time.
            arrived_ns: the moment at which the frame was there, UTC; for the pace of the clock.
        """
        now_s = pts_ns / NS_PER_S
        if self._last_s is not None and not now_s < self._last_s:
            self._drift.add(now_s, arrived_ns / NS_PER_S)
            if now_s - self._last_s < SAMPLE_S:
                return
        step_s = 0.0 if self._last_s is None else now_s - self._last_s
        if not 0 <= step_s <= _GAP_MAX_S:  # the stream was away, or began anew
            self._last, step_s = None, 0.0
            self._drift = _Drift()
        self._last_s = now_s
        self._judge(PictureSigns.of(luma), now_s, step_s)

    def _judge(self, signs: PictureSigns, now_s: float, step_s: float) -> None:
        light = _of_the_light(signs)
        scene = set() if light else self._scene.judge(signs)
        found = light | scene | self._of_the_change(signs, step_s)
        if self._drift.too_fast():
            found.add(PictureFault.CLOCK_DRIFT)
        for fault, standing in self._standings.items():
            standing.update(fault in found, now_s, HOLD_S[fault])
        if not light and not scene and PictureFault.FROZEN not in found:
            self._scene.learn(signs, step_s)
            self._learned_s += step_s
        self._last = signs

    def _of_the_change(self, signs: PictureSigns, step_s: float) -> set[PictureFault]:
        """Invariant 3."""
        if self._last is None or step_s == 0:
            return set()
        share = signs.changed_share(self._last)
        usual = self._usual_change
        limit = _STILL_SHARE if usual is None else min(_STILL_SHARE, _STILL_OF_USUAL * usual)
        still = share <= limit
        self._still_s = self._still_s + step_s if share <= _STILL_SHARE else 0.0
        if not still:
            weight = min(1.0, step_s / 60.0)
            self._usual_change = share if usual is None else usual + weight * (share - usual)
        known = usual is not None and usual > _STILL_SHARE
        frozen = (still and known) or self._still_s >= _STILL_UNCONDITIONAL_S
        return {PictureFault.FROZEN} if frozen else set()


def _of_the_light(signs: PictureSigns) -> set[PictureFault]:
    """What the brightness alone tells; the first that fits."""
    if signs.high < _BLACK_HIGH:
        return {PictureFault.BLACK}
    if signs.bright_share > _BRIGHT_SHARE:
        return {PictureFault.OVEREXPOSED}
    if signs.contrast < _CONTRAST_MIN:
        return {PictureFault.LOW_CONTRAST}
    return set()


class _Scene:
    """The lasting edges of a camera's view, and how sharp and many they usually are."""

    def __init__(self) -> None:
        columns, rows = SIGNS_WH
        self._presence: npt.NDArray[np.float32] = np.zeros((rows, columns), np.float32)
        self._detail = self._sharp = 0.0
        self._age_s = 0.0

    @property
    def _lasting(self) -> npt.NDArray[np.bool_]:
        return np.asarray(self._presence > _LASTING)

    def learn(self, signs: PictureSigns, step_s: float) -> None:
        """Move the reference towards a good picture; quickly while it is young."""
        self._age_s += step_s
        rate = step_s / max(min(self._age_s, _REFERENCE_TAU_S), step_s) if step_s else 1.0
        self._presence += np.float32(rate) * (signs.edges - self._presence)
        self._detail += rate * (signs.detail - self._detail)
        lasting = self._lasting
        if lasting.any():
            sharp = _sharpness(signs, lasting)
            rate = step_s / max(min(self._age_s, _LIGHT_TAU_S), step_s) if step_s else 1.0
            self._sharp += rate * (sharp - self._sharp)

    def judge(self, signs: PictureSigns) -> set[PictureFault]:
        """Covered, moved or blurred beside the reference; nothing while that is young."""
        lasting = self._lasting
        telling = int((_by_part(lasting) >= _PART_EDGES_MIN).sum())
        if self._age_s < LEARNING_S / 2 or telling < _PARTS_MIN:
            return set()
        kept, detail = self._kept(signs, lasting), signs.detail / max(self._detail, 1e-6)
        if kept < _KEPT_MIN and detail < _DETAIL_COVERED:
            return {PictureFault.COVERED}
        if _sharpness(signs, lasting & signs.edges) < _SHARP_MIN * self._sharp:
            return {PictureFault.BLURRED}
        return {PictureFault.MOVED} if kept < _KEPT_MIN else set()

    def _kept(self, signs: PictureSigns, lasting: npt.NDArray[np.bool_]) -> float:
        """Part of the lasting edges that are still there, beyond what chance would keep, 0–1.

        Taken from the better third of the picture's parts: a bus before the lens hides much, but
        a camera that was turned or covered leaves no part as it was.
        """
        was = _by_part(lasting)
        still = _by_part(lasting & signs.edges)
        enough = was >= _PART_EDGES_MIN
        share = float(np.quantile(still[enough] / was[enough], _PARTS_QUANTILE))
        return (share - signs.detail) / max(1 - signs.detail, 1e-6)


def _by_part(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.float64]:
    """How much of a mask lies in each of 5 × 3 parts of the picture."""
    columns, rows = SIGNS_WH
    parts = mask.reshape(3, rows // 3, 5, columns // 5).sum(axis=(1, 3))
    return np.asarray(parts, np.float64).ravel()


def _sharpness(signs: PictureSigns, where: npt.NDArray[np.bool_]) -> float:
    return float(np.median(signs.steepness[where])) if where.any() else 0.0


class _Drift:
    """Does stream time pass at the pace of real time? A line through the smallest delays."""

    def __init__(self) -> None:
        self._buckets: deque[tuple[float, float]] = deque()

    def add(self, stream_s: float, arrived_s: float) -> None:
        delay_s = arrived_s - stream_s
        second = float(int(stream_s))
        if self._buckets and self._buckets[-1][0] == second:
            self._buckets[-1] = (second, min(delay_s, self._buckets[-1][1]))
            return
        self._buckets.append((second, delay_s))
        while self._buckets[0][0] < second - _DRIFT_WINDOW_S:
            self._buckets.popleft()

    def too_fast(self) -> bool:
        """True if the delay grows or shrinks steadily by more than 5 ms per second."""
        if len(self._buckets) < 0.75 * _DRIFT_WINDOW_S:
            return False
        times, delays = np.array(self._buckets).T
        if times[-1] - times[0] < 0.75 * _DRIFT_WINDOW_S:
            return False
        slope, start = np.polyfit(times - times[0], delays, 1)
        scatter = np.abs(delays - start - slope * (times - times[0])).max()
        return bool(abs(slope) > _DRIFT_PER_S and scatter < _DRIFT_SCATTER_S)

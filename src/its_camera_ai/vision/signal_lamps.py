"""What a traffic light shows, read from its lamps in the picture: red at the top."""

from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from its_camera_ai.core.signals import SignalReading, SignalState
from its_camera_ai.core.time import NS_PER_S

HEIGHT_MIN_PX, WIDTH_MIN_PX = 6, 3
"""A smaller crop has less than two rows of pixels for each lamp."""
_TRIM = 0.25
_LIT = 85.0
"""How much brighter than the housing a lamp that is on must be, of 255."""
_LIT_SHARE = 0.55
"""And how much of the brightest lamp's excess; less is its glow."""
_WHITE = 60
"""Saturation (of 255) below which a lamp is burnt out to white and only its place speaks."""
_WHITE_LIT = 120.0
_HUES = ((-15.0, 17.0), (8.0, 38.0), (38.0, 100.0))
"""OpenCV hue (0–180, red round 0) of the red, yellow and green lamp; signal green is bluish."""
_STATES = {
    (True, False, False): SignalState.RED,
    (True, True, False): SignalState.RED_YELLOW,
    (False, True, False): SignalState.YELLOW,
    (False, False, True): SignalState.GREEN,
    (False, False, False): SignalState.DARK,
}


def lamp_state(bgr: npt.NDArray[np.uint8]) -> SignalState:
    """The state that a crop round three lamps shows.

    A lamp is on if its third holds pixels much brighter than the housing whose colour is the
    lamp's own, or white in a very bright one. Anything else that is bright (the sun on a lens,
    the wrong colour, red and green at once) gives ``UNKNOWN``.

    Args:
        bgr: (H, W, 3) uint8, cut closely round the housing, upright.
    """
    height, width = bgr.shape[:2]
    if height < HEIGHT_MIN_PX or width < WIDTH_MIN_PX:
        return SignalState.UNKNOWN
    hsv = cv2.cvtColor(bgr, cv2.COLOR_BGR2HSV).astype(np.float64)
    housing = float(np.percentile(hsv[..., 2], 30))
    thirds = [_middle_of(hsv, k).reshape(-1, 3) for k in range(3)]
    excess = [float(np.percentile(third[:, 2], 85)) - housing for third in thirds]
    brightest = max(excess)
    red, yellow, green = (e >= _LIT and e >= _LIT_SHARE * brightest for e in excess)
    lit = (red, yellow, green)
    if any(on and not _in_colour(thirds[k], k, excess[k]) for k, on in enumerate(lit)):
        return SignalState.UNKNOWN
    if not any(lit) and brightest > _LIT / 2:
        return SignalState.UNKNOWN  # something glows, but not enough to be sure
    return _STATES.get(lit, SignalState.UNKNOWN)


def _middle_of(hsv: npt.NDArray[np.float64], lamp: int) -> npt.NDArray[np.float64]:
    """The rows of one lamp without those next to its neighbours', into which a crop that does not
    fit quite lets them reach.
    """
    third = hsv.shape[0] / 3
    top, bottom = third * (lamp + _TRIM), third * (lamp + 1 - _TRIM)
    return hsv[int(np.floor(top)) : max(int(np.ceil(bottom)), int(np.floor(top)) + 1)]


def _in_colour(third: npt.NDArray[np.float64], lamp: int, excess: float) -> bool:
    """Whether the bright pixels of a third have the hue of its lamp; the middle one by value."""
    bright = third[third[:, 2] >= np.percentile(third[:, 2], 90)]
    coloured = bright[bright[:, 1] >= _WHITE]
    if len(coloured) < max(1, len(bright) // 4):
        return excess >= _WHITE_LIT
    low, high = _HUES[lamp]
    hue = (coloured[:, 0] + 90) % 180 - 90 if low < 0 else coloured[:, 0]
    return bool(low <= float(np.median(hue)) <= high)


@dataclass(slots=True)
class LampWatch:
    """The readings of one head over time: a state counts once it has held for a while.

    A blinking light settles on nothing and becomes ``UNKNOWN``. Times are stream time.

    Attributes:
        head: id of the ``core.road.SignalHead``.
        settle_s: so long a new state must hold. lost_s: after so long without a settled one the
            reading is ``UNKNOWN``.
    """

    head: str
    settle_s: float = 0.25
    lost_s: float = 1.0
    _reading: SignalReading | None = None
    _seen: SignalState = SignalState.UNKNOWN
    _since_ns: int = 0
    _since_wall_ns: int = 0
    _sure_ns: int | None = None

    def update(self, state: SignalState, pts_ns: int, wall_ns: int) -> SignalReading:
        """What holds now, and since when; told ``settle_s`` after it began.

        Args:
            state: of this frame, from ``lamp_state``.
        """
        if self._reading is None:
            self._reading = SignalReading(self.head, SignalState.UNKNOWN, wall_ns)
            self._since_ns, self._since_wall_ns, self._seen = pts_ns, wall_ns, state
        if state is not self._seen:
            self._seen, self._since_ns, self._since_wall_ns = state, pts_ns, wall_ns
        if state is self._reading.state:
            self._sure_ns = pts_ns
        elif state is not SignalState.UNKNOWN and self._held_s(pts_ns) >= self.settle_s:
            self._reading = SignalReading(self.head, state, self._since_wall_ns)
            self._sure_ns = pts_ns
        elif self._reading.state is not SignalState.UNKNOWN and self._lost(pts_ns):
            self._reading = SignalReading(self.head, SignalState.UNKNOWN, wall_ns)
        return self._reading

    def _lost(self, pts_ns: int) -> bool:
        return self._sure_ns is None or (pts_ns - self._sure_ns) / NS_PER_S >= self.lost_s

    def _held_s(self, pts_ns: int) -> float:
        return (pts_ns - self._since_ns) / NS_PER_S

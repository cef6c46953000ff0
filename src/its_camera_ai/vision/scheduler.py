"""Who is looked at next, when there is more to see than time to look. Pure: time is handed in.

Rules, numbered for the tests:

1. A camera with motion or live tracks is wanted at its own rate; one with neither, every
   ``idle_look_s``. Nobody is looked at more often than wanted.
2. Only a camera with a fresh frame can be picked, and each frame at most once.
3. A camera that waited longer than its floor (1/``floor_looks_per_s`` when active, ``idle_look_s``
   when idle) goes before all that have not, so nobody starves beside greedy neighbours.
4. Among equals the most overdue goes first, measured in its own intervals: under overload the
   looks are shared in proportion to the wanted rates, evenly where these are equal.
"""

import math
from dataclasses import dataclass

FLOOR_LOOKS_PER_S = 1.0
IDLE_LOOK_S = 2.0
_RATE_TAU_S = 5.0  # smoothing of the rate that is reported


@dataclass(slots=True)
class _Camera:
    wanted_per_s: float
    due_s: float  # when the next look is owed
    last_s: float  # of the last look; of joining before the first
    since_s: float
    fresh: bool = False
    motion: bool = False
    live_tracks: bool = False
    rate_per_s: float = 0.0  # decayed count of looks, see granted()

    @property
    def is_idle(self) -> bool:
        return not (self.motion or self.live_tracks)


class LookScheduler:
    """Shares one worker's looks among its cameras. Not thread safe; the worker's loop owns it.

    All times are seconds of one clock that never steps, and never go back between calls.

    Args:
        idle_look_s: a camera where nothing happens is looked at this often all the same.
        floor_looks_per_s: the rate below which no active camera falls while others are above.
    """

    def __init__(
        self,
        *,
        idle_look_s: float = IDLE_LOOK_S,
        floor_looks_per_s: float = FLOOR_LOOKS_PER_S,
    ) -> None:
        if idle_look_s <= 0 or floor_looks_per_s <= 0:
            raise ValueError("idle_look_s and floor_looks_per_s must be above 0.")
        self._idle_look_s = idle_look_s
        self._floor_per_s = floor_looks_per_s
        self._cameras: dict[str, _Camera] = {}
        self._now_s = 0.0

    def add(self, camera_id: str, wanted_looks_per_s: float, now_s: float) -> None:
        """Take a camera in, or change the rate of one that is here already."""
        if wanted_looks_per_s <= 0:
            raise ValueError(f"wanted_looks_per_s must be above 0, not {wanted_looks_per_s}.")
        known = self._cameras.get(camera_id)
        if known is not None:
            known.wanted_per_s = wanted_looks_per_s
            known.due_s = min(known.due_s, known.last_s + self._interval_s(known))
            return
        self._cameras[camera_id] = _Camera(wanted_looks_per_s, now_s, now_s, now_s)

    def remove(self, camera_id: str) -> None:
        """Forget a camera; one that isn't here is no error."""
        self._cameras.pop(camera_id, None)

    def offer(self, camera_id: str, now_s: float, *, motion: bool) -> None:
        """A fresh frame of this camera lies ready, with motion in it or not.

        Motion counts until the frame's look: a short one between two looks is not forgotten.
        """
        camera = self._cameras.get(camera_id)
        if camera is None:
            return
        self._now_s = max(self._now_s, now_s)
        was_idle = camera.is_idle
        camera.motion = motion or (camera.motion and camera.fresh)
        camera.fresh = True
        self._wake(camera, was_idle)

    def withdraw(self, camera_id: str) -> None:
        """The frame that was offered is gone (stream lost or restarted)."""
        camera = self._cameras.get(camera_id)
        if camera is not None:
            camera.fresh = camera.motion = False

    def set_live_tracks(self, camera_id: str, live: bool) -> None:
        """Whether the tracker follows anything on this camera now."""
        camera = self._cameras.get(camera_id)
        if camera is None:
            return
        was_idle = camera.is_idle
        camera.live_tracks = live
        self._wake(camera, was_idle)

    def is_idle(self, camera_id: str) -> bool:
        """True if nothing happens on this camera, or it is not here."""
        camera = self._cameras.get(camera_id)
        return camera is None or camera.is_idle

    def pick(self, now_s: float) -> str | None:
        """The camera to look at now; None if no look is due. Its frame counts as taken."""
        self._now_s = max(self._now_s, now_s)
        best: str | None = None
        best_key = (False, -math.inf)
        for camera_id, camera in self._cameras.items():
            if not camera.fresh or now_s < camera.due_s:
                continue
            key = self._urgency(camera, now_s)
            if key > best_key:
                best, best_key = camera_id, key
        if best is not None:
            self._take(self._cameras[best], now_s)
        return best

    def wait_s(self, now_s: float) -> float:
        """How long until a frame that lies here falls due; ``inf`` if none lies here."""
        waits = [max(0.0, c.due_s - now_s) for c in self._cameras.values() if c.fresh]
        return min(waits, default=math.inf)

    def granted(self, camera_id: str) -> float:
        """Looks per second that this camera gets now, smoothed over some seconds; 0 if unknown."""
        camera = self._cameras.get(camera_id)
        if camera is None:
            return 0.0
        age_s = self._now_s - camera.since_s
        if age_s <= 0:
            return 0.0
        decayed = camera.rate_per_s * math.exp((camera.last_s - self._now_s) / _RATE_TAU_S)
        # the kernel has not filled yet on a young camera
        return decayed / (1 - math.exp(-age_s / _RATE_TAU_S))

    def _interval_s(self, camera: _Camera) -> float:
        wanted_s = 1 / camera.wanted_per_s
        return max(wanted_s, self._idle_look_s) if camera.is_idle else wanted_s

    def _urgency(self, camera: _Camera, now_s: float) -> tuple[bool, float]:
        """Rule 3, then rule 4."""
        interval_s = self._interval_s(camera)
        floor_s = max(interval_s, self._idle_look_s if camera.is_idle else 1 / self._floor_per_s)
        waited_s = now_s - camera.last_s
        if waited_s >= floor_s:
            return True, waited_s / floor_s
        return False, waited_s / interval_s

    def _take(self, camera: _Camera, now_s: float) -> None:
        interval_s = self._interval_s(camera)
        # From the due time, so that frames arriving between due times don't lower the rate; at
        # most half an interval is made up for, so that a wait is not followed by a burst.
        camera.due_s = max(camera.due_s + interval_s, now_s + interval_s / 2)
        age_s = now_s - camera.last_s
        camera.rate_per_s = camera.rate_per_s * math.exp(-age_s / _RATE_TAU_S) + 1 / _RATE_TAU_S
        camera.last_s = now_s
        camera.fresh = camera.motion = False

    def _wake(self, camera: _Camera, was_idle: bool) -> None:
        """An idle camera where something begins is due by its own rate at once."""
        if was_idle and not camera.is_idle:
            camera.due_s = min(camera.due_s, camera.last_s + self._interval_s(camera))

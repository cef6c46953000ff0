"""Who is looked at next, when there is more to see than time to look. Pure: time is handed in.

Rules, numbered for the tests and docs/design/looks.md:

1. A camera with motion, or with tracks that move, is active and wanted at its own rate; any other
   is idle and wanted every ``idle_look_s``.
2. Only a camera with a fresh frame can be picked, and each frame at most once; nor is a camera
   picked while a look at it is under way.
3. The budget is ``BUDGET_SHARE`` of the detector threads' time. What a look costs is measured, by
   model and input size. Every active camera has a floor (``floor_looks_per_s``), every idle one its
   look; what is left is shared as time, in proportion to the wanted rates (``shares.py``).
4. Where all that is wanted takes less than ``BURST_SHARE``, active cameras get more, up to
   ``burst`` times the wanted rate, within that share. (And never more than there are frames.)
5. Looks follow each other at the granted rate. A camera that waited longer than its floor goes
   before all that have not; among equals the most overdue in its own intervals goes first.
6. An active camera that was told nothing for ``UNKNOWN_AFTER_S`` is starved: its frames are told
   as unknown.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from its_camera_ai.vision.look_costs import Input, LookCosts
from its_camera_ai.vision.shares import Demand, fair_rates

FLOOR_LOOKS_PER_S = 1.0
IDLE_LOOK_S = 2.0
BUDGET_SHARE = 0.9
BURST_SHARE = 0.5
BURST = 2.0
UNKNOWN_AFTER_S = 2.0

_RATE_TAU_S = 5.0  # smoothing of the rates that are reported
_PLAN_S = 0.25  # the budget is shared anew this often, and whenever a camera wakes
_MIX_WEIGHT = 0.2  # of a new look in what a camera's looks consist of
_LOOK_S_MIN = 1e-6  # before anything is measured, looks are taken as free


@dataclass(slots=True)
class _Camera:
    wanted_per_s: float
    rate_per_s: float  # that rule 3 or 4 grants
    base_s: float  # from when the interval to the next look counts
    last_s: float  # when the last look was picked; of joining before the first
    since_s: float
    told_s: float
    fresh: bool = False
    motion: bool = False
    live_tracks: bool = False
    under_way: bool = False
    count_per_s: float = 0.0  # decayed count of looks, see granted()
    mix: dict[Input, float] = field(default_factory=dict)  # areas of a look, by input

    @property
    def is_idle(self) -> bool:
        return not (self.motion or self.live_tracks)


class LookScheduler:
    """Shares the looks of one process among its cameras. Not thread safe; its board owns it.

    All times are seconds of one clock that never steps, and never go back between calls.

    Args:
        workers: threads that look.
        idle_look_s: a camera where nothing happens is looked at this often all the same.
        floor_looks_per_s: the rate below which no active camera falls while others are above.
        burst: active cameras get up to so many times their wanted rate while time is to spare.

    Attributes:
        overload_s: seconds in which less was granted than was wanted.
    """

    def __init__(
        self,
        *,
        workers: int = 1,
        idle_look_s: float = IDLE_LOOK_S,
        floor_looks_per_s: float = FLOOR_LOOKS_PER_S,
        burst: float = BURST,
    ) -> None:
        if idle_look_s <= 0 or floor_looks_per_s <= 0 or workers < 1 or burst < 1:
            raise ValueError("Intervals and floors must be above 0, workers and burst at least 1.")
        self._workers = workers
        self._idle_look_s = idle_look_s
        self._floor_per_s = floor_looks_per_s
        self._burst = burst
        self._cameras: dict[str, _Camera] = {}
        self._costs = LookCosts()
        self._now_s = 0.0
        self._planned_s = self._plan_due_s = -math.inf
        self._used = 0.0  # decayed seconds of looking per second
        self._used_s = 0.0
        self._overloaded = False
        self.overload_s = 0.0

    def add(self, camera_id: str, wanted_looks_per_s: float, now_s: float) -> None:
        """Take a camera in, or change the rate of one that is here already."""
        if wanted_looks_per_s <= 0:
            raise ValueError(f"wanted_looks_per_s must be above 0, not {wanted_looks_per_s}.")
        known = self._cameras.get(camera_id)
        if known is not None:
            known.wanted_per_s = known.rate_per_s = wanted_looks_per_s
        else:
            self._cameras[camera_id] = _Camera(
                wanted_looks_per_s, wanted_looks_per_s, now_s, now_s, now_s, now_s
            )
        self._plan_due_s = -math.inf

    def remove(self, camera_id: str) -> None:
        """Forget a camera; one that isn't here is no error."""
        self._cameras.pop(camera_id, None)
        self._plan_due_s = -math.inf

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

    def looked(
        self,
        camera_id: str,
        now_s: float,
        *,
        live_tracks: bool,
        areas: Mapping[Input, float] | None = None,
        seconds: float = 0.0,
    ) -> None:
        """The look that was picked is over.

        Args:
            live_tracks: whether anything that moves is followed on this camera now.
            areas: how many areas of each input it had; None if it failed, which teaches nothing.
            seconds: of a detector thread's time.
        """
        self._now_s = max(self._now_s, now_s)
        self._use(seconds)
        if areas:
            self._costs.learn(areas, seconds)
        camera = self._cameras.get(camera_id)
        if camera is None:
            return
        if areas:
            _blend(camera.mix, areas)
        was_idle = camera.is_idle
        camera.under_way = False
        camera.live_tracks = live_tracks
        self._wake(camera, was_idle)

    def told(self, camera_id: str, now_s: float) -> None:
        """Something was told about this camera's frames: tracks, or that they are unknown."""
        camera = self._cameras.get(camera_id)
        if camera is not None:
            camera.told_s = now_s

    def starved(self, camera_id: str, now_s: float) -> bool:
        """Rule 6."""
        camera = self._cameras.get(camera_id)
        return (
            camera is not None
            and (camera.under_way or not camera.is_idle)
            and now_s - camera.told_s > UNKNOWN_AFTER_S
        )

    def pick(self, now_s: float) -> str | None:
        """The camera to look at now; None if no look is due. Its frame counts as taken, and
        ``looked`` must follow."""
        self._now_s = max(self._now_s, now_s)
        self._plan(now_s)
        best: str | None = None
        best_key = (False, -math.inf)
        for camera_id, camera in self._cameras.items():
            if not camera.fresh or camera.under_way or now_s < self._due_s(camera):
                continue
            key = self._urgency(camera, now_s)
            if key > best_key:
                best, best_key = camera_id, key
        if best is not None:
            self._take(self._cameras[best], now_s)
        return best

    def wait_s(self, now_s: float) -> float:
        """How long until a frame that lies here falls due; ``inf`` if none lies here."""
        waits = [
            max(0.0, self._due_s(camera) - now_s)
            for camera in self._cameras.values()
            if camera.fresh and not camera.under_way
        ]
        return min(waits, default=math.inf)

    def granted(self, camera_id: str) -> float:
        """Looks per second that this camera gets now, smoothed over some seconds; 0 if unknown."""
        camera = self._cameras.get(camera_id)
        if camera is None:
            return 0.0
        age_s = self._now_s - camera.since_s
        if age_s <= 0:
            return 0.0
        decayed = camera.count_per_s * math.exp((camera.last_s - self._now_s) / _RATE_TAU_S)
        # the kernel has not filled yet on a young camera
        return decayed / (1 - math.exp(-age_s / _RATE_TAU_S))

    @property
    def budget_use(self) -> float:
        """Share of the detector threads' time that looks take now, smoothed over some seconds."""
        return self._used * math.exp((self._used_s - self._now_s) / _RATE_TAU_S) / self._workers

    def _plan(self, now_s: float) -> None:
        """Rules 3 and 4."""
        if now_s < self._plan_due_s:
            return
        if self._overloaded:
            self.overload_s += now_s - self._planned_s
        self._planned_s, self._plan_due_s = now_s, now_s + _PLAN_S
        demands = {name: self._demand(camera) for name, camera in self._cameras.items()}
        wanted_s = sum(d.wanted_per_s * d.look_s for d in demands.values())
        self._overloaded = wanted_s > BUDGET_SHARE * self._workers
        rates = fair_rates(demands, BUDGET_SHARE * self._workers)
        if wanted_s < BURST_SHARE * self._workers:
            more = {name: self._more(d, self._cameras[name]) for name, d in demands.items()}
            rates = fair_rates(more, BURST_SHARE * self._workers)
        for name, camera in self._cameras.items():
            camera.rate_per_s = rates[name]

    def _demand(self, camera: _Camera) -> Demand:
        look_s = max(self._costs.of(camera.mix), _LOOK_S_MIN)
        if camera.is_idle:
            rate = 1 / self._idle_look_s
            return Demand(rate, rate, look_s, rate)
        wanted = camera.wanted_per_s
        return Demand(min(self._floor_per_s, wanted), wanted, look_s, wanted)

    def _more(self, demand: Demand, camera: _Camera) -> Demand:
        if camera.is_idle or not camera.mix:
            return demand
        wanted = demand.wanted_per_s
        return Demand(wanted, wanted * self._burst, demand.look_s, demand.weight)

    def _interval_s(self, camera: _Camera) -> float:
        """Rule 5; an idle camera is due no sooner than it is wanted, whatever it got before."""
        granted_s = 1 / camera.rate_per_s
        return max(granted_s, self._idle_look_s) if camera.is_idle else granted_s

    def _due_s(self, camera: _Camera) -> float:
        """When the next look is owed.

        From the due time before, so that frames arriving between due times don't lower the rate;
        at most half an interval is made up for, so that a wait is not followed by a burst.
        """
        if not camera.count_per_s:
            return camera.since_s
        interval_s = self._interval_s(camera)
        return max(camera.base_s, camera.last_s - interval_s / 2) + interval_s

    def _urgency(self, camera: _Camera, now_s: float) -> tuple[bool, float]:
        """Rule 5."""
        interval_s = self._interval_s(camera)
        floor_s = max(interval_s, self._idle_look_s if camera.is_idle else 1 / self._floor_per_s)
        waited_s = now_s - camera.last_s
        if waited_s >= floor_s:
            return True, waited_s / floor_s
        return False, waited_s / interval_s

    def _take(self, camera: _Camera, now_s: float) -> None:
        camera.base_s = self._due_s(camera)
        age_s = now_s - camera.last_s
        camera.count_per_s = camera.count_per_s * math.exp(-age_s / _RATE_TAU_S) + 1 / _RATE_TAU_S
        camera.last_s = now_s
        camera.fresh = camera.motion = False
        camera.under_way = True

    def _wake(self, camera: _Camera, was_idle: bool) -> None:
        """An idle camera where something begins is due by its own rate at once."""
        if was_idle and not camera.is_idle:
            camera.rate_per_s = max(camera.rate_per_s, camera.wanted_per_s)
            self._plan_due_s = -math.inf

    def _use(self, seconds: float) -> None:
        decay = math.exp((self._used_s - self._now_s) / _RATE_TAU_S)
        self._used = self._used * decay + seconds / _RATE_TAU_S
        self._used_s = self._now_s


def _blend(mix: dict[Input, float], areas: Mapping[Input, float]) -> None:
    """Move a camera's usual look towards its newest."""
    if not mix:
        mix.update(areas)
        return
    for key in mix.keys() | areas.keys():
        old = mix.get(key, 0.0)
        mix[key] = old + (areas.get(key, 0.0) - old) * _MIX_WEIGHT
        if mix[key] < 0.01:
            del mix[key]

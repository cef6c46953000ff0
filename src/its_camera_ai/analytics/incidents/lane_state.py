"""Rules about whole lanes: queues that spill back, and congestion."""

from collections import deque
from collections.abc import Iterator

import numpy as np

from its_camera_ai.analytics.incidents.finding import Finding
from its_camera_ai.analytics.incidents.limits import IncidentLimits
from its_camera_ai.analytics.incidents.memory import NEVER
from its_camera_ai.analytics.incidents.view import Floats, View
from its_camera_ai.analytics.measures import congestion, queue
from its_camera_ai.analytics.measures.congestion import (
    Congestion,
    CongestionState,
    Hysteresis,
)
from its_camera_ai.core.incidents import IncidentKind
from its_camera_ai.core.scene import Scene
from its_camera_ai.core.time import NS_PER_S

_DIP_S = 2.0
"""A queue that seems shorter for less than this still spills: a vehicle in it was not seen."""
_LEVELS = (0.0, 1.5)
_SPEED_COUNTS_VPKM = 15.0
"""Below this density a low speed is that of a slow vehicle, not of traffic."""
_BEST_SHARE = 0.05
_SIGNAL_WINDOW_S = 180.0


class QueueSpillback:
    """The queue of a lane is longer than its storage for a while."""

    def __init__(self, scene: Scene, limits: IncidentLimits) -> None:
        self._limits = limits
        self._lanes = [(k, lane) for k, lane in enumerate(scene.lanes) if lane.storage_m]
        self._queues = queue.Queues.none(len(scene.lanes))
        self._since = [NEVER] * len(scene.lanes)
        self._last = [NEVER] * len(scene.lanes)

    def update(self, view: View) -> Iterator[Finding]:
        if not self._lanes:
            return
        self._queues = queue.step_frame(self._queues, view.frame)
        now, limits = view.frame.pts_ns, self._limits
        for k, lane in self._lanes:
            storage_m = lane.storage_m or 0.0
            length_m = self._length_m(view, k)
            if length_m > storage_m:
                if self._since[k] == NEVER or now - self._last[k] > _DIP_S * NS_PER_S:
                    self._since[k] = now
                self._last[k] = now
            lasted_s = (now - self._since[k]) / NS_PER_S if self._since[k] != NEVER else 0.0
            if self._last[k] != now or lasted_s < limits.spill_s:
                continue
            vehicles = int(self._queues.vehicles[k])
            yield Finding(
                IncidentKind.QUEUE_SPILLBACK,
                lane.id,
                lane.id,
                (),
                self._since[k],
                self._since[k] + round(limits.spill_s * NS_PER_S),
                sum(length_m > storage_m * level for level in _LEVELS) - 1,
                f"The queue in lane {lane.id} is {length_m:.0f} m long with {vehicles} vehicles; "
                f"there is room for {storage_m:g} m.",
                {"queue_m": round(length_m, 1), "limit_m": storage_m, "vehicles": vehicles},
            )

    def _length_m(self, view: View, lane: int) -> float:
        """From the lane's end, where the queue's head is near it: storage is counted from there."""
        queues, end_m = self._queues, float(view.places.lane_length_m[lane])
        length_m = float(queues.length_m[lane])
        if end_m - float(queues.head_m[lane]) <= self._limits.stop_reach_m:
            return max(length_m, end_m - float(queues.tail_m[lane]))
        return length_m


class CongestedLanes:
    """Congestion of an approach (lanes without one: each by itself), with hysteresis.

    On free road by density and space-mean speed over the last minute. Before a stop line by the
    density that was not undercut for more than a twentieth of the last three minutes: a queue that
    dissolves with every green is no congestion.
    """

    def __init__(self, scene: Scene, limits: IncidentLimits) -> None:
        self._limits = limits
        groups: dict[str, list[int]] = {}
        for k, lane in enumerate(scene.lanes):
            groups.setdefault(lane.approach or lane.id, []).append(k)
        self._groups = [
            _Group(name, lanes, any(scene.lanes[k].stop_line for k in lanes), limits)
            for name, lanes in groups.items()
        ]
        self._lane_count = len(scene.lanes)

    def jammed(self) -> list[bool]:
        """Of each lane, whether it is congested now."""
        jammed = [False] * self._lane_count
        for group in self._groups:
            for lane in group.lanes:
                jammed[lane] = group.congested
        return jammed

    def update(self, view: View) -> Iterator[Finding]:
        if view.places.plane is None:
            return
        inside = view.metric & view.motor & (view.lane >= 0)
        lane = view.lane[inside]
        vehicles = np.bincount(lane, minlength=self._lane_count).astype(np.float64)
        speeds = np.bincount(lane, view.speed_mps[inside], self._lane_count).astype(np.float64)
        for group in self._groups:
            group.look(view, vehicles, speeds)
            if group.congested:
                yield group.finding()


class _Group:
    """The lanes of one approach."""

    def __init__(self, name: str, lanes: list[int], stops: bool, limits: IncidentLimits) -> None:
        self.lanes = lanes
        self._name, self._stops = name, stops
        self._window_s = _SIGNAL_WINDOW_S if stops else limits.congestion_window_s
        self._wait = Hysteresis(limits.congestion_s, limits.congestion_s)
        self._seconds: deque[tuple[float, float, float]] = deque()
        self._second = [0.0, 0.0, 0.0]
        self._state: CongestionState | None = None
        self._density = self._speed = 0.0

    @property
    def congested(self) -> bool:
        state = self._state
        return state is not None and state.now is not None and state.now >= Congestion.HEAVY

    def look(self, view: View, vehicles: Floats, speed_mps: Floats) -> None:
        """One frame: vehicles present and the sum of their speeds, (L,) each."""
        n, mps = float(vehicles[self.lanes].sum()), float(speed_mps[self.lanes].sum())
        for k, amount in enumerate((view.dt_s, n * view.dt_s, mps * view.dt_s)):
            self._second[k] += amount
        if self._second[0] < 1.0:
            return
        looked, present, went = self._second
        self._seconds.append((looked, present, went))
        self._second = [0.0, 0.0, 0.0]
        total_s = sum(second[0] for second in self._seconds)
        while total_s - self._seconds[0][0] >= self._window_s:
            total_s -= self._seconds.popleft()[0]
        if total_s >= 0.9 * self._window_s:
            self._step(view, total_s)

    def _step(self, view: View, total_s: float) -> None:
        length_km = float(view.places.lane_length_m[self.lanes].sum()) / 1000
        if not length_km > 0:
            return
        present = sum(second[1] for second in self._seconds)
        went = sum(second[2] for second in self._seconds)
        now_s = view.frame.pts_ns / NS_PER_S
        speed_kmh = None
        if self._stops:
            each = sorted(second[1] / second[0] for second in self._seconds)
            self._density = each[int(_BEST_SHARE * len(each))] / length_km
        else:
            self._density = present / total_s / length_km
            if self._density >= _SPEED_COUNTS_VPKM:
                speed_kmh = went / present * 3.6
        self._speed = went / present * 3.6 if present > 0 else 0.0
        before = self._state or CongestionState(Congestion.FREE, now_s)
        self._state = congestion.step(
            before, now_s, density_vpkm=self._density, speed_kmh=speed_kmh, hysteresis=self._wait
        )

    def finding(self) -> Finding:
        state = self._state or CongestionState()
        level = state.now or Congestion.FREE
        began_ns = round(state.since_s * NS_PER_S)
        how = "never fell below" if self._stops else "is"
        return Finding(
            IncidentKind.CONGESTION,
            self._name,
            self._name,
            (),
            began_ns,
            began_ns + round(self._wait.worse_after_s * NS_PER_S),
            level - Congestion.HEAVY,
            f"Traffic on {self._name} is {level.label}: its density {how} "
            f"{self._density:.0f} vehicles/km and its mean speed is {self._speed:.0f} km/h over "
            f"the last {self._window_s:.0f} s.",
            {
                "state": level.label,
                "density_vpkm": round(self._density, 1),
                "speed_kmh": round(self._speed, 1),
            },
        )

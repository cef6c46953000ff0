"""Who stands, since when, and whether there is a reason: a queue, a red light, people ahead."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from its_camera_ai.analytics.incidents.limits import IncidentLimits
from its_camera_ai.analytics.incidents.memory import NEVER
from its_camera_ai.analytics.incidents.places import distance_to_segments
from its_camera_ai.analytics.incidents.signal_log import SignalLog
from its_camera_ai.analytics.incidents.view import Floats, View
from its_camera_ai.core.scene import Scene
from its_camera_ai.core.signals import SignalState
from its_camera_ai.core.time import NS_PER_S

Bools = npt.NDArray[np.bool_]
Rows = npt.NDArray[np.intp]
ACROSS_M = 2.2
"""Half the width of the way in which someone ahead is in front."""
_BESIDE_M = 0.7
"""Less room than this between the sides of two is no room to pass."""
_STOOD_S = 2.0
_SAME_SPOT_M = 2.5
_STOPPED = (SignalState.RED, SignalState.RED_YELLOW, SignalState.YELLOW)


@dataclass(frozen=True, slots=True, eq=False)
class Standing:
    """Of N rows of a view.

    Attributes:
        stands: (N,). queued: (N,) behind someone who stands or creeps, and not parked in a row.
        excused: (N,) has a reason to stand here.
        held_s: (N,) time that it has stood; free_s: (N,) the same, since the last reason ended.
    """

    stands: Bools
    queued: Bools
    excused: Bools
    held_s: npt.NDArray[np.float64]
    free_s: npt.NDArray[np.float64]


class StandingWatch:
    """Keeps the fields ``stood_ns``, ``spot`` and ``free_ns`` of the memory."""

    def __init__(self, scene: Scene, limits: IncidentLimits) -> None:
        self._limits = limits
        self._heads: list[tuple[str, ...]] = [
            tuple(
                head.id
                for head in scene.signals
                if lane.stop_line and any(side.line == lane.stop_line for side in head.governs)
            )
            for lane in scene.lanes
        ]
        self._stop_line = [bool(lane.stop_line) for lane in scene.lanes]

    def update(self, view: View, signals: SignalLog, jammed: Sequence[bool]) -> Standing:
        """
        Args:
            jammed: of each lane, whether it is congested.
        """
        self._follow(view)
        table, slot, now = view.memory.table, view.slot, view.frame.pts_ns
        stands = table["stood_ns"][slot] != NEVER
        leader = np.full(len(stands), -1, np.intp)
        excused = stands & view.in_zone[:, view.places.parkings].any(axis=1)
        rows = np.flatnonzero(stands & view.motor & ~excused)
        if len(rows):
            leader[rows], people = self._ahead(view, rows)
            heads = leader[rows] < 0
            waiting = np.zeros(len(stands), bool)
            waiting[leader[leader >= 0]] = True
            waits = people | self._waits(view, rows, heads, waiting[rows], signals, jammed)
            excused[rows] = heads & waits
        queued = (leader >= 0) & ~self._parked_in_a_row(view, leader, stands & ~excused)
        table["free_ns"][slot[(excused | queued) & view.fresh]] = now
        since = np.maximum(table["stood_ns"][slot], table["free_ns"][slot])
        held = np.where(stands, now - np.maximum(table["stood_ns"][slot], 0), 0) / NS_PER_S
        free = np.where(stands, now - np.maximum(since, 0), 0) / NS_PER_S
        return Standing(stands, queued, excused, held, free)

    @staticmethod
    def _parked_in_a_row(view: View, leader: Rows, without_reason: Bools) -> Bools:
        """(N,) those who stand in a zone without stopping behind one that stands there without a
        reason: that is no queue, nor is who stands behind them.
        """
        inside = view.in_zone[:, view.places.restricted].any(axis=1) & without_reason
        head = leader < 0
        row = np.zeros(len(leader), bool)
        while True:
            longer = inside & ~head & inside[leader] & (head[leader] | row[leader])
            if (longer == row).all():
                return row
            row = longer

    def _follow(self, view: View) -> None:
        limits, table = self._limits, view.memory.table
        now = view.frame.pts_ns
        stood = view.rows("stood_ns") != NEVER
        kmh = view.speed_mps * 3.6
        sd_kmh = np.where(view.metric, view.frame.speed_sd_mps * 3.6, 0.0)
        away = (view.place - view.rows("spot")) / view.scale[:, None]
        sd_m = np.where(view.metric, np.nan_to_num(view.frame.position_sd_m), 0.0)
        moved = np.hypot(away[:, 0], away[:, 1]) > limits.stand_radius_m + 2 * sd_m
        fast = kmh - 2 * np.nan_to_num(sd_kmh) > limits.move_kmh
        ends = view.fresh & stood & (moved | fast)
        begins = view.fresh & (~stood | ends) & (kmh < limits.stand_kmh)
        table["stood_ns"][view.slot[ends]] = NEVER
        rows = view.slot[begins]
        table["stood_ns"][rows] = now
        table["free_ns"][rows] = now
        table["spot"][rows] = view.place[begins]
        # a track whose motion is only being measured seems to stand for a moment
        still = view.fresh & stood & ~ends & (view.since_s("stood_ns") >= _STOOD_S)
        table["stood_last_ns"][view.slot[still]] = now
        for row in np.flatnonzero(begins).tolist():
            self._inherit(view, row)

    def _inherit(self, view: View, row: int) -> None:
        """A track that begins to stand where one that stood was lost goes on with its time."""
        table, slot = view.memory.table, int(view.slot[row])
        born_ns, now = int(table["born_ns"][slot]), view.frame.pts_ns
        if now - born_ns > 3 * NS_PER_S:
            return
        others = view.memory.known()
        seen = np.zeros(len(table), bool)
        seen[view.slot[view.fresh]] = True
        others = others[
            ~seen[others]
            & (table["stood_ns"][others] != NEVER)
            & (table["metric"][others] == view.metric[row])
        ]
        if not len(others):
            return
        apart = (table["spot"][others] - view.place[row]) / view.scale[row]
        distance = np.hypot(apart[:, 0], apart[:, 1])
        nearest = int(distance.argmin())
        if distance[nearest] <= _SAME_SPOT_M:
            for name in ("stood_ns", "free_ns", "spot", "left_by"):
                table[name][slot] = table[name][others[nearest]]

    def _ahead(self, view: View, rows: Rows) -> tuple[Rows, Bools]:
        """(S,) the nearest motor vehicle ahead of each within the queue's gap that stands or
        creeps, −1 for none; and (S,) whether people are near ahead.
        """
        limits = self._limits
        along, across = view.gaps_m(rows)
        half = view.body_m[:, 0] / 2
        gap = along - half[rows, None]
        gap[np.arange(len(rows)), rows] = np.nan
        slow = view.motor & (view.speed_mps * 3.6 < limits.move_kmh)
        with np.errstate(invalid="ignore"):
            beside = (view.body_m[:, 1] + view.body_m[rows, 1:]) / 2 + _BESIDE_M
            queue = slow & (along > 0.5) & (gap - half < limits.queue_gap_m) & (across < beside)
            people = view.on_foot & (gap > -1) & (gap < limits.yield_m) & (across < 2 * ACROSS_M)
        nearest = np.where(queue & np.isfinite(gap), along, np.inf).argmin(axis=1)
        leader = np.where((queue & np.isfinite(gap)).any(axis=1), nearest, -1)
        return leader, np.asarray(people.any(axis=1))

    def _waits(
        self,
        view: View,
        rows: Rows,
        heads: Bools,
        followed: Bools,
        signals: SignalLog,
        jammed: Sequence[bool],
    ) -> Bools:
        """(S,) whether its lane is a reason to stand: congested, or its end is near and closed."""
        lane = view.lane[rows]
        waits = np.zeros(len(rows), bool)
        asked = np.flatnonzero(heads & (lane >= 0))
        if not len(asked):
            return waits
        end_m = self._end_m(view, rows[asked], lane[asked])
        stood_s = view.since_s("stood_ns")[rows[asked]]
        for k, left_m, long_s in zip(asked.tolist(), end_m, stood_s, strict=True):
            if jammed[lane[k]]:
                waits[k] = True
            elif left_m <= self._limits.stop_reach_m:
                waits[k] = self._closed(int(lane[k]), float(long_s), signals, view.frame.wall_ns,
                                        followed=bool(followed[k]))  # fmt: skip
        return waits

    def _closed(
        self, lane: int, stood_s: float, signals: SignalLog, wall_ns: int, *, followed: bool
    ) -> bool:
        limits, heads = self._limits, self._heads[lane]
        if not self._stop_line[lane]:
            return followed and stood_s < limits.wait_s
        states = [signals.state_at(head, wall_ns) for head in heads]
        if any(state in _STOPPED for state in states):
            return True
        if states and all(state is SignalState.GREEN for state in states):
            green_s = min(signals.lasted_s(head, wall_ns) for head in heads)
            return green_s < limits.green_start_s
        return stood_s < limits.wait_s

    @staticmethod
    def _end_m(view: View, rows: Rows, lane: npt.NDArray[np.int16]) -> Floats:
        """From each body's front to the stop line, or to where the lane's heading ends."""
        places = view.places
        metric = view.metric[rows, None, None]
        ends = np.where(metric, places.lane_end_m[lane], places.lane_end_px[lane])
        away = distance_to_segments(view.place[rows], ends[:, 0], ends[:, 1])
        distance: Floats = away / view.scale[rows] - view.body_m[rows, 0] / 2
        return distance

"""Vehicles that drive much slower than is usual in their lane, with free road ahead."""

from collections import deque
from collections.abc import Iterator

import numpy as np

from its_camera_ai.analytics.incidents.finding import Finding
from its_camera_ai.analytics.incidents.limits import IncidentLimits
from its_camera_ai.analytics.incidents.memory import NEVER, Table
from its_camera_ai.analytics.incidents.standing import ACROSS_M, Standing
from its_camera_ai.analytics.incidents.view import View
from its_camera_ai.core.incidents import IncidentKind
from its_camera_ai.core.scene import Scene
from its_camera_ai.core.time import NS_PER_S

_SAMPLES_MAX = 60
_LOOKS_MIN = 5
_GRADE_SHARES = (0.35, 0.2)


class SlowVehicles:
    """Against the median of the vehicles that passed the lane of late, or its limit if lower.

    Keeps the fields ``lane``, ``lane_*`` and ``slow_*`` of the memory.
    """

    def __init__(self, scene: Scene, limits: IncidentLimits) -> None:
        self._limits = limits
        self._lanes = scene.lanes
        self._passed: list[deque[tuple[int, float]]] = [
            deque(maxlen=_SAMPLES_MAX) for _ in scene.lanes
        ]

    def update(self, view: View, standing: Standing) -> Iterator[Finding]:
        if not self._lanes:
            return
        self._learn(view, standing)
        limits, table, slot, now = self._limits, view.memory.table, view.slot, view.frame.pts_ns
        usual = np.array([self._usual_kmh(k, now) for k in range(len(self._lanes))])
        lane = view.lane
        there = view.fresh & view.metric & view.motor & (lane >= 0) & ~standing.stands
        kmh = (view.speed_mps + 2 * np.nan_to_num(view.frame.speed_sd_mps)) * 3.6
        with np.errstate(invalid="ignore"):
            slow = there & (kmh < limits.slow_share * usual[lane])
        slow &= (view.rows("stood_last_ns") == NEVER) | (
            view.since_s("stood_last_ns") > limits.slow_after_stand_s
        )
        for row in np.flatnonzero(slow).tolist():
            slow[row] = self._free_ahead(view, row)
        since = table["slow_ns"][slot]
        same = (since != NEVER) & (table["slow_lane"][slot] == lane)
        since = np.where(slow, np.where(same, since, now), since)
        table["slow_ns"][slot] = np.where(view.fresh & ~slow, NEVER, since)
        table["slow_lane"][slot] = lane
        lasted_s = np.where(slow, now - np.maximum(since, 0), 0) / NS_PER_S
        for row in np.flatnonzero(slow & (lasted_s >= limits.slow_s)).tolist():
            yield self._finding(view, row, float(lasted_s[row]), float(usual[lane[row]]))

    def _finding(self, view: View, row: int, lasted_s: float, usual_kmh: float) -> Finding:
        limits, now = self._limits, view.frame.pts_ns
        lane = self._lanes[int(view.lane[row])].id
        kmh = float(view.speed_mps[row]) * 3.6
        track = int(view.frame.track_id[row])
        return Finding(
            IncidentKind.SLOW_VEHICLE,
            track,
            lane,
            (track,),
            now - round(lasted_s * NS_PER_S),
            now - round((lasted_s - limits.slow_s) * NS_PER_S),
            sum(kmh < share * usual_kmh for share in _GRADE_SHARES),
            f"{view.label(row)} drives at {kmh:.0f} km/h in lane {lane}, where {usual_kmh:.0f} "
            f"km/h is usual, for {lasted_s:.0f} s with free road ahead (limit "
            f"{limits.slow_share * usual_kmh:.0f} km/h for {limits.slow_s:g} s).",
            {
                "speed_kmh": round(kmh, 1),
                "usual_kmh": round(usual_kmh, 1),
                "limit_kmh": round(limits.slow_share * usual_kmh, 1),
            },
            row,
            limits.join_m,
        )

    def _free_ahead(self, view: View, row: int) -> bool:
        """Nobody slow in front, and no stop line near."""
        lane, free_m = int(view.lane[row]), self._limits.slow_free_m
        if self._lanes[lane].stop_line:
            left_m = float(view.places.lane_length_m[lane] - view.frame.along_m[row])
            if not left_m > free_m:
                return False
        along, across = view.gaps_m(np.array([row]))
        ahead = (along[0] > 0.5) & (along[0] < free_m) & (across[0] < ACROSS_M)
        ahead &= view.speed_mps < 1.5 * view.speed_mps[row]
        return not bool(ahead.any())

    def _learn(self, view: View, standing: Standing) -> None:
        table, slot = view.memory.table, view.slot
        self._note(view.memory.dropped, view.frame.pts_ns)
        moved = view.fresh & view.metric & view.motor & ~standing.stands
        changed = moved & (table["lane"][slot] != view.lane)
        self._note(table[slot[changed]], view.frame.pts_ns)
        table["lane_mps"][slot[changed]] = 0.0
        table["lane_looks"][slot[changed]] = 0
        rows = slot[moved]
        table["lane"][rows] = view.lane[moved]
        table["lane_mps"][rows] += view.speed_mps[moved]
        table["lane_looks"][rows] += 1

    def _note(self, rows: Table, now_ns: int) -> None:
        known = rows[(rows["lane"] >= 0) & (rows["lane_looks"] >= _LOOKS_MIN)]
        for row in known:
            kmh = float(row["lane_mps"] / row["lane_looks"]) * 3.6
            self._passed[int(row["lane"])].append((now_ns, kmh))

    def _usual_kmh(self, lane: int, now_ns: int) -> float:
        """NaN while it is not known, or too low for the rule."""
        passed = self._passed[lane]
        while passed and passed[0][0] < now_ns - self._limits.usual_s * NS_PER_S:
            passed.popleft()
        limit = self._lanes[lane].speed_limit_kmh
        known = [kmh for _, kmh in passed]
        usual = limit if limit is not None else float("nan")
        if len(known) >= self._limits.slow_samples:
            usual = min(float(np.median(known)), usual if limit is not None else np.inf)
        return usual if usual >= self._limits.slow_usual_kmh else float("nan")

"""Vehicles that drive against their lane's way of travel."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from its_camera_ai.analytics.incidents.finding import Finding
from its_camera_ai.analytics.incidents.limits import IncidentLimits
from its_camera_ai.analytics.incidents.memory import NEVER
from its_camera_ai.analytics.incidents.view import Bools, Floats, View
from its_camera_ai.core.incidents import IncidentKind
from its_camera_ai.core.scene import Scene
from its_camera_ai.core.time import NS_PER_S

_LOOKS_MIN = 3
_AGREES_COS = 0.5


class WrongWay:
    """Net way against the lane, for a while and far enough, where no lane there agrees with it.

    So a track that jumps back once, one that reverses slowly, and one on the seam of two lanes are
    none. Keeps the fields ``back_*`` of the memory.
    """

    def __init__(self, scene: Scene, limits: IncidentLimits) -> None:
        self._limits = limits
        self._lanes = scene.lanes
        self._against_cos = float(np.cos(np.radians(limits.wrong_way_deg)))

    def update(self, view: View) -> Iterator[Finding]:
        if not self._lanes or not len(view.frame):
            return
        lane, wrong, right = self._judged(view)
        table, slot, now = view.memory.table, view.slot, view.frame.pts_ns
        going = table["back_ns"][slot] != NEVER
        over = view.fresh & going & (right | (wrong & (lane != table["back_lane"][slot])))
        over |= view.fresh & going & ~view.in_lane.any(axis=1)
        table["back_ns"][slot[over]] = NEVER
        begins = wrong & (~going | over)
        table["back_ns"][slot[begins]] = now
        table["back_from"][slot[begins]] = view.place[begins]
        table["back_lane"][slot[begins]] = lane[begins]
        table["back_looks"][slot[begins]] = 0
        table["back_looks"][slot[wrong]] += 1
        for row in np.flatnonzero(wrong & ~begins).tolist():
            finding = self._finding(view, row, int(lane[row]))
            if finding is not None:
                yield finding

    def _judged(self, view: View) -> tuple[npt.NDArray[np.int16], Bools, Bools]:
        """(N,) the lane that it goes against, whether it does, and whether it goes along one."""
        limits, places = self._limits, view.places
        with np.errstate(invalid="ignore", divide="ignore"):
            unit = view.velocity / view.speed_mps[:, None]
        ways = np.where(view.metric[:, None, None], places.lane_way_m, places.lane_way_px)
        cos: Floats = np.nan_to_num((unit[:, None] * ways).sum(axis=2))
        inside = view.in_lane.copy()
        held = view.frame.lane >= 0
        inside[held, view.frame.lane[held]] = True  # its lane by hysteresis
        fast = view.speed_mps * 3.6 >= limits.wrong_way_kmh
        trusted = view.motor & (view.frame.class_share >= limits.wrong_way_share)
        against = view.in_lane & (cos <= self._against_cos)
        right = fast & (inside & (cos >= _AGREES_COS)).any(axis=1)
        wrong = view.fresh & fast & trusted & against.any(axis=1) & ~right
        return against.argmax(axis=1).astype(np.int16), wrong, right

    def _finding(self, view: View, row: int, lane: int) -> Finding | None:
        limits, now = self._limits, view.frame.pts_ns
        table, slot = view.memory.table, int(view.slot[row])
        way = view.lane_way(row, lane)
        moved = view.place[row] - table["back_from"][slot]
        back_m = -float(moved @ way) / float(view.scale[row])
        lasted_s = (now - int(table["back_ns"][slot])) / NS_PER_S
        kmh = float(view.speed_mps[row]) * 3.6
        enough = back_m >= limits.wrong_way_m and lasted_s >= limits.wrong_way_s
        if not enough or int(table["back_looks"][slot]) < _LOOKS_MIN:
            return None
        beyond_s = min((back_m - limits.wrong_way_m) / (kmh / 3.6), lasted_s - limits.wrong_way_s)
        measured = bool(view.metric[row])
        text = f"for {back_m:.0f} m at {kmh:.0f} km/h" if measured else f"for {lasted_s:.1f} s"
        facts: dict[str, object] = {"lasted_s": round(lasted_s, 1)}
        if measured:
            facts |= {
                "speed_kmh": round(-kmh, 1),
                "against_m": round(back_m, 1),
                "limit_m": limits.wrong_way_m,
            }
        track = int(view.frame.track_id[row])
        return Finding(
            IncidentKind.WRONG_WAY,
            track,
            self._lanes[lane].id,
            (track,),
            int(table["back_ns"][slot]),
            now - round(beyond_s * NS_PER_S),
            0,
            f"{view.label(row)} has gone against the way of lane {self._lanes[lane].id} {text} "
            f"(limit {limits.wrong_way_m:g} m and {limits.wrong_way_s:g} s).",
            facts,
            row,
            limits.join_m,
        )

"""People and bicycles on a carriageway outside the crossings."""

from collections.abc import Iterator

import numpy as np

from its_camera_ai.analytics.incidents.finding import Finding
from its_camera_ai.analytics.incidents.limits import IncidentLimits
from its_camera_ai.analytics.incidents.memory import NEVER
from its_camera_ai.analytics.incidents.places import distance_to_edge
from its_camera_ai.analytics.incidents.view import BOX_M, View
from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.core.incidents import IncidentKind
from its_camera_ai.core.scene import Scene
from its_camera_ai.core.time import NS_PER_S

_FAST_ROAD_KMH = 80.0
_RIDING_MPS = 1.0
_LONG_S = 15.0


class OnRoad:
    """Someone clearly inside a carriageway and clearly outside every crossing, for a while.

    The rider of a two-wheeler is part of it. Keeps the field ``on_road_ns`` of the memory.
    """

    def __init__(self, scene: Scene, limits: IncidentLimits) -> None:
        self._limits = limits
        self._fast = any((lane.speed_limit_kmh or 0) >= _FAST_ROAD_KMH for lane in scene.lanes)
        self._looks = any(zone.use.value == "carriageway" for zone in scene.zones)

    def update(self, view: View) -> Iterator[Finding]:
        if not self._looks or not len(view.frame):
            return
        cycles = view.is_class(ObjectClass.BICYCLE)
        moving = view.speed_mps > _RIDING_MPS
        who = (view.is_class(ObjectClass.PERSON) & ~view.riders) | (cycles & (view.ridden | moving))
        places = view.places
        inside = view.in_zone[:, places.carriageways].any(axis=1)
        inside &= ~view.in_zone[:, places.crossings].any(axis=1)
        there = who & view.fresh & inside
        for row in np.flatnonzero(there).tolist():
            there[row] = self._clearly(view, row)
        table, slot, now = view.memory.table, view.slot, view.frame.pts_ns
        since = table["on_road_ns"][slot]
        since = np.where(there, np.where(since == NEVER, now, since), since)
        table["on_road_ns"][slot] = np.where(view.fresh & ~there, NEVER, since)
        lasted_s = np.where(there, now - np.maximum(since, 0), 0) / NS_PER_S
        for row in np.flatnonzero(there & (lasted_s >= self._limits.on_road_s)).tolist():
            yield self._finding(view, row, float(lasted_s[row]), cycle=bool(cycles[row]))

    def _clearly(self, view: View, row: int) -> bool:
        places, point = view.places, view.ground_px[row]
        width, height = view.frame.xyxy[row, 2:] - view.frame.xyxy[row, :2]
        metre_px = float(np.sqrt(max(width * height, 1.0))) / BOX_M[view.frame.class_id[row]]
        margin_px = self._limits.on_road_edge_m * metre_px
        for k in np.flatnonzero(places.crossings).tolist():
            if distance_to_edge(point, places.zones[k]) < margin_px:
                return False
        return any(
            distance_to_edge(point, places.zones[k]) >= margin_px
            for k in np.flatnonzero(places.carriageways & view.in_zone[row]).tolist()
        )

    def _finding(self, view: View, row: int, lasted_s: float, *, cycle: bool) -> Finding:
        limits, now = self._limits, view.frame.pts_ns
        zones = np.flatnonzero(view.places.carriageways & view.in_zone[row])
        zone = view.places.scene.zones[int(zones[0])].id
        track = int(view.frame.track_id[row])
        what = "cycled" if cycle else "been on foot"
        return Finding(
            IncidentKind.CYCLIST_ON_ROAD if cycle else IncidentKind.PEDESTRIAN_ON_ROAD,
            track,
            zone,
            (track,),
            now - round(lasted_s * NS_PER_S),
            now - round((lasted_s - limits.on_road_s) * NS_PER_S),
            (2 if self._fast else 0) + int(lasted_s >= _LONG_S),
            f"{view.label(row)} has {what} on the carriageway {zone} outside a crossing for "
            f"{lasted_s:.1f} s (limit {limits.on_road_s:g} s).",
            {"lasted_s": round(lasted_s, 1), "limit_s": limits.on_road_s},
            row,
            limits.on_road_join_m,
        )

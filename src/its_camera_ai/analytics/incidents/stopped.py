"""Rules about standing: stopped vehicles, illegal parking, things on the carriageway."""

from collections.abc import Iterator

import numpy as np

from its_camera_ai.analytics.incidents.finding import Finding
from its_camera_ai.analytics.incidents.limits import IncidentLimits
from its_camera_ai.analytics.incidents.standing import Standing
from its_camera_ai.analytics.incidents.view import Bools, View
from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.core.incidents import IncidentKind
from its_camera_ai.core.scene import LIMIT_S, Scene, Zone
from its_camera_ai.core.time import NS_PER_S

_FAST_LANE_KMH = 80.0
"""On lanes with this limit a standing vehicle is at once a grade worse."""


class StoppedVehicles:
    """A vehicle that stands on the carriageway, without a reason, for too long."""

    def __init__(self, scene: Scene, limits: IncidentLimits) -> None:
        self._limits = limits
        self._lanes = scene.lanes
        self._junction = bool(scene.signals) or any(lane.stop_line for lane in scene.lanes)

    def update(self, view: View, standing: Standing) -> Iterator[Finding]:
        places = view.places
        on_road = view.in_zone[:, places.carriageways].any(axis=1)
        restricted = view.in_zone[:, places.restricted].any(axis=1)
        waits = standing.queued | standing.excused | restricted
        found = standing.stands & view.motor & view.fresh & ~waits & ((view.lane >= 0) | on_road)
        for row in np.flatnonzero(found).tolist():
            lane = int(view.lane[row])
            outside = lane < 0 and self._junction
            limit_s = self._limits.junction_s if outside else self._limits.stopped_s
            free_s, held_s = float(standing.free_s[row]), float(standing.held_s[row])
            if free_s < limit_s:
                continue
            place = self._lanes[lane].id if lane >= 0 else _zone_of(view, row, places.carriageways)
            fast = lane >= 0 and (self._lanes[lane].speed_limit_kmh or 0) >= _FAST_LANE_KMH
            yield Finding(
                IncidentKind.STOPPED_VEHICLE,
                int(view.frame.track_id[row]),
                place,
                (int(view.frame.track_id[row]),),
                _ago(view, held_s),
                _ago(view, free_s - limit_s),
                int(fast) + _doublings(free_s / limit_s, 6),
                f"{view.label(row)} has stood on {place} for {free_s:.0f} s (limit {limit_s:g} s) "
                "with no queue, red light or people ahead of it.",
                {"stood_s": round(free_s, 1), "limit_s": limit_s},
                row,
                self._limits.stopped_join_m,
            )


class IllegalParking:
    """A vehicle that stands in a zone without stopping or parking for longer than allowed."""

    def __init__(self, scene: Scene, limits: IncidentLimits) -> None:
        self._join_m = limits.join_m
        self._zones: list[tuple[int, Zone, float]] = [
            (k, zone, zone.limit_s if zone.limit_s is not None else LIMIT_S[zone.use])
            for k, zone in enumerate(scene.zones)
            if zone.use in LIMIT_S
        ]

    def update(self, view: View, standing: Standing) -> Iterator[Finding]:
        for k, zone, limit_s in self._zones:
            inside = view.in_zone[:, k]
            held = standing.stands & view.motor & view.fresh & inside
            held &= ~standing.excused & ~standing.queued
            for row in np.flatnonzero(held & (standing.free_s >= limit_s)).tolist():
                free_s = float(standing.free_s[row])
                yield Finding(
                    IncidentKind.ILLEGAL_PARKING,
                    (zone.id, int(view.frame.track_id[row])),
                    zone.id,
                    (int(view.frame.track_id[row]),),
                    _ago(view, float(standing.held_s[row])),
                    _ago(view, free_s - limit_s),
                    _doublings(free_s / limit_s, 5),
                    f"{view.label(row)} has stood in {zone.id} ({zone.use.value.replace('_', ' ')})"
                    f" for {free_s:.0f} s; {limit_s:g} s are allowed.",
                    {"stood_s": round(free_s, 1), "limit_s": limit_s},
                    row,
                    self._join_m,
                )


class Debris:
    """A thing that is no road user and lies on the carriageway."""

    def __init__(self, scene: Scene, limits: IncidentLimits) -> None:
        self._limits = limits
        self._lanes = scene.lanes

    def update(self, view: View, standing: Standing) -> Iterator[Finding]:
        things = view.is_class(ObjectClass.OTHER)
        self._note_origin(view, things)
        on_road = view.in_zone[:, view.places.carriageways].any(axis=1) | (view.lane >= 0)
        held = things & view.fresh & standing.stands & on_road
        for row in np.flatnonzero(held & (standing.held_s >= self._limits.debris_s)).tolist():
            lane, lies_s = int(view.lane[row]), float(standing.held_s[row])
            place = (
                self._lanes[lane].id if lane >= 0 else _zone_of(view, row, view.places.carriageways)
            )
            left_by = int(view.memory.table["left_by"][view.slot[row]])
            whence = f" It appeared beside track {left_by}." if left_by >= 0 else ""
            facts: dict[str, object] = {
                "lies_s": round(lies_s, 1),
                "limit_s": self._limits.debris_s,
            }
            if left_by >= 0:
                facts["left_by"] = left_by
            yield Finding(
                IncidentKind.DEBRIS,
                int(view.frame.track_id[row]),
                place,
                (int(view.frame.track_id[row]),),
                _ago(view, lies_s),
                _ago(view, lies_s - self._limits.debris_s),
                _doublings(lies_s / self._limits.debris_s, 12),
                f"A thing has lain on {place} for {lies_s:.0f} s "
                f"(limit {self._limits.debris_s:g} s).{whence}",
                facts,
                row,
                self._limits.join_m,
            )

    def _note_origin(self, view: View, things: Bools) -> None:
        """Who was nearest when a thing was first seen."""
        table = view.memory.table
        born = things & (view.rows("born_ns") == view.frame.pts_ns)
        users = view.fresh & ~things
        for row in np.flatnonzero(born).tolist():
            distance = np.where(users, view.distance_m(row), np.inf)
            distance[np.isnan(distance)] = np.inf
            nearest = int(distance.argmin())
            reach = self._limits.debris_from_m + float(view.body_m[nearest, 0]) / 2
            if distance[nearest] <= reach:
                table["left_by"][view.slot[row]] = view.frame.track_id[nearest]


def _zone_of(view: View, row: int, which: Bools) -> str:
    return view.places.scene.zones[int(np.flatnonzero(view.in_zone[row] & which)[0])].id


def _ago(view: View, seconds: float) -> int:
    return view.frame.pts_ns - round(seconds * NS_PER_S)


def _doublings(times_limit: float, first: float) -> int:
    """0 up to ``first`` times the limit, then one more whenever that quadruples."""
    grade = 0
    while times_limit >= first:
        grade, first = grade + 1, first * 4
    return grade

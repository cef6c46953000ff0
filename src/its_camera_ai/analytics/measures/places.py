"""What has to be known of a place beside its interval rows, as far as the scene tells it."""

from dataclasses import dataclass

import numpy as np

from its_camera_ai.analytics.measures.equivalents import HCM_LEVEL, EquivalentTable
from its_camera_ai.analytics.measures.level_of_service import Facility, Units
from its_camera_ai.analytics.measures.plausible import Floats
from its_camera_ai.core.ground import GroundPlane
from its_camera_ai.core.intervals import Place, PlaceKind
from its_camera_ai.core.road import LineSide
from its_camera_ai.core.scene import Scene, ZoneUse


@dataclass(frozen=True, slots=True)
class PlaceFacts:
    """What has to be known of a place beside its row.

    Attributes:
        facility: decides which measure gives the level of service; None gives none.
        lanes: that a row of a line sums up; None where that is not known.
        free_flow_kmh: for the speed ratio.
        area_m2: of a walkway or crossing.
        equivalents: passenger cars per class.
    """

    facility: Facility | None = None
    lanes: int | None = None
    free_flow_kmh: float | None = None
    area_m2: float | None = None
    equivalents: EquivalentTable = HCM_LEVEL
    units: Units = Units.METRIC


NOTHING_MORE = PlaceFacts()


def facts_of(
    scene: Scene,
    place: Place,
    plane: GroundPlane | None = None,
    *,
    free_flow_kmh: float | None = None,
    equivalents: EquivalentTable = HCM_LEVEL,
    units: Units = Units.METRIC,
) -> PlaceFacts:
    """What the scene says of a place.

    A lane or movement that begins at a governed stop line is signalised, at one without a signal
    unsignalised; a lane without a stop line is a stretch of free road; a zone that is a crossing is
    the pedestrians'. A line sums up the lanes that end at it.
    """
    facility, lanes, area_m2 = None, None, None
    if place.kind is PlaceKind.LANE:
        facility = _lane_facility(scene, place.id)
    elif place.kind is PlaceKind.MOVEMENT:
        entries = [m.entry for m in scene.movements if m.id == place.id]
        facility = _at_stop_line(scene, entries[0]) if entries else None
    elif place.kind is PlaceKind.LINE:
        lanes = sum(lane.stop_line == place.id for lane in scene.lanes) or None
    elif place.kind is PlaceKind.ZONE:
        zones = [z for z in scene.zones if z.id == place.id and z.use is ZoneUse.CROSSING]
        facility = Facility.PEDESTRIAN if zones else None
        area_m2 = _area_m2(plane, zones[0].pixels(plane.size_wh)) if zones and plane else None
    return PlaceFacts(facility, lanes, free_flow_kmh, area_m2, equivalents, units)


def _lane_facility(scene: Scene, lane_id: str) -> Facility | None:
    for lane in scene.lanes:
        if lane.id == lane_id:
            if not lane.stop_line:
                return Facility.FREEWAY
            governed = {side.line for head in scene.signals for side in head.governs}
            return Facility.SIGNALISED if lane.stop_line in governed else Facility.UNSIGNALISED
    return None


def _at_stop_line(scene: Scene, entry: LineSide) -> Facility:
    governed = {side for head in scene.signals for side in head.governs}
    return Facility.SIGNALISED if entry in governed else Facility.UNSIGNALISED


def _area_m2(plane: GroundPlane, corners_px: Floats) -> float | None:
    """Of a polygon on the ground, by the shoelace formula; None if part of it is in the sky."""
    x, y = plane.to_world(corners_px).T
    area = abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2
    return area if np.isfinite(area) and area > 0 else None

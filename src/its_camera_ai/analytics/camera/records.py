"""Events with all that was measured about them."""

from collections.abc import Callable

from its_camera_ai.core.events import Event, EventKind
from its_camera_ai.core.incidents import Incident, IncidentStep
from its_camera_ai.core.road_users import Passage


def crossing_record(event: Event, passage: Passage) -> dict[str, object]:
    """The detail of a crossing, with the per-vehicle record: lane, speed and its 95 % interval,
    length, classes, headway and gap; what is not known is left out."""
    detail = dict(event.detail)
    vehicle, speed = passage.vehicle, passage.speed
    detail["class_share"] = round(vehicle.share, 3)
    if passage.lane:
        detail["lane"] = passage.lane
    if speed is not None:
        detail["speed_kmh"] = round(speed.kmh, 2)
        detail["speed_95"] = [round(speed.low_kmh, 2), round(speed.high_kmh, 2)]
    elif passage.speed_problem:
        detail["speed_problem"] = passage.speed_problem
    for name, value in (
        ("length_m", vehicle.length_m),
        ("headway_s", passage.headway_s),
        ("gap_s", passage.gap_s),
    ):
        if value is not None:
            detail[name] = round(value, 3)
    if vehicle.length_class is not None:
        detail["length_class"] = str(vehicle.length_class)
    if vehicle.fhwa:
        detail["fhwa"] = {str(group): round(p, 3) for group, p in vehicle.fhwa.items()}
    return detail


def incident_record(incident: Incident, new_id: Callable[[int], str], wall_offset_ns: int) -> Event:
    """The event that an incident opened (at its defining instant) or closed.

    Args:
        wall_offset_ns: UTC less stream time, of the frame that told.
    """
    opened = incident.step is IncidentStep.OPENED
    wall_ns = incident.defined_wall_ns if opened else incident.updated_wall_ns
    detail: dict[str, object] = {
        "incident": incident.id,
        "kind": str(incident.kind),
        "severity": str(incident.severity),
        "place": incident.place,
        "explanation": incident.explanation,
    }
    if incident.xyxy is not None:
        detail["xyxy"] = [round(v, 1) for v in incident.xyxy]
    return Event(
        new_id(wall_ns),
        EventKind.INCIDENT_OPENED if opened else EventKind.INCIDENT_CLOSED,
        incident.camera_id,
        wall_ns - wall_offset_ns,
        wall_ns,
        incident.track_ids[0] if incident.track_ids else None,
        detail,
    )

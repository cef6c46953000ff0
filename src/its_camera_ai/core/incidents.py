"""Incidents: events that need a human, from their opening to their end."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from its_camera_ai.core.time import iso_utc


class IncidentKind(StrEnum):
    """What happened; the value is the name in the database and the API."""

    STOPPED_VEHICLE = "stopped_vehicle"
    SLOW_VEHICLE = "slow_vehicle"
    WRONG_WAY = "wrong_way"
    ILLEGAL_PARKING = "illegal_parking"
    QUEUE_SPILLBACK = "queue_spillback"
    CONGESTION = "congestion"
    DEBRIS = "debris"
    PEDESTRIAN_ON_ROAD = "pedestrian_on_road"
    CYCLIST_ON_ROAD = "cyclist_on_road"
    RED_LIGHT = "red_light"
    NEAR_MISS = "near_miss"
    SPEEDING = "speeding"


class Severity(StrEnum):
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


class IncidentStep(StrEnum):
    """Where in its life an incident is."""

    OPENED = "opened"
    UPDATED = "updated"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident as it stands. A later state of the same one has the same id and a higher
    ``revision``.

    Attributes:
        id: UUIDv7 text.
        place: id of the lane, zone, line or signal head; empty where there is none.
        step: what this state did.
        defined_wall_ns: the defining instant: when the condition had lasted long enough, or the
            single moment of a conflict. opened_wall_ns: when it began, before that.
        updated_wall_ns: of the frame that led to this state.
        closed_wall_ns: None while it lasts.
        decided_after_s: from the defining instant to the frame that told, stream time.
        track_ids: who took part, the main one first.
        xyxy: the main one in the picture, pixels; None for a place.
        xy_m: where on the ground; None without calibration.
        explanation: why it fired, in one or two sentences with the measured value and the limit.
        facts: the same as numbers, JSON-able: ``{"speed_kmh": -31.2, "limit_kmh": -5}``.
        clip_since_wall_ns, clip_until_wall_ns: what to keep and to show of the recording.
    """

    id: str
    kind: IncidentKind
    severity: Severity
    camera_id: str
    place: str
    step: IncidentStep
    opened_wall_ns: int
    defined_wall_ns: int
    updated_wall_ns: int
    explanation: str
    closed_wall_ns: int | None = None
    revision: int = 1
    decided_after_s: float = 0.0
    track_ids: tuple[int, ...] = ()
    xyxy: tuple[float, float, float, float] | None = None
    xy_m: tuple[float, float] | None = None
    facts: Mapping[str, object] = field(default_factory=dict)
    clip_since_wall_ns: int = 0
    clip_until_wall_ns: int = 0

    @property
    def is_open(self) -> bool:
        return self.step is not IncidentStep.CLOSED


def abandoned(incident: Incident, now_wall_ns: int) -> Incident:
    """An open incident that nobody watches any more: closed, with its end unknown, as the
    explanation and the fact ``end_unknown`` say."""
    return replace(
        incident,
        step=IncidentStep.CLOSED,
        revision=incident.revision + 1,
        updated_wall_ns=now_wall_ns,
        closed_wall_ns=now_wall_ns,
        explanation=(
            f"{incident.explanation} Its end is unknown: the program stopped watching after "
            f"{iso_utc(incident.updated_wall_ns)}."
        ),
        facts={**incident.facts, "end_unknown": True},
    )

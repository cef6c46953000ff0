"""Events: something happened. Frozen and in the past tense."""

from dataclasses import dataclass, field
from enum import StrEnum


class EventKind(StrEnum):
    """The catalogue of events; the value is the name in the database and the API."""

    LINE_CROSSED = "line_crossed"
    ZONE_ENTERED = "zone_entered"
    ZONE_LEFT = "zone_left"
    CAMERA_CONNECTED = "camera_connected"
    CAMERA_LOST = "camera_lost"
    STREAM_CHANGED = "stream_changed"
    RECORDING_FAILED = "recording_failed"
    RECORDING_RESUMED = "recording_resumed"
    PICTURE_FAULT_BEGAN = "picture_fault_began"
    PICTURE_FAULT_ENDED = "picture_fault_ended"
    STORAGE_LOW = "storage_low"
    STORAGE_RECOVERED = "storage_recovered"
    STORAGE_EVICTED = "storage_evicted"
    INCIDENT_OPENED = "incident_opened"
    INCIDENT_CLOSED = "incident_closed"
    CALIBRATION_DOUBTED = "calibration_doubted"
    CALIBRATION_TRUSTED = "calibration_trusted"


@dataclass(frozen=True, slots=True)
class Event:
    """One fact about one camera, or about all of them.

    Attributes:
        id: UUIDv7 text; the key by which duplicates are removed everywhere.
        kind: which fact.
        camera_id: whose; empty if it concerns all, such as a disk that fills up.
        pts_ns: stream time of the fact; for a crossing the interpolated moment.
        wall_ns: the same moment, UTC.
        track_id: the road user, where there is one.
        detail: JSON-able facts by kind, e.g. ``{"line": "gate", "direction": "in", "class":
            "car", "xyxy": [..]}``, ``{"zone": "plaza", "class": "person", "dwell_s": 4.2}``.
    """

    id: str
    kind: EventKind
    camera_id: str
    pts_ns: int
    wall_ns: int
    track_id: int | None = None
    detail: dict[str, object] = field(default_factory=dict)

"""What a rule says of one cause at one frame."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field

from its_camera_ai.core.incidents import IncidentKind


@dataclass(frozen=True, slots=True)
class Finding:
    """A condition that holds now and has lasted long enough, or a moment that was one.

    Attributes:
        key: the cause; findings of a kind with equal keys are one incident.
        place: id of the lane, zone or signal head; empty for none.
        track_ids: who takes part, the main one first; empty for a place.
        began_ns: stream time at which the condition began.
        defined_ns: stream time of the defining instant.
        grade: how bad it has become, 0 … ; chooses the severity, and a higher one is an update.
        explanation: why it fired, with value and limit.
        facts: the same as numbers, JSON-able.
        row: of the main one in the frame, −1 if it is not there.
        joins_m: another one of this kind so near is the same incident; 0 for never.
    """

    kind: IncidentKind
    key: Hashable
    place: str
    track_ids: tuple[int, ...]
    began_ns: int
    defined_ns: int
    grade: int
    explanation: str
    facts: Mapping[str, object] = field(default_factory=dict)
    row: int = -1
    joins_m: float = 0.0

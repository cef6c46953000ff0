"""Incidents as they are kept: with what people said about them."""

from dataclasses import dataclass

from its_camera_ai.core.incidents import Incident, IncidentKind, Severity


@dataclass(frozen=True, slots=True)
class Handling:
    """What people made of an incident.

    Attributes:
        acknowledged_by: who saw it; empty while nobody did. acknowledged_wall_ns: when.
        note: in their words.
        false_alarm: it was none; kept, because false alarms are counted.
    """

    acknowledged_by: str = ""
    acknowledged_wall_ns: int | None = None
    note: str = ""
    false_alarm: bool = False


@dataclass(frozen=True, slots=True)
class KeptIncident:
    """The newest state of an incident, and its handling."""

    incident: Incident
    handling: Handling


@dataclass(frozen=True, slots=True)
class IncidentFilter:
    """What to list; None is any.

    Attributes:
        since_wall_ns, until_wall_ns: opened in ``[since, until)``.
        open: still lasting, or closed.
        acknowledged: seen by somebody, or not yet.
        false_alarm: marked as one, or not.
    """

    camera_id: str | None = None
    kinds: tuple[IncidentKind, ...] | None = None
    severities: tuple[Severity, ...] | None = None
    since_wall_ns: int | None = None
    until_wall_ns: int | None = None
    open: bool | None = None
    acknowledged: bool | None = None
    false_alarm: bool | None = None


@dataclass(frozen=True, slots=True)
class IncidentPage:
    """Part of a list, newest first; ``next_cursor`` asks for the older rest, None at the end."""

    items: list[KeptIncident]
    next_cursor: str | None

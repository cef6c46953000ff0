"""Incidents as table rows."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from its_camera_ai.analytics.publishing.columns import (
    CellKind,
    Column,
    Columns,
    number,
    text,
    whole,
)
from its_camera_ai.analytics.publishing.moments import iso_local
from its_camera_ai.core.incident_store import Handling, IncidentFilter, KeptIncident
from its_camera_ai.core.incidents import Incident
from its_camera_ai.core.local_days import Span
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.store.incidents import LIMIT_MAX, IncidentRepository

DAY_NS = 86_400 * NS_PER_S
"""The store lists newest first; of so much time the incidents are turned round at once."""


@dataclass(frozen=True, slots=True)
class IncidentRecord:
    """One incident as it stands, with what people said about it."""

    kept: KeptIncident
    zone: ZoneInfo

    @property
    def incident(self) -> Incident:
        return self.kept.incident

    @property
    def handling(self) -> Handling:
        return self.kept.handling

    @property
    def lasted_s(self) -> float | None:
        """None while it lasts."""
        closed = self.incident.closed_wall_ns
        return None if closed is None else (closed - self.incident.opened_wall_ns) / NS_PER_S


def incident_records(
    incidents: IncidentRepository, camera_id: str | None, span: Span, zone: ZoneInfo
) -> Iterator[IncidentRecord]:
    """Those that began in ``[since, until)``, oldest first."""
    since = span.since_wall_ns
    while since < span.until_wall_ns:
        until = min(span.until_wall_ns, (since // DAY_NS + 1) * DAY_NS)
        wanted = IncidentFilter(camera_id=camera_id, since_wall_ns=since, until_wall_ns=until)
        for kept in reversed(list(_all(incidents, wanted))):
            yield IncidentRecord(kept, zone)
        since = until


def _all(incidents: IncidentRepository, wanted: IncidentFilter) -> Iterator[KeptIncident]:
    cursor: str | None = None
    while True:
        page = incidents.find(wanted, limit=LIMIT_MAX, cursor=cursor)
        yield from page.items
        cursor = page.next_cursor
        if cursor is None:
            return


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


INCIDENT_COLUMNS: Columns[IncidentRecord] = (
    text("id", "of the incident", lambda r: r.incident.id),
    text("camera", "id of the camera", lambda r: r.incident.camera_id),
    text("kind", "what happened", lambda r: str(r.incident.kind)),
    text("severity", "low to critical", lambda r: str(r.incident.severity)),
    text("place", "id of the lane, zone, line or signal", lambda r: r.incident.place),
    text("step", "opened, updated or closed", lambda r: str(r.incident.step)),
    whole("revision", "how often it was told", lambda r: r.incident.revision),
    Column("opened_utc", CellKind.MOMENT, "", "when it began", lambda r: r.incident.opened_wall_ns),
    Column(
        "opened_local",
        CellKind.LOCAL,
        "",
        "the same in the site's time",
        lambda r: iso_local(r.incident.opened_wall_ns, r.zone),
    ),
    Column(
        "defined_utc",
        CellKind.MOMENT,
        "",
        "when it was one for certain",
        lambda r: r.incident.defined_wall_ns,
    ),
    Column(
        "closed_utc",
        CellKind.MOMENT,
        "",
        "none while it lasts",
        lambda r: r.incident.closed_wall_ns,
    ),
    number("lasted_s", "s", "none while it lasts", lambda r: r.lasted_s),
    number(
        "decided_after_s",
        "s",
        "from the defining instant until it was told",
        lambda r: r.incident.decided_after_s,
    ),
    text("explanation", "why it is one", lambda r: r.incident.explanation),
    text("facts_json", "the measured values as JSON", lambda r: _json(dict(r.incident.facts))),
    text(
        "tracks",
        "numbers of the tracks, the main one first",
        lambda r: " ".join(map(str, r.incident.track_ids)),
    ),
    number(
        "x_m", "m", "on the road", lambda r: None if r.incident.xy_m is None else r.incident.xy_m[0]
    ),
    number(
        "y_m", "m", "on the road", lambda r: None if r.incident.xy_m is None else r.incident.xy_m[1]
    ),
    text("acknowledged_by", "who saw it", lambda r: r.handling.acknowledged_by),
    Column(
        "acknowledged_utc",
        CellKind.MOMENT,
        "",
        "when it was seen",
        lambda r: r.handling.acknowledged_wall_ns,
    ),
    text("note", "in people's words", lambda r: r.handling.note),
    Column("false_alarm", CellKind.FLAG, "", "it was none", lambda r: r.handling.false_alarm),
)
"""Of incidents, in their order. A new one goes to the end; none is renamed."""

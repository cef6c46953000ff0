"""Incidents, durable before a call returns: their newest state and what people made of them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, select, tuple_, update

from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.incident_store import (
    Handling,
    IncidentFilter,
    IncidentPage,
    KeptIncident,
)
from its_camera_ai.core.incidents import (
    Incident,
    IncidentKind,
    IncidentStep,
    Severity,
    abandoned,
)
from its_camera_ai.store import sqlite
from its_camera_ai.store.cursors import cursor_of, place_of
from its_camera_ai.store.database import Database
from its_camera_ai.store.parameters import clamped
from its_camera_ai.store.traffic_schema import incidents

LIMIT_MAX = 1000
_HANDLING = ("acknowledged_by", "acknowledged_ns", "note", "false_alarm")


class IncidentRepository:
    """One row for each incident; a later state of it overwrites an earlier one, never back."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def put(self, items: Sequence[Incident]) -> int:
        """Store states of incidents, in any order and any number of times.

        A state counts only if its revision is higher than the stored one; what people said about
        the incident stays.

        Returns:
            How many were new or newer.
        """
        newest: dict[str, Incident] = {}
        for item in items:
            known = newest.get(item.id)
            if known is None or item.revision > known.revision:
                newest[item.id] = item
        rows = [_row(item) for item in newest.values()]
        with self._database.write(durable=True) as connection:
            return sqlite.upsert(
                connection, incidents, rows, ("id",), keep=_HANDLING, if_higher="revision"
            )

    def get(self, incident_id: str) -> KeptIncident | None:
        with self._database.read() as connection:
            row = connection.execute(
                select(incidents).where(incidents.c.id == incident_id)
            ).one_or_none()
        return None if row is None else _kept(row)

    def find(
        self, wanted: IncidentFilter, *, limit: int = 100, cursor: str | None = None
    ) -> IncidentPage:
        """Incidents by the moment at which they began, newest first.

        A page is found by the place of the last incident, so incidents that open meanwhile
        neither repeat nor hide others.

        Raises:
            ConfigInvalid: a limit outside 1–1000, or a cursor that no page gave.
        """
        if not 1 <= limit <= LIMIT_MAX:
            raise ConfigInvalid(f"The limit {limit} is not allowed; ask for 1 to {LIMIT_MAX}.")
        query = select(incidents).where(_matching(wanted))
        order = (incidents.c.opened_ns, incidents.c.id)
        if cursor is not None:
            query = query.where(tuple_(*order) < tuple_(*place_of(cursor, "incidents")))
        query = query.order_by(*(column.desc() for column in order)).limit(limit + 1)
        with self._database.read() as connection:
            found = [_kept(row) for row in connection.execute(query)]
        page = found[:limit]
        if len(found) <= limit:
            return IncidentPage(page, None)
        last = page[-1].incident
        return IncidentPage(page, cursor_of(last.opened_wall_ns, last.id))

    def counts(self, wanted: IncidentFilter) -> dict[tuple[IncidentKind, Severity], int]:
        """How many there are, by kind and severity."""
        by = (incidents.c.kind, incidents.c.severity)
        query = select(*by, func.count()).where(_matching(wanted)).group_by(*by).order_by(*by)
        with self._database.read() as connection:
            return {
                (IncidentKind(kind), Severity(severity)): number
                for kind, severity, number in connection.execute(query)
            }

    def acknowledge(
        self,
        incident_id: str,
        by: str,
        wall_ns: int,
        *,
        note: str | None = None,
        false_alarm: bool | None = None,
    ) -> KeptIncident | None:
        """Somebody saw it. Who came first stays; the note and the mark are of the last call that
        gave them.

        Returns:
            None if there is no such incident.
        """
        this = incidents.c.id == incident_id
        said: dict[str, Any] = {}
        if note is not None:
            said["note"] = note
        if false_alarm is not None:
            said["false_alarm"] = false_alarm
        with self._database.write(durable=True) as connection:
            connection.execute(
                update(incidents)
                .where(this, incidents.c.acknowledged_ns.is_(None))
                .values(acknowledged_by=by, acknowledged_ns=wall_ns)
            )
            if said:
                connection.execute(update(incidents).where(this).values(**said))
            row = connection.execute(select(incidents).where(this)).one_or_none()
        return None if row is None else _kept(row)

    def close_left_open(self, now_wall_ns: int, camera_id: str | None = None) -> list[Incident]:
        """Close what an earlier run of the program left open: nobody watches it any more.

        When it really ended is unknown; the explanation and the fact ``end_unknown`` say so.

        Returns:
            The closed states, to be told on.
        """
        wanted = _matching(IncidentFilter(camera_id=camera_id, open=True))
        with self._database.read() as connection:
            found = connection.execute(select(incidents).where(wanted)).all()
        closed = [abandoned(_incident(row), now_wall_ns) for row in found]
        if closed:
            self.put(closed)
        return closed


def _matching(wanted: IncidentFilter) -> ColumnElement[bool]:
    column = incidents.c
    terms: list[ColumnElement[bool]] = []
    if wanted.camera_id is not None:
        terms.append(column.camera_id == wanted.camera_id)
    if wanted.kinds is not None:
        terms.append(column.kind.in_([str(kind) for kind in wanted.kinds]))
    if wanted.severities is not None:
        terms.append(column.severity.in_([str(severity) for severity in wanted.severities]))
    if wanted.since_wall_ns is not None:
        terms.append(column.opened_ns >= clamped(wanted.since_wall_ns))
    if wanted.until_wall_ns is not None:
        terms.append(column.opened_ns < clamped(wanted.until_wall_ns))
    if wanted.open is not None:
        none = column.closed_ns.is_(None)
        terms.append(none if wanted.open else ~none)
    if wanted.acknowledged is not None:
        none = column.acknowledged_ns.is_(None)
        terms.append(~none if wanted.acknowledged else none)
    if wanted.false_alarm is not None:
        terms.append(column.false_alarm.is_(wanted.false_alarm))
    return and_(True, *terms)


def _row(item: Incident) -> dict[str, Any]:
    return {
        "id": item.id,
        "revision": item.revision,
        "kind": str(item.kind),
        "severity": str(item.severity),
        "camera_id": item.camera_id,
        "place": item.place,
        "step": str(item.step),
        "opened_ns": item.opened_wall_ns,
        "defined_ns": item.defined_wall_ns,
        "updated_ns": item.updated_wall_ns,
        "closed_ns": item.closed_wall_ns,
        "detail": {
            "explanation": item.explanation,
            "facts": dict(item.facts),
            "decided_after_s": item.decided_after_s,
            "track_ids": [int(track_id) for track_id in item.track_ids],
            "xyxy": None if item.xyxy is None else [float(v) for v in item.xyxy],
            "xy_m": None if item.xy_m is None else [float(v) for v in item.xy_m],
            "clip_since_ns": item.clip_since_wall_ns,
            "clip_until_ns": item.clip_until_wall_ns,
        },
        "acknowledged_by": "",
        "acknowledged_ns": None,
        "note": "",
        "false_alarm": False,
    }


def _kept(row: Row[Any]) -> KeptIncident:
    handling = Handling(row.acknowledged_by, row.acknowledged_ns, row.note, row.false_alarm)
    return KeptIncident(_incident(row), handling)


def _incident(row: Row[Any]) -> Incident:
    detail = row.detail
    xyxy, xy_m = detail["xyxy"], detail["xy_m"]
    return Incident(
        id=row.id,
        kind=IncidentKind(row.kind),
        severity=Severity(row.severity),
        camera_id=row.camera_id,
        place=row.place,
        step=IncidentStep(row.step),
        opened_wall_ns=row.opened_ns,
        defined_wall_ns=row.defined_ns,
        updated_wall_ns=row.updated_ns,
        explanation=detail["explanation"],
        closed_wall_ns=row.closed_ns,
        revision=row.revision,
        decided_after_s=detail["decided_after_s"],
        track_ids=tuple(detail["track_ids"]),
        xyxy=None if xyxy is None else (xyxy[0], xyxy[1], xyxy[2], xyxy[3]),
        xy_m=None if xy_m is None else (xy_m[0], xy_m[1]),
        facts=detail["facts"],
        clip_since_wall_ns=detail["clip_since_ns"],
        clip_until_wall_ns=detail["clip_until_ns"],
    )

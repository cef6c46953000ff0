"""Retention of events: what detectors found loses what could point at somebody; alerts go."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    and_,
    bindparam,
    delete,
    func,
    select,
    update,
)

from its_camera_ai.core.events import EventKind
from its_camera_ai.core.retention import Action, Reason, RetentionOrder, Subject, Tally
from its_camera_ai.core.retention_matrix import DataClass, EndOfLife
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.store import sqlite
from its_camera_ai.store.database import Database
from its_camera_ai.store.parameters import clamped
from its_camera_ai.store.schema import event_totals, events, outbox

DETECTION_KINDS = (EventKind.LINE_CROSSED, EventKind.ZONE_ENTERED, EventKind.ZONE_LEFT)
ALERT_KINDS = tuple(kind for kind in EventKind if kind not in DETECTION_KINDS)
ANONYMOUS_KEYS = frozenset({"line", "zone", "direction", "class", "dwell_s"})
"""What stays of an event's detail: as much as counts need. All else goes, also what later versions
may add: boxes, plates, names, colours, speeds of single vehicles."""
HOUR_NS = 3600 * NS_PER_S
BATCH_ROWS = 500
_ACTIONS = {
    EndOfLife.ANONYMISE: Action.ANONYMISED,
    EndOfLife.AGGREGATE: Action.AGGREGATED,
    EndOfLife.DELETE: Action.DELETED,
}


def anonymous_detail(detail: Mapping[str, Any]) -> dict[str, Any]:
    """An event's detail without anything by which a person or vehicle could be found again.

    >>> anonymous_detail({"line": "gate", "class": "car", "xyxy": [1, 2, 3, 4], "plate": "X 1"})
    {'line': 'gate', 'class': 'car'}
    """
    return {key: value for key, value in detail.items() if key in ANONYMOUS_KEYS}


class EventKeeper:
    """Anonymises, aggregates or deletes events by age, batch by batch.

    An event that has a track id is one that was not anonymised yet; the messages about it in the
    outbox are treated like it, delivered or not.
    """

    name = "events"
    classes = (DataClass.DETECTION_METADATA, DataClass.ALERTS)

    def __init__(self, database: Database) -> None:
        self._database = database

    def work(self, order: RetentionOrder, tally: Tally) -> None:
        kinds = {
            DataClass.DETECTION_METADATA: DETECTION_KINDS,
            DataClass.ALERTS: ALERT_KINDS,
        }
        for data_class, wanted in kinds.items():
            rule = order.policy.rule(data_class)
            if rule.keep_days is None or not order.wants(data_class):
                continue
            due = events.c.kind.in_([str(kind) for kind in wanted]) & (
                events.c.wall_ns < clamped(order.before_wall_ns(rule.keep_days))
            )
            if rule.then is EndOfLife.ANONYMISE:
                due &= events.c.track_id.is_not(None)
            self._end(due, rule.then, data_class, order, tally)

    def _end(
        self,
        due: ColumnElement[bool],
        then: EndOfLife,
        data_class: DataClass,
        order: RetentionOrder,
        tally: Tally,
    ) -> None:
        action = _ACTIONS[then]
        if order.dry_run:
            for camera_id, count in self._counts(due):
                tally.add(Subject(data_class, action, Reason.AGE, camera_id), count)
            return
        while not order.stopped():
            cameras = self._end_some(due, then)
            for camera_id in cameras:
                tally.add(Subject(data_class, action, Reason.AGE, camera_id))
            if len(cameras) < BATCH_ROWS:
                return

    def _counts(self, due: ColumnElement[bool]) -> list[tuple[str, int]]:
        query = select(events.c.camera_id, func.count()).where(due).group_by(events.c.camera_id)
        with self._database.read() as connection:
            return [(row[0], int(row[1])) for row in connection.execute(query)]

    def _end_some(self, due: ColumnElement[bool], then: EndOfLife) -> list[str]:
        """One batch in one transaction; returns the camera of each event."""
        query = select(events).where(due).order_by(events.c.wall_ns).limit(BATCH_ROWS)
        with self._database.write(durable=False) as connection:
            found = connection.execute(query).all()
            if then is EndOfLife.ANONYMISE:
                _anonymise(connection, found)
            else:
                if then is EndOfLife.AGGREGATE:
                    _add_to_totals(connection, found)
                ids = [row.id for row in found]
                connection.execute(delete(outbox).where(outbox.c.event_id.in_(ids)))
                connection.execute(delete(events).where(events.c.id.in_(ids)))
        return [row.camera_id for row in found]


def _anonymise(connection: Connection, rows: Sequence[Row[Any]]) -> None:
    if rows:
        connection.execute(
            update(events)
            .where(events.c.id == bindparam("which"))
            .values(track_id=None, detail=bindparam("less")),
            [{"which": row.id, "less": anonymous_detail(row.detail)} for row in rows],
        )
    told = connection.execute(
        select(outbox.c.seq, outbox.c.payload).where(outbox.c.event_id.in_([r.id for r in rows]))
    ).all()
    if told:
        connection.execute(
            update(outbox)
            .where(outbox.c.seq == bindparam("which"))
            .values(payload=bindparam("less")),
            [{"which": row.seq, "less": _anonymous_payload(row.payload)} for row in told],
        )


_TOTAL_KEY = ("camera_id", "hour_ns", "kind", "place", "direction", "class")


def _add_to_totals(connection: Connection, rows: Sequence[Row[Any]]) -> None:
    """Add events to the numbers of their hours; those without a line or zone count nowhere."""
    numbers = Counter(
        (
            row.camera_id,
            row.wall_ns // HOUR_NS * HOUR_NS,
            row.kind,
            str(place),
            str(row.detail.get("direction") or ""),
            str(row.detail.get("class") or ""),
        )
        for row in rows
        if (place := row.detail.get("line") or row.detail.get("zone"))
    )
    for key, number in numbers.items():
        named = dict(zip(_TOTAL_KEY, key, strict=True))
        this = and_(*(event_totals.c[name] == value for name, value in named.items()))
        before = connection.scalar(select(event_totals.c.number).where(this)) or 0
        row = {**named, "number": before + number}
        sqlite.upsert(connection, event_totals, [row], key=_TOTAL_KEY)


def _anonymous_payload(payload: Mapping[str, Any]) -> dict[str, Any]:
    detail = payload.get("detail")
    less = anonymous_detail(detail) if isinstance(detail, dict) else {}
    return {**payload, "track_id": None, "detail": less}

"""Retention of events: what detectors found loses what could point at somebody; alerts go."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import ColumnElement, bindparam, delete, func, select, update

from its_camera_ai.core.events import EventKind
from its_camera_ai.core.retention import Action, Reason, RetentionOrder, Subject, Tally
from its_camera_ai.core.retention_matrix import DataClass, EndOfLife
from its_camera_ai.store.database import Database
from its_camera_ai.store.parameters import clamped
from its_camera_ai.store.schema import events, outbox

DETECTION_KINDS = (EventKind.LINE_CROSSED, EventKind.ZONE_ENTERED, EventKind.ZONE_LEFT)
ALERT_KINDS = tuple(kind for kind in EventKind if kind not in DETECTION_KINDS)
ANONYMOUS_KEYS = frozenset({"line", "zone", "direction", "class", "dwell_s"})
"""What stays of an event's detail: as much as counts need. All else goes, also what later versions
may add: boxes, plates, names, colours, speeds of single vehicles."""
BATCH_ROWS = 500


def anonymous_detail(detail: Mapping[str, Any]) -> dict[str, Any]:
    """An event's detail without anything by which a person or vehicle could be found again.

    >>> anonymous_detail({"line": "gate", "class": "car", "xyxy": [1, 2, 3, 4], "plate": "X 1"})
    {'line': 'gate', 'class': 'car'}
    """
    return {key: value for key, value in detail.items() if key in ANONYMOUS_KEYS}


class EventKeeper:
    """Anonymises or deletes events by age, batch by batch.

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
        action = Action.ANONYMISED if then is EndOfLife.ANONYMISE else Action.DELETED
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
        query = select(events.c.id, events.c.camera_id, events.c.detail).where(due)
        with self._database.write(durable=False) as connection:
            found = connection.execute(query.order_by(events.c.wall_ns).limit(BATCH_ROWS)).all()
            ids = [row.id for row in found]
            if not ids:
                return []
            if then is EndOfLife.DELETE:
                connection.execute(delete(outbox).where(outbox.c.event_id.in_(ids)))
                connection.execute(delete(events).where(events.c.id.in_(ids)))
                return [row.camera_id for row in found]
            connection.execute(
                update(events)
                .where(events.c.id == bindparam("which"))
                .values(track_id=None, detail=bindparam("less")),
                [{"which": row.id, "less": anonymous_detail(row.detail)} for row in found],
            )
            told = connection.execute(
                select(outbox.c.seq, outbox.c.payload).where(outbox.c.event_id.in_(ids))
            ).all()
            if told:
                connection.execute(
                    update(outbox)
                    .where(outbox.c.seq == bindparam("which"))
                    .values(payload=bindparam("less")),
                    [{"which": row.seq, "less": _anonymous_payload(row.payload)} for row in told],
                )
        return [row.camera_id for row in found]


def _anonymous_payload(payload: Mapping[str, Any]) -> dict[str, Any]:
    detail = payload.get("detail")
    less = anonymous_detail(detail) if isinstance(detail, dict) else {}
    return {**payload, "track_id": None, "detail": less}

"""Retention of tables whose rows are just forgotten: attempts to sign in, sessions, messages,
trajectories, incidents."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, Table, delete, func, select

from its_camera_ai.core.retention import Action, Reason, RetentionOrder, Subject, Tally
from its_camera_ai.core.retention_matrix import DataClass
from its_camera_ai.store.database import Database
from its_camera_ai.store.parameters import clamped
from its_camera_ai.store.schema import login_attempts, outbox, sessions
from its_camera_ai.store.traffic_schema import incidents, trajectories

BATCH_ROWS = 1000
"""Deleted in one transaction, so that writers need not wait."""


@dataclass(frozen=True, slots=True)
class AgingTable:
    """A table whose rows end by age.

    Attributes:
        key: its primary key.
        ages_from: the column that the age counts from, wall ns; null never ends.
    """

    data_class: DataClass
    table: Table
    key: Column[Any]
    ages_from: Column[Any]


ACCESS_LOGS = (
    AgingTable(
        DataClass.ACCESS_LOGS, login_attempts, login_attempts.c.seq, login_attempts.c.wall_ns
    ),
    AgingTable(DataClass.ACCESS_LOGS, sessions, sessions.c.token_hash, sessions.c.expires_ns),
)
DELIVERED_MESSAGES = (
    AgingTable(DataClass.DELIVERED_MESSAGES, outbox, outbox.c.seq, outbox.c.delivered_ns),
)
TRAFFIC_RECORDS = (
    AgingTable(
        DataClass.DETECTION_METADATA, trajectories, trajectories.c.number, trajectories.c.end_ns
    ),
    AgingTable(DataClass.ALERTS, incidents, incidents.c.id, incidents.c.closed_ns),
)


class RowKeeper:
    """Deletes rows by age, batch by batch."""

    def __init__(self, database: Database, name: str, tables: tuple[AgingTable, ...]) -> None:
        self._database = database
        self._tables = tables
        self.name = name

    @property
    def classes(self) -> tuple[DataClass, ...]:
        return tuple(dict.fromkeys(table.data_class for table in self._tables))

    def work(self, order: RetentionOrder, tally: Tally) -> None:
        for aging in self._tables:
            days = order.policy.rule(aging.data_class).keep_days
            if days is None or not order.wants(aging.data_class):
                continue
            due = aging.ages_from < clamped(order.before_wall_ns(days))
            subject = Subject(aging.data_class, Action.DELETED, Reason.AGE)
            if order.dry_run:
                tally.add(subject, self._count(aging, due))
                continue
            while not order.stopped():
                count = self._delete_some(aging, due)
                tally.add(subject, count)
                if count < BATCH_ROWS:
                    break

    def _count(self, aging: AgingTable, due: ColumnElement[bool]) -> int:
        query = select(func.count()).select_from(aging.table).where(due)
        with self._database.read() as connection:
            return connection.scalar(query) or 0

    def _delete_some(self, aging: AgingTable, due: ColumnElement[bool]) -> int:
        some = select(aging.key).where(due).order_by(aging.ages_from).limit(BATCH_ROWS)
        with self._database.write(durable=False) as connection:
            return connection.execute(delete(aging.table).where(aging.key.in_(some))).rowcount

"""Rows that are forgotten by age: attempts to sign in, sessions, delivered messages."""

import pytest
from sqlalchemy import func, insert, select

from its_camera_ai.core.incidents import Incident, IncidentKind, IncidentStep, Severity
from its_camera_ai.core.retention import NS_PER_DAY, RetentionOrder, Tally
from its_camera_ai.core.retention_matrix import DataClass
from its_camera_ai.core.storage_policy import StoragePolicy
from its_camera_ai.store import row_retention
from its_camera_ai.store.database import Database
from its_camera_ai.store.incidents import IncidentRepository
from its_camera_ai.store.row_retention import (
    ACCESS_LOGS,
    DELIVERED_MESSAGES,
    TRAFFIC_RECORDS,
    RowKeeper,
)
from its_camera_ai.store.schema import events, login_attempts, outbox, sessions, users
from its_camera_ai.store.traffic_schema import incidents, trajectories

NOW_NS = 1_800_000_000_000_000_000


def ago(days: float) -> int:
    return NOW_NS - round(days * NS_PER_DAY)


@pytest.fixture
def filled(database: Database) -> Database:
    with database.write(True) as connection:
        connection.execute(
            insert(login_attempts),
            [{"account_hash": "a", "address": "::1", "wall_ns": ago(d)} for d in (1, 89, 91, 92)],
        )
        user = {"username": "ann", "password_hash": "", "role": "viewer", "created_ns": 0}
        connection.execute(
            insert(users), [user | {"must_change_password": False, "disabled": False}]
        )
        connection.execute(
            insert(sessions),
            [
                {
                    "token_hash": f"t{d}",
                    "username": "ann",
                    "csrf_token": "",
                    "created_ns": 0,
                    "seen_ns": 0,
                    "expires_ns": ago(d),
                }
                for d in (-1, 89, 91)
            ],
        )
        event = {"id": "e", "kind": "camera_lost", "camera_id": "n", "wall_ns": 0, "pts_ns": 0}
        connection.execute(insert(events), [event | {"detail": {}}])
        connection.execute(
            insert(outbox),
            [
                {
                    "event_id": "e",
                    "topic": f"t{n}",
                    "payload": {},
                    "created_ns": 0,
                    "delivered_ns": delivered_ns,
                }
                for n, delivered_ns in enumerate((None, ago(6), ago(8), ago(800)))
            ],
        )
    return database


def left(database: Database) -> tuple[int, ...]:
    with database.read() as connection:
        return tuple(
            connection.scalar(select(func.count()).select_from(table)) or 0
            for table in (login_attempts, sessions, outbox)
        )


@pytest.mark.parametrize("batch_rows", [1, 1000])
def test_what_is_too_old_is_forgotten(
    filled: Database, batch_rows: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_retention, "BATCH_ROWS", batch_rows)
    keepers = [
        RowKeeper(filled, "access logs", ACCESS_LOGS),
        RowKeeper(filled, "messages", DELIVERED_MESSAGES),
    ]
    dry, done = Tally(), Tally()
    for keeper in keepers:
        keeper.work(RetentionOrder(StoragePolicy(), NOW_NS, dry_run=True), dry)
    assert left(filled) == (4, 3, 4)
    for keeper in keepers:
        keeper.work(RetentionOrder(StoragePolicy(), NOW_NS), done)
    assert left(filled) == (2, 2, 2)  # what was never delivered stays
    assert done.amounts == dry.amounts
    assert done.figures() == {"access_logs_deleted": 3, "delivered_messages_deleted": 2}


def test_a_class_that_was_not_asked_for_is_left_alone(filled: Database) -> None:
    order = RetentionOrder(
        StoragePolicy(), NOW_NS, classes=frozenset({DataClass.DELIVERED_MESSAGES})
    )
    RowKeeper(filled, "access logs", ACCESS_LOGS).work(order, Tally())
    assert left(filled) == (4, 3, 4)


def test_incidents_end_by_their_end_and_trajectories_by_theirs(database: Database) -> None:
    def incident(name: str, closed_ns: int | None) -> Incident:
        step = IncidentStep.OPENED if closed_ns is None else IncidentStep.CLOSED
        kind = IncidentKind.DEBRIS
        begun = ago(800)
        return Incident(
            name, kind, Severity.LOW, "cam", "", step, begun, begun, begun, "", closed_ns
        )

    repository = IncidentRepository(database)
    repository.put([incident("open", None), incident("old", ago(731)), incident("new", ago(729))])
    with database.write(True) as connection:
        rows = [
            {"camera_id": "cam", "track_id": d, "start_ns": ago(d) - 1, "end_ns": ago(d)}
            for d in (364, 366)
        ]
        connection.execute(insert(trajectories), [r | {"label": "", "body": b""} for r in rows])
    tally = Tally()
    keeper = RowKeeper(database, "traffic", TRAFFIC_RECORDS)
    keeper.work(RetentionOrder(StoragePolicy(), NOW_NS), tally)
    with database.read() as connection:
        assert set(connection.scalars(select(incidents.c.id))) == {"open", "new"}
        assert connection.scalars(select(trajectories.c.track_id)).all() == [364]
    assert {s.data_class: a.count for s, a in tally.amounts.items()} == {
        DataClass.ALERTS: 1,
        DataClass.DETECTION_METADATA: 1,
    }

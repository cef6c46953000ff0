import threading
from collections.abc import Callable

import pytest
import sqlalchemy as sa

from its_camera_ai.store.audit import GENESIS, AuditHead, AuditLog
from its_camera_ai.store.database import Database, open_database
from its_camera_ai.store.schema import audit


@pytest.fixture
def log(database: Database) -> AuditLog:
    made = AuditLog(database)
    for n in range(1, 6):
        made.append(actor="ann", action="put", object=f"cameras/{n}", detail={"n": n}, wall_ns=n)
    return made


def change(statement: sa.Executable) -> Callable[[Database], None]:
    def apply(database: Database) -> None:
        with database.write(True) as connection:
            connection.execute(statement)

    return apply


def swap(database: Database) -> None:
    """Exchange rows 2 and 3."""
    with database.write(True) as connection:
        for old, new in ((2, 99), (3, 2), (99, 3)):
            connection.execute(sa.update(audit).where(audit.c.seq == old).values(seq=new))


def test_rows_come_back_newest_first(log: AuditLog) -> None:
    first, second = log.find(limit=2)
    assert (first.seq, first.actor, first.action, first.object) == (5, "ann", "put", "cameras/5")
    assert (first.detail, first.wall_ns) == ('{"n":5}', 5)
    assert first.previous_hash == second.hash
    assert [entry.seq for entry in log.find(before_seq=second.seq)] == [3, 2, 1]


def test_a_sound_chain(log: AuditLog, database: Database) -> None:
    assert log.verify() is None
    assert log.verify(log.head()) is None
    assert AuditLog(database).head().seq == 5


def test_an_empty_log(database: Database) -> None:
    empty = AuditLog(database)
    assert empty.head() == AuditHead(0, GENESIS)
    assert empty.verify() is None
    assert empty.verify(empty.head()) is None


ROW = audit.c.seq == 3


@pytest.mark.parametrize(
    ("tamper", "found"),
    [
        *(
            pytest.param(
                change(sa.update(audit).where(ROW).values({name: value})),
                "Row 3 was changed",
                id=f"edited {name}",
            )
            for name, value in [
                ("actor", "bob"),
                ("action", "delete"),
                ("object", "cameras/9"),
                ("detail", '{"n":9}'),
                ("wall_ns", 9),
                ("hash", "0" * 64),
            ]
        ),
        pytest.param(
            change(sa.update(audit).where(ROW).values(previous_hash="0" * 64)),
            "Row 3 does not follow",
            id="edited previous hash",
        ),
        pytest.param(change(sa.delete(audit).where(ROW)), "Row 3 is missing", id="dropped"),
        pytest.param(
            change(sa.delete(audit).where(audit.c.seq == 1)), "Row 1 is missing", id="first"
        ),
        pytest.param(swap, "Row 2 does not follow", id="reordered"),
    ],
)
def test_tampering_is_found(
    log: AuditLog, database: Database, tamper: Callable[[Database], None], found: str
) -> None:
    tamper(database)
    verdict = log.verify()
    assert verdict is not None
    assert verdict.startswith(found)


def test_a_log_that_was_cut_shows_against_a_kept_head(log: AuditLog, database: Database) -> None:
    head = log.head()
    change(sa.delete(audit).where(audit.c.seq > 3))(database)
    assert log.verify() is None
    assert log.verify(head) == "The log ends at row 3, but row 5 was written once."


def test_a_log_that_was_written_anew_shows_against_a_kept_head(
    log: AuditLog, database: Database
) -> None:
    head = log.head()
    change(sa.delete(audit))(database)
    for n in range(6):
        log.append(actor="eve", action="put", object="x", detail={}, wall_ns=n)
    assert log.verify() is None
    assert log.verify(head) == "Row 5 is not the one that the kept head names."


def test_many_writers_make_one_chain(database: Database, url: str) -> None:
    patient = open_database(url)
    log = AuditLog(patient)

    def work() -> None:
        for _ in range(10):
            log.append(actor="a", action="b", object="c", detail={}, wall_ns=1)

    threads = [threading.Thread(target=work) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert log.head().seq == 50
    assert log.verify() is None
    patient.close()

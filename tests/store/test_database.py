import sqlite3
import stat
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import pytest
import sqlalchemy as sa

from its_camera_ai.core.errors import ConfigInvalid, DatabaseUnavailable, StorageUnavailable
from its_camera_ai.core.events import Event, EventKind
from its_camera_ai.store.database import Database, open_database
from its_camera_ai.store.events import EventRepository, OutboxRepository
from its_camera_ai.store.migration import migrate
from its_camera_ai.store.schema import config_revision, events


def event(number: int, size: int = 0) -> Event:
    return Event(
        f"e{number:05}", EventKind.CAMERA_LOST, "north", number, number, None, {"x": "y" * size}
    )


def pragma(database: Database, name: str, *, durable: bool | None) -> object:
    context = database.read() if durable is None else database.write(durable)
    with context as connection:
        return connection.exec_driver_sql(f"PRAGMA {name}").scalar()


@pytest.mark.parametrize(
    ("durable", "name", "value"),
    [
        pytest.param(True, "synchronous", 2, id="durable commits are FULL"),
        pytest.param(False, "synchronous", 1, id="other commits are NORMAL"),
        pytest.param(True, "foreign_keys", 1, id="foreign keys are kept, durable"),
        pytest.param(False, "foreign_keys", 1, id="foreign keys are kept"),
        pytest.param(None, "journal_mode", "wal", id="readers never wait for the writer"),
        pytest.param(None, "query_only", 1, id="a read can't write"),
    ],
)
def test_how_a_connection_is_set(
    database: Database, durable: bool | None, name: str, value: object
) -> None:
    assert pragma(database, name, durable=durable) == value


def test_busy_timeout_is_five_seconds_and_comes_back_after_a_longer_wait(url: str) -> None:
    database = open_database(url)
    with database.write(True, wait_s=60) as connection:
        assert connection.exec_driver_sql("PRAGMA busy_timeout").scalar() == 60_000
    assert pragma(database, "busy_timeout", durable=True) == 5_000
    database.close()


def test_a_new_file_is_closed_to_others_with_its_wal(database: Database) -> None:
    with database.write(True) as connection:
        connection.execute(sa.update(config_revision).values(revision=7))
        for name in ("", "-wal", "-shm"):
            mode = Path(f"{database.path}{name}").stat().st_mode
            assert stat.S_IMODE(mode) == 0o600, name


def test_an_error_in_the_block_undoes_all_of_it(database: Database) -> None:
    def change_and_fail() -> None:
        with database.write(True) as connection:
            connection.execute(sa.update(config_revision).values(revision=7))
            raise RuntimeError("half way")

    with pytest.raises(RuntimeError, match="half way"):
        change_and_fail()
    with database.read() as connection:
        assert connection.scalar(sa.select(config_revision.c.revision)) == 0


def test_a_read_sees_one_state(database: Database) -> None:
    query = sa.select(config_revision.c.revision)
    with database.read() as connection:
        assert connection.scalar(query) == 0
        with database.write(True) as writer:
            writer.execute(sa.update(config_revision).values(revision=7))
        assert connection.scalar(query) == 0
    with database.read() as connection:
        assert connection.scalar(query) == 7


def test_a_second_writer_is_told_that_it_is_locked(database: Database, url: str) -> None:
    other = open_database(url, busy_timeout_s=0.05)
    with (
        database.write(True),
        pytest.raises(DatabaseUnavailable, match=r"stays locked.*fuser"),
        other.write(True),
    ):
        pass
    other.close()


def test_the_write_lock_is_taken_at_the_start(database: Database, url: str) -> None:
    """Else two transactions that read first and write then would deadlock."""
    other = open_database(url, busy_timeout_s=0.05)
    with database.write(False) as connection:
        connection.execute(sa.select(config_revision)).all()
        with pytest.raises(DatabaseUnavailable), other.write(False):
            pass
    other.close()


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("sqlite:///relative.db", id="relative path"),
        pytest.param("sqlite://", id="memory"),
        pytest.param("sqlite:///:memory:", id="memory by name"),
        pytest.param("sqlite:////a/b.db?mode=ro", id="with a query"),
        pytest.param("not a url", id="no address"),
        pytest.param("postgresql://bob:CANARY@db/its", id="another database"),
        pytest.param("postgresql://bob:CANARY@db:port/its", id="another database, bad port"),
    ],
)
def test_addresses_that_are_refused(url: str) -> None:
    with pytest.raises(ConfigInvalid, match=r"sqlite:////absolute") as caught:
        open_database(url)
    assert "CANARY" not in str(caught.value)


def test_a_missing_folder_is_named_with_the_command(tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable, match=f"mkdir -p {tmp_path}/no"):
        open_database(f"sqlite:///{tmp_path}/no/site.db")


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "site.db").write_bytes(b"this is no database" * 1000)
    with pytest.raises(DatabaseUnavailable, match=r"damaged or no SQLite file.*backup"):
        open_database(f"sqlite:///{tmp_path}/site.db")


def test_a_damaged_page_is_reported_when_it_is_read(database: Database, url: str) -> None:
    EventRepository(database).append([event(i, size=900) for i in range(400)])
    database.close()
    raw = bytearray(database.path.read_bytes())
    raw[len(raw) // 3 :] = bytes(len(raw) - len(raw) // 3)
    database.path.write_bytes(raw)
    reopened = open_database(url)
    with pytest.raises(DatabaseUnavailable, match="damaged"):
        EventRepository(reopened).find(limit=1000)
    assert reopened.check()
    reopened.close()


def test_check_finds_nothing_in_a_sound_file(database: Database) -> None:
    EventRepository(database).append([event(i) for i in range(10)])
    assert database.check() == []


def test_without_tables_it_says_to_migrate(url: str) -> None:
    database = open_database(url)
    with pytest.raises(DatabaseUnavailable, match="Run its migration"):
        EventRepository(database).find()
    database.close()


def test_a_closed_database_says_so(database: Database) -> None:
    database.close()
    with pytest.raises(DatabaseUnavailable, match="was closed"), database.read():
        pass


@pytest.mark.parametrize("replacement", [None, b""], ids=["deleted", "replaced"])
def test_writing_into_a_file_that_was_moved_away_is_refused(
    database: Database, replacement: bytes | None
) -> None:
    database.path.unlink()
    if replacement is not None:
        database.path.write_bytes(replacement)
    with pytest.raises(DatabaseUnavailable, match="moved away or replaced"):
        EventRepository(database).append([event(1)])
    assert database.path.exists() is (replacement is not None)


def test_a_full_disk_loses_nothing_that_was_told_to_be_stored(database: Database) -> None:
    repository = EventRepository(database)
    with database.write(True) as connection:  # the pool hands the same connection out again
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 40}")
    batches = [[event(n * 10 + i, size=1000) for i in range(10)] for n in range(100)]
    acknowledged = []

    def append_all() -> None:
        for batch in batches:
            repository.append(batch)
            acknowledged.append(batch)

    with pytest.raises(StorageUnavailable, match=r"No space is left.*free space"):
        append_all()
    stored = len(acknowledged)
    assert stored > 0
    assert len(repository.find(limit=1000).items) == stored * 10
    assert len(OutboxRepository(database).pending(1000)) == stored * 10
    assert database.check() == []

    with database.write(True) as connection:
        connection.exec_driver_sql("PRAGMA max_page_count = 100000")
    repository.append(batches[stored])
    assert len(repository.find(limit=1000).items) == stored * 10 + 10


READ_ONLY = """
import os, sys
from its_camera_ai.core.errors import StorageUnavailable
from its_camera_ai.store.database import open_database
from its_camera_ai.store.migration import migrate
from its_camera_ai.store.lock import InstanceLock
from its_camera_ai.store.vault import Vault
from pathlib import Path
folder = Path(sys.argv[1])
if os.getuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
for action in (
    lambda: migrate(open_database(f"sqlite:///{folder}/site.db")),
    lambda: Vault.open(folder / "vault.key"),
    lambda: InstanceLock(folder).acquire(),
):
    try:
        action()
    except StorageUnavailable as error:
        assert str(folder) in str(error), error
        print("refused")
    else:
        print("accepted")
"""


def test_a_folder_that_can_not_be_written() -> None:
    # root may write anywhere, so the child becomes nobody, who can't enter pytest's own folders
    folder = Path(tempfile.mkdtemp(prefix="itscam-read-only-"))
    folder.chmod(0o555)
    try:
        done = subprocess.run(
            [sys.executable, "-B", "-c", READ_ONLY, str(folder)], capture_output=True, text=True
        )
    finally:
        folder.rmdir()
    assert done.stdout.split() == ["refused"] * 3, done.stderr


def test_errors_do_not_repeat_the_values_of_a_statement(database: Database) -> None:
    row = {"id": "CANARY", "kind": None, "camera_id": 1, "wall_ns": 1}

    def insert() -> None:
        with database.write(True) as connection:
            connection.execute(sa.insert(events), [row])

    with pytest.raises(sa.exc.IntegrityError) as caught:
        insert()
    assert "CANARY" not in str(caught.value)


def test_a_second_writing_thread_waits_and_then_is_told(database: Database) -> None:
    with database.write(True), pytest.raises(DatabaseUnavailable, match="Another thread"):
        EventRepository(database).append([event(1)])
    EventRepository(database).append([event(1)])


def test_many_threads_share_one_database(database: Database, url: str) -> None:
    patient = open_database(url)
    repository = EventRepository(patient)
    failures: list[BaseException] = []

    def work(thread: int) -> None:
        try:
            for i in range(10):
                repository.append([event(thread * 100 + i)])
                repository.find(limit=5)
        except BaseException as error:  # noqa: BLE001 - carried to the test's own thread
            failures.append(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert failures == []
    assert len(repository.find(limit=1000).items) == 80
    patient.close()


def test_switching_to_wal_waits_for_another_process(url: str, tmp_path: Path) -> None:
    path = tmp_path / "site.db"
    holder = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    holder.execute("CREATE TABLE held (x)")
    holder.execute("BEGIN EXCLUSIVE")
    with pytest.raises(DatabaseUnavailable, match="locked"):
        open_database(url, busy_timeout_s=0.1)
    release = threading.Timer(0.2, holder.rollback)
    release.start()
    open_database(url, busy_timeout_s=30).close()
    release.join()
    holder.close()


def test_migrate_twice_changes_nothing(database: Database) -> None:
    before = database.path.stat().st_mtime_ns
    migrate(database)
    assert database.path.stat().st_mtime_ns == before

"""Killed at any statement, the database holds events with their outbox rows, or neither."""

import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from its_camera_ai.store.database import Database, open_database
from its_camera_ai.store.migration import migrate
from its_camera_ai.store.schema import events, outbox

KILL_AT_STATEMENT = """
import os, signal, sys
import sqlalchemy as sa
from its_camera_ai.core.events import Event, EventKind
from its_camera_ai.store.database import open_database
from its_camera_ai.store.events import EventRepository

url, when, number = sys.argv[1], sys.argv[2], int(sys.argv[3])
repository = EventRepository(open_database(url))
def batch(name):
    return [
        Event(f"{name}-{i}", EventKind.LINE_CROSSED, "north", i, i, i, {"line": "x" * 500})
        for i in range(40)
    ]
repository.append(batch("stored"))
print("stored", flush=True)

seen = 0
def count(*_):
    global seen
    seen += 1
    if seen == number:
        os.kill(os.getpid(), signal.SIGKILL)
if when == "commit":
    sa.event.listen(sa.Engine, "commit", count)
else:
    sa.event.listen(sa.Engine, f"{when}_cursor_execute", count)
repository.append(batch("killed"))
print("survived", flush=True)
"""


@pytest.mark.parametrize(
    ("when", "number"),
    [
        pytest.param("before", 1, id="before BEGIN"),
        pytest.param("after", 1, id="after BEGIN"),
        pytest.param("before", 3, id="before the events"),
        pytest.param("after", 3, id="after the events"),
        pytest.param("before", 4, id="before the outbox"),
        pytest.param("after", 4, id="after the outbox"),
        pytest.param("commit", 1, id="at the commit"),
    ],
)
def test_killed_in_mid_transaction(database: Database, url: str, when: str, number: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", KILL_AT_STATEMENT, url, when, str(number)],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert (done.returncode, done.stdout) == (-signal.SIGKILL, "stored\n"), done.stderr
    database.close()
    with reopened(url) as after:
        assert stored_ids(after) == {f"stored-{i}" for i in range(40)}


APPEND_FOR_EVER = """
import itertools, sys
from its_camera_ai.core.events import Event, EventKind
from its_camera_ai.store.database import open_database
from its_camera_ai.store.events import EventRepository

url, name = sys.argv[1:]
repository = EventRepository(open_database(url))
for batch in itertools.count():
    repository.append(
        [Event(f"{name}-{batch}-{i}", EventKind.LINE_CROSSED, "north", i, i, i) for i in range(20)]
    )
    print(batch, flush=True)
"""


def test_killed_at_random_moments_nothing_acknowledged_is_lost(
    database: Database, url: str
) -> None:
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed {seed}")  # noqa: T201 - pytest shows it when the test fails
    dice = random.Random(seed)
    database.close()
    acknowledged: set[str] = set()
    for life in range(6):
        child = subprocess.Popen(
            [sys.executable, "-c", APPEND_FOR_EVER, url, str(life)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert child.stdout is not None
        for _ in range(dice.randrange(1, 60)):
            assert child.stdout.readline()
        os.kill(child.pid, signal.SIGKILL)
        heard = child.stdout.read().split()  # what it still said before it died
        child.wait(60)
        child.stdout.close()
        last = int(heard[-1]) if heard else 0
        acknowledged |= {f"{life}-{batch}-{i}" for batch in range(last + 1) for i in range(20)}
        with reopened(url) as after:
            ids = stored_ids(after)
        assert acknowledged <= ids
        assert len(ids) % 20 == 0, "a torn batch"


class reopened:  # noqa: N801 - reads as a verb in "with reopened(url)"
    def __init__(self, url: str) -> None:
        self._database = open_database(url)
        migrate(self._database)

    def __enter__(self) -> Database:
        return self._database

    def __exit__(self, *_: object) -> None:
        self._database.close()


def stored_ids(database: Database) -> set[str]:
    """All event ids, after checking that the outbox holds exactly these and the file is sound."""
    assert database.check() == []
    with database.read() as connection:
        ids = set(connection.scalars(sa.select(events.c.id)))
        told = list(connection.scalars(sa.select(outbox.c.event_id)))
    assert sorted(told) == sorted(ids)
    return ids


WRITE_SHARE = """
import sys
from its_camera_ai.core.events import Event, EventKind
from its_camera_ai.store.database import open_database
from its_camera_ai.store.events import EventRepository

url, name = sys.argv[1:]
repository = EventRepository(open_database(url))
print("ready", flush=True)
sys.stdin.readline()
for i in range(50):
    repository.append([Event(f"{name}-{i}-{j}", EventKind.ZONE_LEFT, name, i, i) for j in range(4)])
"""


@pytest.fixture
def writers(database: Database, url: str) -> Iterator[list[subprocess.Popen[str]]]:
    children = [
        subprocess.Popen(
            [sys.executable, "-c", WRITE_SHARE, url, f"cam{n}"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for n in range(4)
    ]
    yield children
    for child in children:
        child.kill()
        child.communicate()


def test_four_processes_append_while_another_reads(
    database: Database, writers: list[subprocess.Popen[str]]
) -> None:
    for child in writers:
        assert child.stdout is not None
        child.stdout.readline()
    for child in writers:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    seen = 0
    while any(child.poll() is None for child in writers):
        with database.read() as connection:
            number = connection.scalar(sa.select(sa.func.count()).select_from(events)) or 0
            told = connection.scalar(sa.select(sa.func.count()).select_from(outbox))
        assert number == told
        assert number % 4 == 0, "half of a batch was seen"
        assert number >= seen
        seen = number
    assert [(child.wait(60), child.stderr.read()) for child in writers if child.stderr] == [
        (0, "")
    ] * 4
    assert len(stored_ids(database)) == 800
    with database.read() as connection:
        seqs = list(connection.scalars(sa.select(outbox.c.seq).order_by(outbox.c.seq)))
    assert seqs == list(range(1, 801))

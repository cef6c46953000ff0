"""The mover is killed (-9) at any point, again and again: nothing is lost, nothing left over."""

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from its_camera_ai.core.segments import Tier
from its_camera_ai.store.database import Database, open_database
from its_camera_ai.store.disk import RealDisk
from its_camera_ai.store.folder_store import FolderStore
from its_camera_ai.store.media_store import MediaStore
from its_camera_ai.store.migration import migrate
from its_camera_ai.store.s3_store import S3Store
from its_camera_ai.store.schema import moves
from tests.support.swift import ACCESS_KEY, BUCKET, SECRET_KEY, Swift
from tests.support.tiers import NOW_NS, TieredSite, sealed

KILLS = 25
REPOSITORY = Path(__file__).resolve().parents[3]

Mover = Callable[..., dict[str, Any]]


@pytest.fixture(scope="module")
def mover() -> Iterator[Mover]:
    """Runs a mover in a process of its own; tells its exit status and how many calls it made."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.killed_mover"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=REPOSITORY,
    )
    assert process.stdin is not None
    assert process.stdout is not None

    def run(
        order: dict[str, str], *, kill_at: int = 0, kill_after_s: float | None = None
    ) -> dict[str, Any]:
        line = json.dumps({**order, "kill_at": kill_at, "kill_after_s": kill_after_s})
        process.stdin.write(line + "\n")
        process.stdin.flush()
        answer: dict[str, Any] = json.loads(process.stdout.readline())
        return answer

    yield run
    process.stdin.close()
    process.wait(20)
    process.stdout.close()


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = open_database(f"sqlite:///{tmp_path}/site.db")
    migrate(made)
    yield made
    made.close()


@pytest.fixture(params=["folder", "s3"])
def order(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """Which site the mover is to work on."""
    made = dict.fromkeys(("endpoint", "access_key", "secret_key", "bucket", "prefix"), "")
    if request.param == "s3":
        swift: Swift = request.getfixturevalue("swift")
        made = {
            "endpoint": swift.endpoint,
            "access_key": ACCESS_KEY,
            "secret_key": SECRET_KEY,
            "bucket": BUCKET,
            "prefix": tmp_path.name,
        }
    return {"folder": str(tmp_path), **made}


@pytest.fixture
def site(
    database: Database, tmp_path: Path, order: dict[str, str], request: pytest.FixtureRequest
) -> TieredSite:
    warm: MediaStore
    if order["endpoint"]:
        swift: Swift = request.getfixturevalue("swift")
        warm = S3Store(swift.access(), BUCKET, tmp_path.name)
    else:
        (tmp_path / "nas").mkdir()
        warm = FolderStore(RealDisk(), tmp_path / "nas")
    return TieredSite(database, tmp_path / "hot", {Tier.WARM: warm})


def seeded() -> random.Random:
    number = int(os.environ.get("ITSCAM_TEST_SEED", "0")) or random.randrange(1, 2**31)
    sys.stdout.write(f"ITSCAM_TEST_SEED={number}\n")
    return random.Random(number)


def test_killed_at_any_call(site: TieredSite, order: dict[str, str], mover: Mover) -> None:
    rng = seeded()
    made = [site.record(i, 8) for i in range(4)]
    calls = mover(order)["calls"]  # of a whole run
    assert calls > 500
    site.collect()
    site.assert_consistent(made)
    killed = 0
    for round_ in range(1, KILLS + 1):
        made += [site.record(4 * round_ + i, 8) for i in range(3)]
        status = mover(order, kill_at=rng.randrange(1, calls))["status"]
        killed += os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        on_its_way = next((s for s in made if site.tier(s) is Tier.HOT), None)
        if on_its_way is not None and rng.random() < 0.5:  # retention takes it meanwhile
            made.remove(on_its_way)
            site.segments.discard([on_its_way.id], reason="retention", now_wall_ns=NOW_NS)
        if rng.random() < 0.3:
            site.collect()
        for segment in made[-8:]:  # those that may have been on their way
            assert site.content(segment) == sealed(segment.size_bytes, int(segment.id)), round_
    assert killed > KILLS // 2
    assert mover(order)["status"] == 0
    assert_clean(site, order)
    site.assert_consistent(made)


def test_killed_at_any_time(site: TieredSite, order: dict[str, str], mover: Mover) -> None:
    rng = seeded()
    made = [site.record(i, 8, 6_000_000) for i in range(4)]  # larger than a part
    for kills in range(KILLS):  # each gets a little further, whatever the machine's speed
        after_s = 0.002 * 1.3**kills * rng.uniform(0.7, 1.3)
        finished = mover(order, kill_after_s=after_s)["status"] == 0
        for segment in made:
            assert site.content(segment) == sealed(segment.size_bytes, int(segment.id)), after_s
        if finished:
            break
    assert kills > 0
    assert mover(order)["status"] == 0
    assert_clean(site, order)
    site.assert_consistent(made)


def assert_clean(site: TieredSite, order: dict[str, str]) -> None:
    """No move is open, no garbage waits, no draft lies about."""
    site.collect()
    assert site.garbage.waiting(1) == []
    with site.database.read() as connection:
        assert connection.execute(select(moves)).all() == []
    assert [p for p in Path(order["folder"]).rglob("*.moving") if p.is_file()] == []

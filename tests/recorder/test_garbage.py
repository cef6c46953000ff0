"""Deletion: rows leave the index first, files go afterwards, holds win."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import insert

from its_camera_ai.core.media import StreamRole
from its_camera_ai.core.segments import Segment, Tier
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.recorder.garbage import Collected, Garbage, VolumeFiles
from its_camera_ai.recorder.volume import Volume
from its_camera_ai.sim.clock import SimulatedClock
from its_camera_ai.store.database import Database, open_database
from its_camera_ai.store.disk import RealDisk
from its_camera_ai.store.garbage import GarbageRepository
from its_camera_ai.store.migration import migrate
from its_camera_ai.store.schema import holds
from its_camera_ai.store.segments import SegmentRepository
from its_camera_ai.store.storage_figures import StorageFigures

DAY_NS = 86_400 * NS_PER_S
NOW_NS = 20_000 * DAY_NS
DAY = "2024-10-01"


def segment(number: int) -> Segment:
    return Segment(
        id=f"id-{number}",
        camera_id="gate",
        role=StreamRole.MAIN,
        path=f"gate/main/{DAY}/{number}.mp4",
        start_wall_ns=number * 10,
        start_pts_ns=0,
        duration_ns=10,
        size_bytes=4,
        frames=1,
        codec="h264",
        width=64,
        height=48,
        has_audio=False,
        generation=1,
    )


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = open_database(f"sqlite:///{tmp_path}/site.db")
    migrate(made)
    yield made
    made.close()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = tmp_path / "media"
    (folder / "gate/main" / DAY).mkdir(parents=True)
    return folder


@pytest.fixture
def index(database: Database, root: Path) -> SegmentRepository:
    """Ten segments with their files."""
    made = SegmentRepository(database)
    for number in range(10):
        made.put(segment(number))
        (root / segment(number).path).write_bytes(b"mp4!")
    return made


def garbage(database: Database, root: Path) -> Garbage:
    files = VolumeFiles(Volume(RealDisk(), root), SimulatedClock(wall_ns=NOW_NS))
    return Garbage(GarbageRepository(database), {Tier.HOT: files})


def hold(database: Database, since_ns: int, until_ns: int, **changes: object) -> None:
    row = {
        "id": f"hold-{since_ns}",
        "kind": "lock",
        "camera_id": "gate",
        "since_ns": since_ns,
        "until_ns": until_ns,
        "reason": "",
        "author": "bob",
        "created_ns": 0,
        "released_ns": None,
        "released_by": "",
    }
    with database.write(durable=True) as connection:
        connection.execute(insert(holds), [row | changes])


def test_a_discarded_segment_leaves_index_and_disk(
    index: SegmentRepository, database: Database, root: Path
) -> None:
    gone = index.discard(["id-1", "id-2", "no"], reason="retention", now_wall_ns=5)
    assert [s.id for s in gone.segments] == ["id-1", "id-2"]
    assert (gone.held, gone.size_bytes) == ((), 8)
    assert index.get("id-1") is None
    assert (root / segment(1).path).exists()
    assert StorageFigures(database).garbage() == (2, 8)
    assert garbage(database, root).collect() == Collected(2, 8, 0)
    assert not (root / segment(1).path).exists()
    assert (root / segment(3).path).exists()
    assert StorageFigures(database).garbage() == (0, 0)
    assert garbage(database, root).run(lambda: False).figures["removed_files"] == 0


@pytest.mark.parametrize(
    ("since", "until", "changes", "kept"),
    [
        pytest.param(15, 31, {}, ["id-1", "id-2", "id-3"], id="touches them"),
        pytest.param(20, 30, {}, ["id-2"], id="exactly one"),
        pytest.param(20, 20, {}, [], id="an empty span"),
        pytest.param(20, 30, {"camera_id": None}, ["id-2"], id="of every camera"),
        pytest.param(20, 30, {"camera_id": "yard"}, [], id="of another camera"),
        pytest.param(20, 30, {"released_ns": 7}, [], id="released"),
    ],
)
def test_what_a_hold_covers_stays(
    index: SegmentRepository,
    database: Database,
    since: int,
    until: int,
    changes: dict[str, object],
    kept: list[str],
) -> None:
    hold(database, since, until, **changes)
    gone = index.discard([f"id-{n}" for n in range(10)], reason="quota", now_wall_ns=5)
    assert sorted(s.id for s in gone.held) == kept
    assert len(gone.segments) == 10 - len(kept)
    assert all(index.get(name) is not None for name in kept)
    assert (
        index.replace(replace(segment(2), path="gate/main/x/2.mp4"), reason="", now_wall_ns=5)
        is False
    )


def test_an_empty_day_of_the_past_goes_with_its_last_file(
    index: SegmentRepository, database: Database, root: Path
) -> None:
    index.discard([f"id-{n}" for n in range(10)], reason="quota", now_wall_ns=5)
    garbage(database, root).collect()
    assert not (root / "gate/main" / DAY).exists()
    assert (root / "gate/main").exists()


def test_a_collector_that_was_killed_is_run_again(
    index: SegmentRepository, database: Database, root: Path
) -> None:
    index.discard(["id-1", "id-2"], reason="quota", now_wall_ns=5)
    (root / segment(1).path).unlink()
    assert garbage(database, root).collect() == Collected(2, 8, 0)


def test_a_file_that_is_indexed_again_is_no_garbage(
    index: SegmentRepository, database: Database, root: Path
) -> None:
    index.discard(["id-1", "id-2"], reason="quota", now_wall_ns=5)
    index.put(segment(1))
    assert garbage(database, root).collect() == Collected(1, 4, 0)
    assert (root / segment(1).path).exists()


@pytest.mark.parametrize(
    "path",
    ["../site.db", "/etc/passwd", "gate/main/../1.mp4", "gate/1.mp4", "gate/main/2024-10-01"],
)
def test_only_places_of_recordings_are_touched(
    index: SegmentRepository, database: Database, root: Path, path: str
) -> None:
    index.put(replace(segment(77), path=path))
    index.discard(["id-77"], reason="quota", now_wall_ns=5)
    assert garbage(database, root).collect() == Collected(0, 0, 1)
    assert (root / "gate/main" / DAY).exists()
    assert StorageFigures(database).garbage() == (1, 4)


def test_other_tiers_wait_for_their_store(
    index: SegmentRepository, database: Database, root: Path
) -> None:
    moved = replace(segment(1), tier=Tier.WARM)
    assert index.replace(moved, reason="moved", now_wall_ns=5)
    assert index.get("id-1") == moved
    assert garbage(database, root).collect() == Collected(1, 4, 0)
    index.discard(["id-1"], reason="retention", now_wall_ns=5)
    assert garbage(database, root).collect() == Collected(0, 0, 1)

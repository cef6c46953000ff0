"""Deletion: rows leave the index first, files go afterwards, holds win."""

import errno
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import insert

from its_camera_ai.core.disk import Entry
from its_camera_ai.core.media import StreamRole
from its_camera_ai.core.segments import Segment, Tier
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.recorder.files.media import Media
from its_camera_ai.recorder.keeping.garbage import Collected, Garbage, VolumeFiles, removers
from its_camera_ai.recorder.volumes.volume import Volume
from its_camera_ai.sim.clock import SimulatedClock
from its_camera_ai.store.database import Database, open_database
from its_camera_ai.store.disk import RealDisk
from its_camera_ai.store.folder_store import FolderStore
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


def test_nothing_is_removed_through_a_link(
    index: SegmentRepository, database: Database, root: Path
) -> None:
    outside = root.parent / "outside"
    (root / "gate/main" / DAY).rename(outside)
    (root / "gate/main" / DAY).symlink_to(outside)
    index.discard(["id-1"], reason="quota", now_wall_ns=5)
    assert garbage(database, root).collect() == Collected(0, 0, 1)
    assert (outside / "1.mp4").exists()


def test_a_folder_that_is_gone_is_done(
    index: SegmentRepository, database: Database, root: Path
) -> None:
    shutil.rmtree(root / "gate")
    index.discard(["id-1", "id-2"], reason="quota", now_wall_ns=5)
    assert garbage(database, root).collect() == Collected(2, 8, 0)


class FailingDisk(RealDisk):
    """One call fails once."""

    def __init__(self, call: str) -> None:
        super().__init__()
        self._call: str | None = call

    def _fail(self, call: str) -> None:
        if call == self._call:
            self._call = None
            raise OSError(errno.EIO, "Input/output error")

    def unlink(self, path: Path) -> None:
        self._fail("unlink")
        super().unlink(path)

    def sync_folder(self, folder: Path) -> None:
        self._fail("sync_folder")
        super().sync_folder(folder)

    def entries(self, folder: Path) -> list[Entry]:
        self._fail("entries")
        return super().entries(folder)


@pytest.mark.parametrize(
    ("call", "first"),
    [
        pytest.param("unlink", Collected(1, 4, 1), id="unlink"),
        pytest.param("sync_folder", Collected(0, 0, 2), id="sync"),
        pytest.param("entries", Collected(0, 0, 2), id="list"),
    ],
)
def test_what_fails_is_counted_and_tried_again(
    index: SegmentRepository, database: Database, root: Path, call: str, first: Collected
) -> None:
    index.discard(["id-1", "id-2"], reason="quota", now_wall_ns=5)
    files = VolumeFiles(Volume(FailingDisk(call), root), SimulatedClock(wall_ns=NOW_NS))
    collector = Garbage(GarbageRepository(database), {Tier.HOT: files})
    assert collector.collect() == first
    assert collector.collect() == Collected(2 - first.files, 8 - first.size_bytes, 0)
    assert not (root / segment(1).path).exists()
    assert not (root / segment(2).path).exists()


def test_it_stops_when_asked(index: SegmentRepository, database: Database, root: Path) -> None:
    index.discard([f"id-{n}" for n in range(10)], reason="quota", now_wall_ns=5)
    assert garbage(database, root).collect(lambda: True) == Collected(0, 0, 0)


def test_another_tier_is_emptied_through_its_store(
    index: SegmentRepository, database: Database, root: Path
) -> None:
    warm = root.parent / "warm"
    for number in (1, 2):
        index.put(replace(segment(number), tier=Tier.WARM))
        (warm / segment(number).path).parent.mkdir(parents=True, exist_ok=True)
        (warm / segment(number).path).write_bytes(b"mp4!")
    volume, disk = Volume(RealDisk(), root), RealDisk()
    media = Media({Tier.HOT: FolderStore(disk, root), Tier.WARM: FolderStore(disk, warm)})
    stores = removers(volume, media, SimulatedClock(wall_ns=NOW_NS))
    collector = Garbage(GarbageRepository(database), stores)
    index.discard(["id-1"], reason="quota", now_wall_ns=5)
    assert collector.collect() == Collected(1, 4, 0)
    assert not (warm / segment(1).path).exists()
    assert (root / segment(1).path).exists(), "not of this tier"
    warm.rename(warm.with_name("away"))
    index.discard(["id-2", "id-3"], reason="quota", now_wall_ns=5)
    assert collector.collect() == Collected(1, 4, 1), "the other tier does not wait"
    warm.with_name("away").rename(warm)
    assert collector.collect() == Collected(1, 4, 0)

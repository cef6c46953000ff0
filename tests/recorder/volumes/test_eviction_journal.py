"""What was removed without the database reaches the index, now or after a crash."""

import errno
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from its_camera_ai.core.disk import Bytes
from its_camera_ai.core.errors import DatabaseUnavailable
from its_camera_ai.core.media import StreamRole
from its_camera_ai.core.segments import Segment, Tier
from its_camera_ai.recorder.volumes import eviction_journal as journal_module
from its_camera_ai.recorder.volumes.eviction_journal import FILE_NAME, EvictionJournal
from its_camera_ai.recorder.volumes.volume_identity import FOLDER
from its_camera_ai.recorder.writing import index as index_module
from its_camera_ai.recorder.writing.index import BackgroundIndex
from its_camera_ai.store.database import open_database
from its_camera_ai.store.disk import RealDisk, RealFile
from its_camera_ai.store.migration import migrate
from its_camera_ai.store.segments import SegmentRepository
from tests.recorder.footage_support import START_NS, SmallDisk, plant
from tests.recorder.support import recording_storage
from tests.support.waiting import wait_until


@pytest.fixture
def repository(tmp_path: Path):  # type: ignore[no-untyped-def]
    database = open_database(f"sqlite:///{tmp_path / 'db.sqlite'}")
    migrate(database)
    yield SegmentRepository(database)
    database.close()


@pytest.fixture
def journal(tmp_path: Path) -> EvictionJournal:
    return EvictionJournal(RealDisk(), tmp_path / FOLDER)


def segment(number: int, path: str) -> Segment:
    return Segment(
        f"s{number}", "a", StreamRole.MAIN, path, 10 * number, 0, 10, 99, 5, "h264", 1, 1, False, 1
    )


def test_what_is_noted_is_read(journal: EvictionJournal) -> None:
    assert journal.paths() == []
    journal.clear()
    journal.add(["a/1.mp4", "a/2.mp4"])
    journal.add(["b/1.mp4"])
    assert journal.paths() == ["a/1.mp4", "a/2.mp4", "b/1.mp4"]
    journal.clear()
    assert journal.paths() == []


def test_a_torn_line_is_passed_over(journal: EvictionJournal, tmp_path: Path) -> None:
    journal.add(["a/1.mp4"])
    path = tmp_path / FOLDER / FILE_NAME
    path.write_bytes(path.read_bytes() + b"a/main/2023")
    assert journal.paths() == ["a/1.mp4"]


def test_it_is_bounded(journal: EvictionJournal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "SIZE_BYTES_MAX", 20)
    for _ in range(9):
        journal.add(["a/1.mp4"])
    assert journal.paths() == ["a/1.mp4"] * 2


def test_what_the_disk_does_not_take_is_noted_later(
    journal: EvictionJournal, tmp_path: Path
) -> None:
    in_the_way = tmp_path / FOLDER
    in_the_way.write_bytes(b"a file in its place")
    journal.add(["a/1.mp4"])
    journal.retry()
    assert journal.paths() == []
    in_the_way.unlink()
    journal.retry()
    journal.retry()
    assert journal.paths() == ["a/1.mp4"]


def test_a_note_that_was_written_half_leaves_nothing(
    journal: EvictionJournal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal.add(["a/1.mp4"])
    whole = RealFile.write

    def half(file: RealFile, pieces: Sequence[Bytes]) -> None:
        whole(file, [pieces[0][:3]])
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(RealFile, "write", half)
        journal.add(["a/2.mp4"])
    assert journal.paths() == ["a/1.mp4"]
    journal.retry()
    assert journal.paths() == ["a/1.mp4", "a/2.mp4"]


def test_rows_go_after_what_was_announced_before(
    repository: SegmentRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_module, "RETRY_S", 0.01)
    away, done = True, []

    def opened() -> SegmentRepository:
        if away:
            raise DatabaseUnavailable("away; wait")
        return repository

    index = BackgroundIndex(opened, dropped=lambda: done.append(True))
    for number in range(3):
        index.add(segment(number, f"a/{number}.mp4"))
    index.drop(["a/0.mp4", "a/2.mp4", "a/unknown.mp4"])
    assert not done
    away = False
    wait_until(lambda: done, "the rows to go")
    index.close()
    assert [found.path for found in repository.find("a")] == ["a/1.mp4"]


def test_a_file_that_moved_to_another_tier_keeps_its_row(repository: SegmentRepository) -> None:
    repository.put(replace(segment(1, "a/1.mp4"), tier=Tier.WARM))
    index = BackgroundIndex(lambda: repository)
    index.drop(["a/1.mp4"])
    index.close()
    assert len(repository.find("a")) == 1


def test_a_crash_before_the_database_knew_is_made_good(
    repository: SegmentRepository, tmp_path: Path
) -> None:
    """The disk fills while the database is dead; the process is killed; the next one tells it."""
    root = tmp_path / "media"
    disk = SmallDisk(root, 10_000_000)
    dead = recording_storage(tmp_path, _dead, disk=disk, reserve="1M")
    old = plant(root, "a", START_NS, size_bytes=100_000)
    relative = old.relative_to(root).as_posix()
    repository.put(segment(1, relative))
    repository.put(segment(2, "a/main/other.mp4"))
    disk.taken_bytes = 9_900_000
    assert dead.volume.make_room(1000)
    assert not old.exists()
    dead.release()
    assert repository.ids_at([relative]) == ["s1"]

    again = recording_storage(tmp_path, lambda: repository, disk=disk, reserve="1M")
    again.start()
    wait_until(lambda: not repository.ids_at([relative]), "the row to go")
    again.close()
    again.release()
    assert repository.ids_at(["a/main/other.mp4"]) == ["s2"]
    assert EvictionJournal(RealDisk(), root / FOLDER).paths() == []
    dead.close()  # the killed process's thread, which lives on here


def _dead() -> SegmentRepository:
    raise DatabaseUnavailable("dead; repair it")

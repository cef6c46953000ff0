"""The index: never in the recorder's way, and healed from the files alone."""

from dataclasses import asdict
from pathlib import Path

import pytest

from its_camera_ai.core.errors import DatabaseUnavailable, StorageUnavailable
from its_camera_ai.core.jobs import JobResult
from its_camera_ai.core.media import StreamRole
from its_camera_ai.core.segments import Segment
from its_camera_ai.recorder.checking.recovery import Recheck, reconcile, take_up
from its_camera_ai.recorder.checking.repair import Repaired
from its_camera_ai.recorder.files.media_tree import QUARANTINE
from its_camera_ai.recorder.files.segment_file import OPEN_FOLDER
from its_camera_ai.recorder.files.segment_format import seal_size
from its_camera_ai.recorder.volumes.volume import Volume
from its_camera_ai.recorder.writing import index as index_module
from its_camera_ai.recorder.writing.index import BackgroundIndex
from its_camera_ai.recorder.writing.recorder import Recorder
from its_camera_ai.store.database import open_database
from its_camera_ai.store.disk import RealDisk
from its_camera_ai.store.migration import migrate
from its_camera_ai.store.segments import SegmentRepository
from tests.recorder.recorded import Recorded
from tests.recorder.support import RememberingIndex, packets
from tests.support.clips import ClipSpec, numbers_in
from tests.support.waiting import wait_until


@pytest.fixture
def repository(tmp_path: Path):  # type: ignore[no-untyped-def]
    database = open_database(f"sqlite:///{tmp_path / 'db.sqlite'}")
    migrate(database)
    yield SegmentRepository(database)
    database.close()


def volume(root: Path) -> Volume:
    root.mkdir(exist_ok=True)
    return Volume(RealDisk(), root)


def recorded(root: Path) -> list[Segment]:
    """Two closed segments of 2 s."""
    index = RememberingIndex()
    recorder = Recorder(volume(root), index, segment_s=2)
    for packet in packets(ClipSpec(frames=100, gop=25, audio=True)):
        recorder.put(packet)
    recorder.close()
    return index.segments


def in_database(repository: SegmentRepository) -> list[Segment]:
    found = repository.find("cam", StreamRole.MAIN, 0, 2**62, 100)
    return sorted(found, key=lambda s: s.start_wall_ns)


def test_rows_wait_for_a_database_that_is_away(
    repository: SegmentRepository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index_module, "RETRY_S", 0.01)
    away = True

    def opened() -> SegmentRepository:
        if away:
            raise DatabaseUnavailable("locked; wait")
        return repository

    index = BackgroundIndex(opened)
    segments = recorded(tmp_path / "media")
    for segment in segments:
        index.add(segment)
    wait_until(lambda: index.waiting == 2, "rows to wait")
    away = False
    index.close()
    assert in_database(repository) == segments


def test_a_file_that_went_before_it_was_announced_gets_no_row(
    repository: SegmentRepository, tmp_path: Path
) -> None:
    """A full disk may take a file between its closing and its announcement."""
    first, second = recorded(tmp_path / "media")
    index = BackgroundIndex(lambda: repository)
    index.drop([first.path])
    index.add(first)
    index.add(second)
    index.close()
    assert in_database(repository) == [second]


def test_files_without_rows_are_found(repository: SegmentRepository, tmp_path: Path) -> None:
    segments = recorded(tmp_path / "media")
    assert reconcile(volume(tmp_path / "media"), repository, "cam") == Repaired(indexed=2)
    assert in_database(repository) == segments
    assert reconcile(volume(tmp_path / "media"), repository, "cam") == Repaired()


@pytest.mark.parametrize("cut_bytes", [1, 7, 500, 5000])
def test_a_file_cut_off_by_a_crash_is_repaired_not_deleted(cut_bytes: int, tmp_path: Path) -> None:
    root = tmp_path / "media"
    before, last = recorded(root)
    path = root / last.path
    seal_bytes = seal_size(path.read_bytes())
    folder = path.parents[1] / OPEN_FOLDER
    part = path.rename(folder / (path.name + ".part"))
    with part.open("rb+") as file:
        file.truncate(last.size_bytes - seal_bytes - cut_bytes)
    taken = take_up(volume(root), "cam", StreamRole.MAIN)
    healed = taken.segments[-1]
    assert taken.last_hash == healed.content_hash
    assert healed.previous_hash == before.content_hash
    assert (healed.id, healed.path) == (last.id, last.path)
    assert healed.frames == last.frames - 25, "exactly the last fragment is gone"
    assert path.stat().st_size == healed.size_bytes
    assert numbers_in(path) == list(range(50, 75))


@pytest.mark.parametrize(
    "content", [b"", b"not a video at all", bytes(10_000)], ids=["empty", "text", "zeros"]
)
def test_what_is_no_recording_goes_to_quarantine(
    content: bytes, repository: SegmentRepository, tmp_path: Path
) -> None:
    root = tmp_path / "media"
    folder = root / "cam" / "main" / "2026-01-01"
    folder.mkdir(parents=True)
    (folder / "12-00-00_x.mp4").write_bytes(content)
    assert reconcile(volume(root), repository, "cam") == Repaired(quarantined=1)
    kept = list((root / QUARANTINE).iterdir())
    assert [k.read_bytes() for k in kept] == [content]
    assert not list(folder.iterdir())


def test_links_out_of_the_folder_are_left_alone(
    repository: SegmentRepository, tmp_path: Path
) -> None:
    root, outside = tmp_path / "media", tmp_path / "outside.mp4"
    outside.write_bytes(b"mine")
    (root / "cam").mkdir(parents=True)
    (root / "cam" / "link.mp4").symlink_to(outside)
    assert reconcile(volume(root), repository, "cam") == Repaired(left=1)
    assert outside.read_bytes() == b"mine"


def test_the_nightly_job_looks_at_all_cameras(recorded: Recorded) -> None:
    recorded.forget(1)
    job = Recheck(recorded.volume, recorded.repository)
    assert job.run(lambda: False) == JobResult(asdict(Repaired(indexed=1)), audit=False)
    recorded.file(2).unlink()
    (recorded.root / "yard").mkdir()
    (recorded.root / "yard" / "notes.txt").write_text("hello")
    result = job.run(lambda: False)
    assert (result.figures["marked_missing"], result.figures["quarantined"]) == (1, 1)
    assert result.audit


def test_the_nightly_job_closes_what_nobody_else_takes_up(recorded: Recorded) -> None:
    folder = recorded.file(3).parents[1] / ".open"
    recorded.file(3).rename(folder / (recorded.file(3).name + ".part"))
    recorded.forget(3)
    being_written = RealDisk().create(folder / "x.mp4.part")
    job = Recheck(recorded.volume, recorded.repository)
    assert job.run(lambda: False).figures["closed"] == 1
    assert recorded.listing() == recorded.segments
    assert [path.name for path in folder.iterdir()] == ["x.mp4.part"]
    being_written.close()


def test_no_row_is_called_missing_on_another_volume(recorded: Recorded) -> None:
    class Swapped:
        """Right at first, and exchanged before the rows are written."""

        takes = 0

        def __init__(self) -> None:
            self.asked = 0

        def check(self) -> None:
            self.asked += 1
            if self.asked > 1:
                raise StorageUnavailable("another disk")

    recorded.file(1).unlink()
    other = Volume(RealDisk(), recorded.root, identity=Swapped())
    with pytest.raises(StorageUnavailable, match="another disk"):
        reconcile(other, recorded.repository, "cam")
    assert recorded.state(1) == "good"

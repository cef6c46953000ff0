"""An outsider fills a real, small disk while four cameras record: the oldest goes, evidence stays.

Every packet is numbered: what is on disk at the end is compared with what was sent.
"""

import hashlib
import os
import random
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from its_camera_ai.core.errors import DatabaseUnavailable
from its_camera_ai.core.holds import Hold, HoldKind
from its_camera_ai.core.media import MediaKind, StreamRole
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.recorder.files.footage import named_start_ns
from its_camera_ai.recorder.volumes.eviction_journal import EvictionJournal
from its_camera_ai.recorder.volumes.volume_identity import FOLDER
from its_camera_ai.recorder.writing.recorder import Recorder
from its_camera_ai.recorder.writing.recording_storage import RecordingStorage
from its_camera_ai.store.database import Database, open_database
from its_camera_ai.store.disk import RealDisk
from its_camera_ai.store.hold_mirror import HoldMirror
from its_camera_ai.store.holds import HoldRepository
from its_camera_ai.store.migration import migrate
from its_camera_ai.store.segments import SegmentRepository
from tests.recorder.support import recording_storage
from tests.support.fault_size import seeds
from tests.support.missing import missing as skip_missing
from tests.support.numbered_packets import WALL_NS, NumberedStream, seqs_in
from tests.support.waiting import wait_until

CAMERAS = ("a", "b", "c", "d")
DISK_MIB = 6
CHUNK = 65_536
REFILL = 2 * CHUNK


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m", "tmpfs", folder])
    if made.returncode != 0:
        skip_missing("Mounting a small file system needs root.")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = open_database(f"sqlite:///{tmp_path / 'db.sqlite'}")
    migrate(made)
    yield made
    made.close()


class Outsider:
    """Another program that writes to the same disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def fill(self, at_most: int = DISK_MIB * 1024 * 1024) -> int:
        """Take what is free at this moment, and nothing that is freed meanwhile: who takes as fast
        as room is made leaves nothing but evidence. Returns the bytes."""
        disk = os.statvfs(self._folder)
        free = min(disk.f_bavail * disk.f_frsize, at_most)
        taken = 0
        with (self._folder / "outsider").open("ab", buffering=0) as file, suppress(OSError):
            while taken < free:
                taken += file.write(bytes(min(CHUNK, free - taken)))
        return taken


class Cameras:
    """Four streams into four recorders."""

    def __init__(self, storage: RecordingStorage, rng: random.Random) -> None:
        self.sent: dict[str, list[int]] = {camera: [] for camera in CAMERAS}
        self._sent_until_ns = WALL_NS
        self._streams = {camera: NumberedStream(camera, rng).packets() for camera in CAMERAS}
        self.recorders = {
            camera: Recorder(storage.volume, storage.index, segment_s=2) for camera in CAMERAS
        }

    def send(self, seconds: float, *, wait: bool = True) -> None:
        """All four in turn, half a second each, as fast as the disk takes it."""
        for _ in range(round(seconds * 2)):
            if wait:
                self.settle()
            self._sent_until_ns += NS_PER_S // 2
            for camera, stream in self._streams.items():
                for packet in stream:
                    self.sent[camera].append(packet.seq)
                    self.recorders[camera].put(packet)
                    if packet.kind is MediaKind.VIDEO and packet.dts_ns >= self._sent_until_ns:
                        break

    def settle(self) -> None:
        """Until nothing waits that was queued before."""
        wait_until(lambda: not any(r._queue for r in self.recorders.values()), "the queues")

    def close(self) -> None:
        for recorder in self.recorders.values():
            recorder.close(30)


def contents(root: Path, camera: str) -> dict[Path, list[int]]:
    return {path: seqs_in(path.read_bytes()) for path in sorted((root / camera).rglob("*.mp4"))}


def digests(files: list[Path]) -> dict[Path, str]:
    return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.mark.parametrize("database_is_dead", [False, True], ids=["database", "no database"])
def test_the_oldest_goes_and_nothing_else(
    small_disk: Path, tmp_path: Path, database_is_dead: bool
) -> None:
    for number, seed in enumerate(seeds(1, 20)):
        for leftover in small_disk.iterdir():
            subprocess.run(["rm", "-rf", leftover], check=True)
        folder = tmp_path / f"s{number}"
        folder.mkdir()
        database = open_database(f"sqlite:///{folder / 'db.sqlite'}")
        migrate(database)
        _one_try(small_disk / "media", folder, database, database_is_dead, random.Random(seed))
        database.close()


def _one_try(
    root: Path, folder: Path, database: Database, database_is_dead: bool, rng: random.Random
) -> None:
    def repository() -> SegmentRepository:
        if database_is_dead:
            raise DatabaseUnavailable("dead; repair it")
        return SegmentRepository(database)

    storage = recording_storage(folder, repository, root=root, reserve="5%")
    storage.start()
    cameras, outsider = Cameras(storage, rng), Outsider(root.parent)
    cameras.send(30)
    cameras.settle()

    held = Hold(
        "h1",
        HoldKind.LEGAL,
        "b",
        WALL_NS + 5 * NS_PER_S,
        WALL_NS + 9 * NS_PER_S,
        "case 12",
        "ann",
        1,
    )
    HoldRepository(database, HoldMirror(RealDisk(), root)).add(held)
    closed = sorted((root / "b").rglob("*.mp4"))
    evidence = digests([path for path in closed if _is_evidence(path, held)])
    assert evidence

    taken = outsider.fill()
    assert taken > 0
    for round_number in range(8):
        cameras.send(5)
        if round_number in (1, 3):
            outsider.fill(REFILL)  # of what was freed; room for a few seconds of footage stays
    cameras.settle()
    assert storage.status().evicted_files > 0
    cameras.close()
    wait_until(lambda: database_is_dead or storage.rows_waiting == 0, "the index to follow")
    storage.close()
    storage.release()

    assert digests(list(evidence)) == evidence, "evidence is there, bit for bit"
    gaps: list[int] = []
    for camera in CAMERAS:
        recorder = cameras.recorders[camera]
        assert recorder.figures.unrecorded_packets == 0
        found = contents(root, camera)
        by_age = [seqs for path, seqs in found.items() if not _may_be_evidence(path, held)]
        free = sorted(seq for seqs in by_age for seq in seqs)
        assert free, f"camera {camera} is not recorded any more"
        assert free == list(range(free[0], cameras.sent[camera][-1] + 1)), "no hole, nothing twice"
        gaps.append(_start_ns(next(path for path, seqs in found.items() if free[0] in seqs)))
    assert max(gaps) - min(gaps) <= 6 * NS_PER_S, "all cameras lost as far back: the oldest went"
    _index_follows(root, database, database_is_dead)


def _start_ns(path: Path) -> int:
    found = named_start_ns(path.parent.name, path.name)
    assert found is not None
    return found


def _is_evidence(path: Path, held: Hold) -> bool:
    """Certainly: a segment is never shorter than 2 s."""
    return held.covers(path.parts[-4], _start_ns(path), _start_ns(path) + 2 * NS_PER_S)


def _may_be_evidence(path: Path, held: Hold) -> bool:
    """With the longest group of pictures, late sound, and the margin of who decides."""
    return held.covers(path.parts[-4], _start_ns(path) - NS_PER_S, _start_ns(path) + 9 * NS_PER_S)


def _index_follows(root: Path, database: Database, was_dead: bool) -> None:
    """What is indexed is on disk; what was removed without a database is told to it by the next
    run."""
    if was_dead:
        assert EvictionJournal(RealDisk(), root / FOLDER).paths()
        return
    rows = {
        segment.path
        for camera in CAMERAS
        for segment in SegmentRepository(database).find(camera, StreamRole.MAIN, limit=10_000)
    }
    files = {path.relative_to(root).as_posix() for path in root.rglob("*.mp4")}
    assert rows == files


def test_all_that_is_left_is_held(small_disk: Path, tmp_path: Path, database: Database) -> None:
    root = small_disk / "media"
    storage = recording_storage(tmp_path, lambda: SegmentRepository(database), root=root)
    storage.start()
    cameras, outsider = Cameras(storage, random.Random(1)), Outsider(small_disk)
    cameras.send(12)
    cameras.settle()
    everything = Hold("h1", HoldKind.LEGAL, None, 0, 2**62, "case 12", "ann", 1)
    repository = HoldRepository(database, HoldMirror(RealDisk(), root))
    repository.add(everything)
    kept = digests(sorted(root.rglob("*.mp4")))
    outsider.fill()
    cameras.send(4, wait=False)
    told = wait_until(
        lambda: cameras.recorders["a"].figures.problem, "the recorder to tell what is wrong"
    )
    assert "held" in told
    wait_until(lambda: storage.status().protected_only, "the keeper to tell it")
    assert digests(list(kept)) == kept
    repository.release("h1", by="ann", now_ns=2)
    wait_until(
        lambda: all(r.figures.recording for r in cameras.recorders.values()), "recording to go on"
    )
    cameras.close()
    assert all(r.figures.unrecorded_packets == 0 for r in cameras.recorders.values())
    storage.close()
    storage.release()

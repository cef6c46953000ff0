"""Cameras that record to one disk in a single thread, so that a seed replays all that happens."""

import functools
import random
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from its_camera_ai.core.disk import Disk
from its_camera_ai.core.errors import StorageUnavailable
from its_camera_ai.core.ids import new_id
from its_camera_ai.core.media import Packet, StreamRole
from its_camera_ai.core.segments import Segment, SegmentState
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.recorder.checking.check import Depth, check
from its_camera_ai.recorder.checking.recovery import reconcile, take_up
from its_camera_ai.recorder.files.media_tree import in_the_making, walk
from its_camera_ai.recorder.volumes.volume import Volume
from its_camera_ai.recorder.writing.fragments import Fragment, FragmentCutter
from its_camera_ai.recorder.writing.recorder import nothing_seen
from its_camera_ai.recorder.writing.stream_files import StreamFiles
from its_camera_ai.store.segments import SegmentRepository
from tests.support.numbered_packets import WALL_NS, NumberedStream, seqs_in

ROOT = Path("/media")
CAMERAS = ("c1", "c2", "c3", "c4")
T = TypeVar("T")
LOSS_NS_MAX = 2 * NS_PER_S


class ListIndex:
    """Stands in for the way to the database: rows wait here until the test stores them."""

    def __init__(self) -> None:
        self.segments: list[Segment] = []

    def add(self, segment: Segment) -> None:
        self.segments.append(segment)


@dataclass(slots=True)
class Book:
    """What one camera sent between two starts.

    Attributes:
        sent: every packet from the first that can be decoded on.
        acknowledged: numbers of those that the recorder says are on disk.
        given_up: numbers of those that it says it could not record.
    """

    sent: list[Packet]
    acknowledged: list[int]
    given_up: set[int] = field(default_factory=set)


class CameraRun:
    """One camera that records between two starts.

    Args:
        tries: how often a write is tried.
    """

    def __init__(
        self,
        volume: Volume,
        index: ListIndex,
        stream: NumberedStream,
        *,
        segment_s: float,
        tries: int,
    ) -> None:
        self.book = Book([], [])
        self._cutter = FragmentCutter(round(segment_s * NS_PER_S))
        self._files = StreamFiles(volume, index, activity=nothing_seen, make_id=new_id)
        self._packets = stream.packets()
        self._tries = tries

    def step(self) -> None:
        """Take one packet, and write where that ends a fragment."""
        packet = next(self._packets)
        self.book.sent.append(packet)
        self._write(self._cutter.put(packet))

    def _write(self, fragment: Fragment | None) -> None:
        if fragment is not None:
            written = patiently(self._tries, lambda: self._files.write(fragment))
            assert written.recorded + written.unrecorded == len(fragment.packets)
            if written.recorded:
                assert not written.unrecorded
                self.book.acknowledged += [p.seq for p in fragment.packets]
            else:
                self.book.given_up |= {p.seq for p in fragment.packets}

    def close(self) -> None:
        self._write(self._cutter.end())
        patiently(self._tries, self._files.close)


def patiently(tries: int, step: Callable[[], T]) -> T:
    """Do what may fail for a while, as the recorder's thread does."""
    for _ in range(tries - 1):
        with suppress(StorageUnavailable):
            return step()
    return step()


class RecordedSite:
    """Four cameras, their disk, and what is known of them over power cuts.

    Args:
        repository: of an empty index.
        root: where they record to.
        cameras: their ids.
        tries: how often the recorder tries what fails.
    """

    def __init__(
        self,
        disk: Disk,
        repository: SegmentRepository,
        rng: random.Random,
        *,
        root: Path = ROOT,
        cameras: tuple[str, ...] = CAMERAS,
        segment_s: float = 5.0,
        tries: int = 1,
    ) -> None:
        self.disk = disk
        self._cameras = cameras
        self._segment_s = segment_s
        self._tries = tries
        self.root = root
        self.repository = repository
        self.rng = rng
        self.index = ListIndex()
        self.runs: dict[str, CameraRun] = {}
        self._books: list[tuple[str, Book]] = []
        self.demanded: dict[str, set[int]] = defaultdict(set)
        """Numbers that must be found on the disk, by camera."""
        self._boots = 0

    @property
    def volume(self) -> Volume:
        return Volume(self.disk, self.root)

    def boot(self, *, at_s: float) -> None:
        """All cameras connect, the recorder starts."""
        self._boots += 1
        for number, camera_id in enumerate(self._cameras):
            stream = NumberedStream(
                camera_id,
                self.rng,
                generation=self._boots,
                first_seq=self._boots * 1_000_000,
                start_ns=WALL_NS + round(at_s * NS_PER_S) + number * 7_000_000,
            )
            run = self.runs[camera_id] = CameraRun(
                self.volume, self.index, stream, segment_s=self._segment_s, tries=self._tries
            )
            self._books.append((camera_id, run.book))

    def book(self, camera_id: str, sent: list[Packet], acknowledged: list[int]) -> None:
        """Note what a camera did that was recorded elsewhere."""
        self._books.append((camera_id, Book(sent, acknowledged)))

    def run(self, seconds: float) -> bool:
        """Record so long; False if the disk gave up."""
        try:
            for _ in range(int(seconds * 25)):
                for run in self.runs.values():
                    run.step()
        except StorageUnavailable:
            return False
        return True

    def stop(self) -> bool:
        """Close all files; False if the disk gave up."""
        try:
            for run in self.runs.values():
                run.close()
        except StorageUnavailable:
            return False
        return True

    def store_rows(self, *, lost: int = 0) -> None:
        """What the background index does; a power cut may undo its last transactions."""
        rows = self.index.segments
        self.repository.put_many(rows[: len(rows) - lost])
        self.index.segments = []

    def recover(self) -> bool:
        """What a start does before and beside recording; False if the disk gave up."""
        try:
            for camera_id in self._cameras:
                taken = patiently(
                    self._tries, functools.partial(take_up, self.volume, camera_id, StreamRole.MAIN)
                )
                self.index.segments += taken.segments
            self.store_rows()
            patiently(self._tries, lambda: reconcile(self.volume, self.repository))
        except StorageUnavailable:
            return False
        return True

    def after_power_cut(self) -> None:
        """See what each camera lost since the last time, and demand from now on what is there."""
        for camera_id, book in self._books:
            on_disk = set(self.seqs(camera_id))
            missing = set(book.acknowledged) - on_disk
            assert not missing, f"{camera_id}: {len(missing)} acknowledged packets are gone"
            lost = [p for p in book.sent if p.seq not in on_disk | book.given_up]
            if lost:
                lost_ns = book.sent[-1].dts_ns - min(p.dts_ns for p in lost)
                assert lost_ns <= LOSS_NS_MAX, f"{camera_id} lost {lost_ns / NS_PER_S:.2f} s"
            self.demanded[camera_id] |= on_disk & {p.seq for p in book.sent}
        self._books, self.runs = [], {}

    def check(self) -> None:
        """The invariants, with nothing recording."""
        report = check(self.disk, self.root, self.repository, depth=Depth.CONTENT)
        assert not report.counts, [f.text for f in report.findings]
        rows = [s for c in self._cameras for s in self.repository.find(c, limit=100_000)]
        assert {s.path for s in rows} == {f.path for f in walk(self.disk, self.root)}, "orphans"
        assert {s.state for s in rows} <= {SegmentState.GOOD}
        for camera_id, wanted in self.demanded.items():
            seqs = self.seqs(camera_id)
            assert len(seqs) == len(set(seqs)), f"{camera_id}: packets twice"
            assert wanted <= set(seqs), f"{camera_id}: {len(wanted - set(seqs))} packets are gone"

    def forget(self, camera_id: str, path: str) -> None:
        """A file is going to be deleted: what lies in it is demanded no more."""
        seqs = set(seqs_in(self._content(path)))
        self.demanded[camera_id] -= seqs
        for of, book in self._books:
            if of == camera_id:
                book.sent = [p for p in book.sent if p.seq not in seqs]
                book.acknowledged = [seq for seq in book.acknowledged if seq not in seqs]

    def seqs(self, camera_id: str) -> list[int]:
        """All packet numbers in a camera's closed files."""
        return [
            seq
            for found in walk(self.disk, self.root, camera_id)
            if not in_the_making(found.path)
            for seq in seqs_in(self._content(found.path))
        ]

    def _content(self, path: str) -> bytes:
        file = self.disk.open(self.root / path)
        try:
            return file.read(file.size_bytes, 0)
        finally:
            file.close()

    def everything_was_recorded(self) -> None:
        """After ``stop``: each packet since ``boot`` was acknowledged, or said to be lost."""
        for run in self.runs.values():
            sent = {p.seq for p in run.book.sent}
            assert sent == set(run.book.acknowledged) | run.book.given_up

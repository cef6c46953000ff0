"""Cameras that record to one disk in a single thread, so that a seed replays all that happens."""

import random
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from its_camera_ai.core.disk import Disk
from its_camera_ai.core.errors import StorageUnavailable
from its_camera_ai.core.ids import new_id
from its_camera_ai.core.media import Packet, StreamRole
from its_camera_ai.core.segments import Segment, SegmentState
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.recorder.check import Depth, check
from its_camera_ai.recorder.fragments import Fragment, FragmentCutter
from its_camera_ai.recorder.media_tree import in_the_making, walk
from its_camera_ai.recorder.recorder import nothing_seen
from its_camera_ai.recorder.recovery import reconcile, take_up
from its_camera_ai.recorder.stream_files import StreamFiles
from its_camera_ai.recorder.volume import Volume
from its_camera_ai.store.segments import SegmentRepository
from tests.support.numbered_packets import WALL_NS, NumberedStream, seqs_in

ROOT = Path("/media")
CAMERAS = ("c1", "c2", "c3", "c4")
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
    """

    sent: list[Packet]
    acknowledged: list[int]


class CameraRun:
    """One camera that records between two starts."""

    def __init__(self, volume: Volume, index: ListIndex, stream: NumberedStream) -> None:
        self.book = Book([], [])
        self.unrecorded = 0
        self._cutter = FragmentCutter(5 * NS_PER_S)
        self._files = StreamFiles(volume, index, activity=nothing_seen, make_id=new_id)
        self._packets = stream.packets()

    def step(self) -> None:
        """Take one packet, and write where that ends a fragment."""
        packet = next(self._packets)
        self.book.sent.append(packet)
        self.write(self._cutter.put(packet))

    def write(self, fragment: Fragment | None) -> None:
        if fragment is not None:
            written = self._files.write(fragment)
            self.unrecorded += written.unrecorded
            if written.recorded:
                self.book.acknowledged += [p.seq for p in fragment.packets]

    def close(self) -> None:
        self.write(self._cutter.end())
        self._files.close()


class RecordedSite:
    """Four cameras, their disk, and what is known of them over power cuts.

    Args:
        repository: of an empty index.
        root: where they record to.
    """

    def __init__(
        self, disk: Disk, repository: SegmentRepository, rng: random.Random, root: Path = ROOT
    ) -> None:
        self.disk = disk
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
        for number, camera_id in enumerate(CAMERAS):
            stream = NumberedStream(
                camera_id,
                self.rng,
                generation=self._boots,
                first_seq=self._boots * 1_000_000,
                start_ns=WALL_NS + round(at_s * NS_PER_S) + number * 7_000_000,
            )
            run = self.runs[camera_id] = CameraRun(self.volume, self.index, stream)
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
        for segment in rows[: len(rows) - lost]:
            self.repository.put(segment)
        self.index.segments = []

    def recover(self) -> bool:
        """What a start does before and beside recording; False if the disk gave up."""
        try:
            for camera_id in CAMERAS:
                for segment in take_up(self.volume, camera_id, StreamRole.MAIN).segments:
                    self.index.add(segment)
            self.store_rows()
            reconcile(self.volume, self.repository)
        except StorageUnavailable:
            return False
        return True

    def after_power_cut(self) -> None:
        """See what each camera lost, and demand from now on what is there."""
        for camera_id, book in self._books:
            on_disk = set(self.seqs(camera_id))
            missing = set(book.acknowledged) - on_disk
            assert not missing, f"{camera_id}: {len(missing)} acknowledged packets are gone"
            lost = [p for p in book.sent if p.seq not in on_disk]
            if lost:
                lost_ns = book.sent[-1].dts_ns - min(p.dts_ns for p in lost)
                assert lost_ns <= LOSS_NS_MAX, f"{camera_id} lost {lost_ns / NS_PER_S:.2f} s"
            self.demanded[camera_id] |= on_disk & {p.seq for p in book.sent}
        self._books, self.runs = [], {}

    def check(self) -> None:
        """The invariants, with nothing recording."""
        report = check(self.disk, self.root, self.repository, depth=Depth.CONTENT)
        assert not report.counts, [f.text for f in report.findings]
        rows = [s for c in CAMERAS for s in self.repository.find(c, limit=100_000)]
        assert {s.path for s in rows} == {f.path for f in walk(self.disk, self.root)}, "orphans"
        assert {s.state for s in rows} <= {SegmentState.GOOD}
        for camera_id, wanted in self.demanded.items():
            seqs = self.seqs(camera_id)
            assert len(seqs) == len(set(seqs)), f"{camera_id}: packets twice"
            assert wanted <= set(seqs), f"{camera_id}: {len(wanted - set(seqs))} packets are gone"

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
        """After ``stop``: all that was sent since ``boot`` is demanded from now on."""
        for camera_id, run in self.runs.items():
            assert run.unrecorded == 0
            sent = {p.seq for p in run.book.sent}
            assert sent == set(run.book.acknowledged)
            self.demanded[camera_id] |= sent

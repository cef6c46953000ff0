"""Cameras that record to one disk in a single thread, so that a seed replays all that happens."""

import random
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from its_camera_ai.core.disk import Disk
from its_camera_ai.core.errors import StorageUnavailable
from its_camera_ai.core.ids import new_id
from its_camera_ai.core.media import Packet, StreamRole
from its_camera_ai.core.segments import Segment, SegmentState
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.recorder.check import Depth, check
from its_camera_ai.recorder.fragments import Fragment, FragmentCutter
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


class CameraRun:
    """One camera between two starts of the recorder.

    Attributes:
        sent: every packet from the first that can be decoded on.
        acknowledged: numbers of those that the recorder says are on disk.
    """

    def __init__(self, volume: Volume, index: ListIndex, stream: NumberedStream) -> None:
        self.sent: list[Packet] = []
        self.acknowledged: list[int] = []
        self.unrecorded = 0
        self._cutter = FragmentCutter(5 * NS_PER_S)
        self._files = StreamFiles(
            volume, index, activity=lambda camera, since, until: None, make_id=new_id
        )
        self._packets = stream.packets()

    def step(self) -> None:
        """Take one packet, and write where that ends a fragment."""
        packet = next(self._packets)
        self.sent.append(packet)
        self.write(self._cutter.put(packet))

    def write(self, fragment: Fragment | None) -> None:
        if fragment is not None:
            written = self._files.write(fragment)
            self.unrecorded += written.unrecorded
            if written.recorded:
                self.acknowledged += [p.seq for p in fragment.packets]

    def close(self) -> None:
        self.write(self._cutter.end())
        self._files.close()


class RecordedSite:
    """Four cameras, their disk, and what is known of them over power cuts.

    Args:
        repository: of an empty index.
    """

    def __init__(self, disk: Disk, repository: SegmentRepository, rng: random.Random) -> None:
        self.disk = disk
        self.repository = repository
        self.rng = rng
        self.index = ListIndex()
        self.runs: dict[str, CameraRun] = {}
        self.demanded: dict[str, set[int]] = defaultdict(set)
        """Numbers that must be found on the disk, by camera."""
        self._boots = 0

    @property
    def volume(self) -> Volume:
        return Volume(self.disk, ROOT)

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
            self.runs[camera_id] = CameraRun(self.volume, self.index, stream)

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

    def after_power_cut(self, found: dict[Path, bytes]) -> None:
        """Book what each camera lost, and hold on to what must be there from now on.

        Args:
            found: all files of the recovered disk.
        """
        for camera_id, run in self.runs.items():
            on_disk = set(seqs_of(found, camera_id))
            missing = set(run.acknowledged) - on_disk
            assert not missing, f"{camera_id}: {len(missing)} acknowledged packets are gone"
            lost = [p for p in run.sent if p.seq not in on_disk]
            if lost:
                lost_ns = run.sent[-1].dts_ns - min(p.dts_ns for p in lost)
                assert lost_ns <= LOSS_NS_MAX, f"{camera_id} lost {lost_ns / NS_PER_S:.2f} s"
            self.demanded[camera_id] |= on_disk & {p.seq for p in run.sent}
        self.runs = {}

    def check(self, found: dict[Path, bytes]) -> None:
        """The invariants, with nothing recording."""
        report = check(self.disk, ROOT, self.repository, depth=Depth.CONTENT)
        assert not report.counts, [f.text for f in report.findings]
        recordings = {p for p in found if ".quarantine" not in p.parts}
        rows = [s for c in CAMERAS for s in self.repository.find(c, limit=100_000)]
        assert {ROOT / s.path for s in rows} == recordings, "orphans"
        assert {s.state for s in rows} <= {SegmentState.GOOD}
        for camera_id, wanted in self.demanded.items():
            seqs = seqs_of(found, camera_id)
            assert len(seqs) == len(set(seqs)), f"{camera_id}: packets twice"
            assert wanted <= set(seqs), f"{camera_id}: {len(wanted - set(seqs))} packets are gone"

    def everything_was_recorded(self) -> None:
        """After ``stop``: all that was sent since ``boot`` is demanded from now on."""
        for camera_id, run in self.runs.items():
            assert run.unrecorded == 0
            sent = {p.seq for p in run.sent}
            assert sent == set(run.acknowledged)
            self.demanded[camera_id] |= sent


def seqs_of(found: dict[Path, bytes], camera_id: str) -> list[int]:
    """All packet numbers in a camera's closed files."""
    return [seq for _, content in _closed(found, camera_id) for seq in seqs_in(content)]


def _closed(found: dict[Path, bytes], camera_id: str) -> Iterator[tuple[Path, bytes]]:
    for path, content in sorted(found.items()):
        if path.is_relative_to(ROOT / camera_id) and path.suffix == ".mp4":
            yield path, content

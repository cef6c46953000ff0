"""A volume that goes and comes back costs nothing; another one in its place gets nothing."""

import itertools
import random
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from its_camera_ai.core.errors import DatabaseUnavailable
from its_camera_ai.recorder.volumes.adoption import adopt
from its_camera_ai.recorder.volumes.expected_volume import ExpectedVolumeFile
from its_camera_ai.recorder.writing import recorder as recorder_module
from its_camera_ai.recorder.writing.recorder import Recorder
from its_camera_ai.sim.clock import SimulatedClock
from its_camera_ai.store.disk import RealDisk
from its_camera_ai.store.segments import SegmentRepository
from tests.recorder.support import recording_storage
from tests.support.numbered_packets import NumberedStream, seqs_in
from tests.support.waiting import wait_until


def _no_database() -> SegmentRepository:
    raise DatabaseUnavailable("away; wait")


class Rig:
    """One camera; ``replug`` as an unmount: the recorder's open file is no longer reachable."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.root = folder, folder / "media"
        self.storage = recording_storage(folder, _no_database)
        self.storage.start()
        self.recorder = Recorder(self.storage.volume, self.storage.index, segment_s=2)
        self._packets = NumberedStream("cam", random.Random(3)).packets()
        self.sent: list[int] = []

    def send(self, count: int) -> None:
        for packet in itertools.islice(self._packets, count):
            self.sent.append(packet.seq)
            self.recorder.put(packet)

    def settle(self) -> None:
        wait_until(lambda: not self.recorder._queue, "the queue")

    def refused(self, why: str) -> None:
        wait_until(lambda: why in self.recorder.figures.problem, f"'{why}' to be told")

    def goes_on(self) -> None:
        wait_until(lambda: self.recorder.figures.recording, "recording to go on")

    def close(self) -> None:
        self.recorder.close()
        self.storage.close()
        self.storage.release()


def on_disk(*roots: Path) -> list[int]:
    return sorted(
        seq for root in roots for path in root.rglob("*.mp4") for seq in seqs_in(path.read_bytes())
    )


@pytest.fixture
def rig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Rig:
    monkeypatch.setattr(recorder_module, "RETRY_S", 0.01)
    made = Rig(tmp_path)
    made.send(120)
    made.settle()
    return made


def unmount(rig: Rig) -> Path:
    away = rig.folder / "away"
    rig.root.rename(away)
    rig.root.mkdir()
    return away


def remount(rig: Rig, volume: Path) -> None:
    rig.root.rmdir()
    volume.rename(rig.root)


@pytest.mark.parametrize("is_copy", [False, True], ids=["the same mount", "another mount"])
def test_what_came_meanwhile_is_there_too(rig: Rig, is_copy: bool) -> None:
    away = unmount(rig)
    rig.send(200)
    rig.refused("not mounted")
    assert list(rig.root.iterdir()) == []
    if is_copy:  # the recorder's descriptor leads to files that nobody sees any more
        fresh = rig.folder / "fresh"
        _copied(away, fresh)
        away = fresh
    remount(rig, away)
    rig.goes_on()
    rig.send(120)
    rig.close()
    assert rig.recorder.figures.unrecorded_packets == 0
    assert on_disk(rig.root) == rig.sent


def test_an_adopted_disk_is_recorded_to_from_its_first_key_frame(rig: Rig) -> None:
    old = unmount(rig)
    rig.send(100)
    rig.refused("not mounted")
    ids: Callable[[], str] = map(str, itertools.count(77)).__next__
    expected = ExpectedVolumeFile(RealDisk(), rig.folder)
    adopt(RealDisk(), rig.root, expected, new_id=ids, clock=SimulatedClock())
    rig.goes_on()
    rig.send(300)
    rig.close()
    new = on_disk(rig.root)
    assert new == rig.sent[-len(new) :]
    lost = len(rig.sent) - len(new) - len(on_disk(old)) - _in_the_making(old)
    assert rig.recorder.figures.unrecorded_packets == lost, "what is nowhere is counted"


def _in_the_making(root: Path) -> int:
    return sum(len(_whole_seqs(path)) for path in root.rglob("*.part"))


def _whole_seqs(path: Path) -> list[int]:
    return seqs_in(path.read_bytes())


def _copied(source: Path, target: Path) -> None:
    shutil.copytree(source, target)
    shutil.rmtree(source)

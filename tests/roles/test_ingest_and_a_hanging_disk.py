"""A disk that does not answer is told; it holds up neither cameras nor the end."""

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from its_camera_ai.bus.local import LocalBus
from its_camera_ai.bus.messages import CameraState, RoleStatus, StreamStatus
from its_camera_ai.core.camera_url import CameraUrl
from its_camera_ai.core.cameras import Camera
from its_camera_ai.core.errors import DatabaseUnavailable
from its_camera_ai.core.time import SystemClock
from its_camera_ai.recorder.volumes import space as space_module
from its_camera_ai.recorder.writing import recorder as recorder_module
from its_camera_ai.roles import ingest as ingest_module
from its_camera_ai.roles.ingest import Ingest
from its_camera_ai.store.segments import SegmentRepository
from tests.recorder.support import recording_storage
from tests.support.clips import ClipSpec, make_clip, numbers_in
from tests.support.hanging_disk import HangingDisk
from tests.support.waiting import wait_until

BARE = RoleStatus("ingest", 0, 1, 0, 0, ready=True)


def _no_database() -> SegmentRepository:
    raise DatabaseUnavailable("away; wait")


class Rig:
    def __init__(self, folder: Path, disk: HangingDisk) -> None:
        self.bus = LocalBus(folder / "r")
        self.media = folder / "media"
        self.ingest = Ingest(
            publisher=self.bus.packet_publisher(),
            segments=_no_database,
            storage=recording_storage(folder, _no_database, disk=disk),
            segment_s=2,
            clock=SystemClock(),
            rng=random.Random(5),
        )
        clip = make_clip(ClipSpec(frames=100, gop=25))
        self.ingest.want(
            [Camera(name, CameraUrl.parse(str(clip)), loop=True) for name in ("a", "b")]
        )

    def status(self) -> RoleStatus:
        return self.ingest.status(BARE)

    def streams(self) -> list[StreamStatus]:
        return self.status().streams


@pytest.fixture(params=["", "write", "open", "space"])
def disk(request: pytest.FixtureRequest) -> Iterator[HangingDisk]:
    made = HangingDisk(request.param)
    yield made
    made.answer()


def test_cameras_and_heartbeat_go_on_and_the_end_is_in_time(
    disk: HangingDisk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (recorder_module, space_module):
        monkeypatch.setattr(module, "SILENT_AFTER_S", 0.3)
    monkeypatch.setattr(ingest_module, "RECORDERS_STOP_S", 0.2)
    rig = Rig(tmp_path, disk)
    wait_until(lambda: all(s.recorded_packets > 25 for s in rig.streams()), "recording")
    disk.hang()
    assert disk.waiting.wait(10)
    told = wait_until(
        lambda: next((p for p in rig.status().problems if "not answered" in p), None),
        "the hanging disk to be told",
    )
    assert str(rig.media) in told
    before = {s.camera_id: s.packets for s in rig.streams()}
    wait_until(
        lambda: all(s.packets > before[s.camera_id] + 10 for s in rig.streams()),
        "packets to come all the same",
    )
    assert all(s.state is CameraState.ONLINE for s in rig.streams())
    rig.ingest.close()  # returns, or the test hangs and is killed
    rig.bus.close()


def test_recording_goes_on_once_it_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recorder_module, "SILENT_AFTER_S", 0.2)
    disk = HangingDisk("sync")
    rig = Rig(tmp_path, disk)
    wait_until(lambda: all(s.recorded_packets > 25 for s in rig.streams()), "recording")
    disk.hang()
    wait_until(lambda: all(s.recording_problem for s in rig.streams()), "the problem to be told")
    assert not any(s.recording for s in rig.streams())
    disk.answer()
    wait_until(lambda: all(s.recording for s in rig.streams()), "recording to go on")
    rig.ingest.close()
    rig.bus.close()
    for camera in ("a", "b"):
        files = sorted((rig.media / camera).rglob("*.mp4"))
        numbers = [n for path in files for n in numbers_in(path)]
        assert len(numbers) > 50
        assert numbers == [i % 100 for i in range(len(numbers))], "nothing was lost meanwhile"

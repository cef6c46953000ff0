"""The vision process over the real bus: looks, tracks, unknown frames, restarts."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from its_camera_ai.bus.local import LocalBus, ZmqTracksReceiver
from its_camera_ai.bus.messages import RoleStatus, TracksMessage
from its_camera_ai.core.camera_url import CameraUrl
from its_camera_ai.core.cameras import Camera
from its_camera_ai.core.detections import Detections
from its_camera_ai.core.media import Packet, StreamInfo, StreamRole
from its_camera_ai.core.time import SystemClock
from its_camera_ai.core.tracks import Unknown
from its_camera_ai.roles.road_watch import LandmarkShelf
from its_camera_ai.roles.vision import Vision
from its_camera_ai.store.disk import RealDisk
from its_camera_ai.vision.detector import ModelInfo
from tests.recorder.support import packets
from tests.support.clips import ClipSpec
from tests.support.one_model import OneModel
from tests.support.waiting import wait_until

CAMERA = Camera("cam", CameraUrl.parse("rtsp://192.0.2.1/main"), detect_fps=25)
BARE = RoleStatus("vision", 0, 1, 0, 0, ready=True)


class OneBox:
    """A model that always sees one car, or fails."""

    info = ModelInfo("one-box", "test", "Apache-2.0", (320, 240), ())
    areas = None

    def __init__(self) -> None:
        self.fails = False
        self.opened: list[str] = []
        self.before: Callable[[], object] = lambda: None

    def open(self, camera_id: str) -> "OneBox":
        self.opened.append(camera_id)
        return self

    def detect(self, frame_bgr: np.ndarray, pts_ns: int) -> Detections:
        self.before()
        if self.fails:
            raise RuntimeError("the network broke")
        assert frame_bgr.shape == (240, 320, 3)
        return Detections.of([[100, 100, 160, 160]], [0.9])

    def close(self) -> None:
        """Nothing to free."""


class Rig:
    """A vision process in this process, and a camera that plays a clip now."""

    def __init__(self, folder: Path, **options: float) -> None:
        self.bus = LocalBus(folder)
        self.publisher = self.bus.packet_publisher()
        self.receiver: ZmqTracksReceiver = self.bus.tracks_receiver()
        self.model = OneBox()
        self.begun: list[str] = []
        self.vision = Vision(
            self.bus,
            OneModel(self.model),
            detector_threads=2,
            next_track_id=self._begun,
            clock=SystemClock(),
            landmarks=LandmarkShelf(RealDisk(), folder / "landmarks"),
            **options,
        )
        self._clip = packets(ClipSpec(frames=75, gop=25))
        self._seq = 0

    def _begun(self, camera_id: str) -> int:
        self.begun.append(camera_id)
        return 100

    def play(self, *, generation: int = 1, lose: int = 0) -> None:
        """Publish the next second of the clip, dated now."""
        self._seq += lose
        info: StreamInfo = replace(self._clip[0].info, generation=generation)
        now_ns = time.time_ns()
        for i, old in enumerate(self._clip[:25]):
            self._seq += 1
            at_ns = now_ns + i * 1_000_000
            packet = Packet(info, old.kind, self._seq, at_ns, at_ns, 1, 0, old.is_key, old.data)
            self.publisher.publish(packet)

    def told(self) -> list[TracksMessage]:
        """Play a second and take all that is told about it."""
        self.play()
        messages = []
        while (message := self.receiver.receive(0.2)) is not None:
            messages.append(message)
        return messages

    def until(self, unknown: Unknown | None) -> TracksMessage:
        """Play on until a frame with this reason (or None) is told; the last such frame."""

        def heard() -> list[TracksMessage]:
            return [m for m in self.told() if m.unknown == unknown]

        return wait_until(heard, f"a frame with unknown={unknown}")[-1]

    def close(self) -> None:
        self.vision.close()
        self.bus.close()


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path / "r")
    yield rig
    rig.close()


def test_tracks_are_told_with_the_picture_s_own_time(rig: Rig) -> None:
    rig.vision.want([CAMERA])
    message = rig.until(None)
    tracks = message.tracks()
    assert message.camera_id == "cam"
    assert tracks.size_wh == (320, 240)
    assert tracks.track_id.tolist() == [100]
    assert abs(tracks.wall_ns - time.time_ns()) < 20_000_000_000
    status = rig.vision.status(BARE).vision[0]
    assert status.looks >= 1
    assert status.frames >= status.looks
    assert status.model == "one-box"
    assert {"decode", "motion", "detect", "track"} <= set(rig.vision.status(BARE).busy_s)


def test_a_detector_that_fails_makes_unknown_frames_not_empty_ones(rig: Rig) -> None:
    rig.vision.want([CAMERA])
    rig.until(None)
    rig.model.fails = True
    message = rig.until(Unknown.DETECTOR_DOWN)
    assert len(message.tracks()) == 1, "the track lives on as a prediction"
    assert not message.tracks().observed.any()
    rig.model.fails = False
    assert rig.until(None).tracks().track_id.tolist() == [100], "and is the same afterwards"


def test_lost_packets_are_told(rig: Rig) -> None:
    rig.vision.want([CAMERA])
    rig.until(None)
    rig.play(lose=7)
    rig.until(Unknown.PACKET_LOSS)
    assert rig.vision.status(BARE).vision[0].packets_lost >= 7


def test_a_hung_detector_stops_the_heartbeat(tmp_path: Path) -> None:
    rig = Rig(tmp_path / "r", hung_after_s=0.05)
    held = threading.Event()
    rig.model.before = held.wait
    rig.vision.want([CAMERA])
    rig.play()

    def hangs() -> str:
        rig.play()
        try:
            rig.vision.status(BARE)
        except RuntimeError as error:
            return str(error)
        return ""

    assert "has not come back" in wait_until(hangs, "the status to fail")
    held.set()
    wait_until(lambda: not hangs(), "the call to come back")
    rig.close()


def test_only_what_changed_is_restarted(rig: Rig) -> None:
    other = replace(CAMERA, id="other")
    rig.vision.want([CAMERA, other])
    rig.vision.want([replace(CAMERA, name="another name"), replace(other, detect_fps=2)])
    assert rig.begun == ["cam", "other", "other"]
    rig.vision.want([replace(CAMERA, enabled=False)])
    assert rig.vision.status(BARE).vision == []


def test_a_sub_stream_is_looked_at_instead_of_the_main_one(rig: Rig) -> None:
    with_sub = replace(CAMERA, sub=CameraUrl.parse("rtsp://192.0.2.1/sub"))
    assert with_sub.detect_role is StreamRole.SUB
    rig.vision.want([with_sub])
    for _ in range(5):
        assert rig.told() == [], "the main stream is not decoded"

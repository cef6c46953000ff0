"""The ingest process: what changed is restarted, nothing else; what is there is recorded."""

import random
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from its_camera_ai.bus.local import LocalBus
from its_camera_ai.bus.messages import CameraState, RoleStatus, StreamStatus
from its_camera_ai.core.camera_url import CameraUrl
from its_camera_ai.core.cameras import Camera
from its_camera_ai.core.errors import DatabaseUnavailable
from its_camera_ai.core.media import StreamRole
from its_camera_ai.core.recording import RecordingMode, RecordingPlan
from its_camera_ai.core.scene import Line, Scene
from its_camera_ai.core.time import SystemClock
from its_camera_ai.recorder.volumes.volume_identity import FOLDER
from its_camera_ai.roles.ingest import Ingest
from its_camera_ai.store.database import open_database
from its_camera_ai.store.migration import migrate
from its_camera_ai.store.segments import SegmentRepository
from tests.recorder.support import recording_storage
from tests.support.clips import ClipSpec, make_clip, numbers_in
from tests.support.waiting import wait_until

BARE = RoleStatus("ingest", 0, 1, 0, 0, ready=True)


class Rig:
    """An ingest process in this process, on files that play in a loop."""

    def __init__(self, folder: Path) -> None:
        self.media = folder / "media"
        self.bus = LocalBus(folder / "r")
        self.database = open_database(f"sqlite:///{folder / 'db.sqlite'}")
        migrate(self.database)
        self.database_is_away = False
        self.ingest = Ingest(
            publisher=self.bus.packet_publisher(),
            segments=self._segments,
            storage=recording_storage(folder, self._segments),
            segment_s=2,
            clock=SystemClock(),
            rng=random.Random(5),
        )
        self.clip = make_clip(ClipSpec(frames=100, gop=25))

    def _segments(self) -> SegmentRepository:
        if self.database_is_away:
            raise DatabaseUnavailable("locked; wait")
        return SegmentRepository(self.database)

    def camera(self, camera_id: str, **changes: object) -> Camera:
        made = Camera(camera_id, CameraUrl.parse(str(self.clip)), loop=True)
        return replace(made, **changes)  # type: ignore[arg-type]  # real fields

    def stream(self, camera_id: str) -> StreamStatus | None:
        streams = self.ingest.status(BARE).streams
        return next((s for s in streams if s.camera_id == camera_id), None)

    def online(self, camera_id: str) -> StreamStatus:
        def status() -> StreamStatus | None:
            found = self.stream(camera_id)
            ready = found and found.state is CameraState.ONLINE and found.recorded_packets > 0
            return found if ready else None

        found = wait_until(status, f"{camera_id} to be recorded")
        assert found is not None
        return found

    def close(self) -> None:
        self.ingest.close()
        self.bus.close()
        self.database.close()


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    rig.close()


def test_only_the_changed_camera_is_restarted(rig: Rig) -> None:
    rig.ingest.want([rig.camera("a"), rig.camera("b")])
    a, b = rig.online("a"), rig.online("b")
    scene = Scene((Line("gate", ((0.1, 0.5), (0.9, 0.5))),))
    rig.ingest.want([rig.camera("a", scene=scene, name="new"), rig.camera("b", paced=False)])
    assert rig.online("a").packets >= a.packets, "lines do not touch the capture"
    assert rig.online("a").generation == a.generation
    assert rig.online("b").generation != b.generation


def test_a_new_recording_plan_restarts_nothing(rig: Rig) -> None:
    rig.ingest.want([rig.camera("a")])
    before = rig.online("a")
    assert (before.recording_mode, before.recording_cause) == ("continuous", "continuous")
    rig.ingest.want([rig.camera("a", recording=RecordingPlan(RecordingMode.OFF))])
    wait_until(lambda: (s := rig.stream("a")) and s.skipped_packets > 10, "packets to be skipped")
    after = rig.stream("a")
    assert after is not None
    assert after.generation == before.generation
    assert (after.recording, after.recording_mode, after.recording_cause) == (False, "off", "")
    assert after.unrecorded_packets == 0


def test_a_camera_that_is_switched_off_ends_with_whole_files(rig: Rig) -> None:
    rig.ingest.want([rig.camera("a")])
    rig.online("a")
    rig.ingest.want([rig.camera("a", enabled=False)])
    assert rig.stream("a") is None
    assert not list(rig.media.rglob("*.part"))
    files = sorted((rig.media / "a").rglob("*.mp4"))
    numbers = [n for path in files for n in numbers_in(path)]
    assert numbers == [i % 100 for i in range(len(numbers))]


def test_a_camera_that_is_not_to_be_recorded_leaves_nothing(rig: Rig) -> None:
    rig.ingest.want([rig.camera("a", record=False)])
    wait_until(lambda: (s := rig.stream("a")) and s.packets > 30, "packets")
    assert [found.name for found in rig.media.iterdir()] == [FOLDER], "the volume's own mark"


def test_a_database_that_is_away_at_the_start_stops_nothing(rig: Rig) -> None:
    rig.database_is_away = True
    rig.ingest.want([rig.camera("a")])
    rig.online("a")
    wait_until(lambda: rig.ingest.status(BARE).counters["index_rows_waiting"] > 0, "a row to wait")
    rig.database_is_away = False
    repository = SegmentRepository(rig.database)
    wait_until(lambda: repository.find("a", StreamRole.MAIN, 0, 2**62, 10), "the row to be written")

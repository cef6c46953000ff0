"""One camera's eye, fed with packets by hand, with a board that has no threads."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from msgspec import structs

from its_camera_ai.bus.messages import ActivityMessage, TracksMessage
from its_camera_ai.core.camera_url import CameraUrl
from its_camera_ai.core.cameras import Camera
from its_camera_ai.core.media import Packet, StreamInfo, StreamRole
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.core.tracks import Unknown
from its_camera_ai.ops.stage_times import StageTimes
from its_camera_ai.roles.eye import Eye
from its_camera_ai.roles.road_watch import LandmarkShelf, RoadWatch
from its_camera_ai.sim.clock import SimulatedClock
from its_camera_ai.store.disk import RealDisk
from its_camera_ai.tracking.tracker import Tracker
from its_camera_ai.video.decoder import Frame
from its_camera_ai.video.demux import Demuxer
from its_camera_ai.video.stamps import with_stamps
from its_camera_ai.vision.detector import DetectorModel
from its_camera_ai.vision.look_batch import Look, LookResult, run_looks
from its_camera_ai.vision.model_source import LookOutcome
from tests.support.fake_networks import AreaNetwork
from tests.support.moving_box import picture, write_video

SIZE_WH = (640, 360)
FPS = 25
PARKED = (500, 300)
CAMERA = Camera("cam", CameraUrl.parse("rtsp://192.0.2.1/main"), detect_fps=25)


class Subscriber:
    """Nothing comes by itself; only its count of losses is asked."""

    lost = 0


class Board:
    """Looks at every fifth picture at once, in the thread that offers it."""

    def __init__(self) -> None:
        self.looks: list[tuple[Look, LookResult]] = []
        self.reason: Unknown | None = None
        self.withdrawn = 0
        self.held: list[Look] | None = None
        self._offers = 0
        self.eye: Eye

    def offer(self, camera_id: str, frame: Frame, *, motion: bool) -> None:
        self._offers += 1
        if self._offers % 5 != 1:
            return
        try:
            look = self.eye.prepare(frame)
        except RuntimeError:
            self.eye.fail(frame)
            return
        if self.held is not None:
            self.held.append(look)
            return
        self.finish(look)

    def finish(self, look: Look) -> bool:
        result = run_looks([look], lambda: 0.0)[0]
        self.looks.append((look, result))
        return self.eye.take(look, result)

    def withdraw(self, camera_id: str) -> None:
        self.withdrawn += 1

    def unknown(self, camera_id: str) -> Unknown | None:
        reason, self.reason = self.reason, None
        return reason

    def told(self, camera_id: str) -> None: ...

    def granted(self, camera_id: str) -> float:
        return 5.0


class Source:
    """A model source that the test changes."""

    def __init__(self, model: DetectorModel) -> None:
        self.model = model
        self.outcomes: list[LookOutcome] = []
        self.broken = False

    def model_of(self, camera_id: str) -> DetectorModel:
        if self.broken:
            raise RuntimeError("no model can be had")
        return self.model

    def looked(self, outcome: LookOutcome) -> None:
        self.outcomes.append(outcome)

    def close(self) -> None: ...


@pytest.fixture(scope="module")
def coded(tmp_path_factory: pytest.TempPathFactory) -> list[Packet]:
    """A parked box, and from the second second on one that crosses the upper half."""
    pictures = [
        picture(SIZE_WH, [PARKED, *([(8 * (i - 25) - 40, 100)] if i >= 25 else [])])
        for i in range(75)
    ]
    path = write_video(tmp_path_factory.mktemp("eye") / "clip.mp4", pictures, fps=FPS)
    with Demuxer(CameraUrl.parse(str(path))) as demuxer:
        info = StreamInfo("cam", StreamRole.MAIN, 1, demuxer.video, None)
        raws = list(with_stamps(demuxer.packets()))
    return [
        Packet(info, r.kind, i, r.pts_ns or 0, r.dts_ns or 0, r.duration_ns, 0, r.is_key, r.data)
        for i, r in enumerate(raws)
    ]


class Rig:
    """One eye; a picture is there as soon as it was taken."""

    def __init__(self, coded: Sequence[Packet]) -> None:
        self._coded = coded
        self.clock = SimulatedClock()
        self.network = AreaNetwork([[*PARKED, PARKED[0] + 40, PARKED[1] + 30]])
        self.source = Source(self.network)
        self.subscriber = Subscriber()
        self.told: list[TracksMessage] = []
        self.activity: list[ActivityMessage] = []
        self.board = Board()
        self.eye = Eye(
            CAMERA,
            self.subscriber,  # type: ignore[arg-type]  # as much of it as is used
            self.source,
            Tracker(),
            self.board,  # type: ignore[arg-type]  # a board without threads
            lambda message: self.told.append(message) or True,
            StageTimes(),
            clock=self.clock,
            activity=self.activity.append,
            road=RoadWatch(CAMERA.id, CAMERA.scene, LandmarkShelf(RealDisk(), Path("none"))),
        )
        self.board.eye = self.eye

    def play(self, first: int, last: int, *, late_s: float = 0.0, generation: int = 1) -> None:
        """Pictures of the clip at 25 per second."""
        for packet in self._coded[first:last]:
            self.clock.advance(1 / FPS)
            wall_ns = int(self.clock.wall_ns()) - round(late_s * NS_PER_S)
            info = replace(packet.info, generation=generation)
            offset_ns = wall_ns - packet.pts_ns
            self.eye.feed(structs.replace(packet, info=info, wall_offset_ns=offset_ns))

    def areas(self) -> list[list[tuple[int, int, int, int]]]:
        """Of each look so far."""
        return [[a.area for a in look.plan.areas] for look, _ in self.board.looks]


@pytest.fixture
def rig(coded: list[Packet]) -> Rig:
    return Rig(coded)


def boxes(message: TracksMessage) -> list[list[int]]:
    return np.round(message.tracks().xyxy).astype(int).tolist()


def test_looks_follow_what_moves_and_the_parked_one_is_not_forgotten(rig: Rig) -> None:
    rig.play(0, 75)
    whole = (0, 0, *SIZE_WH)
    looks = rig.areas()
    assert looks[0] == [whole], "at first"
    parts = [areas for areas in looks if whole not in areas]
    assert len(parts) >= 6
    assert parts[0][0][3] > PARKED[1], "seen once, looked at again"
    assert all(bottom < PARKED[1] for areas in parts[1:] for _, _, _, bottom in areas)
    assert [m.unknown for m in rig.told] == [None] * len(rig.told)
    parked = [[500, 300, 540, 330]]
    assert all(boxes(message) == parked for message in rig.told)
    assert len({int(m.tracks().track_id[0]) for m in rig.told}) == 1
    seen = [bool(m.tracks().observed[0]) for m in rig.told]
    not_looked_at = parts[1:]
    assert seen == [areas not in not_looked_at for areas in looks], "else it is a prediction"
    status = rig.eye.status()
    assert (status.looks, status.looks_full) == (len(looks), len(looks) - len(parts))
    assert status.areas == sum(len(areas) for areas in looks)
    assert status.frames == 75
    assert status.motion_frames > 30


def test_a_new_model_is_opened_and_looks_at_the_whole_frame_first(rig: Rig) -> None:
    rig.play(0, 50)
    assert not rig.board.looks[-1][0].plan.is_full
    rig.source.model = AreaNetwork(name="challenger")
    rig.play(50, 60)
    look = rig.board.looks[-2][0]
    assert look.plan.is_full
    assert look.model is rig.source.model
    assert rig.source.model.opened == ["cam"]
    assert rig.eye.status().model == "challenger"
    assert [o.model.info.name for o in rig.source.outcomes][-3:] == [
        "area-network",
        "challenger",
        "challenger",
    ]


def test_a_look_that_failed_is_unknown_and_made_up_for(rig: Rig) -> None:
    rig.play(0, 50)
    rig.network.fails = True
    rig.play(50, 55)
    assert rig.told[-1].unknown is Unknown.DETECTOR_DOWN
    assert boxes(rig.told[-1]) == [[500, 300, 540, 330]]
    assert rig.source.outcomes[-1].found is None
    rig.network.fails = False
    rig.play(55, 60)
    assert rig.told[-1].unknown is None
    assert rig.board.looks[-1][0].plan.is_full


def test_without_a_model_pictures_are_unknown(rig: Rig) -> None:
    rig.play(0, 5)
    rig.source.broken = True
    rig.play(5, 10)
    assert rig.told[-1].unknown is Unknown.DETECTOR_DOWN


def test_late_pictures_are_only_decoded_and_counted(rig: Rig) -> None:
    rig.play(0, 10, late_s=3)
    assert rig.board.looks == []
    status = rig.eye.status()
    assert (status.frames, status.frames_unprocessed) == (10, 10)
    rig.play(10, 20)
    assert rig.eye.status().frames_unprocessed == 10
    assert len(rig.board.looks) == 2


def test_a_new_generation_ends_what_was_followed(rig: Rig) -> None:
    rig.play(0, 10)
    rig.play(0, 10, generation=2)
    assert rig.board.withdrawn == 2
    ids = [int(m.tracks().track_id[0]) for m in rig.told]
    assert len(set(ids)) == 2
    assert [m.generation for m in rig.told] == [1, 1, 2, 2]
    assert rig.board.looks[2][0].plan.is_full


def test_a_look_from_before_the_stream_began_anew_is_not_mixed_in(rig: Rig) -> None:
    rig.board.held = []
    rig.play(0, 5)
    held, rig.board.held = rig.board.held, None
    rig.play(0, 5, generation=2)
    told = len(rig.told)
    assert not rig.board.finish(held[0])
    assert len(rig.told) == told
    assert len(rig.source.outcomes) == 2, "the model is judged by it all the same"


def test_what_the_board_can_not_look_at_is_told_as_unknown(rig: Rig) -> None:
    rig.play(0, 6)
    rig.board.reason = Unknown.OVERLOAD
    rig.play(6, 7)
    assert rig.told[-1].unknown is Unknown.OVERLOAD
    assert rig.eye.status().unknown == 1
    assert rig.told[-1].looks_per_s == 5.0


def test_lost_packets_are_told_and_demand_a_whole_frame(rig: Rig) -> None:
    rig.play(0, 50)
    rig.subscriber.lost = 3
    rig.play(50, 51)
    assert rig.told[-2].unknown is Unknown.PACKET_LOSS
    assert rig.board.looks[-1][0].plan.is_full


def test_each_second_is_told_with_what_moved_and_what_was_seen(rig: Rig) -> None:
    rig.play(0, 75)
    rig.play(0, 75, generation=2)
    told = [message.second for message in rig.activity]
    assert [m.camera_id for m in rig.activity] == ["cam"] * len(told)
    seconds = [s.second_ns // NS_PER_S for s in told]
    assert seconds == list(range(seconds[0], seconds[0] + len(seconds)))
    assert len(told) >= 4
    assert [s.moving for s in told[:3]] == [False, True, True]
    assert all(s.objects is not None for s in told)
    assert told[0].objects == {"car": 1}, "the parked one"
    assert sum(s.frames for s in told) >= 4 * FPS - 2


def test_a_second_in_which_no_look_succeeded_is_not_an_empty_one(rig: Rig) -> None:
    rig.source.broken = True
    rig.play(0, 75)
    rig.play(0, 30, generation=2)
    assert rig.activity
    assert all(m.second.objects is None and m.second.active is None for m in rig.activity)


def test_late_pictures_say_nothing_of_their_second(rig: Rig) -> None:
    rig.play(0, 75, late_s=3.0)
    assert rig.activity == []

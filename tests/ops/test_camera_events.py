"""Camera events: each change once, nothing for a blink."""

from its_camera_ai.bus.messages import CameraState, RoleStatus, StreamStatus, VisionStatus
from its_camera_ai.core.events import EventKind
from its_camera_ai.core.media import StreamRole
from its_camera_ai.core.picture_faults import PictureFault
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.ops.camera_events import CameraEvents


class Story:
    """Heartbeats, a second apart."""

    def __init__(self) -> None:
        self.events = CameraEvents(lambda wall_ns: f"id-{wall_ns}")
        self.now_s, self.state, self.since_s = 0, CameraState.CONNECTING, 0

    def beat(self, state: CameraState, seconds: int = 1, **facts: object) -> list[EventKind]:
        kinds = []
        for _ in range(seconds):
            self.now_s += 1
            if state is not self.state:
                self.state, self.since_s = state, self.now_s
            stream = StreamStatus(
                "cam",
                StreamRole.MAIN,
                state,
                self.since_s * NS_PER_S,
                **facts,  # type: ignore[arg-type]
            )
            status = RoleStatus("ingest", 0, 1, self.now_s * NS_PER_S, 0, True, streams=[stream])
            kinds += [e.kind for e in self.events.on_status(status)]
        return kinds


def test_connected_lost_and_back_each_once() -> None:
    story = Story()
    assert story.beat(CameraState.CONNECTING, 2) == []
    assert story.beat(CameraState.ONLINE, 5) == [EventKind.CAMERA_CONNECTED]
    assert story.beat(CameraState.RETRYING, 30, error="gone") == [EventKind.CAMERA_LOST]
    assert story.beat(CameraState.ONLINE, 5) == [EventKind.CAMERA_CONNECTED]


def test_a_blink_is_no_news() -> None:
    story = Story()
    story.beat(CameraState.ONLINE, 3)
    assert story.beat(CameraState.RETRYING, 2) == []
    assert story.beat(CameraState.ONLINE, 3) == []


def test_a_camera_that_was_never_there_is_lost_once() -> None:
    story = Story()
    assert story.beat(CameraState.REFUSED, 30, error="401") == [EventKind.CAMERA_LOST]


def test_recording_that_fails_and_resumes() -> None:
    story = Story()
    story.beat(CameraState.ONLINE, 2, recording=True)
    failing = story.beat(CameraState.ONLINE, 5, recording=False, recording_problem="disk full")
    assert failing == [EventKind.RECORDING_FAILED]
    assert story.beat(CameraState.ONLINE, 3, recording=True) == [EventKind.RECORDING_RESUMED]


def test_another_resolution_is_told() -> None:
    story = Story()
    story.beat(CameraState.ONLINE, 2, generation=1, codec="h264", width=640)
    changed = story.beat(CameraState.ONLINE, 3, generation=2, codec="h264", width=1280)
    assert changed == [EventKind.STREAM_CHANGED]


def test_faults_of_the_picture_begin_and_end_once() -> None:
    events = CameraEvents(lambda wall_ns: f"id-{wall_ns}")

    def beat(*faults: PictureFault, known: bool = True) -> list[tuple[EventKind, object]]:
        vision = VisionStatus("cam", "model", faults=list(faults) if known else None)
        status = RoleStatus("vision", 0, 1, 0, 0, True, vision=[vision])
        return [(e.kind, e.detail["fault"]) for e in events.on_status(status)]

    began, ended = EventKind.PICTURE_FAULT_BEGAN, EventKind.PICTURE_FAULT_ENDED
    assert beat(known=False) == []
    assert beat() == []
    assert beat(PictureFault.BLURRED) == [(began, "blurred")]
    assert beat(PictureFault.BLURRED) == []
    assert beat(known=False) == []  # a restarted process does not know; nothing has ended
    assert beat(PictureFault.MOVED) == [(began, "moved"), (ended, "blurred")]
    assert beat() == [(ended, "moved")]

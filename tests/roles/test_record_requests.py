"""Events pass on; those that a plan wants are asked for, and what was judged is told."""

from collections.abc import Sequence

import pytest

from its_camera_ai.bus.messages import IngestMessage, JudgedMessage, RecordRequest
from its_camera_ai.core.camera_url import CameraUrl
from its_camera_ai.core.cameras import Camera
from its_camera_ai.core.events import Event, EventKind
from its_camera_ai.core.recording import RecordingMode, RecordingPlan
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.roles.record_requests import RecordRequests


class Ends:
    """Where events and messages go."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.sent: list[IngestMessage] = []

    def put(self, events: Sequence[Event]) -> None:
        self.events += events

    def send(self, message: IngestMessage) -> bool:
        self.sent.append(message)
        return True

    def close(self) -> None: ...


def camera(name: str, plan: RecordingPlan, **changes: bool) -> Camera:
    return Camera(name, CameraUrl.parse("/a"), recording=plan, **changes)


def event(kind: EventKind, camera_id: str = "gate", **detail: object) -> Event:
    return Event("1", kind, camera_id, 0, 7 * NS_PER_S, None, detail)


@pytest.fixture
def ends() -> Ends:
    return Ends()


@pytest.mark.parametrize(
    ("plan", "happened", "asked"),
    [
        pytest.param({}, event(EventKind.ZONE_LEFT), True, id="every kind"),
        pytest.param(
            {"events": ("line_crossed",)}, event(EventKind.LINE_CROSSED), True, id="a wanted kind"
        ),
        pytest.param(
            {"events": ("line_crossed",)}, event(EventKind.ZONE_LEFT), False, id="another kind"
        ),
        pytest.param(
            {"lines": ("in",)}, event(EventKind.LINE_CROSSED, line="in"), True, id="the line"
        ),
        pytest.param(
            {"lines": ("in",)}, event(EventKind.LINE_CROSSED, line="out"), False, id="another line"
        ),
        pytest.param(
            {"lines": ("in",), "zones": ("yard",)},
            event(EventKind.ZONE_ENTERED, zone="yard"),
            True,
            id="the zone",
        ),
        pytest.param({}, event(EventKind.ZONE_LEFT, "other"), False, id="another camera"),
    ],
)
def test_what_is_asked_for(
    ends: Ends, plan: dict[str, tuple[str, ...]], happened: Event, asked: bool
) -> None:
    requests = RecordRequests(ends, ends)
    requests.want([camera("gate", RecordingPlan(RecordingMode.EVENTS, **plan))])
    requests.put([happened])
    assert ends.events == [happened], "whatever is recorded, the event is stored"
    request = RecordRequest("gate", 7 * NS_PER_S, 7 * NS_PER_S, str(happened.kind))
    assert ends.sent == ([request] if asked else [])


def test_only_of_cameras_that_may_record_on_events(ends: Ends) -> None:
    requests = RecordRequests(ends, ends)
    events = RecordingPlan(RecordingMode.EVENTS)
    requests.want(
        [
            camera("gate", RecordingPlan(RecordingMode.MOTION)),
            camera("away", events, enabled=False),
            camera("unrecorded", events, record=False),
        ]
    )
    for name in ("gate", "away", "unrecorded"):
        requests.put([event(EventKind.ZONE_LEFT, name)])
        requests.judged(name, NS_PER_S)
    assert ends.sent == []


def test_what_was_judged_is_told_once_a_second(ends: Ends) -> None:
    requests = RecordRequests(ends, ends)
    requests.want([camera("gate", RecordingPlan(RecordingMode.EVENTS))])
    for tenth in range(20, 41):
        requests.judged("gate", tenth * NS_PER_S // 10)
    assert ends.sent == [JudgedMessage("gate", s * NS_PER_S) for s in (2, 3, 4)]

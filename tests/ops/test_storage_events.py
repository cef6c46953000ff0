"""Events about the disk: each change once, and no flood while room is made for days."""

import msgspec
import pytest

from its_camera_ai.bus.messages import RoleStatus, StorageStatus
from its_camera_ai.core.events import Event, EventKind
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.ops.storage_events import StorageEvents

LOW, WELL, GONE = EventKind.STORAGE_LOW, EventKind.STORAGE_RECOVERED, EventKind.STORAGE_EVICTED
START_S = 1_700_000_000


class Story:
    """Heartbeats of ingest."""

    def __init__(self) -> None:
        self.events = StorageEvents(lambda wall_ns: f"id-{wall_ns}")
        self.now_s, self.run = START_S, 1
        self.storage = StorageStatus(total_bytes=100, free_bytes=50)

    def beat(self, seconds: int = 1, **facts: object) -> list[Event]:
        self.storage = msgspec.structs.replace(self.storage, **facts)
        found: list[Event] = []
        for _ in range(seconds):
            self.now_s += 1
            now_ns = self.now_s * NS_PER_S
            status = RoleStatus("ingest", 0, 1, now_ns, self.run, True, storage=self.storage)
            found += self.events.on_status(status)
        return found


def kinds(events: list[Event]) -> list[EventKind]:
    return [event.kind for event in events]


def test_nothing_new_is_nothing_told() -> None:
    story = Story()
    assert story.beat(5) == []
    server = RoleStatus("server", 0, 1, 5, 0, True)
    assert story.events.on_status(server) == []


@pytest.mark.parametrize(
    ("levels", "told"),
    [
        pytest.param([70, 85, 95], [(LOW, "P4"), (LOW, "P2"), (LOW, "P1")], id="step by step"),
        pytest.param([95], [(LOW, "P1")], id="at once"),
        pytest.param([95, 85, 0], [(LOW, "P1"), (WELL, None), (WELL, None)], id="and back"),
        pytest.param([85, 85, 85], [(LOW, "P2")], id="once"),
    ],
)
def test_levels(levels: list[int], told: list[tuple[EventKind, str | None]]) -> None:
    story = Story()
    events = [event for level in levels for event in story.beat(3, level=level)]
    assert [(event.kind, event.detail.get("priority")) for event in events] == told
    assert {event.camera_id for event in events} == {""}
    assert all(event.detail["total_bytes"] == 100 for event in events)


def test_the_policy_that_will_not_be_kept() -> None:
    story = Story()
    facts = {"is_short": True, "keeps_days": 12.34, "policy_days": 30.0, "full_in_s": 7200.0}
    (event,) = story.beat(5, **facts)
    assert event.kind is LOW
    assert event.detail == {
        "reason": "policy",
        "keeps_days": 12.3,
        "policy_days": 30.0,
        "full_in_h": 2.0,
        "priority": "P3",
    }
    assert kinds(story.beat(5, is_short=False, keeps_days=31.0)) == [WELL]


def test_nothing_left_to_remove() -> None:
    story = Story()
    (event,) = story.beat(3, protected_only=True, problem="everything is held")
    assert (event.kind, event.detail["error"]) == (LOW, "everything is held")
    assert event.detail["priority"] == "P1"
    assert kinds(story.beat(3, protected_only=False)) == [WELL]


def test_room_that_is_made_is_told_at_once_and_then_each_hour() -> None:
    story = Story()
    (first,) = story.beat(2, evicted_files=3, evicted_bytes=300, evicted_newest_wall_ns=10**18)
    assert first.kind is GONE
    assert (first.detail["files"], first.detail["bytes"]) == (3, 300)
    assert first.detail["until"] == "2001-09-09T01:46:40.000Z"
    later = []
    for minute in range(60):
        later += story.beat(60, evicted_files=4 + minute, evicted_bytes=400 + 100 * minute)
    (second,) = later
    assert 57 <= second.detail["files"] <= 60  # type: ignore[operator]
    story.beat(7200)
    total = story.storage.evicted_files
    assert story.beat(3) == []
    story.run = 2  # ingest began anew and counts from 0
    (again,) = story.beat(3, evicted_files=2, evicted_bytes=200)
    assert again.detail["files"] == 2
    assert total == 63


def test_events_have_ids_of_their_time() -> None:
    story = Story()
    (event,) = story.beat(1, level=70)
    assert event.id == f"id-{event.wall_ns}"

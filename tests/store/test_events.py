import base64

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.events import Event, EventKind
from its_camera_ai.core.time import WallTime
from its_camera_ai.store.database import Database
from its_camera_ai.store.events import EventRepository, OutboxRepository


class StoppedClock:
    def wall_ns(self) -> WallTime:
        return WallTime(77)

    def monotonic_ns(self) -> int:
        return 0


@pytest.fixture
def repository(database: Database) -> EventRepository:
    return EventRepository(database, StoppedClock())


@pytest.fixture
def outbox(database: Database) -> OutboxRepository:
    return OutboxRepository(database)


def crossing(
    number: int, *, line: str = "gate", way: str = "in", class_name: str = "car", wall_ns: int = 0
) -> Event:
    return Event(
        id=f"e{number:04}",
        kind=EventKind.LINE_CROSSED,
        camera_id="north",
        pts_ns=number,
        wall_ns=wall_ns or number,
        track_id=number,
        detail={"line": line, "direction": way, "class": class_name, "xyxy": [0.5, 1, 2, 3]},
    )


def zone(number: int, kind: EventKind, class_name: str = "person") -> Event:
    detail: dict[str, object] = {"zone": "plaza", "class": class_name, "dwell_s": 4.25}
    return Event(f"z{number:04}", kind, "north", number, number, number, detail)


def test_an_event_comes_back_as_it_was(repository: EventRepository) -> None:
    event = Event(
        "e1", EventKind.STREAM_CHANGED, "north", -5, 2**62, None, {"ü": [1, 2.5, None, True, {}]}
    )
    repository.append([event])
    assert repository.find().items == [event]


def test_a_number_that_is_not_finite_becomes_null(repository: EventRepository) -> None:
    repository.append(
        [Event("e1", EventKind.ZONE_LEFT, "n", 0, 0, None, {"dwell_s": float("nan")})]
    )
    assert repository.find().items[0].detail == {"dwell_s": None}


def test_appending_again_changes_nothing_and_tells_nothing(
    repository: EventRepository, outbox: OutboxRepository
) -> None:
    repository.append([crossing(1), crossing(1), crossing(2)])
    outbox.delivered([item.seq for item in outbox.pending(10)], 80)
    outbox.prune(100)
    repository.append([crossing(1, line="other"), crossing(2), crossing(3)])
    assert [item.event_id for item in outbox.pending(10)] == ["e0003"]
    assert repository.find().items == [crossing(3), crossing(2), crossing(1)]


def test_a_hundred_events_cost_one_commit(database: Database, repository: EventRepository) -> None:
    commits = []
    sa.event.listen(database._durable, "commit", commits.append)
    repository.append([crossing(i) for i in range(100)])
    assert len(commits) == 1


def test_nothing_to_append_takes_no_transaction(
    database: Database, repository: EventRepository
) -> None:
    begun = []
    sa.event.listen(database._durable, "begin", begun.append)
    repository.append([])
    assert begun == []


def test_an_event_that_can_not_be_stored_takes_its_batch_with_it(
    repository: EventRepository, outbox: OutboxRepository
) -> None:
    bad = Event("bad", EventKind.ZONE_LEFT, "north", 0, 0, None, {"x": object()})
    with pytest.raises((TypeError, sa.exc.StatementError)):
        repository.append([crossing(1), bad])
    assert repository.find().items == []
    assert outbox.pending(10) == []


@pytest.mark.parametrize(
    ("search", "numbers"),
    [
        pytest.param({}, [6, 5, 4, 3, 2, 1], id="all, newest first"),
        pytest.param({"camera_id": "south"}, [6, 5], id="by camera"),
        pytest.param({"kinds": [EventKind.CAMERA_LOST]}, [4], id="by kind"),
        pytest.param({"kinds": []}, [], id="no kind at all"),
        pytest.param(
            {"kinds": [EventKind.CAMERA_LOST, EventKind.ZONE_LEFT], "camera_id": "north"},
            [4, 3],
            id="by camera and kinds",
        ),
        pytest.param({"since_wall_ns": 30}, [6, 5, 4, 3], id="since is within"),
        pytest.param({"until_wall_ns": 30}, [2, 1], id="until is not"),
        pytest.param({"until_wall_ns": 10**30}, [6, 5, 4, 3, 2, 1], id="until far off"),
        pytest.param({"since_wall_ns": 10**30}, [], id="since far off"),
        pytest.param({"since_wall_ns": 20, "until_wall_ns": 40, "limit": 1}, [3], id="limited"),
    ],
)
def test_find(repository: EventRepository, search: dict[str, object], numbers: list[int]) -> None:
    kinds = [EventKind.LINE_CROSSED] * 2 + [EventKind.ZONE_LEFT, EventKind.CAMERA_LOST]
    for n, kind in enumerate([*kinds, EventKind.LINE_CROSSED, EventKind.LINE_CROSSED], 1):
        repository.append([Event(str(n), kind, "south" if n > 4 else "north", n, n * 10)])
    page = repository.find(**search)  # type: ignore[arg-type] - a table of keyword arguments
    assert [int(event.id) for event in page.items] == numbers


@given(
    times=st.lists(st.integers(0, 5), max_size=25),
    limit=st.integers(1, 7),
    arriving=st.booleans(),
)
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_pages_show_every_event_once(
    database: Database, times: list[int], limit: int, arriving: bool
) -> None:
    with database.write(False) as connection:
        connection.execute(sa.text("DELETE FROM outbox"))
        connection.execute(sa.text("DELETE FROM events"))
    repository = EventRepository(database)
    repository.append([crossing(i, wall_ns=1 + t) for i, t in enumerate(times)])
    seen: list[Event] = []
    cursor: str | None = None
    while True:
        page = repository.find(limit=limit, cursor=cursor)
        seen += page.items
        if arriving:  # newer than all: must not disturb the pages
            repository.append([crossing(1000 + len(seen), wall_ns=100)])
        cursor = page.next_cursor
        if cursor is None:
            break
    wanted = sorted(((1 + t, f"e{i:04}") for i, t in enumerate(times)), reverse=True)
    assert [(event.wall_ns, event.id) for event in seen] == wanted


@pytest.mark.parametrize(
    "cursor",
    [
        pytest.param("", id="empty"),
        pytest.param("***", id="not base64"),
        pytest.param("ä", id="not ASCII"),
        pytest.param(base64.urlsafe_b64encode(b"[1]").decode(), id="too short"),
        pytest.param(base64.urlsafe_b64encode(b'["1","a"]').decode(), id="wrong types"),
        pytest.param(base64.urlsafe_b64encode(b"\xff\xfe").decode(), id="no JSON"),
    ],
)
def test_a_bad_cursor_is_refused(repository: EventRepository, cursor: str) -> None:
    with pytest.raises(ConfigInvalid, match="cursor"):
        repository.find(cursor=cursor)


def test_a_cursor_beyond_all_times_is_harmless(repository: EventRepository) -> None:
    repository.append([crossing(1)])
    far = base64.urlsafe_b64encode(b'[99999999999999999999,"a"]').decode()
    assert repository.find(cursor=far).items == [crossing(1)]


@pytest.mark.parametrize("limit", [0, -1, 1001])
def test_a_bad_limit_is_refused(repository: EventRepository, limit: int) -> None:
    with pytest.raises(ConfigInvalid, match="1 to 1000"):
        repository.find(limit=limit)


def test_counts_are_restored_from_the_events(repository: EventRepository) -> None:
    repository.append(
        [
            crossing(1),
            crossing(10),
            crossing(11, class_name="truck"),
            crossing(12, way="out"),
            crossing(13, line="exit", way="out"),
            zone(14, EventKind.ZONE_ENTERED),
            zone(15, EventKind.ZONE_ENTERED),
            zone(16, EventKind.ZONE_LEFT, "car"),
            Event("x1", EventKind.LINE_CROSSED, "south", 17, 17, 1, {"line": "gate"}),
            Event("x2", EventKind.LINE_CROSSED, "north", 18, 18, 1, {"line": "gate"}),
            Event("x3", EventKind.CAMERA_LOST, "north", 19, 19),
        ]
    )
    assert repository.line_counts("north", 10) == {
        "lines": {
            "gate": {"in": {"total": 2, "car": 1, "truck": 1}, "out": {"total": 1, "car": 1}},
            "exit": {"in": {"total": 0}, "out": {"total": 1, "car": 1}},
        },
        "zones": {"plaza": {"entered": {"total": 2, "person": 2}, "left": {"total": 1, "car": 1}}},
    }
    assert repository.line_counts("nowhere", 0) == {"lines": {}, "zones": {}}


def test_the_outbox_gives_the_oldest_first_until_it_is_marked(
    repository: EventRepository, outbox: OutboxRepository
) -> None:
    repository.append([crossing(1)])
    repository.append([zone(2, EventKind.ZONE_LEFT), crossing(3)])
    first, second = outbox.pending(2)
    assert (first.seq, first.topic, first.created_ns) == (1, "event.line_crossed", 77)
    assert first.payload == {
        "id": "e0001",
        "kind": "line_crossed",
        "camera_id": "north",
        "time": "1970-01-01T00:00:00.000Z",
        "wall_ns": "1",
        "pts_ns": "1",
        "track_id": 1,
        "detail": {"line": "gate", "direction": "in", "class": "car", "xyxy": [0.5, 1, 2, 3]},
    }
    assert second.topic == "event.zone_left"
    outbox.delivered([first.seq], 90)
    outbox.delivered([], 90)
    assert [item.seq for item in outbox.pending(10)] == [2, 3]


def test_a_mark_stays_and_pruning_takes_only_what_was_delivered_before(
    repository: EventRepository, outbox: OutboxRepository
) -> None:
    repository.append([crossing(i) for i in range(1, 5)])
    outbox.delivered([1, 2], 50)
    outbox.delivered([2, 3], 60)
    assert outbox.prune(60) == 2
    assert outbox.prune(61) == 1
    assert [item.seq for item in outbox.pending(10)] == [4]
    assert len(repository.find().items) == 4


def test_numbers_of_pruned_messages_are_not_given_again(
    repository: EventRepository, outbox: OutboxRepository
) -> None:
    repository.append([crossing(1)])
    outbox.delivered([1], 50)
    outbox.prune(100)
    repository.append([crossing(2)])
    assert [item.seq for item in outbox.pending(10)] == [2]


def test_many_marks_in_one_call(repository: EventRepository, outbox: OutboxRepository) -> None:
    repository.append([crossing(i) for i in range(1, 1202)])
    outbox.delivered(range(1, 1201), 50)
    assert [item.seq for item in outbox.pending(10)] == [1201]

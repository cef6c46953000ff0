"""Old events lose what could point at somebody and keep what counts need; alerts go."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from its_camera_ai.core.events import Event, EventKind
from its_camera_ai.core.retention import NS_PER_DAY, Action, RetentionOrder, Tally
from its_camera_ai.core.retention_matrix import DataClass, EndOfLife, RetentionRule
from its_camera_ai.core.storage_policy import StoragePolicy
from its_camera_ai.store import event_retention
from its_camera_ai.store.database import Database
from its_camera_ai.store.event_retention import (
    ANONYMOUS_KEYS,
    HOUR_NS,
    EventKeeper,
    anonymous_detail,
)
from its_camera_ai.store.events import EventRepository, OutboxRepository
from its_camera_ai.store.schema import event_totals, events, outbox

NOW_NS = 1_800_000_000_000_000_000
METADATA, ALERTS = DataClass.DETECTION_METADATA, DataClass.ALERTS


def crossing(number: int, days_old: float) -> Event:
    wall_ns = NOW_NS - round(days_old * NS_PER_DAY)
    detail: dict[str, object] = {
        "line": "gate",
        "direction": "in",
        "class": "car",
        "xyxy": [1, 2, 3, 4],
        "plate": "CANARY",
        "score": 0.9,
    }
    return Event(f"e{number}", EventKind.LINE_CROSSED, "north", 5, wall_ns, 7000 + number, detail)


def alert(number: int, days_old: float) -> Event:
    wall_ns = NOW_NS - round(days_old * NS_PER_DAY)
    return Event(f"a{number}", EventKind.CAMERA_LOST, "south", 5, wall_ns)


def work(database: Database, policy: StoragePolicy, *, dry_run: bool = False) -> Tally:
    tally = Tally()
    EventKeeper(database).work(RetentionOrder(policy, NOW_NS, dry_run), tally)
    return tally


@pytest.fixture
def repository(database: Database) -> EventRepository:
    made = EventRepository(database)
    made.append([crossing(1, 400), crossing(2, 366), crossing(3, 364), alert(1, 731), alert(2, 1)])
    return made


def test_events_of_lines_are_anonymised_and_still_counted(
    repository: EventRepository, database: Database
) -> None:
    before = repository.line_counts("north", 0)
    tally = work(database, StoragePolicy())
    assert repository.line_counts("north", 0) == before
    assert tally.figures() == {"detection_metadata_anonymised": 2, "alerts_deleted": 1}
    found = {event.id: event for event in repository.find().items}
    assert set(found) == {"e1", "e2", "e3", "a2"}
    assert found["e3"] == crossing(3, 364)
    for old in (found["e1"], found["e2"]):
        assert old.track_id is None
        assert old.detail == {"line": "gate", "direction": "in", "class": "car"}
        assert old.wall_ns in (crossing(1, 400).wall_ns, crossing(2, 366).wall_ns)


def test_nothing_personal_is_left_anywhere_in_the_database(
    repository: EventRepository, database: Database
) -> None:
    work(database, StoragePolicy({METADATA: RetentionRule(1, then=EndOfLife.ANONYMISE)}))
    with database.read() as connection:
        for table in (events, outbox):
            rows = connection.execute(table.select()).all()
            assert rows
            assert "CANARY" not in str(rows)
            assert "700" not in str(rows)


def test_the_outbox_is_treated_like_its_events(
    repository: EventRepository, database: Database
) -> None:
    work(database, StoragePolicy())
    told = {item.event_id: item.payload for item in OutboxRepository(database).pending(10)}
    assert set(told) == {"e1", "e2", "e3", "a2"}
    assert told["e1"]["track_id"] is None
    assert told["e1"]["detail"] == {"line": "gate", "direction": "in", "class": "car"}
    assert told["e3"]["track_id"] == 7003


def test_metadata_may_be_deleted_instead(repository: EventRepository, database: Database) -> None:
    tally = work(database, StoragePolicy({METADATA: RetentionRule(365)}))
    assert {event.id for event in repository.find().items} == {"e3", "a2"}
    assert tally.figures() == {"detection_metadata_deleted": 2, "alerts_deleted": 1}
    assert {item.event_id for item in OutboxRepository(database).pending(10)} == {"e3", "a2"}


def test_aggregated_events_are_still_counted(
    repository: EventRepository, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_retention, "BATCH_ROWS", 4)
    repository.append([crossing(number, 400 + number / 24) for number in range(20, 40)])
    before = repository.line_counts("north", 0)
    policy = StoragePolicy({METADATA: RetentionRule(365, then=EndOfLife.AGGREGATE)})
    assert work(database, policy).figures()["detection_metadata_aggregated"] == 22
    assert repository.line_counts("north", 0) == before
    assert before["lines"]["gate"]["in"] == {"total": 23, "car": 23}
    assert {event.id for event in repository.find().items} == {"e3", "a2"}
    with database.read() as connection:
        assert "CANARY" not in str(connection.execute(event_totals.select()).all())
    hour_ns = crossing(0, 401).wall_ns // HOUR_NS * HOUR_NS
    since = repository.line_counts("north", hour_ns)["lines"]["gate"]["in"]["total"]
    assert since == len([n for n in range(20, 40) if 400 + n / 24 <= 401]) + 3
    assert work(database, policy).amounts == {}


@pytest.mark.parametrize("then", [EndOfLife.ANONYMISE, EndOfLife.DELETE, EndOfLife.AGGREGATE])
def test_a_dry_run_counts_what_a_run_does_and_a_second_run_does_nothing(
    repository: EventRepository,
    database: Database,
    then: EndOfLife,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(event_retention, "BATCH_ROWS", 2)
    repository.append([crossing(number, 400 + number) for number in range(10, 17)])
    policy = StoragePolicy({METADATA: RetentionRule(365, then=then)})
    before = repository.find(limit=100).items
    dry = work(database, policy, dry_run=True)
    assert repository.find(limit=100).items == before
    assert work(database, policy).amounts == dry.amounts
    assert dry.total(Action.ANONYMISED, Action.AGGREGATED, Action.DELETED).count == 10
    assert work(database, policy).amounts == {}


def test_what_is_kept_for_ever_stays(repository: EventRepository, database: Database) -> None:
    rules = {METADATA: RetentionRule(None), ALERTS: RetentionRule(None)}
    assert work(database, StoragePolicy(rules)).amounts == {}


@given(
    st.dictionaries(st.text(max_size=9) | st.sampled_from(sorted(ANONYMOUS_KEYS)), st.integers())
)
def test_only_the_named_keys_survive(detail: dict[str, int]) -> None:
    less = anonymous_detail(detail)
    assert set(less) == set(detail) & ANONYMOUS_KEYS
    assert all(detail[key] == value for key, value in less.items())

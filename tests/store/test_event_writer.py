"""Events on their way: in batches, in order, once, through a database that comes and goes."""

from collections.abc import Sequence

import pytest

from its_camera_ai.core.errors import DatabaseUnavailable
from its_camera_ai.core.events import Event, EventKind
from its_camera_ai.store import event_writer
from its_camera_ai.store.event_writer import EventWriter
from tests.support.waiting import wait_until


class Twin:
    """A repository that can be away."""

    def __init__(self) -> None:
        self.batches: list[list[str]] = []
        self.away = False

    def append(self, events: Sequence[Event]) -> None:
        if self.away:
            raise DatabaseUnavailable("locked; wait")
        self.batches.append([e.id for e in events])

    @property
    def ids(self) -> list[str]:
        return [i for batch in self.batches for i in batch]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_writer, "RETRY_S", 0.01)


def events(count: int, start: int = 0) -> list[Event]:
    return [Event(str(i), EventKind.LINE_CROSSED, "cam", i, i) for i in range(start, start + count)]


def test_in_order_and_in_few_commits() -> None:
    twin = Twin()
    writer = EventWriter(twin)  # type: ignore[arg-type]
    for event in events(200):
        writer.put([event])
    writer.close()
    assert twin.ids == [str(i) for i in range(200)]
    assert len(twin.batches) < 50
    assert writer.written == 200


def test_a_database_that_is_away_costs_nothing() -> None:
    twin = Twin()
    twin.away = True
    writer = EventWriter(twin)  # type: ignore[arg-type]
    writer.put(events(5))
    writer.put(events(5, 5))
    wait_until(lambda: writer.waiting >= 5, "the rest to wait")
    twin.away = False
    wait_until(lambda: writer.written == 10, "all to be written")
    writer.close()
    assert twin.ids == [str(i) for i in range(10)]


def test_the_queue_is_bounded_and_says_what_it_gave_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_writer, "WAITING_MAX", 10)
    twin = Twin()
    twin.away = True
    writer = EventWriter(twin)  # type: ignore[arg-type]
    writer.put(events(1))
    wait_until(lambda: writer.waiting == 0, "the first batch to be taken")
    writer.put(events(30, 1))
    assert writer.waiting == 10
    assert writer.given_up == 20
    twin.away = False
    writer.close()
    assert twin.ids == ["0", *(str(i) for i in range(21, 31))]


def test_close_does_not_wait_for_ever() -> None:
    twin = Twin()
    twin.away = True
    writer = EventWriter(twin)  # type: ignore[arg-type]
    writer.put(events(3))
    writer.close(timeout_s=2.0)
    assert not writer.alive

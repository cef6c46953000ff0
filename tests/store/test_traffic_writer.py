"""Rows, incidents and trajectories on their way: each in order, none held up by the others."""

from collections.abc import Iterator, Sequence

import numpy as np
import pytest

from its_camera_ai.core.errors import DatabaseUnavailable
from its_camera_ai.core.incidents import Incident, IncidentKind, IncidentStep, Severity
from its_camera_ai.core.intervals import IntervalRow, Place, PlaceKind, Tally
from its_camera_ai.core.road_users import Trajectory, VehicleFacts
from its_camera_ai.store import traffic_writer
from its_camera_ai.store.traffic_writer import TrafficWriter
from tests.support.waiting import wait_until

ROW = IntervalRow("cam", Place(PlaceKind.LANE, "east"), 0, 60, Tally(), writer="w")
INCIDENT = Incident(
    "i", IncidentKind.DEBRIS, Severity.LOW, "cam", "", IncidentStep.OPENED, 0, 0, 0, "A box."
)
PATH = Trajectory(
    "cam", 1, VehicleFacts("car", 1.0), np.zeros(1, np.int64), np.zeros((1, 2)), np.zeros(1)
)


class Twin:
    """All three repositories; each can be away."""

    def __init__(self) -> None:
        self.away: set[str] = set()
        self.rows: list[IntervalRow] = []
        self.incidents: list[Incident] = []
        self.trajectories: list[Trajectory] = []

    def of(self, kind: str) -> "Part":
        return Part(self, kind)


class Part:
    def __init__(self, twin: Twin, kind: str) -> None:
        self._twin, self._kind = twin, kind

    def add(self, items: Sequence[object]) -> None:
        if self._kind in self._twin.away:
            raise DatabaseUnavailable("locked; wait")
        getattr(self._twin, self._kind).extend(items)

    put = add


@pytest.fixture
def twin() -> Twin:
    return Twin()


@pytest.fixture
def writer(twin: Twin, monkeypatch: pytest.MonkeyPatch) -> Iterator[TrafficWriter]:
    monkeypatch.setattr(traffic_writer, "RETRY_S", 0.01)
    monkeypatch.setattr(traffic_writer, "ROWS_GATHER_S", 0.01)
    monkeypatch.setattr(traffic_writer, "ROWS_MAX", 5)
    made = TrafficWriter(twin.of("rows"), twin.of("incidents"), twin.of("trajectories"))  # type: ignore[arg-type]
    yield made
    made.close(0.5)


def test_all_three_arrive(writer: TrafficWriter, twin: Twin) -> None:
    writer.rows([ROW, ROW])
    writer.incidents([INCIDENT])
    writer.trajectories([PATH])
    writer.close()
    assert (twin.rows, twin.incidents, twin.trajectories) == ([ROW, ROW], [INCIDENT], [PATH])
    assert writer.written == {"rows": 2, "incidents": 1, "trajectories": 1}
    assert writer.given_up == {"rows": 0, "incidents": 0, "trajectories": 0}
    assert not writer.alive


def test_an_incident_does_not_wait_for_rows(writer: TrafficWriter, twin: Twin) -> None:
    twin.away = {"rows"}
    writer.rows([ROW])
    writer.incidents([INCIDENT])
    wait_until(lambda: twin.incidents == [INCIDENT], "the incident to be written")
    assert twin.rows == []
    twin.away = set()
    wait_until(lambda: twin.rows == [ROW], "the row to be written")


def test_what_waits_is_bounded_and_counted(writer: TrafficWriter, twin: Twin) -> None:
    twin.away = {"rows"}
    writer.rows([ROW])
    wait_until(lambda: writer.waiting == 0, "the first to be tried")
    writer.rows([ROW] * 8)
    assert writer.waiting == 5
    assert writer.given_up == {"rows": 3, "incidents": 0, "trajectories": 0}
    assert writer.alive
    twin.away = set()
    wait_until(lambda: len(twin.rows) == 6, "the rest to be written")

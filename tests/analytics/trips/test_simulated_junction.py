"""Tracker, counting, road users and trips together on a simulated junction; the figures over longer
times are those of ``bench.counting_effectiveness`` and ``bench.frame_drops``."""

from functools import cache

import pytest

from bench.counting_effectiveness import (
    VIEWPOINTS,
    Outcome,
    Sight,
    Street,
    record,
    scored,
    trips_of,
)
from bench.frame_drops import counted, places
from bench.frame_drops import record as drive
from its_camera_ai.analytics.trips.od_matrix import od_matrix
from its_camera_ai.core.road import Direction, LineSide

SEED = 2


@cache
def street() -> Street:
    return record(SEED, 60.0, VIEWPOINTS["in line"])


@cache
def outcome() -> Outcome:
    return trips_of(street(), Sight(), SEED)


def test_movements_are_counted_as_they_were() -> None:
    score = scored(street(), outcome())
    assert score.effectiveness.vehicles >= 10
    assert score.effectiveness.share >= 0.9


@pytest.mark.parametrize("direction", list(Direction))
@pytest.mark.parametrize("line", ["south", "east", "north", "west"])
def test_the_matrix_adds_up_to_the_line_counts(line: str, direction: Direction) -> None:
    matrix = od_matrix((told.trip for told in outcome().told), street().scene)
    total = outcome().counts.lines[line].of(direction).total
    assert matrix.crossings(LineSide(line, direction)) == total


def test_trips_are_told_in_time_for_the_interval_tables() -> None:
    """15 s after the vehicle left, but for those that were never seen to leave."""
    late = [t.told_wall_ns - t.trip.left_wall_ns for t in outcome().told if t.trip.exit]
    assert late
    assert max(late) <= 15e9


def test_counts_with_four_fifths_of_the_frames_lost() -> None:
    layout, lines = places()["motorway"]
    road = drive(layout, lines, SEED, 24.0)
    whole, sparse = counted(road, 0.0, SEED), counted(road, 0.8, SEED)
    assert whole.total() >= 20
    assert abs(whole.total() - road.truth.total()) <= 1
    assert abs(sparse.total() - whole.total()) <= 1

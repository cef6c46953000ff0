"""The challenge's whole score on cases small enough to work out by hand."""

import pytest

from its_camera_ai.core.road import Direction, LineSide
from its_camera_ai.core.road_users import Trip, VehicleFacts
from its_camera_ai.evaluation.count import Passage
from its_camera_ai.evaluation.counting_score import (
    Told,
    counting_score,
    efficiency,
    movements_told,
)

S = 1_000_000_000
BEGIN_NS = 1_700_000_000 * S


def told(
    movement: str = "north-T", label: str = "car", left_s: float = 20.0, after_s: float = 3.0
) -> Told:
    left_ns = BEGIN_NS + round(left_s * S)
    ends = (LineSide("north", Direction.IN), LineSide("south", Direction.OUT))
    trip = Trip("cam", 1, VehicleFacts(label, 1.0), *ends, BEGIN_NS, left_ns, movement)
    return Told(trip, left_ns + round(after_s * S))


@pytest.mark.parametrize(
    ("run_s", "video_s", "factor", "expected"),
    [
        (0.0, 100.0, 1.0, 1.0),
        (55.0, 100.0, 1.0, 0.5),
        (55.0, 100.0, 1.5, 0.25),
        (110.0, 100.0, 1.0, 0.0),
        (300.0, 100.0, 1.0, 0.0),
    ],
    ids=["at once", "half", "quicker machine", "just too slow", "far too slow"],
)
def test_efficiency(run_s: float, video_s: float, factor: float, expected: float) -> None:
    assert efficiency(run_s, video_s, factor) == pytest.approx(expected, abs=1e-12)


def test_score_weighs_effectiveness_and_efficiency() -> None:
    """Two segments, weights 1/3 and 2/3; one of two missing from the first: wRMSE 1, so 1/2."""
    truth = [Passage("north-T", "", "car", 1.0), Passage("north-T", "", "car", 2.0)]
    score = counting_score(truth[:1], truth, video_s=10.0, run_s=2.2, segments=2)
    assert score.effectiveness.share == pytest.approx(0.5, abs=1e-12)
    assert score.efficiency == pytest.approx(0.8, abs=1e-12)
    assert score.s1 == pytest.approx(0.7 * 0.5 + 0.3 * 0.8, abs=1e-12)


def test_perfect_and_at_once_is_one() -> None:
    truth = [Passage("a", "", "truck", 5.0)]
    assert counting_score(truth, truth, video_s=60.0, run_s=0.0).s1 == pytest.approx(1.0)


def test_a_trip_is_a_passage_of_its_movement_when_it_left() -> None:
    assert movements_told([told()], BEGIN_NS) == [Passage("north-T", "", "car", 20.0)]


@pytest.mark.parametrize(
    ("trip", "counted"),
    [
        (told(), ["car"]),
        (told(label="bus"), ["car"]),
        (told(label="truck"), ["truck"]),
        (told(label="person"), []),
        (told(label="motorcycle"), []),
        (told(movement=""), []),
        (told(after_s=15.0), ["car"]),
        (told(after_s=15.1), []),
    ],
    ids=["car", "bus", "truck", "person", "motorcycle", "unnamed", "just in time", "too late"],
)
def test_what_the_challenge_counts(trip: Told, counted: list[str]) -> None:
    assert [p.label for p in movements_told([trip], BEGIN_NS)] == counted

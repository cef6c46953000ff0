"""Counting scores on cases small enough to work out by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from its_camera_ai.evaluation.count import LineScore, Passage, effectiveness, line_scores


def cars(*times_s: float, line: str = "a", label: str = "car") -> list[Passage]:
    return [Passage(line, "in", label, t) for t in times_s]


def test_lines_and_directions_are_counted_apart() -> None:
    ours = [*cars(1, 2), Passage("a", "out", "car", 3)]
    truth = [*cars(1), Passage("b", "in", "bus", 3)]
    scores = line_scores(["a", "b"], ours, truth)
    assert [(s.line, s.direction, s.ours, s.truth, s.off_by) for s in scores] == [
        ("a", "in", 2, 1, 1),
        ("a", "out", 1, 0, 1),
        ("b", "in", 0, 1, 1),
    ]


@pytest.mark.parametrize(
    ("ours", "truth", "holds"),
    [
        (0, 0, True),
        (19, 19, True),
        (18, 19, False),
        (19, 20, True),
        (18, 20, False),
        (38, 40, True),
        (43, 40, False),
    ],
)
def test_exact_below_twenty_and_within_five_percent_above(
    ours: int, truth: int, holds: bool
) -> None:
    assert LineScore("a", "in", ours, truth).holds is holds


def test_effectiveness_of_a_late_count() -> None:
    """Four segments of 10 s; weights 0.1, 0.2, 0.3, 0.4. Truth 1, 2, 2, 2; ours 0, 1, 2, 2."""
    score = effectiveness(cars(15, 25), cars(5, 15), duration_s=40, segments=4)
    assert score.share == pytest.approx(1 - (0.1 + 0.2) ** 0.5 / 2)
    assert (score.vehicles, score.unasked) == (2, 0)


def test_effectiveness_weighs_movements_by_their_vehicles() -> None:
    """Three cars all right, one truck missing: wRMSE 1 of 1 from the first segment on."""
    truth = [*cars(1, 2, 3), *cars(0, label="truck")]
    score = effectiveness(cars(1, 2, 3), truth, duration_s=40, segments=4)
    assert score.share == pytest.approx(3 / 4)


def test_effectiveness_never_falls_below_zero() -> None:
    score = effectiveness(cars(1, 1, 1, 1), cars(1), duration_s=10, segments=2)
    assert score.share == 0


def test_counts_of_a_movement_without_truth_are_told() -> None:
    score = effectiveness([*cars(1), *cars(1, label="bus")], cars(1), duration_s=10)
    assert (score.share, score.unasked) == (1, 1)


def test_a_crossing_decided_after_the_end_counts() -> None:
    assert effectiveness(cars(10.5), cars(9.9), duration_s=10).share == 1


@given(st.lists(st.floats(0, 99), max_size=12), st.lists(st.floats(0, 99), max_size=12))
def test_effectiveness_is_a_share_and_one_for_equal_counts(
    ours: list[float], truth: list[float]
) -> None:
    assert 0 <= effectiveness(cars(*ours), cars(*truth), 100).share <= 1
    assert effectiveness(cars(*truth), cars(*truth), 100).share == pytest.approx(1)

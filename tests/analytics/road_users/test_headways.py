"""Headways and gaps."""

import pytest

from its_camera_ai.analytics.road_users.headways import Headways, Passing
from its_camera_ai.core.road import Direction

IN, OUT = Direction.IN, Direction.OUT
S = 1_000_000_000


def at(s: float, front_s: float | None = None, clear_s: float | None = None) -> Passing:
    return Passing(round(s * S), None if front_s is None else round(front_s * S), clear_s)


def test_between_fronts_and_from_the_rear() -> None:
    headways = Headways()
    assert headways.add("a", IN, "l", at(10.0, 9.8, 0.4)) == (None, None)
    headway_s, gap_s = headways.add("a", IN, "l", at(12.5, 12.0))
    assert headway_s == pytest.approx(2.2)
    assert gap_s == pytest.approx(1.8)


@pytest.mark.parametrize(
    ("line", "direction", "lane"),
    [("b", IN, "l"), ("a", OUT, "l"), ("a", IN, "m")],
    ids=["other line", "other way", "other lane"],
)
def test_only_behind_one_in_the_same_stream(line: str, direction: Direction, lane: str) -> None:
    headways = Headways()
    headways.add("a", IN, "l", at(10))
    assert headways.add(line, direction, lane, at(12)) == (None, None)


def test_where_a_front_is_unknown_the_same_point_of_both_boxes_serves() -> None:
    headways = Headways()
    headways.add("a", IN, "", at(10.0, 9.0, 0.4))
    headway_s, gap_s = headways.add("a", IN, "", at(12.5))
    assert headway_s == pytest.approx(2.5)
    assert gap_s is None


def test_late_decisions_are_put_in_order() -> None:
    headways = Headways()
    headways.add("a", IN, "", at(10))
    assert headways.add("a", IN, "", at(14))[0] == pytest.approx(4)
    assert headways.add("a", IN, "", at(12))[0] == pytest.approx(2)
    assert headways.add("a", IN, "", at(15))[0] == pytest.approx(1)


def test_nothing_is_measured_across_a_time_when_nobody_looked() -> None:
    headways = Headways()
    headways.add("a", IN, "", at(10))
    headways.blind(11 * S, 13 * S)
    assert headways.add("a", IN, "", at(14)) == (None, None)
    assert headways.add("a", IN, "", at(15))[0] == pytest.approx(1)


def test_side_by_side_is_not_behind() -> None:
    headways = Headways()
    headways.add("a", IN, "", at(10.0, 10.0, 0.5))
    assert headways.add("a", IN, "", at(10.2, 9.9)) == (None, None)
    headways.add("b", IN, "", at(10.0, 10.0, 0.5))
    headway_s, gap_s = headways.add("b", IN, "", at(10.2, 10.2))
    assert headway_s == pytest.approx(0.2)
    assert gap_s is None


def test_another_stretch_begins_afresh() -> None:
    headways = Headways()
    headways.add("a", IN, "", at(10))
    headways.forget()
    assert headways.add("a", IN, "", at(11)) == (None, None)

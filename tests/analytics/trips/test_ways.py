"""The rules of entry, exit and further ways, side by side."""

import pytest

from its_camera_ai.analytics.trips.ways import Ways
from its_camera_ai.core.scene import Line, Scene
from tests.analytics.trips.junction import JUNCTION, side


@pytest.mark.parametrize(
    ("texts", "cuts"),
    [
        ([], []),
        (["north:in", "south:out"], []),
        (["north:in", "south:out", "south:in", "east:out"], [2]),
        (["north:in", "south:out", "south:in", "south:out", "east:in", "west:out"], [4]),
        (["north:in", "north:out", "north:in", "west:out"], []),
        (["south:out", "north:in", "west:out"], []),
        (["north:in", "west:out", "east:in", "north:in", "south:out"], [3]),
    ],
    ids=["none", "one way", "two", "fro between", "fro before", "half before", "in twice"],
)
def test_where_further_ways_begin(texts: list[str], cuts: list[int]) -> None:
    assert Ways(JUNCTION).cuts([side(text) for text in texts]) == cuts


@pytest.mark.parametrize(
    ("texts", "index"),
    [
        (["north:in"], 0),
        (["north:in", "south:out"], 2),
        (["north:in", "south:out", "south:in"], 2),
        (["south:out", "south:in", "south:in"], 1),
    ],
    ids=["only begun", "complete", "begun again", "begun twice"],
)
def test_where_an_unfinished_way_begins(texts: list[str], index: int) -> None:
    assert Ways(JUNCTION).open_from([side(text) for text in texts]) == index


@pytest.mark.parametrize("lines", [0, 1, 2], ids=str)
def test_sides_without_movements(lines: int) -> None:
    ways = Ways(Scene(tuple(Line(f"l{k}", ((0, 0), (1, 1))) for k in range(lines))))
    assert len(ways.entries) == len(ways.exits) == (4 if lines == 2 else 0)


def test_sides_of_movements_stand_in_the_order_of_the_scene() -> None:
    ways = Ways(JUNCTION)
    assert [str(s) for s in ways.entries] == ["north:in", "east:in", "south:in", "west:in"]
    assert ways.movement(side("north:in"), side("south:out")) == "north-T"
    assert ways.movement(side("north:in"), None) == ""

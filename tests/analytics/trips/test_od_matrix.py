"""The matrix adds up to the line counts, minus what is named beside it."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from its_camera_ai.analytics.trips.od_matrix import OdMatrix, od_matrix
from its_camera_ai.analytics.trips.trip_book import TripBook
from its_camera_ai.core.road import Direction, LineSide
from its_camera_ai.core.road_users import Trip
from its_camera_ai.core.scene import Line, Scene
from tests.analytics.trips.junction import ARMS, CAR, JUNCTION, TRUCK, WALL_NS, S, passage, side

PLAIN = Scene(JUNCTION.lines)


def trips_of(ways: list[list[str]], scene: Scene) -> list[Trip]:
    """Seconds apart; some of each trip are told before the end."""
    book, told = TripBook("cam", scene), []
    for track_id, way in enumerate(ways):
        for k, text in enumerate(way):
            book.passage(passage(text, k, track_id))
            if (track_id + k) % 4 == 3:
                told += book.due(WALL_NS + 3600 * S, lambda i: TRUCK if i % 2 else CAR)
    for i in range(len(ways)):
        told += book.ended(i, TRUCK if i % 2 else CAR, WALL_NS)
    return told


def table(matrix: OdMatrix) -> dict[tuple[str, str], int]:
    return {
        (str(entry), str(leave)): matrix.of(entry, leave)
        for entry in matrix.entries
        for leave in matrix.exits
        if matrix.of(entry, leave)
    }


def test_pairs_movements_and_what_has_no_place() -> None:
    ways = [
        ["north:in", "south:out"],
        ["north:in", "south:out"],
        ["east:in", "north:out"],
        ["north:in", "north:out"],
        ["west:in"],
        ["south:out"],
    ]
    matrix = od_matrix(trips_of(ways, JUNCTION), JUNCTION)
    assert table(matrix) == {
        ("north:in", "south:out"): 2,
        ("north:in", "north:out"): 1,
        ("east:in", "north:out"): 1,
    }
    assert matrix.movements["north-T"] == {"car": 1, "truck": 1}
    assert matrix.movements["west-L"] == {}
    assert len(matrix.movements) == 12
    assert (matrix.unnamed, matrix.unassigned) == (1, 2)
    assert matrix.entered_only == {side("west:in"): 1}
    assert matrix.left_only == {side("south:out"): 1}


def test_nobody_makes_a_matrix_of_zeros() -> None:
    matrix = od_matrix([], JUNCTION)
    assert matrix.counts.shape == (4, 4)
    assert not matrix.counts.any()
    assert matrix.movements.keys() == {m.id for m in JUNCTION.movements}


def test_sides_that_left_the_scene_are_kept() -> None:
    (trip,) = trips_of([["north:in", "south:out"]], JUNCTION)
    smaller = Scene((Line("a", ((0, 0), (1, 1))), Line("b", ((0, 1), (1, 0)))))
    matrix = od_matrix([trip], smaller)
    assert table(matrix) == {("north:in", "south:out"): 1}


def test_unknown_sides_have_no_trips() -> None:
    matrix = od_matrix([], JUNCTION)
    assert matrix.of(side("nowhere:in"), side("north:out")) == 0
    assert matrix.crossings(side("nowhere:in")) == 0


crossing = st.builds(LineSide, st.sampled_from(ARMS), st.sampled_from(Direction)).map(str)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(crossing, max_size=6), max_size=12), st.sampled_from([JUNCTION, PLAIN]))
def test_crossings_of_every_side_are_its_row_its_column_and_the_rest(
    ways: list[list[str]], scene: Scene
) -> None:
    matrix = od_matrix(trips_of(ways, scene), scene)
    counted = Counter(text for way in ways for text in way)
    for text in {str(s) for s in (*matrix.entries, *matrix.exits)}:
        assert matrix.crossings(side(text)) == counted[text], text
    if matrix.by_class:
        assert np.array_equal(sum(matrix.by_class.values()), matrix.counts)
    named = sum(counts.total() for counts in matrix.movements.values())
    assert named + matrix.unnamed == matrix.counts.sum()


@pytest.mark.parametrize("text", [str(m.entry) for m in JUNCTION.movements[::3]])
def test_row_sums_are_the_entry_totals_less_the_unassigned(text: str) -> None:
    rng = np.random.default_rng(3)
    ways = [
        [f"{ARMS[a]}:in", f"{ARMS[b]}:out"][: 1 if lost else 2]
        for a, b, lost in zip(
            rng.integers(0, 4, 200), rng.integers(0, 4, 200), rng.random(200) < 0.1, strict=True
        )
    ]
    matrix = od_matrix(trips_of(ways, JUNCTION), JUNCTION)
    total = sum(way[0] == text for way in ways)
    row = matrix.counts[matrix.entries.index(side(text))].sum()
    assert matrix.entered_only[side(text)] > 0
    assert row == total - matrix.entered_only[side(text)]

"""Plane geometry against hand values and invariants."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from its_camera_ai.core.geometry import (
    box_iou,
    is_simple_polygon,
    line_side,
    points_in_polygon,
    polygon_area,
    segments_touch,
)

SQUARE = np.array([[0, 0], [4, 0], [4, 4], [0, 4]], float)
coordinate = st.floats(-1000, 1000, allow_nan=False)
point = st.tuples(coordinate, coordinate).map(lambda p: np.array(p, float))


def test_side_is_the_formula_of_the_scene_file() -> None:
    start, end = np.array([150.0, 430.0]), np.array([1150.0, 430.0])
    below_then_above = line_side(np.array([[600.0, 431.0], [600.0, 429.0]]), start, end)
    assert below_then_above.tolist() == [1000.0, -1000.0]


@given(point, point, point)
def test_turning_the_line_round_changes_the_sign(p, a, b) -> None:  # type: ignore[no-untyped-def]
    forth, back = line_side(p[None], a, b)[0], line_side(p[None], b, a)[0]
    assert forth == pytest.approx(-back, abs=1e-6)


@pytest.mark.parametrize(
    ("xy", "inside"),
    [
        pytest.param((2, 2), True, id="middle"),
        pytest.param((5, 2), False, id="right of it"),
        pytest.param((2, -0.1), False, id="above"),
        pytest.param((0, 2), True, id="on the left edge"),
        pytest.param((4, 2), False, id="on the right edge: it belongs to the neighbour"),
    ],
)
def test_point_in_polygon(xy: tuple[float, float], inside: bool) -> None:
    assert bool(points_in_polygon(np.array([xy], float), SQUARE)[0]) is inside


@given(point)
def test_neighbours_never_both_hold_a_point(p) -> None:  # type: ignore[no-untyped-def]
    right = SQUARE + np.array([4, 0])
    held = points_in_polygon(p[None], SQUARE)[0] + points_in_polygon(p[None], right)[0]
    assert held <= 1


@pytest.mark.parametrize(
    ("corners", "simple"),
    [
        pytest.param([[0, 0], [4, 0], [4, 4], [0, 4]], True, id="square"),
        pytest.param([[0, 0], [4, 4], [4, 0], [0, 4]], False, id="bow tie"),
        pytest.param([[0, 0], [4, 0], [8, 0]], False, id="no area"),
        pytest.param([[0, 0], [4, 0], [4, 0], [0, 4]], False, id="corner twice"),
        pytest.param([[0, 0], [4, 0], [4, 4], [2, 0], [0, 4]], False, id="touches an edge"),
        pytest.param([[0, 0], [4, 0]], False, id="two corners"),
    ],
)
def test_simple_polygon(corners: list[list[float]], simple: bool) -> None:
    assert is_simple_polygon(np.array(corners, float)) is simple


def test_area_has_the_sign_of_the_turn() -> None:
    assert polygon_area(SQUARE) == 16
    assert polygon_area(SQUARE[::-1]) == -16


@given(point, point, point, point)
def test_touching_is_mutual(a, b, c, d) -> None:  # type: ignore[no-untyped-def]
    assert segments_touch(a, b, c, d) == segments_touch(c, d, a, b)


def test_iou() -> None:
    a = np.array([[0, 0, 2, 2], [0, 0, 0, 0]], float)
    b = np.array([[1, 0, 3, 2], [0, 0, 2, 2], [5, 5, 6, 6]], float)
    assert box_iou(a, b).tolist() == [[pytest.approx(1 / 3), 1.0, 0.0], [0.0, 0.0, 0.0]]

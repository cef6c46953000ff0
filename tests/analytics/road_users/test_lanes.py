"""Lanes by place and heading."""

import numpy as np
import pytest

from its_camera_ai.analytics.road_users.lanes import LaneMap
from its_camera_ai.core.ground import GroundPlane
from its_camera_ai.core.picture_points import Unit
from its_camera_ai.core.road import Lane

SIZE_WH = (200, 200)
EAST = Lane("east", ((0, 0), (100, 0), (100, 20), (0, 20)), ((0, 10), (100, 10)), Unit.PX)
WEST = Lane("west", ((0, 20), (100, 20), (100, 40), (0, 40)), ((100, 30), (0, 30)), Unit.PX)
SOUTH = Lane(
    "south", ((40, 0), (60, 0), (60, 90), (50, 95), (40, 90)), ((50, 0), (50, 90)), Unit.PX
)
FLAT = GroundPlane(SIZE_WH, np.diag([0.5, 0.5, 1.0]), np.zeros((0, 2)))
NAN = (np.nan, np.nan)


@pytest.mark.parametrize(
    ("px", "way", "before", "lane"),
    [
        ((10, 10), (1, 0), -1, 0),
        ((10, 30), (-1, 0), -1, 1),
        ((10, 10), (-1, 0), -1, 0),
        ((10, 10), (0, 1), -1, -1),
        ((10, 10), NAN, -1, 0),
        ((150, 10), (1, 0), 0, -1),
        ((50, 10), (1, 0), -1, 0),
        ((50, 10), (0, 1), -1, 2),
        ((50, 10), (0.72, 0.70), 2, 2),
        ((50, 10), (0.72, 0.70), -1, 0),
        ((50, 10), NAN, 2, 2),
        ((50, 93), (0, -1), -1, 2),
    ],
    ids=[
        "in it",
        "in its neighbour",
        "the wrong way",
        "across",
        "before any motion",
        "outside",
        "overlap, along the first",
        "overlap, along the second",
        "overlap, askew, keeps its lane",
        "overlap, askew, the better aligned",
        "overlap, standing, keeps its lane",
        "a fifth corner, the wrong way",
    ],
)
def test_which_lane(px: tuple, way: tuple, before: int, lane: int) -> None:
    lanes = LaneMap((EAST, WEST, SOUTH), SIZE_WH, None)
    found = lanes.choose(
        np.array([px], float), np.array([way], float), np.array([before], np.int16), 60.0
    )
    assert found.tolist() == [lane]


def test_metres_along_the_lane() -> None:
    lanes = LaneMap((EAST, WEST), SIZE_WH, FLAT)
    front = np.array([[20.0, 5.0], [20.0, 15.0], [1.0, 1.0]])
    found = lanes.along_m(front, np.array([0, 1, -1], np.int16))
    assert found[:2] == pytest.approx([20.0, 30.0])  # half a metre a pixel; west runs the other way
    assert np.isnan(found[2])


def test_without_a_plane_there_are_no_metres() -> None:
    lanes = LaneMap((EAST,), SIZE_WH, None)
    assert np.isnan(lanes.along_m(np.zeros((1, 2)), np.zeros(1, np.int16))).all()


def test_without_lanes() -> None:
    lanes = LaneMap((), SIZE_WH, FLAT)
    px = np.zeros((2, 2))
    assert lanes.choose(px, px, np.full(2, -1, np.int16), 60.0).tolist() == [-1, -1]
    assert np.isnan(lanes.along_m(px, np.full(2, -1, np.int16))).all()

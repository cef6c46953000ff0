"""Where the middle of a body stands, from its box."""

import numpy as np
import pytest

from bench.driven import VIEWS, exact_plane
from its_camera_ai.analytics.road_users.footprint import bottom_centres, cut_edges, ground_points
from its_camera_ai.analytics.road_users.view import View
from its_camera_ai.sim.camera import PinholeCamera

SIZE_WH = (1280, 720)
LORRY = np.array([[16.5, 2.55, 3.9]])
NORTH = np.array([np.pi / 2])


@pytest.mark.parametrize("view", list(VIEWS))
@pytest.mark.parametrize("known", [True, False], ids=["expected near", "no idea"])
def test_the_middle_of_a_lorry(view: str, known: bool) -> None:
    plane = exact_plane(PinholeCamera(VIEWS[view], SIZE_WH))
    eye, true_m = View(plane), np.array([[5.0, 32.0]])
    box = eye.boxes(true_m, NORTH, LORRY)
    expected = true_m + np.array([0.3, 1.0]) if known else np.full((1, 2), np.nan)
    cut = np.zeros((1, 4), np.bool_)
    xy, noise = ground_points(plane, eye, box, cut, expected, NORTH, LORRY)
    off = np.hypot(*(xy - true_m)[0])
    naive = np.hypot(*(plane.to_world(bottom_centres(box)) - true_m)[0])
    assert off < 0.25
    assert off < 0.12 * naive
    slopes = plane.jacobian(bottom_centres(box))[0]
    assert noise[0] == pytest.approx(slopes @ slopes.T)


@pytest.mark.parametrize("edge", [0, 2, 3], ids=["left", "right", "bottom"])
def test_an_edge_cut_off_is_stood_in_for(edge: int) -> None:
    plane = exact_plane(PinholeCamera(VIEWS["mast"], SIZE_WH))
    eye, true_m = View(plane), np.array([[5.0, 32.0]])
    box, cut = eye.boxes(true_m, NORTH, LORRY), np.zeros((1, 4), np.bool_)
    box[0, edge] += -80 if edge > 1 else 80
    cut[0, edge] = True
    whole = ground_points(plane, eye, box, np.zeros((1, 4), np.bool_), true_m, NORTH, LORRY)[1]
    xy, noise = ground_points(plane, eye, box, cut, true_m, NORTH, LORRY)
    assert xy == pytest.approx(true_m, abs=0.05)
    assert np.sqrt(np.trace(noise[0])) > 5 * np.sqrt(np.trace(whole[0]))


@pytest.mark.parametrize("edges", [[0, 2], [1, 3]], ids=["sides", "top and bottom"])
def test_with_two_opposite_edges_cut_off_there_is_no_place(edges: list[int]) -> None:
    plane = exact_plane(PinholeCamera(VIEWS["mast"], SIZE_WH))
    eye, place = View(plane), np.array([[5.0, 32.0]])
    cut = np.zeros((1, 4), np.bool_)
    cut[0, edges] = True
    xy, _ = ground_points(plane, eye, eye.boxes(place, NORTH, LORRY), cut, place, NORTH, LORRY)
    assert np.isnan(xy).any()


def test_edges_on_the_border() -> None:
    boxes = np.array([[0.5, 5, 1279, 700], [10, 1, 100, 719.5], [10, 10, 20, 20.0]])
    assert cut_edges(boxes, SIZE_WH).tolist() == [
        [True, False, True, False],
        [False, True, False, True],
        [False, False, False, False],
    ]

"""One body's path and size from its boxes."""

import numpy as np
import pytest

from bench.driven import SIZE_WH, VIEWS, exact_plane
from its_camera_ai.analytics.road_users.path_fit import (
    ACCEL,
    DIMS,
    HEADING,
    SPEED,
    TURN,
    Sightings,
    fit_paths,
    places,
)
from its_camera_ai.analytics.road_users.view import View
from its_camera_ai.sim.camera import PinholeCamera

TRUE = np.array([5.0, 28.0, 1.4, 15.0, -1.0, 0.1, 12.0, 2.5, 3.2])
TIMES_S = np.linspace(-0.8, 0.6, 15)


@pytest.fixture(scope="module")
def view() -> View:
    return View(exact_plane(PinholeCamera(VIEWS["mast"], SIZE_WH)))


def boxes_of(view: View, state: np.ndarray) -> np.ndarray:
    xy, heading = places(state[None], TIMES_S[None])
    return view.boxes(xy, heading, state[None, None, DIMS])


def fit(view: View, boxes: np.ndarray, weight: np.ndarray, body_sd: float = 3.0):
    t = len(boxes)
    start = np.tile(TRUE + np.array([2, -2, 0.3, 3, 1.0, -0.1, -4, 0, 0]), (t, 1))
    seen = Sightings(np.tile(TIMES_S, (t, 1)), boxes, weight)
    body = np.tile([9.0, 2.4, 3.0], (t, 1))
    spread = np.tile([body_sd, 0.2, 0.5], (t, 1))
    return fit_paths(view, seen, start, np.ones(t), body, spread, 1.0, 8)


def test_steady_turning_goes_round_an_arc() -> None:
    state = np.array([[0.0, 0.0, 0.0, 10.0, 0.0, 0.5, 4, 2, 1]])
    xy, heading = places(state, np.array([[0.0, np.pi]]))
    assert xy[0, 0] == pytest.approx([0, 0])
    assert xy[0, 1] == pytest.approx([20.0, 20.0])  # a quarter of a circle with radius v / ω
    assert heading[0, 1] == pytest.approx(np.pi / 2)


def test_exact_boxes_give_the_path_and_the_size(view: View) -> None:
    boxes = boxes_of(view, TRUE)
    found = fit(view, boxes, np.ones_like(boxes), body_sd=30.0)
    assert found.state[0, :ACCEL] == pytest.approx(TRUE[:ACCEL], abs=0.05)
    assert found.state[0, DIMS] == pytest.approx(TRUE[DIMS], abs=0.1)
    assert found.scale[0] < 1  # nothing is left over: the stated noise alone remains


def test_errors_are_as_large_as_the_covariance_says(view: View) -> None:
    rng = np.random.default_rng(4)
    boxes = boxes_of(view, TRUE) + rng.normal(0, 1, (400, len(TIMES_S), 4))
    found = fit(view, boxes, np.ones_like(boxes))
    for what in (HEADING, SPEED, TURN):
        sd = np.sqrt(found.covariance[:, what, what])
        score = (found.state[:, what] - TRUE[what]) / sd
        assert 0.8 < score.std() < 1.2
        assert abs(score.mean()) < 0.4
    assert np.median(found.scale) == pytest.approx(1.0, abs=0.06)


@pytest.mark.parametrize("noise", [0.4, 3.0], ids=["steady", "shaky"])
def test_the_noise_is_found_out(view: View, noise: float) -> None:
    rng = np.random.default_rng(5)
    boxes = boxes_of(view, TRUE) + rng.normal(0, noise, (200, len(TIMES_S), 4))
    found = fit(view, boxes, np.ones_like(boxes))
    score = (found.state[:, SPEED] - TRUE[SPEED]) / np.sqrt(found.covariance[:, SPEED, SPEED])
    assert 0.6 < score.std() < 1.15


def test_a_box_half_hidden_moves_little(view: View) -> None:
    boxes = boxes_of(view, TRUE)
    boxes[0, 5, 3] -= 60  # the lower edge hides behind another vehicle in two looks
    boxes[0, 6, 3] -= 60
    found = fit(view, boxes, np.ones_like(boxes))
    assert found.state[0, SPEED] == pytest.approx(TRUE[SPEED], abs=0.5)


def test_edges_without_weight_say_nothing(view: View) -> None:
    boxes, weight = boxes_of(view, TRUE), np.ones((1, len(TIMES_S), 4))
    exact = fit(view, boxes, weight)
    weight[0, :4, 0] = 0
    boxes[0, :4, 0] = 0.0
    found = fit(view, boxes, weight)
    assert found.state[0, SPEED] == pytest.approx(exact.state[0, SPEED], abs=0.1)


def test_speeds_have_no_sign(view: View) -> None:
    backwards = TRUE.copy()
    backwards[[SPEED, ACCEL, TURN]] = [-6.0, 0.0, 0.0]
    boxes = boxes_of(view, backwards)
    seen = Sightings(TIMES_S[None], boxes, np.ones_like(boxes))
    start = backwards[None].copy()
    start[0, SPEED] = 0.5
    found = fit_paths(view, seen, start, np.full(1, 0.2), start[:, DIMS], np.ones((1, 3)), 1.0, 8)
    assert found.state[0, SPEED] == pytest.approx(6.0, abs=0.1)
    assert np.cos(found.state[0, HEADING] - TRUE[HEADING]) == pytest.approx(-1, abs=0.01)

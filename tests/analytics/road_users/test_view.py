"""Boxes round cuboids against a camera that is known."""

import numpy as np
import pytest

from bench.driven import SIZE_WH, VIEWS, exact_plane
from its_camera_ai.analytics.road_users.view import View
from its_camera_ai.core.ground import GroundPlane, RadialLens
from its_camera_ai.sim.camera import PinholeCamera, Viewpoint


def corners(xy: tuple[float, float], heading: float, dims: tuple[float, float, float]):
    length, width, height = dims
    forward = np.array([np.cos(heading), np.sin(heading)])
    left = np.array([-forward[1], forward[0]])
    ground = [
        np.asarray(xy) + a * length / 2 * forward + b * width / 2 * left
        for a in (-1, 1)
        for b in (-1, 1)
    ]
    return np.array([[*g, z] for g in ground for z in (0.0, height)])


@pytest.mark.parametrize("view", list(VIEWS))
@pytest.mark.parametrize("heading", [0.0, 0.7, 2.5], ids=["east", "askew", "back"])
def test_the_box_is_that_of_the_projected_corners(view: str, heading: float) -> None:
    camera = PinholeCamera(VIEWS[view], SIZE_WH)
    plane = exact_plane(camera)
    seen = camera.project(corners((4.0, 30.0), heading, (12.0, 2.5, 3.2)))[:, :2]
    expected = [*seen.min(axis=0), *seen.max(axis=0)]
    found = View(plane).boxes(
        np.array([[4.0, 30.0]]), np.array([heading]), np.array([[12.0, 2.5, 3.2]])
    )
    assert found[0] == pytest.approx(expected, abs=1e-6)


def test_behind_the_camera_there_is_no_box() -> None:
    camera = PinholeCamera(VIEWS["gantry"], SIZE_WH)
    found = View(exact_plane(camera)).boxes(
        np.array([[4.0, -30.0], [4.0, 30.0]]), np.zeros(2), np.full((2, 3), 2.0)
    )
    assert np.isnan(found[0]).all()
    assert np.isfinite(found[1]).all()


def test_a_lens_bends_the_box() -> None:
    plane = exact_plane(PinholeCamera(VIEWS["gantry"], SIZE_WH))
    lens = RadialLens(-0.2, 0.0, 1372.0, (640.0, 360.0))
    bent = GroundPlane(plane.size_wh, plane.homography, plane.valid_px, lens=lens)
    args = (np.array([[0.0, 25.0]]), np.array([1.57]), np.array([[4.5, 1.8, 1.5]]))
    straight, found = View(plane).boxes(*args), View(bent).boxes(*args)
    assert found[0] == pytest.approx(lens.bent(straight.reshape(2, 2)).ravel(), abs=1.0)
    assert np.abs(found - straight).max() > 2.0


def test_straight_from_above_heights_lean_outwards_and_the_ground_stays_exact() -> None:
    camera = PinholeCamera(Viewpoint(0, 0, 20.0, 0, 90.0, 60.0), SIZE_WH)
    plane = exact_plane(camera)
    flat, tall = View(plane).boxes(
        np.array([[6.0, 0.0]] * 2), np.zeros(2), np.array([[4.0, 2.0, 0.0], [4.0, 2.0, 3.0]])
    )
    seen = camera.project(corners((6.0, 0.0), 0.0, (4.0, 2.0, 0.0)))[:, :2]
    assert flat == pytest.approx([*seen.min(axis=0), *seen.max(axis=0)], abs=1e-6)
    assert tall[2] > flat[2] + 5
    assert tall[0] == pytest.approx(flat[0])

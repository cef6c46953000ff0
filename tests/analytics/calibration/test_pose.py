"""The camera behind a ground plane."""

import numpy as np
import pytest

from its_camera_ai.analytics.calibration.pose import camera_pose, looks_straight_down
from its_camera_ai.analytics.calibration.solving import solve
from its_camera_ai.core.calibration import Calibration
from its_camera_ai.core.picture_points import Unit
from its_camera_ai.sim.camera import PinholeCamera, Viewpoint
from tests.analytics.calibration.views import MARKS, SIZE_WH, calibrated, pairs_of, seen

VIEWS = [
    Viewpoint(2, -3, 8, 10, 22, 60),
    Viewpoint(-6, 0, 5, 20, 10, 90),
    Viewpoint(0, -40, 20, -5, 20, 30),
    Viewpoint(0, 20, 30, 0, 80, 70),
]


@pytest.mark.parametrize("viewpoint", VIEWS, ids=["pole", "wide", "tele", "steep"])
def test_the_camera_that_made_the_pairs_is_found(viewpoint: Viewpoint) -> None:
    camera = PinholeCamera(viewpoint, SIZE_WH)
    plane = solve(Calibration(pairs_of(MARKS, seen(MARKS, camera)), unit=Unit.PX), SIZE_WH).plane
    pose = camera_pose(plane)
    assert pose is not None
    assert pose.focal_px == pytest.approx(camera.focal_px, rel=1e-6)
    assert pose.position_m == pytest.approx(camera.position, abs=1e-6)
    assert pose.height_m == pytest.approx(viewpoint.height_m)
    assert np.allclose(pose.matrix, camera.matrix, atol=1e-5 * camera.focal_px)
    assert pose.skew < 1e-6


def test_a_road_seen_as_on_a_map_tells_no_focal_length() -> None:
    camera = PinholeCamera(Viewpoint(2, 30, 40, 0, 89.9, 60), SIZE_WH)
    solution = solve(Calibration(pairs_of(MARKS, seen(MARKS, camera)), unit=Unit.PX), SIZE_WH)
    assert looks_straight_down(solution.plane)
    assert camera_pose(solution.plane) is None
    assert not any("square pixels" in said for said in solution.warnings)


def test_a_wrong_pair_among_four_shows_in_an_impossible_camera() -> None:
    """Four pairs always fit; but no camera could see them so."""
    world = MARKS[[0, 2, 9, 11]]
    px = seen(world)
    px[1] += (90, 60)
    solution = solve(Calibration(pairs_of(world, px), unit=Unit.PX), SIZE_WH)
    assert camera_pose(solution.plane) is None
    assert any("square pixels" in said for said in solution.warnings)
    assert not any("square" in said for said in solve(calibrated(world), SIZE_WH).warnings)

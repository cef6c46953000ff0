"""Metres per pixel at lines."""

import numpy as np
import pytest

from its_camera_ai.analytics.calibration.line_scales import line_scales
from its_camera_ai.core.ground import GroundPlane
from its_camera_ai.core.picture_points import Unit
from its_camera_ai.core.scene import Line, Scene

TENTH = GroundPlane(
    (1000, 800),
    np.array([[0.1, 0, 0], [0, -0.1, 80], [0, 0, 1.0]]),
    np.array([[0.0, 0], [500, 0], [500, 800], [0, 800]]),
    position_sd_px=2.0,
    scale_sd=0.01,
)
"""Straight from above, 0.1 m to the pixel, valid in the left half."""
SCENE = Scene(
    (
        Line("in", ((100, 400), (400, 400)), Unit.PX),
        Line("half", ((250, 100), (750, 100)), Unit.PX),
        Line("out", ((600, 400), (900, 400)), Unit.PX),
    )
)


def test_speed_error_is_that_of_two_places_a_time_apart() -> None:
    scale = line_scales(TENTH, SCENE, window_s=0.5)["in"]
    assert scale.inside == 1
    assert scale.metres_per_px == pytest.approx(0.1)
    assert scale.metres_per_px_worst == pytest.approx(0.1)
    assert scale.speed_sd_kmh == pytest.approx(0.1 * 2 * 2**0.5 / 0.5 * 3.6)
    assert scale.speed_error_kmh(100) == pytest.approx(np.hypot(scale.speed_sd_kmh, 1.0))


def test_nothing_is_said_of_what_lies_outside() -> None:
    scales = line_scales(TENTH, SCENE)
    assert scales["half"].inside == pytest.approx(0.5, abs=0.05)
    assert scales["out"].inside == 0
    assert np.isnan(scales["out"].metres_per_px)
    assert np.isnan(scales["out"].speed_error_kmh(50))

"""Where a plane may be used: round the pairs, in the picture, below the horizon."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from its_camera_ai.analytics.calibration.solving import solve
from its_camera_ai.core.calibration import Calibration, Lens
from its_camera_ai.core.errors import CalibrationInvalid
from its_camera_ai.core.geometry import points_in_polygon
from its_camera_ai.core.ground import RadialLens
from its_camera_ai.core.picture_points import Unit
from its_camera_ai.sim.camera import PinholeCamera, Viewpoint
from tests.analytics.calibration.views import MARKS, SIZE_WH, calibrated, pairs_of, seen


def test_the_pairs_in_the_picture_are_inside_and_far_places_are_not() -> None:
    plane = solve(calibrated(), SIZE_WH).plane
    px = seen(MARKS)
    shown = (px > 0).all(axis=1) & (px < SIZE_WH).all(axis=1)
    assert plane.is_valid(px[shown]).all()
    assert not plane.is_valid(seen(np.array([[2.0, 90], [40, 30], [2, 400]]))).any()


@settings(max_examples=40)
@given(
    tilt_deg=st.floats(4, 60),
    height_m=st.floats(3, 25),
    far_m=st.floats(30, 300),
)
def test_it_never_reaches_the_horizon_nor_leaves_the_picture(
    tilt_deg: float, height_m: float, far_m: float
) -> None:
    camera = PinholeCamera(Viewpoint(0, 0, height_m, 0, tilt_deg, 60), SIZE_WH)
    world = np.array([[x, y] for x in (-4.0, 5) for y in (10.0, 20, far_m)])
    px = seen(world, camera)
    assume(((px > 0) & (px < SIZE_WH)).all(axis=1).sum() >= 3)
    plane = solve(Calibration(pairs_of(world, px), unit=Unit.PX), SIZE_WH).plane
    inside = plane.valid_px * 0.999 + 0.001 * plane.valid_px.mean(axis=0)
    assert (plane.valid_px >= -1e-6).all()
    assert (plane.valid_px <= np.array(SIZE_WH) + 1e-6).all()
    metres = plane.to_world(inside)
    assert np.isfinite(metres).all()
    assert np.hypot(*metres.T).max() < 2.6 * np.hypot(5, far_m) + 10


def test_a_lens_bends_its_edges() -> None:
    lens = RadialLens(-0.25, 0.05, 0.8 * SIZE_WH[0], (SIZE_WH[0] / 2, SIZE_WH[1] / 2))
    bent = replace(calibrated(lens=lens), lens=Lens(-0.25, 0.05, 0.8))
    plane = solve(bent, SIZE_WH).plane
    px = np.array([pair.image for pair in bent.pairs])
    shown = (px > 0).all(axis=1) & (px < SIZE_WH).all(axis=1)
    assert points_in_polygon(px[shown], plane.valid_px).all()
    assert len(plane.valid_px) > 12


def test_ones_own_polygon_is_kept_but_not_into_the_sky() -> None:
    own = ((200.0, 300.0), (800.0, 300.0), (800.0, 600.0))
    assert solve(calibrated(valid=own), SIZE_WH).plane.valid_px.tolist() == [list(p) for p in own]
    flat = PinholeCamera(Viewpoint(2, -3, 8, 10, 12, 60), SIZE_WH)
    sky = ((200.0, 20.0), (800.0, 300.0), (800.0, 600.0))
    given_pairs = pairs_of(MARKS, seen(MARKS, flat))
    with pytest.raises(CalibrationInvalid, match=r"corner 1 of 'valid', at \(200, 20\) px"):
        solve(Calibration(given_pairs, unit=Unit.PX, valid=sky), SIZE_WH)


def test_pairs_of_a_larger_picture_are_refused() -> None:
    px = seen(MARKS) + np.array([400.0, 0])
    with pytest.raises(CalibrationInvalid, match="pictures of another size"):
        solve(Calibration(pairs_of(MARKS, px), unit=Unit.PX), (160, 90))

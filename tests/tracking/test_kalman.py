"""The closed form against the textbook's matrices."""

import numpy as np
import pytest

from its_camera_ai.tracking import kalman
from its_camera_ai.tracking.table import (
    FLOATS,
    LOG_H,
    P_CROSS,
    P_POS,
    P_VEL,
    POSITION,
    VELOCITY,
)


def test_predict_and_correct_equal_the_matrix_form() -> None:
    rng = np.random.default_rng(5)
    n, accel_h, accel_size = 7, 0.3, 0.2
    real = np.zeros((n, FLOATS))
    real[:, POSITION] = rng.uniform(1, 5, (n, 4))
    real[:, VELOCITY] = rng.normal(0, 0.1, (n, 4))
    real[:, VELOCITY][:, 3] = 0  # a body that does not grow moves evenly
    real[:, P_POS], real[:, P_VEL] = rng.uniform(1, 2, (n, 4)), rng.uniform(1, 2, (n, 4))
    real[:, P_CROSS] = rng.uniform(-0.5, 0.5, (n, 4))
    dt_s, measured, variance = rng.uniform(0.04, 0.5, n), rng.uniform(1, 5, (n, 4)), 0.3
    expected = np.empty((n, 4, 5))
    for k in range(n):
        dt = dt_s[k]
        f = np.array([[1, dt], [0, 1]])
        noise = np.array([[dt**3 / 3, dt**2 / 2], [dt**2 / 2, dt]])
        height = np.exp(real[k, LOG_H] + dt * real[k, VELOCITY][3])
        for c in range(4):
            q = (accel_h * height) ** 2 if c < 2 else accel_size**2
            x = f @ [real[k, POSITION][c], real[k, VELOCITY][c]]
            p = np.array(
                [
                    [real[k, P_POS][c], real[k, P_CROSS][c]],
                    [real[k, P_CROSS][c], real[k, P_VEL][c]],
                ]
            )
            p = f @ p @ f.T + q * noise
            h = np.array([[1.0, 0.0]])
            gain = p @ h.T / (h @ p @ h.T + variance)
            x = x + gain[:, 0] * (measured[k, c] - x[0])
            p = (np.eye(2) - gain @ h) @ p
            expected[k, c] = x[0], x[1], p[0, 0], p[0, 1], p[1, 1]
    kalman.predict(real, dt_s, accel_h, accel_size)
    kalman.correct(real, measured, np.full((n, 4), variance))
    for i, part in enumerate((POSITION, VELOCITY, P_POS, P_CROSS, P_VEL)):
        np.testing.assert_allclose(real[:, part], expected[:, :, i], rtol=1e-10, atol=1e-12)


def test_sizes_stay_finite_however_long_the_step() -> None:
    real = np.zeros((1, FLOATS))
    real[:, VELOCITY] = 5.0
    kalman.predict(real, np.array([1e6]), 0.3, 0.2)
    assert np.isfinite(np.exp(real[:, LOG_H])).all()


def test_an_approaching_body_is_predicted_as_a_pinhole_camera_shows_it() -> None:
    """60 m away at 20 m/s: 0.5 s later it is at 50 m. Position, speed; size to first order."""
    focal_px, camera_m, body_m, lateral_m = 1000.0, 6.0, 1.5, 3.0
    far, near, speed = 60.0, 50.0, 20.0
    real = np.zeros((1, FLOATS))
    real[0, POSITION] = focal_px * lateral_m / far, focal_px * camera_m / far, 5, 0
    real[0, LOG_H] = np.log(focal_px * body_m / far)
    growth = speed / far
    real[0, VELOCITY] = (*(real[0, :2] * growth), growth, growth)
    kalman.predict(real, np.array([0.5]), 0.0, 0.0)
    np.testing.assert_allclose(real[0, :2], focal_px * np.array([lateral_m, camera_m]) / near)
    np.testing.assert_allclose(real[0, VELOCITY][:2], real[0, :2] * speed / near)


def test_a_growth_that_may_be_chance_changes_nothing() -> None:
    real = np.zeros((1, FLOATS))
    real[0, POSITION] = 100, 100, 4, 4
    real[0, VELOCITY] = 50, 0, 0, 0.2
    real[0, P_VEL] = 100.0
    kalman.predict(real, np.array([1.0]), 0.0, 0.0)
    assert real[0, 0] == pytest.approx(150, abs=0.1)


def test_shift_carries_place_and_speed() -> None:
    real = np.zeros((1, FLOATS))
    real[0, POSITION] = 100, 50, 4, 4
    real[0, VELOCITY] = 10, 0, 0, 0
    kalman.shift(real, np.array([[0.0, -2.0, 7.0], [2.0, 0.0, 9.0]]))
    np.testing.assert_allclose(real[0, POSITION], [-93, 209, 4 + np.log(2), 4 + np.log(2)])
    np.testing.assert_allclose(real[0, VELOCITY][:2], [0, 20])


@pytest.mark.parametrize(
    "matrix",
    [np.eye(3), np.full((2, 3), np.nan), np.zeros((2, 3)), np.array([[-1.0, 0, 0], [0, 1, 0]])],
    ids=["shape", "nan", "flat", "mirrored"],
)
def test_what_is_no_camera_motion_is_refused(matrix: np.ndarray) -> None:
    with pytest.raises(ValueError, match="Camera motion"):
        kalman.shift(np.zeros((1, FLOATS)), matrix)

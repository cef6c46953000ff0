"""The closed form against the textbook's matrices."""

import numpy as np

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

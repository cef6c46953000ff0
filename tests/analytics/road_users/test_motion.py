"""The stacked filter against a textbook one, and its manners."""

import numpy as np
import pytest

from its_camera_ai.analytics.road_users.motion import SPEED_SD_MPS, Motion, inverse


def plain_filter(
    seen: np.ndarray, noise: np.ndarray, step_s: float, wander: float
) -> tuple[np.ndarray, np.ndarray]:
    """The same model with 4 × 4 matrices, one track."""
    x = np.array([*seen[0], 0.0, 0.0])
    p = np.diag([0.0, 0.0, SPEED_SD_MPS**2, SPEED_SD_MPS**2])
    p[:2, :2] = noise
    f = np.eye(4)
    f[0, 2] = f[1, 3] = step_s
    q = np.kron([[step_s**3 / 3, step_s**2 / 2], [step_s**2 / 2, step_s]], np.eye(2)) * wander
    h = np.eye(2, 4)
    for z in seen[1:]:
        x, p = f @ x, f @ p @ f.T + q
        gain = p @ h.T @ np.linalg.inv(h @ p @ h.T + noise)
        x, p = x + gain @ (z - h @ x), (np.eye(4) - gain @ h) @ p
    return x, p


def test_it_is_the_kalman_filter() -> None:
    rng = np.random.default_rng(1)
    noise = np.array([[0.04, 0.01], [0.01, 0.25]])
    t = np.arange(12)[:, None] * 0.2
    seen = np.array([3.0, -7.0]) * t + rng.multivariate_normal([0, 0], noise, 12)
    x, p = plain_filter(seen, noise, 0.2, 2.0)
    stack = np.stack([noise, noise])
    motion = Motion.at(np.stack([seen[0], -seen[0]]), stack)
    for z in seen[1:]:
        motion = motion.after(np.full(2, 0.2), np.full(2, 2.0))
        motion = motion.seen(np.stack([z, -z]), stack, gate=1e9)
    assert motion.xy_m[0] == pytest.approx(x[:2])
    assert motion.velocity_mps[1] == pytest.approx(-x[2:])
    assert motion.place[0] == pytest.approx(p[:2, :2])
    assert motion.cross[0] == pytest.approx(p[:2, 2:])
    assert motion.speed[1] == pytest.approx(p[2:, 2:])


def test_a_leap_counts_less() -> None:
    noise = np.eye(2)[None] * 0.01
    motion = Motion.at(np.zeros((1, 2)), noise)
    for _ in range(20):
        motion = motion.after(np.full(1, 0.1), np.full(1, 0.5)).seen(np.zeros((1, 2)), noise, 3.0)
    ahead = motion.after(np.full(1, 0.1), np.full(1, 0.5))
    leap = np.array([[5.0, 0.0]])
    assert ahead.seen(leap, noise, 3.0).xy_m[0, 0] < 0.4 * ahead.seen(leap, noise, 1e9).xy_m[0, 0]


def test_the_spread_of_speed_is_along_the_heading() -> None:
    motion = Motion.at(np.zeros((3, 2)), np.tile(np.eye(2), (3, 1, 1)))
    motion.speed[:] = np.diag([4.0, 0.25])
    assert motion.speed_sd(np.array([0.0, np.pi / 2, np.nan])) == pytest.approx([2.0, 0.5, 2.0])


def test_inverses_in_closed_form() -> None:
    matrix = np.random.default_rng(2).normal(size=(5, 2, 2)) + 3 * np.eye(2)
    assert inverse(matrix) == pytest.approx(np.linalg.inv(matrix))

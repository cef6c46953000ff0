"""Which point pairs contradict the others."""

from itertools import combinations
from math import ceil, comb

import numpy as np
import numpy.typing as npt

from its_camera_ai.analytics.calibration.homography import matrix_of, projected
from its_camera_ai.analytics.calibration.sanity import nearly_on_one_line, on_one_line

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

PAIRS_TO_TELL = 6
"""Four pairs fit always, and of five no four agree with a fifth more than the others do."""
_TRIES = 500
_NEAR_PX, _NEAR_OF_WIDTH = 4.0, 0.005
"""A click this near, in pixels and as a share of the picture's width, still agrees."""
_SIGMAS = 4.0
_SEED = 20


def agreeing(world: Floats, px: Floats, width_px: int) -> Bools | None:
    """The largest set of pairs that agree on one plane (RANSAC; Fischler & Bolles, 1981).

    Every set of four is tried where there are few pairs, else 500 from a fixed seed. Among sets of
    one size the one with the smallest error wins (MSAC; Torr & Zisserman, 2000).

    Args:
        world: (N, 2) metres. px: (N, 2) undistorted pixels. width_px: of the picture.

    Returns:
        (N,) True for those that agree; None where no majority does (at least five pairs and three
        fifths of them). All True below six pairs, where nobody can tell.
    """
    n = len(world)
    everyone = np.ones(n, bool)
    if n < PAIRS_TO_TELL:
        return everyone
    near_px = max(_NEAR_PX, _NEAR_OF_WIDTH * width_px)
    if np.all(_errors_px(world, px, everyone) <= near_px):
        return everyone
    best, best_cost = everyone, np.inf
    for four in _fours(n):
        chosen = np.zeros(n, bool)
        chosen[list(four)] = True
        if nearly_on_one_line(px[chosen]) or nearly_on_one_line(world[chosen]):
            continue
        errors = np.minimum(_errors_px(world, px, chosen), near_px)
        cost = float((errors**2).sum())
        if cost < best_cost:
            best, best_cost = errors < near_px, cost
    return _grown(world, px, best, near_px)


def _grown(world: Floats, px: Floats, agree: Bools, near_px: float) -> Bools | None:
    """Refitted to all that agree, until nobody joins or leaves; None without a majority."""
    enough = max(5, ceil(0.6 * len(world)))
    for _ in range(10):
        if agree.sum() < enough or on_one_line(px[agree], world[agree]):
            return None
        errors = _errors_px(world, px, agree)
        sd = float(np.sqrt((errors[agree] ** 2).sum() / max(2 * agree.sum() - 8, 1)))
        now = errors <= max(near_px, min(_SIGMAS * sd, 2 * near_px))
        if np.array_equal(now, agree):
            break
        agree = now
    return agree if agree.sum() >= enough else None


def _errors_px(world: Floats, px: Floats, fitted: Bools) -> Floats:
    """(N,) distances in the picture from the fit to some of the pairs; infinite behind it."""
    matrix = matrix_of(world[fitted], px[fitted])
    errors = np.linalg.norm(projected(matrix, world) - px, axis=1)
    return np.where(np.isfinite(errors), errors, np.inf)


def _fours(n: int) -> list[tuple[int, ...]]:
    if comb(n, 4) <= _TRIES:
        return list(combinations(range(n), 4))
    rng = np.random.default_rng(_SEED)
    return [tuple(rng.choice(n, 4, replace=False).tolist()) for _ in range(_TRIES)]

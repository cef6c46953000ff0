"""Which point pairs contradict the others."""

from dataclasses import dataclass
from itertools import combinations
from math import ceil, comb

import numpy as np
import numpy.typing as npt
from scipy.special import fdtri

from its_camera_ai.analytics.calibration.homography import (
    CLICK_SD_PX,
    PRIOR_WEIGHT,
    matrix_of,
    projected,
)
from its_camera_ai.analytics.calibration.sanity import nearly_on_one_line, on_one_line

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

PAIRS_TO_TELL = 6
"""Four pairs fit always, and of five any four do."""
_TRIES = 500
_NEAR_PX, _NEAR_OF_WIDTH = 4.0, 0.005
"""A click this near, in pixels and as a share of the picture's width, still agrees."""
_SIGMAS = 4.0
_SEED = 20
_FALSE_ALARMS = 0.001
_AS_WELL = 0.99
"""Quantile of F within which two sets of pairs fit equally well."""


@dataclass(frozen=True, slots=True, eq=False)
class Agreement:
    """Which of N pairs agree on one plane.

    Attributes:
        used: (N,) those to be fitted.
        alternatives: indices of pairs of which only one need be wrong, but nobody can tell which.
        found: False where no majority agrees on anything; then all are used.
    """

    used: Bools
    alternatives: tuple[int, ...] = ()
    found: bool = True


def agreeing(world: Floats, px: Floats, width_px: int) -> Agreement:
    """The largest set of pairs that agree on one plane.

    First, where some pair lies far off, RANSAC (Fischler & Bolles, 1981): every set of four is
    tried where there are few pairs, else 500 from a fixed seed, and among sets of one size the one
    with the smallest error wins (MSAC; Torr & Zisserman, 2000). A majority is at least five pairs
    and three fifths of them. Then pair by pair, because a fit bends towards a wrong corner: the F
    test of a single shifted observation (Cook & Weisberg, *Residuals and Influence in Regression*,
    1982, section 2.2.2), at one in a thousand over all pairs.

    Below six pairs nobody can tell, and all are used.

    Args:
        world: (N, 2) metres. px: (N, 2) undistorted pixels. width_px: of the picture.
    """
    n = len(world)
    if n < PAIRS_TO_TELL:
        return Agreement(np.ones(n, bool))
    near_px = max(_NEAR_PX, _NEAR_OF_WIDTH * width_px)
    everyone = np.ones(n, bool)
    agree: Bools | None = everyone
    if np.any(_errors_px(world, px, everyone) > near_px):
        agree = _consensus(world, px, near_px)
    # with one pair left out, another may be the wrong one just as well: ask over all of them
    several = agree is not None and agree.sum() < n - 1
    among = agree if agree is not None and several else everyone
    shifted = _shifted(world, px, among)
    if not len(shifted):
        return Agreement(everyone, found=False) if agree is None else Agreement(agree)
    used = among.copy()
    used[shifted] = False
    if used.sum() < 4 or on_one_line(px[used], world[used]):
        return Agreement(everyone, tuple(shifted.tolist()), found=False)
    return Agreement(used, tuple(shifted.tolist()) if len(shifted) > 1 else ())


def _shifted(world: Floats, px: Floats, among: Bools) -> npt.NDArray[np.intp]:
    """Of some pairs, the one without which the others agree far better; several where each of them
    would do; none where no single one is to blame."""
    rows = np.flatnonzero(among)
    if len(rows) < PAIRS_TO_TELL:
        return rows[:0]
    without = np.full(len(rows), np.inf)
    for k in range(len(rows)):
        others = np.delete(rows, k)
        if not on_one_line(px[others], world[others]):
            without[k] = _squares(world[others], px[others])
    freedom = 2 * len(rows) - 10 + PRIOR_WEIGHT
    noise = (without + PRIOR_WEIGHT * CLICK_SD_PX**2) / freedom
    with np.errstate(invalid="ignore"):  # no good with it, and none without it: nobody to blame
        gain = np.nan_to_num((_squares(world[rows], px[rows]) - without) / 2 / noise, posinf=np.inf)
    to_blame = gain > fdtri(2, freedom, 1 - _FALSE_ALARMS / len(rows))
    # the blame is shared where the others fit as well within what chance allows
    shared = noise <= noise.min() * fdtri(freedom, freedom, _AS_WELL)
    return np.asarray(rows[to_blame & shared], np.intp)


def _squares(world: Floats, px: Floats) -> float:
    """Sum of squared distances in the picture after a fit to all; infinite behind the camera."""
    errors = np.linalg.norm(projected(matrix_of(world, px), world) - px, axis=1)
    return float((errors**2).sum()) if np.isfinite(errors).all() else float("inf")


def _consensus(world: Floats, px: Floats, near_px: float) -> Bools | None:
    n = len(world)
    best, best_cost = np.ones(n, bool), np.inf
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

"""Speeds of a sample of vehicles: means, percentiles and how sure they are. All in km/h.

Sources: J. G. Wardrop, *Some theoretical aspects of road traffic research*, 1952; A. D. May,
*Traffic Flow Fundamentals*, 1990; HCM; Hyndman & Fan, *Sample quantiles in statistical packages*,
1996; W. J. Conover, *Practical Nonparametric Statistics*, for the interval of a percentile.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from math import sqrt

import numpy as np
import numpy.typing as npt
from scipy import special

from its_camera_ai.analytics.measures.plausible import MAX_SPEED_KMH, Floats, checked, checked_one
from its_camera_ai.core.intervals import Moments

BIN_KMH = 1.0
"""Width of the bins of ``Tally.speed_bins``; what a percentile of them resolves."""
FREE_HEADWAY_S = 5.0
"""A vehicle this far behind the one before chooses its own speed."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval; ``level`` 0.95 is 95 %."""

    low: float
    high: float
    level: float = 0.95


def _speeds(speeds_kmh: npt.ArrayLike) -> Floats:
    return checked(speeds_kmh, "speed (km/h)", high=MAX_SPEED_KMH)


def time_mean_kmh(speeds_kmh: npt.ArrayLike) -> float | None:
    """Arithmetic mean of spot speeds at a point, ``v_t = Σv/n`` (May); None for an empty sample."""
    speeds = _speeds(speeds_kmh)
    return float(speeds.mean()) if speeds.size else None


def space_mean_kmh(speeds_kmh: npt.ArrayLike) -> float | None:
    """Harmonic mean of spot speeds, ``v_s = n / Σ(1/v)`` (May, HCM); ≤ the time mean.

    Returns:
        None for an empty sample, and where one stands: its share of the space has no bound.
    """
    speeds = _speeds(speeds_kmh)
    return float(speeds.size / (1 / speeds).sum()) if speeds.size and speeds.all() else None


def space_mean_by_travel_kmh(length_m: float, travel_s: npt.ArrayLike) -> float | None:
    """``v_s = n·L / Σt``: from the travel times over one length (HCM); None for no vehicle."""
    length_m = checked_one(length_m, "length (m)")
    times = checked(travel_s, "travel time (s)")
    total_s = float(times.sum())
    return 3.6 * times.size * length_m / total_s if total_s > 0 else None


def space_variance(speeds_kmh: npt.ArrayLike) -> float | None:
    """σ_s², (km/h)²: variance of the speeds of the vehicles on a stretch at an instant, from spot
    speeds. Each counts 1/v, for so long is it on the stretch: ``Σ((v − v_s)²/v) / Σ(1/v)``.
    """
    mean = space_mean_kmh(speeds_kmh)
    if mean is None:
        return None
    speeds = np.asarray(speeds_kmh, np.float64)
    weights = 1 / speeds
    return float((weights * (speeds - mean) ** 2).sum() / weights.sum())


def wardrop_time_mean_kmh(space_mean: float, variance: float) -> float:
    """``v_t = v_s + σ_s²/v_s`` (Wardrop 1952); exact with the variance over space."""
    if checked_one(space_mean, "space-mean speed (km/h)", high=MAX_SPEED_KMH) == 0:
        raise ValueError("Wardrop's relation needs moving traffic: a space-mean speed above 0.")
    return space_mean + checked_one(variance, "variance") / space_mean


def percentile_kmh(speeds_kmh: npt.ArrayLike, share: float = 0.85) -> float | None:
    """Percentile of a sample, linear between order statistics: rank ``1 + share·(n−1)``
    (Hyndman & Fan's type 7); None for an empty sample.
    """
    speeds = _speeds(speeds_kmh)
    return float(np.quantile(speeds, share, method="linear")) if speeds.size else None


def percentile_of_bins_kmh(bins: Mapping[int, int], share: float = 0.85) -> float | None:
    """Percentile from whole-km/h bins, as if the vehicles of a bin were spread evenly over it.

    The ``⌈share·n⌉``-th lowest speed lies in the same bin, so this is right to within ``BIN_KMH``
    of it. None without a vehicle.
    """
    _check_share(share)
    filled, n = _sorted_bins(bins)
    rank, before = share * n, 0
    for low, count in filled:
        if before + count >= rank:
            return low + BIN_KMH * (rank - before) / count
        before += count
    return None


def percentile_interval(
    speeds_kmh: npt.ArrayLike, share: float = 0.85, level: float = 0.95
) -> Interval | None:
    """Confidence interval of a percentile from order statistics, whatever the distribution
    (Conover): the ranks at which the binomial (n, share) has half the risk on either side.

    Returns:
        None where the sample is too small for one (n < 23 for 85 % at 95 %).
    """
    speeds = np.sort(_speeds(speeds_kmh))
    ranks = _interval_ranks(speeds.size, share, level)
    if ranks is None:
        return None
    return Interval(float(speeds[ranks[0] - 1]), float(speeds[ranks[1] - 1]), level)


def percentile_interval_of_bins(
    bins: Mapping[int, int], share: float = 0.85, level: float = 0.95
) -> Interval | None:
    """The same from bins: from the lower edge of the low rank's bin to the upper edge of the high
    rank's, thus never narrower than the sample's.
    """
    filled, n = _sorted_bins(bins)
    ranks = _interval_ranks(n, share, level)
    if ranks is None:
        return None
    low, high = (_bin_of_rank(filled, rank) for rank in ranks)
    return Interval(float(low), high + BIN_KMH, level)


@lru_cache(maxsize=4096)  # the same few sizes come up in every interval of a table
def _interval_ranks(n: int, share: float, level: float) -> tuple[int, int] | None:
    """The largest r and smallest s with P(B < r) ≤ risk/2 and P(B ≥ s) ≤ risk/2, B ~ binomial."""
    _check_share(share)
    _check_share(level)
    below = special.bdtr(np.arange(n), n, share)  # P(B ≤ k), k = 0 … n − 1
    risk = (1 - level) / 2
    low = int(np.searchsorted(below, risk, side="right"))
    high = int(np.searchsorted(below, 1 - risk, side="left")) + 1
    return (low, high) if low >= 1 and high <= n else None


def _sorted_bins(bins: Mapping[int, int]) -> tuple[list[tuple[int, int]], int]:
    """The bins that hold something, and how many all of them hold."""
    filled = sorted((low, count) for low, count in bins.items() if count)
    if filled:
        checked_one(filled[0][0], "speed bin (km/h)")
        checked_one(filled[-1][0], "speed bin (km/h)", high=MAX_SPEED_KMH)
        checked_one(min(count for _, count in filled), "count")
    return filled, sum(count for _, count in filled)


def _bin_of_rank(filled: list[tuple[int, int]], rank: int) -> int:
    """Lower edge of the bin with the rank-th lowest speed."""
    before = 0
    for low, count in filled:
        before += count
        if before >= rank:
            return low
    raise ValueError(f"There are {before} speeds, and no rank {rank}.")


def _check_share(share: float) -> None:
    if not 0 < share < 1:
        raise ValueError(f"A share lies between 0 and 1, such as 0.85; got {share}.")


def moments_of(values: npt.ArrayLike) -> Moments:
    """The sums of a sample at once, as ``Moments.add`` would collect them."""
    sample = np.asarray(values, np.float64)
    above = sample[sample > 0]
    return Moments(
        sample.size,
        float(sample.sum()),
        float((sample * sample).sum()),
        float((1 / above).sum()),
        above.size,
    )


def mean_of(sums: Moments) -> float | None:
    """Arithmetic mean from sums; None for an empty sample."""
    return sums.total / sums.n if sums.n else None


def harmonic_mean_of(sums: Moments) -> float | None:
    """Harmonic mean from sums; None for an empty sample, and where a value of 0 was among them."""
    if not sums.n or sums.inverse_n < sums.n:
        return None
    return sums.n / sums.inverses


def standard_deviation_of(sums: Moments) -> float | None:
    """Of the sample, with n − 1; None for fewer than two."""
    if sums.n < 2:
        return None
    spread = sums.squares - sums.total * sums.total / sums.n  # rounding may leave it below 0
    return sqrt(max(0.0, spread) / (sums.n - 1))


def mean_interval(sums: Moments, level: float = 0.95) -> Interval | None:
    """Confidence interval of the mean, ``v̄ ± t(n−1)·s/√n`` (Student); None for fewer than two."""
    _check_share(level)
    mean, sd = mean_of(sums), standard_deviation_of(sums)
    if mean is None or sd is None:
        return None
    half = float(special.stdtrit(sums.n - 1, (1 + level) / 2)) * sd / sqrt(sums.n)
    return Interval(mean - half, mean + half, level)


def free_flow_kmh(speeds_kmh: npt.ArrayLike, headways_s: npt.ArrayLike) -> float | None:
    """Mean speed of the vehicles that nobody in front holds up (headway ≥ ``FREE_HEADWAY_S``);
    the spot-speed study's stand-in for HCM's speed at low flow. None without such a vehicle.

    Args:
        speeds_kmh: (N,). headways_s: (N,) to the one before; NaN, for the first, is free.
    """
    speeds, headways = _speeds(speeds_kmh), np.asarray(headways_s, np.float64)
    checked(headways[~np.isnan(headways)], "headway (s)")
    free = speeds[np.isnan(headways) | (headways >= FREE_HEADWAY_S)]
    return float(free.mean()) if free.size else None

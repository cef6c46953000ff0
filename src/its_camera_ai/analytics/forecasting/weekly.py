"""A place's own week: what is usual in each slot, learned from the weeks that it has seen."""

from dataclasses import dataclass

import numpy as np

from its_camera_ai.analytics.forecasting.history import WEEK_DAYS, Floats, Ints

HALF_LIFE_WEEKS = 6.0
"""A week so old counts half: patterns move with the seasons."""
POOLED_WEEKS = 0.7
"""The pattern of all working days together weighs as much as so many weeks of the slot itself."""
OUTLIER_SD = 4.0
"""Farther from a slot's median it is drawn in to here, so that one incident is not a pattern."""
MAD_TO_SD = 1.4826
"""Median absolute deviation → standard deviation of a normal distribution."""
_DAY_KIND = np.array([0, 0, 0, 0, 0, 1, 2])


@dataclass(frozen=True, slots=True, eq=False)
class WeeklyPattern:
    """The usual week on the modelled scale, S slots.

    Attributes:
        usual: (S,) NaN where no week says anything.
        without: (K, S) the same learned without the k-th week; its difference to that week is as
            large as to a week to come.
        first_week: number of the week k = 0.
        noise, growth: the standard deviation of a slot is ``√(noise + growth·usual²)``.
    """

    usual: Floats
    without: Floats
    first_week: int
    noise: float
    growth: float

    def sd(self, usual: Floats) -> Floats:
        """Standard deviation of what is usually ``usual``."""
        return np.sqrt(self.noise + self.growth * usual**2)

    def leave_week_out(self, week: Ints, slot: Ints) -> Floats:
        """(N,) usual values for moments of the learned weeks, each without its own week."""
        found: Floats = self.without[week - self.first_week, slot]
        return found


def learn(scaled: Floats, week: Ints, slot: Ints, steps_per_day: int) -> WeeklyPattern:
    """From a series on the modelled scale, NaN where unknown; at least one value is known."""
    weeks = _by_week(scaled, week - week[0], slot, WEEK_DAYS * steps_per_day)
    centre = np.nan_to_num(_median_with_neighbours(weeks))
    off = np.abs(weeks - centre)
    sd = MAD_TO_SD * float(np.nanmedian(off)) + 1e-9
    weeks = np.clip(weeks, centre - OUTLIER_SD * sd, centre + OUTLIER_SD * sd)
    age = np.arange(len(weeks))[::-1]
    weight = np.where(np.isnan(weeks), 0.0, 0.5 ** (age / HALF_LIFE_WEEKS)[:, None])
    sums = weight * np.nan_to_num(weeks)
    total, total_weight = sums.sum(axis=0), weight.sum(axis=0)
    without = _usual(total - sums, total_weight - weight, steps_per_day)
    noise, growth = _spread(weeks - without, without)
    return WeeklyPattern(
        _usual(total, total_weight, steps_per_day), without, int(week[0]), noise, growth
    )


def _by_week(scaled: Floats, week: Ints, slot: Ints, slots: int) -> Floats:
    """(K, S) with NaN where unknown; what comes twice in a slot is averaged."""
    known = ~np.isnan(scaled)
    cell = week[known] * slots + slot[known]
    size = (int(week[-1]) + 1) * slots
    count = np.bincount(cell, minlength=size)
    total = np.bincount(cell, scaled[known], minlength=size)
    mean = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return mean.reshape(-1, slots)


def _median_with_neighbours(weeks: Floats) -> Floats:
    """(S,) over all weeks and the slots to either side; NaN where all of them are unknown."""
    stacked = np.concatenate([np.roll(weeks, k, axis=1) for k in (-1, 0, 1)])
    found = np.full(weeks.shape[1], np.nan)
    some = ~np.isnan(stacked).all(axis=0)
    found[some] = np.nanmedian(stacked[:, some], axis=0)
    return found


def _usual(total: Floats, weight: Floats, steps_per_day: int) -> Floats:
    """Weighted means (…, S) of each slot and its neighbours, drawn towards the same time of all
    days of its kind (working day, Saturday, Sunday), and where that is unknown of all days.
    """
    shape = (*total.shape[:-1], WEEK_DAYS, steps_per_day)
    days, day_weight = total.reshape(shape), weight.reshape(shape)
    kinds = np.zeros((3, WEEK_DAYS))
    kinds[_DAY_KIND, np.arange(WEEK_DAYS)] = 1
    same = kinds[_DAY_KIND]  # (7, 7): 1 where two days are of a kind
    pooled = _mean(np.einsum("ij,...jt->...it", same, days), _pooled_weight(same, day_weight))
    any_day = _mean(days.sum(axis=-2, keepdims=True), day_weight.sum(axis=-2, keepdims=True))
    pooled = np.where(np.isnan(pooled), any_day, pooled).reshape(total.shape)
    near, near_weight = _smooth(total), _smooth(weight)
    drawn = np.where(np.isnan(pooled), 0.0, POOLED_WEEKS)
    return _mean(near + drawn * np.nan_to_num(pooled), near_weight + drawn)


def _pooled_weight(same: Floats, day_weight: Floats) -> Floats:
    weight: Floats = np.einsum("ij,...jt->...it", same, day_weight)
    return weight


def _smooth(values: Floats) -> Floats:
    """¼, ½, ¼ round the week."""
    return (np.roll(values, 1, axis=-1) + 2 * values + np.roll(values, -1, axis=-1)) / 4


def _mean(total: Floats, weight: Floats) -> Floats:
    return np.where(weight > 1e-9, total / np.maximum(weight, 1e-9), np.nan)


def _spread(off: Floats, usual: Floats) -> tuple[float, float]:
    """Variance as ``noise + growth·usual²``, by least squares on squares that are cut at the
    outliers; neither is negative.
    """
    known = ~np.isnan(off)
    squares, level = off[known] ** 2, usual[known] ** 2
    if not squares.size:
        return 1.0, 0.0
    squares = np.minimum(squares, (3 * MAD_TO_SD) ** 2 * max(1e-9, float(np.median(squares))))
    mean = max(1e-9, float(squares.mean()))
    off_level = level - level.mean()
    power = float((off_level**2).sum())
    if power <= 1e-9 * float((level**2).sum()):  # one level says nothing on growth
        return mean, 0.0
    growth = float((off_level * squares).sum()) / power
    growth = max(0.0, min(growth, mean / max(float(level.mean()), 1e-9)))
    return max(1e-9, mean - growth * float(level.mean())), growth

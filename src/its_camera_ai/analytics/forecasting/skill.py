"""How good a forecast is on weeks that it has not seen, against the two that cost nothing."""

from dataclasses import dataclass
from math import sqrt

import numpy as np

from its_camera_ai.analytics.forecasting.history import (
    WEEK_DAYS,
    Floats,
    History,
    Ints,
    Slots,
)
from its_camera_ai.analytics.forecasting.model import HOUR_S, LEVELS, Model, fit

SURE = 1.645
"""The gain must be so many standard errors of its daily means above 0 (95 %, one-sided)."""
FEWEST_DAYS = 5
LEARN_WEEKS = 2
"""Before the first week that is judged."""
MOST_WEEKS = 8
MEDIAN = LEVELS.index(0.5)


@dataclass(frozen=True, slots=True)
class Skill:
    """Of one horizon, on held-out time. Losses are in the unit of the series.

    Attributes:
        n: forecasts that were judged; all methods on the same.
        mae: mean absolute error of the median. naive_mae: of "as it is now". seasonal_mae: of "as a
            week before".
        pinball: mean pinball loss over ``LEVELS``, which judges the intervals too.
        coverage_80, coverage_95: shares of the truths inside.
        gain_naive, gain_seasonal: the gain in MAE over each, in standard errors of daily means.
        is_better: it beats both, in MAE surely and in pinball loss.
    """

    horizon_s: int
    n: int
    mae: float
    naive_mae: float
    seasonal_mae: float
    pinball: float
    naive_pinball: float
    seasonal_pinball: float
    coverage_80: float
    coverage_95: float
    gain_naive: float
    gain_seasonal: float

    @property
    def is_better(self) -> bool:
        surely = min(self.gain_naive, self.gain_seasonal) >= SURE
        return surely and self.pinball < min(self.naive_pinball, self.seasonal_pinball)


def backtest(
    history: History,
    slots: Slots,
    leads: tuple[int, ...],
    *,
    stale: int = 0,
    most_weeks: int = MOST_WEEKS,
) -> tuple[Skill | None, ...]:
    """Week by week at the end of the history: learn from everything before, forecast that week from
    each of its moments.

    Args:
        slots: of the history and the longest lead more.
        stale: judge for a moment at which so many of the last intervals are unknown: "as it is now"
            is that much older, and from an hour on the method is the weekly pattern alone.

    Returns:
        For each lead its skill; None where too little could be judged.
    """
    week = WEEK_DAYS * history.steps_per_day
    folds = min(most_weeks, (len(history) - LEARN_WEEKS * week) // week)
    judged: list[list[_Judged]] = [[] for _ in leads]
    for fold in range(folds, 0, -1):
        begin = len(history) - fold * week
        if np.isnan(history.values[:begin]).all():
            continue
        model = fit(history.first(begin), slots, leads)
        for lead, found in zip(leads, judged, strict=True):
            found.append(_judge(history, slots, model, (begin, begin + week), lead, stale))
    return tuple(
        _skill(lead * history.step_s, found) for lead, found in zip(leads, judged, strict=True)
    )


def is_blind(stale: int, history: History) -> bool:
    """Whether so many unknown intervals at the end leave nothing but the weekly pattern."""
    return stale * history.step_s >= HOUR_S


@dataclass(frozen=True, slots=True, eq=False)
class _Judged:
    """Forecasts of one lead beside the truth: (N,) and (N, 5) at ``LEVELS``."""

    truth: Floats
    ours: Floats
    naive: Floats
    seasonal: Floats
    day: Ints


def _judge(
    history: History, slots: Slots, model: Model, span: tuple[int, int], lead: int, stale: int
) -> _Judged:
    """The forecasts for a span, made inside it or just before; only those where all three can."""
    values, (begin, end) = history.values, span
    week = WEEK_DAYS * history.steps_per_day
    target = np.arange(max(begin + lead - 1, lead + stale), end)
    off = history.quantity.scaled(values[:end]) - model.pattern.usual[slots.slot[:end]]
    scaled = model.predict(off, slots, lead, blind=is_blind(stale, history))[target - lead]
    ours = history.quantity.unscaled(scaled)
    now = values[target - lead - stale, None] + _error_quantiles(values[:begin], lead + stale)
    before = values[target - week, None] + _error_quantiles(values[:begin], week)
    all_three = ~np.isnan(np.column_stack([values[target], ours, now, before])).any(axis=1)
    target = target[all_three]
    return _Judged(
        values[target], ours[all_three], now[all_three], before[all_three], slots.day[target]
    )


def _skill(horizon_s: int, folds: list[_Judged]) -> Skill | None:
    truth = np.concatenate([np.zeros(0), *(fold.truth for fold in folds)])
    if not truth.size:
        return None
    ours = np.concatenate([fold.ours for fold in folds])
    naive = np.concatenate([fold.naive for fold in folds])
    seasonal = np.concatenate([fold.seasonal for fold in folds])
    day = np.concatenate([fold.day for fold in folds])
    loss, naive_loss, seasonal_loss = (
        np.abs(truth - made[:, MEDIAN]) for made in (ours, naive, seasonal)
    )
    return Skill(
        horizon_s=horizon_s,
        n=len(truth),
        mae=float(loss.mean()),
        naive_mae=float(naive_loss.mean()),
        seasonal_mae=float(seasonal_loss.mean()),
        pinball=_pinball(truth, ours),
        naive_pinball=_pinball(truth, naive),
        seasonal_pinball=_pinball(truth, seasonal),
        coverage_80=_coverage(truth, ours[:, 1], ours[:, 3]),
        coverage_95=_coverage(truth, ours[:, 0], ours[:, 4]),
        gain_naive=_standard_errors(naive_loss - loss, day),
        gain_seasonal=_standard_errors(seasonal_loss - loss, day),
    )


def _error_quantiles(values: Floats, lag: int) -> Floats:
    """(5,) of the change over ``lag`` steps, the naive methods' intervals; the median is 0."""
    change = values[lag:] - values[:-lag]
    change = change[~np.isnan(change)]
    found = np.quantile(change, LEVELS) if change.size else np.zeros(len(LEVELS))
    found[MEDIAN] = 0.0
    return found


def _pinball(truth: Floats, quantiles: Floats) -> float:
    """Mean over (N, 5) forecasts of ``max(α·e, (α − 1)·e)`` with e = truth − quantile
    (R. Koenker and G. Bassett, Econometrica 1978).
    """
    error, level = truth[:, None] - quantiles, np.asarray(LEVELS)
    return float(np.maximum(level * error, (level - 1) * error).mean())


def _coverage(truth: Floats, low: Floats, high: Floats) -> float:
    return float(((truth >= low) & (truth <= high)).mean())


def _standard_errors(gain: Floats, day: Ints) -> float:
    """Mean gain over the standard error of its daily means: errors of one day hang together
    (after F. X. Diebold and R. S. Mariano, 1995). 0 for too few days.
    """
    _, index = np.unique(day, return_inverse=True)
    daily = np.bincount(index, gain) / np.bincount(index)
    if len(daily) < FEWEST_DAYS:
        return 0.0
    error = float(daily.std(ddof=1)) / sqrt(len(daily))
    return float(daily.mean()) / max(error, 1e-12)

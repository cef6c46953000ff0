"""How good a forecast is on weeks that it has not seen, against the two that cost nothing."""

from dataclasses import dataclass
from math import sqrt

import numpy as np

from its_camera_ai.analytics.forecasting.history import Floats, History, Ints, Slots
from its_camera_ai.analytics.forecasting.model import HOUR_S, LEVELS, Model, fit

SURE = 1.645
"""The gain must be so many standard errors of its daily means above 0 (95 %, one-sided)."""
FEWEST_DAYS = 5


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
    history: History, slots: Slots, learned: int, leads: tuple[int, ...], *, stale: int = 0
) -> tuple[Skill | None, ...]:
    """Learn from the first ``learned`` intervals, then forecast from every later one.

    Args:
        stale: judge for a moment at which so many of the last intervals are unknown: "as it is now"
            is that much older, and from an hour on the method is the weekly pattern alone.

    Returns:
        For each lead its skill; None where too little could be judged.
    """
    model = fit(history.first(learned), slots, leads)
    return tuple(_skill(history, slots, learned, model, lead, stale) for lead in leads)


def is_blind(stale: int, history: History) -> bool:
    """Whether so many unknown intervals at the end leave nothing but the weekly pattern."""
    return stale * history.step_s >= HOUR_S


def _skill(
    history: History, slots: Slots, learned: int, model: Model, lead: int, stale: int
) -> Skill | None:
    values, n = history.values, len(history)
    week = 7 * history.steps_per_day
    origin = np.arange(max(learned - 1, week - lead, stale), n - lead)
    blind = is_blind(stale, history)
    off = history.quantity.scaled(values) - model.pattern.usual[slots.slot[:n]]
    ours = history.quantity.unscaled(model.predict(off[: n - lead], slots, lead, blind=blind))
    ours = ours[origin]
    truth, before = values[origin + lead], values[origin + lead - week]
    now = values[origin - stale]
    both = ~np.isnan(np.column_stack([truth, now, before, ours[:, 2]])).any(axis=1)
    if not both.any():
        return None
    truth, ours, day = truth[both], ours[both], slots.day[origin + lead][both]
    naive = now[both, None] + _error_quantiles(values[:learned], lead + stale)
    seasonal = before[both, None] + _error_quantiles(values[:learned], week)
    loss = np.abs(truth - ours[:, 2])
    naive_loss, seasonal_loss = np.abs(truth - now[both]), np.abs(truth - before[both])
    return Skill(
        horizon_s=lead * history.step_s,
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
    found[LEVELS.index(0.5)] = 0.0
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

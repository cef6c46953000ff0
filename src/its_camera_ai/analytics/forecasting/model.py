"""The forecasting model: the usual week, corrected by how the last hours and yesterday differed.

On the modelled scale, with r the difference to the usual week, each lead h has its own regression
``r(t+h) = Σ βᵢ(h)·fᵢ(t)`` on the means of r over the last interval, hour, four hours and day and
round the same time yesterday (a direct multi-step autoregression; R. J. Hyndman and
G. Athanasopoulos, *Forecasting: Principles and Practice*). Its errors over the weeks it learned
from, each judged without itself, give the intervals.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from its_camera_ai.analytics.forecasting.history import Floats, History, Slots
from its_camera_ai.analytics.forecasting.weekly import WeeklyPattern, learn

LEVELS = (0.025, 0.1, 0.5, 0.9, 0.975)
"""Quantiles of a forecast: the median, and the ends of the 80 % and the 95 % interval."""
RIDGE = 10.0
"""Pull of the coefficients towards 0, in observations."""
HOUR_S = 3600


@dataclass(frozen=True, slots=True, eq=False)
class LeadModel:
    """For one lead.

    Attributes:
        lead: steps ahead. beta: (F,). quantiles: (5,) of the error in standard deviations at
            ``LEVELS``. blind_quantiles: the same of the weekly pattern alone.
    """

    lead: int
    beta: Floats
    quantiles: Floats
    blind_quantiles: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Model:
    """Fitted to a history.

    Attributes:
        leads: by steps ahead.
    """

    pattern: WeeklyPattern
    leads: dict[int, LeadModel]
    steps_per_day: int

    def predict(self, off: Floats, slots: Slots, lead: int, *, blind: bool = False) -> Floats:
        """From every moment t of a series: (N, 5) at t + lead, on the modelled scale.

        Args:
            off: (N,) differences to the usual week, NaN where unknown.
            slots: of at least N + lead moments.
            blind: by the weekly pattern alone.
        """
        model = self.leads[lead]
        usual = self.pattern.usual[slots.slot[lead : lead + len(off)]]
        quantiles = model.blind_quantiles if blind else model.quantiles
        centre = usual if blind else usual + features(off, lead, self.steps_per_day) @ model.beta
        return centre[:, None] + self.pattern.sd(usual)[:, None] * quantiles


def fit(history: History, slots: Slots, leads: tuple[int, ...]) -> Model:
    """Learn from all of a history.

    Args:
        slots: of at least the history.
    """
    n, per_day = len(history), history.steps_per_day
    scaled = history.quantity.scaled(history.values)
    week, slot = slots.week[:n], slots.slot[:n]
    pattern = learn(scaled, week, slot, per_day)
    usual = pattern.leave_week_out(week, slot)
    off = scaled - usual
    sd = pattern.sd(usual)
    return Model(pattern, {h: _fit_lead(off, sd, h, per_day) for h in leads}, per_day)


def _fit_lead(off: Floats, sd: Floats, lead: int, steps_per_day: int) -> LeadModel:
    target, sd = off[lead:], sd[lead:]
    known = ~np.isnan(target)
    seen = features(off, lead, steps_per_day)[: len(target)][known] / sd[known, None]
    wanted = target[known] / sd[known]
    if not wanted.size:  # no second week to judge the first by
        nothing = np.full(len(LEVELS), np.nan)
        return LeadModel(lead, np.zeros(seen.shape[1]), nothing, nothing)
    square = seen.T @ seen + RIDGE * np.eye(seen.shape[1])
    beta = np.asarray(np.linalg.solve(square, seen.T @ wanted), np.float64)
    return LeadModel(lead, beta, _quantiles(wanted - seen @ beta), _quantiles(wanted))


def _quantiles(errors: Floats) -> Floats:
    found: Floats = np.quantile(errors, LEVELS)
    return found


def features(off: Floats, lead: int, steps_per_day: int) -> Floats:
    """(N, F): what is known at each moment; the mean of nothing is 0, the usual."""
    per_hour = steps_per_day // 24
    edges = sorted({0, 1, per_hour, 4 * per_hour, steps_per_day})
    recent = [_trailing_mean(off, a, b) for a, b in pairwise(edges)]
    back = steps_per_day - lead
    yesterday = _trailing_mean(off, max(0, back - 1), back + 2) if back > 0 else None
    return np.column_stack(recent if yesterday is None else [*recent, yesterday])


def _trailing_mean(values: Floats, newest: int, oldest: int) -> Floats:
    """(N,) mean of the known among ``values[t − oldest + 1 … t − newest]``, 0 without any."""
    known = ~np.isnan(values)
    total = np.concatenate([[0.0], np.cumsum(np.where(known, values, 0.0))])
    count = np.concatenate([[0], np.cumsum(known)])
    t = np.arange(len(values))
    high, low = np.maximum(t + 1 - newest, 0), np.maximum(t + 1 - oldest, 0)
    seen = count[high] - count[low]
    return np.where(seen > 0, (total[high] - total[low]) / np.maximum(seen, 1), 0.0)

"""What is to be expected in the next quarter, hour and four hours, or why nothing can be said."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, tzinfo

import numpy as np

from its_camera_ai.analytics.forecasting.history import DAY_S, History, Slots, slots_of
from its_camera_ai.analytics.forecasting.model import Model, fit
from its_camera_ai.analytics.forecasting.skill import Skill, backtest, is_blind

HORIZONS_S = (900, 3600, 14_400)
FEWEST_DAYS = 21
"""Two weeks to learn from and one to be judged on."""
MOST_DAYS = 7 * 16
"""Of a longer history only the end is used: older weeks weigh little and cost time."""
WEEKLY_AND_RECENT = "weekly pattern, corrected by the last day"
WEEKLY_ONLY = "weekly pattern alone, for the last hour is unknown"


@dataclass(frozen=True, slots=True)
class ForecastPoint:
    """One interval to come, in the unit of the series.

    Attributes:
        expected: the median. The truth lies in 80 % and in 95 % of cases between low and high.
    """

    start_wall_ns: int
    step_s: int
    expected: float
    low_80: float
    high_80: float
    low_95: float
    high_95: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """What was forecast at the end of a history.

    Attributes:
        made_wall_ns: everything before it was known.
        points: in order of time, up to the last horizon that beats both naive methods; empty if
            none does.
        skills: of every horizon that could be judged, also of those that are not shown.
        problem: why there are no points, in words; empty if there are some.
    """

    made_wall_ns: int
    method: str
    points: tuple[ForecastPoint, ...] = ()
    skills: tuple[Skill, ...] = ()
    problem: str = ""


def forecast(
    history: History,
    zone: tzinfo,
    *,
    horizons_s: tuple[int, ...] = HORIZONS_S,
    holidays: Collection[date] = (),
) -> Forecast:
    """Forecast each interval up to the longest horizon that is worth showing.

    A horizon is shown only if on the last weeks of the history, each forecast by what was known
    before it, the method beats "as it is now" and "as a week before", and so does every shorter
    horizon.

    Args:
        zone: the site's, for days and weeks in local time.
        horizons_s: rising multiples of the step, within a day.
        holidays: local dates that are like Sundays, past and to come.

    Raises:
        ValueError: a horizon that is no multiple of the step, or beyond a day.
    """
    history = _recent(history)
    leads = _leads(history, horizons_s)
    stale = _stale(history)
    blind = is_blind(stale, history)
    method = WEEKLY_ONLY if blind else WEEKLY_AND_RECENT
    days = history.known / history.steps_per_day
    if days < FEWEST_DAYS:
        why = f"A forecast needs {FEWEST_DAYS} known days; there are {days:.1f} so far."
        return Forecast(history.end_wall_ns, method, problem=why)
    slots = slots_of(history, zone, holidays, more=leads[-1])
    judged = backtest(history, slots, leads, stale=stale)
    skills = tuple(skill for skill in judged if skill is not None)
    shown = 0
    for lead, skill in zip(leads, judged, strict=True):
        if skill is None or not skill.is_better:
            break
        shown = lead
    if not shown:
        return Forecast(history.end_wall_ns, method, skills=skills, problem=_why(judged[0]))
    model = fit(history, slots, tuple(range(1, shown + 1)))
    points = _points(history, slots, model, shown, blind=blind)
    return Forecast(history.end_wall_ns, method, points, skills)


def _recent(history: History) -> History:
    spare = len(history) - MOST_DAYS * history.steps_per_day
    if spare <= 0:
        return history
    start_ns = history.start_wall_ns + spare * history.step_s * 10**9
    return History(start_ns, history.step_s, history.values[spare:], history.quantity)


def _stale(history: History) -> int:
    """How many intervals at the end are unknown."""
    known = np.flatnonzero(~np.isnan(history.values))
    return len(history) - 1 - int(known[-1]) if known.size else len(history)


def _leads(history: History, horizons_s: tuple[int, ...]) -> tuple[int, ...]:
    usable = [h for h in horizons_s if h % history.step_s == 0 and 0 < h < DAY_S]
    if len(usable) != len(horizons_s) or not usable or usable != sorted(usable):
        raise ValueError(
            f"Horizons must be rising multiples of the step of {history.step_s} s, within a day; "
            f"got {horizons_s}."
        )
    return tuple(h // history.step_s for h in usable)


def _why(skill: Skill | None) -> str:
    if skill is None:
        return "Nothing could be judged on the last weeks; too much of them is unknown."
    return (
        f"Not surely better than doing without on the last weeks: mean error {skill.mae:.1f}, as "
        f"it is now {skill.naive_mae:.1f}, as a week before {skill.seasonal_mae:.1f}."
    )


def _points(
    history: History, slots: Slots, model: Model, last: int, *, blind: bool
) -> tuple[ForecastPoint, ...]:
    n = len(history)
    usual = model.pattern.leave_week_out(slots.week[:n], slots.slot[:n])
    off = history.quantity.scaled(history.values) - usual
    points = []
    for lead in range(1, last + 1):
        scaled = model.predict(off, slots, lead, blind=blind)[-1]
        low_95, low_80, expected, high_80, high_95 = history.quantity.unscaled(scaled).tolist()
        if np.isnan(expected):  # no week has ever shown this time of day
            continue
        start_ns = history.end_wall_ns + (lead - 1) * history.step_s * 10**9
        points.append(
            ForecastPoint(start_ns, history.step_s, expected, low_80, high_80, low_95, high_95)
        )
    return tuple(points)

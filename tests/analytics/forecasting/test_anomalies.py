"""What is unusual, against the place's own week."""

from datetime import date, timedelta

import numpy as np

from its_camera_ai.analytics.forecasting.anomalies import UsualWeek
from its_camera_ai.analytics.forecasting.history import History, Quantity
from tests.analytics.forecasting.weeks import PER_DAY, PER_WEEK, STEP_S, ZONE, at, weeks

EIGHT = 8 * PER_WEEK
MORNING = 32
"""08:00 on a Monday."""


def learned(history: History) -> UsualWeek:
    found = UsualWeek.learned(history.first(EIGHT), ZONE)
    assert found is not None
    return found


def rest(history: History, values: np.ndarray | None = None) -> History:
    since_ns = history.start_wall_ns + EIGHT * STEP_S * 10**9
    return History(since_ns, STEP_S, history.values[EIGHT:] if values is None else values)


def test_half_the_traffic_gone_for_an_hour_is_found_and_explained() -> None:
    history = weeks(40, count=9, day_sd=0.06)
    history.values[EIGHT + MORNING : EIGHT + MORNING + 4] *= 0.3
    found = learned(history).unusual(rest(history))
    assert len(found) == 1
    a = found[0]
    begin_ns = history.start_wall_ns + (EIGHT + MORNING) * STEP_S * 10**9
    assert (a.start_wall_ns, a.end_wall_ns) == (begin_ns, begin_ns + 4 * STEP_S * 10**9)
    assert a.score < -4.5
    assert a.value < a.low < a.usual < a.high
    assert a.explanation.startswith("Monday 08:")
    assert "too low" in a.explanation
    assert "of 8 weeks" in a.explanation


def test_ordinary_weeks_are_left_alone() -> None:
    false_alarms = 0
    for seed in range(50, 54):
        history = weeks(seed, count=12, day_sd=0.06)
        false_alarms += len(learned(history).unusual(rest(history)))
    assert false_alarms <= 4  # in 16 weeks of 672 intervals


def test_unknown_intervals_do_not_part_an_anomaly_and_are_none() -> None:
    history = weeks(41, count=9, day_sd=0.06)
    jam = slice(EIGHT + MORNING, EIGHT + MORNING + 6)
    history.values[jam] *= 0.2
    history.values[EIGHT + MORNING + 2 : EIGHT + MORNING + 4] = np.nan
    found = learned(history).unusual(rest(history))
    assert [a.end_wall_ns - a.start_wall_ns for a in found] == [6 * STEP_S * 10**9]
    assert learned(history).unusual(rest(history, np.full(PER_WEEK, np.nan))) == []


def test_too_much_after_too_little_is_another_anomaly() -> None:
    history = weeks(42, count=9, day_sd=0.06)
    history.values[EIGHT + MORNING : EIGHT + MORNING + 2] *= 0.2
    history.values[EIGHT + MORNING + 2 : EIGHT + MORNING + 4] *= 2.0
    found = learned(history).unusual(rest(history))
    assert [np.sign(a.score) for a in found] == [-1, 1]
    assert "too high" in found[1].explanation


def test_a_holiday_is_judged_as_a_sunday() -> None:
    history = weeks(43, count=9, day_sd=0.04)
    sunday = history.values[EIGHT - PER_DAY : EIGHT]
    holiday = EIGHT + 2 * PER_DAY
    history.values[holiday : holiday + PER_DAY] = sunday
    day: date = (at(0) + timedelta(weeks=8, days=2)).date()
    assert len(learned(history).unusual(rest(history))) >= 2
    knowing = UsualWeek.learned(history.first(EIGHT), ZONE, [day])
    assert knowing is not None
    assert knowing.unusual(rest(history)) == []


def test_speeds_are_explained_in_kmh() -> None:
    rng = np.random.default_rng(6)
    kmh = rng.normal(50, 2, 9 * PER_WEEK)
    kmh[EIGHT + 100] = 12.0
    history = History(weeks(0, count=1).start_wall_ns, STEP_S, kmh, Quantity.SPEED)
    known = UsualWeek.learned(history.first(EIGHT), ZONE)
    assert known is not None
    since_ns = history.start_wall_ns + EIGHT * STEP_S * 10**9
    found = known.unusual(History(since_ns, STEP_S, kmh[EIGHT:], Quantity.SPEED))
    assert len(found) == 1
    assert "12 km/h" in found[0].explanation


def test_nothing_is_unusual_before_three_weeks() -> None:
    assert UsualWeek.learned(weeks(44, count=2), ZONE) is None

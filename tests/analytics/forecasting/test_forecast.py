"""The forecast as it is shown, and why it is not."""

from datetime import datetime

import numpy as np
import pytest

from its_camera_ai.analytics.forecasting.forecast import (
    WEEKLY_AND_RECENT,
    WEEKLY_ONLY,
    Forecast,
    forecast,
)
from its_camera_ai.analytics.forecasting.history import History, Quantity
from tests.analytics.forecasting.weeks import (
    MONDAY,
    PER_DAY,
    PER_WEEK,
    STEP_S,
    ZONE,
    start_ns,
    usual,
    weeks,
)


def made_at(history: History, count: int) -> Forecast:
    return forecast(history.first(count), ZONE)


def test_the_next_four_hours() -> None:
    history = weeks(20, count=8)
    made = made_at(history, 7 * PER_WEEK + 40)
    assert made.problem == ""
    assert made.method == WEEKLY_AND_RECENT
    assert [p.start_wall_ns for p in made.points] == [
        made.made_wall_ns + k * STEP_S * 10**9 for k in range(16)
    ]
    for p in made.points:
        assert 0 <= p.low_95 < p.low_80 < p.expected < p.high_80 < p.high_95
    assert [skill.horizon_s for skill in made.skills] == [900, 3600, 14400]


def test_the_truth_lies_in_the_interval_as_often_as_it_says() -> None:
    history = weeks(21, count=9)
    inside = []
    for k in range(0, 2 * PER_WEEK, 131):
        n = 7 * PER_WEEK + k
        truth = history.values[n : n + 16]
        points = made_at(history, n).points[: len(truth)]
        inside += [p.low_80 <= v <= p.high_80 for p, v in zip(points, truth.tolist(), strict=True)]
    assert 0.7 <= np.mean(inside) <= 0.9


def test_a_day_without_data_is_no_obstacle() -> None:
    history = weeks(22)
    history.values[-PER_DAY - 3 * PER_DAY : -3 * PER_DAY] = np.nan
    assert forecast(history, ZONE).method == WEEKLY_AND_RECENT
    assert forecast(history, ZONE).points


def test_after_a_day_without_data_the_weekly_pattern_speaks_alone() -> None:
    history = weeks(23, count=8)
    seen = forecast(history, ZONE)
    history.values[-PER_DAY:] = np.nan
    made = forecast(history, ZONE)
    assert made.method == WEEKLY_ONLY
    wide = [p.high_95 - p.low_95 for p in made.points]
    assert len(wide) == 16
    assert wide[0] > seen.points[0].high_95 - seen.points[0].low_95


def test_clocks_going_forward_move_the_forecast_with_them() -> None:
    """At midnight before the change; at 01:00 UTC the local hour jumps from 02:00 to 03:00."""
    since = datetime(2026, 2, 9, tzinfo=ZONE)
    history = weeks(24, 7, since, day_sd=0.02)
    until = (start_ns(datetime(2026, 3, 29, tzinfo=ZONE)) - start_ns(since)) // (STEP_S * 10**9)
    made = made_at(history, until)
    truth = usual(since, until + 16)[until:]
    expected = np.array([p.expected for p in made.points])
    np.testing.assert_allclose(expected, truth, rtol=0.35, atol=6)


def test_nothing_is_shown_where_doing_without_is_as_good() -> None:
    walk = 400 + np.abs(np.cumsum(np.random.default_rng(3).normal(0, 3, 6 * PER_WEEK)))
    made = forecast(History(start_ns(), STEP_S, walk), ZONE)
    assert made.points == ()
    assert "Not surely better" in made.problem
    assert made.skills


@pytest.mark.parametrize(
    ("known_days", "problem"),
    [(20, "needs 21 known days; there are 20.0"), (0, "needs 21 known days; there are 0.0")],
)
def test_a_short_past_is_not_enough(known_days: int, problem: str) -> None:
    history = weeks(25, count=4)
    history.values[known_days * PER_DAY :] = np.nan
    made = forecast(history, ZONE)
    assert made.points == ()
    assert problem in made.problem


def test_weeks_without_pairs_to_compare_are_named() -> None:
    """Every second week is unknown: "as a week before" never exists."""
    history = weeks(26, count=8)
    for k in range(0, 8, 2):
        history.values[k * PER_WEEK : (k + 1) * PER_WEEK] = np.nan
    made = forecast(history, ZONE)
    assert made.points == ()
    assert "Nothing could be judged" in made.problem


def test_speeds_too() -> None:
    rng = np.random.default_rng(5)
    volume = usual(MONDAY, 6 * PER_WEEK)
    day = rng.normal(0, 2, 6 * 7 + 1).repeat(PER_DAY)[: len(volume)]
    kmh = 60 - 30 * volume / volume.max() + day + rng.normal(0, 1.5, len(volume))
    made = forecast(History(start_ns(), STEP_S, kmh, Quantity.SPEED), ZONE)
    assert len(made.points) == 16
    assert 20 < made.points[0].expected < 70


def test_a_longer_step_takes_what_it_can() -> None:
    hourly = weeks(27, count=8).values.reshape(-1, 4).sum(axis=1)
    made = forecast(History(start_ns(), 3600, hourly), ZONE, horizons_s=(3600, 14_400))
    assert len(made.points) == 4


@pytest.mark.parametrize(
    "horizons_s", [(), (1000,), (3600, 900), (86_400,)], ids=["none", "odd", "falling", "a day"]
)
def test_horizons_must_fit_the_step(horizons_s: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="rising multiples"):
        forecast(weeks(28, count=1), ZONE, horizons_s=horizons_s)


def test_only_the_end_of_a_very_long_history_counts() -> None:
    long = weeks(29, count=18)
    cut = 2 * PER_WEEK
    since_ns = long.start_wall_ns + cut * STEP_S * 10**9
    recent = History(since_ns, STEP_S, long.values[cut:])
    assert forecast(long, ZONE).points == forecast(recent, ZONE).points

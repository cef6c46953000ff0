"""The usual week."""

import numpy as np
import pytest

from its_camera_ai.analytics.forecasting.history import slots_of
from its_camera_ai.analytics.forecasting.weekly import WeeklyPattern, learn
from tests.analytics.forecasting.weeks import MONDAY, PER_DAY, PER_WEEK, ZONE, usual, weeks


def learned(values: np.ndarray) -> WeeklyPattern:
    slots = slots_of(weeks(0, count=len(values) // PER_WEEK), ZONE)
    return learn(values, slots.week, slots.slot, PER_DAY)


def test_an_even_series_is_its_own_pattern() -> None:
    pattern = learned(np.full(3 * PER_WEEK, 7.0))
    np.testing.assert_allclose(pattern.usual, 7.0, rtol=1e-12)
    np.testing.assert_allclose(pattern.without, 7.0, rtol=1e-12)


def test_the_pattern_is_found_under_the_noise() -> None:
    truth = usual(MONDAY, PER_WEEK)
    found = learned(weeks(3, count=10).values).usual
    assert np.abs(found - truth).mean() < 0.06 * truth.mean()


def test_a_week_says_nothing_about_itself() -> None:
    values = weeks(1, count=4).values
    other = values.copy()
    other[2 * PER_WEEK : 3 * PER_WEEK] += 3.0  # not far enough to be an outlier
    before, after = learned(values), learned(other)
    np.testing.assert_allclose(after.without[2], before.without[2], rtol=0.01)
    assert np.all(after.without[1] >= before.without[1])
    assert after.without[1].mean() > before.without[1].mean() + 0.5


def test_one_incident_is_not_the_pattern() -> None:
    values = np.sqrt(weeks(2, count=8, day_sd=0.02).values)
    jam = values.copy()
    at = 3 * PER_WEEK + 30
    jam[at : at + 8] = 0.0
    off = np.abs(learned(jam).usual - learned(values).usual)
    assert off.max() < 0.6  # a plain mean would be off by an eighth of 16


def test_a_slot_without_data_is_taken_from_days_of_its_kind() -> None:
    values = np.tile(np.where(np.arange(PER_WEEK) < 5 * PER_DAY, 10.0, 4.0), 3)
    values[0::PER_WEEK] = values[1::PER_WEEK] = values[2::PER_WEEK] = np.nan  # Monday's first three
    pattern = learned(values)
    assert pattern.usual[1] == pytest.approx(10.0)
    values = np.tile(np.where(np.arange(PER_WEEK) < 5 * PER_DAY, 10.0, np.nan), 3)
    assert learned(values).usual[6 * PER_DAY + 40] == pytest.approx(10.0)  # Sundays never seen


def test_a_time_of_day_that_was_never_seen_stays_unknown() -> None:
    values = np.full(3 * PER_WEEK, 5.0)
    values.reshape(-1, PER_DAY)[:, 8:20] = np.nan
    found = learned(values).usual.reshape(7, PER_DAY)
    assert np.isnan(found[:, 10:18]).all()
    assert not np.isnan(found[:, 30:]).any()


def test_the_spread_grows_with_the_level_where_the_data_do() -> None:
    rng = np.random.default_rng(4)
    level = np.tile(np.linspace(2, 20, PER_WEEK), 6)
    pattern = learned(level + rng.normal(0, np.sqrt(1 + 0.01 * level**2)))
    sd = pattern.sd(np.array([3.0, 18.0]))
    np.testing.assert_allclose(sd, np.sqrt([1.09, 4.24]), rtol=0.25)

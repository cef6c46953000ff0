"""The judge: losses by hand, and that it can't be talked into a forecast."""

from dataclasses import replace

import numpy as np
import pytest

from its_camera_ai.analytics.forecasting.history import History, slots_of
from its_camera_ai.analytics.forecasting.skill import Skill, _pinball, _standard_errors, backtest
from tests.analytics.forecasting.weeks import PER_WEEK, ZONE, start_ns, weeks

GOOD = Skill(900, 500, 8.0, 14.0, 20.0, 2.0, 3.5, 6.0, 0.8, 0.95, 7.0, 5.0)


def judged(history: History, leads: tuple[int, ...] = (1, 4, 16)) -> tuple[Skill | None, ...]:
    slots = slots_of(history, ZONE, more=16)
    return backtest(history, slots, leads)


def test_weeks_with_a_pattern_are_forecast_better_than_by_doing_without() -> None:
    for skill in judged(weeks(8)):
        assert skill is not None
        assert skill.is_better
        assert 0.72 <= skill.coverage_80 <= 0.88
        assert 0.91 <= skill.coverage_95 <= 0.99


def test_a_random_walk_is_not() -> None:
    walk = 400 + np.abs(np.cumsum(np.random.default_rng(1).normal(0, 3, 6 * PER_WEEK)))
    skills = judged(History(start_ns(), 900, walk))
    assert not any(skill is None or skill.is_better for skill in skills)


def test_the_same_week_again_and_again_is_not_beaten() -> None:
    one = weeks(9, count=1).values
    skills = judged(History(start_ns(), 900, np.tile(one, 6)))
    for skill in skills:
        assert skill is not None
        assert skill.seasonal_mae == 0.0
        assert not skill.is_better


def test_nothing_can_be_judged_on_unknown_weeks() -> None:
    history = weeks(10)
    history.values[2 * PER_WEEK :] = np.nan
    assert judged(history) == (None, None, None)


def test_with_a_gap_at_the_end_the_naive_forecast_is_older() -> None:
    history = weeks(11)
    slots = slots_of(history, ZONE, more=16)
    fresh, stale = (backtest(history, slots, (1,), stale=gap)[0] for gap in (0, 8))
    assert fresh is not None
    assert stale is not None
    assert stale.naive_mae > 2 * fresh.naive_mae
    assert stale.mae > fresh.mae


@pytest.mark.parametrize(
    ("worse", "better"),
    [
        ({}, True),
        ({"gain_naive": 1.6}, False),
        ({"gain_seasonal": -2.0}, False),
        ({"pinball": 3.6}, False),
    ],
    ids=["all better", "not surely than now", "worse than last week", "intervals worse"],
)
def test_what_better_means(worse: dict[str, float], better: bool) -> None:
    assert replace(GOOD, **worse).is_better is better


def test_pinball_loss_by_hand() -> None:
    quantiles = np.array([[0.0, 5.0, 10.0, 15.0, 20.0]])
    losses = [0.025 * 12, 0.1 * 7, 0.5 * 2, 0.1 * 3, 0.025 * 8]
    assert _pinball(np.array([12.0]), quantiles) == pytest.approx(sum(losses) / 5, rel=1e-12)


def test_errors_of_one_day_count_as_one() -> None:
    gain, day = np.array([1.0, 1.2, 0.8, 1.0, 1.1]), np.arange(5)
    once = _standard_errors(gain, day)
    assert once == pytest.approx(1.02 / (gain.std(ddof=1) / np.sqrt(5)), rel=1e-12)
    assert _standard_errors(gain.repeat(96), day.repeat(96)) == pytest.approx(once, rel=1e-12)
    assert _standard_errors(gain[:4], day[:4]) == 0.0

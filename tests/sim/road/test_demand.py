from datetime import date

import numpy as np
import pytest

from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.sim.road.demand import Demand

DAY = 96


def test_weekdays_have_two_peaks_and_holidays_are_like_sundays() -> None:
    holiday = date(2026, 3, 4)
    series = Demand(date(2026, 3, 2), 7, 1, holidays=frozenset({holiday})).series(900)
    days = series.expected.reshape(7, DAY)
    monday, wednesday, sunday = days[0], days[2], days[6]
    assert monday[30] > 2 * monday[16]
    assert monday[68] > 1.2 * monday[48]
    np.testing.assert_allclose(wednesday[4:-4], sunday[4:-4], rtol=0.02)
    assert series.holiday.reshape(7, DAY).any(axis=1).tolist() == [k == 2 for k in range(7)]


def test_a_day_with_a_change_of_the_clock_has_23_hours() -> None:
    series = Demand(date(2026, 3, 29), 1, 1).series(900)
    assert len(series.volume) == 92
    assert (np.diff(series.start_wall_ns) == 900_000_000_000).all()


def test_volumes_follow_the_demand_with_chance_and_never_pass_the_capacity() -> None:
    series = Demand(date(2026, 1, 5), 28, 2, capacity_per_hour=1600.0).series(900)
    assert series.volume.max() <= 400
    free = ~series.rain & ~series.incident
    ratio = series.volume[free].sum() / series.expected[free].sum()
    assert 0.93 < ratio < 1.07
    assert series.volume.std() > 0


def test_an_incident_holds_back_what_comes_later_and_slows() -> None:
    series = Demand(date(2026, 1, 5), 70, 3).series(900)
    busy = series.expected > 250
    assert series.incident.sum() > 10
    blocked, free = busy & series.incident, busy & ~series.incident & ~series.rain
    assert series.volume[blocked].mean() < 0.8 * series.volume[free].mean()
    assert np.nanmean(series.speed_kmh[blocked]) < 0.7 * np.nanmean(series.speed_kmh[free])


def test_the_same_seed_gives_the_same_weeks() -> None:
    first, again, other = (Demand(date(2026, 1, 5), 7, seed).series() for seed in (4, 4, 5))
    assert np.array_equal(first.volume, again.volume)
    assert not np.array_equal(first.volume, other.volume)


def test_the_factor_for_a_road_world_follows_the_day() -> None:
    demand = Demand(date(2026, 3, 2), 2, 6)
    night, peak = demand.factor(3.0 * 3600), demand.factor(7.5 * 3600)
    assert peak > 5 * night
    assert demand.from_moment(7.5 * 3600)(0.0) == peak


def test_demand_without_days_is_refused() -> None:
    with pytest.raises(ConfigInvalid, match="at least a day"):
        Demand(date(2026, 3, 2), 0, 1)

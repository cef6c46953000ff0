"""Local days: as long as the clocks at the place made them."""

import itertools
from datetime import date
from zoneinfo import ZoneInfo

import pytest

from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.local_days import local_day, local_days, time_zone


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        pytest.param("UTC", date(2024, 3, 31), 24, id="UTC"),
        pytest.param("Europe/Berlin", date(2024, 3, 31), 23, id="spring"),
        pytest.param("Europe/Berlin", date(2024, 10, 27), 25, id="autumn"),
        pytest.param("America/Sao_Paulo", date(2018, 11, 4), 23, id="midnight is skipped"),
        pytest.param("America/Sao_Paulo", date(2018, 2, 17), 25, id="the hour before it twice"),
        pytest.param("America/Havana", date(2024, 11, 3), 25, id="midnight comes twice"),
        pytest.param("Pacific/Apia", date(2011, 12, 30), 0, id="a day that was left out"),
    ],
)
def test_length_of_a_day(zone: str, day: date, hours: float) -> None:
    assert local_day(day, ZoneInfo(zone)).length_s == hours * 3600


@pytest.mark.parametrize("zone", ["America/Havana", "America/Sao_Paulo", "Australia/Lord_Howe"])
def test_days_join_without_a_seam(zone: str) -> None:
    days = local_days(date(2018, 1, 1), date(2018, 12, 31), ZoneInfo(zone))
    assert len(days) == 365
    assert all(
        one.until_wall_ns == other.since_wall_ns
        for (_, one), (_, other) in itertools.pairwise(days)
    )


@pytest.mark.parametrize(
    ("first", "last"),
    [
        pytest.param(date(2024, 1, 2), date(2024, 1, 1), id="backwards"),
        pytest.param(date(2000, 1, 1), date(2024, 1, 1), id="too many"),
    ],
)
def test_days_that_are_not_listed(first: date, last: date) -> None:
    with pytest.raises(ConfigInvalid, match="ask for 1 to 3660"):
        local_days(first, last, time_zone("UTC"))


@pytest.mark.parametrize("name", ["", "Mars/Base", "Europe", "../UTC"])
def test_zones_that_are_none(name: str) -> None:
    with pytest.raises(ConfigInvalid, match="no time zone"):
        time_zone(name)

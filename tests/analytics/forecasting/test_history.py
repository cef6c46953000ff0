"""Slots of the local week, clock changes and holidays among them."""

from datetime import date, datetime

import numpy as np
import pytest

from its_camera_ai.analytics.forecasting.history import History, Quantity, slots_of
from its_camera_ai.core.errors import MeasureInvalid
from tests.analytics.forecasting.weeks import PER_DAY, STEP_S, ZONE, start_ns


def day_of(year: int, month: int, day: int, count: int = 100) -> History:
    return History(start_ns(datetime(year, month, day, tzinfo=ZONE)), STEP_S, np.zeros(count))


def test_a_monday_begins_at_slot_0() -> None:
    slots = slots_of(day_of(2026, 1, 12), ZONE)
    assert slots.slot[:4].tolist() == [0, 1, 2, 3]
    assert slots.slot[PER_DAY] == PER_DAY
    assert np.unique(slots.week).size == 1


def test_weeks_count_from_monday() -> None:
    slots = slots_of(day_of(2026, 1, 11, count=97), ZONE)  # a Sunday
    assert slots.slot[0] == 6 * PER_DAY
    assert slots.slot[96] == 0
    assert slots.week[96] == slots.week[0] + 1


def test_when_clocks_go_forward_an_hours_slots_are_missing() -> None:
    slot = slots_of(day_of(2026, 3, 29), ZONE).slot - 6 * PER_DAY  # 02:00 becomes 03:00
    assert slot[:16].tolist() == [*range(8), *range(12, 20)]
    assert slot[92] == -6 * PER_DAY  # a day of 23 hours


def test_when_clocks_go_back_an_hours_slots_come_twice() -> None:
    slot = slots_of(day_of(2026, 10, 25), ZONE).slot - 6 * PER_DAY  # 03:00 becomes 02:00
    assert slot[:20].tolist() == [*range(12), *range(8, 16)]
    assert slot[99] == 95  # a day of 25 hours


def test_a_holiday_is_like_a_sunday() -> None:
    slots = slots_of(day_of(2026, 5, 1), ZONE, [date(2026, 5, 1)])  # a Friday
    assert slots.slot[0] == 6 * PER_DAY
    assert slots.slot[PER_DAY] == 5 * PER_DAY


def test_more_slots_than_the_history_has() -> None:
    assert slots_of(day_of(2026, 1, 12, count=3), ZONE, more=2).slot.tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("quantity", list(Quantity))
def test_the_modelled_scale_and_back(quantity: Quantity) -> None:
    values = np.array([0.0, 1.0, 37.0, 250.0, np.nan])
    np.testing.assert_allclose(quantity.unscaled(quantity.scaled(values)), values, atol=1e-9)
    assert quantity.unscaled(np.array([-3.0]))[0] == 0.0


@pytest.mark.parametrize(
    ("values", "quantity"),
    [([-1.0], Quantity.VOLUME), ([301.0], Quantity.SPEED), ([np.inf], Quantity.VOLUME)],
    ids=["negative", "too fast", "infinite"],
)
def test_impossible_values_are_refused(values: list[float], quantity: Quantity) -> None:
    with pytest.raises(MeasureInvalid, match="can't be true"):
        History(0, 900, np.array(values), quantity)


@pytest.mark.parametrize(("start", "step_s"), [(0, 7200), (0, 1000), (1, 900)])
def test_intervals_lie_on_the_clock(start: int, step_s: int) -> None:
    with pytest.raises(ValueError, match="divide an hour"):
        History(start, step_s, np.zeros(2))


def test_what_is_known() -> None:
    history = History(0, 900, np.array([1.0, np.nan, 3.0]))
    assert (history.known, len(history), history.end_wall_ns) == (2, 3, 2700 * 10**9)
    assert len(history.first(2)) == 2

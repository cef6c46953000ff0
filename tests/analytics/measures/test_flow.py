"""Flow rate, peak-hour factors and occupancy against values worked out by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from its_camera_ai.analytics.measures import flow
from its_camera_ai.core.errors import MeasureInvalid

NAN = float("nan")


def test_volume_of_some_classes() -> None:
    counted = {"car": 7, "truck": 2, "person": 5}
    assert flow.volume(counted) == 14
    assert flow.volume(counted, frozenset({"car", "truck"})) == 9


@pytest.mark.parametrize(
    ("count", "time_s", "vph"),
    [
        pytest.param(25, 60, 1500.0, id="a minute"),
        pytest.param(300, 900, 1200.0, id="a quarter"),
        pytest.param(0, 60, 0.0, id="none passed"),
        pytest.param(7, 51.5, 489.3203883495146, id="part of a minute"),
        pytest.param(3, 0, None, id="never looked"),
    ],
)
def test_flow_rate(count: int, time_s: float, vph: float | None) -> None:
    assert flow.flow_rate_vph(count, time_s) == (None if vph is None else pytest.approx(vph, 1e-12))


@pytest.mark.parametrize(
    ("quarters", "factor"),
    [
        pytest.param((1000, 1100, 1200, 900), 4200 / 4800, id="HCM's form"),
        pytest.param((5, 5, 5, 5), 1.0, id="even: the highest"),
        pytest.param((0, 8, 0, 0), 0.25, id="all in one: the lowest"),
        pytest.param((0, 0, 0, 0), None, id="nobody"),
    ],
)
def test_peak_hour_factor(quarters: tuple[int, ...], factor: float | None) -> None:
    assert flow.peak_hour_factor(quarters) == factor


@given(st.lists(st.integers(0, 500), min_size=12, max_size=12).filter(any))
def test_the_five_minute_factor_is_never_above_the_peak_hour_factor(volumes: list[int]) -> None:
    five = flow.peak_five_minute_factor(volumes)
    quarter = flow.peak_hour_factor(np.reshape(volumes, (4, 3)).sum(axis=1))
    assert five is not None
    assert quarter is not None
    assert 1 / 12 - 1e-12 <= five <= quarter + 1e-12
    assert 0.25 - 1e-12 <= quarter <= 1


def test_an_hour_has_four_quarters() -> None:
    with pytest.raises(ValueError, match="4 such volumes"):
        flow.peak_hour_factor([1, 2, 3])


def test_the_peak_hour_is_found_between_the_clock_hours() -> None:
    peak = flow.peak_hour([10, 20, 50, 60, 70, 60, 20, 10], 900)
    assert peak == flow.PeakHour(2, 900, 240.0, 240 / 280)


def test_an_hour_with_an_unknown_quarter_is_no_candidate() -> None:
    peak = flow.peak_hour([90, 90, NAN, 90, 10, 10, 10, 10], 900)
    assert peak is not None
    assert (peak.first, peak.volume) == (3, 120.0)
    assert flow.peak_hour([1, 1, NAN, 1, 1], 900) is None
    assert flow.peak_hour([1, 1, 1], 900) is None


def test_a_peak_hour_needs_quarters_or_five_minutes() -> None:
    with pytest.raises(ValueError, match="300 s or 900 s"):
        flow.peak_hour([1] * 60, 60)


def test_occupancy() -> None:
    assert flow.occupancy(12, 60) == 0.2
    assert flow.occupancy(60, 60) == 1.0
    assert flow.occupancy(0, 0) is None


@pytest.mark.parametrize(
    ("present_s", "time_s"), [(61, 60), (-1, 60), (1, NAN)], ids=["longer", "negative", "no number"]
)
def test_an_impossible_presence_is_refused_not_clipped(present_s: float, time_s: float) -> None:
    with pytest.raises(MeasureInvalid, match="can't be true"):
        flow.occupancy(present_s, time_s)

"""Means, percentiles and intervals of speeds: hand values, identities and coverage."""

from collections import Counter
from math import ceil, floor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from its_camera_ai.analytics.measures import speeds
from its_camera_ai.core.errors import MeasureInvalid
from its_camera_ai.core.intervals import Moments

SPEEDS = st.lists(st.floats(0.5, 250), min_size=1, max_size=60)


def test_hand_values() -> None:
    sample = [40.0, 60.0]  # one km each way: 2 km in 2.5 minutes
    assert speeds.time_mean_kmh(sample) == 50.0
    assert speeds.space_mean_kmh(sample) == pytest.approx(48.0, rel=1e-12)
    assert speeds.space_mean_by_travel_kmh(1000, [90, 60]) == pytest.approx(48.0, rel=1e-12)
    assert speeds.space_variance(sample) == pytest.approx(96.0, rel=1e-12)
    assert speeds.wardrop_time_mean_kmh(48.0, 96.0) == pytest.approx(50.0, rel=1e-12)


def test_nothing_comes_from_an_empty_sample() -> None:
    assert speeds.time_mean_kmh([]) is None
    assert speeds.space_mean_kmh([]) is None
    assert speeds.space_variance([]) is None
    assert speeds.space_mean_by_travel_kmh(100, []) is None
    assert speeds.percentile_kmh([]) is None
    assert speeds.percentile_of_bins_kmh({}) is None
    assert speeds.percentile_of_bins_kmh({50: 0}) is None
    assert speeds.percentile_interval_of_bins({}) is None
    assert speeds.mean_interval(Moments()) is None
    assert speeds.free_flow_kmh([50.0], [1.0]) is None


def test_a_standing_vehicle_has_no_space_mean() -> None:
    assert speeds.space_mean_kmh([0.0, 50.0]) is None
    assert speeds.harmonic_mean_of(speeds.moments_of([0.0, 50.0])) is None


@given(SPEEDS)
def test_wardrops_relation_holds_exactly(sample: list[float]) -> None:
    space, variance = speeds.space_mean_kmh(sample), speeds.space_variance(sample)
    time = speeds.time_mean_kmh(sample)
    assert space is not None
    assert variance is not None
    assert time is not None
    assert space <= time * (1 + 1e-12)
    assert speeds.wardrop_time_mean_kmh(space, variance) == pytest.approx(time, rel=1e-9)


@given(SPEEDS, st.floats(1, 1000))
def test_the_harmonic_mean_is_that_of_travel_times(sample: list[float], length_m: float) -> None:
    travel_s = [3.6 * length_m / kmh for kmh in sample]
    by_travel = speeds.space_mean_by_travel_kmh(length_m, travel_s)
    assert by_travel == pytest.approx(speeds.space_mean_kmh(sample), rel=1e-9)


@pytest.mark.parametrize(
    "speed", [-1.0, 300.5, float("nan"), float("inf")], ids=["negative", "above", "nan", "inf"]
)
def test_an_impossible_speed_is_refused(speed: float) -> None:
    with pytest.raises(MeasureInvalid, match="can't be true"):
        speeds.time_mean_kmh([50.0, speed])


def test_the_percentile_is_linear_between_order_statistics() -> None:
    assert speeds.percentile_kmh([10, 20, 30, 40], 0.85) == pytest.approx(35.5, rel=1e-12)
    assert speeds.percentile_kmh([55.0]) == 55.0


def test_the_percentile_of_bins_is_linear_inside_a_bin() -> None:
    assert speeds.percentile_of_bins_kmh({50: 80, 51: 20}) == pytest.approx(51.25, rel=1e-12)
    assert speeds.percentile_of_bins_kmh({50: 85, 90: 15}) == 51.0


@given(SPEEDS, st.floats(0.01, 0.99))
def test_bins_resolve_a_percentile_to_their_width(sample: list[float], share: float) -> None:
    bins = Counter(floor(kmh) for kmh in sample)
    ordered = sorted(sample)
    rank = ceil(share * len(ordered) - 1e-12)
    exact = ordered[max(0, rank - 1)]
    found = speeds.percentile_of_bins_kmh(bins, share)
    assert found is not None
    assert abs(found - exact) <= speeds.BIN_KMH + 1e-9


def test_a_percentiles_interval_needs_23_vehicles() -> None:
    assert speeds.percentile_interval(np.arange(22.0)) is None
    interval = speeds.percentile_interval(np.arange(23.0))
    assert interval is not None
    assert interval.high == 22.0


def test_the_ranks_are_those_of_the_binomial() -> None:
    n, share = 200, 0.85
    interval = speeds.percentile_interval(np.arange(1.0, n + 1), share)
    assert interval is not None
    r, s = int(interval.low), int(interval.high)
    binomial = stats.binom(n, share)
    assert binomial.cdf(r - 1) <= 0.025 < binomial.cdf(r)
    assert 1 - binomial.cdf(s - 1) <= 0.025 < 1 - binomial.cdf(s - 2)


def test_the_interval_of_a_percentile_covers_it() -> None:
    rng = np.random.default_rng(7)
    truth = 60 + 8 * stats.norm.ppf(0.85)
    samples = rng.normal(60, 8, (1500, 120))
    intervals = [speeds.percentile_interval(row) for row in samples]
    held = np.mean([i is not None and i.low <= truth <= i.high for i in intervals])
    assert 0.94 <= held <= 0.985  # conservative, as ranks are whole


@given(st.lists(st.floats(0, 200), min_size=23, max_size=80))
def test_the_interval_of_bins_holds_that_of_the_sample(sample: list[float]) -> None:
    narrow = speeds.percentile_interval(sample)
    wide = speeds.percentile_interval_of_bins(Counter(floor(kmh) for kmh in sample))
    assert narrow is not None
    assert wide is not None
    assert wide.low <= narrow.low
    assert narrow.high <= wide.high
    assert wide.low > narrow.low - 1
    assert wide.high <= narrow.high + 1


def test_the_interval_of_the_mean_is_students() -> None:
    sample = [48.0, 52.0, 50.0, 55.0, 45.0]
    interval = speeds.mean_interval(speeds.moments_of(sample))
    low, high = stats.t.interval(0.95, 4, np.mean(sample), stats.sem(sample))
    assert interval is not None
    assert (interval.low, interval.high) == pytest.approx((low, high), rel=1e-9)


def test_the_interval_of_the_mean_covers_it() -> None:
    samples = np.random.default_rng(3).normal(80, 12, (2000, 15))
    found = [speeds.mean_interval(speeds.moments_of(row)) for row in samples]
    held = np.mean([i is not None and i.low <= 80 <= i.high for i in found])
    assert 0.935 <= held <= 0.965


@given(st.lists(st.one_of(st.just(0.0), st.floats(1e-3, 250)), max_size=40))
def test_moments_at_once_are_moments_one_by_one(sample: list[float]) -> None:
    one_by_one = Moments()
    for kmh in sample:
        one_by_one.add(kmh)
    at_once = speeds.moments_of(sample)
    assert (at_once.n, at_once.inverse_n) == (one_by_one.n, one_by_one.inverse_n)
    assert at_once.total == pytest.approx(one_by_one.total, rel=1e-9)
    assert at_once.squares == pytest.approx(one_by_one.squares, rel=1e-9)
    assert at_once.inverses == pytest.approx(one_by_one.inverses, rel=1e-9)


@given(SPEEDS)
def test_means_from_moments_are_those_of_the_sample(sample: list[float]) -> None:
    sums = speeds.moments_of(sample)
    assert speeds.mean_of(sums) == pytest.approx(speeds.time_mean_kmh(sample), rel=1e-9)
    assert speeds.harmonic_mean_of(sums) == pytest.approx(speeds.space_mean_kmh(sample), rel=1e-9)


def test_free_flow_is_the_mean_of_those_whom_nobody_holds_up() -> None:
    assert speeds.free_flow_kmh([90, 70, 110, 60], [np.nan, 1.5, 8.0, 4.9]) == 100.0


@pytest.mark.parametrize("share", [0.0, 1.0, 85.0])
def test_a_share_lies_between_0_and_1(share: float) -> None:
    with pytest.raises(ValueError, match=r"such as 0\.85"):
        speeds.percentile_of_bins_kmh({50: 1}, share)


@pytest.mark.parametrize("bins", [{-1: 3, 50: 1}, {50: 1, 301: 2}, {50: -4}], ids=str)
def test_impossible_bins_are_refused(bins: dict[int, int]) -> None:
    with pytest.raises(MeasureInvalid, match="can't be true"):
        speeds.percentile_of_bins_kmh(bins)

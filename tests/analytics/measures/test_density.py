"""Density, spacing and the fundamental relation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from its_camera_ai.analytics.measures import density
from its_camera_ai.core.errors import MeasureInvalid


def test_hand_values() -> None:
    assert density.density_vpkm(12, 400, lanes=2) == 15.0
    assert density.density_from_flow_vpkm(1800, 90) == 20.0
    assert density.density_from_flow_vpkm(3600, 90, lanes=2) == 20.0
    assert density.spacing_m(20) == 50.0
    assert density.density_from_occupancy_vpkm(0.12, 4.0, 2.0) == pytest.approx(20.0, rel=1e-12)


def test_standing_traffic_has_no_density_from_its_flow() -> None:
    assert density.density_from_flow_vpkm(0, 0) is None
    assert density.spacing_m(0) is None


@given(st.floats(0.1, 200), st.floats(0.1, 250))
def test_q_is_k_times_v(k: float, v: float) -> None:
    q = density.flow_from_density_vph(k, v)
    assert density.density_from_flow_vpkm(q, v) == pytest.approx(k, rel=1e-9)


@given(st.floats(3, 20), st.floats(0, 30), st.floats(1, 40))
def test_occupancy_of_even_traffic_gives_its_density(
    body_m: float, zone_m: float, k: float
) -> None:
    spacing_m = 1000 / k
    occupied = (body_m + zone_m) / spacing_m
    if occupied <= 1:
        found = density.density_from_occupancy_vpkm(occupied, body_m, zone_m)
        assert found == pytest.approx(k, rel=1e-9)


def test_impossible_values() -> None:
    with pytest.raises(MeasureInvalid):
        density.density_vpkm(-1, 100)
    with pytest.raises(MeasureInvalid):
        density.density_from_occupancy_vpkm(1.2, 4, 2)
    with pytest.raises(ValueError, match="length above 0"):
        density.density_vpkm(1, 0)
    with pytest.raises(ValueError, match="at least one lane"):
        density.density_from_flow_vpkm(100, 50, lanes=0)
    with pytest.raises(ValueError, match="vehicle length"):
        density.density_from_occupancy_vpkm(0.1, 0, 0)

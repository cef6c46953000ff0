"""Edie's sums over a box, cut exactly at its edges."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from its_camera_ai.analytics.measures.edie import Edie, SpaceTimeBox, over_box
from its_camera_ai.core.errors import MeasureInvalid

BOX = SpaceTimeBox(100, 300, 60, 120)


@pytest.mark.parametrize(
    ("time_s", "along_m", "metres", "seconds"),
    [
        pytest.param([60, 80], [100, 300], 200, 20, id="from corner to edge"),
        pytest.param([50, 90], [0, 400], 200, 20, id="in below, out above"),
        pytest.param([0, 90], [200, 200], 0, 30, id="stands, from before"),
        pytest.param([100, 200], [200, 200], 0, 20, id="stands, until after"),
        pytest.param([100, 200], [150, 250], 20, 20, id="leaves by the time's edge"),
        pytest.param([0, 50], [100, 300], 0, 0, id="too early"),
        pytest.param([60, 120], [0, 50], 0, 0, id="before the stretch"),
        pytest.param([0, 200], [300, 300], 0, 0, id="stands on the upper edge: the neighbour's"),
        pytest.param([0, 200], [100, 100], 0, 60, id="stands on the lower edge"),
        pytest.param([70, 80, 90], [150, 250, 150], 0, 20, id="there and back"),
        pytest.param([70], [150], 0, 0, id="a single sample"),
    ],
)
def test_one_vehicle(
    time_s: list[float], along_m: list[float], metres: float, seconds: float
) -> None:
    found = over_box([(time_s, along_m)], BOX)
    assert found.vehicle_m == pytest.approx(metres, abs=1e-9)
    assert found.vehicle_s == pytest.approx(seconds, abs=1e-9)


def test_even_traffic_has_its_closed_form() -> None:
    """Every 2 s one vehicle at 20 m/s: 1800 veh/h, 25 veh/km, 72 km/h."""
    starts = np.arange(-100, 200, 2.0)
    found = over_box([([s, s + 50], [0, 1000]) for s in starts], SpaceTimeBox(100, 300, 0, 60))
    assert found.flow_vph == pytest.approx(1800, rel=1e-9)
    assert found.density_vpkm == pytest.approx(25, rel=1e-9)
    assert found.speed_kmh == pytest.approx(72, rel=1e-9)


def test_an_empty_box_has_no_speed() -> None:
    empty = over_box([], BOX)
    assert (empty.flow_vph, empty.density_vpkm, empty.speed_kmh) == (0, 0, None)


PATHS = st.lists(
    st.lists(st.tuples(st.floats(0.01, 30), st.floats(-20, 60)), min_size=1, max_size=12).map(
        lambda steps: (
            np.cumsum([40.0] + [dt for dt, _ in steps]),
            np.cumsum([50.0] + [dx for _, dx in steps]),
        )
    ),
    max_size=5,
)


@settings(max_examples=60)
@given(PATHS, st.floats(61, 119), st.floats(101, 299))
def test_parts_of_a_box_add_up(
    paths: list[tuple[np.ndarray, np.ndarray]], cut_s: float, cut_m: float
) -> None:
    whole = over_box(paths, BOX)
    parts = [
        over_box(paths, SpaceTimeBox(m0, m1, s0, s1))
        for m0, m1 in ((100, cut_m), (cut_m, 300))
        for s0, s1 in ((60, cut_s), (cut_s, 120))
    ]
    assert sum(p.vehicle_m for p in parts) == pytest.approx(whole.vehicle_m, abs=1e-7)
    assert sum(p.vehicle_s for p in parts) == pytest.approx(whole.vehicle_s, abs=1e-7)


@given(st.floats(0.1, 1e5), st.floats(0.1, 1e5), st.floats(1, 1e6))
def test_q_is_k_times_v(metres: float, seconds: float, area: float) -> None:
    found = Edie(metres, seconds, area)
    assert found.speed_kmh is not None
    assert found.flow_vph == pytest.approx(found.density_vpkm * found.speed_kmh, rel=1e-9)


def test_time_that_runs_backwards_is_refused() -> None:
    with pytest.raises(MeasureInvalid, match="time step"):
        over_box([([2, 1], [0, 1])], BOX)
    with pytest.raises(ValueError, match="above 0"):
        SpaceTimeBox(0, 0, 0, 1)

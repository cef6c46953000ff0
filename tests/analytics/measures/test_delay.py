"""Travel time and delay against free flow."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from its_camera_ai.analytics.measures import delay
from its_camera_ai.core.errors import MeasureInvalid


def test_hand_values() -> None:
    assert delay.free_flow_travel_s(500, 50) == pytest.approx(36.0, rel=1e-12)
    assert delay.delay_s(60, 500, 50) == pytest.approx(24.0, rel=1e-12)
    assert delay.delay_s(30, 500, 50) == 0.0
    assert delay.control_delay_s([36, 36, 66, 96], 500, 50) == pytest.approx(22.5, rel=1e-12)
    assert delay.control_delay_s([34, 38], 500, 50) == pytest.approx(0.0, abs=1e-9)
    assert delay.control_delay_s([], 500, 50) is None


@pytest.mark.parametrize(
    ("time_s", "speed_kmh", "stopped_s"),
    [
        pytest.param([0, 10], [0, 0], 10, id="stands"),
        pytest.param([0, 10], [50, 50], 0, id="drives"),
        pytest.param([0, 10], [5, 5], 0, id="at the bound: not below it"),
        pytest.param([0, 10, 40, 50], [50, 0, 0, 50], 32, id="brakes, waits, starts"),
        pytest.param([0], [0], 0, id="one sample"),
    ],
)
def test_stopped_delay(time_s: list[float], speed_kmh: list[float], stopped_s: float) -> None:
    assert delay.stopped_delay_s(time_s, speed_kmh) == pytest.approx(stopped_s, abs=1e-9)


@given(st.lists(st.floats(0, 120), min_size=2, max_size=30))
def test_stopped_delay_is_part_of_the_time(speed_kmh: list[float]) -> None:
    times = [0.5 * k for k in range(len(speed_kmh))]
    assert 0 <= delay.stopped_delay_s(times, speed_kmh) <= times[-1] + 1e-9


def test_impossible_values() -> None:
    with pytest.raises(MeasureInvalid, match="travel time"):
        delay.delay_s(-1, 500, 50)
    with pytest.raises(ValueError, match="above 0 km/h"):
        delay.delay_s(1, 500, 0)
    with pytest.raises(ValueError, match="one speed"):
        delay.stopped_delay_s([0, 1], [0])
    with pytest.raises(MeasureInvalid, match="time step"):
        delay.stopped_delay_s([1, 0], [0, 0])

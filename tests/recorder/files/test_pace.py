"""Work goes no faster than its rate."""

import pytest

from its_camera_ai.recorder.files.pace import BURST_S, Pace
from its_camera_ai.sim.clock import SimulatedClock


@pytest.mark.parametrize("piece_bytes", [10, 1000, 1_000_000])
def test_the_rate_is_kept_whatever_the_pieces(piece_bytes: int) -> None:
    clock = SimulatedClock()
    pace = Pace(100_000, clock=clock, wait=clock.advance)
    for _ in range(3_000_000 // piece_bytes):
        pace.spend(piece_bytes)
    assert clock.monotonic_ns() / 1e9 == pytest.approx(30, abs=BURST_S + 0.01)


def test_slow_work_does_not_wait() -> None:
    clock = SimulatedClock()
    waited: list[float] = []
    pace = Pace(1000, clock=clock, wait=waited.append)
    for _ in range(10):
        clock.advance(2)
        pace.spend(100)
    assert waited == []


def test_a_long_rest_is_not_saved_up() -> None:
    clock = SimulatedClock()
    pace = Pace(1000, clock=clock, wait=clock.advance)
    clock.advance(1000)
    for _ in range(100):
        pace.spend(100)
    assert clock.monotonic_ns() / 1e9 == pytest.approx(1010, abs=BURST_S + 0.01)

import pytest

from its_camera_ai.core.time import Clock
from its_camera_ai.sim.clock import SimulatedClock


def test_both_clocks_move_together_when_time_passes() -> None:
    clock = SimulatedClock(wall_ns=5, monotonic_ns=7)
    clock.advance(2.0)
    assert clock.wall_ns() == 2_000_000_005
    assert clock.monotonic_ns() == 2_000_000_007


@pytest.mark.parametrize("seconds", [-3600.0, 0.25, 86_400.0], ids=["back", "ahead", "a day"])
def test_a_step_moves_the_wall_clock_only(seconds: float) -> None:
    clock = SimulatedClock(wall_ns=10**18)
    clock.step(seconds)
    assert clock.wall_ns() == 10**18 + round(seconds * 1e9)
    assert clock.monotonic_ns() == 0


def test_set_moves_the_wall_clock_only() -> None:
    clock = SimulatedClock(monotonic_ns=3)
    clock.set(42)
    assert (clock.wall_ns(), clock.monotonic_ns()) == (42, 3)


def test_time_never_passes_backwards() -> None:
    with pytest.raises(ValueError, match=r"step\(\)"):
        SimulatedClock().advance(-0.001)


def test_it_stands_in_for_the_port() -> None:
    clock: Clock = SimulatedClock(wall_ns=1)
    assert clock.wall_ns() == 1

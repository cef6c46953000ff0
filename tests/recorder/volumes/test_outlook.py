import pytest

from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.recorder.volumes.outlook import DAY_S, outlook
from its_camera_ai.recorder.volumes.write_rate import KNOWN_AFTER_S, WINDOW_S, WriteRate
from its_camera_ai.sim.clock import SimulatedClock

NOW_NS = 1_700_000_000 * NS_PER_S


@pytest.mark.parametrize(
    ("room_days", "oldest_days", "policy", "was_short", "is_short"),
    [
        pytest.param(10, 0, 30, False, True, id="a new site on a small disk"),
        pytest.param(40, 0, 30, False, False, id="a new site on a large one"),
        pytest.param(10, 25, 30, False, False, id="what is there counts"),
        pytest.param(0, 29, 30, False, False, id="just about"),
        pytest.param(0, 29, 30, True, True, id="not over it yet"),
        pytest.param(0, 31, 30, True, False, id="over it"),
        pytest.param(0, 1, None, False, False, id="as long as there is room"),
    ],
)
def test_outlook(
    room_days: float, oldest_days: float, policy: float | None, was_short: bool, is_short: bool
) -> None:
    ahead = outlook(
        room_bytes=int(room_days * DAY_S * 500),
        bytes_per_s=500.0,
        oldest_wall_ns=NOW_NS - int(oldest_days * DAY_S) * NS_PER_S,
        now_wall_ns=NOW_NS,
        policy_days=policy,
        was_short=was_short,
    )
    assert ahead.is_short is is_short
    assert ahead.full_in_s == pytest.approx(room_days * DAY_S)
    assert ahead.keeps_days == pytest.approx(room_days + oldest_days)


@pytest.mark.parametrize(("rate", "oldest"), [(0.0, NOW_NS), (5.0, 0)], ids=["rate", "oldest"])
def test_nothing_is_said_before_something_is_known(rate: float, oldest: int) -> None:
    ahead = outlook(
        room_bytes=1,
        bytes_per_s=rate,
        oldest_wall_ns=oldest,
        now_wall_ns=NOW_NS,
        policy_days=30.0,
        was_short=False,
    )
    assert (ahead.full_in_s, ahead.keeps_days, ahead.is_short) == (None, None, False)


def test_the_rate_is_that_of_the_last_hour() -> None:
    clock = SimulatedClock()
    rate = WriteRate(clock)
    clock.advance(KNOWN_AFTER_S / 2)
    rate.note(10**6)
    assert rate.bytes_per_s() == 0, "too early to tell"
    for _ in range(300):
        clock.advance(20)
        rate.note(20_000)
    assert rate.bytes_per_s() == pytest.approx(1000, rel=0.02)
    for _ in range(int(WINDOW_S / 20) + 5):
        clock.advance(20)
        rate.note(40_000)
    assert rate.bytes_per_s() == pytest.approx(2000, rel=0.02)

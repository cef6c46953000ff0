"""Readings in order of the time from which they hold, also late ones."""

from its_camera_ai.analytics.incidents.signal_log import SignalLog
from its_camera_ai.core.signals import SignalReading, SignalState

S = SignalState
SECOND = 1_000_000_000


def told(log: SignalLog, state: SignalState, since_s: float, at_s: float) -> None:
    log.update({"a": SignalReading("a", state, int(since_s * SECOND))}, int(at_s * SECOND))


def test_a_late_reading_takes_its_place() -> None:
    log = SignalLog()
    told(log, S.GREEN, 0, 0)
    told(log, S.RED, 10, 10)
    told(log, S.YELLOW, 7, 11)
    assert [log.state_at("a", t * SECOND) for t in (-1, 5, 8, 12)] == [
        S.UNKNOWN,
        S.GREEN,
        S.YELLOW,
        S.RED,
    ]
    assert log.lasted_s("a", 12 * SECOND) == 2.0
    assert log.state_at("b", 0) is S.UNKNOWN
    assert log.lasted_s("b", 0) == 0.0


def test_a_state_told_again_lasts_from_its_first_time() -> None:
    log = SignalLog()
    for at_s in (10, 20, 30):
        told(log, S.RED, at_s, at_s)
    assert log.lasted_s("a", 31 * SECOND) == 21.0


def test_a_correction_replaces_what_was_told_for_the_same_moment() -> None:
    log = SignalLog()
    told(log, S.RED, 10, 10)
    told(log, S.GREEN, 10, 11)
    assert log.state_at("a", 12 * SECOND) is S.GREEN


def test_old_readings_are_forgotten_but_the_last() -> None:
    log = SignalLog()
    for at_s in range(0, 7200, 30):
        told(log, S.RED if at_s % 60 else S.GREEN, at_s, at_s)
    assert len(log._log["a"]) < 30
    assert log.state_at("a", 7200 * SECOND) is S.RED

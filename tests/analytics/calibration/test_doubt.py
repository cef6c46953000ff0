"""Doubt begins with the first look that speaks for a move, and is told once it is sure."""

import numpy as np
import pytest

from its_camera_ai.analytics.calibration.doubt import CalibrationDoubt, DoubtChange
from its_camera_ai.analytics.calibration.landmarks import LandmarkCheck, LandmarkVerdict
from its_camera_ai.core.time import NS_PER_S

NONE = np.empty((0, 2))


def look(verdict: LandmarkVerdict) -> LandmarkCheck:
    return LandmarkCheck(NONE, np.empty(0), verdict, 0.0, f"because of {verdict}")


MOVED, RIGHT, LOST, UNKNOWN = (
    look(v)
    for v in (
        LandmarkVerdict.MOVED,
        LandmarkVerdict.IN_PLACE,
        LandmarkVerdict.LOST,
        LandmarkVerdict.UNKNOWN,
    )
)


def run(
    looks: dict[float, LandmarkCheck], doubt: CalibrationDoubt
) -> list[tuple[float, DoubtChange]]:
    told = []
    for second, check in looks.items():
        change = doubt.update(check, round(second * NS_PER_S))
        if change is not None:
            told.append((second, change))
    return told


def every(step_s: float, start_s: float, end_s: float, check: LandmarkCheck) -> dict:
    return {float(s): check for s in np.arange(start_s, end_s, step_s)}


def test_a_camera_bumped_at_ten_thirteen() -> None:
    """Measured times before stay valid, those after are not, to the look."""
    bump_s = 10 * 3600 + 13 * 60.0
    doubt = CalibrationDoubt()
    valid_until, told = None, []
    for s in np.arange(bump_s - 60, bump_s + 60, 2.0):
        change = doubt.update(MOVED if s >= bump_s else RIGHT, round(s * NS_PER_S))
        if not doubt.in_doubt:
            valid_until = s
        if change is not None:
            told.append((s, change))
    assert valid_until == bump_s - 2
    ((told_at, change),) = told
    assert told_at == bump_s + 4
    assert change == DoubtChange(True, round(bump_s * NS_PER_S), "because of moved")
    assert doubt.since_pts_ns == round(bump_s * NS_PER_S)


def test_a_single_wrong_look_stops_measuring_but_tells_nobody() -> None:
    doubt = CalibrationDoubt()
    assert run({0: RIGHT, 2: MOVED}, doubt) == []
    assert doubt.in_doubt
    assert run({4: RIGHT}, doubt) == []
    assert not doubt.in_doubt
    assert doubt.reason == ""


def test_trust_comes_back_only_after_a_while() -> None:
    doubt = CalibrationDoubt()
    looks = {**every(2, 0, 10, MOVED), **every(2, 10, 30, RIGHT), 30.0: MOVED}
    told = run({**looks, **every(2, 32, 80, RIGHT)}, doubt)
    assert [(s, change.in_doubt) for s, change in told] == [(4, True), (62, False)]
    assert told[1][1].since_pts_ns == 0
    assert not doubt.in_doubt


@pytest.mark.parametrize("in_doubt", [True, False])
def test_a_look_that_does_not_know_changes_nothing(in_doubt: bool) -> None:
    doubt = CalibrationDoubt()
    run(every(2, 0, 10, MOVED if in_doubt else RIGHT), doubt)
    assert run(every(2, 10, 1000, UNKNOWN), doubt) == []
    assert doubt.in_doubt is in_doubt


def test_landmarks_out_of_sight_count_only_after_long() -> None:
    doubt = CalibrationDoubt()
    assert run({0: RIGHT, **every(2, 2, 40, LOST), 40: RIGHT}, doubt) == []
    assert not doubt.in_doubt
    told = run(every(2, 42, 110, LOST), doubt)
    assert [(s, change.since_pts_ns) for s, change in told] == [(102, 42 * NS_PER_S)]
    assert doubt.in_doubt

"""Seconds of activity: where something moved, what was seen, and what nobody looked at."""

import numpy as np
import pytest

from its_camera_ai.core.activity import GRID_WH, SecondOfActivity
from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.core.time import NS_PER_MS, NS_PER_S
from its_camera_ai.core.tracks import FrameTracks
from its_camera_ai.vision.activity_fold import ActivityFold

SIZE_WH = (640, 360)
START_NS = 1_700_000_000 * NS_PER_S
NOTHING = np.empty((0, 4), np.float32)


def boxes(*xyxy: tuple[float, float, float, float]) -> np.ndarray:
    return np.array(xyxy, np.float32).reshape(-1, 4)


def tracks(at_s: float, *found: tuple[int, ObjectClass, bool, float]) -> FrameTracks:
    """(id, class, observed, left edge) of tracks that are 40 px wide."""
    n = len(found)
    return FrameTracks(
        0,
        START_NS + round(at_s * NS_PER_S),
        SIZE_WH,
        np.array([f[0] for f in found], np.int64),
        np.array([[f[3], 100, f[3] + 40, 140] for f in found], np.float32).reshape(n, 4),
        np.ones(n, np.float32),
        np.array([f[1] for f in found], np.int8),
        np.array([f[2] for f in found], np.bool_),
    )


def play(fold: ActivityFold, since_s: float, until_s: float, moves: np.ndarray = NOTHING):  # type: ignore[no-untyped-def]
    """Pictures at ten a second; the seconds that they complete."""
    told: list[SecondOfActivity] = []
    for step in range(round(since_s * 10), round(until_s * 10)):
        told += fold.saw(moves, SIZE_WH, START_NS + step * 100 * NS_PER_MS)
    return told


def cells(second: SecondOfActivity) -> np.ndarray:
    bits = np.unpackbits(np.frombuffer(second.cells, np.uint8))
    return bits.reshape(GRID_WH[1], GRID_WH[0]).astype(bool)


def test_a_second_is_told_about_a_second_after_its_end() -> None:
    fold = ActivityFold()
    assert play(fold, 0, 2.0) == []
    (second,) = play(fold, 2.0, 2.1)
    assert second == SecondOfActivity(START_NS, 10, bytes(72))
    assert not second.moving


@pytest.mark.parametrize(
    ("box", "columns", "rows"),
    [
        pytest.param((0, 0, 20, 20), [0], [0], id="one cell, to its edges"),
        pytest.param((19, 19, 41, 21), [0, 1, 2], [0, 1], id="what it touches"),
        pytest.param((600, 340, 640, 360), [30, 31], [17], id="to the corner"),
        pytest.param((0, 0, 640, 360), range(32), range(18), id="everything"),
    ],
)
def test_which_cells_a_box_marks(box: tuple[int, ...], columns: list[int], rows: list[int]) -> None:
    fold = ActivityFold()
    fold.saw(boxes(box), SIZE_WH, START_NS)  # type: ignore[arg-type]  # four numbers
    (second,) = play(fold, 0.1, 2.1)
    want = np.zeros((18, 32), bool)
    want[np.ix_(list(rows), list(columns))] = True
    assert (cells(second) == want).all()
    assert second.moving


def test_the_most_of_a_class_at_once_and_only_what_was_really_seen() -> None:
    fold = ActivityFold()
    play(fold, 0, 1)
    fold.looked(tracks(0.1, (1, ObjectClass.CAR, True, 0), (2, ObjectClass.CAR, False, 300)))
    fold.looked(tracks(0.5, (1, ObjectClass.CAR, True, 20), (2, ObjectClass.CAR, True, 300)))
    fold.looked(tracks(0.9, (3, ObjectClass.PERSON, True, 20)))
    (second,) = play(fold, 1, 2.1)
    assert second.objects == {"car": 2, "person": 1}


def test_nobody_looked_is_not_looked_and_empty() -> None:
    fold = ActivityFold()
    play(fold, 0, 2)
    fold.looked(tracks(1.5))
    first, second = play(fold, 2, 3.1)
    assert first.objects is None
    assert first.active is None
    assert second.objects == {}
    assert second.active == {}


def test_what_stands_still_for_long_is_seen_but_no_longer_active() -> None:
    fold = ActivityFold()
    told = []
    for at_s in range(30):
        left = 0.0 if at_s < 20 else 30.0
        fold.looked(tracks(at_s, (1, ObjectClass.CAR, True, left)))
        told += play(fold, at_s, at_s + 1)
    assert [s.objects for s in told] == [{"car": 1}] * len(told)
    active = [s.active == {"car": 1} for s in told]
    assert active == [*[True] * 10, *[False] * 10, *[True] * (len(told) - 20)]


def test_a_look_that_comes_too_late_changes_nothing() -> None:
    fold = ActivityFold()
    play(fold, 0, 2.1)
    fold.looked(tracks(0.5, (1, ObjectClass.CAR, True, 0)))
    assert [s.second_ns for s in play(fold, 2.1, 3.1)] == [START_NS + NS_PER_S]


def test_a_gap_is_told_as_no_second_at_all() -> None:
    fold = ActivityFold()
    play(fold, 0, 2)
    told = play(fold, 60, 62.1)
    assert [(s.second_ns - START_NS) // NS_PER_S for s in told] == [0, 1, 60]


def test_a_clock_that_is_set_back_begins_anew() -> None:
    fold = ActivityFold()
    play(fold, 100, 103)
    told = play(fold, 0, 3.1)
    assert [(s.second_ns - START_NS) // NS_PER_S for s in told] == [0, 1]

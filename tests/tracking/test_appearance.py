"""What bodies look like: it decides what place alone can't, and finds those who come back."""

import numpy as np
import numpy.typing as npt
import pytest

from its_camera_ai.core.detections import Detections, ObjectClass
from its_camera_ai.core.tracks import FrameTracks
from its_camera_ai.tracking.tracker import Tracker

SIZE_WH = (1280, 720)
S = 1_000_000_000
RED, BLUE = np.eye(2, 16, dtype=np.float32)
Seen = tuple[float, npt.NDArray[np.float32]]


def look(tracker: Tracker, t_s: float, *seen: Seen, known: bool = True) -> FrameTracks:
    """Persons 40 × 120 px whose feet stand at x; with or without their features."""
    found = Detections.of(
        [[x - 20, 280, x + 20, 400] for x, _ in seen],
        class_id=[ObjectClass.PERSON] * len(seen),
    )
    features = np.array([f for _, f in seen]).reshape(len(seen), 16) if known else None
    return tracker.update(found, round(t_s * S), 0, SIZE_WH, features=features)


def after_meeting(known: bool) -> dict[int, float]:
    """Two walk towards one another, are lost at the meeting, and turn back."""
    tracker = Tracker()
    for k in range(15):
        look(tracker, k / 5, (400 + 12 * k, RED), (800 - 12 * k, BLUE), known=known)
    for k in range(15, 20):
        look(tracker, k / 5, known=known)
    tracks = look(tracker, 4.0, (580, RED), (620, BLUE), known=known)
    return dict(zip(tracks.track_id.tolist(), tracks.xyxy[:, 0] + 20, strict=True))


def test_looks_tell_two_apart_that_turned_round() -> None:
    assert after_meeting(known=True) == {1: 580, 2: 620}
    assert after_meeting(known=False) == {1: 620, 2: 580}


@pytest.mark.parametrize(
    ("back", "away_s", "found_again"),
    [(RED, 10, True), (BLUE, 10, False), (RED, 60, False), (np.zeros(16), 10, False)],
    ids=["the same", "another", "too late", "not known"],
)
def test_who_was_lost_comes_back_by_looks_only(
    back: npt.NDArray[np.float32], away_s: float, found_again: bool
) -> None:
    tracker = Tracker()
    for k in range(10):
        look(tracker, k / 5, (300, RED))
    for k in range(10, int(10 + away_s * 5)):
        tracks = look(tracker, k / 5)
    assert len(tracks) == 0
    tracks = look(tracker, 2 + away_s, (420, back))
    assert tracks.track_id.tolist() == ([1] if found_again else [2])


def test_without_features_nobody_is_remembered_longer() -> None:
    tracker = Tracker()
    for k in range(10):
        look(tracker, k / 5, (300, RED), known=False)
    for k in range(10, 60):
        look(tracker, k / 5, known=False)
    assert look(tracker, 12.0, (300, RED), known=False).track_id.tolist() == [2]


def test_one_row_for_each_detection_is_asked_for() -> None:
    with pytest.raises(ValueError, match="one row for each of 1"):
        Tracker().update(
            Detections.of([[0, 0, 9, 9]]), 0, 0, SIZE_WH, features=np.zeros((2, 4), np.float32)
        )


def test_features_of_another_length_replace_the_old_ones() -> None:
    tracker = Tracker()
    for k in range(5):
        look(tracker, k / 5, (300, RED))
    found = Detections.of([[280, 280, 320, 400]], class_id=[ObjectClass.PERSON])
    for features in (np.ones((1, 4), np.float32), None, np.full((1, 4), np.nan, np.float32)):
        tracks = tracker.update(found, S + tracker.next_id, 0, SIZE_WH, features=features)
        assert tracks.track_id.tolist() == [1]

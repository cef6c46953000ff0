"""Looks at parts of the picture: what was not looked at is neither aged nor ended."""

import numpy as np
import pytest

from its_camera_ai.core.detections import Detections
from its_camera_ai.tracking.looked import could_be_seen, cut_sides
from its_camera_ai.tracking.tracker import Tracker

SIZE_WH = (1280, 720)
S = 1_000_000_000
AREA = np.array([[200.0, 100, 600, 500]])


@pytest.mark.parametrize(
    ("box", "seen"),
    [
        ([300, 200, 400, 300], True),
        ([700, 200, 800, 300], False),
        ([550, 200, 650, 300], True),
        ([560, 200, 660, 300], False),
        ([300, 60, 400, 110], True),
        ([300, 480, 400, 560], False),
        ([-50, -50, -20, -20], False),
    ],
    ids=["inside", "outside", "half", "less", "stands-in-it", "stands-below", "off-picture"],
)
def test_who_could_be_seen(box: list[float], seen: bool) -> None:
    assert could_be_seen(np.array([box], np.float64), AREA).tolist() == [seen]


def test_no_area_sees_nobody_and_the_whole_frame_everybody() -> None:
    boxes = np.array([[300.0, 200, 400, 300], [-90, 0, -50, 20]])
    assert not could_be_seen(boxes, np.empty((0, 4))).any()
    assert could_be_seen(boxes, None).all()
    assert could_be_seen(np.empty((0, 4)), AREA).shape == (0,)


@pytest.mark.parametrize(
    ("box", "cut"),
    [
        ([300, 200, 400, 300], [0, 0, 0, 0]),
        ([201, 200, 400, 300], [1, 0, 0, 0]),
        ([300, 100, 599, 300], [0, 1, 1, 0]),
        ([300, 200, 400, 500], [0, 0, 0, 1]),
        ([601, 200, 700, 300], [0, 0, 0, 0]),
        ([0, 200, 90, 300], [1, 0, 0, 0]),
        ([900, 650, 1000, 720], [0, 0, 0, 1]),
    ],
    ids=["whole", "left", "top-right", "bottom", "next-to-it", "picture-left", "picture-bottom"],
)
def test_sides_on_a_border_are_cut(box: list[float], cut: list[int]) -> None:
    found = np.array([box], np.float32)
    assert cut_sides(found, SIZE_WH, AREA).astype(int).tolist() == [cut]


def test_a_car_outside_the_area_waits_as_a_prediction() -> None:
    """Two cars stand; for a minute only the left one's area is looked at."""
    tracker = Tracker()
    left, right = [300, 200, 400, 280], [900, 200, 1000, 280]
    for k in range(5):
        tracker.update(Detections.of([left, right]), k * S // 5, 0, SIZE_WH)
    for k in range(5, 305):
        tracks = tracker.update(
            Detections.of([left]), k * S // 5, 0, SIZE_WH, looked_xyxy=AREA.astype(np.float32)
        )
        assert tracks.track_id.tolist() == [1, 2]
        assert tracks.observed.tolist() == [True, False]
    tracks = tracker.update(Detections.of([left, right]), 62 * S, 0, SIZE_WH)
    assert tracks.track_id.tolist() == [1, 2]
    assert tracks.observed.all()


def test_a_car_missing_from_the_area_that_was_looked_at_ends() -> None:
    tracker = Tracker()
    for k in range(5):
        tracker.update(Detections.of([[300, 200, 400, 280]]), k * S // 5, 0, SIZE_WH)
    for k in range(5, 25):
        tracks = tracker.update(Detections.empty(), k * S // 5, 0, SIZE_WH, looked_xyxy=AREA)
    assert len(tracks) == 0
    again = tracker.update(Detections.of([[300, 200, 400, 280]]), 5 * S, 0, SIZE_WH)
    assert 1 not in again.track_id


def test_a_box_cut_by_an_area_moves_its_track_less() -> None:
    """The area's border halves the box of a standing car; the whole frame's look would not."""
    whole, half = [550, 200, 650, 300], [550, 200, 600, 300]

    def centre_after(areas: np.ndarray | None) -> float:
        tracker = Tracker()
        for k in range(10):
            tracker.update(Detections.of([whole]), k * S // 5, 0, SIZE_WH)
        tracker.update(Detections.of([half]), 2 * S, 0, SIZE_WH, looked_xyxy=areas)
        tracks = tracker.update(
            Detections.empty(), 2 * S + S // 100, 0, SIZE_WH, looked_xyxy=np.empty((0, 4))
        )
        return float(tracks.xyxy[0, 0] + tracks.xyxy[0, 2]) / 2

    assert abs(centre_after(AREA) - 600) < abs(centre_after(None) - 600) / 3

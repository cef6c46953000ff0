"""Times that jump, boxes that can't be, crowds, many births: bounded and never an error."""

import tracemalloc

import numpy as np
import pytest

from its_camera_ai.core.detections import Detections
from its_camera_ai.core.tracks import FrameTracks
from its_camera_ai.tracking.tracker import Tracker

SIZE_WH = (1280, 720)
S = 1_000_000_000
CAR = [300.0, 300.0, 380.0, 360.0]


def look(tracker: Tracker, pts_ns: int, *boxes: list[float]) -> FrameTracks:
    return tracker.update(Detections.of([*boxes]), pts_ns, 0, SIZE_WH)


@pytest.mark.parametrize(
    "jump_ns",
    [3600 * S, 10**15, 2**62, -(2**62), -3600 * S],
    ids=["hour", "days", "ages", "ages-back", "hour-back"],
)
def test_a_stream_that_jumps_goes_on(jump_ns: int) -> None:
    tracker = Tracker()
    for k in range(10):
        look(tracker, k * S // 5, CAR)
    for k in range(10, 30):
        tracks = look(tracker, jump_ns + k * S // 5, CAR)
        assert np.isfinite(tracks.xyxy).all()
    assert len(tracks) == 1
    assert tracks.pts_ns == jump_ns + 29 * S // 5


def test_times_to_and_fro_are_never_counted_twice() -> None:
    tracker = Tracker()
    rng = np.random.default_rng(3)
    times = np.cumsum(rng.integers(-2, 5, 300)) * S // 25
    newest = -(2**62)
    for pts_ns in times.tolist():
        tracks = look(tracker, pts_ns, CAR)
        newest = max(newest, tracks.pts_ns)
        assert tracks.track_id.tolist() == [1]


@pytest.mark.parametrize(
    ("box", "score"),
    [
        ([-1e30, -1e30, 1e30, 1e30], 0.9),
        ([0, 0, 3e38, 3e38], 0.9),
        ([-500, -500, -10, -10], 0.9),
        ([5000, 100, 5100, 200], 0.9),
        ([100, 100, float("inf"), 200], 0.9),
        ([600, 300, 680, 360], float("nan")),
        ([600, 300, 680, 360], float("inf")),
        ([600, 300, 680, 360], -1.0),
        ([600, 300, 600.0001, 300.0001], 0.9),
    ],
    ids=[
        "huge",
        "overflow",
        "left-out",
        "right-out",
        "inf",
        "nan-score",
        "inf-score",
        "neg",
        "dot",
    ],
)
def test_a_senseless_detection_disturbs_nobody(box: list[float], score: float) -> None:
    tracker = Tracker()
    for k in range(10):
        found = Detections.of([CAR, box], [0.9, score])
        tracks = tracker.update(found, k * S // 5, 0, SIZE_WH)
        assert np.isfinite(tracks.xyxy).all()
        assert 1 in tracks.track_id[tracks.observed]
    assert tracks.xyxy[tracks.track_id == 1].tolist() == [CAR]


def test_500_objects_keep_their_ids() -> None:
    tracker = Tracker()
    rows, columns = np.divmod(np.arange(500), 25)
    for k in range(12):
        x, y = 20 + columns * 50 + 4 * k, 40 + rows * 34
        boxes = np.stack([x - 12, y - 26, x + 12, y], axis=1).astype(np.float32)
        found = Detections(boxes, np.full(500, 0.8, np.float32), np.full(500, 3, np.int8))
        tracks = tracker.update(found, k * S // 5, 0, SIZE_WH)
    assert tracks.track_id.tolist() == list(range(1, 501))


def test_memory_is_flat_over_100_000_births() -> None:
    """Nothing ever comes back: 400 new bodies a look, each gone before the next."""
    tracker = Tracker()
    place = np.random.default_rng(1).uniform(0, 1, (400, 2)) * (1200, 600) + (0, 40)
    boxes = np.concatenate([place, np.add(place, (24, 30))], axis=1).astype(np.float32)
    score = np.full(400, 0.8, np.float32)
    kinds = np.arange(400) % 2 * 3

    def births(first: int, last: int) -> None:
        for k in range(first, last):
            there = Detections(boxes, score, np.roll(kinds, k).astype(np.int8))
            tracker.update(there, k * 60 * S, 0, SIZE_WH)
            for gone in range(1, 3):
                tracker.update(Detections.empty(), k * 60 * S + gone * 2 * S, 0, SIZE_WH)

    births(0, 20)
    tracemalloc.start()
    try:
        births(20, 40)
        before, _ = tracemalloc.get_traced_memory()
        births(40, 300)
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert tracker.next_id > 100_000
    assert after - before < 100_000
    assert peak < 40_000_000

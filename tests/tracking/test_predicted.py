"""Places between looks: where the tracks are, and that asking changes nothing."""

import numpy as np
import pytest

from its_camera_ai.core.detections import Detections
from its_camera_ai.core.tracks import FrameTracks
from its_camera_ai.tracking.tracker import Tracker

SIZE_WH = (1280, 720)
S = 1_000_000_000


def foot(tracks: FrameTracks) -> list[tuple[float, float]]:
    return [((float(b[0]) + float(b[2])) / 2, float(b[3])) for b in tracks.xyxy]


def look(tracker: Tracker, t_s: float, *lefts: float) -> FrameTracks:
    boxes = [[x, 300.0, x + 60.0, 350.0] for x in lefts]
    ns = round(t_s * S)
    return tracker.update(Detections.of(boxes, [0.8] * len(boxes)), ns, ns, SIZE_WH)


def followed() -> Tracker:
    """Five looks per second, 100 px per second to the right; the last look at 2 s."""
    tracker = Tracker()
    for k in range(11):
        look(tracker, k / 5, 100 + 20 * k)
    return tracker


@pytest.mark.parametrize("ahead_s", [0.0, 0.04, 0.1, 0.2])
def test_places_between_looks(ahead_s: float) -> None:
    ns = round((2 + ahead_s) * S)
    tracks = followed().predicted(ns, ns + 7, SIZE_WH, looks_per_s=5.0)
    assert tracks.track_id.tolist() == [1]
    assert not tracks.observed.any()
    assert (tracks.pts_ns, tracks.wall_ns, tracks.looks_per_s) == (ns, ns + 7, 5.0)
    ((x, y),) = foot(tracks)
    assert x == pytest.approx(330 + 100 * ahead_s, abs=2)
    assert y == pytest.approx(350, abs=1)


def test_asking_changes_nothing() -> None:
    """The same looks with and without questions in between, also about the past."""
    asked, unasked = followed(), followed()
    for t_s in (2.05, 2.1, 1.0, 2.15):
        asked.predicted(round(t_s * S), 0, SIZE_WH)
    assert asked.save() == unasked.save()
    np.testing.assert_array_equal(look(asked, 2.2, 320).xyxy, look(unasked, 2.2, 320).xyxy)


def test_the_past_is_the_place_in_the_last_frame() -> None:
    tracker = followed()
    now = tracker.predicted(2 * S, 0, SIZE_WH)
    np.testing.assert_array_equal(tracker.predicted(S, 0, SIZE_WH).xyxy, now.xyxy)


def test_who_is_shown_in_a_look_is_shown_after_it() -> None:
    """Seen once, seen often, and missed for longer than is shown."""
    tracker = followed()
    tracks = look(tracker, 2.2, 320, 900)
    assert tracker.predicted(round(2.3 * S), 0, SIZE_WH).track_id.tolist() == (
        tracks.track_id.tolist()
    )
    for k in range(5):
        tracks = look(tracker, 2.4 + k / 5, 900)
    assert tracker.predicted(round(3.3 * S), 0, SIZE_WH).track_id.tolist() == (
        tracks.track_id.tolist()
    )
    assert 1 not in tracks.track_id


def test_nothing_before_the_first_look() -> None:
    assert len(Tracker().predicted(S, 0, SIZE_WH)) == 0

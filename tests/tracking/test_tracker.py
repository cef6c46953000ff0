"""The tracker's promises: identity, time from stream time only, and what it must never do."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from its_camera_ai.core.detections import Detections, ObjectClass
from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.tracks import FrameTracks, Unknown
from its_camera_ai.tracking.config import TrackerConfig
from its_camera_ai.tracking.tracker import Tracker

SIZE_WH = (1280, 720)
S = 1_000_000_000


def boxes(*spots: tuple[float, float], wh: tuple[float, float] = (60, 50)) -> list[list[float]]:
    """Boxes that stand on the given bottom centres."""
    return [[x - wh[0] / 2, y - wh[1], x + wh[0] / 2, y] for x, y in spots]


def look(
    tracker: Tracker, t_s: float, *spots: tuple[float, float], score: float = 0.8
) -> FrameTracks:
    found = Detections.of(boxes(*spots), [score] * len(spots))
    return tracker.update(found, round(t_s * S), round(t_s * S), SIZE_WH)


RATES = pytest.mark.parametrize("looks_per_s", [30, 25, 12, 8.3, 5, 4, 3, 2.5])


@RATES
def test_one_object_keeps_its_id_at_any_rate(looks_per_s: float) -> None:
    """2 box heights per second, as a car across a street."""
    tracker = Tracker()
    ids = set()
    for k in range(int(6 * looks_per_s)):
        t = k / looks_per_s
        ids.update(look(tracker, t, (150 + 100 * t, 400)).track_id.tolist())
    assert ids == {1}


@RATES
def test_two_that_meet_keep_their_ids(looks_per_s: float) -> None:
    tracker = Tracker()
    for k in range(int(5 * looks_per_s)):
        t = k / looks_per_s
        tracks = look(tracker, t, (200 + 120 * t, 380), (900 - 120 * t, 440))
    place = dict(zip(tracks.track_id.tolist(), tracks.xyxy[:, 3].tolist(), strict=True))
    assert place == {1: 380, 2: 440}


@RATES
def test_learned_flow_gives_fast_traffic_one_id_each(looks_per_s: float) -> None:
    """A row of vehicles at 4.5 box heights per second, two seconds apart: at 2.5 looks per second
    their boxes never overlap from look to look."""
    tracker = Tracker()
    lives: dict[int, set[int]] = {}
    for k in range(int(40 * looks_per_s)):
        t = k / looks_per_s
        spots = {n: (20 + 225 * (t - 2 * n), 400) for n in range(20) if 0 <= t - 2 * n <= 5}
        tracks = look(tracker, t, *spots.values())
        for track_id, box in zip(tracks.track_id, tracks.xyxy, strict=True):
            middle = (box[0] + box[2]) / 2
            nearest = min(spots, key=lambda n: abs(spots[n][0] - middle), default=None)
            if nearest is not None and abs(spots[nearest][0] - middle) < 2:
                lives.setdefault(nearest, set()).add(int(track_id))
    learned = [lives[n] for n in range(5, 18)]
    assert [len(ids) for ids in learned] == [1] * len(learned)


def test_irregular_looks_are_followed_by_time_not_by_number() -> None:
    tracker = Tracker()
    times = np.cumsum(np.random.default_rng(7).choice([0.04, 0.1, 0.4, 0.33], 40))
    ids = set()
    for t in times:
        ids.update(look(tracker, float(t), (100 + 110 * t, 400)).track_id.tolist())
    assert ids == {1}


def test_short_loss_keeps_the_id_and_long_loss_ends_it() -> None:
    tracker = Tracker()
    for k in range(20):
        look(tracker, k / 5, (300, 400))
    for k in range(20, 27):
        assert not look(tracker, k / 5).observed.any()
    assert look(tracker, 27 / 5, (300, 400)).track_id.tolist() == [1]
    for k in range(28, 48):
        look(tracker, k / 5)
    assert look(tracker, 48 / 5, (300, 400)).track_id.tolist() == [2]


def test_prediction_is_reported_as_not_observed_with_score_zero() -> None:
    tracker = Tracker()
    for k in range(10):
        look(tracker, k / 10, (300 + 10 * k, 400))
    missed = look(tracker, 1.0)
    assert missed.track_id.tolist() == [1]
    assert not missed.observed[0]
    assert missed.score[0] == 0
    assert (missed.xyxy[0, 0] + missed.xyxy[0, 2]) / 2 == pytest.approx(400, abs=4)


def test_unknown_frames_age_nothing() -> None:
    """A minute of overload between two looks at a standing car: the same car."""
    tracker = Tracker()
    for k in range(10):
        look(tracker, k / 5, (300, 400))
    for k in range(10, 310):
        skipped = tracker.skip(round(k / 5 * S), 0, SIZE_WH, Unknown.OVERLOAD)
        assert skipped.unknown is Unknown.OVERLOAD
        assert not skipped.observed.any()
    assert look(tracker, 62.0, (300, 400)).track_id.tolist() == [1]


def test_weak_detections_continue_a_track_but_begin_none() -> None:
    tracker = Tracker()
    assert len(look(tracker, 0.0, (300, 400), score=0.2)) == 0
    for k in range(1, 6):
        look(tracker, k / 10, (300, 400), score=0.8)
    tracks = look(tracker, 0.6, (300, 400), score=0.2)
    assert tracks.track_id.tolist() == [1]
    assert tracks.observed[0]


@pytest.mark.parametrize(
    ("score", "looks_per_s", "shown_after_s"),
    [(0.8, 2.5, 0), (0.8, 30, 0.05), (0.6, 5, 0), (0.6, 30, 0.1), (0.4, 2.5, 0.8), (0.4, 4, 0.5)],
)
def test_a_track_is_shown_once_it_is_sure(
    score: float, looks_per_s: float, shown_after_s: float
) -> None:
    """The surer the detector and the longer the time, the sooner; never by a count of frames."""
    tracker = Tracker()
    look(tracker, 0.0)
    for k in range(60):
        tracks = look(tracker, (k + 1) / looks_per_s, (300, 400), score=score)
        if len(tracks):
            break
    assert k / looks_per_s == pytest.approx(shown_after_s, abs=1.01 / looks_per_s)
    assert tracks.track_id.tolist() == [1]


def test_a_score_at_the_threshold_begins_a_track() -> None:
    tracker = Tracker()
    for k in range(4):
        tracks = look(tracker, k / 4, (300, 400), score=tracker.config.score_new)
    assert tracks.track_id.tolist() == [1]


@pytest.mark.parametrize(("looks_per_s", "known"), [(25, False), (2.5, True)], ids=["25", "2.5"])
def test_a_weak_first_look_is_remembered_where_looks_are_sparse(
    looks_per_s: float, known: bool
) -> None:
    """So that who is seen weakly before a line and well behind it has crossed it."""
    tracker = Tracker()
    look(tracker, 0.0)
    look(tracker, 1 / looks_per_s, (300, 400), score=0.32)
    for k in range(2, 8):
        tracks = look(tracker, k / looks_per_s, (300, 410), score=0.8)
        if len(tracks):
            break
    assert [first.score for first in tracks.firsts if first.score < 0.5] == (
        pytest.approx([0.32]) if known else []
    )


def test_a_ghost_of_one_look_is_never_shown_and_takes_no_id() -> None:
    tracker = Tracker()
    look(tracker, 0.0)
    for k in range(1, 100):
        ghost = [(100 + 40 * (k % 23), 200 + 17 * (k % 19))] if k % 3 == 0 else []
        assert len(look(tracker, k / 30, *ghost, score=0.5)) == 0
    assert tracker.next_id == 1


def test_a_track_that_is_shown_late_tells_where_it_was_first_seen() -> None:
    tracker = Tracker()
    look(tracker, 0.0)
    for k in range(1, 30):
        tracks = look(tracker, k / 30, (300 + k, 400), score=0.7)
        if len(tracks):
            break
    (first,) = tracks.firsts
    assert (first.track_id, first.pts_ns) == (1, round(S / 30))
    assert (first.xyxy[0] + first.xyxy[2]) / 2 == 301
    assert look(tracker, (k + 1) / 30, (301 + k, 400), score=0.7).firsts == ()


def test_the_share_of_the_vote_is_told() -> None:
    tracker = Tracker()
    for k in range(4):
        kind = ObjectClass.BUS if k == 1 else ObjectClass.TRUCK
        found = Detections.of(boxes((300, 400)), [0.8], [kind])
        tracks = tracker.update(found, k * S // 5, 0, SIZE_WH)
    assert tracks.class_id.tolist() == [ObjectClass.TRUCK]
    assert tracks.class_share is not None
    assert tracks.class_share.tolist() == pytest.approx([0.75], abs=0.01)


@pytest.mark.parametrize("late_s", [0.0, -0.04, -5.0], ids=["same", "before", "long-before"])
def test_repeated_or_late_time_returns_the_result_before(late_s: float) -> None:
    tracker = Tracker()
    for k in range(5):
        before = look(tracker, 10 + k / 5, (300, 400))
    assert look(tracker, 10.8 + late_s, (900, 100)) is before
    assert tracker.skip(round((10.8 + late_s) * S), 0, SIZE_WH, Unknown.OVERLOAD) is before
    assert look(tracker, 11.0, (300, 400)).track_id.tolist() == [1]


def test_late_time_before_any_result_is_answered_with_nothing() -> None:
    tracker = Tracker()
    look(tracker, 1.0, (300, 400))
    tracker.reset()
    assert len(look(tracker, 0.5)) == 0


def test_stream_that_begins_again_is_followed_with_new_ids() -> None:
    tracker = Tracker()
    for k in range(10):
        look(tracker, 100 + k / 5, (300, 400))
    for k in range(10):
        tracks = look(tracker, k / 5, (300, 400))
    assert tracks.pts_ns == round(9 / 5 * S)
    assert tracks.track_id.tolist() == [2]


def test_ids_go_on_from_the_given_one_and_over_a_reset() -> None:
    tracker = Tracker(next_id=1000)
    assert look(tracker, 0.0, (300, 400)).track_id.tolist() == [1000]
    tracker.reset()
    assert look(tracker, 0.0, (300, 400)).track_id.tolist() == [1001]
    assert tracker.next_id == 1002
    assert Tracker().next_id == 1


def test_two_trackers_share_nothing() -> None:
    first, second = Tracker(), Tracker()
    look(first, 0.0, (300, 400), (600, 400))
    assert look(second, 0.0, (300, 400)).track_id.tolist() == [1]


def test_vehicle_classes_are_one_body_and_the_vote_is_steady() -> None:
    tracker = Tracker()
    shown = []
    for k in range(40):
        wrong = k % 4 == 1
        found = Detections.of(
            boxes((300 + 4 * k, 400)),
            [0.5 if wrong else 0.8],
            [ObjectClass.CAR if wrong else ObjectClass.TRUCK],
        )
        tracks = tracker.update(found, k * S // 10, 0, SIZE_WH)
        shown.append(int(tracks.class_id[0]))
        assert tracks.track_id.tolist() == [1]
    assert set(shown) == {ObjectClass.TRUCK}


def test_a_part_of_a_tracked_vehicle_begins_no_track() -> None:
    """Half a car is the car; a car in front of a lorry, standing lower, is its own."""
    tracker = Tracker()
    lorry = [300, 200, 500, 400]
    for k in range(5):
        tracker.update(Detections.of([lorry]), k * S // 5, 0, SIZE_WH)
    found = Detections.of([lorry, [310, 250, 400, 395]])
    assert tracker.update(found, S, 0, SIZE_WH).track_id.tolist() == [1]
    found = Detections.of([lorry, [350, 340, 450, 470]])
    assert tracker.update(found, 6 * S // 5, 0, SIZE_WH).track_id.tolist() == [1, 2]


def test_another_kind_is_never_the_same_body() -> None:
    tracker = Tracker()
    for k in range(6):
        look(tracker, k / 5, (300, 400))
    found = Detections.of(boxes((300, 400)), [0.8], [ObjectClass.PERSON])
    tracks = tracker.update(found, 6 * S // 5, 0, SIZE_WH)
    assert tracks.track_id[tracks.observed].tolist() == [2]


@pytest.mark.parametrize(
    "box",
    [
        [float("nan"), 0, 10, 10],
        [float("inf"), 0, 10, 10],
        [10, 10, 10, 50],
        [50, 10, 10, 50],
        [0, 0, 0, 0],
    ],
    ids=["nan", "inf", "no-width", "inside-out", "no-area"],
)
def test_impossible_boxes_are_left_out(box: list[float]) -> None:
    tracker = Tracker()
    found = Detections.of([box, *boxes((300, 400))])
    assert tracker.update(found, 0, 0, SIZE_WH).track_id.tolist() == [1]


def test_inputs_are_not_changed() -> None:
    found = Detections.of(boxes((300, 400), (600, 400)))
    for array in (found.xyxy, found.score, found.class_id):
        array.setflags(write=False)
    tracker = Tracker()
    for k in range(4):
        tracker.update(found, k * S // 5, 0, SIZE_WH)


def test_memory_holds_only_the_living() -> None:
    tracker = Tracker()
    rng = np.random.default_rng(3)
    for k in range(600):
        look(tracker, k * 0.5, *(map(tuple, rng.uniform(100, 700, (8, 2)))))
    assert tracker.next_id > 1500
    assert len(tracker._table) < 200


def test_picture_of_another_size_is_taken() -> None:
    tracker = Tracker()
    look(tracker, 0.0, (300, 400))
    found = Detections.of(boxes((150, 200)))
    assert tracker.update(found, S, S, (640, 360)).size_wh == (640, 360)


@pytest.mark.parametrize(
    "wrong",
    [
        {"score_low": 0.9},
        {"score_new": 1.5},
        {"score_new_sparse": 0.5},
        {"gate_h": 0.0},
        {"lost_s": -1.0},
    ],
    ids=str,
)
def test_senseless_parameters_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ConfigInvalid):
        TrackerConfig(**wrong)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_whatever_comes_ids_are_unique_and_rise(data: st.DataObject) -> None:
    """Random boxes at random times, also backward: never an exception, never an id twice."""
    tracker = Tracker()
    newest, t_ns = 0, 0
    for _ in range(data.draw(st.integers(1, 15))):
        t_ns += data.draw(st.sampled_from([-S, 0, 1, S // 25, S // 3, 2 * S, 3600 * S]))
        n = data.draw(st.integers(0, 6))
        rng = np.random.default_rng(data.draw(st.integers(0, 1000)))
        found = Detections(
            rng.uniform(-50, 1400, (n, 4)).astype(np.float32),
            rng.uniform(0, 1, n).astype(np.float32),
            rng.integers(0, 8, n).astype(np.int8),
        )
        if data.draw(st.booleans()):
            tracks = tracker.update(found, t_ns, t_ns, SIZE_WH)
        else:
            tracks = tracker.skip(t_ns, t_ns, SIZE_WH, Unknown.PACKET_LOSS)
        ids = tracks.track_id
        assert len(set(ids.tolist())) == len(ids)
        assert (ids < tracker.next_id).all()
        assert tracker.next_id >= newest
        newest = tracker.next_id
        assert np.isfinite(tracks.xyxy).all()

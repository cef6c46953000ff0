import numpy as np

from its_camera_ai.core.detections import Detections
from its_camera_ai.evaluation.count_run import count_on_street
from its_camera_ai.evaluation.track_run import track_on_street
from its_camera_ai.evaluation.truth_sim import (
    degraded_truth,
    is_wanted,
    labelled_street,
    record_street,
)
from its_camera_ai.sim.source import SimSpec

SPEC = SimSpec("motorway", fps=10.0, size_wh=(320, 180))


class SeesNothing:
    def detect(self, frame_bgr: object, pts_ns: int) -> Detections:
        return Detections.empty()


def test_the_exact_truth_is_tracked_and_counted_nearly_without_error() -> None:
    street = record_street(SPEC, 20.0, degraded_truth(seed=1, missed=0.0, jitter=0.0))
    (row,) = track_on_street(street, "truth", [10.0])
    assert row.mota > 0.95
    assert row.idf1 > 0.95
    (counted,) = count_on_street(street, "truth", [10.0])
    assert counted.truth == len(street.passages) > 5
    assert abs(counted.ours - counted.truth) <= 2


def test_the_same_seed_gives_the_same_boxes() -> None:
    one, two = (record_street(SPEC, 1.0, degraded_truth(seed=4)) for _ in range(2))
    for a, b in zip(one.recording.found, two.recording.found, strict=True):
        assert np.array_equal(a.xyxy, b.xyxy)


def test_about_one_box_in_ten_is_missed() -> None:
    street = record_street(SPEC, 10.0, degraded_truth(seed=1, missed=0.1))
    wanted = sum(is_wanted(body) for bodies in street.truth for body in bodies)
    seen = sum(len(found) for found in street.recording.found)
    assert 0.85 * wanted < seen < 0.95 * wanted


def test_boxes_stay_in_the_picture() -> None:
    street = record_street(SPEC, 2.0, degraded_truth(seed=1, jitter=0.3))
    boxes = np.concatenate([found.xyxy for found in street.recording.found])
    assert boxes.min() >= 0
    assert (boxes.max(axis=0) <= [320, 180, 320, 180]).all()


def test_a_blind_tracker_scores_nothing() -> None:
    street = record_street(SPEC, 2.0, lambda _: Detections.empty())
    (row,) = track_on_street(street, "blind", [10.0])
    assert (row.hota, row.mota, row.ids_found) == (0, 0, 0)


def test_frames_are_labelled_once_a_second_and_small_bodies_ignored() -> None:
    truth, found = labelled_street(SPEC, 3.0, 1.0, SeesNothing())
    assert len(truth) == len(found) == 3
    assert all(label in ("car", "bus", "truck") for frame in truth for label in frame.label)
    assert any(len(frame.ignore_xyxy) for frame in truth)
    assert all(label == "*" for frame in truth for label in frame.ignore_label)

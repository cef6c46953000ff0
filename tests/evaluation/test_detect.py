"""Average precision on cases small enough to work out by hand."""

import numpy as np
import pytest

from its_camera_ai.core.detections import Detections, ObjectClass
from its_camera_ai.evaluation.classes import LABELS, classes_of
from its_camera_ai.evaluation.detect import centre_hits, score_detections
from its_camera_ai.evaluation.truth_boxes import LabelledFrame

A, B = [0.0, 0.0, 10.0, 10.0], [50.0, 50.0, 60.0, 60.0]
NOWHERE = [80.0, 0.0, 90.0, 10.0]


def frame(
    boxes: list[list[float]],
    labels: list[str] | str = "vehicle",
    ignore: list[list[float]] | None = None,
    ignore_labels: list[str] | str = "*",
) -> LabelledFrame:
    ignore = ignore or []
    return LabelledFrame(
        "a",
        "a.mp4",
        0,
        (100, 100),
        np.array(boxes, np.float64).reshape(-1, 4),
        (labels,) * len(boxes) if isinstance(labels, str) else tuple(labels),
        np.array(ignore, np.float64).reshape(-1, 4),
        (ignore_labels,) * len(ignore) if isinstance(ignore_labels, str) else tuple(ignore_labels),
    )


def found(*boxes: list[float], classes: list[int] | None = None) -> Detections:
    """Scores fall from box to box."""
    scores = [0.9 - 0.1 * k for k in range(len(boxes))]
    return Detections.of(list(boxes), scores, classes)


def ap50(truth: LabelledFrame, detections: Detections, label: str = "vehicle") -> float:
    return score_detections([truth], [detections])[label].ap50


def test_all_found_exactly_is_one() -> None:
    score = score_detections([frame([A, B])], [found(A, B)])["vehicle"]
    assert (score.ap, score.ap50, score.recall, score.precision) == (1, 1, 1, 1)
    assert score.boxes == 2


def test_a_surer_false_box_lowers_precision_at_every_recall() -> None:
    """Precision 1/2 at recall 1/2, 2/3 at recall 1; made monotonic: 2/3 everywhere."""
    score = score_detections([frame([A, B])], [found(NOWHERE, A, B)])["vehicle"]
    assert score.ap50 == pytest.approx(2 / 3)
    assert (score.recall, score.precision) == (1, pytest.approx(2 / 3))


def test_a_miss_ends_the_curve() -> None:
    """51 of the 101 recalls, 0.00 to 0.50, are reached."""
    assert ap50(frame([A, B]), found(A)) == pytest.approx(51 / 101)


def test_a_second_box_on_the_same_object_is_false() -> None:
    assert ap50(frame([A, B]), found(A, A, B)) == pytest.approx((51 + 50 * 2 / 3) / 101)


def test_ap_is_the_mean_over_overlaps() -> None:
    """IoU 0.8 is right for 0.50, 0.55 … 0.80: seven of ten."""
    score = score_detections([frame([A])], [found([0, 0, 10, 8])])["vehicle"]
    assert (score.ap, score.ap50) == (pytest.approx(0.7), 1)


@pytest.mark.parametrize(
    ("area", "label", "expected"),
    [
        pytest.param(NOWHERE, "*", 1.0, id="all of it, any class"),
        pytest.param(NOWHERE, "vehicle", 1.0, id="its group"),
        pytest.param(NOWHERE, "car", 1.0, id="its class"),
        pytest.param(NOWHERE, "person", 2 / 3, id="another class"),
        pytest.param([80, 0, 85.5, 10], "*", 1.0, id="more than half"),
        pytest.param([84, 4, 86, 6], "*", 1.0, id="its centre only"),
        pytest.param([80, 0, 84, 10], "*", 2 / 3, id="less than half, not its centre"),
    ],
)
def test_what_lies_in_an_ignore_area_counts_neither_way(
    area: list[float], label: str, expected: float
) -> None:
    truth = frame([A, B], ignore=[area], ignore_labels=label)
    score = score_detections([truth], [found(NOWHERE, A, B)])["vehicle"]
    assert score.ap50 == pytest.approx(expected)
    assert score.ap == pytest.approx(expected)
    assert score.precision == pytest.approx(expected)


def test_a_labelled_box_in_an_ignore_area_can_still_be_found_and_missed() -> None:
    truth = frame([A, B], ignore=[[0, 0, 20, 20]])
    assert ap50(truth, found(A, B)) == 1
    assert ap50(truth, found(B)) == pytest.approx(51 / 101)
    assert ap50(truth, found(A, A, B)) == 1  # the second one on A is excused


def test_a_group_is_one_class_and_its_members_are_scored_too() -> None:
    """A lorry called a car is right as a vehicle."""
    truth = frame([A, B], ["car", "truck"])
    scores = score_detections([truth], [found(A, B, classes=[ObjectClass.CAR, ObjectClass.CAR])])
    assert set(scores) == {"vehicle", "car", "truck"}
    assert scores["vehicle"].ap50 == 1
    assert scores["car"].ap50 == 1  # the false car is less sure than the right one
    assert scores["truck"].ap50 == 0


def test_nothing_found_and_nobody_there() -> None:
    empty = Detections.empty()
    assert ap50(frame([A]), empty) == 0
    assert score_detections([frame([])], [found(A)]) == {}


def test_frames_are_scored_together() -> None:
    scores = score_detections([frame([A]), frame([B])], [found(A), found(NOWHERE)])
    assert scores["vehicle"].ap50 == pytest.approx(51 / 101)


def test_weak_findings_count_for_ap_only() -> None:
    weak = Detections.of([A], [0.1])
    score = score_detections([frame([A])], [weak])["vehicle"]
    assert (score.ap50, score.recall) == (1, 0)
    assert centre_hits([frame([A])], [weak]) == 0


def test_a_centre_in_a_box_of_any_class_is_a_hit() -> None:
    large = Detections.of([[0, 0, 70, 70]], [0.5], [ObjectClass.ANIMAL])
    assert centre_hits([frame([A, B, NOWHERE])], [large]) == pytest.approx(2 / 3)


def test_every_label_stands_for_a_class() -> None:
    assert all(classes_of(label) for label in LABELS)

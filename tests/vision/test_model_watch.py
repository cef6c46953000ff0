"""What is kept of looks: the last ones, by model and camera, bounded."""

import pytest

from its_camera_ai.core.detections import Detections, ObjectClass
from its_camera_ai.core.models import ModelRef
from its_camera_ai.vision.model_watch import LOOKS_KEPT, PAIRS_MAX, ModelWatch

A, B = ModelRef("a", 1), ModelRef("b", 1)
TWO = Detections.of([[0, 0, 9, 9]] * 2, [0.5, 0.7], [ObjectClass.BUS, ObjectClass.BICYCLE])


def test_figures_add_up_over_cameras() -> None:
    watch = ModelWatch()
    watch.add(A, "gate", 0.010, TWO, 1)
    watch.add(A, "gate", 0.030, Detections.empty(), 2)
    watch.add(A, "yard", 0.020, None, 3)
    watch.add(B, "gate", 9.0, TWO, 4)
    all_of = watch.figures(A)
    assert (all_of.looks, all_of.failures, all_of.empty, all_of.found) == (2, 1, 1, 2)
    assert all_of.score_mean == pytest.approx(0.6)
    assert all_of.kinds == {
        "person": 0,
        "two-wheeler": 1,
        "vehicle": 1,
        "animal": 0,
        "other": 0,
    }
    assert (all_of.latency_samples, all_of.latency_p50_s) == (2, pytest.approx(0.02))
    assert watch.figures(A, {"yard"}).looks == 0
    assert watch.figures(A, newer_than_s=2).failures == 1
    assert watch.figures(A, newer_than_s=2).looks == 0


def test_only_the_last_looks_count() -> None:
    watch = ModelWatch()
    for _ in range(LOOKS_KEPT):
        watch.add(A, "gate", 0.01, TWO, 0)
    for _ in range(LOOKS_KEPT):
        watch.add(A, "gate", 0.01, Detections.empty(), 0)
    assert watch.figures(A).empty_share == 1
    looks, failures, inference_s, _ = watch.totals(A, 0)
    assert (looks, failures, inference_s) == (2 * LOOKS_KEPT, 0, pytest.approx(8.0))


def test_the_rate_is_of_the_last_seconds() -> None:
    watch = ModelWatch()
    for tenth in range(200):
        watch.add(A, "gate", 0.01, TWO, tenth / 10)
    assert watch.totals(A, 20)[3] == pytest.approx(10, rel=0.02)
    assert watch.totals(A, 100)[3] == 0
    for hundredth in range(1000):
        watch.add(A, "gate", 0.01, TWO, 200 + hundredth / 100)
    assert watch.totals(A, 210)[3] == pytest.approx(100, rel=0.02)


def test_memory_is_bounded_by_forgetting_the_longest_unused() -> None:
    watch = ModelWatch()
    for number in range(PAIRS_MAX + 1):
        watch.add(A, f"camera-{number}", 0.01, TWO, 0)
    assert watch.figures(A, {"camera-0"}).looks == 0
    assert watch.figures(A).looks == PAIRS_MAX


def test_a_new_trial_starts_clean() -> None:
    watch = ModelWatch()
    for model in (A, B):
        watch.add(model, "gate", 0.01, TWO, 0)
    watch.forget(A)
    assert (watch.figures(A).looks, watch.figures(A).latency_samples) == (0, 0)
    assert watch.figures(B).looks == 1

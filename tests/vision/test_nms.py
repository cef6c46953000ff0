import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from its_camera_ai.core.detections import VEHICLES, Detections, ObjectClass
from its_camera_ai.vision.nms import PERSONS_IOU_MORE, iou_matrix, suppress

P, B, C, BUS, T = (
    ObjectClass.PERSON,
    ObjectClass.BICYCLE,
    ObjectClass.CAR,
    ObjectClass.BUS,
    ObjectClass.TRUCK,
)
SQUARE = [0, 0, 10, 10]
NEAR = [0, 0, 10, 9]  # IoU 0.9 with SQUARE
HALF = [0, 0, 10, 5]  # IoU 0.5
FAR = [20, 20, 30, 30]


@pytest.mark.parametrize(
    ("boxes", "scores", "classes", "kept"),
    [
        pytest.param([], [], [], [], id="nothing"),
        pytest.param([SQUARE], [0.4], [C], [0], id="one"),
        pytest.param([NEAR, SQUARE], [0.5, 0.9], [C, C], [1], id="same class, best wins"),
        pytest.param([SQUARE, FAR], [0.5, 0.9], [C, C], [1, 0], id="apart, best first"),
        pytest.param([SQUARE, NEAR], [0.5, 0.9], [P, C], [1, 0], id="person before car: both"),
        pytest.param([SQUARE, NEAR], [0.5, 0.9], [P, B], [1, 0], id="rider and bicycle: both"),
        pytest.param([SQUARE, NEAR], [0.6, 0.9], [C, T], [1], id="lorry's second box"),
        pytest.param([SQUARE, NEAR, NEAR], [0.9, 0.8, 0.7], [BUS, C, T], [0], id="bus, car, truck"),
        pytest.param([SQUARE, HALF], [0.9, 0.8], [C, C], [0, 1], id="at the limit: both"),
        pytest.param([SQUARE, NEAR, FAR], [0.9, 0.9, 0.1], [C, C, C], [0, 2], id="tie: the first"),
        pytest.param(
            [[0, 0, 10, 10], [0, 4, 10, 14], [0, 8, 10, 18]],
            [0.9, 0.8, 0.7],
            [C, C, C],
            [0, 1, 2],
            id="chain below the limit",
        ),
        pytest.param(
            [[0, 0, 10, 10], [0, 3, 10, 13], [0, 6, 10, 16]],
            [0.9, 0.8, 0.7],
            [C, C, C],
            [0, 2],
            id="a dropped box drops nobody",
        ),
    ],
)
def test_suppress(
    boxes: list[list[float]], scores: list[float], classes: list[int], kept: list[int]
) -> None:
    found = Detections.of(boxes, scores, classes)
    left = suppress(found, iou_max=0.5)
    assert left.xyxy.tolist() == found.xyxy[kept].tolist()
    assert left.class_id.tolist() == found.class_id[kept].tolist()


def test_keeps_no_more_than_asked() -> None:
    boxes = [[20 * i, 0, 20 * i + 10, 10] for i in range(30)]
    scores = np.linspace(0.1, 0.9, 30).tolist()
    left = suppress(Detections.of(boxes, scores), keep_max=4)
    assert left.xyxy[:, 0].tolist() == [580, 560, 540, 520]


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        pytest.param(SQUARE, SQUARE, 1.0, id="same"),
        pytest.param(SQUARE, FAR, 0.0, id="apart"),
        pytest.param(SQUARE, [10, 0, 20, 10], 0.0, id="touching"),
        pytest.param(SQUARE, [5, 5, 15, 15], 25 / 175, id="corner"),
        pytest.param(SQUARE, [2, 2, 7, 7], 0.25, id="inside"),
        pytest.param(SQUARE, [5, 5, 5, 5], 0.0, id="no area"),
        pytest.param([5, 5, 5, 5], [5, 5, 5, 5], 0.0, id="both without area"),
        pytest.param(SQUARE, [8, 8, 2, 2], 0.0, id="inside out"),
    ],
)
def test_iou(a: list[float], b: list[float], expected: float) -> None:
    assert iou_matrix(np.array([a]), np.array([b]))[0, 0] == pytest.approx(expected)


def test_iou_of_nothing_has_the_right_shape() -> None:
    assert iou_matrix(np.empty((0, 4)), np.array([SQUARE])).shape == (0, 1)


@settings(deadline=None, max_examples=50)  # no assertion about time on a shared machine
@given(seed=st.integers(0, 2**32 - 1), count=st.integers(0, 60))
def test_suppression_is_the_greedy_one(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    corner = rng.uniform(0, 30, (count, 2))
    found = Detections(
        np.hstack((corner, corner + rng.uniform(0, 15, (count, 2)))).astype(np.float32),
        rng.permutation(count).astype(np.float32) / max(1, count),
        rng.integers(0, len(ObjectClass), count).astype(np.int8),
    )
    kept: list[int] = []
    for i in np.argsort(-found.score):
        kind = ObjectClass(found.class_id[i])
        rivals = [
            j
            for j in kept
            if found.class_id[j] == kind or {ObjectClass(found.class_id[j]), kind} <= VEHICLES
        ]
        iou_max = 0.5 + PERSONS_IOU_MORE * (kind is ObjectClass.PERSON)
        if all(iou_matrix(found.xyxy[i], found.xyxy[j])[0, 0] <= iou_max for j in rivals):
            kept.append(int(i))
    assert suppress(found, iou_max=0.5).xyxy.tolist() == found.xyxy[kept].tolist()

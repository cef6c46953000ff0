import numpy as np
import pytest

from its_camera_ai.vision.journeys import Journeys

SURE = np.array([[0.1, 0.9]], np.float32)


def box(x: float, y: float = 50, w: float = 20, h: float = 40) -> np.ndarray:
    return np.array([[x, y, x + w, y + h]], np.float32)


def play(journeys: Journeys, places: list[float], step_s: float = 0.2) -> list[bool]:
    result = []
    for i, x in enumerate(places):
        travelled, _ = journeys.follow(box(x), SURE, i * step_s)
        result.append(bool(travelled[0]))
    return result


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        pytest.param([0], [False], id="first look"),
        pytest.param([0, 4, 8, 12], [False, False, False, True], id="half a width away"),
        pytest.param([0, 12, 0, 0], [False, True, True, True], id="stays so when it stops"),
        pytest.param([0, 5, -5, 5, -5], [False] * 5, id="fluttering in place"),
        pytest.param([0, 300], [False, False], id="too far to be the same"),
    ],
)
def test_travelled(places: list[float], expected: list[bool]) -> None:
    assert play(Journeys(), places) == expected


def test_after_a_long_absence_it_begins_anew() -> None:
    journeys = Journeys()
    play(journeys, [0, 12])
    travelled, _ = journeys.follow(box(12), SURE, 5.0)
    assert not travelled[0]


def test_a_thing_of_another_size_is_another_thing() -> None:
    journeys = Journeys()
    play(journeys, [0, 12])
    travelled, _ = journeys.follow(box(12, w=80, h=80), SURE, 0.6)
    assert not travelled[0]


def test_two_things_keep_their_own_way() -> None:
    journeys = Journeys()
    still_and_moving = [
        np.concatenate([box(100), box(10 + 6 * i)]).astype(np.float32) for i in range(4)
    ]
    both = np.repeat(SURE, 2, axis=0)
    for i, boxes in enumerate(still_and_moving):
        travelled, _ = journeys.follow(boxes, both, 0.2 * i)
    assert travelled.tolist() == [False, True]


def test_the_kind_is_smoothed_over_the_looks() -> None:
    journeys = Journeys()
    for i in range(10):
        journeys.follow(box(i), SURE, 0.2 * i)
    _, probability = journeys.follow(box(10), 1 - SURE, 2.0)
    assert probability[0].argmax() == 1
    assert probability[0].sum() == pytest.approx(1)


def test_no_boxes_are_no_trouble() -> None:
    travelled, probability = Journeys().follow(
        np.empty((0, 4), np.float32), np.empty((0, 2), np.float32), 0.0
    )
    assert travelled.shape == (0,)
    assert probability.shape == (0, 2)


def test_memory_is_bounded() -> None:
    journeys = Journeys()
    boxes = np.concatenate([box(50 * i, y=50) for i in range(500)])
    for i in range(3):
        journeys.follow(boxes, np.repeat(SURE, 500, axis=0), 0.2 * i)
    assert len(journeys) <= 128

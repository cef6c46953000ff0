"""The learned velocity field: what it knows, how far that reaches, what it forgets."""

import numpy as np
import pytest

from its_camera_ai.tracking.flow import FlowField

SIZE_WH = (1280, 720)
HERE = np.array([[300.0, 400.0]])
GROWTH = np.array([0.3])
CARS, PEOPLE = np.array([0]), np.array([1])


def learned(velocity: tuple[float, float], travelled_h: float, times: int) -> FlowField:
    field = FlowField(16, layers=2)
    for _ in range(times):
        field.learn(HERE, CARS, np.array([velocity]), GROWTH, np.array([travelled_h]), SIZE_WH)
    return field


def test_nothing_is_known_at_first() -> None:
    mean, spread, growth = FlowField(16, layers=2).at(HERE, CARS, SIZE_WH)
    assert mean.tolist() == [[0, 0]]
    assert growth.tolist() == [0]
    assert np.isinf(spread[0])


@pytest.mark.parametrize(("travelled_h", "times"), [(0.1, 40), (0.8, 5)], ids=["25/s", "3/s"])
def test_known_alike_at_any_rate_of_looks(travelled_h: float, times: int) -> None:
    mean, spread, growth = learned((2.0, -1.0), travelled_h, times).at(HERE, CARS, SIZE_WH)
    np.testing.assert_allclose(mean, [[2.0, -1.0]])
    assert spread[0] == pytest.approx(0, abs=1e-6)
    assert growth[0] == pytest.approx(0.3)


def test_standing_objects_leave_no_mark() -> None:
    _, spread, _ = learned((0.0, 0.0), 0.0, 500).at(HERE, CARS, SIZE_WH)
    assert np.isinf(spread[0])


def test_reaches_to_neighbours_but_not_across_the_picture() -> None:
    field = learned((2.0, 0.0), 0.5, 10)
    assert field.at(np.add(HERE, (160, 0)), CARS, SIZE_WH)[0][0, 0] == pytest.approx(2.0)
    assert np.isinf(field.at(np.add(HERE, (900, 0)), CARS, SIZE_WH)[1][0])


def test_the_farther_off_the_less_it_tells() -> None:
    """The other carriageway must not teach this one its direction."""
    field = learned((2.0, 0.0), 0.5, 10)
    spreads = [field.at(np.add(HERE, (80 * k, 0)), CARS, SIZE_WH)[1][0] for k in (0, 2, 4)]
    assert spreads == pytest.approx([0.0, 0.5, 1.5], abs=1e-6)


def test_what_is_learned_after_a_question_is_known_at_the_next() -> None:
    field = learned((2.0, 0.0), 0.5, 10)
    field.at(HERE, CARS, SIZE_WH)
    field.learn(HERE, CARS, np.array([[4.0, 0.0]]), GROWTH, np.array([5.0]), SIZE_WH)
    assert field.at(HERE, CARS, SIZE_WH)[0][0, 0] == pytest.approx(3.0)
    restored = FlowField(16, layers=2)
    restored.at(HERE, CARS, SIZE_WH)
    restored.restore(*field.snapshot())
    assert restored.at(HERE, CARS, SIZE_WH)[0][0, 0] == pytest.approx(3.0)


def test_one_answer_for_each_place() -> None:
    """Many at once as one by one, whichever reach each needs."""
    rng = np.random.default_rng(3)
    field = FlowField(16, layers=2)
    xy, layer = rng.uniform(0, 1, (40, 2)) * SIZE_WH, rng.integers(0, 2, 40)
    speed, growth, weight = rng.normal(0, 2, (40, 2)), rng.normal(0, 1, 40), rng.random(40)
    field.learn(xy, layer, speed, growth, weight, SIZE_WH)
    places = rng.uniform(0, 1, (30, 2)) * SIZE_WH
    together = field.at(places, np.zeros(30, np.intp), SIZE_WH)
    for k in range(30):
        alone = field.at(places[k : k + 1], CARS, SIZE_WH)
        for many, one in zip(together, alone, strict=True):
            np.testing.assert_allclose(many[k], one[0])


def test_kinds_and_sizes_are_kept_apart() -> None:
    field = learned((2.0, 0.0), 0.5, 10)
    assert np.isinf(field.at(HERE, PEOPLE, SIZE_WH)[1][0])
    assert np.isinf(field.at(HERE, CARS, (640, 360))[1][0])


def test_both_ways_in_one_place_is_a_wide_spread() -> None:
    field = learned((2.0, 0.0), 0.5, 10)
    for _ in range(10):
        field.learn(HERE, CARS, np.array([[-2.0, 0.0]]), GROWTH, np.array([0.5]), SIZE_WH)
    mean, spread, _ = field.at(HERE, CARS, SIZE_WH)
    assert abs(mean[0, 0]) < 0.1
    assert spread[0] > 1.2


def test_old_traffic_is_forgotten() -> None:
    field = learned((2.0, 0.0), 0.5, 500)
    for _ in range(400):
        field.learn(HERE, CARS, np.array([[-1.0, 0.0]]), GROWTH, np.array([0.5]), SIZE_WH)
    assert field.at(HERE, CARS, SIZE_WH)[0][0, 0] == pytest.approx(-1.0, abs=0.1)

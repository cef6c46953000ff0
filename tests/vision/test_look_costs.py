import pytest

from its_camera_ai.vision.look_costs import SECONDS_PER_PX, LookCosts

FULL, PART = ("net", (640, 384)), ("net", (128, 128))


def test_costs_are_learned_by_input() -> None:
    costs = LookCosts()
    for _ in range(30):
        costs.learn({FULL: 1}, 0.02)
        costs.learn({PART: 1}, 0.003)
    assert costs.of({FULL: 1, PART: 2}) == pytest.approx(0.026)


def test_the_time_of_a_look_is_shared_out_by_pixels() -> None:
    costs = LookCosts()
    costs.learn({FULL: 1, PART: 3}, 0.03)
    assert costs.of({FULL: 1}) / costs.of({PART: 1}) == pytest.approx(15)
    assert costs.of({FULL: 1, PART: 3}) == pytest.approx(0.03)


def test_an_input_that_was_never_used_costs_as_its_model_s_others() -> None:
    costs = LookCosts()
    assert costs.of({PART: 1}) == pytest.approx(128 * 128 * SECONDS_PER_PX)
    costs.learn({FULL: 1}, 0.045)
    assert costs.of({PART: 1}) == pytest.approx(0.003)
    assert costs.of({("other", (128, 128)): 1}) == pytest.approx(128 * 128 * SECONDS_PER_PX)


def test_one_hiccup_is_no_trend_and_ten_slow_looks_are() -> None:
    costs = LookCosts()
    for _ in range(20):
        costs.learn({FULL: 1}, 0.02)
    costs.learn({FULL: 1}, 5.0)
    assert costs.of({FULL: 1}) < 0.04
    for _ in range(15):
        costs.learn({FULL: 1}, 0.2)
    assert costs.of({FULL: 1}) == pytest.approx(0.2, rel=0.1)
    for _ in range(20):
        costs.learn({FULL: 1}, 0.02)
    assert costs.of({FULL: 1}) == pytest.approx(0.02, rel=0.15)


@pytest.mark.parametrize(("areas", "seconds"), [({}, 1.0), ({FULL: 0}, 1.0), ({FULL: 1}, -1.0)])
def test_what_says_nothing_is_not_learned(areas: dict, seconds: float) -> None:
    costs = LookCosts()
    costs.learn(areas, seconds)
    assert costs.of({FULL: 1}) == pytest.approx(640 * 384 * SECONDS_PER_PX)

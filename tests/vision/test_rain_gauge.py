import numpy as np

from its_camera_ai.vision.rain_gauge import RainGauge

CELLS_HW = (45, 80)
STEP_S = 0.2


def specks(rng: np.random.Generator, count: int) -> np.ndarray:
    hot = np.zeros(CELLS_HW, np.uint8)
    hot[rng.integers(0, CELLS_HW[0], count), rng.integers(0, CELLS_HW[1], count)] = 255
    return hot


def after_specks(count: int, seconds: float) -> RainGauge:
    rng = np.random.default_rng(4)
    gauge = RainGauge()
    for _ in range(round(seconds / STEP_S)):
        gauge.update(specks(rng, count), specks(rng, count), STEP_S)
    return gauge


def test_specks_from_nowhere_all_over_are_rain_and_it_ends() -> None:
    gauge = after_specks(60, 6)
    assert gauge.raining
    nothing = np.zeros(CELLS_HW, np.uint8)
    for _ in range(100):
        gauge.update(nothing, nothing, STEP_S)
    assert not gauge.raining


def test_a_few_specks_are_no_rain() -> None:
    assert not after_specks(3, 20).raining


def test_traffic_comes_from_beside_and_is_no_rain() -> None:
    gauge = RainGauge()
    for k in range(200):
        before, hot = np.zeros(CELLS_HW, np.uint8), np.zeros(CELLS_HW, np.uint8)
        for row in range(2, 44, 6):
            x = (7 * row + 2 * k) % 70
            before[row : row + 3, x : x + 6] = 255
            hot[row : row + 3, x + 1 : x + 7] = 255
        gauge.update(hot, before, STEP_S)
    assert not gauge.raining


def test_fast_traffic_on_one_road_is_no_rain() -> None:
    rng = np.random.default_rng(5)
    gauge = RainGauge()
    for _ in range(200):
        hot, before = specks(rng, 40), specks(rng, 40)
        hot[:20], before[:20] = 0, 0
        gauge.update(hot, before, STEP_S)
    assert not gauge.raining

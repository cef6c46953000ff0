import numpy as np
import pytest

from its_camera_ai.vision.habit_map import ALLOWED_MAX, ALLOWED_MIN, HabitMap, local_gain

CELLS_WH = (40, 32)
SIZE_WH = (160, 128)
STEP_S = 0.2


def cells(value: int, at: tuple[slice, slice] = np.s_[:, :], rest: int = 0) -> np.ndarray:
    picture = np.full(CELLS_WH[::-1], rest, np.uint8)
    picture[at] = value
    return picture


HERE = np.s_[14:18, 10:20]
HERE_PIXELS = np.s_[58:70, 42:78]
NOBODY = cells(0)


def test_a_still_picture_allows_the_least() -> None:
    habits = HabitMap(SIZE_WH, CELLS_WH)
    for _ in range(50):
        habits.learn(cells(1), NOBODY, NOBODY, STEP_S)
    assert habits.allowed.shape == SIZE_WH[::-1]
    assert (habits.allowed == ALLOWED_MIN).all()
    assert habits.level == ALLOWED_MIN


def test_leaves_allow_more_where_they_are_but_never_more_than_the_most() -> None:
    habits = HabitMap(SIZE_WH, CELLS_WH)
    for _ in range(100):
        habits.learn(cells(14, HERE), NOBODY, cells(255, HERE), STEP_S)
    assert habits.allowed[HERE_PIXELS].min() > 40
    assert habits.allowed.max() <= ALLOWED_MAX
    assert habits.allowed[:40].max() == ALLOWED_MIN


@pytest.mark.parametrize(("brightness", "level"), [(200.0, 12), (60.0, 9), (10.0, 8)])
def test_in_the_dark_less_is_allowed(brightness: float, level: int) -> None:
    habits = HabitMap(SIZE_WH, CELLS_WH)
    for _ in range(50):
        habits.learn(cells(1), NOBODY, NOBODY, STEP_S, brightness)
    assert habits.level == level
    assert (habits.allowed == level).all()
    assert habits.faint == pytest.approx(0.7 * habits.allowed, abs=0.5)


def test_a_gust_is_remembered_through_the_calm_after_it() -> None:
    habits = HabitMap(SIZE_WH, CELLS_WH)
    for _ in range(100):
        habits.learn(cells(14, HERE), NOBODY, NOBODY, STEP_S)
    for _ in range(20):
        habits.learn(NOBODY, NOBODY, NOBODY, STEP_S)
    assert habits.allowed[HERE_PIXELS].min() > 40


@pytest.mark.parametrize("busy", [0.1, 0.25, 0.4])
def test_traffic_teaches_little(busy: float) -> None:
    habits = HabitMap(SIZE_WH, CELLS_WH)
    rng = np.random.default_rng(2)
    for _ in range(600):
        there = rng.random() < busy
        habits.learn(
            cells(70 if there else 1, HERE, 1),
            cells(255 if there else 0, HERE),
            cells(255 if there else 0, HERE),
            STEP_S,
        )
    assert habits.allowed[HERE_PIXELS].max() <= ALLOWED_MIN + 16


def clock_after(at: tuple[slice, slice]) -> HabitMap:
    habits = HabitMap(SIZE_WH, CELLS_WH)
    for number in range(150):
        habits.learn(cells(60, at), cells(255, at), cells(255, at), STEP_S)
        if number % 10 == 0:
            habits.find_clock()
    habits.learn(cells(60, at), cells(255, at), cells(255, at), STEP_S)
    return habits


def test_nothing_passes_where_a_clock_runs_until_it_rests() -> None:
    at = np.s_[1:3, 4:12]
    habits = clock_after(at)
    assert (habits.allowed[5:11, 18:46] == 255).all()
    assert habits.allowed[20:].max() == ALLOWED_MIN
    for number in range(150):
        habits.learn(NOBODY, NOBODY, NOBODY, STEP_S)
        if number % 10 == 0:
            habits.find_clock()
    habits.learn(NOBODY, NOBODY, NOBODY, STEP_S)
    assert habits.allowed.max() < 255


@pytest.mark.parametrize(
    "at",
    [
        pytest.param(np.s_[14:16, 4:12], id="in the middle"),
        pytest.param(np.s_[1:9, 4:12], id="reaches into the picture"),
        pytest.param(np.s_[0:2, 2:38], id="as wide as the picture"),
    ],
)
def test_other_busy_places_are_no_clock(at: tuple[slice, slice]) -> None:
    assert clock_after(at).allowed.max() <= ALLOWED_MAX


def test_the_local_gain_follows_light_and_no_small_thing() -> None:
    before = cells(100)
    now = cells(100)
    now[:, 20:] = 150
    now[5:7, 5:7] = 255
    gain = local_gain(now, before)
    assert gain[:, :17] == pytest.approx(1.0, abs=0.01)
    assert gain[:, 23:] == pytest.approx(1.49, abs=0.01)

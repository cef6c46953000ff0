import numpy as np
import pytest

from its_camera_ai.vision.background import Background, Memory

W, H = 320, 180
Box = tuple[int, int, int, int]


class Yard:
    """An empty yard with texture and noise, and rectangles (x, y, w, h) put into it."""

    def __init__(self) -> None:
        self._rng = np.random.default_rng(5)
        coarse = self._rng.uniform(90, 150, (H // 10, W // 10, 3))
        self.empty = np.kron(coarse, np.ones((10, 10, 1)))

    def picture(
        self, *boxes: Box, colour: tuple[int, int, int] = (20, 20, 220), gain: float = 1.0
    ) -> np.ndarray:
        scene = self.empty.copy()
        for x, y, w, h in boxes:
            scene[y : y + h, x : x + w] = colour
        noisy = scene * gain + self._rng.normal(0, 1.5, scene.shape)
        return np.clip(noisy, 0, 255).astype(np.uint8)


class Run:
    """Plays pictures at five looks per second; what is in ``found`` is reported as a thing."""

    def __init__(self) -> None:
        self.yard = Yard()
        self.background = Background()
        self.now_ns = 0

    def look(self, picture: np.ndarray, *found: Box, step_s: float = 0.2) -> Memory:
        self.now_ns += round(step_s * 1e9)
        memory = self.background.look(picture, self.now_ns)
        boxes = [(x, y, x + w, y + h) for x, y, w, h in found]
        self.background.learn(np.array(boxes, np.float32).reshape(-1, 4))
        return memory

    def settle(self, *boxes: Box, looks: int = 40) -> None:
        for _ in range(looks):
            self.look(self.yard.picture(*boxes))


@pytest.fixture
def run() -> Run:
    run = Run()
    run.settle()
    return run


def unlike(memory: Memory, empty: np.ndarray, box: Box | None = None) -> float:
    """Mean difference of the remembered scene from the true one, in the box or everywhere."""
    x, y, w, h = box or (0, 0, W, H)
    difference = np.abs(memory.empty.astype(float) - empty)
    return float(difference[y : y + h, x : x + w].mean())


def test_the_first_look_knows_nothing() -> None:
    run = Run()
    picture = run.yard.picture((40, 60, 40, 50))
    memory = run.look(picture)
    assert np.array_equal(memory.empty, picture)
    assert not memory.moved.any()


def test_what_passes_while_the_scene_is_learned_leaves_no_smear() -> None:
    run = Run()
    for i in range(40):
        run.look(run.yard.picture(((i * 24) % 280, 60, 40, 50)))
    assert unlike(run.look(run.yard.picture()), run.yard.empty) < 4


def test_moved_tells_where_something_moves(run: Run) -> None:
    for x in range(40, 160, 12):
        memory = run.look(run.yard.picture((x, 60, 40, 50)))
    assert memory.moved[60:110, x + 30 : x + 40].mean() > 30
    assert memory.moved[:, 220:].mean() < 6


def test_what_is_reported_and_stands_stays_apart_for_a_minute(run: Run) -> None:
    box = (140, 60, 40, 50)
    for _ in range(120):
        memory = run.look(run.yard.picture(box), box, step_s=0.5)
    assert unlike(memory, run.yard.empty, box) < 40
    for _ in range(240):
        memory = run.look(run.yard.picture(box), box, step_s=2.0)
    assert unlike(memory, np.full((H, W, 3), (20, 20, 220)), box) < 12


def test_what_nobody_reports_is_taken_in_soon(run: Run) -> None:
    box = (140, 60, 40, 50)
    for _ in range(60):
        memory = run.look(run.yard.picture(box), step_s=0.5)
    assert unlike(memory, np.full((H, W, 3), (20, 20, 220)), box) < 5


def test_the_memory_follows_the_light_at_once(run: Run) -> None:
    memory = run.look(run.yard.picture((100, 60, 40, 50), gain=1.4), (100, 60, 40, 50))
    lit = np.clip(run.yard.empty * 1.4, 0, 255)
    assert unlike(memory, lit, (200, 0, 100, 180)) < 8
    assert unlike(memory, lit, (100, 60, 40, 50)) < 12, "it still knows what is behind the thing"


def test_dense_traffic_is_no_change_of_the_light(run: Run) -> None:
    """A third of the picture is covered by cars of one grey, which a plane of light could explain
    if most pixels had changed."""
    cars = [(x, y, 38, 44) for x in range(10, 300, 60) for y in (20, 80, 130)]
    before = unlike(run.look(run.yard.picture()), run.yard.empty)
    for _ in range(5):
        memory = run.look(run.yard.picture(*cars, colour=(60, 60, 60)), *cars)
    assert unlike(memory, run.yard.empty) < before + 3


def test_a_turned_camera_starts_anew(run: Run) -> None:
    elsewhere = np.random.default_rng(6).choice((20.0, 240.0), (H // 10, W // 10, 3))
    run.yard.empty = np.kron(elsewhere, np.ones((10, 10, 1)))
    picture = run.yard.picture()
    assert np.array_equal(run.look(picture).empty, picture)


@pytest.mark.parametrize("jump_ns", [-5 * 10**9, 0, 3600 * 10**9], ids=["back", "none", "hour"])
def test_a_clock_that_jumps_starts_anew(run: Run, jump_ns: int) -> None:
    picture = run.yard.picture((100, 60, 40, 50))
    memory = run.background.look(picture, run.now_ns + jump_ns)
    run.background.learn(np.empty((0, 4), np.float32))
    assert np.array_equal(memory.empty, picture)


def test_another_size_starts_anew(run: Run) -> None:
    small = np.full((90, 160, 3), 7, np.uint8)
    assert np.array_equal(run.look(small).empty, small)


def test_learning_before_the_first_look_is_nothing() -> None:
    Background().learn(np.array([[0, 0, 5, 5]], np.float32))


@pytest.mark.parametrize(
    "box", [(-50, -50, 20, 20), (300, 160, 900, 900), (10, 10, 0, 0)], ids=["out", "far", "none"]
)
def test_boxes_beyond_the_picture_do_no_harm(run: Run, box: Box) -> None:
    run.look(run.yard.picture(), box)
    assert unlike(run.look(run.yard.picture()), run.yard.empty) < 4

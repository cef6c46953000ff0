import numpy as np
import pytest

from its_camera_ai.vision.background import Background, Blob

W, H = 320, 180


class Yard:
    """An empty yard with texture and noise, and rectangles put into it."""

    def __init__(self) -> None:
        self._rng = np.random.default_rng(5)
        coarse = self._rng.uniform(90, 150, (H // 10, W // 10, 3))
        self.empty = np.kron(coarse, np.ones((10, 10, 1)))

    def picture(
        self,
        *boxes: tuple[int, int, int, int],
        colour: tuple[int, int, int] = (20, 20, 220),
        gain: float = 1.0,
        shadow: tuple[int, int, int, int] | None = None,
    ) -> np.ndarray:
        scene = self.empty.copy()
        if shadow is not None:
            x, y, w, h = shadow
            scene[y : y + h, x : x + w] *= 0.6
        for x, y, w, h in boxes:
            scene[y : y + h, x : x + w] = colour
        noisy = scene * gain + self._rng.normal(0, 1.5, scene.shape)
        return np.clip(noisy, 0, 255).astype(np.uint8)


class Run:
    """Plays pictures at five looks per second."""

    def __init__(self) -> None:
        self.yard = Yard()
        self.background = Background()
        self.now_ns = 0

    def look(self, picture: np.ndarray, step_s: float = 0.2) -> list[Blob]:
        self.now_ns += round(step_s * 1e9)
        return self.background.update(picture, self.now_ns)

    def settle(self, *boxes: tuple[int, int, int, int], looks: int = 40) -> None:
        for _ in range(looks):
            self.look(self.yard.picture(*boxes))


@pytest.fixture
def run() -> Run:
    run = Run()
    run.settle()
    return run


def near(blob: Blob, box: tuple[int, int, int, int], abs_px: int = 6) -> bool:
    return bool(blob.xywh == pytest.approx(box, abs=abs_px))


def test_the_first_picture_and_an_empty_scene_have_no_foreground() -> None:
    run = Run()
    assert [len(run.look(run.yard.picture())) for _ in range(60)] == [0] * 60


def test_a_moving_thing_is_found_where_it_is(run: Run) -> None:
    for x in range(40, 200, 12):
        blobs = run.look(run.yard.picture((x, 60, 40, 50)))
        assert len(blobs) == 1
        assert near(blobs[0], (x, 60, 40, 50))
        assert blobs[0].mask.shape == (blobs[0].xywh[3], blobs[0].xywh[2])


def test_largest_first(run: Run) -> None:
    blobs = run.look(run.yard.picture((20, 20, 20, 20), (150, 60, 60, 80)))
    assert [b.xywh[0] > 100 for b in blobs] == [True, False]


def test_a_stopped_thing_stays_visible_for_a_minute_and_goes_in_the_end(run: Run) -> None:
    picture = run.yard.picture((140, 60, 40, 50))
    assert all(run.look(picture, step_s=0.5) for _ in range(2 * 60))
    seen = [bool(run.look(picture, step_s=2.0)) for _ in range(180)]
    assert not any(seen[-5:])


def test_what_was_there_first_and_drives_away_leaves_no_ghost() -> None:
    run = Run()
    run.settle((140, 60, 40, 50), looks=60)
    gone = [len(run.look(run.yard.picture())) for _ in range(30)]
    assert gone[0] == 1  # the hole is foreground at first
    assert not any(gone[-10:])


def test_traffic_while_the_scene_is_learned_leaves_no_smear() -> None:
    run = Run()
    for i in range(40):
        run.look(run.yard.picture(((i * 24) % 280, 60, 40, 50)))
    assert [len(run.look(run.yard.picture())) for _ in range(20)][-10:] == [0] * 10


def test_a_shadow_is_not_a_thing(run: Run) -> None:
    blobs = [run.look(run.yard.picture(shadow=(60 + 8 * i, 60, 60, 40))) for i in range(10)]
    assert not any(blobs)


def test_the_shadow_beside_a_thing_is_cut_off(run: Run) -> None:
    (blob,) = run.look(run.yard.picture((100, 60, 40, 50), shadow=(140, 80, 60, 30)))
    assert near(blob, (100, 60, 40, 50), abs_px=8)


def test_a_change_of_the_light_is_not_a_thing_and_hides_none(run: Run) -> None:
    run.look(run.yard.picture((100, 60, 40, 50)))
    blobs = run.look(run.yard.picture((108, 60, 40, 50), gain=1.4))
    assert len(blobs) == 1
    assert near(blobs[0], (108, 60, 40, 50))
    after = [run.look(run.yard.picture(gain=1.4)) for _ in range(20)]
    assert not any(after[5:])


def test_a_turned_camera_starts_anew(run: Run) -> None:
    run.yard.empty = 255 - run.yard.empty[::-1, ::-1]
    blobs = [len(run.look(run.yard.picture())) for _ in range(10)]
    assert blobs[0] == 0
    assert not any(blobs[3:])


@pytest.mark.parametrize("jump_ns", [-5 * 10**9, 0, 3600 * 10**9])
def test_a_clock_that_jumps_starts_anew(run: Run, jump_ns: int) -> None:
    blobs = run.background.update(run.yard.picture((100, 60, 40, 50)), run.now_ns + jump_ns)
    assert blobs == []


def test_another_size_starts_anew(run: Run) -> None:
    assert run.look(np.zeros((90, 160, 3), np.uint8)) == []

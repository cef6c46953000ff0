import numpy as np
import pytest

from its_camera_ai.vision.light import level, light_change, to_bytes


@pytest.fixture
def scene() -> np.ndarray:
    rng = np.random.default_rng(3)
    return np.kron(rng.uniform(40, 180, (18, 32)), np.ones((10, 10))).astype(np.float32)


def test_level_is_the_median_shift_whatever_moves_on_less_than_half(scene: np.ndarray) -> None:
    picture = scene + 7
    picture[:, :140] = 0
    shift, noise = level(picture, scene)
    assert shift == pytest.approx(7, abs=0.01)
    assert noise < 7


@pytest.mark.parametrize(
    ("gain", "offset"),
    [
        pytest.param(1.3, 0.0, id="gain"),
        pytest.param(1.0, -25.0, id="offset"),
        pytest.param(0.7, 40.0, id="both"),
    ],
)
def test_the_background_follows_the_light(scene: np.ndarray, gain: float, offset: float) -> None:
    lit = np.clip(scene * gain + offset, 0, 255)
    relit = light_change(lit, scene, 12)
    assert relit is not None
    assert np.abs(relit - lit).max() < 2


def test_light_that_falls_off_to_one_side_is_light(scene: np.ndarray) -> None:
    lit = scene * np.linspace(0.7, 1.3, scene.shape[1], dtype=np.float32)
    relit = light_change(lit, scene, 12)
    assert relit is not None
    assert np.abs(relit - lit).max() < 3


def test_a_thing_in_the_picture_does_not_bend_the_light(scene: np.ndarray) -> None:
    lit = scene * 1.3
    picture = lit.copy()
    picture[60:120, 100:180] = 20
    relit = light_change(picture, scene, 12)
    assert relit is not None
    assert np.abs(relit - lit).max() < 5


def test_a_large_thing_is_no_light(scene: np.ndarray) -> None:
    picture = scene.copy()
    picture[40:160, 60:260] = 20
    assert light_change(picture, scene, 12) is None


def test_another_view_is_no_light(scene: np.ndarray) -> None:
    assert light_change(scene[::-1, ::-1].copy(), scene, 12) is None


def test_a_black_picture_tells_nothing(scene: np.ndarray) -> None:
    assert light_change(np.zeros_like(scene), scene, 12) is None


def test_a_picture_of_one_grey_level_is_solvable() -> None:
    flat = np.full((180, 320), 90, np.float32)
    relit = light_change(flat + 40, flat, 12)
    assert relit is not None
    assert relit == pytest.approx(130, abs=1)


def test_bytes_are_held_within_their_range() -> None:
    values = np.array([[-80.0, -0.4, 0.6, 254.6, 400.0]], np.float32)
    assert to_bytes(values).tolist() == [[0, 0, 1, 255, 255]]

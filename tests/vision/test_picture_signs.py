"""The few figures by which a picture is judged."""

import cv2
import numpy as np
import pytest

from its_camera_ai.vision.picture_signs import SIGNS_WH, PictureSigns


def _checkers(high: int = 220, low: int = 30, cell: int = 40) -> np.ndarray:
    y, x = np.mgrid[:360, :640]
    return np.where((x // cell + y // cell) % 2, high, low).astype(np.uint8)


def test_brightness_and_contrast() -> None:
    signs = PictureSigns.of(_checkers())
    assert (signs.low, signs.high) == (30, 220)
    assert signs.contrast == 190
    assert signs.bright_share == 0
    assert PictureSigns.of(np.full((360, 640), 240, np.uint8)).bright_share == 1


def test_edges_do_not_depend_on_the_light() -> None:
    bright, dim = PictureSigns.of(_checkers()), PictureSigns.of(_checkers(90, 30))
    assert bright.detail > 0.05
    assert (bright.edges == dim.edges).mean() > 0.97


def test_a_flat_noisy_picture_has_no_edges() -> None:
    noise = np.random.default_rng(1).normal(128, 3, (360, 640)).astype(np.uint8)
    assert PictureSigns.of(noise).detail == 0


def test_blur_takes_steepness_and_fog_does_not() -> None:
    sharp = PictureSigns.of(_checkers())
    blurred = PictureSigns.of(np.asarray(cv2.GaussianBlur(_checkers(), (0, 0), 4), np.uint8))
    fog = PictureSigns.of((_checkers() * 0.3 + 100).astype(np.uint8))
    at = sharp.edges
    assert np.median(blurred.steepness[at]) < 0.4 * np.median(sharp.steepness[at])
    assert np.median(fog.steepness[at]) == pytest.approx(np.median(sharp.steepness[at]), rel=0.1)


@pytest.mark.parametrize("size_wh", [(1, 1), (2, 7), (178, 100), (641, 359), (3840, 2160)], ids=str)
def test_any_size(size_wh: tuple[int, int]) -> None:
    luma = np.random.default_rng(2).integers(0, 255, size_wh[::-1]).astype(np.uint8)
    signs = PictureSigns.of(luma)
    assert signs.edges.shape == SIGNS_WH[::-1]
    assert np.isfinite(signs.steepness).all()


def test_change_between_pictures() -> None:
    picture = _checkers()
    signs = PictureSigns.of(picture)
    assert signs.changed_share(PictureSigns.of(picture)) == 0
    half = picture.copy()
    half[:180] += 9
    assert signs.changed_share(PictureSigns.of(half)) == pytest.approx(0.5, abs=0.02)
    assert signs.changed_share(PictureSigns.of(picture[:180])) == 1

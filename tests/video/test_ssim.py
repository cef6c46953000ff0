import cv2
import numpy as np
import pytest

from its_camera_ai.video.ssim import ssim

PICTURE = cv2.GaussianBlur(
    np.random.default_rng(7).integers(0, 256, (120, 160), np.uint8), (9, 9), 3
)


def test_equal_pictures() -> None:
    assert ssim(PICTURE, PICTURE) == pytest.approx(1)


def test_the_more_noise_the_less_alike() -> None:
    noise = np.random.default_rng(8).normal(0, 1, PICTURE.shape)
    found = [
        ssim(PICTURE, np.clip(PICTURE + s * noise, 0, 255).astype(np.uint8)) for s in (1, 4, 16)
    ]
    assert 1 > found[0] > found[1] > found[2] > 0
    assert ssim(PICTURE, 255 - PICTURE) < 0.5


def test_a_brighter_picture_is_more_alike_than_another_one() -> None:
    other = np.random.default_rng(9).integers(0, 256, PICTURE.shape, np.uint8)
    assert ssim(PICTURE, (PICTURE * 0.9).astype(np.uint8)) > 0.9 > ssim(PICTURE, other)

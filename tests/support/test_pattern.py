"""The painted number survives what cameras and players do to a picture."""

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.pattern import NUMBERS, MovingPattern, paint_number, read_number


@given(st.integers(0, NUMBERS - 1))
def test_every_number_is_read_back(number: int) -> None:
    luma = np.full((48, 96), 128, np.uint8)
    paint_number(luma, number)
    assert read_number(luma) == number


@pytest.mark.parametrize(
    "size_wh", [(96, 54), (320, 180), (640, 360), (1000, 562)], ids=lambda s: f"{s[0]}x{s[1]}"
)
def test_number_survives_scaling(size_wh: tuple[int, int]) -> None:
    luma = MovingPattern((1280, 720)).yuv420(4711)[:720]
    assert read_number(cv2.resize(luma, size_wh, interpolation=cv2.INTER_AREA)) == 4711


def test_number_survives_hard_compression() -> None:
    luma = MovingPattern((320, 240)).yuv420(1234)[:240]
    _, jpeg = cv2.imencode(".jpg", luma, [cv2.IMWRITE_JPEG_QUALITY, 10])
    assert read_number(cv2.imdecode(jpeg, cv2.IMREAD_GRAYSCALE)) == 1234


@pytest.mark.parametrize(
    "picture",
    [
        pytest.param(np.zeros((240, 320), np.uint8), id="black"),
        pytest.param(np.full((240, 320), 235, np.uint8), id="white"),
        pytest.param(MovingPattern((320, 240)).yuv420(7)[40:240], id="band cut off"),
    ],
)
def test_a_picture_without_a_number_gives_none(picture: np.ndarray) -> None:
    assert read_number(picture) is None


def test_a_damaged_number_is_not_believed() -> None:
    luma = np.full((240, 320), 128, np.uint8)
    paint_number(luma, 77)
    luma[:24, 320 // 24 * 10 : 320 // 24 * 11] = 235  # one of the leading zeros becomes a one
    assert read_number(luma) is None


def test_pictures_differ_and_repeat_exactly() -> None:
    pattern = MovingPattern((320, 240))
    assert not np.array_equal(pattern.yuv420(3), pattern.yuv420(4))
    assert np.array_equal(pattern.yuv420(3), MovingPattern((320, 240)).yuv420(3))

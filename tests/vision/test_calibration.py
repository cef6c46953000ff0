"""Pictures to calibrate with: different, of every camera, enough."""

import numpy as np
import pytest

from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.vision.calibration import FRAMES_MIN, SitePicture, SitePictures


def scene(number: int, camera_id: str = "north") -> SitePicture:
    """A bright block at its own place."""
    frame = np.full((180, 320, 3), 60, np.uint8)
    y, x = divmod(number, 16)
    frame[y * 20 : y * 20 + 20, x * 20 : x * 20 + 20] = 200
    return SitePicture(camera_id, frame)


def test_the_same_picture_counts_once_per_camera() -> None:
    pictures = SitePictures(wanted=10)
    assert pictures.offer(scene(1))
    assert not pictures.offer(scene(1))
    assert pictures.offer(scene(1, "south"))
    assert pictures.cameras == ("north", "south")


def test_noise_makes_no_difference() -> None:
    random = np.random.default_rng(3)
    pictures = SitePictures(wanted=10)
    assert pictures.offer(scene(1))
    noisy = scene(1).bgr.astype(np.int16) + random.integers(-12, 13, (180, 320, 3))
    assert not pictures.offer(SitePicture("north", noisy.clip(0, 255).astype(np.uint8)))


def test_no_more_than_wanted() -> None:
    pictures = SitePictures(wanted=3)
    assert sum(pictures.offer(scene(n)) for n in range(9)) == 3
    assert pictures.is_full


def test_every_fourth_is_held_out() -> None:
    pictures = SitePictures(wanted=40)
    for n in range(20):
        for camera in ("north", "south"):
            pictures.offer(scene(n, camera))
    calibrate, judge = pictures.split()
    assert (len(calibrate), len(judge)) == (30, 10)
    assert {p.camera_id for p in judge} == {p.camera_id for p in calibrate} == {"north", "south"}
    assert not {id(p) for p in judge} & {id(p) for p in calibrate}


def test_too_few_different_pictures_are_refused() -> None:
    pictures = SitePictures(wanted=40)
    for n in [*range(FRAMES_MIN - 1), *range(FRAMES_MIN - 1)]:
        pictures.offer(scene(n))
    with pytest.raises(ConfigInvalid, match=f"Only {FRAMES_MIN - 1} different.*--video"):
        pictures.split()

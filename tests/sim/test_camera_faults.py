"""Faulty cameras: each fault changes the picture as its name says, and repeatably."""

import numpy as np
import pytest

from its_camera_ai.core.picture_faults import PictureFault
from its_camera_ai.sim.camera_faults import FaultyCamera, drifted_ns
from its_camera_ai.sim.street import open_street


@pytest.fixture(scope="module")
def picture() -> np.ndarray:
    return open_street("courtyard", size_wh=(320, 180)).frame(0).bgr


@pytest.mark.parametrize("fault", PictureFault, ids=str)
def test_same_seed_same_picture_of_the_same_size(picture: np.ndarray, fault: PictureFault) -> None:
    before = picture.copy()
    shown = FaultyCamera(fault, seed=4).show(picture)
    assert shown.shape == picture.shape
    assert shown.dtype == np.uint8
    assert np.array_equal(shown, FaultyCamera(fault, seed=4).show(picture))
    assert np.array_equal(picture, before)


def test_what_each_does_to_the_picture(picture: np.ndarray) -> None:
    def shown(fault: PictureFault) -> np.ndarray:
        return FaultyCamera(fault).show(picture).astype(float)

    assert shown(PictureFault.BLACK).mean() < 16
    assert (shown(PictureFault.OVEREXPOSED) > 235).mean() > 0.6
    assert shown(PictureFault.LOW_CONTRAST).std() < 0.3 * picture.std()
    middle = shown(PictureFault.COVERED)[45:135, 80:240]
    assert abs(np.corrcoef(middle.ravel(), picture[45:135, 80:240].ravel())[0, 1]) < 0.4


def test_a_frozen_camera_repeats_its_first_picture(picture: np.ndarray) -> None:
    camera = FaultyCamera(PictureFault.FROZEN)
    camera.show(picture)
    assert np.array_equal(camera.show(255 - picture), picture)


def test_a_clock_drifts_only_after_it_began() -> None:
    assert drifted_ns(500, 1000, 0.5) == 500
    assert drifted_ns(1500, 1000, -0.1) == 1450

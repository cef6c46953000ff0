"""Traffic lights and landmarks of a simulated junction, as vision sees them."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from its_camera_ai.core.road import Direction, LineSide, SignalHead, SignalSource
from its_camera_ai.core.scene import Scene
from its_camera_ai.core.signals import SignalState
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.roles.road_watch import LOOK_EVERY_S, LandmarkShelf, RoadWatch
from its_camera_ai.sim.street import open_street
from its_camera_ai.store.disk import RealDisk

WH = (960, 540)


@pytest.fixture(scope="module")
def street() -> tuple[Scene, np.ndarray]:
    opened = open_street("intersection", seed=2, size_wh=WH, fps=1)
    luma = cv2.cvtColor(opened.frame(0).bgr, cv2.COLOR_BGR2GRAY)
    return opened.scene, luma


def look(watch: RoadWatch, luma: np.ndarray, seconds: float) -> str:
    watch.saw_luma(luma, round(seconds * NS_PER_S))
    return watch.calibration_doubt


def shifted(luma: np.ndarray, px: int) -> np.ndarray:
    return np.roll(luma, px, axis=1)


def test_a_bumped_camera_is_doubted_until_it_lies_right_again(street, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    scene, luma = street
    watch = RoadWatch("c", scene, LandmarkShelf(RealDisk(), tmp_path))
    assert look(watch, luma, 0) == ""
    assert look(watch, shifted(luma, 12), 1.0) == ""  # not looked at yet
    assert look(watch, shifted(luma, 12), LOOK_EVERY_S) != ""
    for k in range(2, 40):
        doubt = look(watch, luma, k * LOOK_EVERY_S)
    assert doubt == ""


def test_what_was_calibrated_outlives_a_restart(street, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    scene, luma = street
    shelf = LandmarkShelf(RealDisk(), tmp_path)
    look(RoadWatch("c", scene, shelf), luma, 0)
    after = RoadWatch("c", scene, shelf)
    assert look(after, shifted(luma, 12), 0) != ""
    (kept,) = tmp_path.iterdir()
    kept.write_bytes(b"rubbish")
    assert look(RoadWatch("c", scene, shelf), shifted(luma, 12), 0) == ""  # taken anew


def test_another_calibration_has_its_own_landmarks(street, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    scene, luma = street
    shelf = LandmarkShelf(RealDisk(), tmp_path)
    look(RoadWatch("c", scene, shelf), luma, 0)
    fewer = replace(scene.calibration, pairs=scene.calibration.pairs[:6])
    moved = RoadWatch("c", replace(scene, calibration=fewer), shelf)
    assert look(moved, shifted(luma, 12), 0) == ""
    assert len(list(tmp_path.iterdir())) == 2


def test_lamps_are_read_where_they_are_marked(tmp_path: Path) -> None:
    picture = np.full((100, 100, 3), 90, np.uint8)
    cv2.rectangle(picture, (40, 20), (52, 56), (25, 25, 25), -1)
    cv2.circle(picture, (46, 26), 4, (40, 40, 250), -1)
    square = ((0.4, 0.2), (0.52, 0.2), (0.52, 0.56), (0.4, 0.56))
    governed = (LineSide("stop", Direction.IN),)
    read = SignalHead("k1", governed, SignalSource.PICTURE, square)
    told = SignalHead("k2", governed)
    watch = RoadWatch("c", Scene(), LandmarkShelf(RealDisk(), tmp_path))
    assert not watch.reads_lamps
    line = open_street("intersection").scene.lines[0]
    scene = Scene(lines=(replace(line, id="stop"),), signals=(read, told))
    watch = RoadWatch("c", scene, LandmarkShelf(RealDisk(), tmp_path))
    assert watch.reads_lamps
    for k in range(4):
        watch.saw_picture(picture, k * NS_PER_S // 5, k * NS_PER_S // 5)
    (reading,) = watch.signals
    assert (reading.head, reading.state, reading.wall_ns) == ("k1", SignalState.RED, 0)

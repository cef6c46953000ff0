"""Faults of the picture: each found within 30 s, taken back afterwards, none on good cameras."""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest

from its_camera_ai.core.picture_faults import PictureFault
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.sim.camera_faults import FaultyCamera, drifted_ns
from its_camera_ai.sim.street import open_street
from its_camera_ai.video.files import open_video
from its_camera_ai.vision.camera_health import LEARNING_S, CameraHealth

SIZE_WH = (480, 270)
BEGINS_S, ENDS_S, OVER_S = 40, 75, 90
FOUND_WITHIN_S = 30


def _pictures(scene: str, seconds: int, seed: int = 3) -> Iterator[tuple[int, np.ndarray]]:
    street = open_street(scene, seed=seed, size_wh=SIZE_WH, fps=1)
    for k in range(seconds):
        frame = street.frame(k)
        yield frame.pts_ns, frame.bgr


@pytest.fixture(scope="module", params=["motorway", "courtyard"])
def street(request: pytest.FixtureRequest) -> list[tuple[int, np.ndarray]]:
    return list(_pictures(request.param, OVER_S))


def _luma(bgr: np.ndarray) -> np.ndarray:
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY), np.uint8)


@pytest.mark.parametrize("fault", PictureFault, ids=str)
def test_each_fault_is_found_and_taken_back(
    street: list[tuple[int, np.ndarray]], fault: PictureFault
) -> None:
    health, camera = CameraHealth(), FaultyCamera(fault)
    found_after_s = None
    for second, (pts_ns, good) in enumerate(street):
        faulty = BEGINS_S <= second < ENDS_S
        bgr = camera.show(good) if faulty else good
        stamp_ns = pts_ns
        if fault is PictureFault.CLOCK_DRIFT and faulty:
            stamp_ns = drifted_ns(pts_ns, BEGINS_S * NS_PER_S, 0.01)
        health.update(_luma(bgr), stamp_ns, pts_ns)
        told = health.faults()
        if second < BEGINS_S:
            assert not told
        elif faulty and told and found_after_s is None:
            found_after_s = second - BEGINS_S
            assert told == (fault,)
    assert found_after_s is not None
    assert found_after_s <= FOUND_WITHIN_S
    if fault is not PictureFault.CLOCK_DRIFT:  # the stamps jump back when the drift ends
        assert health.faults() == ()


def test_nothing_is_known_at_first() -> None:
    health = CameraHealth()
    for pts_ns, bgr in _pictures("courtyard", round(LEARNING_S) + 5):
        known = health.faults()
        assert known is None or pts_ns > LEARNING_S * NS_PER_S
        health.update(_luma(bgr), pts_ns, pts_ns)
    assert health.faults() == ()


def test_covered_from_the_start_shows_no_good_picture() -> None:
    """Black needs no reference; it is told although nothing was ever learned."""
    health = CameraHealth()
    for second in range(10):
        health.update(np.full((90, 160), 16, np.uint8), second * NS_PER_S, second * NS_PER_S)
    assert health.faults() == (PictureFault.BLACK,)


def test_a_picture_that_never_changed_is_frozen_after_two_minutes() -> None:
    health = CameraHealth()
    still = _luma(next(_pictures("courtyard", 1))[1])
    for second in range(150):
        health.update(still, second * NS_PER_S, second * NS_PER_S)
        if second < 110:
            assert not health.faults()
    assert health.faults() == (PictureFault.FROZEN,)


def test_a_knock_that_shifts_the_view_by_a_fiftieth_is_seen(
    street: list[tuple[int, np.ndarray]],
) -> None:
    health = CameraHealth()
    for second, (pts_ns, bgr) in enumerate(street):
        shift_px = round(SIZE_WH[0] / 50) if second >= BEGINS_S else 0
        health.update(_luma(np.roll(bgr, shift_px, axis=1)), pts_ns, pts_ns)
    assert health.faults() == (PictureFault.MOVED,)


def test_a_lorry_that_waits_before_the_lens_is_no_fault(
    street: list[tuple[int, np.ndarray]],
) -> None:
    """It hides a third of the view and is brighter than anything else in it."""
    health = CameraHealth()
    width, height = SIZE_WH
    for second, (pts_ns, bgr) in enumerate(street):
        picture = bgr.copy()
        if second >= BEGINS_S:
            corners = (width // 6, height // 3), (2 * width // 3, height)
            cv2.rectangle(picture, *corners, (250, 250, 250), -1)
            cv2.rectangle(picture, *corners, (20, 20, 20), 3)
        health.update(_luma(picture), pts_ns, pts_ns)
        assert not health.faults()


def test_stream_time_that_jumps_back_or_far_ahead_is_a_new_beginning() -> None:
    health = CameraHealth()
    pictures = [_luma(bgr) for _, bgr in _pictures("courtyard", 30)]
    times_s = [*range(30), *range(5, 35), *range(900, 930)]
    for k, second in enumerate(times_s):
        health.update(pictures[k % 30], second * NS_PER_S, (1000 + k) * NS_PER_S)
    assert health.faults() == ()


@pytest.mark.data
@pytest.mark.parametrize(
    "clip", ["indoor_ir_frigate", "night_street_rfinf", "overhead_cars_intel", "road_ozlu"]
)
def test_real_clips_are_no_fault(data_dir: Path, clip: str) -> None:
    """Infra-red, night, exposure jumps, wind."""
    health, known = CameraHealth(), False
    path = data_dir / "videos" / f"{clip}.mp4"
    begin_ns = 0
    for _ in range(3):
        video = open_video(path)
        now_ns = begin_ns
        for frame in video.frames():
            now_ns = begin_ns + frame.pts_ns
            health.update(frame.luma(), now_ns, now_ns)
            assert not health.faults()
            known = known or health.faults() is not None
        video.close()
        begin_ns = now_ns + NS_PER_S // 25
    assert known

"""The motion gate against the simulator's weather, and on real crossings."""

from functools import cache
from pathlib import Path

import cv2
import numpy as np
import pytest

from bench.motion_truth import CLIPS, Clip, clip_crossings
from its_camera_ai.sim.street import open_street
from its_camera_ai.sim.weather import WEATHERS, Weather
from its_camera_ai.vision.motion import MotionGate

W, H = 640, 360
FPS = 10.0
SETTLED = 150  # frames
FRAMES = 250


@cache
def backdrop() -> np.ndarray:
    """An empty courtyard without its caption."""
    return open_street("courtyard", size_wh=(W, H), demand=0.0).backdrop


def walker_xyxy(frame: int) -> tuple[int, int, int, int]:
    """Who walks to the right after the settling, two heights a second, under the branches."""
    left = 20 + 7 * (frame - SETTLED)
    return left, 235, left + 14, 271


def played(names: str, *, walker: bool) -> list[tuple[int, bool, np.ndarray]]:
    """Frame number, active, boxes; from when the gate has settled."""
    weather = Weather(names, (W, H), fps=FPS)
    gate = MotionGate((W, H))
    seen = []
    for frame in range(FRAMES):
        picture = backdrop().copy()
        if walker and frame >= SETTLED:
            x0, y0, x1, y1 = walker_xyxy(frame)
            picture[y0:y1, x0:x1] = (235, 230, 225)
            picture[y0 + 14 : y1, x0:x1] = (25, 25, 30)
        luma = cv2.cvtColor(weather.over(picture, frame, frame / FPS), cv2.COLOR_BGR2GRAY)
        motion = gate.update(luma, round(frame / FPS * 1e9))
        if frame >= SETTLED:
            seen.append((frame, motion.active, motion.boxes))
    return seen


ACTIVE_MAX = {
    "": 0.0,
    "trees": 0.4,
    "clouds": 0.3,
    "headlights": 0.5,  # a beam is in the picture for 43 % of the time
    "night": 0.02,
    "infrared": 0.1,
    "lightning": 0.12,
    "exposure": 0.12,
    "rain": 0.2,
    "noise": 0.02,
    "compression": 0.05,
}


def test_every_weather_is_tried() -> None:
    assert set(WEATHERS) | {""} == set(ACTIVE_MAX)


@pytest.mark.parametrize(
    ("names", "share"), ACTIVE_MAX.items(), ids=[name or "none" for name in ACTIVE_MAX]
)
def test_weather_alone_is_hardly_motion(names: str, share: float) -> None:
    active = [on for _, on, _ in played(names, walker=False)]
    assert np.mean(active) <= share


WALKED = (*ACTIVE_MAX, "night,rain")


@pytest.mark.parametrize("names", WALKED, ids=[name or "none" for name in WALKED])
def test_a_walker_is_seen_in_every_weather(names: str) -> None:
    touched = []
    for frame, _, boxes in played(names, walker=True):
        x0, y0, x1, y1 = walker_xyxy(frame)
        touched.append(any(b[0] < x1 and b[2] > x0 and b[1] < y1 and b[3] > y0 for b in boxes))
    assert np.mean(touched) > 0.5


def written(second: int) -> np.ndarray:
    """A still picture with the time in a corner."""
    picture = cv2.cvtColor(backdrop(), cv2.COLOR_BGR2GRAY)
    text = f"12:{second // 60:02d}:{second % 60:02d}"
    cv2.rectangle(picture, (0, 0), (170, 24), (20,), -1)
    cv2.putText(picture, text, (8, 18), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (240,), 1)
    return picture


def test_a_painted_clock_is_no_motion_after_a_while_and_a_walker_below_it_is() -> None:
    gate = MotionGate((W, H))
    active = [gate.update(written(k // 10), k * 100_000_000).active for k in range(600)]
    assert np.mean(active[:100]) > 0.3
    assert np.mean(active[400:]) < 0.1
    picture = written(60)
    picture[60:100, 40:60] = 255
    assert gate.update(picture, 60_000_000_000).active


def test_what_stops_is_not_motion_any_more_within_two_seconds() -> None:
    gate = MotionGate((W, H))
    still = cv2.cvtColor(backdrop(), cv2.COLOR_BGR2GRAY)
    for frame in range(50):
        gate.update(still, frame * 40_000_000)
    parked = still.copy()
    parked[150:190, 300:360] = 255 - parked[150:190, 300:360]
    active = [gate.update(parked, (50 + k) * 40_000_000).active for k in range(100)]
    assert all(active[:10])
    assert not any(active[50:])


@pytest.mark.data
@pytest.mark.parametrize("clip", CLIPS, ids=[clip.name for clip in CLIPS])
def test_no_crossing_of_a_real_clip_is_lost(clip: Clip, data_dir: Path) -> None:
    result = clip_crossings(data_dir, clip)
    assert result.crossings == clip.crossings
    assert result.lost == 0

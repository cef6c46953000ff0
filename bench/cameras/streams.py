"""What the benchmark's cameras show: a simulated crossroads, coded as street cameras do it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import av
from av.video.frame import VideoFrame
from av.video.reformatter import Interpolation, VideoReformatter

from its_camera_ai.core.scene import Scene
from its_camera_ai.sim.street import open_street
from tests.support.clips import BENCH_MAIN, BENCH_SUB, cached, encode

_SCENE, _SEED, _FRAMES = "intersection", 11, 900
MAIN = replace(BENCH_MAIN, frames=_FRAMES)
"""1080p30, 4 Mb/s, a key frame every 2 s; 30 s in a loop."""
SUB = replace(BENCH_SUB, frames=_FRAMES)
"""640 × 360 at 30 fps, 0.8 Mb/s."""


def main_clip() -> Path:
    """The stream to record, rendered and encoded once (about a minute)."""
    return cached(
        f"street-{_SCENE}-{_SEED}-{MAIN.key}.mp4", lambda path: encode(_rendered(), MAIN, path)
    )


def sub_clip() -> Path:
    """The same pictures, smaller."""
    return cached(
        f"street-{_SCENE}-{_SEED}-{SUB.key}.mp4", lambda path: encode(_scaled(), SUB, path)
    )


def scene() -> Scene:
    """The lines that the crossroads suggests, as fractions of the picture."""
    return open_street(_SCENE, seed=_SEED, size_wh=SUB.size_wh, fps=SUB.fps).scene


def _rendered() -> Iterator[VideoFrame]:
    street = open_street(_SCENE, seed=_SEED, size_wh=MAIN.size_wh, fps=MAIN.fps)
    for index in range(_FRAMES):
        yield VideoFrame.from_ndarray(street.frame(index).bgr, format="bgr24")


def _scaled() -> Iterator[VideoFrame]:
    width, height = SUB.size_wh
    scaler = VideoReformatter()
    with av.open(str(main_clip())) as container:
        for frame in container.decode(video=0):
            yield scaler.reformat(frame, width, height, interpolation=Interpolation.AREA)

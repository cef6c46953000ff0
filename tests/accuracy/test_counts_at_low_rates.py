"""The motorway at the rates a small machine can afford: one parameter set, nobody backwards."""

from pathlib import Path

import numpy as np
import pytest

from bench.count_accuracy import CLIPS, Clip, Recording, detect, dropped, play, tally

pytestmark = pytest.mark.data

WINDOW, MOTORWAY, VFR = (clip for clip in CLIPS if clip.name.startswith("motorway"))


@pytest.fixture(scope="module")
def motorway(data_dir: Path) -> Recording:
    return detect(data_dir / "videos" / MOTORWAY.file, data_dir / "models")


def counted(clip: Clip, recording: Recording, stride: int, first: int = 0) -> tuple[int, int, int]:
    """Out, in, wrong-way."""
    frames = range(first, min(clip.frames, len(recording.found)), stride)
    result = tally(clip, play(recording, clip.line, frames))
    return result.outward, result.inward, result.wrong_way


@pytest.mark.parametrize(
    ("stride", "off_max", "wrong_max"),
    [(1, 1, 0), (3, 1, 0), (5, 1, 0), (6, 1, 0), (8, 1, 0), (10, 2, 1)],
    ids=["25", "8.3", "5", "4.2", "3.1", "2.5"],
)
@pytest.mark.parametrize("clip", [WINDOW, MOTORWAY], ids=["window", "whole"])
def test_counts_hold_at_low_rates(
    motorway: Recording, clip: Clip, stride: int, off_max: int, wrong_max: int
) -> None:
    for first in range(0, stride, max(1, stride // 3)):
        outward, inward, wrong = counted(clip, motorway, stride, first)
        off = abs(outward - clip.outward) + abs(inward - clip.inward)
        assert off <= off_max, f"from frame {first}: {outward} out, {inward} in"
        assert wrong <= wrong_max


def test_half_of_the_looks_lost_at_random_changes_little(motorway: Recording) -> None:
    for run in dropped(MOTORWAY, motorway, 25, 0.5):
        assert abs(run.outward - MOTORWAY.outward) <= 1
        assert abs(run.inward - MOTORWAY.inward) <= 1
        assert run.wrong_way == 0


@pytest.mark.parametrize("stride", [1, 3, 5], ids=["25", "8.3", "5"])
def test_same_pictures_at_other_times_count_the_same(motorway: Recording, stride: int) -> None:
    """The clip's detections with the clock of its re-encode: half speed from frame 288 on."""
    steps = np.where(np.arange(len(motorway.pts_ns)) < 288, 40_000_000, 80_000_000)
    slowed = Recording(
        np.concatenate([[0], np.cumsum(steps[:-1])]).tolist(), motorway.found, motorway.size_wh
    )
    assert counted(VFR, slowed, stride) == counted(MOTORWAY, motorway, stride)

"""The motorway at the rates a small machine can afford: one parameter set, nobody backwards."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from bench.accuracy import MOTORWAY, counted_clips
from its_camera_ai.evaluation.folder import EvalFolder
from its_camera_ai.evaluation.recording import Recording, record_video
from its_camera_ai.evaluation.replay import looks_at_rate, looks_with_losses, tally
from its_camera_ai.evaluation.truth_counts import CountedClip
from its_camera_ai.vision.loading import load_model

pytestmark = pytest.mark.data

WINDOW = f"{MOTORWAY}, to picture 495"
Clips = dict[str, CountedClip]


@pytest.fixture(scope="module")
def clips(data_dir: Path) -> Clips:
    return {clip.name: clip for clip in counted_clips(EvalFolder(data_dir))}


@pytest.fixture(scope="module", params=[(640, 384), (416, 416)], ids=["640x384", "416x416"])
def motorway(data_dir: Path, request: pytest.FixtureRequest) -> Recording:
    model = load_model("yolox-nano", models_dir=data_dir / "models", input_wh=request.param)
    recording = record_video(data_dir / "videos" / f"{MOTORWAY}.mp4", model, workers=2)
    model.close()
    return recording


@pytest.mark.parametrize(
    ("rate", "least", "most"),
    [(25, 50, 52), (8.3, 50, 52), (5, 50, 52), (4.2, 50, 52), (3.1, 50, 53), (2.5, 48, 53)],
    ids=["25", "8.3", "5", "4.2", "3.1", "2.5"],
)
def test_counts_hold_at_low_rates(
    clips: Clips, motorway: Recording, rate: float, least: int, most: int
) -> None:
    """51 by eye, from every first picture."""
    clip = clips[MOTORWAY]
    for looks in looks_at_rate(clip, motorway, rate, starts=motorway.stride_of(rate)):
        counted = tally(clip, motorway, looks)
        total = counted.inward + counted.outward
        assert least <= total <= most, f"from picture {looks[0]}: {counted}"
        assert counted.wrong_way == 0, f"from picture {looks[0]}: {counted}"


@pytest.mark.parametrize("rate", [25, 8.3, 5], ids=["25", "8.3", "5"])
def test_the_sure_window_holds_at_low_rates(clips: Clips, motorway: Recording, rate: float) -> None:
    clip = clips[WINDOW]
    for looks in looks_at_rate(clip, motorway, rate, starts=3):
        counted = tally(clip, motorway, looks)
        assert counted.off_by(clip) <= 1, f"from picture {looks[0]}: {counted}"


def test_half_of_the_looks_lost_at_random_changes_little(clips: Clips, motorway: Recording) -> None:
    clip = clips[MOTORWAY]
    for seed in range(5):
        counted = tally(clip, motorway, looks_with_losses(clip, motorway, 25, 0.5, seed))
        assert abs(counted.outward - clip.outward) <= 1
        assert abs(counted.inward - clip.inward) <= 1
        assert counted.wrong_way == 0


@pytest.mark.parametrize("rate", [25, 8.3, 5], ids=["25", "8.3", "5"])
def test_same_pictures_at_other_times_count_the_same(
    clips: Clips, motorway: Recording, rate: float
) -> None:
    """The clip's detections with the clock of its re-encode: half speed from frame 288 on."""
    clip = clips[MOTORWAY]
    steps = np.where(np.arange(len(motorway)) < 288, 40_000_000, 80_000_000)
    slowed = replace(motorway, pts_ns=np.concatenate([[0], np.cumsum(steps[:-1])]).tolist())
    (looks,) = looks_at_rate(clip, motorway, rate)
    assert tally(clip, slowed, looks) == tally(clip, motorway, looks)

"""Parts of frames must count what whole frames count, at a fraction of the pixels."""

from pathlib import Path

import pytest

from bench.region_counts import CLIPS, CountedClip, count
from its_camera_ai.vision.loading import load_model

OFF_BY_MAX = {"motorway_dvrscan.mp4": 1, "road_ozlu.mp4": 0}
"""The finer look takes a shadow on the motorway for a car (docs/design/looks.md, figures)."""

SHARE_MAX = {"motorway_dvrscan.mp4": 0.9, "road_ozlu.mp4": 0.6}


@pytest.mark.data
@pytest.mark.parametrize("clip", CLIPS, ids=lambda clip: clip.file)
def test_parts_count_what_whole_frames_count(clip: CountedClip, data_dir: Path) -> None:
    model = load_model("yolox-nano", models_dir=data_dir / "models")
    parts = count(clip, data_dir, model, looks_per_s=5, full_look_s=2.0)
    whole = count(clip, data_dir, model, looks_per_s=5, full_look_s=0.0)
    off = abs(parts.inward - whole.inward) + abs(parts.outward - whole.outward)
    assert off <= OFF_BY_MAX[clip.file]
    assert parts.looks == whole.looks == whole.looks_full
    assert whole.input_share == 1
    assert parts.input_share < SHARE_MAX[clip.file]

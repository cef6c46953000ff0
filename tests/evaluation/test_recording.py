"""Clips looked at once, with their own times and numbers."""

from pathlib import Path

import numpy as np
import pytest

from its_camera_ai.core.errors import InputUnreadable
from its_camera_ai.evaluation.recording import record_video
from tests.support.moving_box import BrightBoxes, crossing_boxes, write_video


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_video(tmp_path_factory.mktemp("clip") / "a.mp4", crossing_boxes())


@pytest.mark.parametrize("workers", [1, 3])
def test_every_picture_is_looked_at_in_order(clip: Path, workers: int) -> None:
    recording = record_video(clip, BrightBoxes(), workers=workers)
    assert (len(recording), recording.size_wh, recording.complete) == (50, (320, 240), True)
    assert list(recording.numbers) == list(range(50))
    assert recording.fps == pytest.approx(25)
    assert recording.duration_s == pytest.approx(2)
    assert recording.took_s > 0
    lefts = [round(float(found.xyxy[:, 0].min())) for found in recording.found if len(found)]
    assert set(lefts) == {60}
    assert [len(recording.found[k]) for k in (0, 25)] == [0, 2]


def test_some_pictures_keep_their_numbers(clip: Path) -> None:
    recording = record_video(clip, BrightBoxes(), workers=1, rate=5)
    assert set(np.diff(recording.numbers[1:])) == {5}
    assert recording.pts_ns == [k * 40_000_000 for k in recording.numbers]
    assert not recording.complete
    assert recording.widest_step == 5
    assert recording.stride_of(5) == 1
    assert recording.stride_of(2.4) == 2


def test_a_file_without_a_picture_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(b"")
    with pytest.raises(InputUnreadable, match="is empty"):
        record_video(path, BrightBoxes(), workers=1)

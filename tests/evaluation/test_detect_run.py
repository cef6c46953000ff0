"""Labelled pictures of made-up clips, looked at by a detector that sees white boxes."""

import json
from pathlib import Path
from typing import Any

import cv2
import pytest

from its_camera_ai.core.errors import ConfigInvalid, InputUnreadable
from its_camera_ai.evaluation.detect_run import LABELLED, detect_on_labels
from its_camera_ai.evaluation.folder import EvalFolder
from its_camera_ai.evaluation.results import DetectRow
from its_camera_ai.evaluation.truth_boxes import load_labelled_frames
from tests.support.moving_box import BrightBoxes, crossing_boxes, picture, write_video

FRAME = {"width": 320, "height": 240, "ignore": []}


def evaluate(folder: Path, frames: dict[str, Any], model: BrightBoxes | None = None) -> DetectRow:
    (folder / "boxes.json").write_text(json.dumps({"frames": frames}))
    data = EvalFolder(folder)
    truth = load_labelled_frames(data.labels("boxes.json"))
    (row,) = detect_on_labels(model or BrightBoxes(), data, truth)
    return row


def boxes_at(index: int) -> list[dict[str, Any]]:
    """Where ``crossing_boxes`` has them: 40 × 30 pixels."""
    tops = [(60, -30 + 5 * index), (220, 240 - 5 * index)]
    return [
        {"class": "car", "xyxy": [x, max(0, y), x + 40, min(240, y + 30)]}
        for x, y in tops
        if -25 < y < 235
    ]


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("data")
    (folder / "videos").mkdir()
    write_video(folder / "videos" / "a.mp4", crossing_boxes())
    return folder


def test_frames_are_told_by_their_number_in_decode_order(clip: Path) -> None:
    frames = {
        f"a{k}": {**FRAME, "file": "a.mp4", "frame": k, "boxes": boxes_at(k)} for k in (8, 20, 33)
    }
    row = evaluate(clip, frames)
    assert (row.set, row.label, row.boxes) == (LABELLED, "car", 6)
    assert row.ap50 == 1
    assert row.hits == 1
    assert row.cpu_ms > 0


def test_a_wrong_frame_is_a_miss(clip: Path) -> None:
    frames = {"a": {**FRAME, "file": "a.mp4", "frame": 8, "boxes": boxes_at(20)}}
    assert evaluate(clip, frames).ap50 == 0


def test_a_picture_file(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), picture((320, 240), [(100, 100)]))
    frames = {
        "a": {**FRAME, "image": "a.png", "boxes": [{"class": "car", "xyxy": [100, 100, 140, 130]}]}
    }
    assert evaluate(tmp_path, frames).ap50 == 1


def test_labels_that_do_not_fit_are_told(clip: Path, tmp_path: Path) -> None:
    beyond = {"a": {**FRAME, "file": "a.mp4", "frame": 900, "boxes": boxes_at(8)}}
    with pytest.raises(InputUnreadable, match="ends before its labelled picture 'a'"):
        evaluate(clip, beyond)
    other = {"a": {**FRAME, "width": 640, "file": "a.mp4", "frame": 8, "boxes": boxes_at(8)}}
    with pytest.raises(
        InputUnreadable, match=r"labelled at 640x240 pixels, but a\.mp4 has 320x240"
    ):
        evaluate(clip, other)
    missing = {"a": {**FRAME, "file": "b.mp4", "frame": 8, "boxes": boxes_at(8)}}
    with pytest.raises(ConfigInvalid, match=r"b\.mp4 is named in the labels"):
        evaluate(clip, missing)
    (tmp_path / "a.png").write_text("no picture")
    picture_file = {"a": {**FRAME, "image": "a.png", "boxes": boxes_at(8)}}
    with pytest.raises(InputUnreadable, match="no picture that can be read"):
        evaluate(tmp_path, picture_file)

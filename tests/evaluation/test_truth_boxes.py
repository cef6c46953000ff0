import json
from pathlib import Path
from typing import Any

import pytest

from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.evaluation.truth_boxes import load_labelled_frames

GOOD: dict[str, Any] = {
    "file": "a.mp4",
    "frame": 3,
    "width": 640,
    "height": 360,
    "boxes": [{"class": "vehicle", "xyxy": [1, 2, 3.5, 4]}],
    "ignore": [{"class": "*", "xyxy": [0, 0, 9, 9]}],
}


def write(path: Path, document: Any) -> Path:
    file = path / "boxes.json"
    file.write_text(document if isinstance(document, str) else json.dumps(document))
    return file


def test_a_frame_is_read(tmp_path: Path) -> None:
    (frame,) = load_labelled_frames(write(tmp_path, {"frames": {"a": GOOD}}))
    assert (frame.name, frame.file, frame.frame, frame.size_wh) == ("a", "a.mp4", 3, (640, 360))
    assert frame.xyxy.tolist() == [[1, 2, 3.5, 4]]
    assert (frame.label, frame.ignore_label) == (("vehicle",), ("*",))


def test_a_picture_of_its_own_needs_no_frame_number(tmp_path: Path) -> None:
    entry = {k: v for k, v in GOOD.items() if k not in ("file", "frame", "ignore")}
    (frame,) = load_labelled_frames(write(tmp_path, {"frames": {"a": {**entry, "image": "a.jpg"}}}))
    assert (frame.file, frame.frame, len(frame.ignore_xyxy)) == ("a.jpg", None, 0)


@pytest.mark.parametrize(
    ("document", "says"),
    [
        pytest.param('{"frames": {', "line 1, column 13", id="no JSON"),
        pytest.param([], "'frames' is missing", id="a list"),
        pytest.param({"frames": {}}, "'frames' is empty", id="empty"),
        pytest.param({"frames": {"a": {}}}, "'frames.a.file' is missing", id="no file"),
        pytest.param({"frames": {"a": 3}}, "'frames.a.file' is missing", id="a number"),
        pytest.param(
            {"frames": {"a": {**GOOD, "frame": "3"}}}, "'frames.a.frame' must be a whole", id="text"
        ),
        pytest.param({"frames": {"a": {**GOOD, "frame": -1}}}, "0 or more, not -1", id="negative"),
        pytest.param(
            {"frames": {"a": {**GOOD, "width": True}}}, "'frames.a.width' must be", id="bool"
        ),
        pytest.param(
            {"frames": {"a": {**GOOD, "boxes": [{"class": "lorry", "xyxy": [0, 0, 1, 1]}]}}},
            "'frames.a.boxes[0].class' is 'lorry'; use one of vehicle",
            id="unknown class",
        ),
        pytest.param(
            {"frames": {"a": {**GOOD, "boxes": [{"class": "*", "xyxy": [0, 0, 1, 1]}]}}},
            "is '*'",
            id="star is for ignore",
        ),
        pytest.param(
            {"frames": {"a": {**GOOD, "boxes": [{"class": "car", "xyxy": [5, 0, 1, 1]}]}}},
            "'frames.a.boxes[0].xyxy' is [5, 0, 1, 1]",
            id="right of left",
        ),
        pytest.param(
            {"frames": {"a": {**GOOD, "boxes": [{"class": "car", "xyxy": [5, 0, 1]}]}}},
            "a box is four pixels",
            id="three",
        ),
        pytest.param(
            '{"frames": {"a": {"file": "a", "frame": 0, "width": 1, "height": 1, "boxes": '
            '[{"class": "car", "xyxy": [0, 0, NaN, 1]}]}}}',
            "'frames.a.boxes[0].xyxy'",
            id="not finite",
        ),
        pytest.param(
            {"frames": {"a": {**GOOD, "ignore": {}}}}, "'frames.a.ignore' must be", id="ignore"
        ),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, document: Any, says: str) -> None:
    with pytest.raises(ConfigInvalid) as caught:
        load_labelled_frames(write(tmp_path, document))
    assert says in str(caught.value)
    assert "boxes.json" in str(caught.value)


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid, match="can't be read"):
        load_labelled_frames(tmp_path / "boxes.json")


@pytest.mark.data
def test_the_labels_of_the_data_folder(data_dir: Path) -> None:
    frames = load_labelled_frames(data_dir / "labels" / "boxes.json")
    assert len(frames) == 10
    assert sum(len(frame.xyxy) for frame in frames) == 112

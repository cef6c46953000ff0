import json
from pathlib import Path
from typing import Any

import pytest

from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.scene import Anchor
from its_camera_ai.evaluation.truth_counts import load_counted_clips

ACROSS = [[0, 100], [200, 100]]
DOWN = [[100, 0], [100, 200]]
GOOD: dict[str, Any] = {
    "file": "a.mp4",
    "frames": 50,
    "line": ACROSS,
    "anchor": "centre",
    "what": "vehicle (a car with its trailer counts once)",
    "up": 3,
    "down": 5,
}


def write(path: Path, *clips: Any) -> Path:
    file = path / "counts.json"
    file.write_text(json.dumps({"clips": clips}))
    return file


def test_a_clip_is_read(tmp_path: Path) -> None:
    (clip,) = load_counted_clips(write(tmp_path, GOOD))
    assert (clip.name, clip.file, clip.what) == ("a", "a.mp4", "vehicle")
    assert (clip.inward, clip.outward, clip.frames) == (5, 3, (0, 50))
    assert clip.line.anchor is Anchor.CENTRE
    assert clip.total == 8


@pytest.mark.parametrize(
    ("line", "key", "expected"),
    [
        (ACROSS, "down", (4, 0)),
        (ACROSS, "up", (0, 4)),
        (ACROSS[::-1], "up", (4, 0)),
        (DOWN, "right_to_left", (4, 0)),
        (DOWN, "left_to_right", (0, 4)),
        (ACROSS, "towards_camera_down", (4, 0)),
        (ACROSS, "away_from_camera_up", (0, 4)),
        (DOWN, "in", (4, 0)),
        (DOWN, "out", (0, 4)),
    ],
)
def test_ways_in_the_picture_become_in_and_out(
    tmp_path: Path, line: Any, key: str, expected: tuple[int, int]
) -> None:
    entry = {"file": "a.mp4", "frames": 9, "line": line, key: 4}
    (clip,) = load_counted_clips(write(tmp_path, entry))
    assert (clip.inward, clip.outward) == expected


def test_a_window_and_the_whole_clip_are_two(tmp_path: Path) -> None:
    entry = {**GOOD, "window": [5, 19], "whole_clip": {"up": 7, "down": 9}}
    part, whole = load_counted_clips(write(tmp_path, entry))
    assert (part.name, part.frames, part.total) == ("a, to picture 19", (5, 20), 8)
    assert (whole.name, whole.frames, whole.total) == ("a", (0, 50), 16)


def test_wrong_ways(tmp_path: Path) -> None:
    ways = [{"direction": "up", "x": [0, 100]}, {"direction": "in", "x": [100, 200]}]
    (clip,) = load_counted_clips(write(tmp_path, {**GOOD, "one_ways": ways}))
    assert not clip.is_wrong_way("out", 50)
    assert clip.is_wrong_way("in", 50)
    assert clip.is_wrong_way("out", 100)
    (oneway,) = load_counted_clips(write(tmp_path, {**GOOD, "up": 0}))
    assert oneway.is_wrong_way("out", 50)
    assert not oneway.is_wrong_way("in", 50)


def test_clips_without_a_line_are_left_out(tmp_path: Path) -> None:
    assert len(load_counted_clips(write(tmp_path, {"file": "b.mp4"}, GOOD))) == 1
    with pytest.raises(ConfigInvalid, match="no clip with a 'line'"):
        load_counted_clips(write(tmp_path, {"file": "b.mp4"}))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        pytest.param({"file": ""}, "'clips[0].file'", id="file"),
        pytest.param({"frames": "50"}, "'clips[0].frames' must be a whole number", id="frames"),
        pytest.param({"line": [[0, 0]]}, "'clips[0].line' must be two points", id="one point"),
        pytest.param({"line": [[0, 0], [0, 0]]}, "'clips[0].line': Line", id="no length"),
        pytest.param({"line": "x"}, "'clips[0].line' must be two points", id="text"),
        pytest.param({"anchor": "left"}, "'clips[0].anchor' is 'left'; use one of", id="anchor"),
        pytest.param({"what": "ships"}, "'clips[0].what' is 'ships'", id="what"),
        pytest.param({"up": -1}, "'clips[0].up' must be a whole number of 0", id="negative"),
        pytest.param({"window": [9, 2]}, "'clips[0].window' is [9, 2] of 50", id="window"),
        pytest.param({"window": 5}, "'clips[0].window' must be", id="no window"),
        pytest.param({"one_ways": [{"x": [1]}]}, "'clips[0].one_ways[0]'", id="one way"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, change: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigInvalid) as caught:
        load_counted_clips(write(tmp_path, {**GOOD, **change}))
    assert says in str(caught.value)


def test_a_clip_without_a_count_is_told(tmp_path: Path) -> None:
    entry = {k: v for k, v in GOOD.items() if k not in ("up", "down")}
    with pytest.raises(ConfigInvalid, match=r"'clips\[0\]' has no count; give up, down"):
        load_counted_clips(write(tmp_path, entry))


@pytest.mark.data
def test_the_counts_of_the_data_folder(data_dir: Path) -> None:
    clips = {c.name: c for c in load_counted_clips(data_dir / "labels" / "counts.json")}
    motorway = clips["motorway_dvrscan"]
    assert (motorway.inward, motorway.outward, motorway.frames) == (23, 28, (0, 576))
    window = clips["motorway_dvrscan, to picture 495"]
    assert (window.inward, window.outward, window.frames) == (19, 23, (0, 496))
    room = clips["room_one_by_one_intel"]
    assert (room.inward, room.outward, room.what) == (0, 6, "person")

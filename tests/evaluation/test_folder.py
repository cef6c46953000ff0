from pathlib import Path

import pytest

from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.evaluation.folder import EvalFolder


def touch(path: Path, text: str = "x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_labels_lie_in_their_folder_or_beside(tmp_path: Path) -> None:
    beside = touch(tmp_path / "boxes.json")
    assert EvalFolder(tmp_path).labels("boxes.json") == beside
    inside = touch(tmp_path / "labels" / "boxes.json")
    assert EvalFolder(tmp_path).labels("boxes.json") == inside


@pytest.mark.parametrize("place", ["videos", "images", "labels/frames", "."])
def test_media_are_found(tmp_path: Path, place: str) -> None:
    path = touch(tmp_path / place / "a.mp4")
    assert EvalFolder(tmp_path).media("a.mp4").samefile(path)


def test_what_is_missing_is_told(tmp_path: Path) -> None:
    folder = EvalFolder(tmp_path)
    with pytest.raises(ConfigInvalid, match=r"no boxes\.json in"):
        folder.labels("boxes.json")
    with pytest.raises(ConfigInvalid, match=r"a\.mp4 is named in the labels"):
        folder.media("a.mp4")
    with pytest.raises(ConfigInvalid, match="is no folder"):
        EvalFolder(tmp_path / "none")


def test_both_layouts_of_sequences(tmp_path: Path) -> None:
    for name in ("det", "gt"):
        touch(tmp_path / "mot" / "A" / f"{name}.txt")
        touch(tmp_path / "B" / name / f"{name}.txt")
    touch(tmp_path / "B" / "seqinfo.ini", "[Sequence]\nimWidth=4\nimHeight=2\nframeRate=12.5\n")
    touch(tmp_path / "C" / "gt.txt")
    a, b = EvalFolder(tmp_path).sequences()
    assert (a.name, a.size_wh, a.fps) == ("A", None, None)
    assert (b.name, b.size_wh, b.fps) == ("B", (4, 2), 12.5)
    assert b.truth == tmp_path / "B" / "gt" / "gt.txt"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "imWidth=3",
        "[Sequence]\n",
        "[Sequence]\nimWidth=a\nimHeight=2\nframeRate=3",
        "[Sequence]\nimWidth=4\nimHeight=2\nframeRate=0",
    ],
    ids=["empty", "no section", "empty section", "no number", "no rate"],
)
def test_a_seqinfo_that_can_not_be_used_is_told(tmp_path: Path, text: str) -> None:
    for name in ("det", "gt"):
        touch(tmp_path / "A" / f"{name}.txt")
    touch(tmp_path / "A" / "seqinfo.ini", text)
    with pytest.raises(ConfigInvalid, match=r"seqinfo\.ini can't be used"):
        EvalFolder(tmp_path).sequences()


def test_clips_with_identities(tmp_path: Path) -> None:
    truth = touch(tmp_path / "labels" / "mot" / "a.txt")
    with pytest.raises(ConfigInvalid, match="has no video a"):
        EvalFolder(tmp_path).tracked_clips()
    video = touch(tmp_path / "videos" / "a.mkv")
    assert EvalFolder(tmp_path).tracked_clips() == [(video, truth)]

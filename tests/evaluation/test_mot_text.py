from pathlib import Path

import pytest

from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.evaluation.mot_text import load_mot


def write(folder: Path, text: str) -> Path:
    path = folder / "gt.txt"
    path.write_text(text)
    return path


def test_lines_become_boxes_sorted_by_frame(tmp_path: Path) -> None:
    table = load_mot(write(tmp_path, "2,7,10,20,30,40,0.5,-1,-1,-1\n\n1 8 1 2 3 4\n"))
    assert table.frame.tolist() == [1, 2]
    assert table.track_id.tolist() == [8, 7]
    assert table.xyxy.tolist() == [[1, 2, 4, 6], [10, 20, 40, 60]]
    assert table.score.tolist() == [1, 0.5]
    assert table.last_frame == 2
    assert table.track_id[table.rows_of(2)].tolist() == [7]
    assert len(table.track_id[table.rows_of(3)]) == 0


def test_truth_leaves_out_what_is_not_to_be_scored(tmp_path: Path) -> None:
    path = write(tmp_path, "1,1,0,0,5,5,1,1,1\n1,2,0,0,5,5,0,1,1\n")
    assert load_mot(path, truth=True).track_id.tolist() == [1]
    assert load_mot(path).track_id.tolist() == [1, 2]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("1,1,0,0,5\n", "line 1 has 5 columns", id="columns"),
        pytest.param("1,1,0,0,5,5\n1,x,0,0,5,5\n", "line 2, column 2: 'x'", id="no number"),
        pytest.param("1,1,0,0,inf,5\n", "not finite", id="infinite"),
        pytest.param("0,1,0,0,5,5\n", "the frame is 0", id="frame 0"),
        pytest.param("1.5,1,0,0,5,5\n", "the frame is 1.5", id="half a frame"),
        pytest.param("1,1,0,0,0,5\n", "the box is 0 × 5", id="no width"),
        pytest.param("", "holds no box", id="empty"),
        pytest.param("1,-1,0,0,5,5\n", "the id -1 is none", id="no id"),
        pytest.param("1,3,0,0,5,5\n1,3,9,0,5,5\n", "the id 3 stands twice", id="twice"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigInvalid) as caught:
        load_mot(write(tmp_path, text), truth=True)
    assert says in str(caught.value)


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    path = tmp_path / "gt.txt"
    path.write_bytes(b"\xff\xfe1,2")
    with pytest.raises(ConfigInvalid, match="can't be read"):
        load_mot(path)

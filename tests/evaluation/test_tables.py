from pathlib import Path

import pytest

from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.evaluation.tables import markdown, put_between_markers, renew_page

PAGE = "# A\n<!-- begin x -->\nold\n<!-- end x -->\nb <!-- begin y --><!-- end y -->\n"


def test_a_table_is_padded() -> None:
    assert markdown(["a", "bb"], [["ccc", "d"]]).splitlines() == [
        "| a   | bb |",
        "|-----|----|",
        "| ccc | d  |",
    ]


def test_only_what_is_between_the_markers_changes() -> None:
    page = put_between_markers(PAGE, "x", "new \\1\n")
    assert page == PAGE.replace("old", "new \\1")


def test_lost_markers_are_told() -> None:
    with pytest.raises(ConfigInvalid, match="<!-- begin z -->"):
        put_between_markers(PAGE, "z", "new")


def test_several_blocks_of_a_page(tmp_path: Path) -> None:
    path = tmp_path / "page.md"
    path.write_text(PAGE)
    renew_page(path, {"x": "1", "y": "2"})
    assert "<!-- begin x -->\n1\n<!-- end x -->" in path.read_text()
    assert "<!-- begin y -->\n2\n<!-- end y -->" in path.read_text()

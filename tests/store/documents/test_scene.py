from pathlib import Path

import pytest

from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.picture_points import Unit
from its_camera_ai.core.scene import Line, Scene, Zone
from its_camera_ai.store.documents.scene import load_scene, parse_scene

TEXT = """\
lines: [{id: gate, points: [[150, 430], [1150, 430]], unit: px}]
zones:
  - {id: plaza, points: [[0, 0], [1, 0], [0.5, 1]]}
"""


def test_a_scene_file(tmp_path: Path) -> None:
    path = tmp_path / "scene.yaml"
    path.write_text(TEXT)
    wanted = Scene(
        (Line("gate", ((150, 430), (1150, 430)), Unit.PX),),
        (Zone("plaza", ((0, 0), (1, 0), (0.5, 1))),),
    )
    assert load_scene(path) == load_scene(str(path)) == wanted


@pytest.mark.parametrize("text", ["{}", "lines: []", "zones: []\nlines: []"])
def test_a_scene_may_measure_nothing(text: str) -> None:
    assert parse_scene(text) == Scene()


@pytest.mark.parametrize(
    ("text", "found"),
    [
        pytest.param("", "1:1: the file is empty; write 'lines:' or 'zones:'", id="empty"),
        pytest.param("line: []", "1:1: line: unknown key 'line', did you mean 'lines'?", id="key"),
        pytest.param(
            TEXT + "  - {id: gate, points: [[0, 0], [1, 0], [0.5, 1]]}\n",
            "4:10: zones[1].id: the id 'gate' is used in line 1 already",
            id="id twice",
        ),
        pytest.param(
            "lines:\n  - id: a\n    points:\n      - [1, 1]\n      - [1, 1]\n",
            "4:7: lines[0].points: Line 'a' has zero length",
            id="zero length over several lines",
        ),
    ],
)
def test_what_is_wrong_and_where(text: str, found: str) -> None:
    with pytest.raises(ConfigInvalid) as caught:
        parse_scene(text)
    assert str(caught.value).startswith(f"scene.yaml:{found}")


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(ConfigInvalid, match="Check the name"):
        load_scene(tmp_path / "no.yaml")

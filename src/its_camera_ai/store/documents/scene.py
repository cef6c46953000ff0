"""``scene.yaml``: what is measured in one picture, for looking at a file without a site."""

from pathlib import Path

from its_camera_ai.core.scene import Scene
from its_camera_ai.store.documents.checked import check_shape, checked_scene
from its_camera_ai.store.documents.scene_fields import SceneFields
from its_camera_ai.store.documents.yaml_text import parse_yaml, read_text


def load_scene(path: str | Path) -> Scene:
    """Read a scene file.

    Raises:
        ConfigInvalid: with every problem, one line each, ``file:line:column: path: message``.
    """
    return parse_scene(read_text(Path(path)), name=str(path))


def parse_scene(source: str, *, name: str = "scene.yaml") -> Scene:
    """The scene of a text.

    Raises:
        ConfigInvalid: as ``load_scene``.

    >>> parse_scene("lines: [{id: gate, points: [[0, 0.5], [1, 0.5]]}]").lines[0].id
    'gate'
    """
    text = parse_yaml(source, name)
    check_shape(text, SceneFields)
    scene = checked_scene(text, text.data) if isinstance(text.data, dict) else Scene()
    text.raise_problems()
    return scene

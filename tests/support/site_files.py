"""Site files for tests and benchmarks."""

import io
from typing import Any

from ruamel.yaml import YAML

from its_camera_ai.core.scene import Line, Scene, Zone
from its_camera_ai.sim.street import open_street


def street_camera(camera_id: str, seed: int, fps: int = 10) -> dict[str, Any]:
    """A simulated crossroads as a camera, with the lines and zones that it suggests."""
    scene = open_street("intersection", seed=seed, fps=fps).scene
    url = f"sim://intersection?seed={seed}&fps={fps}"
    return {"id": camera_id, "url": url, **scene_fields(scene)}


def scene_fields(scene: Scene) -> dict[str, Any]:
    """A scene as a camera's ``lines`` and ``zones``."""
    return {
        "lines": [_measured(line) for line in scene.lines],
        "zones": [_measured(zone) for zone in scene.zones],
    }


def yaml_text(document: dict[str, Any]) -> str:
    """The text of a site file."""
    text = io.StringIO()
    YAML(typ="safe").dump(document, text)
    return text.getvalue()


def _measured(item: Line | Zone) -> dict[str, Any]:
    points = [[float(x), float(y)] for x, y in item.points]
    return {"id": item.id, "name": item.name, "points": points}

"""``site.yaml``: the cameras of a site as people write them."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from its_camera_ai.core.cameras import Camera
from its_camera_ai.core.picture_points import Unit
from its_camera_ai.core.scene import Anchor, Line, Scene, Zone
from its_camera_ai.core.site_facts import SiteFacts
from its_camera_ai.core.storage_policy import StoragePolicy
from its_camera_ai.store.documents.checked import check_camera_ids, check_shape, checked_camera
from its_camera_ai.store.documents.fields import CameraFields, SiteFields
from its_camera_ai.store.documents.recording import checked_facts, facts_lines, recording_lines
from its_camera_ai.store.documents.storage import checked_storage, storage_lines
from its_camera_ai.store.documents.yaml_text import (
    number_text,
    parse_yaml,
    points_text,
    quoted,
    read_text,
)

TEXT_NAME = "site.yaml"
"""Stands for the file's name where the text did not come from a file."""

_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_./-]*")
_WORDS = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}
_OPTIONS = ("enabled", "record", "detect", "rtsp_transport", "loop", "paced", "detect_fps")


@dataclass(frozen=True, slots=True)
class SiteDocument:
    """A whole site, in the order of the file.

    Attributes:
        storage: None where the file says nothing of it.
    """

    cameras: list[Camera]
    facts: SiteFacts = field(default_factory=SiteFacts)
    storage: StoragePolicy | None = None


def load_site(text_or_path: str | Path, *, name: str = TEXT_NAME) -> SiteDocument:
    """Read a site file.

    Args:
        text_or_path: a ``Path`` is read as a file, a ``str`` is the text itself.
        name: what messages call a text.

    Raises:
        ConfigInvalid: with every problem, one line each, ``file:line:column: path: message``.

    >>> load_site("cameras: [{id: gate, url: 'rtsp://cam/1'}]").cameras[0].id
    'gate'
    """
    if isinstance(text_or_path, Path):
        name = str(text_or_path)
        text_or_path = read_text(text_or_path)
    text = parse_yaml(text_or_path, name)
    check_shape(text, SiteFields)
    entries = text.data.get("cameras") if isinstance(text.data, dict) else None
    facts = checked_facts(text) if isinstance(text.data, dict) else None
    storage = checked_storage(text) if isinstance(text.data, dict) else None
    cameras = []
    if isinstance(entries, list):
        check_camera_ids(text, entries)
        for index, entry in enumerate(entries):
            camera = checked_camera(text, entry, ("cameras", index), facts)
            if camera is not None:
                cameras.append(camera)
    text.raise_problems()
    return SiteDocument(cameras, facts or SiteFacts(), storage)


def export_site(
    cameras: Iterable[Camera],
    facts: SiteFacts | None = None,
    storage: StoragePolicy | None = None,
) -> str:
    """A site file that loads to the same cameras; passwords are written as ``***``.

    What has its default is left out.
    """
    parts = [part for camera in cameras for part in _camera_lines(camera)]
    head = list(facts_lines(facts or SiteFacts()))
    tail = list(storage_lines(storage or StoragePolicy()))
    return "\n".join([*head, "cameras:" if parts else "cameras: []", *parts, *tail, ""])


def _camera_lines(camera: Camera) -> Iterator[str]:
    yield f"  - id: {_scalar(camera.id)}"
    if camera.name:
        yield f"    name: {_scalar(camera.name)}"
    yield f"    url: {_scalar(camera.main.masked())}"
    if camera.sub is not None:
        yield f"    sub_url: {_scalar(camera.sub.masked())}"
    for option in _OPTIONS:
        value = getattr(camera, option)
        if value != CameraFields.model_fields[option].default:
            yield f"    {option}: {_scalar(value)}"
    yield from recording_lines(camera.recording)
    yield from _scene_lines(camera.scene)


def _scene_lines(scene: Scene) -> Iterator[str]:
    for key, items in (("lines", scene.lines), ("zones", scene.zones)):
        if items:
            yield f"    {key}:"
        for item in items:
            yield from _item_lines(item)


def _item_lines(item: Line | Zone) -> Iterator[str]:
    yield f"      - id: {_scalar(item.id)}"
    if item.name:
        yield f"        name: {_scalar(item.name)}"
    yield f"        points: {points_text(item.points)}"
    if item.unit is not Unit.NORMALISED:
        yield f"        unit: {item.unit}"
    if item.anchor is not Anchor.BOTTOM_CENTRE:
        yield f"        anchor: {item.anchor}"


def _scalar(value: str | float) -> str:
    """One value that is read back as it is."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float | int):
        return number_text(value)
    if _PLAIN.fullmatch(value) and value.lower() not in _WORDS:
        return value
    return quoted(value)

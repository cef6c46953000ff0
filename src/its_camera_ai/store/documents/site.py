"""``site.yaml``: the cameras of a site as people write them."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from its_camera_ai.core.cameras import Camera
from its_camera_ai.core.scene import Scene
from its_camera_ai.core.site_facts import SiteFacts
from its_camera_ai.core.storage_policy import StoragePolicy
from its_camera_ai.store.documents.calibration import calibration_lines
from its_camera_ai.store.documents.checked import check_camera_ids, check_shape, checked_camera
from its_camera_ai.store.documents.fields import CameraFields, SiteFields
from its_camera_ai.store.documents.recording import checked_facts, facts_lines, recording_lines
from its_camera_ai.store.documents.scene_parts import PARTS, scene_document, without_defaults
from its_camera_ai.store.documents.storage import checked_storage, storage_lines
from its_camera_ai.store.documents.yaml_text import flow_text, parse_yaml, read_text

TEXT_NAME = "site.yaml"
"""Stands for the file's name where the text did not come from a file."""

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
    yield f"  - id: {flow_text(camera.id)}"
    if camera.name:
        yield f"    name: {flow_text(camera.name)}"
    yield f"    url: {flow_text(camera.main.masked())}"
    if camera.sub is not None:
        yield f"    sub_url: {flow_text(camera.sub.masked())}"
    for option in _OPTIONS:
        value = getattr(camera, option)
        if value != CameraFields.model_fields[option].default:
            yield f"    {option}: {flow_text(value)}"
    yield from recording_lines(camera.recording)
    yield from _scene_lines(camera.scene)


def _scene_lines(scene: Scene) -> Iterator[str]:
    document = scene_document(scene)
    for key, (section, _) in PARTS.items():
        if document[key]:
            yield f"    {key}:"
        for item in document[key]:
            given = without_defaults(item, section)
            for number, (name, value) in enumerate(given.items()):
                yield f"      {'  ' if number else '- '}{name}: {flow_text(value)}"
    if scene.calibration is not None:
        for line in calibration_lines(scene.calibration):
            yield f"    {line}"

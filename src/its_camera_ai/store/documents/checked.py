"""From parsed YAML to the types of the core, gathering every problem on the way."""

import difflib
from collections.abc import Callable, Sequence
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from its_camera_ai.core.calibration import Calibration
from its_camera_ai.core.camera_url import CameraUrl
from its_camera_ai.core.cameras import Camera
from its_camera_ai.core.errors import ConfigInvalid, SceneInvalid
from its_camera_ai.core.ids import camera_id
from its_camera_ai.core.scene import Scene
from its_camera_ai.core.site_facts import SiteFacts
from its_camera_ai.store.documents.fields import CameraFields
from its_camera_ai.store.documents.recording import checked_recording
from its_camera_ai.store.documents.scene_fields import CalibrationFields
from its_camera_ai.store.documents.scene_parts import PARTS, Part, calibration_of
from its_camera_ai.store.documents.section import Section
from its_camera_ai.store.documents.yaml_text import DataPath, YamlText, shown

S = TypeVar("S", bound=Section)

_TYPE_NAMES = {
    "string_type": "must be text; put quotes round it",
    "bool_type": "must be true or false",
    "float_type": "must be a number",
    "list_type": "must be a list",
    "finite_number": "must be a finite number",
}


def check_shape(text: YamlText, model: type[Section]) -> None:
    """Note every unknown key, missing key, wrong type and value out of its limits."""
    if not isinstance(text.data, dict):
        fields = model.model_fields
        needed = [name for name, field in fields.items() if field.is_required()] or list(fields)
        keys = " or ".join(f"'{name}:'" for name in needed)
        what = "is empty" if text.data is None else "does not begin with a key"
        text.add((), f"the file {what}; write {keys} at the top level")
        return
    try:
        model.model_validate(text.data)
    except ValidationError as error:
        for detail in error.errors(include_url=False, include_context=True, include_input=False):
            path: DataPath = detail["loc"]
            unknown = detail["type"] == "extra_forbidden"
            text.add(path, _message(detail, path, model), at_key=unknown)


def _message(detail: ErrorDetails, path: DataPath, model: type[Section]) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    match kind:
        case "extra_forbidden":
            return _unknown_key(str(path[-1]), _section_at(model, path[:-1]))
        case "missing":
            return f"the key '{path[-1]}' is missing; add it"
        case "model_type" | "model_attributes_type":
            return "must be a mapping of keys and values"
        case "literal_error":
            return f"must be {context['expected']}"
        case "too_short" | "too_long":
            return _wrong_length(context)
        case "string_too_long":
            return f"is longer than {context['max_length']} characters"
        case "string_too_short":
            return "must not be empty"
        case "greater_than":
            return f"must be greater than {context['gt']:g}"
        case "less_than_equal":
            return f"must be at most {context['le']:g}"
    return _TYPE_NAMES.get(kind, detail["msg"])


def _wrong_length(context: dict[str, Any]) -> str:
    actual = context["actual_length"]
    if context.get("min_length") is not None:
        return f"has {actual} entries but needs at least {context['min_length']}"
    return f"has {actual} entries but may have at most {context['max_length']}"


def _unknown_key(key: str, section: type[BaseModel]) -> str:
    names = list(section.model_fields)
    near = difflib.get_close_matches(key.lower(), names, n=1, cutoff=0.6)
    if near:
        return f"unknown key '{shown(key)}', did you mean '{near[0]}'?"
    return f"unknown key '{shown(key)}'; the keys here are {', '.join(names)}"


def _section_at(model: type[BaseModel], path: DataPath) -> type[BaseModel]:
    """The section that stands at a path; names that people gave and indices lead no deeper."""
    for part in path:
        info = model.model_fields.get(part) if isinstance(part, str) else None
        if info is not None:
            model = _item_section(info.annotation) or model
    return model


def _item_section(annotation: Any) -> type[BaseModel] | None:
    """The section in a type such as ``list[Section]`` or ``Section | None``."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next(filter(None, map(_item_section, get_args(annotation))), None)


def checked_scene(text: YamlText, data: dict[str, Any], path: DataPath = ()) -> Scene:
    """The scene of a mapping, of those parts that make sense; the others are noted."""
    before = len(text.problems)
    used: dict[str, DataPath] = {}
    parts: dict[str, Any] = {}
    for key, (section, make) in PARTS.items():
        found = []
        for where, fields in _sections(data, path, key, section):
            part = _part(text, where, fields, make)
            if _own_id(text, used, where, fields.model_dump()["id"]) and part is not None:
                found.append(part)
        parts[key] = tuple(found)
    parts["calibration"] = _calibration(text, data, path)
    try:
        return Scene(**parts)
    except SceneInvalid as error:
        if len(text.problems) == before:  # else what is named may be there, but wrong
            text.add(path, str(error))
        return Scene()


def _part(
    text: YamlText, where: DataPath, fields: Section, make: Callable[[Any], Part]
) -> Part | None:
    try:
        return make(fields)
    except SceneInvalid as error:
        has_points = (*where, "points") in text.places
        text.add((*where, "points") if has_points else where, str(error))
        return None


def _calibration(text: YamlText, data: dict[str, Any], path: DataPath) -> Calibration | None:
    section = data.get("calibration")
    if section is None:
        return None
    try:
        return calibration_of(CalibrationFields.model_validate(section))
    except ValidationError:
        return None  # the shape is noted already
    except ConfigInvalid as error:
        text.add((*path, "calibration"), str(error))
        return None


def _sections(
    data: dict[str, Any], path: DataPath, key: str, model: type[S]
) -> list[tuple[DataPath, S]]:
    """The entries of a list that have the right shape; the shape of the others is noted already."""
    found = []
    entries = data.get(key)
    for index, entry in enumerate(entries if isinstance(entries, list) else ()):
        try:
            found.append(((*path, key, index), model.model_validate(entry)))
        except ValidationError:
            continue
    return found


def _own_id(text: YamlText, used: dict[str, DataPath], where: DataPath, item_id: str) -> bool:
    first = used.setdefault(item_id, where)
    if first == where:
        return True
    line = text.places[(*first, "id")][0]
    text.add(
        (*where, "id"), f"the id '{shown(item_id)}' is used in line {line} already; give it its own"
    )
    return False


def checked_camera(
    text: YamlText, data: object, path: DataPath, facts: SiteFacts | None
) -> Camera | None:
    """One camera, or None where something in it was noted as wrong.

    Args:
        facts: of the site; None where they are wrong.
    """
    if not isinstance(data, dict):
        return None
    before = len(text.problems)
    scene = checked_scene(text, data, path)
    recording = checked_recording(text, data, path, scene, facts)
    name = _camera_id(text, data.get("id"), path)
    main = _url(text, data.get("url"), (*path, "url"))
    sub = _url(text, data.get("sub_url"), (*path, "sub_url"))
    try:
        fields = CameraFields.model_validate(data)
    except ValidationError:
        return None
    if len(text.problems) > before or name is None or main is None or recording is None:
        return None
    return Camera(
        id=name,
        main=main,
        sub=sub,
        scene=scene,
        recording=recording,
        **fields.model_dump(
            include={
                "name",
                "enabled",
                "record",
                "detect",
                "rtsp_transport",
                "loop",
                "paced",
                "detect_fps",
            }
        ),
    )


def _camera_id(text: YamlText, value: object, path: DataPath) -> str | None:
    if not isinstance(value, str):
        return None
    try:
        return camera_id(value)
    except ConfigInvalid:
        text.add(
            (*path, "id"),
            f"'{shown(value)}' is not allowed: use 1 to 64 of a-z, 0-9, '-' and '_', beginning and "
            "ending with a letter or digit",
        )
        return None


def _url(text: YamlText, value: object, path: DataPath) -> CameraUrl | None:
    if not isinstance(value, str):
        return None
    try:
        return CameraUrl.parse(value)
    except ConfigInvalid as error:
        text.add(path, str(error))
        return None


def check_camera_ids(text: YamlText, entries: Sequence[object]) -> None:
    """Note camera ids that are used twice."""
    used: dict[str, DataPath] = {}
    for index, entry in enumerate(entries):
        item_id = entry.get("id") if isinstance(entry, dict) else None
        if isinstance(item_id, str):
            _own_id(text, used, ("cameras", index), item_id)

"""Labelled pictures: the format of ``boxes.json``."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.evaluation.classes import EVERY_CLASS, LABELS

Boxes = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class LabelledFrame:
    """One picture with every box that is in it.

    Attributes:
        name: of the picture, for messages and tables.
        file: the video (or the picture file itself) it is from.
        frame: 0-based number in decode order; None where ``file`` is a picture.
        size_wh: pixels.
        xyxy: (N, 4) pixels. label: (N,) names of ``classes.LABELS``.
        ignore_xyxy: (M, 4) areas in which nothing was labelled. ignore_label: (M,) what was not
            labelled there, ``*`` for everything.
    """

    name: str
    file: str
    frame: int | None
    size_wh: tuple[int, int]
    xyxy: Boxes
    label: tuple[str, ...]
    ignore_xyxy: Boxes
    ignore_label: tuple[str, ...]


def load_labelled_frames(path: Path) -> list[LabelledFrame]:
    """Read ``boxes.json``; the format is described in ``docs/evaluation.md``.

    Raises:
        ConfigInvalid: not there, no JSON, or a field that can't be used, which is named.
    """
    document = read_json(path)
    frames = _field(path, "", document, "frames", dict)
    if not frames:
        raise ConfigInvalid(f"{path}: 'frames' is empty; label at least one picture.")
    return [_frame(path, name, entry) for name, entry in frames.items()]


def read_json(path: Path) -> Any:
    """A JSON document.

    Raises:
        ConfigInvalid: missing, unreadable, or no JSON; the message names line and column.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError as error:
        raise ConfigInvalid(
            f"{path} is no JSON: {error.msg} in line {error.lineno}, column {error.colno}; "
            "correct it there."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigInvalid(f"{path} can't be read ({error}); correct the path.") from None


def _field(path: Path, where: str, holder: Any, name: str, kind: type) -> Any:
    at = f"{where}.{name}".lstrip(".")
    if not isinstance(holder, Mapping) or name not in holder:
        raise ConfigInvalid(f"{path}: '{at}' is missing; see docs/evaluation.md for the format.")
    value = holder[name]
    if not isinstance(value, kind) or isinstance(value, bool):
        raise ConfigInvalid(
            f"{path}: '{at}' must be {_KINDS[kind]}, not {json.dumps(value)[:40]}; correct it."
        )
    return value


_KINDS = {dict: "an object", list: "a list", str: "a text", int: "a whole number"}


def _frame(path: Path, name: str, entry: Any) -> LabelledFrame:
    where = f"frames.{name}"
    image = entry.get("image") if isinstance(entry, Mapping) else None
    file = _field(path, where, entry, "image" if image is not None else "file", str)
    frame = None if image is not None else _field(path, where, entry, "frame", int)
    if frame is not None and frame < 0:
        raise ConfigInvalid(f"{path}: '{where}.frame' must be 0 or more, not {frame}; correct it.")
    width = _field(path, where, entry, "width", int)
    height = _field(path, where, entry, "height", int)
    boxes, labels = _boxes(path, f"{where}.boxes", _field(path, where, entry, "boxes", list))
    areas, area_labels = _boxes(
        path, f"{where}.ignore", entry.get("ignore", []), also=(EVERY_CLASS,)
    )
    return LabelledFrame(name, file, frame, (width, height), boxes, labels, areas, area_labels)


def _boxes(
    path: Path, where: str, entries: Any, also: Sequence[str] = ()
) -> tuple[Boxes, tuple[str, ...]]:
    if not isinstance(entries, list):
        raise ConfigInvalid(f"{path}: '{where}' must be a list of boxes; correct it.")
    allowed = (*LABELS, *also)
    xyxy, labels = [], []
    for k, entry in enumerate(entries):
        at = f"{where}[{k}]"
        label = _field(path, at, entry, "class", str)
        if label not in allowed:
            raise ConfigInvalid(
                f"{path}: '{at}.class' is '{label}'; use one of {', '.join(allowed)}."
            )
        xyxy.append(_box(path, f"{at}.xyxy", _field(path, at, entry, "xyxy", list)))
        labels.append(label)
    return np.array(xyxy, np.float64).reshape(-1, 4), tuple(labels)


def _box(path: Path, where: str, values: Sequence[Any]) -> list[float]:
    good = len(values) == 4 and all(
        isinstance(v, (int, float)) and not isinstance(v, bool) and math.isfinite(v) for v in values
    )
    if not good or values[2] <= values[0] or values[3] <= values[1]:
        raise ConfigInvalid(
            f"{path}: '{where}' is {json.dumps(values)[:60]}; a box is four pixels: left, top, "
            "right, bottom, with right > left and bottom > top."
        )
    return [float(v) for v in values]

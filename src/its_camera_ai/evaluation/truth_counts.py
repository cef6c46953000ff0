"""Clips whose crossings were counted: the format of ``counts.json``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from its_camera_ai.core.errors import ConfigInvalid, SceneInvalid
from its_camera_ai.core.picture_points import Unit
from its_camera_ai.core.scene import Anchor, Line, Scene
from its_camera_ai.evaluation.classes import LABELS
from its_camera_ai.evaluation.truth_boxes import read_json

LINE_ID = "line"
_WAYS = {
    "up": (0, -1),
    "down": (0, 1),
    "left_to_right": (1, 0),
    "right_to_left": (-1, 0),
    "away_from_camera_up": (0, -1),
    "towards_camera_down": (0, 1),
}
"""Keys of a clip that hold a count → where these go in the picture (x, y)."""
_ANCHORS = {
    "bottom centre": Anchor.BOTTOM_CENTRE,
    "centre": Anchor.CENTRE,
    "top centre": Anchor.TOP_CENTRE,
    "front": Anchor.BOTTOM_CENTRE,
}
"""There is no anchor at the front; where the whole body passes, the count is the same."""


@dataclass(frozen=True, slots=True)
class OneWay:
    """A part of the picture where all go one way.

    Attributes:
        direction: ``in`` or ``out``. x_px: from and to.
    """

    direction: str
    x_px: tuple[float, float]


@dataclass(frozen=True, slots=True)
class CountedClip:
    """A clip, a line, and what crossed it.

    Attributes:
        name: for tables. file: of the video.
        what: a name of ``classes.LABELS``; only these are counted.
        line: pixels of the clip.
        inward, outward: crossings by eye.
        frames: (first, end) numbers of the pictures that were counted, end excluded.
        one_ways: where a count the other way is a wrong-way count. A direction that nobody takes
            is one for the whole picture.
    """

    name: str
    file: str
    what: str
    line: Line
    inward: int
    outward: int
    frames: tuple[int, int]
    one_ways: tuple[OneWay, ...] = ()

    @property
    def scene(self) -> Scene:
        return Scene((self.line,))

    @property
    def total(self) -> int:
        return self.inward + self.outward

    def is_wrong_way(self, direction: str, x_px: float) -> bool:
        """Whether nobody goes in this direction at this x of the picture."""
        if (self.inward if direction == "in" else self.outward) == 0:
            return True
        return any(
            way.direction != direction and way.x_px[0] <= x_px < way.x_px[1]
            for way in self.one_ways
        )


def load_counted_clips(path: Path) -> list[CountedClip]:
    """Read ``counts.json``; the format is described in ``docs/evaluation.md``.

    A clip without a line is left out. One with ``whole_clip`` beside its window gives two.

    Raises:
        ConfigInvalid: not there, no JSON, or a field that can't be used, which is named.
    """
    document = read_json(path)
    entries = document.get("clips") if isinstance(document, Mapping) else None
    if not isinstance(entries, list):
        raise ConfigInvalid(
            f"{path}: 'clips' must be a list; see docs/evaluation.md for the format."
        )
    clips: list[CountedClip] = []
    for k, entry in enumerate(entries):
        if not isinstance(entry, Mapping):
            raise ConfigInvalid(f"{path}: 'clips[{k}]' must be an object; correct it.")
        if "line" in entry:
            clips += _clips(path, f"clips[{k}]", entry)
    if not clips:
        raise ConfigInvalid(f"{path} has no clip with a 'line'; add one to count at.")
    return clips


def _clips(path: Path, where: str, entry: Mapping[str, Any]) -> list[CountedClip]:
    file = entry.get("file")
    if not isinstance(file, str) or not file:
        raise ConfigInvalid(f"{path}: '{where}.file' must be the name of a video; correct it.")
    line = _line(path, where, entry)
    what = _what(path, where, entry.get("what", "vehicle"))
    frames = _whole(path, f"{where}.frames", entry.get("frames"))
    window = _window(path, where, entry.get("window", [0, frames]), frames)
    ways = _one_ways(path, where, entry, line)
    inward, outward = _directions(path, where, entry, line)
    whole = entry.get("whole_clip")
    name = Path(file).stem
    part = name if whole is None else f"{name}, to picture {window[1] - 1}"
    clips = [CountedClip(part, file, what, line, inward, outward, window, ways)]
    if isinstance(whole, Mapping):
        inward, outward = _directions(path, f"{where}.whole_clip", whole, line)
        clips.append(CountedClip(name, file, what, line, inward, outward, (0, frames), ways))
    return clips


def _line(path: Path, where: str, entry: Mapping[str, Any]) -> Line:
    anchor = entry.get("anchor", "bottom centre")
    if anchor not in _ANCHORS:
        raise ConfigInvalid(
            f"{path}: '{where}.anchor' is '{anchor}'; use one of {', '.join(_ANCHORS)}."
        )
    try:
        (x1, y1), (x2, y2) = entry["line"]
        ends = ((float(x1), float(y1)), (float(x2), float(y2)))
        return Line(LINE_ID, ends, Unit.PX, _ANCHORS[anchor])
    except (TypeError, ValueError):
        raise ConfigInvalid(
            f"{path}: '{where}.line' must be two points in pixels, [[x1, y1], [x2, y2]]; "
            "correct it."
        ) from None
    except SceneInvalid as error:
        raise ConfigInvalid(f"{path}: '{where}.line': {error}") from None


def _what(path: Path, where: str, text: object) -> str:
    """The label that a description such as "near-lane vehicle (…)" begins with or holds."""
    words = str(text).replace("-", " ").replace("(", " ").split()
    for word in words:
        label = word.lower().rstrip("s,")
        if label in LABELS:
            return label
    raise ConfigInvalid(
        f"{path}: '{where}.what' is '{text}'; name what was counted: {', '.join(LABELS)}."
    )


def _whole(path: Path, where: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ConfigInvalid(
            f"{path}: '{where}' must be a whole number of 0 or more, not {value!r}; correct it."
        )
    return value


def _window(path: Path, where: str, value: object, frames: int) -> tuple[int, int]:
    """First and last picture of the file → first and one after the last."""
    if not isinstance(value, Sequence) or len(value) != 2:
        raise ConfigInvalid(f"{path}: '{where}.window' must be [first, last] picture; correct it.")
    first = _whole(path, f"{where}.window[0]", value[0])
    last = _whole(path, f"{where}.window[1]", value[1])
    if not first < last or first >= frames:
        raise ConfigInvalid(
            f"{path}: '{where}.window' is {list(value)} of {frames} pictures; correct it."
        )
    return first, min(last + 1, frames)


def _directions(path: Path, where: str, entry: Mapping[str, Any], line: Line) -> tuple[int, int]:
    """In and out."""
    given = {key: entry[key] for key in (*_WAYS, "in", "out") if key in entry}
    if not given:
        raise ConfigInvalid(
            f"{path}: '{where}' has no count; give {', '.join([*_WAYS, 'in', 'out'])} as it fits."
        )
    totals = {"in": 0, "out": 0}
    for key, value in given.items():
        direction = key if key in totals else _direction(line, _WAYS[key])
        totals[direction] += _whole(path, f"{where}.{key}", value)
    return totals["in"], totals["out"]


def _direction(line: Line, way: tuple[int, int]) -> str:
    """``in`` if going this way turns the side of the line from negative to positive."""
    (x1, y1), (x2, y2) = line.points
    return "in" if (x2 - x1) * way[1] - (y2 - y1) * way[0] > 0 else "out"


def _one_ways(path: Path, where: str, entry: Mapping[str, Any], line: Line) -> tuple[OneWay, ...]:
    found = []
    for k, part in enumerate(entry.get("one_ways", ())):
        try:
            key, (low, high) = part["direction"], part["x"]
            direction = key if key in ("in", "out") else _direction(line, _WAYS[key])
            found.append(OneWay(direction, (float(low), float(high))))
        except (TypeError, ValueError, KeyError):
            raise ConfigInvalid(
                f"{path}: '{where}.one_ways[{k}]' must be an object with a direction "
                f"({', '.join([*_WAYS, 'in', 'out'])}) and x, [from, to] in pixels; correct it."
            ) from None
    return tuple(found)

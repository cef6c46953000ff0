"""YAML text to plain data that remembers its lines.

A small part of YAML 1.2 on purpose: one document, its core scalars, no anchors, aliases, merge keys
or tags. So no text can grow in memory beyond its own size, and none can make an object.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)
from ruamel.yaml.reader import ReaderError

from its_camera_ai.core.errors import ConfigInvalid

TEXT_BYTES_MAX = 1024 * 1024
DEPTH_MAX = 20
PROBLEMS_MAX = 100
"""More than these are counted, not listed."""

DataPath = tuple[str | int, ...]
Place = tuple[int, int]
"""Line and column, from 1."""

_INT = re.compile(r"[-+]?[0-9]+")
_INT_BASE = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_SPECIAL_FLOAT = {".inf": "inf", "+.inf": "inf", "-.inf": "-inf", ".nan": "nan"}
_WORDS = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INT_MAX = 2**63 - 1


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong at one place; ``path`` such as ``cameras[0].url``, empty for the whole."""

    line: int
    column: int
    path: str
    message: str


@dataclass(slots=True)
class YamlText:
    """Plain data (dict, list, str, int, float, bool, None) and where each part stands.

    Attributes:
        name: the file's name, for messages.
        places: of values, by path.
        key_places: of the keys of mappings, by path.
        problems: gathered by whoever checks the data; ``raise_problems`` tells all at once.
    """

    name: str
    data: Any = None
    places: dict[DataPath, Place] = field(default_factory=dict)
    key_places: dict[DataPath, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def add(self, path: DataPath, message: str, *, at_key: bool = False) -> None:
        """Note a problem at a part of the data, or at the nearest part round it that is there."""
        if at_key and path in self.key_places:
            line, column = self.key_places[path]
        else:
            there = path
            while there not in self.places and there:
                there = there[:-1]
            line, column = self.places.get(there, (1, 1))
        self.problems.append(Problem(line, column, path_text(path), message))

    def raise_problems(self) -> None:
        """Tell all problems in the order of the file.

        Raises:
            ConfigInvalid: there are any; one line each, ``file:line:column: path: message``.
        """
        if self.problems:
            raise ConfigInvalid(_report(self.name, self.problems))


def _report(name: str, problems: list[Problem]) -> str:
    lines = []
    problems = sorted(set(problems))
    for problem in problems[:PROBLEMS_MAX]:
        path = f"{problem.path}: " if problem.path else ""
        lines.append(f"{name}:{problem.line}:{problem.column}: {path}{problem.message}")
    if len(problems) > PROBLEMS_MAX:
        lines.append(f"{name}: and {len(problems) - PROBLEMS_MAX} more")
    return "\n".join(lines)


def path_text(path: DataPath) -> str:
    """
    >>> path_text(("cameras", 0, "url"))
    'cameras[0].url'
    """
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else ("." if text else "") + shown(part)
    return text


def shown(key: str) -> str:
    """A key as a message may repeat it: never an address, which may hold a password."""
    if "://" in key or "@" in key:
        return "<address>"
    clean = "".join(c if c.isprintable() else "?" for c in key)
    return clean if len(clean) <= 40 else clean[:39] + "…"


def read_text(path: Path) -> str:
    """The text of a file that a person wrote.

    Raises:
        ConfigInvalid: missing, unreadable, larger than 1 MiB, or not UTF-8.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(TEXT_BYTES_MAX + 1)
    except OSError as error:
        raise ConfigInvalid(
            f"{path}: can't be read: {error.strerror}. Check the name and that this user may read "
            "the file."
        ) from None
    if len(raw) > TEXT_BYTES_MAX:
        raise ConfigInvalid(_too_large(str(path)))
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise ConfigInvalid(
            f"{path}:{line}:1: this is not UTF-8 text; save the file as UTF-8."
        ) from None


def _too_large(name: str) -> str:
    return (
        f"{name}: is larger than {TEXT_BYTES_MAX // 1024} KiB, which no list of cameras needs; "
        "check that it is the right file."
    )


def parse_yaml(text: str, name: str) -> YamlText:
    """Parse one document. Repeated keys are noted as problems; the first one is kept.

    Raises:
        ConfigInvalid: no YAML, or YAML outside the part that is read here; with the line.
    """
    if len(text.encode("utf-8", "surrogatepass")) > TEXT_BYTES_MAX:
        raise ConfigInvalid(_too_large(name))
    builder = _Builder(YamlText(name))
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            builder.take(event)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        what = error.problem or error.context or "can't be read"
        raise ConfigInvalid(
            f"{name}:{line}:{column}: no valid YAML: {what}. Check the indentation, quotes and "
            "brackets near this line."
        ) from None
    except ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise ConfigInvalid(
            f"{name}:{line}:1: a character that YAML does not allow (code {error.character}); "
            "remove it."
        ) from None
    except YAMLError:
        raise ConfigInvalid(f"{name}:1:1: no valid YAML; check the first lines.") from None
    return builder.text


@dataclass(slots=True)
class _Open:
    """A mapping or list that is being filled; ``key`` is the mapping's key without its value."""

    value: dict[str, Any] | list[Any]
    path: DataPath
    key: str | None = None
    key_is_repeated: bool = False


class _Builder:
    """Makes data from parser events, without recursion."""

    def __init__(self, text: YamlText) -> None:
        self.text = text
        self._open: list[_Open] = []
        self._documents = 0

    def take(self, event: Event) -> None:
        place = (event.start_mark.line + 1, event.start_mark.column + 1)
        match event:
            case DocumentStartEvent():
                self._documents += 1
                if self._documents > 1:
                    self._refuse(place, "a second document begins here; keep one in a file")
            case AliasEvent():
                self._refuse(
                    place, f"the alias *{shown(event.anchor)} is not allowed; write it out"
                )
            case MappingStartEvent() | SequenceStartEvent():
                self._plain(event, place)
                self._begin({} if isinstance(event, MappingStartEvent) else [], place)
            case MappingEndEvent() | SequenceEndEvent():
                self._open.pop()
            case ScalarEvent():
                self._plain(event, place)
                self._scalar(event, place)

    def _plain(
        self, event: MappingStartEvent | SequenceStartEvent | ScalarEvent, place: Place
    ) -> None:
        if event.anchor is not None:
            self._refuse(place, f"the anchor &{shown(event.anchor)} is not allowed; remove it")
        if event.tag is not None:
            self._refuse(place, "a tag is not allowed; remove the word that begins with '!'")

    def _refuse(self, place: Place, message: str) -> NoReturn:
        raise ConfigInvalid(f"{self.text.name}:{place[0]}:{place[1]}: {message}.")

    def _begin(self, value: dict[str, Any] | list[Any], place: Place) -> None:
        if len(self._open) >= DEPTH_MAX:
            self._refuse(place, f"nested deeper than {DEPTH_MAX} levels; check the brackets")
        self._open.append(_Open(value, self._put(value, place)))

    def _scalar(self, event: ScalarEvent, place: Place) -> None:
        parent = self._open[-1] if self._open else None
        if parent is None or not isinstance(parent.value, dict) or parent.key is not None:
            left_out = event.value == "" and event.style is None
            if left_out and parent is not None and parent.key is not None:
                # a value that was left out: the parser places it before the next thing
                place = self.text.key_places[(*parent.path, parent.key)]
            self._put(self._resolved(event, place), place)
            return
        parent.key = event.value
        parent.key_is_repeated = event.value in parent.value
        path = (*parent.path, event.value)
        if parent.key_is_repeated:
            first = self.text.key_places[path]
            self.text.problems.append(
                Problem(
                    *place,
                    path_text(path),
                    f"the key '{shown(event.value)}' was given in line {first[0]} already; "
                    "remove one",
                )
            )
        else:
            self.text.key_places[path] = place

    def _put(self, value: Any, place: Place) -> DataPath:
        """Hang a value in its parent; returns its path."""
        if not self._open:
            self.text.data = value
            self.text.places[()] = place
            return ()
        parent = self._open[-1]
        if isinstance(parent.value, list):
            path: DataPath = (*parent.path, len(parent.value))
            parent.value.append(value)
        elif parent.key is None:
            self._refuse(place, "a key must be a plain word, not a list or mapping")
        else:
            path = (*parent.path, parent.key)
            if not parent.key_is_repeated:
                parent.value[parent.key] = value
            parent.key = None
        self.text.places.setdefault(path, place)
        return path

    def _resolved(self, event: ScalarEvent, place: Place) -> object:
        """The value of a scalar by the core schema (YAML 1.2.2, §10.3.2)."""
        text: str = event.value
        if event.style is not None:  # quoted or a block: always text
            return text
        if text in _WORDS:
            return _WORDS[text]
        if _INT.fullmatch(text) or _INT_BASE.fullmatch(text):
            number = int(text, 0 if _INT_BASE.fullmatch(text) else 10) if len(text) < 25 else None
            if number is None or abs(number) > _INT_MAX:
                self._refuse(place, "this number is too large; check its digits")
            return number
        if text.lower() in _SPECIAL_FLOAT:
            return float(_SPECIAL_FLOAT[text.lower()])
        if _FLOAT.fullmatch(text):
            return float(text)
        return text


def quoted(text: str) -> str:
    """A double-quoted string that YAML reads back and that is safe to print on a terminal.

    >>> quoted('a "b"')
    '"a \\\\"b\\\\""'
    """
    return "".join(
        c if c.isprintable() else f"\\u{ord(c):04x}" if ord(c) < 0x10000 else f"\\U{ord(c):08x}"
        for c in json.dumps(text, ensure_ascii=False)
    )


def number_text(value: float) -> str:
    """The shortest text that reads back as the same number.

    >>> number_text(150.0), number_text(0.1)
    ('150', '0.1')
    """
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value))


def points_text(points: Sequence[tuple[float, float]]) -> str:
    """
    >>> points_text([(0, 0.5), (1, 0.5)])
    '[[0, 0.5], [1, 0.5]]'
    """
    pairs = (f"[{number_text(x)}, {number_text(y)}]" for x, y in points)
    return f"[{', '.join(pairs)}]"


_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_./-]*")
_NOT_PLAIN = {"true", "false", "null", "yes", "no", "on", "off", "y", "n"}


def flow_text(value: Any) -> str:
    """Any value on one line, so that it is read back as it is.

    >>> flow_text({"at": [0.5, 1.0], "name": "sign", "check": True})
    '{at: [0.5, 1], name: sign, check: true}'
    """
    if isinstance(value, dict):
        return f"{{{', '.join(f'{k}: {flow_text(v)}' for k, v in value.items())}}}"
    if isinstance(value, list | tuple):
        return f"[{', '.join(flow_text(v) for v in value)}]"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float | int):
        return number_text(value)
    plain = _PLAIN.fullmatch(value) and value.lower() not in _NOT_PLAIN
    return value if plain else quoted(value)

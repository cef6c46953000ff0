"""``sim://`` addresses: which street, and how it is to be shown."""

from collections.abc import Callable
from dataclasses import dataclass
from difflib import get_close_matches
from math import isfinite
from typing import TypeVar
from urllib.parse import parse_qsl, unquote

from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.sim.scenes import SCENES
from its_camera_ai.sim.street import Street, open_street
from its_camera_ai.sim.weather import WEATHERS, weather_names

SIZE_MIN_WH, SIZE_MAX_WH = (64, 64), (3840, 2160)
FPS_MIN, FPS_MAX = 1.0, 60.0
SEED_MAX = 2**32 - 1
DEMAND_MAX = 3.0
START_S_MAX = 86_400.0

N = TypeVar("N", int, float)


@dataclass(frozen=True, slots=True)
class SimSpec:
    """What a ``sim://`` address asks for; the fields are those of ``open_street``."""

    scene: str
    seed: int = 1
    fps: float = 15.0
    size_wh: tuple[int, int] = (640, 360)
    demand: float = 1.0
    start_s: float = 0.0
    weather: str = ""

    def open(self) -> Street:
        return open_street(
            self.scene,
            seed=self.seed,
            size_wh=self.size_wh,
            fps=self.fps,
            demand=self.demand,
            start_s=self.start_s,
            weather=self.weather,
        )


@dataclass(frozen=True, slots=True)
class Parameter:
    """One thing that may stand after the ``?``.

    Attributes:
        name: as written in the address.
        allowed: for people, completes "use …".
        about: one sentence.
    """

    name: str
    allowed: str
    about: str


PARAMETERS = (
    Parameter("seed", f"a whole number from 0 to {SEED_MAX}", "which traffic; default 1"),
    Parameter("fps", "a number from 1 to 60", "frames per second; default 15"),
    Parameter(
        "size",
        "WIDTHxHEIGHT with even numbers from 64x64 to 3840x2160",
        "picture size in pixels; default 640x360",
    ),
    Parameter("demand", "a number from 0 to 3", "factor on all flows; default 1"),
    Parameter("start_s", "a number from 0 to 86400", "seconds of traffic to skip; default 0"),
    Parameter(
        "weather",
        f"names from {', '.join(WEATHERS)}, separated by commas",
        "weather and light over the picture; default none",
    ),
)
_DEFAULT = SimSpec("")
_BY_NAME = {parameter.name: parameter for parameter in PARAMETERS}


def parse_sim_url(path_and_query: str) -> SimSpec:
    """Read ``sim://intersection?seed=1&fps=15&size=640x360&demand=1.0``; the scheme may be missing.

    >>> parse_sim_url("sim://motorway?fps=25").fps
    25.0

    Raises:
        ConfigInvalid: no such scene or parameter, or a value outside its range. The message names
            the nearest right one and everything that is allowed.
    """
    text = path_and_query.strip()
    if text.lower().startswith("sim:"):
        text = text[4:]
    place, _, query = text.partition("?")
    scene = _scene(unquote(place).strip("/"))
    given: dict[str, str] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        _check_name(name)
        if name in given:
            raise ConfigInvalid(f"The parameter '{name}' is given twice; keep one of them.")
        given[name] = value
    width_height = _size(given["size"]) if "size" in given else _DEFAULT.size_wh
    return SimSpec(
        scene,
        seed=_number("seed", given, _DEFAULT.seed, int, 0, SEED_MAX),
        fps=_number("fps", given, _DEFAULT.fps, float, FPS_MIN, FPS_MAX),
        size_wh=width_height,
        demand=_number("demand", given, _DEFAULT.demand, float, 0, DEMAND_MAX),
        start_s=_number("start_s", given, _DEFAULT.start_s, float, 0, START_S_MAX),
        weather=_weather(given.get("weather", _DEFAULT.weather)),
    )


def _scene(name: str) -> str:
    if name in SCENES:
        return name
    every = ", ".join(SCENES)
    if not name:
        raise ConfigInvalid(f"A sim:// address needs a scene, such as sim://intersection: {every}.")
    raise ConfigInvalid(
        f"There is no simulated scene '{name}'; {_did_you_mean(name, list(SCENES))}"
        f"choose one of {every}."
    )


def _check_name(name: str) -> None:
    if name not in _BY_NAME:
        raise ConfigInvalid(
            f"A sim:// address has no parameter '{name}'; {_did_you_mean(name, list(_BY_NAME))}"
            f"allowed are {', '.join(_BY_NAME)}."
        )


def _did_you_mean(name: str, every: list[str]) -> str:
    near = get_close_matches(name.lower(), every, n=1, cutoff=0.5)
    return f"did you mean '{near[0]}'? Otherwise " if near else ""


def _bad_value(name: str, value: str) -> ConfigInvalid:
    return ConfigInvalid(
        f"The parameter {name}={value} can't be used; use {_BY_NAME[name].allowed}."
    )


def _number(
    name: str, given: dict[str, str], default: N, kind: Callable[[str], N], low: float, high: float
) -> N:
    if name not in given:
        return default
    try:
        value = kind(given[name])
    except ValueError:
        raise _bad_value(name, given[name]) from None
    if not isfinite(value) or not low <= value <= high:
        raise _bad_value(name, given[name])
    return value


def _weather(text: str) -> str:
    """In the order of layers, so that equal weathers make equal specs."""
    try:
        return ",".join(kind.id for kind in weather_names(text))
    except ConfigInvalid:
        raise _bad_value("weather", text) from None


def _size(text: str) -> tuple[int, int]:
    width_text, cross, height_text = text.lower().partition("x")
    if not (cross and width_text.isascii() and width_text.isdigit() and height_text.isascii()
            and height_text.isdigit() and len(text) <= 9):  # fmt: skip
        raise _bad_value("size", text)
    width, height = int(width_text), int(height_text)
    inside = all(
        low <= value <= high and value % 2 == 0
        for value, low, high in zip((width, height), SIZE_MIN_WH, SIZE_MAX_WH, strict=True)
    )
    if not inside:
        raise _bad_value("size", text)
    return width, height

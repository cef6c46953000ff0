"""What may stand in the files that people write: every field once, with its type, its limits and
the words that the documentation and the JSON schema are made of."""

import unicodedata
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

NAME_CHARS_MAX = 200
ID_CHARS_MAX = 64
LINES_MAX = 100
CORNERS_MAX = 100
CAMERAS_MAX = 1000
DETECT_FPS_MAX = 60.0

_JOINERS = "\u200c\u200d"  # zero-width joiners belong to several scripts and to emoji


def printable(text: str) -> bool:
    """No control, invisible or unassigned characters, which would deceive in a log or a page."""
    return all(unicodedata.category(c)[0] != "C" or c in _JOINERS for c in text) and not any(
        unicodedata.category(c) in ("Zl", "Zp") for c in text
    )


def _printable(text: str) -> str:
    if not printable(text):
        raise PydanticCustomError("printable", "has a character that can't be seen; remove it")
    return text


Name = Annotated[str, Field(max_length=NAME_CHARS_MAX), AfterValidator(_printable)]
SceneId = Annotated[str, Field(min_length=1, max_length=ID_CHARS_MAX), AfterValidator(_printable)]
Coordinate = Annotated[float, Field(allow_inf_nan=False)]
PointField = Annotated[list[Coordinate], Field(min_length=2, max_length=2)]


class Section(BaseModel):
    """Rules for every part of a file: exact types, no unknown keys."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class _SceneItem(Section):
    id: SceneId = Field(
        description="Name of this line or zone in events and counts. One per camera; 1–64 "
        "characters. Keep it when you move the points, so that the counts go on."
    )
    name: Name = Field(default="", description="A name for people, shown on the live page.")
    unit: Literal["normalised", "px"] = Field(
        default="normalised",
        description="What the points are measured in. `normalised`: fractions of the picture's "
        "width and height, 0–1, from the top left corner; they stay right when the camera's size "
        "changes. `px`: pixels of the stream that is looked at.",
    )
    anchor: Literal["bottom_centre", "centre", "top_centre"] = Field(
        default="bottom_centre",
        description="Which point of an object's box counts as its place. `bottom_centre` is where "
        "it stands on the ground; `centre` suits a view from straight above.",
    )


class LineFields(_SceneItem):
    """A tripwire. Looking from the first point to the second, an object that goes from your left to
    your right crosses **in**, the other way **out**."""

    points: Annotated[list[PointField], Field(min_length=2, max_length=2)] = Field(
        description="The two ends, `[[x, y], [x, y]]`."
    )


class ZoneFields(_SceneItem):
    """An area in which objects are noticed as they enter and leave."""

    points: Annotated[list[PointField], Field(min_length=3, max_length=CORNERS_MAX)] = Field(
        description="The corners in order round the edge, `[[x, y], …]`, 3–100 of them; the edge "
        "may not cross itself, and the last corner is joined to the first."
    )


Lines = Annotated[
    list[LineFields],
    Field(max_length=LINES_MAX, description="Tripwires that count crossings in both directions."),
]
Zones = Annotated[
    list[ZoneFields],
    Field(max_length=LINES_MAX, description="Areas that notice who enters and leaves."),
]


class SceneFields(Section):
    """What is measured in one camera's picture."""

    lines: Lines = Field(default_factory=list)
    zones: Zones = Field(default_factory=list)


class CameraFields(Section):
    """One camera."""

    id: str = Field(
        description="The camera's lasting name in folders, addresses and events: 1–64 of `a-z`, "
        "`0-9`, `-` and `_`, beginning and ending with a letter or digit."
    )
    name: Name = Field(default="", description="A name for people, such as `North gate`.")
    url: str = Field(
        description="Where the stream to record comes from: `rtsp://`, `rtsps://`, `http://`, "
        "`https://`, `sim://` (the simulator), the absolute path of a file or of a device "
        "(`/dev/video0`). User and password may stand in it, special characters as `%XX`; `***` "
        "as the password keeps the stored one."
    )
    sub_url: str | None = Field(
        default=None,
        description="A smaller stream of the same view, used for looking and for the live page. "
        "Without it `url` serves both.",
    )
    enabled: bool = Field(default=True, description="`false` disconnects the camera.")
    record: bool = Field(default=True, description="Whether `url` is recorded.")
    detect: bool = Field(default=True, description="Whether the camera is looked at.")
    rtsp_transport: Literal["tcp", "udp"] = Field(
        default="tcp",
        description="How RTSP carries the packets. `udp` only where `tcp` does not work.",
    )
    loop: bool = Field(default=False, description="For a file: begin again at its end.")
    paced: bool = Field(
        default=True,
        description="For a file: play it by its own clock; `false` reads it as fast as possible.",
    )
    detect_fps: float = Field(
        default=5.0,
        gt=0,
        le=DETECT_FPS_MAX,
        allow_inf_nan=False,
        description="Wanted looks per second, at most 60; under load fewer are granted, with time "
        "to spare up to twice as many.",
    )
    lines: Lines = Field(default_factory=list)
    zones: Zones = Field(default_factory=list)


class SiteFields(Section):
    """The whole site: every camera that is wanted. One that is not in the file is removed by
    `itscam apply`."""

    cameras: Annotated[list[CameraFields], Field(max_length=CAMERAS_MAX)] = Field(
        description="The list of cameras; may be empty: `cameras: []`."
    )

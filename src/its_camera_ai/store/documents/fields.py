"""What may stand in the files that people write: every field once, with its type, its limits and
the words that the documentation and the JSON schema are made of."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.recording import POST_ROLL_S_MAX, PRE_ROLL_S_MAX, DayMoment
from its_camera_ai.store.documents.scene_fields import (
    LINES_MAX,
    CalibrationField,
    Gates,
    Lanes,
    Lines,
    Movements,
    Signals,
    Zones,
)
from its_camera_ai.store.documents.section import Section
from its_camera_ai.store.documents.storage_fields import StorageFields
from its_camera_ai.store.documents.words import Name, SceneId

CAMERAS_MAX = 1000
DETECT_FPS_MAX = 60.0
RULES_MAX = 50

Mode = Literal["continuous", "motion", "objects", "events", "off"]
ObjectLabel = Literal["person", "bicycle", "motorcycle", "car", "bus", "truck", "animal", "other"]
RecordedEvent = Literal[
    "line_crossed",
    "zone_entered",
    "zone_left",
    "camera_connected",
    "stream_changed",
    "picture_fault_began",
    "picture_fault_ended",
    "incident_opened",
]
"""Events that say something about the picture; the others tell of the recording itself."""


def _moment(text: str) -> str:
    try:
        DayMoment.parse(text)
    except ConfigInvalid as error:
        raise PydanticCustomError("moment", "{why}", {"why": str(error)}) from None
    return text


Moment = Annotated[str, AfterValidator(_moment)]


class RuleFields(Section):
    """When another mode holds. The first rule that matches counts; where none does, the mode of the
    section. A rule over midnight belongs to the day on which it begins."""

    mode: Mode = Field(description="What is recorded while the rule holds, as above.")
    weekdays: Annotated[
        list[Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]], Field(max_length=7)
    ] = Field(default_factory=list, description="`[mon, tue]` …; without it every day.")
    holidays: Literal["any", "only", "except"] = Field(
        default="any",
        description="`only` on public holidays, `except` on them, `any` day; needs "
        "`site: {holidays: …}`.",
    )
    start: Moment | None = Field(
        default=None,
        description="Time of day, `22:00`, or of the sun: `dawn`, `sunrise`, `sunset`, `dusk`, "
        "with minutes such as `sunset+30` or `dawn-15`. Without `start` and `end` the whole day.",
    )
    end: Moment | None = Field(
        default=None,
        description="As `start`. An end that is not after the start is one of the next day.",
    )


class RecordingFields(Section):
    """What of the camera is recorded, and when. Without this section: everything."""

    mode: Mode = Field(
        default="continuous",
        description="`continuous`: everything. `motion`: while something moves. `objects`: while "
        "one of `objects` is seen. `events`: round the events that are named here. `off`: nothing. "
        "Whenever nobody can say whether something happened, it is recorded.",
    )
    pre_roll_s: float = Field(
        default=5.0,
        ge=0,
        le=PRE_ROLL_S_MAX,
        allow_inf_nan=False,
        description="Seconds recorded before what happened, at most 60.",
    )
    post_roll_s: float = Field(
        default=10.0,
        ge=0,
        le=POST_ROLL_S_MAX,
        allow_inf_nan=False,
        description="Seconds recorded after the last thing that happened, at most 600.",
    )
    objects: list[ObjectLabel] = Field(
        default_factory=list,
        max_length=8,
        description="Classes that count in mode `objects`; without it all of them.",
    )
    events: list[RecordedEvent] = Field(
        default_factory=list,
        max_length=16,
        description="Kinds of events that count in mode `events`; without it all of them.",
    )
    lines: list[SceneId] = Field(
        default_factory=list,
        max_length=LINES_MAX,
        description="Ids of lines: only events of these, and of `zones`, count.",
    )
    zones: list[SceneId] = Field(
        default_factory=list, max_length=LINES_MAX, description="Ids of zones, as `lines`."
    )
    schedule: Annotated[list[RuleFields], Field(max_length=RULES_MAX)] = Field(
        default_factory=list, description="Rules for other modes at other times, in their order."
    )


class PlaceFields(Section):
    """Where the site is, which rules with times, the sun or holidays need to know."""

    time_zone: str = Field(
        default="",
        max_length=64,
        description="Its time zone by the IANA data base, such as `Europe/Berlin`.",
    )
    latitude: float | None = Field(
        default=None,
        ge=-90,
        le=90,
        allow_inf_nan=False,
        description="Degrees, north positive.",
    )
    longitude: float | None = Field(
        default=None,
        ge=-180,
        le=180,
        allow_inf_nan=False,
        description="Degrees, east positive.",
    )
    holidays: str = Field(
        default="",
        max_length=16,
        description="Whose public holidays: a country by ISO 3166, such as `DE`, perhaps with a "
        "part of it, such as `DE-BY`.",
    )


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
    recording: RecordingFields = Field(
        default_factory=RecordingFields,
        description="What is recorded, and when: see below. Without it, everything.",
    )
    lines: Lines = Field(default_factory=list)
    zones: Zones = Field(default_factory=list)
    lanes: Lanes = Field(default_factory=list)
    gates: Gates = Field(default_factory=list)
    movements: Movements = Field(default_factory=list)
    signals: Signals = Field(default_factory=list)
    calibration: CalibrationField = None


class SiteFields(Section):
    """The whole site: every camera that is wanted. One that is not in the file is removed by
    `itscam apply`."""

    cameras: Annotated[list[CameraFields], Field(max_length=CAMERAS_MAX)] = Field(
        description="The list of cameras; may be empty: `cameras: []`."
    )
    site: PlaceFields = Field(
        default_factory=PlaceFields,
        description="Where the site is: see below. Left out, nothing is known of it.",
    )
    storage: StorageFields | None = Field(
        default=None,
        description="How long data is kept, how much and where: see below. Without it the policy "
        "stays as it is.",
    )

"""What may stand in a file about the scene: lines, zones, lanes, gates, movements, signals and the
calibration."""

from typing import Annotated, Literal

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from its_camera_ai.core.calibration import LANDMARKS_MAX, PAIRS_MAX, PAIRS_MIN
from its_camera_ai.core.errors import SceneInvalid
from its_camera_ai.core.road import LineSide
from its_camera_ai.store.documents.section import Section
from its_camera_ai.store.documents.words import Name, SceneId

LINES_MAX = 100
CORNERS_MAX = 100
ITEMS_MAX = 100
GOVERNED_MAX = 16

Coordinate = Annotated[float, Field(allow_inf_nan=False)]
PointField = Annotated[list[Coordinate], Field(min_length=2, max_length=2)]
Corners = Annotated[list[PointField], Field(min_length=3, max_length=CORNERS_MAX)]
Ends = Annotated[list[PointField], Field(min_length=2, max_length=2)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
UnitField = Literal["normalised", "px"]


def _side(text: str) -> str:
    try:
        LineSide.parse(text)
    except SceneInvalid as error:
        raise PydanticCustomError("side", "{why}", {"why": str(error)}) from None
    return text


Side = Annotated[str, Field(max_length=72), AfterValidator(_side)]

_UNIT = (
    "What the points are measured in. `normalised`: fractions of the picture's width and height, "
    "0–1, from the top left corner; they stay right when the camera's size changes. `px`: pixels "
    "of the stream that is looked at."
)


class _SceneItem(Section):
    id: SceneId = Field(
        description="Its name in events, counts and tables. One per camera; 1–64 characters. Keep "
        "it when you move the points, so that the counts go on."
    )
    name: Name = Field(default="", description="A name for people, shown on the live page.")


class _Shape(_SceneItem):
    unit: UnitField = Field(default="normalised", description=_UNIT)


class _Anchored(_Shape):
    anchor: Literal["bottom_centre", "centre", "top_centre"] = Field(
        default="bottom_centre",
        description="Which point of an object's box counts as its place. `bottom_centre` is where "
        "it stands on the ground; `centre` suits a view from straight above.",
    )


class LineFields(_Anchored):
    """A tripwire. Looking from the first point to the second, an object that goes from your left to
    your right crosses **in**, the other way **out**."""

    points: Ends = Field(description="The two ends, `[[x, y], [x, y]]`.")


class ZoneFields(_Anchored):
    """An area in which objects are noticed as they enter and leave."""

    points: Corners = Field(
        description="The corners in order round the edge, `[[x, y], …]`, 3–100 of them; the edge "
        "may not cross itself, and the last corner is joined to the first."
    )
    use: Literal["area", "carriageway", "crossing", "no_stopping", "no_parking", "parking"] = Field(
        default="area",
        description="What it is there for; decides which incidents are looked for. `carriageway`: "
        "for vehicles; `crossing`: where people may cross it; `no_stopping` and `no_parking`: "
        "nobody stands longer than `limit_s`; `parking`: standing is normal; `area`: visits only.",
    )
    limit_s: Positive | None = Field(
        default=None,
        description="Longest stay that is allowed, seconds. Without it 10 s for `no_stopping`, "
        "120 s for `no_parking`.",
    )


class LaneFields(_Shape):
    """A stretch of one lane: speeds, headways, density, occupancy and queues are told for it."""

    points: Corners = Field(description="The corners in order round its edge, `[[x, y], …]`.")
    heading: Ends = Field(description="From and to: the way of travel, `[[x, y], [x, y]]`.")
    approach: Name = Field(
        default="", description="The arm that it belongs to, such as `north`; may be shared."
    )
    speed_limit_kmh: Positive | None = Field(default=None, description="km/h.")
    stop_line: Name = Field(
        default="", description="Id of the line at which its queue begins; empty for none."
    )
    storage_m: Positive | None = Field(
        default=None, description="Metres; a queue that is longer spills back, an incident."
    )


class GateFields(_SceneItem):
    """Two lines passed one after the other: travel time and the speed between them."""

    entry: Side = Field(description="The first line and its direction, such as `south:in`.")
    exit: Side = Field(description="The second one.")
    distance_m: Positive | None = Field(
        default=None,
        description="Metres along the road between them; without it by the calibration.",
    )


class MovementFields(_SceneItem):
    """A way through the picture. A pair of lines that has no movement is counted all the same."""

    entry: Side = Field(description="Where it comes in, such as `north:in`.")
    exit: Side = Field(description="Where it leaves, such as `east:out`.")
    turn: Literal["L", "T", "R", "U"] = Field(description="Left, through, right or U-turn.")
    approach: Name = Field(default="", description="The arm that it comes from, such as `north`.")


class SignalFields(_Shape):
    """A traffic light."""

    governs: Annotated[list[Side], Field(min_length=1, max_length=GOVERNED_MAX)] = Field(
        description="Crossings that its red forbids, `[stop-north:in]`."
    )
    lanes: Annotated[list[SceneId], Field(max_length=GOVERNED_MAX)] = Field(
        default_factory=list,
        description="Only for those who cross in these lanes, such as a left turn's own light; "
        "without it for all.",
    )
    source: Literal["input", "picture"] = Field(
        default="input",
        description="`input`: its state is told to `POST /api/v1/analytics/signals`. `picture`: it "
        "is read from its lamps.",
    )
    lamps: Annotated[list[PointField], Field(max_length=CORNERS_MAX)] = Field(
        default_factory=list,
        description="Corners round its lamps in the picture, red at the top; for `picture`.",
    )
    grace_s: Annotated[float, Field(ge=0, allow_inf_nan=False)] = Field(
        default=0.5, description="A crossing so soon after red began is no violation, seconds."
    )


class PairFields(Section):
    """The same place on the road in the picture and in the world."""

    image: PointField = Field(description="In the picture, in `unit`.")
    world: PointField = Field(description="In `frame`: metres, or longitude and latitude.")
    name: Name = Field(default="", description="What it is, such as `kerb corner`.")
    check: bool = Field(
        default=False, description="Keep it out of the fit; it only measures the error there."
    )


class LensFields(Section):
    """Radial distortion by OpenCV's model."""

    k1: Coordinate = Field(default=0.0, description="Below 0 for a wide (barrel) lens.")
    k2: Coordinate = Field(default=0.0, description="Its next term.")
    focal: Positive = Field(default=1.0, description="Focal length as a share of the width.")
    centre: PointField = Field(
        default_factory=lambda: [0.5, 0.5], description="Principal point, fractions of the picture."
    )


class LandmarkFields(Section):
    """Something that never moves, by which a bumped camera is noticed."""

    at: PointField = Field(description="Its middle in the picture, in `unit`.")
    name: Name = Field(default="", description="What it is.")


class CalibrationFields(Section):
    """How the picture relates to the ground. Without it nothing is told in metres or km/h."""

    pairs: Annotated[list[PairFields], Field(min_length=PAIRS_MIN, max_length=PAIRS_MAX)] = Field(
        description="At least 4, better 6 to 12, spread over the road."
    )
    frame: Literal["metres", "wgs84"] = Field(
        default="metres",
        description="What the world points are: `metres` on a plane of your own (x to the right "
        "of y as on a map), or `wgs84`: `[longitude, latitude]`.",
    )
    unit: UnitField = Field(default="normalised", description=_UNIT)
    lens: LensFields | None = Field(
        default=None, description="For pictures that bend straight lines."
    )
    valid: Annotated[list[PointField], Field(max_length=CORNERS_MAX)] = Field(
        default_factory=list,
        description="Corners of the area in which measuring is allowed; without it the hull of "
        "the pairs, a little wider.",
    )
    landmarks: Annotated[list[LandmarkFields], Field(max_length=LANDMARKS_MAX)] = Field(
        default_factory=list, description="What never moves: sign posts, corners of buildings."
    )
    position_sd_px: Positive = Field(
        default=1.0,
        description="Standard deviation of a vehicle's ground point in the picture, pixels.",
    )
    scale_sd: Annotated[float, Field(ge=0, lt=1, allow_inf_nan=False)] = Field(
        default=0.0,
        description="Relative standard deviation of the given lengths themselves, which no fit can "
        "see: 0.01 for a tape that may be 1 % off.",
    )


Lines = Annotated[
    list[LineFields],
    Field(max_length=LINES_MAX, description="Tripwires that count crossings in both directions."),
]
Zones = Annotated[
    list[ZoneFields],
    Field(max_length=LINES_MAX, description="Areas that notice who enters and leaves."),
]
Lanes = Annotated[
    list[LaneFields], Field(max_length=ITEMS_MAX, description="Stretches of lanes: see below.")
]
Gates = Annotated[
    list[GateFields], Field(max_length=ITEMS_MAX, description="Pairs of lines for travel times.")
]
Movements = Annotated[
    list[MovementFields], Field(max_length=ITEMS_MAX, description="Turning movements.")
]
Signals = Annotated[list[SignalFields], Field(max_length=ITEMS_MAX, description="Traffic lights.")]
CalibrationField = Annotated[
    CalibrationFields | None,
    Field(description="From the picture to metres: see below. Without it, none."),
]


class SceneFields(Section):
    """What is measured in one camera's picture."""

    lines: Lines = Field(default_factory=list)
    zones: Zones = Field(default_factory=list)
    lanes: Lanes = Field(default_factory=list)
    gates: Gates = Field(default_factory=list)
    movements: Movements = Field(default_factory=list)
    signals: Signals = Field(default_factory=list)
    calibration: CalibrationField = None

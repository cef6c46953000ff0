"""What is measured in a picture: lines, zones, lanes, gates, movements, and the calibration."""

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from its_camera_ai.core.calibration import Calibration
from its_camera_ai.core.errors import SceneInvalid
from its_camera_ai.core.geometry import is_simple_polygon
from its_camera_ai.core.picture_points import Point, Unit, check_points, scaled_to_pixels
from its_camera_ai.core.road import Gate, Lane, Movement, SignalHead


class Anchor(StrEnum):
    """The point of an object's box that counts as its place."""

    BOTTOM_CENTRE = "bottom_centre"
    CENTRE = "centre"
    TOP_CENTRE = "top_centre"


def anchor_points(xyxy: npt.NDArray[np.float32], anchor: Anchor) -> npt.NDArray[np.float64]:
    """The anchor of each box, (N, 4) xyxy → (N, 2) x, y in the same unit."""
    boxes = xyxy.astype(np.float64)
    x = (boxes[:, 0] + boxes[:, 2]) / 2
    match anchor:
        case Anchor.BOTTOM_CENTRE:
            y = boxes[:, 3]
        case Anchor.CENTRE:
            y = (boxes[:, 1] + boxes[:, 3]) / 2
        case Anchor.TOP_CENTRE:
            y = boxes[:, 1]
    return np.stack([x, y], axis=1)


@dataclass(frozen=True, slots=True)
class Line:
    """A tripwire from the first point to the second.

    A crossing is **in** when ``s = (x2−x1)(y−y1) − (y2−y1)(x−x1)`` of the anchor goes from
    negative to positive, **out** the other way.
    """

    id: str
    points: tuple[Point, Point]
    unit: Unit = Unit.NORMALISED
    anchor: Anchor = Anchor.BOTTOM_CENTRE
    name: str = ""

    def __post_init__(self) -> None:
        what = f"Line '{self.id}'"
        if len(self.points) != 2:
            raise SceneInvalid(f"{what} has {len(self.points)} points; a line needs exactly 2.")
        check_points(what, self.points, self.unit)
        if self.points[0] == self.points[1]:
            raise SceneInvalid(f"{what} has zero length; its two points must differ.")

    def pixels(self, size_wh: tuple[int, int]) -> npt.NDArray[np.float64]:
        """The end points as (2, 2) pixels of a frame of this size."""
        return scaled_to_pixels(self.points, self.unit, size_wh)


class ZoneUse(StrEnum):
    """What an area of the picture is there for; decides which incidents are looked for in it."""

    AREA = "area"
    """Visits only."""
    CARRIAGEWAY = "carriageway"
    """For vehicles: nobody walks or cycles there except on a crossing, nothing lies on it."""
    CROSSING = "crossing"
    """Where people on foot and on bicycles may cross the carriageway."""
    NO_STOPPING = "no_stopping"
    """Nothing may stand here longer than ``limit_s``, except in a queue."""
    NO_PARKING = "no_parking"
    """As ``NO_STOPPING``, with a longer limit."""
    PARKING = "parking"
    """Standing is normal here."""


LIMIT_S = {ZoneUse.NO_STOPPING: 10.0, ZoneUse.NO_PARKING: 120.0}
"""How long one may stand, where the zone itself does not say."""


@dataclass(frozen=True, slots=True)
class Zone:
    """A polygon of at least three corners, not crossing itself.

    Attributes:
        limit_s: longest stay that is allowed; None is that of its use.
    """

    id: str
    points: tuple[Point, ...]
    unit: Unit = Unit.NORMALISED
    anchor: Anchor = Anchor.BOTTOM_CENTRE
    name: str = ""
    use: ZoneUse = ZoneUse.AREA
    limit_s: float | None = None

    def __post_init__(self) -> None:
        what = f"Zone '{self.id}'"
        if len(self.points) < 3:
            raise SceneInvalid(f"{what} has {len(self.points)} corners; a zone needs at least 3.")
        check_points(what, self.points, self.unit)
        if not is_simple_polygon(np.asarray(self.points, np.float64)):
            raise SceneInvalid(
                f"{what} crosses itself or has no area; list its corners in order round the edge."
            )
        if self.limit_s is not None and not (np.isfinite(self.limit_s) and self.limit_s > 0):
            raise SceneInvalid(f"{what}: limit_s must be above 0.")

    def pixels(self, size_wh: tuple[int, int]) -> npt.NDArray[np.float64]:
        """The corners as (M, 2) pixels of a frame of this size."""
        return scaled_to_pixels(self.points, self.unit, size_wh)


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that is measured in one camera's picture.

    Attributes:
        calibration: None where nothing is known in metres.
    """

    lines: tuple[Line, ...] = field(default=())
    zones: tuple[Zone, ...] = field(default=())
    lanes: tuple[Lane, ...] = field(default=())
    gates: tuple[Gate, ...] = field(default=())
    movements: tuple[Movement, ...] = field(default=())
    signals: tuple[SignalHead, ...] = field(default=())
    calibration: Calibration | None = None

    def __post_init__(self) -> None:
        seen: set[str] = set()
        parts = (self.lines, self.zones, self.lanes, self.gates, self.movements, self.signals)
        for item_id in (item.id for part in parts for item in part):
            if item_id in seen:
                raise SceneInvalid(
                    f"The id '{item_id}' is used twice; everything in a scene needs its own."
                )
            seen.add(item_id)
        self._check_references()

    def _check_references(self) -> None:
        lines = {line.id for line in self.lines}
        wanted = [(f"Lane '{lane.id}'", lane.stop_line) for lane in self.lanes if lane.stop_line]
        for kind, parts in (("Gate", self.gates), ("Movement", self.movements)):
            for part in parts:
                wanted += [(f"{kind} '{part.id}'", end.line) for end in (part.entry, part.exit)]
        for head in self.signals:
            wanted += [(f"Signal '{head.id}'", side.line) for side in head.governs]
        for what, line in wanted:
            if line not in lines:
                raise SceneInvalid(f"{what} names the line '{line}', which is not there; add it.")
        lanes = {lane.id for lane in self.lanes}
        for head in self.signals:
            for name in head.lanes:
                if name not in lanes:
                    raise SceneInvalid(
                        f"Signal '{head.id}' names the lane '{name}', which is not there; add it."
                    )

"""What is measured in a picture: lines (tripwires with a direction) and zones (polygons)."""

from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from its_camera_ai.core.errors import SceneInvalid
from its_camera_ai.core.geometry import is_simple_polygon


class Unit(StrEnum):
    """Pixels of the decoded frame, or fractions of its width and height."""

    PX = "px"
    NORMALISED = "normalised"


class Anchor(StrEnum):
    """The point of an object's box that counts as its place."""

    BOTTOM_CENTRE = "bottom_centre"
    CENTRE = "centre"
    TOP_CENTRE = "top_centre"


Point = tuple[float, float]


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


def _scaled(
    points: tuple[Point, ...], unit: Unit, size_wh: tuple[int, int]
) -> npt.NDArray[np.float64]:
    array = np.asarray(points, np.float64)
    return array * np.asarray(size_wh, np.float64) if unit is Unit.NORMALISED else array


def _check_points(what: str, points: tuple[Point, ...], unit: Unit) -> None:
    for x, y in points:
        if not (np.isfinite(x) and np.isfinite(y)):
            raise SceneInvalid(f"{what}: a coordinate is not a finite number; correct the point.")
        if unit is Unit.NORMALISED and not (0 <= x <= 1 and 0 <= y <= 1):
            raise SceneInvalid(
                f"{what}: ({x}, {y}) is outside 0–1; normalised points are fractions of the "
                "picture, or set unit: px."
            )


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
        _check_points(what, self.points, self.unit)
        if self.points[0] == self.points[1]:
            raise SceneInvalid(f"{what} has zero length; its two points must differ.")

    def pixels(self, size_wh: tuple[int, int]) -> npt.NDArray[np.float64]:
        """The end points as (2, 2) pixels of a frame of this size."""
        return _scaled(self.points, self.unit, size_wh)


@dataclass(frozen=True, slots=True)
class Zone:
    """A polygon of at least three corners, not crossing itself."""

    id: str
    points: tuple[Point, ...]
    unit: Unit = Unit.NORMALISED
    anchor: Anchor = Anchor.BOTTOM_CENTRE
    name: str = ""

    def __post_init__(self) -> None:
        what = f"Zone '{self.id}'"
        if len(self.points) < 3:
            raise SceneInvalid(f"{what} has {len(self.points)} corners; a zone needs at least 3.")
        _check_points(what, self.points, self.unit)
        if not is_simple_polygon(np.asarray(self.points, np.float64)):
            raise SceneInvalid(
                f"{what} crosses itself or has no area; list its corners in order round the edge."
            )

    def pixels(self, size_wh: tuple[int, int]) -> npt.NDArray[np.float64]:
        """The corners as (M, 2) pixels of a frame of this size."""
        return _scaled(self.points, self.unit, size_wh)


@dataclass(frozen=True, slots=True)
class Scene:
    """Everything that is measured in one camera's picture."""

    lines: tuple[Line, ...] = field(default=())
    zones: tuple[Zone, ...] = field(default=())

    def __post_init__(self) -> None:
        seen: set[str] = set()
        for item_id in [line.id for line in self.lines] + [zone.id for zone in self.zones]:
            if item_id in seen:
                raise SceneInvalid(
                    f"The id '{item_id}' is used twice; every line and zone needs its own."
                )
            seen.add(item_id)

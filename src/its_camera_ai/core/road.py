"""The road as data: lanes, gates, movements and signal heads of one camera's picture."""

from dataclasses import dataclass
from enum import StrEnum
from math import isfinite

import numpy as np
import numpy.typing as npt

from its_camera_ai.core.errors import SceneInvalid
from its_camera_ai.core.geometry import is_simple_polygon
from its_camera_ai.core.picture_points import Point, Unit, check_points, scaled_to_pixels


class Direction(StrEnum):
    """Which way a line is crossed; the sign rule is that of ``core.scene.Line``."""

    IN = "in"
    OUT = "out"


@dataclass(frozen=True, slots=True, order=True)
class LineSide:
    """A line crossed in one direction; its text is ``gate:in``."""

    line: str
    direction: Direction

    def __str__(self) -> str:
        return f"{self.line}:{self.direction}"

    @classmethod
    def parse(cls, text: str) -> "LineSide":
        """
        Raises:
            SceneInvalid: not ``line:in`` or ``line:out``.

        >>> LineSide.parse("north:in").line
        'north'
        """
        line, colon, direction = text.rpartition(":")
        if not (line and colon and direction in tuple(Direction)):
            raise SceneInvalid(f"'{text}' is no crossing; write a line's id, then :in or :out.")
        return cls(line, Direction(direction))


@dataclass(frozen=True, slots=True)
class Lane:
    """A stretch of one lane.

    Attributes:
        points: corners of its area.
        heading: two points, from and to: the way of travel.
        speed_limit_kmh: None where none is known.
        approach: the arm that it belongs to, such as ``north``; lanes of one approach are summed.
        stop_line: id of the line at which its queue begins, empty for none.
        storage_m: a queue longer than this spills back; None where that does not matter.
    """

    id: str
    points: tuple[Point, ...]
    heading: tuple[Point, Point]
    unit: Unit = Unit.NORMALISED
    name: str = ""
    approach: str = ""
    speed_limit_kmh: float | None = None
    stop_line: str = ""
    storage_m: float | None = None

    def __post_init__(self) -> None:
        what = f"Lane '{self.id}'"
        if len(self.points) < 3:
            raise SceneInvalid(f"{what} has {len(self.points)} corners; a lane needs at least 3.")
        check_points(what, self.points, self.unit)
        check_points(f"{what}: heading", self.heading, self.unit)
        if not is_simple_polygon(np.asarray(self.points, np.float64)):
            raise SceneInvalid(
                f"{what} crosses itself or has no area; list its corners in order round the edge."
            )
        if self.heading[0] == self.heading[1]:
            raise SceneInvalid(f"{what}: heading has no length; its two points must differ.")
        for name in ("speed_limit_kmh", "storage_m"):
            value = getattr(self, name)
            if value is not None and not (isfinite(value) and value > 0):
                raise SceneInvalid(f"{what}: {name} must be above 0.")

    def pixels(self, size_wh: tuple[int, int]) -> npt.NDArray[np.float64]:
        """The corners as (M, 2) pixels of a frame of this size."""
        return scaled_to_pixels(self.points, self.unit, size_wh)

    def heading_pixels(self, size_wh: tuple[int, int]) -> npt.NDArray[np.float64]:
        """(2, 2) pixels: from, to."""
        return scaled_to_pixels(self.heading, self.unit, size_wh)


@dataclass(frozen=True, slots=True)
class Gate:
    """Two lines that are passed one after the other; gives travel time and speed between them.

    Attributes:
        distance_m: along the road between the lines; None takes it from the calibration.
    """

    id: str
    entry: LineSide
    exit: LineSide
    distance_m: float | None = None
    name: str = ""

    def __post_init__(self) -> None:
        if self.entry.line == self.exit.line:
            raise SceneInvalid(f"Gate '{self.id}' needs two different lines.")
        if self.distance_m is not None and not (isfinite(self.distance_m) and self.distance_m > 0):
            raise SceneInvalid(f"Gate '{self.id}': distance_m must be above 0.")


class Turn(StrEnum):
    """Turning movements, as in turning movement counts (FHWA Traffic Monitoring Guide)."""

    LEFT = "L"
    THROUGH = "T"
    RIGHT = "R"
    U_TURN = "U"


@dataclass(frozen=True, slots=True)
class Movement:
    """A way through the picture: in by one line, out by another.

    Attributes:
        approach: the arm that it comes from, such as ``north``.
    """

    id: str
    entry: LineSide
    exit: LineSide
    turn: Turn
    approach: str = ""
    name: str = ""

    def __post_init__(self) -> None:
        if self.entry == self.exit:
            raise SceneInvalid(f"Movement '{self.id}' enters and leaves by the same crossing.")


class SignalSource(StrEnum):
    """Where a signal's state comes from."""

    INPUT = "input"
    """Told through the API, such as by a controller's gateway."""
    PICTURE = "picture"
    """Read from the lamps in the picture."""


@dataclass(frozen=True, slots=True)
class SignalHead:
    """A traffic light and the stop lines that it governs.

    Attributes:
        governs: a red light forbids these crossings.
        lanes: only those who cross in these lanes; empty for every lane.
        lamps: corners of the box round its lamps, red at the top; needed for ``PICTURE``.
        grace_s: a crossing so soon after red began is no violation.
    """

    id: str
    governs: tuple[LineSide, ...]
    source: SignalSource = SignalSource.INPUT
    lamps: tuple[Point, ...] = ()
    unit: Unit = Unit.NORMALISED
    grace_s: float = 0.5
    name: str = ""
    lanes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        what = f"Signal '{self.id}'"
        check_points(f"{what}: lamps", self.lamps, self.unit)
        if self.source is SignalSource.PICTURE and len(self.lamps) < 3:
            raise SceneInvalid(f"{what} is read from the picture; mark its lamps with 'lamps:'.")
        if not (isfinite(self.grace_s) and self.grace_s >= 0):
            raise SceneInvalid(f"{what}: grace_s must be 0 or more.")

    def lamp_pixels(self, size_wh: tuple[int, int]) -> npt.NDArray[np.float64]:
        """(M, 2) pixels round the lamps; (0, 2) where none are marked."""
        return scaled_to_pixels(self.lamps, self.unit, size_wh)

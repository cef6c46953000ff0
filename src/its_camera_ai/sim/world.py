"""What every scene offers: a world that moves in ticks, its camera, its backdrop, its lines."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Protocol

from its_camera_ai.core.road import Turn
from its_camera_ai.core.scene import ZoneUse
from its_camera_ai.sim.agents import Agent
from its_camera_ai.sim.bodies import Bgr
from its_camera_ai.sim.camera import Viewpoint
from its_camera_ai.sim.canvas import Canvas
from its_camera_ai.sim.paths import Point
from its_camera_ai.sim.sprites import Sun


@dataclass(frozen=True, slots=True)
class Lamp:
    """A light that is on.

    Attributes:
        facing: unit vector on the street; it is seen from that side only.
    """

    xyz_m: tuple[float, float, float]
    facing: tuple[float, float]
    radius_m: float
    bgr: Bgr


class World(Protocol):
    """The moving part of a scene. One call of ``step`` is ``TICK_S`` of its time."""

    @property
    def agents(self) -> Sequence[Agent]:
        """Everyone who is there, in a stable order."""
        ...

    def step(self) -> None: ...

    def lamps(self) -> Sequence[Lamp]: ...


@dataclass(frozen=True, slots=True)
class WorldLine:
    """A recommended line on the street; which way is ``in`` follows from its image, see
    ``core.scene.Line``.
    """

    id: str
    name: str
    points: tuple[Point, Point]


@dataclass(frozen=True, slots=True)
class WorldZone:
    id: str
    name: str
    points: tuple[Point, ...]
    use: ZoneUse = ZoneUse.AREA


@dataclass(frozen=True, slots=True)
class WorldLane:
    """A straight stretch of a lane, from its upstream to its downstream end.

    Attributes:
        stop_line: id of the line at which its queue begins; empty for none.
    """

    id: str
    name: str
    start: Point
    end: Point
    width_m: float
    approach: str = ""
    speed_limit_kmh: float | None = None
    stop_line: str = ""

    @property
    def corners(self) -> tuple[Point, ...]:
        (ax, ay), (bx, by) = self.start, self.end
        length = math.hypot(bx - ax, by - ay)
        ox = -(by - ay) / length * self.width_m / 2
        oy = (bx - ax) / length * self.width_m / 2
        return (ax + ox, ay + oy), (bx + ox, by + oy), (bx - ox, by - oy), (ax - ox, ay - oy)


@dataclass(frozen=True, slots=True)
class WorldWay:
    """A movement: in over one line, out over another, each named with the way that it is crossed
    in the world: ``(line id, where to)``."""

    id: str
    name: str
    entry: tuple[str, Point]
    exit: tuple[str, Point]
    turn: Turn
    approach: str


@dataclass(frozen=True, slots=True)
class SceneDescription:
    """One entry of the catalogue.

    Attributes:
        id: the name in ``sim://`` addresses.
        title: for people.
        about: one sentence on what happens there.
        viewpoint: the camera.
        sun: where the light comes from.
        lines, zones, lanes, ways: what is worth measuring, on the street plane.
        surveyed: places on the street plane that a surveyor would measure; the calibration.
        build: makes the moving part from random numbers and the demand factor.
        paint: paints the backdrop.
    """

    id: str
    title: str
    about: str
    viewpoint: Viewpoint
    sun: Sun
    lines: tuple[WorldLine, ...]
    zones: tuple[WorldZone, ...]
    build: Callable[[Random, float], World]
    paint: Callable[[Canvas], None]
    lanes: tuple[WorldLane, ...] = ()
    ways: tuple[WorldWay, ...] = ()
    surveyed: tuple[Point, ...] = ()

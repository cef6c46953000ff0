"""What every scene offers: a world that moves in ticks, its camera, its backdrop, its lines."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Protocol

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


@dataclass(frozen=True, slots=True)
class SceneDescription:
    """One entry of the catalogue.

    Attributes:
        id: the name in ``sim://`` addresses.
        title: for people.
        about: one sentence on what happens there.
        viewpoint: the camera.
        sun: where the light comes from.
        lines, zones: what is worth measuring, on the street plane.
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

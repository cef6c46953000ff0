"""A place to drive in: the roads, what is measured there, and where a camera hangs."""

from dataclasses import dataclass

from its_camera_ai.core.road import Turn
from its_camera_ai.core.scene import ZoneUse
from its_camera_ai.sim.camera import Viewpoint
from its_camera_ai.sim.paths import Point
from its_camera_ai.sim.road.kinds import Mix
from its_camera_ai.sim.road.network import Stretch, Way
from its_camera_ai.sim.signals import Phase
from its_camera_ai.sim.world import WorldLine


@dataclass(frozen=True, slots=True)
class Inflow:
    """Where vehicles come in.

    Attributes:
        per_hour: mean, at demand 1. ways: names of what they may want, with weights.
        mix: names of kinds, with weights.
    """

    per_hour: float
    ways: tuple[tuple[str, float], ...]
    mix: Mix


@dataclass(frozen=True, slots=True)
class LaneArea:
    """A lane as it is measured.

    Attributes:
        stretch: name of the piece of road. from_m, to_m: the part of it that counts.
        stop_line: id of a line, empty for none.
    """

    id: str
    stretch: str
    from_m: float
    to_m: float
    width_m: float
    approach: str = ""
    stop_line: str = ""
    storage_m: float | None = None
    speed_limit_kmh: float | None = None


@dataclass(frozen=True, slots=True)
class Area:
    """A zone on the ground."""

    id: str
    points: tuple[Point, ...]
    use: ZoneUse
    limit_s: float | None = None


@dataclass(frozen=True, slots=True)
class TurnOf:
    """Which movement a way is. entry, exit: ids of lines, both crossed as said: in, then out."""

    way: str
    entry: str
    exit: str
    turn: Turn
    approach: str


@dataclass(frozen=True, slots=True)
class Zebra:
    """A crossing on foot, from the kerb of the lanes that lead out to the opposite one.

    Attributes:
        walks_with: signal phase whose first seconds let people go; empty where they go any time.
        per_hour: people. cyclists_per_hour: on bicycles, beside them.
    """

    id: str
    ends: tuple[Point, Point]
    width_m: float
    walks_with: str
    per_hour: float
    cyclists_per_hour: float = 0.0


@dataclass(frozen=True, slots=True)
class Head:
    """A signal head, by the phase that it shows; it governs a line crossed inwards.

    Attributes:
        lanes: ids of the lanes that it is for.
    """

    id: str
    phase: str
    line: str
    lanes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Layout:
    """Everything that does not move.

    Attributes:
        gates: id, line of entry, line of exit, for travel times; both are crossed inwards.
        phases: in turn, of the fixed-time signal; none without signals.
        viewpoint: a camera that sees it well.
    """

    name: str
    stretches: tuple[Stretch, ...]
    ways: tuple[Way, ...]
    inflows: tuple[Inflow, ...]
    lanes: tuple[LaneArea, ...]
    lines: tuple[WorldLine, ...]
    viewpoint: Viewpoint
    areas: tuple[Area, ...] = ()
    turns: tuple[TurnOf, ...] = ()
    gates: tuple[tuple[str, str, str], ...] = ()
    phases: tuple[Phase, ...] = ()
    zebras: tuple[Zebra, ...] = ()
    heads: tuple[Head, ...] = ()

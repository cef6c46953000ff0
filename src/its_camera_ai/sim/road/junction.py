"""The signalised four-arm junction of the rendered scene, as a layout: twelve movements."""

from itertools import pairwise

from its_camera_ai.core.road import Turn
from its_camera_ai.core.scene import ZoneUse
from its_camera_ai.sim.camera import Viewpoint
from its_camera_ai.sim.intersection import (
    ARM_M,
    ARMS,
    PHASES,
    ROAD_M,
    SPEED_MPS,
    STOP_M,
    ZEBRA_M,
    phase_of,
    routes,
    turned,
)
from its_camera_ai.sim.paths import Path, Point
from its_camera_ai.sim.road.kinds import TOWN, Mix
from its_camera_ai.sim.road.layout import Area, Head, Inflow, LaneArea, Layout, TurnOf, Zebra
from its_camera_ai.sim.road.network import Gate, Stretch, Way
from its_camera_ai.sim.traffic import Route
from its_camera_ai.sim.world import WorldLine

NAMES = {"s": "south", "e": "east", "n": "north", "w": "west"}
LANE_M = 3.3
ARM_LINE_M, STOP_LINE_M = 12.0, 12.3
"""Distance from the middle of the line over the whole arm and of those over each lane inwards;
the first vehicle stands half a metre before ``STOP_M``."""
MEASURED_M = 20.0
"""So much of each lane before its stop line is in the picture."""
_TURNS = {"straight": Turn.THROUGH, "right": Turn.RIGHT, "left": Turn.LEFT}
_GOES = {"straight": 2, "right": 1, "left": 3}
VIEWPOINT = Viewpoint(0.0, -50.0, 20.0, 0.0, 27.0, 72.0)
"""High and in line with an arm: from the side, the bottom centre of a lorry's box lies a lane
beside the lorry."""


def junction(
    *,
    main_per_hour: float = 230.0,
    left_per_hour: float = 80.0,
    walkers_per_hour: float = 40.0,
    cyclists_per_hour: float = 10.0,
    mix: Mix = TOWN,
    storage_m: float | None = 0.75 * MEASURED_M,
    viewpoint: Viewpoint = VIEWPOINT,
) -> Layout:
    """Arms ``south``, ``east``, ``north``, ``west``, each with a lane to turn left (``south-left``)
    and one for straight on and right (``south-main``).

    Line ``south`` lies over its whole arm, inwards is ``in``; ``south-left-stop`` and
    ``south-main-stop`` over one lane each. Movements are ``south-L``, ``south-T``, ``south-R``.

    Args:
        main_per_hour, left_per_hour: vehicles for each arm's lanes.
        walkers_per_hour, cyclists_per_hour: on each of the four zebras.
        storage_m: a longer queue before any stop line spills back; None where that does not matter.
    """
    stretches: dict[str, Stretch] = {}
    ways, turns = [], []
    for name, route in routes().items():
        for section in route.sections:
            piece = _points(route, section.start_m, section.end_m)
            stretches.setdefault(section.name, Stretch(section.name, piece, section.limit_mps))
        arm, _, move = name.partition("-")
        gates = [Gate(route.sections[0].name, phase_of(name))]
        out = NAMES[ARMS[(ARMS.index(arm) + _GOES[move]) % 4]]
        if move == "right":
            gates.append(Gate(route.sections[1].name, f"zebra-{out}"))
        ways.append(Way(name, tuple(s.name for s in route.sections), tuple(gates)))
        turns.append(TurnOf(name, NAMES[arm], out, _TURNS[move], NAMES[arm]))
    lines, lanes, inflows, heads, zebras = [], [], [], [], []
    for arm in ARMS:
        word = NAMES[arm]
        lines.append(_line(arm, word, ROAD_M + 0.5, -ROAD_M - 0.5, ARM_LINE_M))
        inflows += [
            Inflow(main_per_hour, ((f"{arm}-straight", 4.0), (f"{arm}-right", 1.4)), mix),
            Inflow(left_per_hour, ((f"{arm}-left", 1.0),), {"car": 0.9, "van": 0.1}),
        ]
        for lane, side, low, high in (
            ("left", "inner", 0.0, ROAD_M / 2),
            ("main", "outer", ROAD_M / 2, ROAD_M + 0.5),
        ):
            stop = f"{word}-{lane}-stop"
            lines.append(_line(arm, stop, high, low, STOP_LINE_M))
            end = ARM_M - STOP_M
            lanes.append(
                LaneArea(f"{word}-{lane}", f"{arm}-in-{side}", end - MEASURED_M, end, LANE_M, word,
                         stop, storage_m, SPEED_MPS * 3.6)
            )  # fmt: skip
            phase = phase_of(f"{arm}-left" if lane == "left" else f"{arm}-straight")
            heads.append(Head(f"{word}-{lane}-signal", phase, stop, (f"{word}-{lane}",)))
        kerb = ROAD_M + 0.9
        zebras.append(
            Zebra(f"zebra-{word}", (turned((-kerb, -ZEBRA_M), arm), turned((kerb, -ZEBRA_M), arm)),
                  2.8, "ew" if arm in "sn" else "ns", walkers_per_hour, cyclists_per_hour)
        )  # fmt: skip
    return Layout(
        "junction",
        tuple(stretches.values()),
        tuple(ways),
        tuple(inflows),
        tuple(lanes),
        tuple(lines),
        viewpoint,
        areas=(Area("box", _square(8.0), ZoneUse.CARRIAGEWAY), *_carriageways(), *_crossings()),
        turns=tuple(turns),
        phases=PHASES,
        zebras=tuple(zebras),
        heads=tuple(heads),
    )


def _points(route: Route, start_m: float, end_m: float) -> tuple[Point, ...]:
    """The route's own points from one section border to the next."""
    inner, at = [], 0.0
    for a, b in pairwise(route.path.points):
        at += Path([a, b]).length_m
        if start_m + 1e-6 < at < end_m - 1e-6:
            inner.append(b)
    return (route.path.at(start_m), *inner, route.path.at(end_m))


def _line(arm: str, name: str, x0: float, x1: float, away_m: float) -> WorldLine:
    return WorldLine(name, name, (turned((x0, -away_m), arm), turned((x1, -away_m), arm)))


def _square(half: float) -> tuple[Point, ...]:
    return (-half, -half), (half, -half), (half, half), (-half, half)


def _carriageways() -> list[Area]:
    """The arms behind the stop lines: nobody walks there."""
    return [
        Area(f"road-{NAMES[arm]}", _band(arm, STOP_M, 45.0), ZoneUse.CARRIAGEWAY) for arm in ARMS
    ]


def _crossings() -> list[Area]:
    return [
        Area(f"crossing-{NAMES[arm]}", _band(arm, ZEBRA_M - 2.2, ZEBRA_M + 2.2), ZoneUse.CROSSING)
        for arm in ARMS
    ]


def _band(arm: str, near: float, far: float) -> tuple[Point, ...]:
    corners = ((ROAD_M, -near), (-ROAD_M, -near), (-ROAD_M, -far), (ROAD_M, -far))
    return tuple(turned(corner, arm) for corner in corners)

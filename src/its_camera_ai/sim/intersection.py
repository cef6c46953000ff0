"""A signalised four-arm junction with zebra crossings, right-hand traffic.

Arms are named by where they lie (s, e, n, w). Each has two lanes in (left turns; straight and
right) and two out. Left turns have their own phase, so the only ones to give way are those who
turn right across a zebra that has green too.
"""

import math
from collections.abc import Callable, Sequence
from random import Random

from its_camera_ai.core.road import Turn
from its_camera_ai.sim.agents import (
    CARS_ONLY,
    TICK_S,
    Agent,
    FleetMix,
    Ids,
    Stop,
    Walker,
    new_walker,
)
from its_camera_ai.sim.bodies import Bgr
from its_camera_ai.sim.camera import Viewpoint
from its_camera_ai.sim.canvas import ASPHALT, GRASS, KERB, PAVING, Canvas
from its_camera_ai.sim.paths import Path, Point, curve
from its_camera_ai.sim.signals import Aspect, Phase, SignalPlan
from its_camera_ai.sim.sprites import Sun
from its_camera_ai.sim.traffic import (
    Entry,
    Route,
    Traffic,
    Vehicle,
    footprints,
    nearest_ahead_m,
    route_of,
)
from its_camera_ai.sim.world import (
    Lamp,
    SceneDescription,
    WorldLane,
    WorldLine,
    WorldWay,
    WorldZone,
)

INNER_M, OUTER_M, ROAD_M = 1.7, 5.0, 6.8
STOP_M, BOX_M, ZEBRA_M = 12.6, 8.2, 10.2
ARM_M = 85.0
SPEED_MPS, TURN_MPS = 12.5, 5.5
PAVEMENT_M = 8.6

ARMS = ("s", "e", "n", "w")
PHASES = (
    Phase("ns", 15.0),
    Phase("ns_left", 7.0),
    Phase("ew", 15.0),
    Phase("ew_left", 7.0),
)


def turned(point: Point, arm: str) -> Point:
    """A place from the axes of the south arm to those of another."""
    x, y = point
    for _ in range(ARMS.index(arm)):
        x, y = -y, x
    return x, y


def routes() -> dict[str, Route]:
    """Built for the south arm and turned for the others.

    Straight and right share their lane and the first metres after the stop line (the section
    ``mid``), until a vehicle that turns right has left the lane with its rear.
    """
    built: dict[str, Route] = {}
    right = curve((OUTER_M, -BOX_M), math.pi / 2, (BOX_M, -OUTER_M), 0.0)
    shared_m = STOP_M - BOX_M + Path(right).length_m
    for k, arm in enumerate(ARMS):
        stop = (OUTER_M, -STOP_M)
        parting = (OUTER_M, -STOP_M + shared_m)
        far_side = (OUTER_M, BOX_M)
        inner = (INNER_M, -STOP_M)
        left = [inner, *curve((INNER_M, -BOX_M), math.pi / 2, (-BOX_M, INNER_M), math.pi)]
        ways: dict[str, list[tuple[str, list[Point], float]]] = {
            "straight": [
                (f"{arm}-mid", [stop, parting], SPEED_MPS),
                (f"{arm}-straight", [parting, far_side], SPEED_MPS),
                (f"{ARMS[(k + 2) % 4]}-out-outer", [far_side, (OUTER_M, ARM_M)], SPEED_MPS),
            ],
            "right": [
                (f"{arm}-mid", [stop, *right], TURN_MPS),
                (f"{ARMS[(k + 1) % 4]}-out-outer", [right[-1], (ARM_M, -OUTER_M)], SPEED_MPS),
            ],
            "left": [
                (f"{arm}-left", left, TURN_MPS),
                (f"{ARMS[(k + 3) % 4]}-out-inner", [left[-1], (-ARM_M, INNER_M)], SPEED_MPS),
            ],
        }
        for move, way in ways.items():
            first = way[0][1][0]
            name = f"{arm}-in-{'inner' if move == 'left' else 'outer'}"
            pieces = [(name, [(first[0], -ARM_M), first], SPEED_MPS), *way]
            placed = [(n, [turned(p, arm) for p in points], v) for n, points, v in pieces]
            built[f"{arm}-{move}"] = route_of(f"{arm}-{move}", placed, gate_after=0)
    return built


def phase_of(route: str) -> str:
    """The signal phase in which a route has green."""
    arm, _, move = route.partition("-")
    axis = "ns" if arm in "ns" else "ew"
    return f"{axis}_left" if move == "left" else axis


class Intersection:
    """The moving part of the junction."""

    def __init__(self, rng: Random, demand: float) -> None:
        self._rng = rng
        self._ids = Ids()
        self._now_s = 0.0
        self._plan = SignalPlan(PHASES, offset_s=rng.uniform(0, 30))
        self._traffic = Traffic(may_pass=self._may_pass, obstacle_m=self._people_ahead_m)
        self._walkers: list[Walker] = []
        self._on_road: list[Point] = []
        self._next_walker_s = 0.0
        self._walkers_per_hour = 420.0 * demand
        way = routes()
        self._entries = [
            Entry(
                flow * demand,
                tuple((way[f"{arm}-{move}"], weight) for move, weight in moves),
                CARS_ONLY if moves[0][0] == "left" else FleetMix(bus=0.05, lorry=0.07),
                SPEED_MPS,
            )
            for arm, moves, flow in (
                ("s", (("straight", 4.0), ("right", 1.5)), 300.0),
                ("s", (("left", 1.0),), 90.0),
                ("n", (("straight", 4.0), ("right", 1.5)), 300.0),
                ("n", (("left", 1.0),), 90.0),
                ("e", (("straight", 4.0), ("right", 1.2)), 340.0),
                ("e", (("left", 1.0),), 90.0),
                ("w", (("straight", 4.0), ("right", 1.2)), 340.0),
                ("w", (("left", 1.0),), 90.0),
            )
        ]

    @property
    def agents(self) -> Sequence[Agent]:
        return [*self._traffic.vehicles, *self._walkers]

    def step(self) -> None:
        self._now_s += TICK_S
        self._plan.step(TICK_S)
        for entry in self._entries:
            entry.step(self._now_s, self._rng, self._ids, self._traffic)
        self._send_walkers()
        cars = footprints(self._traffic.vehicles, 20.0)
        for walker in self._walkers:
            walker.step(self._walkers, cars if abs(walker.now.x_m) < 20 else ())
        self._walkers = [w for w in self._walkers if not w.done]
        self._on_road = [
            place
            for walker in self._walkers
            if min(abs(walker.now.x_m), abs(walker.now.y_m)) < ROAD_M + 0.3
            for place in walker.soon()
        ]
        self._traffic.step()

    def _people_ahead_m(self, vehicle: Vehicle) -> float:
        if not self._on_road or abs(vehicle.now.x_m) > 25 or abs(vehicle.now.y_m) > 25:
            return math.inf
        return nearest_ahead_m(vehicle, self._on_road, 9.0, 1.3)

    def _may_pass(self, vehicle: Vehicle) -> bool:
        phase = phase_of(vehicle.route.name)
        aspect = self._plan.aspect(phase)
        left = (vehicle.route.gate_m or 0.0) - vehicle.front_m
        if aspect is Aspect.YELLOW:
            return left <= 0 or vehicle.speed_mps**2 / (2 * left) > 3.2
        if aspect is Aspect.RED:
            return False
        return not any(
            other.passed_gate
            and other.rear_m < other.route.sections[-1].start_m
            and phase_of(other.route.name) != phase
            for other in self._traffic.vehicles
        )

    def _send_walkers(self) -> None:
        if self._now_s < self._next_walker_s or self._walkers_per_hour <= 0:
            return
        self._next_walker_s = self._now_s + self._rng.expovariate(self._walkers_per_hour / 3600)
        if len(self._walkers) < 40:
            self._walkers.append(new_walker(self._ids, self._rng, self._way()))

    def _way(self) -> list[Stop]:
        """Along a pavement to a corner, over one or two zebras, and away."""
        rng = self._rng
        sx, sy = rng.choice((-1, 1)), rng.choice((-1, 1))
        wide = rng.uniform(-0.7, 0.9)
        far = 60.0
        along_x = rng.random() < 0.5
        edge = PAVEMENT_M + wide
        way = [Stop((sx * far, sy * edge) if along_x else (sx * edge, sy * far))]
        over_x = rng.random() < 0.5
        for _ in range(rng.choice((1, 1, 2))):
            over_x = not over_x
            offset = ZEBRA_M + rng.uniform(-1.0, 1.0)
            phase = "ew" if over_x else "ns"
            go = self._walk_light(phase)
            if over_x:
                way.append(Stop((sx * (ROAD_M + 0.9), sy * offset), 0.1, until=go))
                sx = -sx
                way.append(Stop((sx * (ROAD_M + 0.9), sy * offset)))
            else:
                way.append(Stop((sx * offset, sy * (ROAD_M + 0.9)), 0.1, until=go))
                sy = -sy
                way.append(Stop((sx * offset, sy * (ROAD_M + 0.9))))
        if rng.random() < 0.5:
            way += [Stop((sx * edge, sy * edge)), Stop((sx * far, sy * edge))]
        else:
            way += [Stop((sx * edge, sy * edge)), Stop((sx * edge, sy * far))]
        return way

    def _walk_light(self, phase: str) -> Callable[[], bool]:
        return lambda: self._plan.began(phase) < 4.0

    def lamps(self) -> Sequence[Lamp]:
        """Of every signal head the light that is on."""
        lit: list[Lamp] = []
        for arm in ARMS:
            axis = "ns" if arm in "ns" else "ew"
            for place, phase in zip(_heads(arm), (axis, f"{axis}_left"), strict=True):
                x, y, z = place
                dx, dy = turned((0.0, -0.16), arm)
                aspect = self._plan.aspect(phase)
                lit.append(
                    Lamp(
                        (x + dx, y + dy, z + LAMP_HEIGHT[aspect]),
                        turned((0.0, -1.0), arm),
                        0.17,
                        LAMP_BGR[aspect],
                    )
                )
        return lit


LAMP_HEIGHT = {Aspect.RED: 0.78, Aspect.YELLOW: 0.45, Aspect.GREEN: 0.12}
LAMP_BGR: dict[Aspect, Bgr] = {
    Aspect.RED: (60, 60, 255),
    Aspect.YELLOW: (50, 200, 255),
    Aspect.GREEN: (140, 255, 90),
}


def _heads(arm: str) -> list[tuple[float, float, float]]:
    """The far-side signal heads that drivers of an arm look at: straight, left."""
    places = []
    for x, z in ((ROAD_M + 0.9, 3.3), (INNER_M, 4.9)):
        px, py = turned((x, BOX_M + 0.4), arm)
        places.append((px, py, z))
    return places


def _paint_ground(canvas: Canvas) -> None:
    canvas.sky()
    canvas.plain(GRASS, 0.22)
    far = 130.0
    for wide, colour in ((11.8, PAVING), (ROAD_M + 0.2, KERB), (ROAD_M, ASPHALT)):
        canvas.rectangle(-wide, -far, wide, far, colour, 0.05)
        canvas.rectangle(-far, -wide, far, wide, colour, 0.05)
    canvas.rectangle(-ROAD_M, -far, ROAD_M, far, ASPHALT, 0.07)
    canvas.rectangle(-far, -ROAD_M, far, ROAD_M, ASPHALT, 0.07)
    for arm in ARMS:
        _paint_arm(canvas, arm, far)
    canvas.texture()


def _paint_arm(canvas: Canvas, arm: str, far: float) -> None:
    def t(x: float, y: float) -> Point:
        return turned((x, y), arm)

    canvas.stripe(t(-0.12, -STOP_M), t(-0.12, -far), 0.12, (60, 170, 215))
    canvas.stripe(t(0.12, -STOP_M), t(0.12, -far), 0.12, (60, 170, 215))
    canvas.dashes(t(3.35, -STOP_M), t(3.35, -far), 0.13, 3.0, 4.5)
    canvas.dashes(t(-3.35, -STOP_M), t(-3.35, -far), 0.13, 3.0, 4.5)
    canvas.stripe(t(0.0, -STOP_M - 0.2), t(ROAD_M - 0.1, -STOP_M - 0.2), 0.4)
    for k in range(12):
        x = -ROAD_M + 0.6 + k * 1.14
        canvas.stripe(t(x, -ZEBRA_M - 1.4), t(x, -ZEBRA_M + 1.4), 0.5)
    for x, tips in ((OUTER_M, (0.0,)), (INNER_M, (-0.9,))):
        canvas.stripe(t(x, -STOP_M - 6.5), t(x, -STOP_M - 3.5), 0.18)
        for tip in tips:
            canvas.area(
                [t(x + tip, -STOP_M - 2.2), t(x - 0.4, -STOP_M - 3.6), t(x + 0.4, -STOP_M - 3.6)],
                (205, 208, 208),
            )


def _paint(canvas: Canvas) -> None:
    _paint_ground(canvas)
    for x0, y0, x1, y1, tall_m, colour in (
        (-120, 90, -60, 105, 16, (120, 132, 150)), (-50, 95, -20, 110, 22, (150, 158, 166)),
        (18, 92, 60, 112, 18, (112, 128, 160)), (64, 80, 110, 110, 25, (146, 150, 156)),
    ):  # fmt: skip
        canvas.block(x0, y0, x1, y1, tall_m, colour, windows=(3.2, 3.4))
    for x, y, h in ((-14.5, 78.0, 9.0), (14.5, 74.0, 8.0), (-14.0, 62.0, 8.0), (15.0, 56.0, 9.0)):
        canvas.tree(x, y, h)
    canvas.block(-60, 14, -16, 40, 13, (110, 128, 158), windows=(3.0, 3.3))
    canvas.block(17, 15, 58, 42, 16, (150, 160, 172), windows=(3.4, 3.4))
    for x, y, h in (
        (-14.2, 44, 8),
        (14.6, 40, 7.5),
        (-30, 13.2, 6),
        (-42, 13.4, 6.5),
        (34, 13.6, 6),
    ):
        canvas.tree(x, y, h)
    canvas.block(-70, -44, -19, -15, 12, (128, 140, 150), windows=(3.2, 3.3))
    for arm in ("s", "e", "w", "n"):
        _paint_signals(canvas, arm)
    with canvas.occluder((12.6, -17.0)):
        canvas.pole(12.6, -17.0, 9.5, 0.2, (92, 94, 96))


def _paint_signals(canvas: Canvas, arm: str) -> None:
    """A mast at the far right with an arm over the lanes, and its two heads."""
    (x, y, z), (ix, iy, iz) = _heads(arm)
    with canvas.occluder((x, y)):
        canvas.pole(x, y, 6.0, 0.18, (84, 86, 88))
        canvas.board((x, y), (ix, iy), 5.9, 6.05, (84, 86, 88))
        for hx, hy, hz in ((x, y, z), (ix, iy, iz)):
            ax, ay = turned((0.22, 0.0), arm)
            fx, fy = turned((0.0, -0.12), arm)
            canvas.board((hx - ax + fx, hy - ay + fy), (hx + ax + fx, hy + ay + fy), hz - 0.1,
                         hz + 1.02, (30, 32, 30))  # fmt: skip


INTERSECTION = SceneDescription(
    id="intersection",
    title="Signalised intersection",
    about="Four arms with separate left-turn phases, queues, right turns that give way, zebras.",
    viewpoint=Viewpoint(10.5, -36.0, 8.5, -13.0, 15.5, 58.0),
    sun=Sun(235.0, 46.0),
    lines=(
        WorldLine("south_in", "In from the south", ((7.4, -13.2), (0.2, -13.2))),
        WorldLine("north_out", "Out to the north", ((0.2, 14.5), (7.4, 14.5))),
        WorldLine("west_arm", "West arm", ((-14.5, -7.2), (-14.5, 7.2))),
        WorldLine("zebra_south", "South zebra", ((0.0, -11.9), (0.0, -8.5))),
    ),
    zones=(
        WorldZone("box", "Junction box", ((-8, -8), (8, -8), (8, 8), (-8, 8))),
        WorldZone("zebra", "South zebra", ((-7, -11.8), (7, -11.8), (7, -8.6), (-7, -8.6))),
    ),
    build=Intersection,
    paint=_paint,
    lanes=(
        WorldLane("south-left", "South, left turn", (INNER_M, -22.0), (INNER_M, -STOP_M), 3.2,
                  "south", 50.0, "south_in"),
        WorldLane("south-ahead", "South, ahead and right", (OUTER_M, -22.0), (OUTER_M, -STOP_M),
                  3.2, "south", 50.0, "south_in"),
        WorldLane("north-away-1", "To the north, inner", (INNER_M, 14.0), (INNER_M, 50.0), 3.2,
                  "north", 50.0),
        WorldLane("north-away-2", "To the north, outer", (OUTER_M, 14.0), (OUTER_M, 50.0), 3.2,
                  "north", 50.0),
        WorldLane("west-left", "West, left turn", (-28.0, -INNER_M), (-STOP_M, -INNER_M), 3.2,
                  "west", 50.0, "west_arm"),
        WorldLane("west-ahead", "West, ahead and right", (-28.0, -OUTER_M), (-STOP_M, -OUTER_M),
                  3.2, "west", 50.0, "west_arm"),
    ),
    ways=(
        WorldWay("south-north", "South to north", ("south_in", (3.6, 0.0)),
                 ("north_out", (3.6, 30.0)), Turn.THROUGH, "south"),
        WorldWay("south-west", "South to west", ("south_in", (3.6, 0.0)),
                 ("west_arm", (-30.0, 3.6)), Turn.LEFT, "south"),
        WorldWay("west-north", "West to north", ("west_arm", (0.0, -3.6)),
                 ("north_out", (3.6, 30.0)), Turn.LEFT, "west"),
    ),
    surveyed=tuple(
        turned(place, arm)
        for arm in ARMS
        for place in ((-ROAD_M, -STOP_M), (0.0, -STOP_M), (ROAD_M, -STOP_M), (0.0, -24.0))
    ),
)  # fmt: skip

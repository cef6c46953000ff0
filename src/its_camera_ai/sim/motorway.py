"""A motorway of three lanes each way, seen from a bridge over the middle."""

import math
from collections.abc import Sequence
from itertools import pairwise
from random import Random

from its_camera_ai.sim.agents import TICK_S, Agent, FleetMix, Ids
from its_camera_ai.sim.camera import Viewpoint
from its_camera_ai.sim.canvas import ASPHALT, WHITE, Canvas
from its_camera_ai.sim.sprites import Sun
from its_camera_ai.sim.traffic import Entry, Traffic, route_of
from its_camera_ai.sim.world import Lamp, SceneDescription, WorldLane, WorldLine, WorldZone

LANES_M = (4.7, 8.35, 12.0)
"""Lane middles from the axis of the road, fast to slow."""
SPEEDS_MPS = (34.0, 29.5, 24.5)
FLOWS_PER_HOUR = (800.0, 1150.0, 850.0)
EDGE_M, SHOULDER_M = 2.85, 13.85
BEHIND_M, FAR_M = -34.0, 300.0
NEAR_M, REACH_M = 32.0, 100.0
"""Between these the lanes are worth measuring."""

_MIXES = (
    FleetMix(bus=0.0, lorry=0.0),
    FleetMix(bus=0.02, lorry=0.06),
    FleetMix(bus=0.03, lorry=0.30, long_lorries=True),
)


class Motorway:
    """The moving part: six lanes, each with its own pace."""

    def __init__(self, rng: Random, demand: float) -> None:
        self._rng = rng
        self._ids = Ids()
        self._now_s = 0.0
        self._traffic = Traffic()
        self._entries: list[Entry] = []
        for side, start, end in ((1, BEHIND_M, FAR_M), (-1, FAR_M, BEHIND_M)):
            for k, lane in enumerate(LANES_M):
                name = f"{'away' if side > 0 else 'towards'}-{k + 1}"
                ends = [(side * lane, start), (side * lane, end)]
                route = route_of(name, [(name, ends, SPEEDS_MPS[k])])
                self._entries.append(
                    Entry(
                        FLOWS_PER_HOUR[k] * demand,
                        ((route, 1.0),),
                        _MIXES[k],
                        SPEEDS_MPS[k],
                        pace_spread=0.07,
                    )
                )

    @property
    def agents(self) -> Sequence[Agent]:
        return self._traffic.vehicles

    def step(self) -> None:
        self._now_s += TICK_S
        for entry in self._entries:
            entry.step(self._now_s, self._rng, self._ids, self._traffic)
        self._traffic.step()

    def lamps(self) -> Sequence[Lamp]:
        return ()


def _paint(canvas: Canvas) -> None:
    canvas.sky((232, 200, 160), (240, 232, 222))
    canvas.plain((66, 116, 98), 0.2)
    far = 900.0
    for side in (1, -1):
        canvas.rectangle(side * 1.6, 0, side * 17.4, far, ASPHALT, 0.06)
        canvas.rectangle(side * 17.4, 0, side * 19.5, far, (110, 150, 160), 0.2)
        for lane in LANES_M:
            for track in (-0.85, 0.85):  # the wheels have polished the lanes
                x = side * (lane + track)
                canvas.rectangle(x - 0.3, 0, x + 0.3, far, (86, 84, 82), 0.05)
        canvas.stripe((side * EDGE_M, 0), (side * EDGE_M, far), 0.18)
        canvas.stripe((side * SHOULDER_M, 0), (side * SHOULDER_M, far), 0.22)
        for a, b in pairwise(LANES_M):
            middle = side * (a + b) / 2
            canvas.dashes((middle, 0), (middle, 420), 0.15, 3.0, 9.0)
    canvas.rectangle(-1.6, 0, 1.6, far, (104, 110, 112), 0.12)
    canvas.texture()
    _paint_horizon(canvas)
    for side in (1, -1):
        _rail(canvas, side * 0.9)
        _rail(canvas, side * 17.6)
    for tx, ty, height_m in (
        (-26, 62, 9),
        (25, 58, 8),
        (-30, 47, 10),
        (31, 38, 8),
        (-27, 33, 8),
        (24, 31, 6),
    ):
        canvas.tree(tx, ty, height_m)
    _gantry(canvas, 78.0)


def _paint_horizon(canvas: Canvas) -> None:
    """Woods along the skyline and a bridge far away."""
    for k in range(34):
        x = -420 + k * 26
        if abs(x) > 30:
            canvas.tree(x, 520 + 40 * math.sin(k * 1.7), 17 + 5 * math.sin(k * 2.3), (64, 92, 70))
    canvas.block(-60, 395, 60, 402, 1.6, (150, 152, 154), base_m=6.2)
    for pier in (-19.0, 0.0, 19.0):
        canvas.block(pier - 0.6, 396, pier + 0.6, 401, 6.4, (138, 140, 142))
    for side in (1, -1):
        for k in range(9):
            canvas.tree(side * (30 + 5 * math.sin(k)), 330 - k * 30, 10 + 2 * math.sin(k * 2.0))


def _rail(canvas: Canvas, x: float) -> None:
    y = 420.0
    while y > 8:
        step = max(2.0, y * 0.08)
        canvas.board((x, y), (x, y - step), 0.45, 0.75, (150, 152, 152))
        canvas.pole(x, y, 0.5, 0.08, (120, 122, 122))
        y -= step


def _gantry(canvas: Canvas, y: float) -> None:
    """Signs over the road."""
    with canvas.occluder((18.6, y)):
        canvas.pole(18.6, y, 8.6, 0.4, (132, 134, 136))
    with canvas.occluder((-18.6, y)):
        canvas.pole(-18.6, y, 8.6, 0.4, (132, 134, 136))
    with canvas.occluder((0.0, y)):
        canvas.board((-18.6, y), (18.6, y), 7.8, 8.5, (138, 140, 142))
        for lane in LANES_M:
            canvas.board((lane - 1.1, y - 0.1), (lane + 1.1, y - 0.1), 7.2, 9.2, (120, 70, 30))
            canvas.board((lane - 0.6, y - 0.2), (lane + 0.6, y - 0.2), 8.1, 8.4, WHITE)
            canvas.board((-lane - 1.1, y - 0.1), (-lane + 1.1, y - 0.1), 7.2, 9.2, (70, 72, 74))


_LANES = tuple(
    WorldLane(
        f"{'away' if side > 0 else 'towards'}-{k + 1}",
        f"{'Away' if side > 0 else 'Towards'}, lane {k + 1}",
        (side * lane, NEAR_M if side > 0 else REACH_M),
        (side * lane, REACH_M if side > 0 else NEAR_M),
        3.6,
        approach="away" if side > 0 else "towards",
        speed_limit_kmh=130.0,
    )
    for side in (1, -1)
    for k, lane in enumerate(LANES_M)
)

MOTORWAY = SceneDescription(
    id="motorway",
    title="Six-lane motorway",
    about="Three lanes each way at free flow: cars, coaches and lorries, up to 150 km/h.",
    viewpoint=Viewpoint(0.0, 0.0, 8.6, 0.0, 12.0, 52.0),
    sun=Sun(245.0, 40.0),
    lines=(
        WorldLine("away", "Away from the camera", ((15.5, 36.0), (2.2, 36.0))),
        WorldLine("towards", "Towards the camera", ((-15.5, 36.0), (-2.2, 36.0))),
    ),
    zones=(
        WorldZone(
            "away_70m", "Away, 30 to 100 m", ((2.2, 30), (15.5, 30), (15.5, 100), (2.2, 100))
        ),
        WorldZone(
            "towards_70m",
            "Towards, 30 to 100 m",
            ((-15.5, 30), (-2.2, 30), (-2.2, 100), (-15.5, 100)),
        ),
    ),
    build=Motorway,
    paint=_paint,
    lanes=_LANES,
    surveyed=tuple(
        (side * x, y)
        for y in (34.0, 46.0, 64.0, 100.0)
        for side in (-1, 1)
        for x in (EDGE_M, SHOULDER_M)
    )
    + tuple(
        (side * x, 22.0)  # the shoulder is beside the picture there
        for side in (-1, 1)
        for x in (EDGE_M, (LANES_M[1] + LANES_M[2]) / 2)
    ),
)

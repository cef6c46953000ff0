"""A courtyard where people walk through, stop, and meet."""

import math
from collections.abc import Sequence
from random import Random

from its_camera_ai.sim.agents import TICK_S, Agent, Ids, Stop, Walker, new_walker
from its_camera_ai.sim.camera import Viewpoint
from its_camera_ai.sim.canvas import GRASS, PAVING, Canvas
from its_camera_ai.sim.paths import Point
from its_camera_ai.sim.sprites import Sun
from its_camera_ai.sim.world import Lamp, SceneDescription, WorldLine, WorldZone

GATES: tuple[Point, ...] = ((-26.0, 4.0), (26.0, 9.0), (24.0, 2.0), (-20.0, -4.0), (6.0, -22.0))
"""All outside the picture."""
DOORS: tuple[Point, ...] = ((-4.0, 16.4), (7.0, 16.4))
SPOTS: tuple[Point, ...] = (
    (-6.0, 5.0),
    (5.0, 8.0),
    (-1.5, 9.5),
    (7.5, 3.5),
    (-8.0, 11.0),
    (1.0, 2.0),
)
PLANTERS: tuple[tuple[float, float, float], ...] = (
    (-3.0, 6.5, 1.3),
    (9.0, 7.0, 1.3),
    (2.5, 12.5, 1.3),
)
"""x, y and radius of what people walk round."""
PEOPLE_MAX = 40


def way_round(start: Point, end: Point) -> list[Point]:
    """Straight from start to end, but round every planter; the end included."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = math.hypot(dx, dy)
    if length < 1e-6:
        return [end]
    turns: list[tuple[float, Point]] = []
    for x, y, radius in PLANTERS:
        along = ((x - start[0]) * dx + (y - start[1]) * dy) / length
        aside = ((x - start[0]) * dy - (y - start[1]) * dx) / length
        if 0 < along < length and abs(aside) < radius + 0.5:
            # aside > 0: the planter lies to the right of the way, so pass it on the left.
            shift = (radius + 0.9) * (-1 if aside >= 0 else 1)
            turns.append((along, (x + shift * dy / length, y - shift * dx / length)))
    return [point for _, point in sorted(turns)] + [end]


class Courtyard:
    """The moving part of the courtyard."""

    def __init__(self, rng: Random, demand: float) -> None:
        self._rng = rng
        self._ids = Ids()
        self._now_s = 0.0
        self._per_hour = 1300.0 * demand
        self._next_s = 0.0
        self._walkers: list[Walker] = []

    @property
    def agents(self) -> Sequence[Agent]:
        return self._walkers

    def step(self) -> None:
        self._now_s += TICK_S
        if self._per_hour > 0 and self._now_s >= self._next_s:
            self._next_s = self._now_s + self._rng.expovariate(self._per_hour / 3600)
            self._send()
        for walker in self._walkers:
            walker.step(self._walkers)
        self._walkers = [w for w in self._walkers if not w.done]

    def _send(self) -> None:
        if len(self._walkers) >= PEOPLE_MAX:
            return
        kind = self._rng.random()
        if kind < 0.2:
            self._send_pair()
            return
        start, end = self._rng.sample([*GATES, *DOORS], 2)
        stops: list[Stop] = []
        if kind < 0.65:
            for spot in self._rng.sample(SPOTS, self._rng.choice((1, 1, 2))):
                at = self._beside(spot)
                stops.append(Stop(at, self._rng.uniform(3.0, 14.0), self._rng.uniform(-3.1, 3.1)))
        self._add(start, stops, end)

    def _beside(self, spot: Point) -> Point:
        return spot[0] + self._rng.uniform(-0.8, 0.8), spot[1] + self._rng.uniform(-0.8, 0.8)

    def _add(self, start: Point, stops: list[Stop], end: Point) -> Walker:
        way = [Stop(start)]
        for stop in [*stops, Stop(end)]:
            *round_, _ = way_round(way[-1].at, stop.at)
            way += [Stop(point) for point in round_] + [stop]
        walker = new_walker(self._ids, self._rng, way)
        self._walkers.append(walker)
        return walker

    def _send_pair(self) -> None:
        """Two who meet face to face, talk, and part."""
        spot = self._beside(self._rng.choice(SPOTS))
        angle = self._rng.uniform(-math.pi, math.pi)
        talk_s = self._rng.uniform(5.0, 15.0)
        gates = self._rng.sample([*GATES, *DOORS], 4)
        pair: list[Walker] = []

        def both_there() -> bool:
            return all(w.done or math.dist(w.xy, spot) < 1.2 for w in pair)

        for k in (0, 1):
            side = 0.5 if k == 0 else -0.5
            at = (spot[0] + side * math.cos(angle), spot[1] + side * math.sin(angle))
            face = angle + (math.pi if k == 0 else 0.0)
            wait = Stop(at, 0.5, face, until=both_there)
            talk = Stop(at, talk_s, face)
            pair.append(self._add(gates[2 * k], [wait, talk], gates[2 * k + 1]))

    def lamps(self) -> Sequence[Lamp]:
        return ()


def _paint(canvas: Canvas) -> None:
    canvas.sky()
    canvas.plain(GRASS, 0.2)
    canvas.rectangle(-30, -24, 30, 17, PAVING, 0.035)
    for k in range(-10, 11):
        canvas.stripe((k * 2.6, -24), (k * 2.6, 17), 0.06, (120, 124, 128))
    for k in range(-9, 7):
        canvas.stripe((-30, k * 2.6), (30, k * 2.6), 0.06, (120, 124, 128))
    canvas.rectangle(-11, -24, -10.2, 17, (112, 120, 130), 0.07)
    canvas.texture()
    canvas.block(-34, 17, 34, 30, 11, (132, 152, 176), windows=(3.1, 3.6))
    for x, _ in DOORS:
        canvas.board((x - 2.2, 16.97), (x + 2.2, 16.97), 0.0, 3.3, (122, 140, 160))
        canvas.board((x - 0.9, 16.95), (x + 0.9, 16.95), 0.0, 2.4, (50, 46, 44))
        canvas.board((x - 1.1, 16.9), (x + 1.1, 16.9), 2.4, 2.6, (90, 94, 98))
    canvas.tree(-17.0, 14.5, 6.5)
    canvas.tree(17.0, 14.8, 6.0)
    for x, y, radius in sorted(PLANTERS, key=lambda p: -p[1]):
        with canvas.occluder((x, y)):
            half = radius * 0.75
            canvas.block(x - half, y - half, x + half, y + half, 0.55, (118, 122, 128))
            canvas.tree(x, y, 2.1, (54, 104, 70))


COURTYARD = SceneDescription(
    id="courtyard",
    title="Courtyard",
    about="People cross, stop, meet and talk between a building and planters.",
    viewpoint=Viewpoint(0.5, -9.5, 5.6, 0.0, 16.5, 62.0),
    sun=Sun(232.0, 52.0),
    lines=(
        WorldLine("passage", "Passage in the middle", ((0.5, 1.5), (0.5, 15.5))),
        WorldLine("doors", "To the doors", ((11.0, 14.2), (-8.0, 14.2))),
    ),
    zones=(WorldZone("plaza", "Middle of the court", ((-7, 2), (7, 2), (8, 11), (-8, 11))),),
    build=Courtyard,
    paint=_paint,
)

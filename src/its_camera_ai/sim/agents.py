"""Road users as the world moves them: a body, where it is, and where it was one tick ago."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.sim.bodies import (
    BUS_COLOURS,
    CAR_COLOURS,
    CAR_STYLES,
    LOAD_COLOURS,
    vehicle_shapes,
)
from its_camera_ai.sim.depth_order import Footprint
from its_camera_ai.sim.figures import COATS, HAIRS, SKINS, TROUSERS, Clothing
from its_camera_ai.sim.paths import Point
from its_camera_ai.sim.sprites import Look, PersonLook, Pose, VehicleLook

TICK_S = 0.1
"""Step of the world. Between two ticks every body moves and turns evenly, by definition."""


@dataclass(slots=True, eq=False)
class Agent:
    """One road user.

    Attributes:
        now, before: poses at the last tick and at the one before.
        speed_mps: at the last tick.
        braking: shows its brake lamps.
    """

    id: int
    class_id: ObjectClass
    look: Look
    now: Pose
    before: Pose
    speed_mps: float = 0.0
    braking: bool = False

    def pose(self, share: float) -> Pose:
        """Between the last two ticks: 0 the earlier, 1 the later."""
        if self.now is self.before or share >= 1.0:
            return self.now
        a, b = self.before, self.now
        turn = math.remainder(b.heading - a.heading, math.tau)
        return Pose(
            a.x_m + (b.x_m - a.x_m) * share,
            a.y_m + (b.y_m - a.y_m) * share,
            a.heading + turn * share,
            a.phase + (b.phase - a.phase) * share,
            a.gait + (b.gait - a.gait) * share,
        )

    def move(self, pose: Pose) -> None:
        """The next tick's pose; a body that stands keeps the same object."""
        self.before = self.now
        if pose != self.now:
            self.now = pose


class Ids:
    """Numbers agents 1, 2, 3 …"""

    def __init__(self) -> None:
        self._last = 0

    def __call__(self) -> int:
        self._last += 1
        return self._last


@dataclass(frozen=True, slots=True)
class FleetMix:
    """Shares of vehicle classes; the rest are cars."""

    bus: float = 0.04
    lorry: float = 0.08
    long_lorries: bool = False


CARS_ONLY = FleetMix(bus=0.0, lorry=0.0)


def random_vehicle(rng: Random, mix: FleetMix) -> VehicleLook:
    shapes = vehicle_shapes()
    kind = rng.random()
    paint, load = rng.choice(CAR_COLOURS), rng.choice(LOAD_COLOURS)
    if kind < mix.bus:
        return VehicleLook(shapes["bus"], rng.choice(BUS_COLOURS), load)
    if kind < mix.bus + mix.lorry:
        name = "long_lorry" if mix.long_lorries and rng.random() < 0.6 else "box_lorry"
        return VehicleLook(shapes[name], paint, load)
    return VehicleLook(shapes[rng.choice(CAR_STYLES).name], paint, load)


def random_person(rng: Random) -> PersonLook:
    return PersonLook(
        Clothing(
            rng.choice(COATS),
            rng.choice(TROUSERS),
            rng.choice(SKINS),
            rng.choice(HAIRS),
            scale=round(rng.uniform(0.92, 1.07), 3),
        )
    )


STRIDE_M = 1.45
"""A double step of an adult at ease."""
TURN_RAD_S = 3.5
ELBOW_M = 0.25
HELD_S_MAX = 12.0
PATIENCE_S = 2.5
"""Whoever can't get the last metre to a place for so long, because others stand there, stays."""


@dataclass(frozen=True, slots=True)
class Stop:
    """A place on a walker's way.

    Attributes:
        wait_s: how long to stand there.
        face: heading while standing; None keeps the walking direction.
        until: stand there until this is true, beside ``wait_s``.
    """

    at: Point
    wait_s: float = 0.0
    face: float | None = None
    until: Callable[[], bool] | None = None


@dataclass(slots=True, eq=False)
class Walker(Agent):
    """A pedestrian going from stop to stop; without a stop left it is ``done``."""

    way: list[Stop] = field(default_factory=list)
    pace_mps: float = 1.35
    waited_s: float = 0.0
    phase: float = 0.0
    near_s: float = 0.0
    held_s: float = 0.0

    @property
    def done(self) -> bool:
        return not self.way

    @property
    def xy(self) -> Point:
        return self.now.x_m, self.now.y_m

    def soon(self) -> tuple[Point, Point, Point]:
        """Where the walker is now and will be in one and in two seconds."""
        x, y = self.xy
        dx = self.speed_mps * math.cos(self.now.heading)
        dy = self.speed_mps * math.sin(self.now.heading)
        return (x, y), (x + dx, y + dy), (x + 2 * dx, y + 2 * dy)

    def step(
        self, crowd: "list[Walker]", cars: Sequence[Footprint] = (), dt: float = TICK_S
    ) -> None:
        """One tick: towards the next stop, round other people, not into vehicles."""
        if not self.way:
            self.move(self.now)
            return
        target = self.way[0]
        dx, dy = target.at[0] - self.now.x_m, target.at[1] - self.now.y_m
        distance = math.hypot(dx, dy)
        self.near_s = self.near_s + dt if distance < 1.0 else 0.0
        if distance < 0.12 or self.near_s > PATIENCE_S:
            self._stand(target, dt)
            return
        wish = math.atan2(dy, dx)
        wish, keep = self._give_way(wish, crowd)
        speed = self.speed_mps + max(
            -2.0 * dt, min(1.6 * dt, self.pace_mps * keep - self.speed_mps)
        )
        heading = self._turned(wish, dt)
        ahead = max(0.0, math.cos(math.remainder(wish - heading, math.tau)))
        step_m = min(speed * ahead * dt, distance)
        toward = wish if distance < 0.4 else heading
        free = self._free_direction(toward, cars)
        self.held_s = 0.0 if free is not None else self.held_s + dt
        if free is None:
            self._go(heading, 0.0, dt, toward)
        else:
            self._go(heading, step_m, dt, free)

    def _free_direction(self, toward: float, cars: Sequence[Footprint]) -> float | None:
        """The direction nearest to the wanted one in which no vehicle stands; None if all are
        blocked. Who has been held for long, or stands in the way already, squeezes through.
        """
        x, y = self.xy
        near = [c for c in cars if math.dist(c.centre, (x, y)) < c.half[0] + 2.0]
        if not near or self.held_s > HELD_S_MAX:
            return toward
        if any(c.holds((x, y), ELBOW_M) for c in near):
            return toward
        for turn in (0.0, -0.5, 0.5, -1.0, 1.0, -1.6, 1.6):
            angle = toward + turn
            place = (x + 0.25 * math.cos(angle), y + 0.25 * math.sin(angle))
            if not any(c.holds(place, ELBOW_M) for c in near):
                return angle
        return None

    def _stand(self, target: Stop, dt: float) -> None:
        self.waited_s += dt
        heading = self.now.heading if target.face is None else self._turned(target.face, dt)
        if self.waited_s >= target.wait_s and (target.until is None or target.until()):
            self.way.pop(0)
            self.waited_s = self.near_s = 0.0
            if target.wait_s == 0 and target.until is None:
                return self.step([], (), dt)
        self.speed_mps = max(0.0, self.speed_mps - 3.0 * dt)
        gait = max(0.0, self.now.gait - 3.0 * dt)
        self.move(Pose(self.now.x_m, self.now.y_m, heading, self.phase, gait))
        return None

    def _turned(self, wish: float, dt: float) -> float:
        turn = math.remainder(wish - self.now.heading, math.tau)
        return self.now.heading + max(-TURN_RAD_S * dt, min(TURN_RAD_S * dt, turn))

    def _give_way(self, wish: float, crowd: "list[Walker]") -> tuple[float, float]:
        """Swerve to the right of, and slow down behind, whoever is close ahead."""
        bend, keep = 0.0, 1.0
        for other in crowd:
            if other is self:
                continue
            ox, oy = other.now.x_m - self.now.x_m, other.now.y_m - self.now.y_m
            gap = math.hypot(ox, oy)
            if gap > 1.6 or gap < 1e-6:
                continue
            off = math.remainder(math.atan2(oy, ox) - wish, math.tau)
            if abs(off) < 1.2:
                near = (1.6 - gap) / 1.6
                bend -= 0.9 * near if off >= -0.1 else -0.9 * near
                keep = min(keep, 0.55 + 0.45 * gap / 1.6)
        return wish + max(-0.9, min(0.9, bend)), keep

    def _go(self, heading: float, step_m: float, dt: float, toward: float) -> None:
        self.speed_mps = step_m / dt
        self.phase += step_m / STRIDE_M * math.tau
        gait = min(1.0, self.now.gait + 3.0 * dt) if step_m > 0.01 else self.now.gait
        self.move(
            Pose(
                self.now.x_m + step_m * math.cos(toward),
                self.now.y_m + step_m * math.sin(toward),
                heading,
                self.phase,
                gait,
            )
        )


def new_walker(ids: Ids, rng: Random, way: list[Stop], *, walking: bool = True) -> Walker:
    """Someone who begins at the first stop."""
    x, y = way[0].at
    follow = way[1].at if len(way) > 1 else (x + 1, y)
    pose = Pose(x, y, math.atan2(follow[1] - y, follow[0] - x), 0.0, 1.0 if walking else 0.0)
    pace = rng.uniform(1.1, 1.6)
    return Walker(
        ids(),
        ObjectClass.PERSON,
        random_person(rng),
        pose,
        pose,
        speed_mps=pace if walking else 0.0,
        way=way[1:],
        pace_mps=pace,
        phase=0.0,
    )

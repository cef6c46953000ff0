"""Vehicles that follow each other along routes.

Car-following is the Intelligent Driver Model (``sim.car_following``). A route is one path cut into
named sections; routes that share a section share its vehicles, so a queue in a common lane holds
back everyone behind it.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from random import Random

from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.sim.agents import TICK_S, Agent, FleetMix, Ids, random_vehicle
from its_camera_ai.sim.car_following import (
    BRAKE_MPS2,
    STANDING_GAP_M,
    follow_mps2,
    moving_gap_m,
)
from its_camera_ai.sim.depth_order import Footprint
from its_camera_ai.sim.paths import Path
from its_camera_ai.sim.sprites import Pose, VehicleLook

LOOK_AHEAD_M = 90.0


@dataclass(frozen=True, slots=True)
class Section:
    """A stretch of a route, from ``start_m`` to ``end_m`` of the route's own path.

    ``limit_mps`` holds within it.
    """

    name: str
    start_m: float
    end_m: float
    limit_mps: float


@dataclass(frozen=True, slots=True, eq=False)
class Route:
    """A way through the scene.

    Attributes:
        gate_m: where to stop while ``open_gate`` says no; None for no gate.
    """

    name: str
    path: Path
    sections: tuple[Section, ...]
    gate_m: float | None = None


def route_of(
    name: str, pieces: list[tuple[str, list[tuple[float, float]], float]], *, gate_after: int = -1
) -> Route:
    """A route from named pieces, each with its points and speed limit (m/s).

    Args:
        gate_after: index of the piece at whose end the gate stands; −1 for none.
    """
    points: list[tuple[float, float]] = []
    sections: list[Section] = []
    start = 0.0
    gate: float | None = None
    for k, (section, piece, limit) in enumerate(pieces):
        points += piece if not points else piece[1:]
        end = Path(points).length_m
        sections.append(Section(section, start, end, limit))
        start = end
        if k == gate_after:
            gate = end
    return Route(name, Path(points), tuple(sections), gate)


@dataclass(frozen=True, slots=True)
class Driver:
    """IDM parameters of one driver."""

    pace: float = 1.0
    headway_s: float = 1.3
    accel_mps2: float = 1.6


@dataclass(slots=True, eq=False)
class Vehicle(Agent):
    """A vehicle on a route; ``front_m`` is its front's place on the route's path."""

    route: Route = field(kw_only=True)
    front_m: float = 0.0
    driver: Driver = field(default_factory=Driver)
    passed_gate: bool = False

    @property
    def length_m(self) -> float:
        return self.look.footprint_m[0]

    @property
    def rear_m(self) -> float:
        return self.front_m - self.length_m


Occupied = dict[str, list[tuple[float, float, Vehicle]]]
"""Section → (rear, front, vehicle), metres from the section's start; may reach outside it."""


def idm_accel(speed: float, wish: float, gap: float, approach: float, driver: Driver) -> float:
    """Acceleration, m/s².

    Args:
        wish: desired speed, m/s. gap: to the next obstacle, m. approach: closing speed, m/s.
    """
    twice_root_ab = 2 * math.sqrt(driver.accel_mps2 * BRAKE_MPS2)
    moving = moving_gap_m(speed, approach, driver.headway_s, twice_root_ab)
    wanted_gap = STANDING_GAP_M + max(0.0, moving)
    return follow_mps2(speed, max(wish, 0.1), max(gap, 0.05), wanted_gap, driver.accel_mps2)


class Traffic:
    """All vehicles that drive on routes.

    Args:
        may_pass: the signal's answer for a vehicle before its gate.
        obstacle_m: further obstacle ahead on the route, metres from the vehicle's front, or inf.
    """

    def __init__(
        self,
        *,
        may_pass: Callable[[Vehicle], bool] = lambda _: True,
        obstacle_m: Callable[[Vehicle], float] = lambda _: math.inf,
    ) -> None:
        self.vehicles: list[Vehicle] = []
        self._may_pass = may_pass
        self._obstacle_m = obstacle_m

    def occupied(self) -> Occupied:
        table: Occupied = {}
        for vehicle in self.vehicles:
            for section in vehicle.route.sections:
                if vehicle.rear_m < section.end_m and vehicle.front_m > section.start_m:
                    table.setdefault(section.name, []).append(
                        (
                            vehicle.rear_m - section.start_m,
                            vehicle.front_m - section.start_m,
                            vehicle,
                        )
                    )
        return table

    def leader(self, vehicle: Vehicle, table: Occupied) -> tuple[float, float]:
        """Gap to, and speed of, the next vehicle ahead; (inf, 0) if the road is free."""
        best, speed = math.inf, 0.0
        for section in vehicle.route.sections:
            if section.end_m < vehicle.front_m:
                continue
            if section.start_m - vehicle.front_m > min(LOOK_AHEAD_M, best):
                break
            own = vehicle.front_m - section.start_m
            for rear, front, other in table.get(section.name, ()):
                ahead = front > own or (front == own and other.id < vehicle.id)
                if other is not vehicle and ahead and rear - own < best:
                    best, speed = rear - own, other.speed_mps
        return best, speed

    def step(self) -> None:
        """One tick: everyone decides on the same picture of the street, then everyone moves."""
        table = self.occupied()
        plans = [self._plan(vehicle, table) for vehicle in self.vehicles]
        for vehicle, (accel, room) in zip(self.vehicles, plans, strict=True):
            self._drive(vehicle, accel, room)
        self.vehicles = [v for v in self.vehicles if v.rear_m < v.route.path.length_m]

    def _plan(self, vehicle: Vehicle, table: Occupied) -> tuple[float, float]:
        gap, lead = self.leader(vehicle, table)
        wish = self._limit(vehicle)
        accel = idm_accel(vehicle.speed_mps, wish, gap, vehicle.speed_mps - lead, vehicle.driver)
        room = gap
        blocked = self._obstacle_m(vehicle)
        gate = vehicle.route.gate_m
        if gate is not None and not vehicle.passed_gate:
            left = gate - vehicle.front_m
            if not self._may_pass(vehicle) and (left > 0):
                blocked = min(blocked, left + STANDING_GAP_M - 0.5)
        if blocked < math.inf:
            standing = idm_accel(
                vehicle.speed_mps, wish, blocked, vehicle.speed_mps, vehicle.driver
            )
            accel, room = min(accel, standing), min(room, blocked)
        return accel, room

    def _limit(self, vehicle: Vehicle) -> float:
        """The speed limit here, lowered in time for a slower section ahead."""
        wish = math.inf
        for section in vehicle.route.sections:
            if section.end_m <= vehicle.rear_m:
                continue
            ahead = section.start_m - vehicle.front_m
            limit = section.limit_mps * vehicle.driver.pace
            if ahead <= 0:
                wish = min(wish, limit)
            elif ahead < LOOK_AHEAD_M:
                wish = min(wish, math.sqrt(limit**2 + 2 * 0.7 * BRAKE_MPS2 * ahead))
        return wish

    def _drive(self, vehicle: Vehicle, accel: float, room: float) -> None:
        accel = max(-8.0, min(vehicle.driver.accel_mps2, accel))
        speed = max(0.0, vehicle.speed_mps + accel * TICK_S)
        step = min(speed * TICK_S, max(0.0, room - 0.4))
        vehicle.braking = accel < -0.6 or (step == 0.0 and vehicle.speed_mps == 0.0)
        vehicle.speed_mps = step / TICK_S
        vehicle.front_m += step
        if vehicle.route.gate_m is not None and vehicle.front_m > vehicle.route.gate_m:
            vehicle.passed_gate = True
        if step == 0.0:
            vehicle.move(vehicle.now)
        else:
            vehicle.move(pose_on(vehicle.route, vehicle.front_m, vehicle.length_m))


def pose_on(route: Route, front_m: float, length_m: float) -> Pose:
    return Pose(*route.path.body(front_m, length_m))


@dataclass(slots=True, eq=False)
class Entry:
    """Where vehicles come in: random arrivals that wait outside while there is no room.

    Attributes:
        per_hour: mean flow.
        routes: what they may want, with weights.
    """

    per_hour: float
    routes: tuple[tuple[Route, float], ...]
    mix: FleetMix
    speed_mps: float
    pace_spread: float = 0.1
    due_s: float = -1.0
    waiting: tuple[Route, VehicleLook, Driver] | None = None

    def step(self, now_s: float, rng: Random, ids: Ids, traffic: Traffic) -> None:
        if self.per_hour <= 0:
            return
        if self.due_s < 0:
            self.due_s = now_s + rng.expovariate(self.per_hour / 3600)
        if self.waiting is None and now_s >= self.due_s:
            routes = [route for route, _ in self.routes]
            route = rng.choices(routes, [weight for _, weight in self.routes])[0]
            look = random_vehicle(rng, self.mix)
            heavy = look.shape.class_id is not ObjectClass.CAR
            pace = rng.gauss(0.82 if heavy else 1.0, self.pace_spread * (0.4 if heavy else 1.0))
            driver = Driver(
                max(0.7, min(1.25, pace)),
                rng.uniform(1.0, 1.6),
                rng.uniform(0.9, 1.2) if heavy else rng.uniform(1.4, 2.0),
            )
            self.waiting = (route, look, driver)
            self.due_s = max(self.due_s, now_s - 5.0) + rng.expovariate(self.per_hour / 3600)
        self._let_in(ids, traffic)

    def _let_in(self, ids: Ids, traffic: Traffic) -> None:
        if self.waiting is None:
            return
        route, look, driver = self.waiting
        length = look.footprint_m[0]
        name = route.sections[0].name
        ahead = [v for v in traffic.vehicles if v.route.sections[0].name == name]
        last = min(ahead, key=lambda v: v.rear_m, default=None)
        room = math.inf if last is None else last.rear_m - length
        speed = self.speed_mps * driver.pace
        if last is not None:
            if room < STANDING_GAP_M + 1.0:
                return
            closing_room = max(0.0, room - STANDING_GAP_M - 1.0)
            speed = min(speed, last.speed_mps + closing_room / (driver.headway_s + 2.0))
        pose = pose_on(route, length, length)
        traffic.vehicles.append(
            Vehicle(
                ids(),
                look.shape.class_id,
                look,
                pose,
                pose,
                speed_mps=speed,
                route=route,
                front_m=length,
                driver=driver,
            )
        )
        self.waiting = None


def footprints(agents: Iterable[Agent], reach_m: float) -> list[Footprint]:
    """Of all bodies within ``reach_m`` of the middle of the scene, along both axes."""
    return [
        Footprint(
            (agent.now.x_m, agent.now.y_m),
            agent.now.heading,
            (agent.look.footprint_m[0] / 2, agent.look.footprint_m[1] / 2),
        )
        for agent in agents
        if abs(agent.now.x_m) < reach_m and abs(agent.now.y_m) < reach_m
    ]


def nearest_ahead_m(
    vehicle: Vehicle, points: Iterable[tuple[float, float]], reach_m: float, half_width_m: float
) -> float:
    """Distance along the route to the first of the points that stands in the way, or inf."""
    near = [
        p
        for p in points
        if math.hypot(p[0] - vehicle.now.x_m, p[1] - vehicle.now.y_m) < reach_m + vehicle.length_m
    ]
    if not near:
        return math.inf
    steps = math.ceil(reach_m / 0.8)
    for k in range(steps + 1):
        ahead = k * 0.8
        x, y = vehicle.route.path.at(vehicle.front_m + ahead)
        if any(math.hypot(px - x, py - y) < half_width_m for px, py in near):
            return max(0.0, ahead - 0.6)
    return math.inf

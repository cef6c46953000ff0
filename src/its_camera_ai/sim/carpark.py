"""A car park: one aisle from west to east, bays on both sides, cars that come, stay and go."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.sim.agents import (
    CARS_ONLY,
    TICK_S,
    Agent,
    Ids,
    Stop,
    Walker,
    new_walker,
    random_vehicle,
)
from its_camera_ai.sim.camera import Viewpoint
from its_camera_ai.sim.canvas import ASPHALT, GRASS, KERB, PAVING, Canvas
from its_camera_ai.sim.car_following import STANDING_GAP_M
from its_camera_ai.sim.paths import curve
from its_camera_ai.sim.sprites import Sun
from its_camera_ai.sim.traffic import (
    Driver,
    Route,
    Traffic,
    Vehicle,
    footprints,
    nearest_ahead_m,
    pose_on,
    route_of,
)
from its_camera_ai.sim.world import Lamp, SceneDescription, WorldLine, WorldZone

WEST_M, EAST_M = -62.0, 62.0
BAYS_PER_SIDE, BAY_WIDTH_M = 10, 2.7
AISLE_M, BAY_END_M = 3.6, 8.8
TURN_M = 5.4
"""A car begins to turn so far before the middle of its bay."""
NOSE_M = 8.3
AISLE_MPS, TURN_MPS, REVERSE_MPS = 4.8, 1.9, 1.3
STAY_MEAN_S = 120.0
FOOTWAY_M = 10.4


@dataclass(slots=True, eq=False)
class Bay:
    """One bay; ``side`` is 1 in the north, −1 in the south."""

    x_m: float
    side: int
    route: Route
    taken: bool = False

    @property
    def turn_at_m(self) -> float:
        """Where on the aisle the turn begins, metres from the aisle's start."""
        return self.x_m - TURN_M - WEST_M


@dataclass(slots=True, eq=False)
class Stay:
    """A car in a bay, from the moment it stands until it is back on the aisle.

    Attributes:
        owner: the driver on the way back, once called.
    """

    car: Vehicle
    bay: Bay
    leave_s: float
    owner: Walker | None = None
    reversing: bool = False


def _bays() -> list[Bay]:
    bays = []
    for side in (1, -1):
        for k in range(BAYS_PER_SIDE):
            x = (k - (BAYS_PER_SIDE - 1) / 2) * BAY_WIDTH_M
            heading = side * math.pi / 2
            bend = curve((x - TURN_M, 0.0), 0.0, (x, side * 3.9), heading)
            into = [*bend, (x, side * (NOSE_M))]
            name = f"bay-{'n' if side > 0 else 's'}{k + 1}"
            route = route_of(
                name,
                [("aisle", [(WEST_M, 0.0), (x - TURN_M, 0.0)], AISLE_MPS), (name, into, TURN_MPS)],
            )
            bays.append(Bay(x, side, route))
    return bays


class CarPark:
    """The moving part of the car park."""

    def __init__(self, rng: Random, demand: float) -> None:
        self._rng = rng
        self._ids = Ids()
        self._now_s = 0.0
        self._traffic = Traffic(obstacle_m=self._obstacle_m)
        self._through = route_of("through", [("aisle", [(WEST_M, 0), (EAST_M, 0)], AISLE_MPS)])
        self._bays = _bays()
        self._bay_of: dict[str, Bay] = {bay.route.name: bay for bay in self._bays}
        self._stays: list[Stay] = []
        self._walkers: list[Walker] = []
        self._cars_per_hour = 200.0 * demand
        self._walkers_per_hour = 160.0 * demand
        self._next_car_s = self._next_walker_s = 0.0
        for bay in self._bays:
            if demand > 0 and rng.random() < 0.55:
                self._park(self._new_car(bay.route, bay.route.path.length_m), bay)

    @property
    def agents(self) -> Sequence[Agent]:
        return [*self._traffic.vehicles, *(stay.car for stay in self._stays), *self._walkers]

    def _new_car(self, route: Route, front_m: float) -> Vehicle:
        look = random_vehicle(self._rng, CARS_ONLY)
        front = max(front_m, look.footprint_m[0])
        pose = pose_on(route, front, look.footprint_m[0])
        return Vehicle(
            self._ids(),
            ObjectClass.CAR,
            look,
            pose,
            pose,
            route=route,
            front_m=front,
            driver=Driver(self._rng.uniform(0.85, 1.1), 1.4, 1.3),
        )

    def _park(self, car: Vehicle, bay: Bay) -> None:
        bay.taken = True
        car.speed_mps, car.braking = 0.0, False
        stay_s = 15.0 + self._rng.expovariate(1 / STAY_MEAN_S)
        self._stays.append(Stay(car, bay, self._now_s + stay_s))

    def step(self) -> None:
        self._now_s += TICK_S
        self._let_in()
        self._traffic.step()
        self._arrive()
        for stay in list(self._stays):
            self._attend(stay)
        self._send_passers_by()
        cars = footprints([*self._traffic.vehicles, *(s.car for s in self._stays)], 30.0)
        for walker in self._walkers:
            walker.step(self._walkers, cars)
        self._walkers = [w for w in self._walkers if not w.done]

    def _let_in(self) -> None:
        if self._cars_per_hour <= 0 or self._now_s < self._next_car_s:
            return
        if any(v.rear_m < 7.0 for v in self._traffic.vehicles):
            return
        self._next_car_s = self._now_s + self._rng.expovariate(self._cars_per_hour / 3600)
        free = [bay for bay in self._bays if not bay.taken]
        bay = self._rng.choice(free) if free else None
        car = self._new_car(self._through if bay is None else bay.route, 0.0)
        car.speed_mps = AISLE_MPS * 0.8
        if bay is not None:
            bay.taken = True
        self._traffic.vehicles.append(car)

    def _arrive(self) -> None:
        """Cars whose nose has reached the end of their bay stand still from now on."""
        for car in list(self._traffic.vehicles):
            bay = self._bay_of.get(car.route.name)
            if bay is not None and car.front_m >= car.route.path.length_m - 0.12:
                self._traffic.vehicles.remove(car)
                car.move(car.now)
                self._park(car, bay)
                self._step_out(car, bay)

    def _turning(self) -> list[tuple[Vehicle, Bay]]:
        """Cars between aisle and bay, either way."""
        found = [(stay.car, stay.bay) for stay in self._stays if stay.reversing]
        for car in self._traffic.vehicles:
            bay = self._bay_of.get(car.route.name)
            if bay is not None and car.front_m > bay.turn_at_m:
                found.append((car, bay))
        return found

    def _obstacle_m(self, car: Vehicle) -> float:
        """The end of the bay, whoever stands or turns ahead on the aisle, and people on foot.

        The Intelligent Driver Model keeps its standing gap to all of them, so places to stop at
        are told farther away by as much.
        """
        best = math.inf
        bay = self._bay_of.get(car.route.name)
        if bay is not None:
            best = car.route.path.length_m - car.front_m + STANDING_GAP_M
            if car.front_m <= bay.turn_at_m and self._turn_blocked(car, bay):
                short_m = bay.turn_at_m - 0.6 - car.front_m
                best = min(best, short_m + STANDING_GAP_M)
        goal = self._goal_m(bay)
        for other, place in self._turning():
            hold = place.turn_at_m - other.length_m - 1.0
            # A turn swings as far ahead as the bay, so it also waits for whoever is there.
            if (
                other is not car
                and car.front_m <= min(hold + 0.5, goal)
                and hold < goal + TURN_M + 1
            ):
                stop_m = min(hold + 1.0, goal - 0.6 + STANDING_GAP_M)
                best = min(best, stop_m - car.front_m)
        people = [p for w in self._walkers if abs(w.now.y_m) < AISLE_M + 1.0 for p in w.soon()]
        return min(best, nearest_ahead_m(car, people, 6.0, 1.7) + 0.6) if people else best

    def _goal_m(self, bay: Bay | None) -> float:
        """How far a car with this bay, or none, goes along the aisle."""
        return math.inf if bay is None else bay.turn_at_m

    def _turn_blocked(self, car: Vehicle, bay: Bay) -> bool:
        """Whether someone ahead on the aisle has not yet cleared the place of the turn."""
        clear_m = bay.turn_at_m + TURN_M + 2.5
        return any(
            other is not car
            and other.front_m > car.front_m
            and other.rear_m < min(clear_m, self._goal_m(self._bay_of.get(other.route.name)))
            for other in self._traffic.vehicles
        )

    def _attend(self, stay: Stay) -> None:
        if stay.reversing:
            self._reverse(stay)
            return
        stay.car.move(stay.car.now)
        if self._now_s < stay.leave_s:
            return
        if stay.owner is None:
            stay.owner = self._call_owner(stay)
        elif stay.owner.done and self._aisle_clear(stay):
            stay.reversing = True

    def _aisle_clear(self, stay: Stay) -> bool:
        """Nobody comes, stands or turns where the car will back out to."""
        rear = stay.bay.turn_at_m - stay.car.length_m
        for car in self._traffic.vehicles:
            if car.rear_m < stay.bay.turn_at_m + TURN_M + 4 and car.front_m > rear - 14.0:
                return False
        return not any(abs(bay.x_m - stay.bay.x_m) < 14 for _, bay in self._turning()) and not any(
            math.hypot(w.now.x_m - stay.bay.x_m + 3, w.now.y_m) < 7 for w in self._walkers
        )

    def _reverse(self, stay: Stay) -> None:
        car = stay.car
        left = car.front_m - stay.bay.turn_at_m
        car.speed_mps = min(REVERSE_MPS, car.speed_mps + 0.8 * TICK_S, max(0.25, left * 0.8))
        car.front_m = max(stay.bay.turn_at_m, car.front_m - car.speed_mps * TICK_S)
        car.braking = left < 1.5
        car.move(pose_on(car.route, car.front_m, car.length_m))
        if car.front_m <= stay.bay.turn_at_m:
            self._stays.remove(stay)
            stay.bay.taken = False
            car.route, car.speed_mps = self._through, 0.0
            self._traffic.vehicles.append(car)

    def _door(self, bay: Bay) -> tuple[float, float]:
        """Beside the driver's door: on the left of a car that stands nose in."""
        return bay.x_m - bay.side * 1.32, bay.side * 6.0

    def _step_out(self, car: Vehicle, bay: Bay) -> None:
        door = self._door(bay)
        away = self._rng.choice((-46.0, 46.0))
        y = bay.side * FOOTWAY_M
        way = [
            Stop(door),
            Stop(door, self._rng.uniform(1.0, 3.0)),
            Stop((door[0], y)),
            Stop((away, y)),
        ]
        self._walkers.append(new_walker(self._ids, self._rng, way, walking=False))

    def _call_owner(self, stay: Stay) -> Walker:
        door = self._door(stay.bay)
        y = stay.bay.side * (FOOTWAY_M + self._rng.uniform(-0.3, 0.6))
        start = (self._rng.choice((-46.0, 46.0)), y)
        way = [Stop(start), Stop((door[0], y)), Stop(door, self._rng.uniform(1.0, 2.5))]
        owner = new_walker(self._ids, self._rng, way)
        self._walkers.append(owner)
        return owner

    def _send_passers_by(self) -> None:
        """People who cut through the car park beside the bays."""
        if self._walkers_per_hour <= 0 or self._now_s < self._next_walker_s:
            return
        self._next_walker_s = self._now_s + self._rng.expovariate(self._walkers_per_hour / 3600)
        if len(self._walkers) >= 30:
            return
        side = self._rng.choice((-1, 1))
        x = self._rng.choice((-1, 1)) * self._rng.uniform(15.5, 17.5)
        y = side * (FOOTWAY_M + self._rng.uniform(-0.4, 0.8))
        start = (math.copysign(46.0, x), y)
        way = [Stop(start), Stop((x, y))]
        if self._rng.random() < 0.6:
            way.append(Stop((x, -y)))
        way.append(Stop((-math.copysign(46.0, x), way[-1].at[1])))
        self._walkers.append(new_walker(self._ids, self._rng, way))

    def lamps(self) -> Sequence[Lamp]:
        return ()


def _paint(canvas: Canvas) -> None:
    canvas.sky()
    canvas.plain(GRASS, 0.22)
    canvas.rectangle(-60, -12.2, 60, 12.2, PAVING, 0.08)
    canvas.rectangle(-60, -9.1, 60, 9.1, KERB, 0.05)
    canvas.rectangle(-90, -9.0, 90, 9.0, ASPHALT, 0.08)
    edge = BAYS_PER_SIDE * BAY_WIDTH_M / 2
    for side in (1, -1):
        for k in range(BAYS_PER_SIDE + 1):
            x = -edge + k * BAY_WIDTH_M
            canvas.stripe((x, side * AISLE_M), (x, side * BAY_END_M), 0.12)
        for x0, x1 in ((-60, -edge - 0.3), (edge + 0.3, 60)):
            canvas.rectangle(x0, side * 4.4, x1, side * 9.0, GRASS, 0.2)
    for x in (-20.0, 0.0, 19.0):
        canvas.stripe((x, 0.0), (x + 1.6, 0.0), 0.16)
        canvas.area([(x + 2.6, 0), (x + 1.5, 0.45), (x + 1.5, -0.45)], (205, 208, 208))
    for x in (-17.8, 15.2):
        for k in range(6):
            canvas.stripe((x, -3.0 + k * 1.2), (x + 2.6, -3.0 + k * 1.2), 0.5)
    canvas.texture()
    canvas.block(-46, 22, -4, 44, 9, (128, 140, 152), windows=(4.0, 4.2))
    canvas.block(2, 26, 48, 50, 13, (104, 122, 152), windows=(3.4, 3.3))
    for x, y, h in ((-30, 19, 7), (-17, 18, 6.5), (-1, 19, 7.5), (12, 18, 6), (26, 19, 7)):
        canvas.tree(x, y, h)
    for x in (-24.0, 22.0):
        canvas.tree(x, 7.0, 4.5)
    for x in (-8.0, 8.0):
        with canvas.occluder((x, 9.6)):
            canvas.pole(x, 9.6, 6.0, 0.14, (88, 90, 92))
    with canvas.occluder((-21.0, -6.8)):
        canvas.tree(-21.0, -6.8, 4.2)


CARPARK = SceneDescription(
    id="carpark",
    title="Car park",
    about="Cars come in from the west, park nose in, back out later and leave to the east.",
    viewpoint=Viewpoint(0.0, -33.0, 9.6, 0.0, 16.0, 53.0),
    sun=Sun(225.0, 50.0),
    lines=(
        WorldLine("entry", "Entry", ((-14.5, -3.5), (-14.5, 3.5))),
        WorldLine("exit", "Exit", ((14.5, 3.5), (14.5, -3.5))),
    ),
    zones=(
        WorldZone(
            "bays_north", "North bays", ((-13.5, 3.7), (13.5, 3.7), (13.5, 8.8), (-13.5, 8.8))
        ),
        WorldZone("aisle", "Aisle", ((-13.5, -3.5), (13.5, -3.5), (13.5, 3.5), (-13.5, 3.5))),
    ),
    build=CarPark,
    paint=_paint,
)

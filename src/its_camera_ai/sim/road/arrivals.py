"""Vehicles that come in: random arrivals which wait outside while there is no room."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from its_camera_ai.sim.car_following import BRAKE_MPS2, STANDING_GAP_M
from its_camera_ai.sim.road.fleet import VEHICLE, Table
from its_camera_ai.sim.road.kinds import KINDS, NUMBER, Kind
from its_camera_ai.sim.road.layout import Inflow
from its_camera_ai.sim.road.network import Network

WAITING_MAX = 200
"""So many may stand outside; whoever comes then, turns round."""


@dataclass(frozen=True, slots=True)
class _Choice:
    """An inflow with its weights made into shares."""

    inflow: Inflow
    ways: tuple[int, ...]
    way_shares: tuple[float, ...]
    kinds: tuple[int, ...]
    kind_shares: tuple[float, ...]


def new_vehicle(
    rng: np.random.Generator, network: Network, object_id: int, kind: Kind, way: int, born_s: float
) -> Table:
    """One row: a vehicle with its front a body's length from the way's start."""
    row = np.zeros(1, VEHICLE)
    size = np.clip(rng.normal(1.0, kind.spread, 3), 1 - 2.5 * kind.spread, 1 + 2.5 * kind.spread)
    row["id"], row["kind"], row["way"], row["born_s"] = object_id, NUMBER[kind.name], way, born_s
    row["length"], row["width"] = kind.length_m * size[0], kind.width_m * min(size[1], 1.08)
    row["height"] = kind.height_m * size[2]
    row["pace"] = np.clip(rng.normal(kind.pace, kind.pace_spread), 0.6, 1.35)
    row["top_mps"] = kind.speed_max_mps * rng.uniform(0.85, 1.0)
    row["headway_s"] = kind.headway_s * rng.uniform(0.8, 1.25)
    row["accel_max"] = kind.accel_mps2 * rng.uniform(0.85, 1.15)
    row["turn_len_m"], row["hold_m"], row["cap_mps"] = 1.0, np.inf, np.inf
    row["changed_s"] = born_s
    row["front_m"] = row["length"]
    return row


class Arrivals:
    """Random arrivals (Poisson, at a rate that may change with time).

    Args:
        factor: of time in seconds; multiplies all flows.
        new_id: numbers road users.
    """

    def __init__(
        self,
        network: Network,
        inflows: tuple[Inflow, ...],
        rng: np.random.Generator,
        factor: Callable[[float], float],
        new_id: Callable[[], int],
    ) -> None:
        self._network = network
        self._rng = rng
        self._factor = factor
        self._new_id = new_id
        self._choices = [_choice(network, inflow) for inflow in inflows]
        self._per_s = np.array([inflow.per_hour / 3600 for inflow in inflows])
        self._due = rng.exponential(1.0, len(inflows))
        self._waiting: list[list[Table]] = [[] for _ in inflows]
        self.turned_away = 0

    def step(self, now_s: float, tick_s: float, fleet: Table, closed: set[int]) -> Table:
        """The fleet with those who come in now; none into a closed way."""
        self._due -= self._per_s * self._factor(now_s) * tick_s
        for k in np.flatnonzero(self._due <= 0).tolist():
            while self._due[k] <= 0:
                self._due[k] += self._rng.exponential()
                self._arrive(k, now_s)
        for queue in self._waiting:
            if queue and int(queue[0]["way"][0]) not in closed:
                fleet = self._let_in(queue, now_s, fleet)
        return fleet

    def _arrive(self, k: int, now_s: float) -> None:
        choice, rng = self._choices[k], self._rng
        way = choice.ways[int(rng.choice(len(choice.ways), p=choice.way_shares))]
        kind = KINDS[choice.kinds[int(rng.choice(len(choice.kinds), p=choice.kind_shares))]]
        vehicle = new_vehicle(rng, self._network, 0, kind, way, now_s)
        if len(self._waiting[k]) < WAITING_MAX:
            self._waiting[k].append(vehicle)
        else:
            self.turned_away += 1

    def _let_in(self, queue: list[Table], now_s: float, fleet: Table) -> Table:
        row = queue[0]
        way, length = int(row["way"][0]), float(row["length"][0])
        first = self._network.stretch_at[:, 0]
        there = fleet[first[fleet["way"]] == first[way]]
        rears = there["front_m"] - there["length"]
        speed = float(self._network.limit_mps(row["way"], row["front_m"])[0])
        speed = min(speed * float(row["pace"][0]), float(row["top_mps"][0]))
        if len(there):
            last = int(rears.argmin())
            room = float(rears[last]) - length
            if room < STANDING_GAP_M + 1.0:
                return fleet
            speed = min(speed, _calm_mps(room, float(there["speed"][last]), row))
        queue.pop(0)
        row["id"], row["speed"], row["born_s"] = self._new_id(), speed, now_s
        return np.concatenate([fleet, row])


def _calm_mps(room_m: float, lead_mps: float, row: Table) -> float:
    """The speed at which the car-following model's wanted gap is just the room that there is:
    the positive root of ``s₀ + v·T + v·(v − v_l)/c = room`` with ``c = 2·√(a·b)``.
    """
    c = 2 * math.sqrt(float(row["accel_max"][0]) * BRAKE_MPS2)
    half = (float(row["headway_s"][0]) - lead_mps / c) * c / 2
    return math.sqrt(half**2 + c * (room_m - STANDING_GAP_M)) - half


def _choice(network: Network, inflow: Inflow) -> _Choice:
    ways, way_weights = zip(*inflow.ways, strict=True)
    weights = np.array(list(inflow.mix.values()))
    return _Choice(
        inflow,
        tuple(network.ways.index(way) for way in ways),
        tuple(np.array(way_weights) / sum(way_weights)),
        tuple(NUMBER[name] for name in inflow.mix),
        tuple(weights / weights.sum()),
    )

"""Incidents with vehicles that otherwise drive like all others, so that those behind react.

Places are metres from a way's start; on ``straight_road`` that is y + 60 m going north.
"""

from collections.abc import Generator, Iterator
from dataclasses import dataclass

import numpy as np

from its_camera_ai.core.incidents import IncidentKind
from its_camera_ai.core.signals import SignalState
from its_camera_ai.sim.road.arrivals import new_vehicle
from its_camera_ai.sim.road.fleet import Table
from its_camera_ai.sim.road.kinds import KINDS, NUMBER
from its_camera_ai.sim.road.stage import Stage
from its_camera_ai.sim.signals import YELLOW_S

STANDS_MPS = 0.1


def _wait_for(
    stage: Stage, way: str, place_m: float, brake_mps2: float = 2.0
) -> Generator[None, None, int]:
    """Until somebody comes who can stop there by such braking; returns the id."""
    while (chosen := stage.approaching(way, place_m, brake_mps2)) is None:
        yield
    return chosen


@dataclass(frozen=True, slots=True)
class StopInLane:
    """A vehicle stops in its lane, and goes on after a while."""

    at_s: float
    way: str
    place_m: float
    stands_s: float

    def play(self, stage: Stage) -> Iterator[None]:
        chosen = yield from _wait_for(stage, self.way, self.place_m)
        incident, since_s = None, np.inf
        while (row := stage.row(chosen)) is not None:
            if stage.now_s - since_s >= self.stands_s:
                stage.fleet["hold_m"][row] = np.inf
                stage.fleet["changed_s"][row] = stage.now_s
                if incident is not None:
                    stage.end(incident)
                return
            stage.fleet["hold_m"][row], stage.fleet["changed_s"][row] = self.place_m, np.inf
            if incident is None and stage.fleet["speed"][row] < STANDS_MPS:
                lane = stage.lane_at(self.way, self.place_m - 1.0)
                incident = stage.begin(IncidentKind.STOPPED_VEHICLE, lane, (chosen,))
                since_s = stage.now_s
            yield


@dataclass(frozen=True, slots=True)
class Park:
    """A vehicle pulls aside to the right, stands there, and goes on after a while.

    Attributes:
        place: id of the area where that is forbidden. aside_m: from the middle of its lane.
    """

    at_s: float
    way: str
    place_m: float
    stands_s: float
    place: str = "shoulder"
    aside_m: float = 3.4

    def play(self, stage: Stage) -> Iterator[None]:
        chosen = yield from _wait_for(stage, self.way, self.place_m - 20.0)
        self._turn(stage, chosen, 0.0, -self.aside_m)
        incident, since_s = None, np.inf
        while (row := stage.row(chosen)) is not None:
            if stage.now_s - since_s >= self.stands_s and self._free(stage, row):
                self._turn(stage, chosen, -self.aside_m, 0.0)
                stage.fleet["hold_m"][row] = np.inf
                if incident is not None:
                    stage.end(incident)
                return
            stage.fleet["hold_m"][row] = self.place_m
            if incident is None and stage.fleet["speed"][row] < STANDS_MPS:
                incident = stage.begin(IncidentKind.ILLEGAL_PARKING, self.place, (chosen,))
                since_s = stage.now_s
            yield

    def _turn(self, stage: Stage, chosen: int, from_m: float, to_m: float) -> None:
        """Swing over from where it is now, into the place or out of it."""
        row, fleet = stage.row(chosen), stage.fleet
        if row is None:
            return
        begins = float(fleet["front_m"][row])
        fleet["from_m"][row], fleet["to_m"][row], fleet["turn_m"][row] = from_m, to_m, begins
        if to_m != 0.0:
            begins = max(begins, self.place_m - 45.0)
            fleet["turn_m"][row] = begins
            fleet["turn_len_m"][row] = self.place_m - 5.0 - begins
        else:
            fleet["turn_len_m"][row] = 25.0
        fleet["changed_s"][row] = np.inf  # changes no lane of its own accord

    def _free(self, stage: Stage, row: int) -> bool:
        """Whether nobody comes from behind who would have to brake."""
        fleet = stage.fleet
        gap = fleet["front_m"][row] - fleet["front_m"]
        near = (gap > -20.0) & (gap < 10.0 + 6.0 * fleet["speed"])
        near &= (fleet["way"] == fleet["way"][row]) & (fleet["id"] != fleet["id"][row])
        return not near.any()


@dataclass(frozen=True, slots=True)
class DriveSlowly:
    """A vehicle crawls along the measured part of its lane."""

    at_s: float
    way: str
    speed_kmh: float

    def play(self, stage: Stage) -> Iterator[None]:
        chosen = yield from _wait_for(stage, self.way, 75.0, np.inf)
        incident = None
        while (row := stage.row(chosen)) is not None:
            fleet = stage.fleet
            fleet["cap_mps"][row], fleet["changed_s"][row] = self.speed_kmh / 3.6, np.inf
            lane = stage.lane_at(self.way, float(fleet["front_m"][row]))
            slow = fleet["speed"][row] < 1.1 * self.speed_kmh / 3.6
            if incident is None and slow and lane:
                incident = stage.begin(
                    IncidentKind.SLOW_VEHICLE, lane, (chosen,), speed_kmh=self.speed_kmh
                )
            if incident is not None and not lane:
                stage.end(incident)
                return
            yield


@dataclass(frozen=True, slots=True)
class Speed:
    """A car comes in that drives at a speed of its own; the road before it should be empty."""

    at_s: float
    way: str
    speed_kmh: float

    def play(self, stage: Stage) -> Iterator[None]:
        car = _car(stage, self.way)
        limit = float(stage.network.limit_mps(car["way"], car["front_m"])[0])
        car["speed"], car["pace"] = self.speed_kmh / 3.6, self.speed_kmh / 3.6 / limit
        car["top_mps"], car["changed_s"] = np.inf, np.inf
        stage.fleet = np.concatenate([stage.fleet, car])
        stage.begin(IncidentKind.SPEEDING, "", (int(car["id"][0]),), speed_kmh=self.speed_kmh)
        yield


@dataclass(frozen=True, slots=True)
class LoseLoad:
    """Something lies on the lane and is taken away after a while."""

    at_s: float
    way: str
    place_m: float
    lies_s: float

    def play(self, stage: Stage) -> Iterator[None]:
        while self._taken(stage):
            yield
        kind = KINDS[NUMBER["debris"]]
        way = stage.network.ways.index(self.way)
        thing = new_vehicle(stage.rng, stage.network, stage.new_id(), kind, way, stage.now_s)
        thing["front_m"] = thing["hold_m"] = self.place_m
        thing["top_mps"], thing["changed_s"] = 0.0, np.inf
        stage.fleet = np.concatenate([stage.fleet, thing])
        lane = stage.lane_at(self.way, self.place_m)
        incident = stage.begin(IncidentKind.DEBRIS, lane, (int(thing["id"][0]),))
        until_s = stage.now_s + self.lies_s
        while stage.now_s < until_s:
            yield
        stage.fleet = stage.fleet[stage.fleet["id"] != thing["id"][0]]
        stage.end(incident)

    def _taken(self, stage: Stage) -> bool:
        """Whether somebody is there, or could not stop before it."""
        fleet = stage.fleet[stage.fleet["way"] == stage.network.ways.index(self.way)]
        rear = fleet["front_m"] - fleet["length"]
        reach = fleet["front_m"] + fleet["speed"] ** 2 / 5.0 + 6.0
        return bool(((rear < self.place_m + 2.0) & (reach > self.place_m - 2.0)).any())


@dataclass(frozen=True, slots=True)
class RunRed:
    """A vehicle that could have stopped drives over its stop line some time after red began."""

    at_s: float
    way: str
    late_s: float = 1.5

    def play(self, stage: Stage) -> Iterator[None]:
        way = stage.network.ways.index(self.way)
        gate_m = float(stage.network.gate_m[way, 0])
        while (chosen := self._chosen(stage, way, gate_m)) is None:
            yield
        reach_s = stage.now_s + self._yellow_left_s(stage, gate_m) + self.late_s
        while (row := stage.row(chosen)) is not None:
            fleet = stage.fleet
            left_m = gate_m - float(fleet["front_m"][row])
            fleet["goes"][row] = True
            fleet["cap_mps"][row] = max(left_m / max(reach_s - stage.now_s, 0.2), 2.0)
            if left_m < 0:
                fleet["cap_mps"][row] = np.inf
                lane = stage.lane_at(self.way, gate_m - 1.0)
                stop = next((a.stop_line for a in stage.layout.lanes if a.id == lane), "")
                stage.end(stage.begin(IncidentKind.RED_LIGHT, stop, (chosen,)))
                return
            yield

    def _chosen(self, stage: Stage, way: int, gate_m: float) -> int | None:
        """While it shows yellow: the first of the lane, if it goes that way and is far enough."""
        if not 1.0 < self._yellow_left_s(stage, gate_m) <= YELLOW_S:
            return None
        fleet = stage.fleet
        first_stretch = stage.network.stretch_at[:, 0]
        same = first_stretch[fleet["way"]] == first_stretch[way]
        waiting = fleet[same & (fleet["front_m"] < gate_m) & ~fleet["goes"]]
        if not len(waiting):
            return None
        first = waiting[int(np.argmax(waiting["front_m"]))]
        left_m = gate_m - float(first["front_m"])
        fits = first["way"] == way and 8.0 < left_m < 50.0 and first["speed"] > 3.0
        return int(first["id"]) if fits else None

    def _yellow_left_s(self, stage: Stage, gate_m: float) -> float:
        """How long its signal still shows yellow; 0 while it does not."""
        lane = stage.lane_at(self.way, gate_m - 1.0)
        head = next((h.id for h in stage.layout.heads if lane in h.lanes), None)
        if head is None or stage.lights.showing()[head] is not SignalState.YELLOW:
            return 0.0
        return YELLOW_S - stage.lights.since_s(head)


@dataclass(frozen=True, slots=True)
class CloseWay:
    """Nobody drives into a way for a while, so that it empties for what a script puts there."""

    at_s: float
    way: str
    length_s: float

    def play(self, stage: Stage) -> Iterator[None]:
        way = stage.network.ways.index(self.way)
        stage.closed.add(way)
        until_s = stage.now_s + self.length_s
        while stage.now_s < until_s:
            yield
        stage.closed.discard(way)


def _car(stage: Stage, way: str) -> Table:
    number = stage.network.ways.index(way)
    kind = KINDS[NUMBER["car"]]
    return new_vehicle(stage.rng, stage.network, stage.new_id(), kind, number, stage.now_s)

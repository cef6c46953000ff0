"""Incidents with bodies on given paths: people and cyclists on the road, wrong way, near misses."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from its_camera_ai.core.geometry import points_in_polygon
from its_camera_ai.core.incidents import IncidentKind
from its_camera_ai.core.scene import ZoneUse
from its_camera_ai.sim.paths import Point
from its_camera_ai.sim.road.fleet import body
from its_camera_ai.sim.road.kinds import KINDS, NUMBER
from its_camera_ai.sim.road.movers import Floats, Mover, walk
from its_camera_ai.sim.road.stage import Stage
from its_camera_ai.sim.road.truth import TrueIncident


def _mover(
    stage: Stage, kind: str, times_s: Floats, points: Floats, *, blocks: bool = False
) -> Mover:
    size = KINDS[NUMBER[kind]]
    dims = (size.length_m, size.width_m, size.height_m)
    return Mover(stage.new_id(), NUMBER[kind], dims, times_s, points, blocks=blocks)


@dataclass(frozen=True, slots=True)
class CrossRoad:
    """Somebody goes straight over the carriageway, away from any crossing, in a gap of the traffic.

    Attributes:
        kind: ``person`` or ``bicycle``.
        gap_s: they wait until nobody can be at their path within this and the time that it takes;
            0 goes at once.
    """

    at_s: float
    start: Point
    end: Point
    speed_mps: float = 1.3
    kind: str = "person"
    gap_s: float = 2.0

    def play(self, stage: Stage) -> Iterator[None]:
        length_s = math.dist(self.start, self.end) / self.speed_mps
        while self.gap_s > 0 and self._traffic_near(stage, length_s + self.gap_s):
            yield
        times, points = walk([self.start, self.end], stage.now_s, self.speed_mps)
        mover = _mover(stage, self.kind, times, points, blocks=True)
        stage.movers.append(mover)
        what = (
            IncidentKind.CYCLIST_ON_ROAD
            if self.kind == "bicycle"
            else IncidentKind.PEDESTRIAN_ON_ROAD
        )
        incident = None
        while stage.now_s <= times[-1]:
            area = self._area(stage, mover)
            if incident is None and area:
                incident = stage.begin(what, area, (mover.id,))
            if incident is not None and not area:
                break
            yield
        if incident is not None:
            stage.end(incident)

    def _area(self, stage: Stage, mover: Mover) -> str:
        """The carriageway on which they are, outside every crossing."""
        at = mover.at(stage.now_s)
        here = np.array([at[:2] if at is not None else (math.inf, math.inf)])
        inside = [
            area
            for area in stage.layout.areas
            if points_in_polygon(here, np.array(area.points, np.float64))[0]
        ]
        if any(area.use is ZoneUse.CROSSING for area in inside):
            return ""
        return next((area.id for area in inside if area.use is ZoneUse.CARRIAGEWAY), "")

    def _traffic_near(self, stage: Stage, within_s: float) -> bool:
        """Whether somebody will come near the path, at their speed and a little more."""
        fleet = stage.fleet
        if not len(fleet):
            return False
        middle, heading = body(stage.network, fleet)
        ahead = np.column_stack([np.cos(heading), np.sin(heading)])
        for share in np.linspace(0.0, 1.0, 5):
            place = np.array(self.start) + (np.array(self.end) - self.start) * share
            away = place - middle
            along, beside = (
                (away * ahead).sum(axis=1),
                away[:, 0] * ahead[:, 1] - away[:, 1] * ahead[:, 0],
            )
            reach = fleet["speed"] * within_s * 1.2 + 8.0
            if ((np.abs(beside) < 4.0) & (along > -12.0) & (along < reach)).any():
                return True
        return False


@dataclass(frozen=True, slots=True)
class WrongWay:
    """A car drives along a lane against its direction. Close the way in time (``CloseWay``)."""

    at_s: float
    way: str
    speed_kmh: float = 50.0
    kind: str = "car"

    def play(self, stage: Stage) -> Iterator[None]:
        network = stage.network
        way = network.ways.index(self.way)
        places = np.arange(float(network.length_m[way]), 0.0, -5.0)
        ways = np.full(len(places), way)
        points = network.at(ways, places, np.zeros(len(places)))
        times, path = walk(
            [(float(x), float(y)) for x, y in points], stage.now_s, self.speed_kmh / 3.6
        )
        mover = _mover(stage, self.kind, times, path)
        stage.movers.append(mover)
        incident = None
        while stage.now_s <= times[-1]:
            at_m = float(np.interp(stage.now_s, times, places))
            lane = stage.lane_at(self.way, at_m)
            if incident is None and lane:
                incident = stage.begin(
                    IncidentKind.WRONG_WAY, lane, (mover.id,), speed_kmh=self.speed_kmh
                )
            if incident is not None and not lane:
                break
            yield
        if incident is not None:
            stage.end(incident)


@dataclass(frozen=True, slots=True)
class CrossingConflict:
    """Two bodies cross at a right angle at constant speeds: the first, heading north, has left the
    conflict area just ``pet_s`` before the second, heading east, enters it.

    The conflict area is where the strips that the two sweep overlap. Both bodies are there from
    ``run_m`` before the place to ``run_m`` after it.
    """

    at_s: float
    place: Point
    pet_s: float
    first_kmh: float = 40.0
    second_kmh: float = 30.0
    kinds: tuple[str, str] = ("car", "car")
    run_m: float = 30.0

    def play(self, stage: Stage) -> Iterator[None]:
        v1, v2 = self.first_kmh / 3.6, self.second_kmh / 3.6
        a, b = (KINDS[NUMBER[kind]] for kind in self.kinds)
        x, y = self.place
        leaves_s = (self.run_m + a.length_m / 2 + b.width_m / 2) / v1
        enters_s = (self.run_m - b.length_m / 2 - a.width_m / 2) / v2
        wait_s = leaves_s + self.pet_s - enters_s
        start_1 = stage.now_s + max(0.0, -wait_s)
        start_2 = stage.now_s + max(0.0, wait_s)
        first = walk([(x, y - self.run_m), (x, y + self.run_m)], start_1, v1)
        second = walk([(x - self.run_m, y), (x + self.run_m, y)], start_2, v2)
        pair = (_mover(stage, self.kinds[0], *first), _mover(stage, self.kinds[1], *second))
        stage.movers += pair
        enters_ns = round((start_2 + enters_s) * 1e9)
        stage.note(
            TrueIncident(
                IncidentKind.NEAR_MISS,
                "",
                (pair[1].id, pair[0].id),
                enters_ns,
                enters_ns,
                {"pet_s": self.pet_s, "angle_deg": 90.0},
            )
        )
        yield


@dataclass(frozen=True, slots=True)
class FollowingConflict:
    """A body comes up from behind on one that drives north at constant speed, and brakes at the
    last moment to its speed: the time to collision sinks evenly to ``ttc_s``, then grows.

    Braking by ``2·Δv/ttc`` is twice what makes the time to collision grow.
    """

    at_s: float
    place: Point
    ttc_s: float
    leader_kmh: float = 30.0
    closing_kmh: float = 12.0
    kinds: tuple[str, str] = ("car", "car")
    length_s: float = 8.0

    def play(self, stage: Stage) -> Iterator[None]:
        v, dv = self.leader_kmh / 3.6, self.closing_kmh / 3.6
        leader, follower = (KINDS[NUMBER[kind]] for kind in self.kinds)
        brake = 2 * dv / self.ttc_s
        closest_s = self.length_s / 2
        # whole ticks, so that the smallest time to collision is at one
        closest_s = round(closest_s / stage.tick_s) * stage.tick_s
        since = np.arange(0.0, self.length_s + stage.tick_s / 2, stage.tick_s)
        after = np.clip(since - closest_s, 0.0, dv / brake)
        gap = dv * (self.ttc_s + np.maximum(closest_s - since, 0.0)) - dv * after
        gap += brake * after**2 / 2
        middle = gap + (leader.length_m + follower.length_m) / 2
        x, y = self.place
        ahead = y + v * (since - closest_s)
        times = stage.now_s + since
        first = _mover(
            stage, self.kinds[0], times, np.column_stack([np.full_like(ahead, x), ahead])
        )
        behind = np.column_stack([np.full_like(ahead, x), ahead - middle])
        second = _mover(stage, self.kinds[1], times, behind)
        stage.movers += [first, second]
        at_ns = round((stage.now_s + closest_s) * 1e9)
        facts = {"ttc_s": self.ttc_s, "angle_deg": 0.0}
        stage.note(
            TrueIncident(IncidentKind.NEAR_MISS, "", (second.id, first.id), at_ns, at_ns, facts)
        )
        yield

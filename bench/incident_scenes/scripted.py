"""Scripted incidents: of every kind many variations, each from a seed."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from its_camera_ai.core.incidents import IncidentKind
from its_camera_ai.sim.camera import Viewpoint
from its_camera_ai.sim.road.free_scripts import (
    CrossingConflict,
    CrossRoad,
    FollowingConflict,
    WrongWay,
)
from its_camera_ai.sim.road.junction import junction
from its_camera_ai.sim.road.layout import Layout
from its_camera_ai.sim.road.scripts import (
    CloseWay,
    DriveSlowly,
    LoseLoad,
    Park,
    RunRed,
    Speed,
    StopInLane,
)
from its_camera_ai.sim.road.stage import Script
from its_camera_ai.sim.road.straight import straight_road

MAST = Viewpoint(5.5, 0.0, 20.0, 0.0, 20.0, 50.0)
"""High enough that a lorry hides little of what stands before it."""


@dataclass(frozen=True, slots=True)
class Scripted:
    """One scene.

    Attributes:
        layout, scripts, length_s: what is played.
        kind: what must be told.
        limit_s: from its true beginning to the defining instant; None where that is not so simple.
        tick_s: from one frame to the next.
        sure: happens though no script says so: by demand alone.
    """

    kind: IncidentKind
    layout: Layout
    scripts: tuple[Script, ...]
    length_s: float
    limit_s: float | None = None
    demand: float = 1.0
    warm_up_s: float = 40.0
    sure: bool = False
    tick_s: float = 0.2


def _road(rng: np.random.Generator, per_hour_lane: float = 400.0) -> Layout:
    limit = float(rng.choice([70.0, 80.0, 100.0]))
    return straight_road(3, per_hour_lane=per_hour_lane, limit_kmh=limit, viewpoint=MAST)


def _lane(rng: np.random.Generator, lanes: int = 3) -> str:
    return f"away-{rng.integers(1, lanes + 1)}"


def stopped(rng: np.random.Generator) -> Scripted:
    script = StopInLane(2.0, _lane(rng), float(rng.uniform(110, 165)), 25.0)
    return Scripted(IncidentKind.STOPPED_VEHICLE, _road(rng), (script,), 75.0, 10.0)


def slow(rng: np.random.Generator) -> Scripted:
    script = DriveSlowly(2.0, _lane(rng), float(rng.uniform(14, 24)))
    return Scripted(IncidentKind.SLOW_VEHICLE, _road(rng, 400.0), (script,), 90.0, 8.0)


def wrong_way(rng: np.random.Generator) -> Scripted:
    way = _lane(rng)
    kmh = float(rng.uniform(30, 90))
    scripts = (CloseWay(0.0, way, 60.0), WrongWay(20.0, way, kmh))
    limit_s = max(1.0, 10.0 / (kmh / 3.6))
    return Scripted(IncidentKind.WRONG_WAY, _road(rng, 150.0), scripts, 60.0, limit_s)


def parked(rng: np.random.Generator) -> Scripted:
    script = Park(2.0, "away-3", float(rng.uniform(115, 160)), 25.0)
    return Scripted(IncidentKind.ILLEGAL_PARKING, _road(rng, 500.0), (script,), 90.0, 10.0)


def debris(rng: np.random.Generator) -> Scripted:
    script = LoseLoad(5.0, _lane(rng), float(rng.uniform(105, 140)), 30.0)
    return Scripted(IncidentKind.DEBRIS, _road(rng, 150.0), (script,), 60.0, 5.0)


def on_foot(rng: np.random.Generator) -> Scripted:
    y = float(rng.uniform(35, 90))
    ends = ((-2.0, y), (13.0, y))
    start, end = ends if rng.random() < 0.5 else ends[::-1]
    script = CrossRoad(2.0, start, end, float(rng.uniform(1.0, 2.0)))
    return Scripted(IncidentKind.PEDESTRIAN_ON_ROAD, _road(rng, 120.0), (script,), 70.0, 1.0)


def on_bicycle(rng: np.random.Generator) -> Scripted:
    y = float(rng.uniform(35, 90))
    script = CrossRoad(2.0, (-2.0, y), (13.0, y), float(rng.uniform(2.5, 4.0)), "bicycle")
    return Scripted(IncidentKind.CYCLIST_ON_ROAD, _road(rng, 120.0), (script,), 70.0, 1.0)


def red_light(rng: np.random.Generator) -> Scripted:
    way = f"{rng.choice(['s', 'n'])}-straight"
    script = RunRed(5.0, way, float(rng.uniform(1.2, 2.5)))
    return Scripted(IncidentKind.RED_LIGHT, junction(main_per_hour=380.0), (script,), 240.0)


def speeding(rng: np.random.Generator) -> Scripted:
    way = _lane(rng)
    limit = 80.0
    layout = straight_road(3, per_hour_lane=1.0, limit_kmh=limit)
    scripts = (CloseWay(0.0, way, 30.0), Speed(1.0, way, limit * float(rng.uniform(1.2, 1.8))))
    return Scripted(IncidentKind.SPEEDING, layout, scripts, 20.0, tick_s=0.1)


def encroachment(rng: np.random.Generator) -> Scripted:
    kinds = [("car", "car"), ("person", "car"), ("bicycle", "car"), ("car", "motorcycle")]
    pair = kinds[rng.integers(len(kinds))]
    first = {"person": 5.0, "bicycle": 14.0}.get(pair[0], float(rng.uniform(25, 50)))
    script = CrossingConflict(
        2.0, (5.0, float(rng.uniform(45, 75))), float(rng.uniform(0.1, 0.9)),
        first, float(rng.uniform(20, 40)), pair, 12.0 if pair[0] == "person" else 25.0,
    )  # fmt: skip
    layout = straight_road(3, per_hour_lane=1.0)
    return Scripted(IncidentKind.NEAR_MISS, layout, (script,), 22.0, tick_s=0.1)


def tailgating(rng: np.random.Generator) -> Scripted:
    closing = float(rng.uniform(25, 45))
    script = FollowingConflict(
        2.0, (5.5, float(rng.uniform(50, 75))), float(rng.uniform(0.4, 1.0)),
        float(rng.uniform(15, 30)), closing,
    )  # fmt: skip
    layout = straight_road(3, per_hour_lane=1.0)
    return Scripted(IncidentKind.NEAR_MISS, layout, (script,), 12.0, tick_s=0.1)


def spillback(rng: np.random.Generator) -> Scripted:
    layout = junction(main_per_hour=float(rng.uniform(700, 900)))
    return Scripted(IncidentKind.QUEUE_SPILLBACK, layout, (), 240.0, 5.0)


def congestion(rng: np.random.Generator) -> Scripted:
    """All lanes are blocked for minutes."""
    place = float(rng.uniform(150, 180))
    scripts = tuple(StopInLane(1.0, f"away-{k}", place, 400.0) for k in (1, 2, 3))
    layout = _road(rng, float(rng.uniform(1000, 1400)))
    return Scripted(IncidentKind.CONGESTION, layout, scripts, 260.0, sure=True)


SCENES: dict[str, Callable[[np.random.Generator], Scripted]] = {
    "stopped vehicle": stopped,
    "slow vehicle": slow,
    "wrong way": wrong_way,
    "illegal parking": parked,
    "debris": debris,
    "pedestrian on the road": on_foot,
    "cyclist on the road": on_bicycle,
    "red light": red_light,
    "speeding": speeding,
    "queue spill-back": spillback,
    "congestion": congestion,
    "near miss by PET": encroachment,
    "near miss by TTC": tailgating,
}

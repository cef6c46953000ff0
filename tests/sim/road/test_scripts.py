"""Every script lets happen what its incident says, seen from positions alone."""

import math

import numpy as np
import pytest

from its_camera_ai.core.incidents import IncidentKind
from its_camera_ai.core.signals import SignalState
from its_camera_ai.sim.road.collisions import overlaps
from its_camera_ai.sim.road.free_scripts import (
    CrossingConflict,
    CrossRoad,
    FollowingConflict,
    WrongWay,
)
from its_camera_ai.sim.road.junction import junction
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
from its_camera_ai.sim.road.truth import TrueIncident
from its_camera_ai.sim.road.world import RoadSpec, RoadWorld

ROAD = straight_road(3, limit_kmh=60.0, per_hour_lane=250.0)
EMPTY = straight_road(3, limit_kmh=60.0, per_hour_lane=0.0)


def play(
    *scripts: Script, length_s: float, empty: bool = False, seed: int = 4
) -> tuple[RoadWorld, TrueIncident, np.ndarray]:
    """The world, its one incident, and (K, 6) of its main object: time, x, y, speed, heading, lane.
    Nobody may touch anybody."""
    layout = EMPTY if empty else ROAD
    spec = RoadSpec(layout, size_wh=None, warm_up_s=20.0, scripts=tuple(scripts))
    world = RoadWorld(spec, seed)
    rows: dict[int, list[tuple[float, ...]]] = {}
    for truth in world.run(length_s):
        assert overlaps(truth) == []
        speeds = truth.speed_mps
        for k, object_id in enumerate(truth.id.tolist()):
            rows.setdefault(object_id, []).append(
                (truth.pts_ns / 1e9, *truth.xy_m[k].tolist(), float(speeds[k]),
                 float(truth.heading_rad[k]), float(truth.lane[k]))
            )  # fmt: skip
    (incident,) = world.incidents
    return world, incident, np.array(rows[incident.object_ids[0]])


def during(incident: TrueIncident, path: np.ndarray) -> np.ndarray:
    end_ns = incident.ended_pts_ns
    assert end_ns is not None
    t = path[:, 0]
    return path[(t > incident.began_pts_ns / 1e9) & (t < end_ns / 1e9 - 0.05)]


@pytest.mark.parametrize("seed", [0, 2, 4])
def test_a_vehicle_stops_in_its_lane_and_goes_on(seed: int) -> None:
    _, incident, path = play(StopInLane(2.0, "away-2", 140.0, 15.0), length_s=60.0, seed=seed)
    assert (incident.kind, incident.place) == (IncidentKind.STOPPED_VEHICLE, "away-2")
    stood = during(incident, path)
    assert len(stood) == pytest.approx(150, abs=2)
    assert stood[:, 3].max() < 0.2
    assert set(stood[:, 5]) == {1.0}
    assert path[-1, 3] > 5.0


def test_one_parks_on_the_shoulder_and_leaves() -> None:
    _, incident, path = play(Park(2.0, "away-3", 150.0, 15.0), length_s=70.0)
    assert (incident.kind, incident.place) == (IncidentKind.ILLEGAL_PARKING, "shoulder")
    stood = during(incident, path)
    assert stood[:, 3].max() < 0.2
    assert stood[:, 1].min() > 3 * 3.65
    assert path[-1, 1] == pytest.approx(2.5 * 3.65, abs=0.1)


def test_one_crawls() -> None:
    _, incident, path = play(DriveSlowly(2.0, "away-3", 15.0), length_s=85.0)
    assert incident.kind is IncidentKind.SLOW_VEHICLE
    assert during(incident, path)[:, 3].max() * 3.6 < 17.0


def test_one_speeds() -> None:
    world, incident, _ = play(Speed(2.0, "away-1", 110.0), length_s=20.0, empty=True)
    assert incident.facts == {"speed_kmh": 110.0}
    speeds = [p.speed_kmh for p in world.passages if p.object_id == incident.object_ids[0]]
    assert speeds == pytest.approx([110.0, 110.0], rel=0.01)


def test_debris_lies_and_is_driven_round() -> None:
    world, incident, path = play(LoseLoad(2.0, "away-1", 140.0, 30.0), length_s=60.0)
    assert (incident.kind, incident.place) == (IncidentKind.DEBRIS, "away-1")
    assert np.ptp(path[:, 1:3], axis=0).max() == 0.0
    assert path[-1, 0] == pytest.approx((incident.ended_pts_ns or 0) / 1e9, abs=0.15)
    assert len(world.passages) > 4


@pytest.mark.parametrize(
    ("kind", "what"),
    [("person", IncidentKind.PEDESTRIAN_ON_ROAD), ("bicycle", IncidentKind.CYCLIST_ON_ROAD)],
)
def test_somebody_crosses_the_road_in_a_gap(kind: str, what: IncidentKind) -> None:
    cross = CrossRoad(2.0, (13.0, 70.0), (-2.0, 70.0), 1.5 if kind == "person" else 4.0, kind)
    _, incident, path = play(cross, length_s=60.0, seed=1)
    assert (incident.kind, incident.place) == (what, "carriageway")
    inside = during(incident, path)
    assert inside[:, 1].max() < 3 * 3.65
    assert inside[:, 1].min() > 0.0


def test_one_drives_the_wrong_way_in_a_closed_lane() -> None:
    scripts = CloseWay(0.0, "away-1", 60.0), WrongWay(25.0, "away-1", 50.0)
    _, incident, path = play(*scripts, length_s=60.0)
    assert (incident.kind, incident.place) == (IncidentKind.WRONG_WAY, "away-1")
    inside = during(incident, path)
    assert np.diff(inside[:, 2]).max() < 0
    assert inside[:, 4] == pytest.approx(-math.pi / 2)
    assert inside[:, 3] * 3.6 == pytest.approx(50.0)


def test_one_runs_a_red_light() -> None:
    layout = junction(walkers_per_hour=0.0, cyclists_per_hour=0.0, storage_m=None)
    spec = RoadSpec(layout, size_wh=None, scripts=(RunRed(5.0, "s-straight"),))
    world = RoadWorld(spec, seed=3)
    for truth in world.run(110.0):
        assert overlaps(truth) == []
    (incident,) = world.incidents
    red = [p for p in world.passages if p.signal is SignalState.RED]
    assert [(p.line, p.object_id) for p in red] == [(incident.place, incident.object_ids[0])]
    assert red[0].signal_since_s is not None
    assert red[0].signal_since_s > 1.0


@pytest.mark.parametrize("pet_s", [0.3, 1.0, 2.5])
def test_the_post_encroachment_time_is_the_one_asked_for(pet_s: float) -> None:
    """Found by sweeping the two strips' overlap with the true positions."""
    script = CrossingConflict(1.0, (5.0, 60.0), pet_s, 40.0, 25.0, ("car", "bus"))
    spec = RoadSpec(EMPTY, size_wh=None, warm_up_s=0.0, tick_s=0.02, scripts=(script,))
    world = RoadWorld(spec, seed=1)
    frames = [(t.pts_ns / 1e9, t) for t in world.run(12.0)]
    (incident,) = world.incidents
    later, first = incident.object_ids
    left_at = entered_at = math.nan
    for seconds, truth in frames:
        for k, object_id in enumerate(truth.id.tolist()):
            length = truth.dims_m[k, 0]
            x, y = truth.xy_m[k].tolist()
            if object_id == first and y - length / 2 <= 60.0 + 2.55 / 2:
                left_at = seconds
            if object_id == later and x + length / 2 <= 5.0 - 1.8 / 2:
                entered_at = seconds
    assert entered_at - left_at == pytest.approx(pet_s, abs=0.025)
    assert incident.began_pts_ns / 1e9 == pytest.approx(entered_at, abs=0.025)


@pytest.mark.parametrize("ttc_s", [0.8, 1.4])
def test_the_smallest_time_to_collision_is_the_one_asked_for(ttc_s: float) -> None:
    script = FollowingConflict(1.0, (5.0, 60.0), ttc_s)
    spec = RoadSpec(EMPTY, size_wh=None, warm_up_s=0.0, scripts=(script,))
    world = RoadWorld(spec, seed=1)
    frames = list(world.run(10.0))
    (incident,) = world.incidents
    behind, ahead = incident.object_ids
    found = []
    for truth in frames:
        at = {int(i): k for k, i in enumerate(truth.id)}
        if {ahead, behind} <= at.keys():
            a, b = at[ahead], at[behind]
            gap = (
                truth.xy_m[a, 1] - truth.xy_m[b, 1] - (truth.dims_m[a, 0] + truth.dims_m[b, 0]) / 2
            )
            closing = truth.velocity_mps[b, 1] - truth.velocity_mps[a, 1]
            if closing > 0.1:
                found.append((gap / closing, truth.pts_ns))
    smallest, at_ns = min(found)
    assert smallest == pytest.approx(ttc_s, abs=0.05)
    assert at_ns == incident.began_pts_ns


def test_a_queue_longer_than_its_lane_holds_spills_back() -> None:
    layout = junction(main_per_hour=400.0, left_per_hour=0.0, storage_m=15.0)
    world = RoadWorld(RoadSpec(layout, size_wh=None, warm_up_s=20.0), seed=2)
    over: set[tuple[str, int]] = set()
    for truth in world.run(60.0):
        over |= {(q.lane, truth.pts_ns) for q in world.queues if q.length_m > 15.0}
    assert {i.kind for i in world.incidents} == {IncidentKind.QUEUE_SPILLBACK}
    told = {
        (i.place, pts_ns)
        for i in world.incidents
        for pts_ns in range(i.began_pts_ns, i.ended_pts_ns or 60_050_000_000, 100_000_000)
    }
    assert told == over

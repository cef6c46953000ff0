import numpy as np
import pytest

from its_camera_ai.sim.car_following import equilibrium_gap_m
from its_camera_ai.sim.road.arrivals import new_vehicle
from its_camera_ai.sim.road.fleet import VEHICLE, Ahead, accel_mps2, drive
from its_camera_ai.sim.road.kinds import KINDS, NUMBER
from its_camera_ai.sim.road.network import Network, Stretch, Way
from its_camera_ai.sim.road.straight import straight_road
from its_camera_ai.sim.road.world import RoadSpec, RoadWorld


@pytest.mark.parametrize("leader_mps", [3.0, 10.0, 20.0])
def test_a_column_behind_a_steady_leader_comes_to_the_gap_of_the_closed_form(
    leader_mps: float,
) -> None:
    stretch = Stretch("lane", ((0.0, 0.0), (0.0, 30_000.0)), 28.0)
    network = Network((stretch,), (Way("lane", ("lane",)),))
    rng = np.random.default_rng(1)
    car = KINDS[NUMBER["car"]]
    fleet = np.zeros(0, VEHICLE)
    for k in range(5):
        row = new_vehicle(rng, network, k + 1, car, 0, 0.0)
        row["front_m"], row["speed"] = 200.0 - 30.0 * k, leader_mps
        fleet = np.concatenate([fleet, row])
    wish = np.full(len(fleet), 28.0)
    wish[0] = leader_mps
    for _ in range(2000):
        gap, lead = Ahead(network, fleet, 3.5).of_all()
        drive(fleet, accel_mps2(fleet, wish, gap, lead), gap - 0.4, 0.1)
        fleet["speed"][0] = leader_mps
    wanted = [equilibrium_gap_m(leader_mps, 28.0, t) for t in fleet["headway_s"][1:].tolist()]
    gap, _ = Ahead(network, fleet, 3.5).of_all()
    np.testing.assert_allclose(gap[1:], wanted, rtol=1e-3)


def test_more_demand_makes_the_road_denser_and_slower_up_to_its_capacity() -> None:
    """The fundamental diagram of one lane: flow = density × speed, capacity below 1 / headway."""
    seen = []
    for per_hour in (300.0, 1100.0, 4000.0):
        layout = straight_road(
            1, per_hour_lane=per_hour, limit_kmh=80.0, mix={"car": 1.0}, length_m=300.0
        )
        world = RoadWorld(RoadSpec(layout, size_wh=None), seed=3)
        for _ in world.run(120.0):
            pass
        rows = [r for r in world.tables.rows("c") if r.place.id == "away-1"]
        time_s = sum(r.tally.vehicle_s for r in rows)
        way_m = sum(r.tally.vehicle_m for r in rows)
        flow, density = way_m / (100.0 * 120.0) * 3600, time_s / (100.0 * 120.0) * 1000
        seen.append((flow, density, way_m / time_s * 3.6))
        passed = sum(p.line == "near" for p in world.passages) / 120.0 * 3600
        assert passed == pytest.approx(flow, rel=0.15)
    flows, densities, speeds = zip(*seen, strict=True)
    assert list(flows) == sorted(flows)
    assert list(densities) == sorted(densities)
    assert list(speeds) == sorted(speeds, reverse=True)
    assert 1300 < flows[-1] < 3600 / 1.04

"""Everything that the world says of itself, found again from its positions alone."""

import numpy as np
import pytest

from its_camera_ai.core.geometry import points_in_polygon
from its_camera_ai.core.intervals import PlaceKind
from its_camera_ai.core.road import Direction
from its_camera_ai.core.signals import SignalState
from its_camera_ai.sim.road.junction import junction
from its_camera_ai.sim.road.layout import Layout
from its_camera_ai.sim.road.scene import scene_of_road
from its_camera_ai.sim.road.straight import straight_road
from its_camera_ai.sim.road.world import RoadSpec, RoadWorld

STRAIGHT = straight_road(2, lanes_back=1, per_hour_lane=700.0, limit_kmh=80.0)
LENGTH_S = 120.0


@pytest.fixture(scope="module")
def straight() -> tuple[RoadWorld, dict[int, np.ndarray]]:
    """The world after its run, and of every vehicle (K, 4): time, x, y, length."""
    world = RoadWorld(RoadSpec(STRAIGHT), seed=11)
    paths: dict[int, list[tuple[float, ...]]] = {}
    for truth in world.run(LENGTH_S):
        for k, object_id in enumerate(truth.id.tolist()):
            row = (truth.pts_ns / 1e9, *truth.xy_m[k].tolist(), float(truth.dims_m[k, 0]))
            paths.setdefault(object_id, []).append(row)
    return world, {i: np.array(p) for i, p in paths.items()}


def test_passages_lie_where_the_positions_cross(
    straight: tuple[RoadWorld, dict[int, np.ndarray]],
) -> None:
    world, paths = straight
    assert {(p.line, p.direction) for p in world.passages} == {
        ("near", Direction.IN), ("far", Direction.IN),
        ("near_back", Direction.OUT), ("far_back", Direction.OUT),
    }  # fmt: skip
    at_m = {"near": 40.0, "far": 80.0, "near_back": 40.0, "far_back": 80.0}
    checked = 0
    for passage in world.passages:
        t, _, y, length = paths[passage.object_id].T
        way = 1 if passage.direction is Direction.IN else -1
        for offset, pts_ns in (
            (0.5, passage.front_pts_ns),
            (0.0, passage.pts_ns),
            (-0.5, passage.rear_pts_ns),
        ):
            place = way * (y - at_m[passage.line]) + offset * length
            if place[0] > 0:
                continue  # it was there before the first frame
            assert float(np.interp(0.0, place, t)) == pytest.approx(pts_ns / 1e9, abs=2e-3)
            checked += 1
    assert checked > 100


def test_headways_and_gaps_are_differences_of_passages(
    straight: tuple[RoadWorld, dict[int, np.ndarray]],
) -> None:
    world, _ = straight
    last: dict[tuple[str, str], tuple[int, int]] = {}
    for passage in world.passages:
        earlier = last.get((passage.line, passage.lane))
        if earlier is None:
            assert passage.headway_s is None
        else:
            assert passage.headway_s == (passage.front_pts_ns - earlier[0]) / 1e9
            assert passage.gap_s == (passage.front_pts_ns - earlier[1]) / 1e9
            assert 0 < passage.gap_s < passage.headway_s
        last[passage.line, passage.lane] = (passage.front_pts_ns, passage.rear_pts_ns)


def test_edies_sums_are_those_of_the_paths_in_the_box(
    straight: tuple[RoadWorld, dict[int, np.ndarray]],
) -> None:
    """Over all lanes north together, clipped at 25 m and 125 m by hand."""
    world, paths = straight
    time_s = way_m = 0.0
    for path in paths.values():
        t, x, y, _ = path.T
        if x[0] < 0 or len(t) < 2:
            continue
        fine = np.linspace(0.0, LENGTH_S, 120_001)
        there = (fine >= t[0] - 0.1) & (fine <= t[-1])
        place = np.interp(fine, t, y)
        place = np.where(fine < t[0], y[0] - (t[0] - fine) * (y[1] - y[0]) / 0.1, place)
        inside = there & (place >= 25.0) & (place < 125.0)
        time_s += float(inside.sum()) * (fine[1] - fine[0])
        way_m += float(np.clip(place[there][-1], 25, 125) - np.clip(place[there][0], 25, 125))
    rows = [
        r.tally
        for r in world.tables.rows("c")
        if r.place.kind is PlaceKind.LANE and r.place.id.startswith("away")
    ]
    assert sum(t.vehicle_s for t in rows) == pytest.approx(time_s, rel=2e-3)
    assert sum(t.vehicle_m for t in rows) == pytest.approx(way_m, rel=2e-3)


def test_minutes_add_up_to_longer_rows(
    straight: tuple[RoadWorld, dict[int, np.ndarray]],
) -> None:
    world, _ = straight
    minutes, hours = (world.tables.rows("c", length) for length in (60, 3600))
    for place in {r.place for r in hours}:
        long = sum(r.tally.total for r in hours if r.place == place)
        assert long == sum(r.tally.total for r in minutes if r.place == place)
    lines = sum(
        r.tally.total for r in minutes if r.place.kind is PlaceKind.LINE and not r.place.lane
    )
    assert lines == len(world.passages)


def test_speeds_are_those_of_the_middle(
    straight: tuple[RoadWorld, dict[int, np.ndarray]],
) -> None:
    world, paths = straight
    for passage in world.passages:
        t, _, y, _ = paths[passage.object_id].T
        k = int(np.searchsorted(t, passage.pts_ns / 1e9 - 1e-6))
        if 0 < k < len(t):
            speed = abs(y[k] - y[k - 1]) / (t[k] - t[k - 1]) * 3.6
            assert passage.speed_kmh == pytest.approx(speed, rel=0.01)


@pytest.mark.parametrize("layout", [STRAIGHT, junction()], ids=["straight", "junction"])
def test_scene_and_world_agree_on_lanes_and_the_calibration_is_exact(layout: Layout) -> None:
    world = RoadWorld(RoadSpec(layout), seed=12)
    assert world.camera is not None
    scene = scene_of_road(layout, world.camera)
    assert scene.calibration is not None
    for pair in scene.calibration.pairs:
        seen = world.camera.project(np.array([(*pair.world, 0.0)]))[0, :2]
        np.testing.assert_allclose(seen, pair.image, atol=1e-6)
    polygons = [lane.pixels(world.camera.size_wh) for lane in scene.lanes]
    for truth in world.run(20.0):
        drive = truth.way >= 0
        ground = np.column_stack([truth.xy_m[drive], np.zeros(drive.sum())])
        seen = world.camera.project(ground)[:, :2]
        inside = np.stack([points_in_polygon(seen, polygon) for polygon in polygons])
        lane = np.where(inside.any(axis=0), inside.argmax(axis=0), -1)
        assert np.array_equal(lane, truth.lane[drive])


def test_twelve_movements_and_every_trip_is_one_of_them_and_stops_at_red() -> None:
    layout = junction()
    world = RoadWorld(RoadSpec(layout, size_wh=None), seed=13)
    scene = scene_of_road(layout, RoadWorld(RoadSpec(layout, warm_up_s=0.0), seed=1).camera)
    assert len(scene.movements) == 12
    for _ in world.run(150.0):
        pass
    assert {trip.movement for trip in world.trips} <= {m.id for m in scene.movements}
    assert len(world.trips) > 25
    assert all(trip.left_pts_ns > trip.entered_pts_ns for trip in world.trips)
    assert min(trip.delay_s for trip in world.trips) > -3.0
    shown = [p.signal for p in world.passages if p.line.endswith("-stop")]
    assert len(shown) > 12
    assert SignalState.RED not in shown

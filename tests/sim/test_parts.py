"""Camera, paths, signals, depth order and models on their own."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.sim.bodies import vehicle_shapes
from its_camera_ai.sim.camera import NEAR_M, PinholeCamera, Viewpoint
from its_camera_ai.sim.courtyard import PLANTERS, way_round
from its_camera_ai.sim.depth_order import Footprint, covers, far_to_near
from its_camera_ai.sim.figures import pose_figure
from its_camera_ai.sim.paths import Path, curve
from its_camera_ai.sim.signals import Aspect, Phase, SignalPlan
from its_camera_ai.sim.sprites import Pose, VehicleLook, vehicle_box
from its_camera_ai.sim.traffic import Driver, idm_accel

CAMERA = PinholeCamera(Viewpoint(0, 0, 8.0, 0.0, 15.0, 60.0), (640, 360))
metres = st.floats(-60, 60)


@given(x=metres, y=st.floats(5, 200))
def test_ground_undoes_the_projection(x: float, y: float) -> None:
    seen = CAMERA.project(np.array([[x, y, 0.0]]))
    assert np.allclose(CAMERA.ground(seen[:, :2]), [[x, y]], atol=1e-6)


def test_the_camera_looks_where_it_is_told() -> None:
    east = PinholeCamera(Viewpoint(0, 0, 5.0, 90.0, 0.0, 60.0), (640, 360))
    u, v, depth = east.project(np.array([[10.0, 0.0, 5.0]]))[0]
    assert (u, v, depth) == pytest.approx((320, 180, 10))
    right = east.project(np.array([[10.0, -1.0, 5.0]]))[0]
    assert right[0] > u


@given(
    x=metres,
    y=st.floats(-60, 200),
    z=st.floats(0, 6),
)
def test_a_ball_in_the_picture_is_never_missed(x: float, y: float, z: float) -> None:
    u, v, depth = CAMERA.project(np.array([[x, y, z]]))[0]
    if depth > NEAR_M and 0 <= u <= 640 and 0 <= v <= 360:
        assert CAMERA.sees_ball(x, y, z, 0.01)


def test_what_is_too_near_is_cut_off() -> None:
    street = np.array([[-1.0, -20.0, 0.0], [1.0, -20.0, 0.0], [1.0, 40.0, 0.0], [-1.0, 40.0, 0.0]])
    kept = CAMERA.clip_near(street)
    assert len(kept) == 4
    assert CAMERA.project(kept)[:, 2].min() >= NEAR_M - 1e-9
    assert len(CAMERA.clip_near(street - [0, 60, 0])) == 0


def test_a_path_is_walked_by_its_length() -> None:
    path = Path([(0.0, 0.0), (3.0, 0.0), (3.0, 4.0)])
    assert path.length_m == 7
    assert path.at(5.0) == (3.0, 2.0)
    assert path.at(-1.0) == (-1.0, 0.0)
    assert path.at(8.0) == (3.0, 5.0)


def test_curves_end_where_they_should() -> None:
    bend = curve((0.0, 0.0), 0.0, (6.0, 6.0), math.pi / 2)
    assert (bend[0], bend[-1]) == ((0.0, 0.0), (6.0, 6.0))
    assert math.atan2(bend[1][1], bend[1][0]) < 0.15


def test_signals_follow_their_plan() -> None:
    plan = SignalPlan((Phase("a", 10.0), Phase("b", 5.0)))
    seen: list[tuple[Aspect, Aspect]] = []
    for _ in range(round(plan.cycle_s)):
        seen.append((plan.aspect("a"), plan.aspect("b")))
        plan.step(1.0)
    assert [a for a, _ in seen].count(Aspect.GREEN) == 10
    assert [a for a, _ in seen].count(Aspect.YELLOW) == 3
    assert [b for _, b in seen].count(Aspect.GREEN) == 5
    assert all(Aspect.RED in pair for pair in seen)


@pytest.mark.parametrize(
    ("near", "far", "answer"),
    [
        (Footprint((0, 10), 0.0, (2, 1)), Footprint((0, 20), 0.0, (2, 1)), True),
        (Footprint((0, 20), 0.0, (2, 1)), Footprint((0, 10), 0.0, (2, 1)), False),
        (Footprint((5, 14), 1.57, (6, 1.2)), Footprint((8, 12), 1.57, (2, 0.9)), True),
        (Footprint((0, 10), 0.0, (2, 1)), Footprint((1, 10), 0.0, (2, 1)), None),
    ],
    ids=["nearer", "farther", "long one on the camera's side", "overlapping"],
)
def test_depth_order(near: Footprint, far: Footprint, answer: bool | None) -> None:
    assert covers(near, far, (0.0, 0.0)) is answer


def test_far_bodies_are_painted_first() -> None:
    prints = [Footprint((0.0, y), 1.57, (2.0, 1.0)) for y in (10.0, 30.0, 20.0)]
    boxes = [(0.0, 0.0, 10.0, 10.0)] * 3
    assert far_to_near(prints, boxes, (0.0, 0.0)) == [1, 2, 0]


@pytest.mark.parametrize("name", sorted(vehicle_shapes()))
def test_models_have_the_size_that_they_state(name: str) -> None:
    shape = vehicle_shapes()[name]
    low, high = shape.homogeneous[:3].min(axis=1), shape.homogeneous[:3].max(axis=1)
    assert np.abs(high - low - [shape.length_m, shape.width_m, shape.height_m]).max() < 0.09
    assert low[2] == pytest.approx(0.0, abs=1e-9)
    assert np.allclose(np.linalg.norm(shape.normals, axis=1), 1)
    assert sorted(shape.from_front) == sorted(shape.from_rear) == list(range(len(shape.faces)))


def test_models_cover_the_classes_of_vehicles() -> None:
    classes = {shape.class_id for shape in vehicle_shapes().values()}
    assert classes == {ObjectClass.CAR, ObjectClass.BUS, ObjectClass.TRUCK}


def test_a_lorry_under_the_camera_is_cut_and_not_turned_inside_out() -> None:
    look = VehicleLook(vehicle_shapes()["long_lorry"], (1, 2, 3), (4, 5, 6))
    view = vehicle_box(CAMERA, look, Pose(3.0, 2.0, math.pi / 2))
    assert view is not None
    assert view.xyxy[3] > 360
    assert view.xyxy[0] > 300
    assert vehicle_box(CAMERA, look, Pose(3.0, -30.0, math.pi / 2)) is None


@given(phase=st.floats(0, 20), gait=st.floats(0, 1))
def test_figures_stand_on_the_ground(phase: float, gait: float) -> None:
    limbs = pose_figure(phase, gait)
    lowest = (limbs.homogeneous[2].reshape(-1, 2) - limbs.radii).min()
    highest = (limbs.homogeneous[2].reshape(-1, 2) + limbs.radii).max()
    assert lowest == pytest.approx(0, abs=1e-9)
    assert 1.6 < highest < 1.8


@given(speed=st.floats(0, 40), gap=st.floats(0.1, 500), approach=st.floats(-40, 40))
def test_idm_brakes_harder_when_nearer(speed: float, gap: float, approach: float) -> None:
    driver = Driver()
    nearer = idm_accel(speed, 30.0, gap, approach, driver)
    farther = idm_accel(speed, 30.0, gap + 5, approach, driver)
    assert nearer <= farther <= driver.accel_mps2


@given(x=st.floats(-20, 20), y=st.floats(-15, 15))
def test_ways_go_round_planters(x: float, y: float) -> None:
    start, end = (x, y), (-x, 16.0)
    inside = [math.dist(p[:2], q) < p[2] + 1.2 for p in PLANTERS for q in (start, end)]
    if any(inside):
        return
    way = [start, *way_round(start, end)]
    assert way[-1] == end
    if len(way) == 3:
        for planter in PLANTERS:
            assert math.dist(way[1], planter[:2]) > planter[2]

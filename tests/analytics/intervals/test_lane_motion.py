"""Between two looks: how long and how far in which lane, and over which detectors."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from its_camera_ai.analytics.intervals.lane_axes import LaneAxes
from its_camera_ai.analytics.intervals.lane_motion import LaneMotion, lane_motion
from its_camera_ai.core.detections import ObjectClass
from tests.analytics.intervals.street import PLANE, SCENE, Vehicle, frame

AXES = LaneAxes.of(SCENE, PLANE)
EAST, WEST = 0, 1
NAMES = {(d.lane, d.line): number for number, d in enumerate(AXES.detectors)}


def motion(
    *vehicles: Vehicle, since: float = 0.0, until: float = 0.5, lag_m: float = 0.0
) -> LaneMotion:
    before, now = (frame(t, vehicles, lane_lag_m=lag_m) for t in (since, until))
    return lane_motion(before, now, AXES, until - since)


@pytest.mark.parametrize(
    ("vehicle", "time_s", "way_m"),
    [
        pytest.param(Vehicle(1, 30, 10), 0.5, 5, id="inside"),
        pytest.param(Vehicle(1, 8, 10), 0.3, 3, id="comes in at 0.2 s"),
        pytest.param(Vehicle(1, 87, 10), 0.3, 3, id="goes out at 0.3 s"),
        pytest.param(Vehicle(1, 8, 10, since_s=0.4), 0.3, 3, id="first seen inside"),
        pytest.param(Vehicle(1, 87, 10, until_s=0.1), 0.3, 3, id="last seen inside"),
        pytest.param(Vehicle(1, 30, 0), 0.5, 0, id="stands"),
        pytest.param(Vehicle(1, 50, -10), 0.5, -5, id="the wrong way"),
        pytest.param(Vehicle(1, 30, 10, kind=ObjectClass.PERSON), 0, 0, id="no vehicle"),
        pytest.param(Vehicle(1, 30, 10, valid=False), 0, 0, id="not valid"),
        pytest.param(Vehicle(-1, 30, 10), 0, 0, id="unknown id"),
    ],
)
def test_time_and_distance_in_a_lane(vehicle: Vehicle, time_s: float, way_m: float) -> None:
    found = motion(vehicle)
    assert found.vehicle_s(0, 1, 2).tolist() == pytest.approx([time_s, 0])
    assert found.vehicle_m(0, 1, 2).tolist() == pytest.approx([way_m, 0])


def test_a_lane_that_is_told_late_is_made_up_for() -> None:
    """In the lane from x = 10 m on, told from 13 m on."""
    car = Vehicle(1, 10.0, 10.0, since_s=-5)
    total_s = sum(
        motion(car, since=k / 10, until=(k + 1) / 10, lag_m=3.0).vehicle_s(0, 1, 2)[EAST]
        for k in range(-10, 20)
    )
    assert total_s == pytest.approx(2.0)


def test_one_that_changes_lanes_was_half_of_the_time_in_each() -> None:
    before = frame(0, [Vehicle(1, 30, 10, y_m=6.0)])
    now = frame(0.5, [Vehicle(1, 30, 10, y_m=14.0)])
    found = lane_motion(before, now, AXES, 0.5)
    assert found.vehicle_s(0, 1, 2).tolist() == pytest.approx([0.25, 0.25])


@given(
    st.floats(-5, 105),
    st.floats(-40, 40),
    st.floats(0.02, 3),
    st.lists(st.floats(0, 1), max_size=3),
)
def test_parts_of_an_interval_add_up_to_it(
    x_m: float, mps: float, dt_s: float, cuts: list[float]
) -> None:
    found = motion(Vehicle(1, x_m, mps, length_m=9.0), until=dt_s)
    edges = [0.0, *sorted(cuts), 1.0]
    parts = list(itertools.pairwise(edges))
    parts = [(a, b) for a, b in parts if a < b]
    for name in ("vehicle_s", "vehicle_m"):
        whole = getattr(found, name)(0, 1, 2)
        assert sum(getattr(found, name)(a, b, 2) for a, b in parts) == pytest.approx(
            whole, abs=1e-9
        )
    covered = [span for a, b in parts for span in found.covered(a, b)]
    assert sum(b - a for _, a, b in covered) == pytest.approx(
        sum(b - a for _, a, b in found.covers), abs=1e-9
    )


@pytest.mark.parametrize(
    ("vehicle", "name", "since_u", "until_u"),
    [
        pytest.param(Vehicle(1, 82, 10), (EAST, "stop"), 0.2, 1.0, id="front over the stop line"),
        pytest.param(Vehicle(1, 49, 20), (EAST, "middle"), 0.0, 0.3, id="rear leaves the line"),
        pytest.param(Vehicle(1, 85, 0), (EAST, "stop"), 0.0, 1.0, id="stands on it"),
        pytest.param(
            Vehicle(1, 51, -10, y_m=14), (WEST, "middle"), 0.0, 0.6, id="the other carriageway"
        ),
    ],
)
def test_a_detector_is_covered_from_front_to_rear(
    vehicle: Vehicle, name: tuple[int, str], since_u: float, until_u: float
) -> None:
    (cover,) = motion(vehicle).covers
    assert cover == pytest.approx((NAMES[name], since_u, until_u))


def test_a_vehicle_of_unknown_length_has_the_typical_one() -> None:
    (cover,) = motion(Vehicle(1, 75, 20, length_m=float("nan"), kind=ObjectClass.BUS)).covers
    assert cover[1:] == pytest.approx((0.4, 1.0))  # 12 m: from 79 m on


def test_nothing_between_two_empty_looks() -> None:
    found = motion()
    assert found.vehicle_s(0, 1, 2).tolist() == [0, 0]
    assert found.covers == []


def test_presence_of_one_that_drives_past_is_its_length_over_its_speed() -> None:
    car = Vehicle(1, -10.0, 20.0, length_m=5.0)
    steps = np.linspace(0, 6, 40)
    covered: dict[int, float] = {}
    for since, until in itertools.pairwise(steps):
        for number, a, b in motion(car, since=float(since), until=float(until)).covers:
            covered[number] = covered.get(number, 0.0) + (b - a) * (until - since)
    assert covered == pytest.approx({NAMES[EAST, "stop"]: 0.25, NAMES[EAST, "middle"]: 0.25})

"""Conflict measures against closed forms."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from its_camera_ai.analytics.measures.conflicts import (
    Bodies,
    ConflictType,
    TimedPath,
    conflict_angle_deg,
    conflict_type,
    meet_turning,
    needed_deceleration,
    post_encroachment,
    times_to_collision,
)


def body(
    x: float, y: float, speed: float, heading_deg: float, length: float = 4.5, width: float = 1.8
) -> Bodies:
    heading = math.radians(heading_deg)
    return Bodies(
        np.array([[x, y]]),
        speed * np.array([[math.cos(heading), math.sin(heading)]]),
        np.array([heading]),
        np.array([length]),
        np.array([width]),
    )


@pytest.mark.parametrize(
    ("first", "second", "ttc_s"),
    [
        pytest.param(body(0, 0, 20, 0), body(44.5, 0, 10, 0), 4.0, id="rear-end: gap 40 m at 10"),
        pytest.param(body(0, 0, 10, 0), body(44.5, 0, 10, 0), math.inf, id="same speed"),
        pytest.param(body(0, 0, 10, 0), body(44.5, 0, 20, 0), math.inf, id="drives away"),
        pytest.param(body(0, 0, 15, 0), body(54.5, 0, 10, 180), 2.0, id="head-on: 50 m at 25"),
        pytest.param(body(0, 0, 15, 0), body(54.5, 3.5, 10, 180), math.inf, id="next lane"),
        pytest.param(body(0, 0, 15, 0), body(54.5, 1.79, 10, 180), 2.0, id="edges touch"),
        pytest.param(body(0, 0, 0, 0), body(1, 0, 0, 0), 0.0, id="overlap standing"),
        pytest.param(body(0, 0, 0, 0), body(9, 0, 0, 0), math.inf, id="apart standing"),
        # the crossing one's front is 2.25 m ahead of its middle and must reach y = -0.9; it starts
        # at -20, so 16.85 m at 10 m/s; by then the other covers it until x = 16.85 - 0.9 - 2.25
        pytest.param(body(0, 0, 10, 0), body(17, -20, 10, 90), 1.685, id="right angle"),
        pytest.param(body(0, 0, 10, 0), body(30, -20, 10, 90), math.inf, id="right angle, behind"),
    ],
)
def test_time_to_collision(first: Bodies, second: Bodies, ttc_s: float) -> None:
    assert times_to_collision(first, second)[0] == pytest.approx(ttc_s, abs=1e-9)
    assert times_to_collision(second, first)[0] == pytest.approx(ttc_s, abs=1e-9)


def corners(of: Bodies, t_s: float) -> np.ndarray:
    cos, sin = math.cos(of.heading_rad[0]), math.sin(of.heading_rad[0])
    half = np.array([(sx * of.length_m[0] / 2, sy * of.width_m[0] / 2)
                     for sx, sy in ((1, 1), (1, -1), (-1, -1), (-1, 1))])  # fmt: skip
    turned = half @ np.array([[cos, sin], [-sin, cos]])
    return np.asarray(turned + of.xy_m[0] + of.velocity_mps[0] * t_s)


def apart_m(first: Bodies, second: Bodies, t_s: float) -> float:
    """The largest gap between the projections on any edge normal; below 0 they overlap."""
    gaps = []
    for angle in (first.heading_rad[0], second.heading_rad[0]):
        for axis in ((math.cos(angle), math.sin(angle)), (-math.sin(angle), math.cos(angle))):
            a, b = (corners(of, t_s) @ np.array(axis) for of in (first, second))
            gaps.append(max(a.min() - b.max(), b.min() - a.max()))
    return max(gaps)


@settings(max_examples=60)
@given(
    x=st.floats(-40, 40), y=st.floats(-40, 40), va=st.floats(0, 30), vb=st.floats(0, 30),
    ha=st.floats(0, 360), hb=st.floats(0, 360), width=st.floats(0.4, 3), length=st.floats(0.5, 18),
)  # fmt: skip
def test_bodies_touch_at_that_time_and_not_before(
    x: float, y: float, va: float, vb: float, ha: float, hb: float, width: float, length: float
) -> None:
    first, second = body(0, 0, va, ha), body(x, y, vb, hb, length, width)
    ttc_s = float(times_to_collision(first, second)[0])
    if math.isinf(ttc_s):
        assert all(apart_m(first, second, t) > -1e-6 for t in np.linspace(0, 20, 81))
        return
    assert apart_m(first, second, ttc_s) < 1e-6
    if ttc_s > 1e-3:
        assert all(
            apart_m(first, second, t) > -1e-6 for t in np.linspace(0, ttc_s * (1 - 1e-9), 21)
        )


def test_needed_deceleration_is_drac_behind_one_another() -> None:
    first, second = body(0, 0, 20, 0), body(44.5, 0, 10, 0)
    needed = needed_deceleration(first, second, times_to_collision(first, second))
    assert needed[0] == pytest.approx(10**2 / (2 * 40), abs=1e-12)
    away = body(44.5, 0, 30, 0)
    assert needed_deceleration(first, away, times_to_collision(first, away))[0] == 0


@pytest.mark.parametrize(
    ("one", "other", "angle", "kind"),
    [
        pytest.param(0, 29, 29, ConflictType.REAR_END, id="below 30"),
        pytest.param(0, 30, 30, ConflictType.LANE_CHANGE, id="30"),
        pytest.param(350, 75, 85, ConflictType.LANE_CHANGE, id="85, over north"),
        pytest.param(10, 96, 86, ConflictType.CROSSING, id="above 85"),
        pytest.param(10, 190, 180, ConflictType.CROSSING, id="head-on"),
    ],
)
def test_conflict_type_by_angle(one: float, other: float, angle: float, kind: ConflictType) -> None:
    found = float(conflict_angle_deg(math.radians(one), math.radians(other)))
    assert found == pytest.approx(angle, abs=1e-9)
    assert conflict_type(round(found, 9)) is kind


def straight(
    x: float, y: float, speed: float, heading_deg: float, until_s: float = 10.0, step_s: float = 0.1
) -> TimedPath:
    """At t = 0 its middle is at (x, y)."""
    t = np.arange(-10.0, until_s + 1e-9, step_s)
    heading = math.radians(heading_deg)
    way = np.array([math.cos(heading), math.sin(heading)])
    return TimedPath(t, np.array([x, y]) + t[:, None] * speed * way, 4.5, 1.8)


@settings(max_examples=50)
@given(
    angle=st.floats(20, 160), va=st.floats(2, 25), vb=st.floats(2, 25), late_s=st.floats(0, 6),
    step_s=st.sampled_from([0.04, 0.1, 0.3]),
)  # fmt: skip
def test_post_encroachment_of_straight_ways_is_exact(
    angle: float, va: float, vb: float, late_s: float, step_s: float
) -> None:
    """Both middles are at the origin, the second one ``late_s`` after the first."""
    first = straight(0, 0, va, 0, step_s=step_s)
    way = np.array([math.cos(math.radians(angle)), math.sin(math.radians(angle))])
    start = -late_s * vb * way
    second = straight(float(start[0]), float(start[1]), vb, angle, step_s=step_s)
    found = post_encroachment(first, second)
    assert found is not None
    sine, cosine = math.sin(math.radians(angle)), abs(math.cos(math.radians(angle)))
    reach = (1.8 + 1.8 * cosine) / (2 * sine)
    left_s, entered_s = (reach + 2.25) / va, late_s - (reach + 2.25) / vb
    assert found.pet_s == pytest.approx(entered_s - left_s, abs=1e-6)
    assert found.angle_deg == pytest.approx(angle, abs=1e-6)
    assert found.xy_m == pytest.approx((0, 0), abs=1e-6)


def test_what_has_just_entered_is_found_by_thinking_its_way_on() -> None:
    first = straight(0, 0, 10, 0)
    # the front enters the area, 0.9 m before the middle of the other's way, at t = 3
    second = straight(0, -0.9 - 2.25 - 3 * 8.0, 8.0, 90, until_s=3.1)
    assert post_encroachment(first, second) is None
    found = post_encroachment(first, second, ahead_m=6.0)
    assert found is not None
    assert found.entered_s == pytest.approx(3.0, abs=1e-9)
    earlier = straight(0, -0.9 - 2.25 - 3 * 8.0, 8.0, 90, until_s=2.9)
    assert post_encroachment(first, earlier, ahead_m=6.0) is None


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param(straight(0, 0, 10, 0), straight(0, 5, 10, 0), id="parallel"),
        pytest.param(straight(0, 0, 10, 0), straight(300, -5, 10, 90), id="crosses beyond"),
        pytest.param(straight(0, 0, 10, 0, until_s=0.1), straight(0, -9, 9, 90), id="still there"),
        pytest.param(straight(0, 0, 0, 0), straight(0, -9, 9, 90), id="stands"),
    ],
)
def test_no_encroachment(first: TimedPath, second: TimedPath) -> None:
    assert post_encroachment(first, second) is None


def test_directions_over_a_length_do_not_mind_jitter() -> None:
    rng = np.random.default_rng(3)
    first, second = straight(0, 0, 1.4, 0), straight(0, -24.0, 8.0, 90)
    shaken = TimedPath(first.t_s, first.xy_m + rng.normal(0, 0.03, first.xy_m.shape), 4.5, 1.8)
    plain = post_encroachment(first, second)
    found = post_encroachment(shaken, second, direction_m=2.0)
    assert plain is not None
    assert found is not None
    assert found.angle_deg == pytest.approx(90, abs=5)
    assert found.pet_s == pytest.approx(plain.pet_s, abs=0.15)


def test_two_that_turn_pass_each_other_though_their_tangents_meet() -> None:
    """Opposing left turns: on the way round the tangents cross, the circles do not."""
    radius, speed, angle = 10.0, 5.0, math.radians(25)
    turn = np.array([speed / radius])
    one = body(-8 + radius * math.cos(angle), -8 + radius * math.sin(angle), speed, 90 + 25)
    other = body(8 - radius * math.cos(angle), 8 - radius * math.sin(angle), speed, 270 + 25)
    assert times_to_collision(one, other)[0] < 3
    assert not meet_turning(one, other, turn, turn, 3.0)[0]
    assert meet_turning(one, other, 0 * turn, 0 * turn, 3.0)[0]


def test_a_turning_body_follows_its_circle() -> None:
    """A quarter of a circle of 10 m, and there it meets what stands there."""
    speed, radius = 5.0, 10.0
    turn = np.array([speed / radius])
    quarter_s = math.pi / 2 * radius / speed
    goal = body(radius, radius, 0, 0, 0.1, 0.1)
    mover = body(0, 0, speed, 0, 0.2, 0.2)
    zero = np.zeros(1)
    assert meet_turning(mover, goal, turn, zero, quarter_s + 0.05, 0.02)[0]
    assert not meet_turning(mover, goal, turn, zero, quarter_s - 0.2, 0.02)[0]

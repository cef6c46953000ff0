"""Vehicles are thought on along the ways that others took."""

import math

import numpy as np

from its_camera_ai.analytics.incidents.memory import TrackMemory
from its_camera_ai.analytics.incidents.places import Places
from its_camera_ai.analytics.incidents.usual_paths import UsualPaths
from its_camera_ai.analytics.incidents.view import View
from its_camera_ai.analytics.measures.conflicts import Bodies
from its_camera_ai.core.scene import Scene
from tests.analytics.incidents.stage import PLANE, SIZE_WH, Actor, Stage

RADIUS_M, SPEED = 8.0, 5.0


def left_turn(track: int, start_s: float) -> Actor:
    """North along x = 100 to y = 4, then a quarter circle to the west."""
    path = [(start_s, 100.0, 4.0 - 10.0), (start_s + 2.0, 100.0, 4.0)]
    quarter_s = math.pi / 2 * RADIUS_M / SPEED
    for k in range(1, 13):
        angle = k / 12 * math.pi / 2
        x = 100.0 - RADIUS_M + RADIUS_M * math.cos(angle)
        path.append((start_s + 2.0 + quarter_s * k / 12, x, 4.0 + RADIUS_M * math.sin(angle)))
    end_s = path[-1][0]
    return Actor(track, [*path, (end_s + 2.0, path[-1][1] - 10.0, path[-1][2])])


def body(x: float, y: float, vx: float, vy: float) -> Bodies:
    return Bodies(
        np.array([[x, y]]),
        np.array([[vx, vy]]),
        np.array([math.atan2(vy, vx)]),
        np.array([4.5]),
        np.array([1.8]),
    )


def learnt(turns: int) -> UsualPaths:
    usual, memory, stage = UsualPaths(), TrackMemory(30.0), Stage(Scene())
    places = Places.of(Scene(), PLANE, SIZE_WH)
    actors = [left_turn(k + 1, 8.0 * k) for k in range(turns)]
    for k in range(1, round(8.0 * turns / 0.2) + 40):
        stage.t_s = 0.2 * k
        usual.update(View.of(stage.frame(actors), places, memory, 0.2))
    return usual


def test_who_is_about_to_turn_does_not_meet_who_comes_straight() -> None:
    """At the beginning of its turn it still heads for where the other will be."""
    turner, other = body(100.0, 3.0, 0.0, SPEED), body(101.6, 26.0, 0.0, -8.0)
    usual = learnt(3)
    assert len(usual) == 3
    assert not usual.meet(turner, other, 0.0, 0.0, 1.9)
    assert UsualPaths().meet(turner, other, 0.0, 0.0, 1.9)


def test_who_turns_does_meet_who_stands_in_its_way() -> None:
    turner, thing = body(100.0, 3.0, 0.0, SPEED), body(96.5, 10.5, 0.0, 0.0)
    assert learnt(3).meet(turner, thing, 0.0, 0.0, 2.0)
    assert not UsualPaths().meet(turner, thing, 0.0, 0.0, 1.0)


def test_only_the_last_paths_are_kept() -> None:
    usual = learnt(2)
    path = usual._done[0]
    for _ in range(500):
        usual._done.append(path)
    assert len(usual) == 80

"""Thinning of paths."""

import numpy as np
import pytest

from its_camera_ai.analytics.road_users import trajectories
from its_camera_ai.analytics.road_users.roster import POINTS, Roster

S = 1_000_000_000


def walked(path: list[tuple[float, float, float, float]]) -> tuple[Roster, int]:
    """Rows of (seconds, x, y, heading)."""
    roster = Roster()
    slots = roster.admit(np.array([5]))
    for at_s, x, y, heading in path:
        roster.xy_m[slots] = (x, y)
        roster.heading_rad[slots] = heading
        trajectories.extend(roster, slots, round(at_s * S), np.array([1.0]), 0.5, 15.0)
    return roster, int(slots[0])


def test_two_points_a_second_where_it_goes_straight() -> None:
    roster, slot = walked([(k / 10, float(k), 0.0, 0.0) for k in range(31)])
    pts_ns, xy_m, speed_mps = trajectories.points(roster, slot)
    assert (pts_ns / S).tolist() == [0, 0.5, 1, 1.5, 2, 2.5, 3]
    assert xy_m[:, 0].tolist() == [0, 5, 10, 15, 20, 25, 30]
    assert speed_mps.tolist() == [1.0] * 7


def test_a_turning_point_is_kept() -> None:
    path = [(0.0, 0, 0, 0.0), (0.2, 2, 0, 0.1), (0.3, 3, 0.5, 0.5), (0.4, 3.1, 0.6, 0.55)]
    roster, slot = walked(path)
    assert trajectories.points(roster, slot)[1].tolist() == [[0, 0], [3, 0.5]]


def test_one_that_stands_leaves_a_point_every_ten_seconds() -> None:
    roster, slot = walked([(k / 5, 1.0, 1.0, 0.0) for k in range(126)])
    assert (trajectories.points(roster, slot)[0] / S).tolist() == [0, 10, 20]


def test_a_long_path_gets_coarser_and_never_larger() -> None:
    roster, slot = walked([(k / 2, float(k), 0.0, 0.0) for k in range(3 * POINTS)])
    pts_ns, xy_m, _ = trajectories.points(roster, slot)
    assert POINTS / 2 <= len(xy_m) <= POINTS
    assert xy_m[0].tolist() == [0, 0]
    assert xy_m[-1, 0] >= 3 * POINTS - 5
    assert (np.diff(pts_ns) > 0).all()


@pytest.mark.parametrize("points", [3, POINTS - 1], ids=["short", "too long for both"])
def test_joined_paths_follow_one_another(points: int) -> None:
    roster = Roster()
    old, new = (int(s) for s in roster.admit(np.array([1, 2])))
    for k in range(2 * points):
        slots = np.array([old if k < points else new])
        roster.xy_m[slots] = (float(k), 0.0)
        trajectories.extend(roster, slots, k * S, np.array([1.0]), 0.5, 15.0)
    trajectories.join(roster, old, new)
    pts_ns, xy_m, _ = trajectories.points(roster, new)
    assert xy_m[0, 0] == 0
    assert xy_m[-1, 0] >= 2 * points - 2
    assert (np.diff(pts_ns) > 0).all()
    assert len(pts_ns) <= POINTS


def test_lanes_in_order_each_change_once() -> None:
    roster = Roster()
    slot = int(roster.admit(np.array([1]))[0])
    assert trajectories.lanes_of(roster, slot) == []
    lanes = [-1, 0, 0, 2, -1, 2, 0]
    roster.point_lane[slot, : len(lanes)] = lanes
    roster.point_n[slot] = len(lanes)
    assert trajectories.lanes_of(roster, slot) == [0, 2, 0]

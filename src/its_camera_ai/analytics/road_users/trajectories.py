"""Paths on the ground, thinned out while they grow."""

import numpy as np

from its_camera_ai.analytics.road_users.roster import POINTS, Floats, Ints, Roster, Slots
from its_camera_ai.core.time import NS_PER_S

_MOVED_M = 0.3
_STANDING_S = 10.0


def extend(
    roster: Roster, slots: Slots, pts_ns: int, speed_mps: Floats, every_s: float, turn_deg: float
) -> None:
    """Add the present place of each slot where a point is due.

    That is after ``every_s`` if it moved by 0.3 m or 10 s have gone by, or where the heading has
    changed by ``turn_deg`` since the last point. A full trajectory loses every second point, and
    takes half as many from then on.
    """
    n = roster.point_n[slots]
    last = np.maximum(n - 1, 0)
    since_s = (pts_ns - roster.point_ns[slots, last]) / NS_PER_S
    moved = roster.xy_m[slots] - roster.point_xy_m[slots, last]
    far = np.hypot(moved[:, 0], moved[:, 1]) >= _MOVED_M
    every = every_s * roster.point_every[slots]
    turned = np.abs(_wrapped(roster.heading_rad[slots] - roster.point_heading_rad[slots]))
    due = (since_s >= every) & (far | (since_s >= _STANDING_S))
    due |= (turned >= np.radians(turn_deg)) & far  # not where a heading is NaN
    due |= n == 0
    if not due.any():
        return
    slots, speed_mps = slots[due], speed_mps[due]
    for slot in slots[roster.point_n[slots] >= POINTS].tolist():
        _halve(roster, slot)
    at = roster.point_n[slots]
    roster.point_ns[slots, at] = pts_ns
    roster.point_xy_m[slots, at] = roster.xy_m[slots]
    roster.point_speed_mps[slots, at] = speed_mps
    roster.point_lane[slots, at] = roster.lane[slots]
    roster.point_heading_rad[slots] = roster.heading_rad[slots]
    roster.point_n[slots] += 1


def join(roster: Roster, before: int, now: int) -> None:
    """Put the points of slot ``before`` in front of those of slot ``now``."""
    while roster.point_n[before] + roster.point_n[now] > POINTS:
        _halve(roster, before if roster.point_n[before] > roster.point_n[now] else now)
    a, b = int(roster.point_n[before]), int(roster.point_n[now])
    for name in ("point_ns", "point_xy_m", "point_speed_mps", "point_lane"):
        column = getattr(roster, name)
        column[now, : a + b] = np.concatenate([column[before, :a], column[now, :b]])
    roster.point_n[now] = a + b


def lanes_of(roster: Roster, slot: int) -> list[int]:
    """Indices of the lanes that a track's points lie in, in order, each change once."""
    lanes = roster.point_lane[slot, : roster.point_n[slot]]
    lanes = lanes[lanes >= 0]
    if not len(lanes):
        return []
    return [int(lanes[0]), *lanes[1:][np.diff(lanes) != 0].tolist()]


def points(roster: Roster, slot: int) -> tuple[Ints, Floats, Floats]:
    """(K,) stream times, (K, 2) metres and (K,) m/s of a track."""
    n = int(roster.point_n[slot])
    return (
        roster.point_ns[slot, :n].copy(),
        roster.point_xy_m[slot, :n].copy(),
        roster.point_speed_mps[slot, :n].copy(),
    )


def _halve(roster: Roster, slot: int) -> None:
    n = int(roster.point_n[slot])
    for name in ("point_ns", "point_xy_m", "point_speed_mps", "point_lane"):
        column = getattr(roster, name)
        kept = column[slot, :n:2].copy()
        column[slot, : len(kept)] = kept
    roster.point_n[slot] = (n + 1) // 2
    roster.point_every[slot] *= 2


def _wrapped(angle_rad: Floats) -> Floats:
    wrapped: Floats = (angle_rad + np.pi) % (2 * np.pi) - np.pi
    return wrapped

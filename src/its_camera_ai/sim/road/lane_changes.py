"""When drivers change lanes: MOBIL.

Source: Kesting, Treiber, Helbing: General lane-changing model MOBIL for car-following models,
Transportation Research Record 1999 (2007), with its rule for keeping right as a bias.
"""

import math

import numpy as np
import numpy.typing as npt

from its_camera_ai.sim.car_following import (
    BRAKE_MPS2,
    STANDING_GAP_M,
    follow_mps2,
    moving_gap_m,
)
from its_camera_ai.sim.road.fleet import OPEN_ROAD_M, Ahead, Table
from its_camera_ai.sim.road.network import Network

Floats = npt.NDArray[np.float64]
POLITENESS, GAIN_MPS2, SAFE_MPS2, KEEP_RIGHT_MPS2 = 0.2, 0.2, 3.0, 0.25
"""What others' loss counts; what a change must bring; the hardest braking that it may force on the
one behind; how much more it must bring to the left than to the right."""
REST_S, LOOK_S = 5.0, 1.0
CHANGE_S, CHANGE_MIN_M = 3.5, 14.0
MOVING_MPS = 3.0
ENTRY_M = 25.0
"""Nobody changes before the rear is so far in: whoever comes in looks at one lane only."""


def change_lanes(
    network: Network,
    fleet: Table,
    wish: Floats,
    ahead: Ahead,
    tick: int,
    tick_s: float,
    closed: set[int],
    lane_m: float,
) -> None:
    """Let at most one of those whose turn it is to look round begin to change lanes: the new lane
    is its way from now on, and it swings over within some seconds.

    Args:
        wish: (N,) desired speeds. closed: ways that nobody may drive into.
    """
    every = max(1, round(LOOK_S / tick_s))
    now_s = tick * tick_s
    has_sides = (network.left[fleet["way"]] >= 0) | (network.right[fleet["way"]] >= 0)
    settled = fleet["front_m"] - fleet["length"] > fleet["turn_m"] + fleet["turn_len_m"]
    may = has_sides & settled & (fleet["changed_s"] + REST_S < now_s)
    may &= fleet["front_m"] - fleet["length"] > ENTRY_M
    may &= (fleet["speed"] > MOVING_MPS) & ((fleet["id"] + tick) % every == 0)
    for row in np.flatnonzero(may).tolist():
        best, gain = -1, 0.0
        for side, bias in ((network.left, -KEEP_RIGHT_MPS2), (network.right, KEEP_RIGHT_MPS2)):
            way = int(side[fleet["way"][row]])
            if way >= 0 and way not in closed:
                worth = _worth(fleet, wish, ahead, row, way) + bias - GAIN_MPS2
                if worth > gain:
                    best, gain = way, worth
        if best >= 0:
            to_left = best == network.left[fleet["way"][row]]
            fleet["way"][row] = best
            fleet["from_m"][row], fleet["to_m"][row] = -lane_m if to_left else lane_m, 0.0
            fleet["turn_m"][row] = fleet["front_m"][row]
            fleet["turn_len_m"][row] = max(CHANGE_MIN_M, CHANGE_S * fleet["speed"][row])
            fleet["changed_s"][row] = now_s
            return


def _worth(fleet: Table, wish: Floats, ahead: Ahead, row: int, way: int) -> float:
    """Gain in acceleration, one's own and a share of the others', m/s²; −inf if not safe."""
    own, new = (_Neighbours(fleet, ahead, row, int(w)) for w in (fleet["way"][row], way))
    front, rear = _ends(fleet, row)
    if new.leader_rear - front < STANDING_GAP_M or rear - new.follower_front < STANDING_GAP_M:
        return -np.inf
    mine = _accel(fleet, wish, row, new.leader_rear - front, new.leader_speed) - _accel(
        fleet, wish, row, own.leader_rear - front, own.leader_speed
    )
    others = 0.0
    speed = float(fleet["speed"][row])
    if new.follower is not None:
        place = new.follower_front
        after = _accel(fleet, wish, new.follower, rear - place, speed)
        if after < -SAFE_MPS2:
            return -np.inf
        others += after - _accel(
            fleet, wish, new.follower, new.leader_rear - place, new.leader_speed
        )
    if own.follower is not None:
        place = own.follower_front
        others += _accel(fleet, wish, own.follower, own.leader_rear - place, own.leader_speed)
        others -= _accel(fleet, wish, own.follower, rear - place, speed)
    return mine + POLITENESS * others


class _Neighbours:
    """Who is next to a vehicle on a way: where their ends are, ±inf for nobody."""

    def __init__(self, fleet: Table, ahead: Ahead, row: int, way: int) -> None:
        rears = ahead.rears_m(np.array([way]))[0]
        rears[row] = np.nan
        fronts = rears + fleet["length"]
        front = float(fleet["front_m"][row])
        before = np.where(fronts > front, rears, np.inf)
        behind = np.where(fronts <= front, fronts, -np.inf)
        k, j = int(before.argmin()), int(behind.argmax())
        self.leader_rear, self.follower_front = float(before[k]), float(behind[j])
        self.leader_speed = float(fleet["speed"][k]) if np.isfinite(self.leader_rear) else 0.0
        self.follower = j if np.isfinite(self.follower_front) else None


def _ends(fleet: Table, row: int) -> tuple[float, float]:
    front = float(fleet["front_m"][row])
    return front, front - float(fleet["length"][row])


def _accel(fleet: Table, wish: Floats, row: int, gap: float, lead: float) -> float:
    speed, a = float(fleet["speed"][row]), max(float(fleet["accel_max"][row]), 0.1)
    moving = moving_gap_m(
        speed, speed - lead, float(fleet["headway_s"][row]), 2 * math.sqrt(a * BRAKE_MPS2)
    )
    wanted = STANDING_GAP_M + max(0.0, moving)
    free = max(float(wish[row]), 0.1)
    return float(follow_mps2(speed, free, min(max(gap, 0.05), OPEN_ROAD_M), wanted, a))

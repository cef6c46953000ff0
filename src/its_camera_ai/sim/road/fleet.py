"""All vehicles of a road world as rows of one table, and how they follow each other."""

import numpy as np
import numpy.typing as npt

from its_camera_ai.sim.car_following import (
    BRAKE_MPS2,
    STANDING_GAP_M,
    follow_mps2,
    moving_gap_m,
)
from its_camera_ai.sim.road.network import Network

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Table = npt.NDArray[np.void]

VEHICLE = np.dtype(
    [
        ("id", "i8"),
        ("kind", "i8"),
        ("way", "i8"),
        ("front_m", "f8"),  # of the front, from the way's start
        ("speed", "f8"),
        ("accel", "f8"),  # at the last tick
        ("length", "f8"),
        ("width", "f8"),
        ("height", "f8"),
        ("pace", "f8"),
        ("top_mps", "f8"),
        ("headway_s", "f8"),
        ("accel_max", "f8"),
        ("from_m", "f8"),  # offset to the left of the way's middle, before and after
        ("to_m", "f8"),
        ("turn_m", "f8"),  # where on the way the change of offset begins, and its length
        ("turn_len_m", "f8"),
        ("hold_m", "f8"),  # a place not to be passed, inf for none
        ("cap_mps", "f8"),
        ("goes", "?"),  # passes its signal whatever it shows
        ("born_s", "f8"),
        ("changed_s", "f8"),
        ("free_s", "f8"),  # time that the way so far takes on an empty road
    ]
)

HARDEST_MPS2 = 8.0
CLEARANCE_M = 0.4
"""Nobody comes nearer than this, whatever the formula says."""
CRAWL_MPS, CRAWL_MPS2 = 0.25, 0.05
"""Whoever is slower and does not gather speed stands still: the formula alone would creep on."""
SLACK_M = 0.3
"""A body that reaches into a lane by less than this does not block it."""
OPEN_ROAD_M = 1e6


def aside_m(fleet: Table, s_m: Floats) -> Floats:
    """(N,) offset to the left of the way's middle at a place on the way: smooth from one to the
    other, so that nobody slides sideways while standing."""
    share = np.clip((s_m - fleet["turn_m"]) / fleet["turn_len_m"], 0.0, 1.0)
    aside: Floats = fleet["from_m"] + (fleet["to_m"] - fleet["from_m"]) * share**2 * (3 - 2 * share)
    return aside


def body(network: Network, fleet: Table) -> tuple[Floats, Floats]:
    """Middles (N, 2) and headings (N,): both axles, a fifth of the length from the ends, run on
    the way."""
    nose = fleet["front_m"] - 0.2 * fleet["length"]
    tail = fleet["front_m"] - 0.8 * fleet["length"]
    a = network.at(fleet["way"], nose, aside_m(fleet, nose))
    b = network.at(fleet["way"], tail, aside_m(fleet, tail))
    d = a - b
    return (a + b) / 2, np.arctan2(d[:, 1], d[:, 0])


def beside(network: Network, fleet: Table, lane_m: float) -> tuple[Ints, Bools]:
    """(N,) the neighbouring way into which the body reaches too, or −1; and whether it is in the
    way of those on its own, or is about to be."""
    front, rear = (
        aside_m(fleet, fleet["front_m"]),
        aside_m(fleet, fleet["front_m"] - fleet["length"]),
    )
    far = np.where(np.abs(front) > np.abs(rear), front, rear)
    near = np.minimum(np.abs(front), np.abs(rear))
    reach = (lane_m - fleet["width"]) / 2 + SLACK_M
    side = np.where(far > 0, network.left[fleet["way"]], network.right[fleet["way"]])
    blocks = (fleet["to_m"] == 0) | (near < reach + fleet["width"] - 2 * SLACK_M)
    return np.where(np.abs(far) > reach, side, -1), blocks


class Ahead:
    """Who drives before whom.

    Args:
        lane_m: width of a lane.
    """

    def __init__(self, network: Network, fleet: Table, lane_m: float) -> None:
        self._network = network
        self._fleet = fleet
        front, length = fleet["front_m"], fleet["length"]
        self.also, self.blocks = beside(network, fleet, lane_m)
        self._front_at = network.stretch_of(fleet["way"], front)
        self._rear_at = network.stretch_of(fleet["way"], front - length)
        self._ghosts = np.flatnonzero(self.also >= 0)

    def rears_m(self, way: Ints) -> Floats:
        """(M, N): where the rear of each vehicle is on each of the M ways; NaN where it is not."""
        offset = self._network.offset_m[way]
        length = self._fleet["length"]
        (front_stretch, front), (rear_stretch, rear) = self._front_at, self._rear_at
        by_front = offset[:, front_stretch] + (front - length)
        by_rear = offset[:, rear_stretch] + rear
        rears: Floats = np.where(np.isnan(by_front), by_rear, by_front)
        if not self.blocks.all():
            rears[:, ~self.blocks] = np.nan
        if len(self._ghosts):
            g = self._ghosts
            place = self._fleet["front_m"][g] - length[g]
            same = way[:, None] == self.also[g]
            rears[:, g] = np.where(same, place, rears[:, g])
        return rears

    def leaders(self, way: Ints, front_m: Floats, ids: Ints) -> tuple[Floats, Floats, Ints]:
        """Of M observers at places on ways: gap to the next ahead (inf for none), its speed, its
        row (meaningless without one).
        """
        if not len(self._fleet) or not len(way):
            none = np.full(len(way), np.inf)
            return none, np.zeros(len(way)), np.zeros(len(way), np.int64)
        rears = self.rears_m(way)
        fronts = rears + self._fleet["length"]
        own = front_m[:, None]
        before = (fronts > own) | ((fronts == own) & (self._fleet["id"] < ids[:, None]))
        before &= self._fleet["id"] != ids[:, None]
        gaps = np.where(before, rears - own, np.inf)
        row = gaps.argmin(axis=1)
        gap: Floats = gaps[np.arange(len(way)), row]
        return gap, np.where(np.isinf(gap), 0.0, self._fleet["speed"][row]), row

    def of_all(self) -> tuple[Floats, Floats]:
        """(N,) gap and speed of the next ahead, on one's own way and on the one into which one
        reaches; the nearer counts."""
        fleet, also = self._fleet, self.also
        two = np.flatnonzero(also >= 0)
        way = np.concatenate([fleet["way"], also[two]])
        rows = np.concatenate([np.arange(len(fleet)), two])
        gap, speed, _ = self.leaders(way, fleet["front_m"][rows], fleet["id"][rows])
        first, n = gap[: len(fleet)].copy(), len(fleet)
        lead = speed[:n].copy()
        nearer = gap[n:] < first[two]
        first[two] = np.where(nearer, gap[n:], first[two])
        lead[two] = np.where(nearer, speed[n:], lead[two])
        return first, lead


def accel_mps2(fleet: Table, wish: Floats, gap: Floats, lead: Floats) -> Floats:
    """(N,) of the Intelligent Driver Model, behind what is ``gap`` ahead and moves at ``lead``."""
    speed, a = fleet["speed"], fleet["accel_max"]
    wanted = STANDING_GAP_M + np.maximum(
        0.0, moving_gap_m(speed, speed - lead, fleet["headway_s"], 2 * np.sqrt(a * BRAKE_MPS2))
    )
    accel: Floats = follow_mps2(
        speed, np.maximum(wish, 0.1), np.clip(gap, 0.05, OPEN_ROAD_M), wanted, a
    )
    return accel


def drive(fleet: Table, accel: Floats, room_m: Floats, tick_s: float) -> None:
    """Move everyone by one tick: evenly, at the speed that the acceleration leads to.

    Args:
        room_m: (N,) nobody moves further than this.
    """
    accel = np.clip(accel, -HARDEST_MPS2, fleet["accel_max"])
    before = fleet["speed"].copy()
    speed = np.maximum(0.0, before + accel * tick_s)
    speed[(speed < CRAWL_MPS) & (accel < CRAWL_MPS2)] = 0.0
    step = np.minimum(speed * tick_s, np.maximum(room_m, 0.0))
    fleet["speed"] = step / tick_s
    fleet["accel"] = (fleet["speed"] - before) / tick_s
    fleet["front_m"] += step

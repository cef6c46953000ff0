"""Bodies that go their own way: people, cyclists on crossings, and what a script lets happen."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from its_camera_ai.sim.road.fleet import OPEN_ROAD_M, Table
from its_camera_ai.sim.road.network import Network

Floats = npt.NDArray[np.float64]
BERTH_M = 2.0
"""Drivers stop so far before somebody on the road."""


@dataclass(frozen=True, slots=True, eq=False)
class Mover:
    """A body on a path given by times.

    Attributes:
        kind: index into ``KINDS``. dims_m: length, width, height.
        times_s: (K,) rising. points: (K, 2) metres; straight and even between two of them.
        heading: where its front points before it first moves.
        backwards: its front points against its motion.
        blocks: vehicles stop for it.
    """

    id: int
    kind: int
    dims_m: tuple[float, float, float]
    times_s: Floats
    points: Floats
    heading: float = 0.0
    backwards: bool = False
    blocks: bool = True

    def at(self, time_s: float) -> tuple[float, float, float] | None:
        """x, y and heading; None before its first and after its last moment."""
        times = self.times_s
        if not times[0] <= time_s <= times[-1]:
            return None
        k = min(int(np.searchsorted(times, time_s, "right")), len(times) - 1)
        span = times[k] - times[k - 1]
        share = (time_s - times[k - 1]) / span if span > 0 else 1.0
        (x0, y0), (x1, y1) = self.points[k - 1].tolist(), self.points[k].tolist()
        return x0 + (x1 - x0) * share, y0 + (y1 - y0) * share, self._heading(k)

    def _heading(self, k: int) -> float:
        while k > 0:
            dx, dy = (self.points[k] - self.points[k - 1]).tolist()
            if dx or dy:
                turn = math.pi if self.backwards else 0.0
                return math.atan2(dy, dx) + turn
            k -= 1
        return self.heading


def blocked_m(network: Network, fleet: Table, movers: list[Mover], now_s: float) -> Floats:
    """(N,) how far it is from each front to where somebody who blocks the way is, or will be
    within a second and a half; inf for nobody."""
    free: Floats = np.full(len(fleet), np.inf)
    for mover in movers:
        if not mover.blocks:
            continue
        for later_s in (0.0, 0.75, 1.5):
            at = mover.at(now_s + later_s)
            if at is None:
                continue
            place, beside = network.nearest(np.array(at[:2]))
            left = place[fleet["way"]] - BERTH_M - fleet["front_m"]
            near = (beside[fleet["way"]] < BERTH_M) & (left > -1.0) & (left < OPEN_ROAD_M)
            free = np.where(near, np.minimum(free, left), free)
    return free


def walk(
    points: list[tuple[float, float]], start_s: float, speed_mps: float
) -> tuple[Floats, Floats]:
    """Times and points of somebody who goes through these places without a stop."""
    array = np.array(points, np.float64)
    steps = np.hypot(*np.diff(array, axis=0).T)
    times = start_s + np.concatenate([[0.0], np.cumsum(steps)]) / speed_mps
    return times, array

"""Which vehicle is in which measured lane, and for how long of a tick."""

import numpy as np
import numpy.typing as npt

from its_camera_ai.sim.road.fleet import Table, aside_m
from its_camera_ai.sim.road.layout import Layout
from its_camera_ai.sim.road.network import Network

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class Lanes:
    """A layout's lanes on its network. A vehicle is where the middle of its body is."""

    def __init__(self, layout: Layout, network: Network) -> None:
        count = len(network.stretches)
        self._network = network
        self._half_m = layout.lanes[0].width_m / 2
        self._lane = np.full(count, -1)
        self._from, self._to = np.zeros(count), np.zeros(count)
        for k, lane in enumerate(layout.lanes):
            at = network.stretches.index(lane.stretch)
            self._lane[at], self._from[at], self._to[at] = k, lane.from_m, lane.to_m

    def way(self, fleet: Table) -> Ints:
        """(N,) the way on whose lane the middle of the body is; −1 beside the road."""
        network = self._network
        aside = aside_m(fleet, fleet["front_m"] - fleet["length"] / 2)
        neighbour = np.where(aside > 0, network.left[fleet["way"]], network.right[fleet["way"]])
        return np.where(np.abs(aside) > self._half_m, neighbour, fleet["way"])

    def of(self, fleet: Table) -> tuple[Ints, Floats]:
        """(N,) index of the lane or −1; and metres from its upstream end to the front, NaN
        without lane."""
        way = self.way(fleet)
        middle = fleet["front_m"] - fleet["length"] / 2
        stretch, inside = self._network.stretch_of(np.maximum(way, 0), middle)
        there = (inside >= self._from[stretch]) & (inside < self._to[stretch]) & (way >= 0)
        lane = np.where(there, self._lane[stretch], -1)
        along = inside - self._from[stretch] + fleet["length"] / 2
        return lane, np.where(lane >= 0, along, np.nan)

    def tick(self, fleet: Table, tick_s: float) -> tuple[Ints, Floats, Floats]:
        """(K,) lanes, seconds and metres of the tick that ended now, clipped exactly at the lanes'
        ends; a vehicle that went from one to the next has a row for each.
        """
        way = self.way(fleet)
        on = np.flatnonzero(way >= 0)
        way, fleet = way[on], fleet[on]
        step = fleet["speed"] * tick_s
        now = fleet["front_m"] - fleet["length"] / 2
        stretch, inside = self._network.stretch_of(way, now)
        earlier, from_m = self._network.stretch_of(way, now - step)
        changed = np.flatnonzero(earlier != stretch)
        stretch = np.concatenate([stretch, earlier[changed]])
        begin = np.concatenate([inside - step, from_m[changed]])
        step = np.concatenate([step, step[changed]])
        low, high = self._from[stretch], self._to[stretch]
        metres = np.maximum(0.0, np.minimum(begin + step, high) - np.maximum(begin, low))
        stands = (step == 0) & (begin >= low) & (begin < high)
        with np.errstate(divide="ignore", invalid="ignore"):
            seconds = np.where(step > 0, tick_s * metres / step, tick_s * stands)
        return self._lane[stretch], seconds, metres

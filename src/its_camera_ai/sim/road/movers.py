"""Bodies that go their own way: people, cyclists on crossings, and what a script lets happen."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


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


def walk(
    points: list[tuple[float, float]], start_s: float, speed_mps: float
) -> tuple[Floats, Floats]:
    """Times and points of somebody who goes through these places without a stop."""
    array = np.array(points, np.float64)
    steps = np.hypot(*np.diff(array, axis=0).T)
    times = start_s + np.concatenate([[0.0], np.cumsum(steps)]) / speed_mps
    return times, array

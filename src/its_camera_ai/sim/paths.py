"""Paths on the street plane, walked by arc length."""

import math
from bisect import bisect_right
from itertools import pairwise

Point = tuple[float, float]


class Path:
    """A polyline with its lengths; ask for a place by metres from the start.

    Places before the start and after the end lie on the prolonged first and last pieces.

    Args:
        points: at least two, no two neighbours equal.
    """

    def __init__(self, points: list[Point]) -> None:
        self.points = points
        self._starts = [0.0]
        for (x0, y0), (x1, y1) in pairwise(points):
            self._starts.append(self._starts[-1] + math.hypot(x1 - x0, y1 - y0))
        self.length_m = self._starts[-1]

    def at(self, s_m: float) -> Point:
        i = min(max(bisect_right(self._starts, s_m) - 1, 0), len(self.points) - 2)
        share = (s_m - self._starts[i]) / (self._starts[i + 1] - self._starts[i])
        (x0, y0), (x1, y1) = self.points[i], self.points[i + 1]
        return x0 + (x1 - x0) * share, y0 + (y1 - y0) * share

    def body(self, front_m: float, length_m: float) -> tuple[float, float, float]:
        """Middle and heading of a vehicle whose front stands at ``front_m``: both its axles run on
        the path.
        """
        nose = 0.2 * length_m
        fx, fy = self.at(front_m - nose)
        rx, ry = self.at(front_m - length_m + nose)
        return (fx + rx) / 2, (fy + ry) / 2, math.atan2(fy - ry, fx - rx)


def curve(start: Point, start_heading: float, end: Point, end_heading: float) -> list[Point]:
    """A smooth bend between two places (cubic Bézier), about 0.4 m between points."""
    reach = 0.42 * math.dist(start, end)
    a = (start[0] + reach * math.cos(start_heading), start[1] + reach * math.sin(start_heading))
    b = (end[0] - reach * math.cos(end_heading), end[1] - reach * math.sin(end_heading))
    steps = max(4, math.ceil(math.dist(start, end) / 0.4))
    points = []
    for k in range(steps + 1):
        t = k / steps
        w = ((1 - t) ** 3, 3 * t * (1 - t) ** 2, 3 * t * t * (1 - t), t**3)
        points.append(
            (
                w[0] * start[0] + w[1] * a[0] + w[2] * b[0] + w[3] * end[0],
                w[0] * start[1] + w[1] * a[1] + w[2] * b[1] + w[3] * end[1],
            )
        )
    return points

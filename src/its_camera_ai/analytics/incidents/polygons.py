"""Many polygons as one padded array, so that all points are tested against all of them at once."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


class Polygons:
    """P simple polygons of any number of corners, (M, 2) each."""

    def __init__(self, polygons: tuple[Floats, ...]) -> None:
        most = max((len(polygon) for polygon in polygons), default=0)
        # a repeated corner is an edge without length, which no ray crosses
        padded = [np.concatenate([p, np.repeat(p[-1:], most - len(p), axis=0)]) for p in polygons]
        start: Floats = np.array(padded, np.float64).reshape(len(polygons), most, 2)
        end = np.roll(start, -1, axis=1)
        self._x, self._y, self._y_end = start[..., 0], start[..., 1], end[..., 1]
        with np.errstate(divide="ignore", invalid="ignore"):
            self._slope = (end[..., 0] - self._x) / (self._y_end - self._y)

    def hold(self, points: Floats) -> Bools:
        """(N, 2) → (N, P) inside, by the even–odd rule of ``core.geometry.points_in_polygon``."""
        x, y = points[:, 0, None, None], points[:, 1, None, None]
        spans = (self._y <= y) != (self._y_end <= y)
        with np.errstate(invalid="ignore"):
            left = x < self._x + (y - self._y) * self._slope
        inside: Bools = np.logical_xor.reduce(spans & left, axis=2)
        return inside

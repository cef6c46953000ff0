"""Where road users spent their time: seconds on a grid, in the picture or on the road."""

from dataclasses import dataclass
from math import ceil

import numpy as np
import numpy.typing as npt

from its_camera_ai.analytics.measures.plausible import Floats, checked


@dataclass(frozen=True, slots=True)
class Grid:
    """Square cells over a rectangle; the unit is the caller's, pixels or metres.

    Attributes:
        origin: x, y of the corner with the smallest values. cell: edge of a cell.
        columns, rows: how many cells along x and y.
    """

    origin: tuple[float, float]
    cell: float
    columns: int
    rows: int

    def __post_init__(self) -> None:
        if not (self.cell > 0 and self.columns > 0 and self.rows > 0):
            raise ValueError("A grid needs cells of a size above 0, and at least one of them.")

    @classmethod
    def over(cls, low: tuple[float, float], high: tuple[float, float], cell: float) -> "Grid":
        """The smallest grid from ``low`` that covers everything up to ``high``."""
        wide, tall = (max(1, ceil((b - a) / cell)) for a, b in zip(low, high, strict=True))
        return cls(low, cell, wide, tall)


class HeatMap:
    """Adds up presence.

    Attributes:
        seconds: (rows, columns) float64. outside_s: presence beside the grid, and of places that
            are no number; together with the grid it is all that was added.
    """

    def __init__(self, grid: Grid) -> None:
        self.grid = grid
        self.seconds: Floats = np.zeros((grid.rows, grid.columns))
        self.outside_s = 0.0

    def add(self, places: npt.NDArray[np.floating], time_s: npt.ArrayLike) -> None:
        """Road users at (N, 2) places for (N,) seconds each, or the same time for all."""
        times = np.broadcast_to(checked(time_s, "time (s)"), len(places))
        grid = self.grid
        cells = np.floor((places.astype(np.float64) - grid.origin) / grid.cell)
        inside = ((cells >= 0) & (cells < (grid.columns, grid.rows))).all(axis=1)
        column, row = cells[inside].astype(np.int64).T
        flat = np.bincount(
            row * grid.columns + column, times[inside], minlength=grid.rows * grid.columns
        )
        self.seconds += flat.reshape(grid.rows, grid.columns)
        self.outside_s += float(times[~inside].sum())

"""How things usually move: velocity and growth, learned per camera and place from its tracks."""

import numpy as np
import numpy.typing as npt

from its_camera_ai.tracking.table import Floats

_REACHES = (1, 2, 4, 7)
"""Cells looked at round a place, nearest first, until enough has moved there."""
_ENOUGH_H = 0.8
"""Motion (box heights travelled) from which a place counts as known."""
_SUMS = 5
"""Per cell: weight, and weighted by it velocity x and y, its square, and growth."""
_MEMORY_H = 40.0
"""Motion after which a cell forgets its oldest."""


class FlowField:
    """Mean and spread of velocity, in box heights per second, and mean growth rate of the box, in a
    grid over the picture.

    Each sample weighs as much as it travelled, so the field is the same at any rate of looks and
    standing objects leave no mark. There is one layer per kind of road user. Memory is fixed by
    the grid; a picture of another size starts afresh.
    """

    def __init__(self, cells: int, layers: int) -> None:
        self._cells = cells
        self._size_wh = (0, 0)
        self._sums: Floats = np.zeros((layers * cells * cells, _SUMS))

    def learn(
        self,
        xy: Floats,
        layer: npt.NDArray[np.intp],
        velocity_h: Floats,
        growth: Floats,
        travelled_h: Floats,
        size_wh: tuple[int, int],
    ) -> None:
        """Add N samples.

        Args:
            xy: (N, 2) px. layer: (N,).
            velocity_h: (N, 2) box heights per second.
            growth: (N,) rate of the logarithm of the height, per second.
            travelled_h: (N,) box heights moved since the sample before; the weight.
            size_wh: of the picture.
        """
        if size_wh != self._size_wh:
            self._size_wh = size_wh
            self._sums[:] = 0
        if not len(xy):
            return
        cell = self._cell(xy, layer)
        rows = np.empty((len(xy), _SUMS))
        rows[:, 0] = travelled_h
        rows[:, 1:3] = velocity_h * travelled_h[:, None]
        rows[:, 3] = (velocity_h * velocity_h).sum(axis=1) * travelled_h
        rows[:, 4] = growth * travelled_h
        np.add.at(self._sums, cell, rows)
        touched = np.unique(cell)
        self._sums[touched] *= np.minimum(
            1.0, _MEMORY_H / np.maximum(self._sums[touched, :1], 1e-9)
        )

    def at(
        self, xy: Floats, layer: npt.NDArray[np.intp], size_wh: tuple[int, int]
    ) -> tuple[Floats, Floats, Floats]:
        """What is known of the flow at (N, 2) px.

        Returns:
            (N, 2) mean velocity in box heights per second (0 where unknown), (N,) standard
            deviation of it per axis (infinite where unknown), and (N,) mean growth rate per
            second (0 where unknown).
        """
        n = len(xy)
        mean, spread, growth = np.zeros((n, 2)), np.full(n, np.inf), np.zeros(n)
        if not n or size_wh != self._size_wh:
            return mean, spread, growth
        side = self._cells
        grids = self._sums.reshape(-1, side, side, _SUMS)
        layers, rows, columns = np.unravel_index(self._cell(xy, layer), (len(grids), side, side))
        for i, (grid, r, c) in enumerate(zip(grids[layers], rows, columns, strict=True)):
            for reach in _REACHES:
                patch = grid[max(r - reach, 0) : r + reach + 1, max(c - reach, 0) : c + reach + 1]
                weight, vx, vy, square, grown = patch.reshape(-1, _SUMS).sum(axis=0)
                if weight >= _ENOUGH_H:
                    growth[i] = grown / weight
                    mean[i] = vx / weight, vy / weight
                    variance = max(square / weight - mean[i] @ mean[i], 0.0) / 2
                    spread[i] = np.sqrt(variance) * (1 + 0.2 * (reach - 1))
                    break
        return mean, spread, growth

    def snapshot(self) -> tuple[Floats, tuple[int, int]]:
        """What was learned, for ``restore``: a copy of all sums, and the picture's size."""
        return self._sums.copy(), self._size_wh

    def restore(self, sums: Floats, size_wh: tuple[int, int]) -> None:
        """Take over what ``snapshot`` gave; a field of another grid is left out."""
        if sums.shape == self._sums.shape:
            self._sums, self._size_wh = sums.copy(), size_wh

    def _cell(self, xy: Floats, layer: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
        scaled = xy * (self._cells / np.asarray(self._size_wh, np.float64))
        column, row = np.clip(scaled.astype(np.intp), 0, self._cells - 1).T
        cell: npt.NDArray[np.intp] = (layer * self._cells + row) * self._cells + column
        return cell

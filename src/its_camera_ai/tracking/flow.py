"""How things usually move: velocity and growth, learned per camera and place from its tracks."""

import numpy as np
import numpy.typing as npt

from its_camera_ai.tracking.table import Floats

_REACHES = np.array([1, 2, 4, 7])[:, None]
"""Cells looked at round a place, nearest first, until enough has moved there."""
_UNLIKE_H_S = 0.5
"""Standard deviation, per cell, by which the flow farther off differs from that of a place: the
other carriageway may be as near as that."""
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
        self._cells, self._layers = cells, layers
        self._size_wh = (0, 0)
        self._sums: Floats = np.zeros((layers * cells * cells, _SUMS))
        self._area: Floats | None = None

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
            self._area = None
        if not len(xy):
            return
        self._area = None
        cell = self._cell(xy, layer)
        rows = np.empty((len(xy), _SUMS))
        rows[:, 0] = travelled_h
        rows[:, 1:3] = velocity_h * travelled_h[:, None]
        rows[:, 3] = (velocity_h * velocity_h).sum(axis=1) * travelled_h
        rows[:, 4] = growth * travelled_h
        np.add.at(self._sums, cell, rows)
        # A cell that is named twice is read before either is written: it fades once.
        self._sums[cell] *= np.minimum(1.0, _MEMORY_H / np.maximum(self._sums[cell, :1], 1e-9))

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
        if not n or size_wh != self._size_wh:
            return np.zeros((n, 2)), np.full(n, np.inf), np.zeros(n)
        side = self._cells
        layers, row, column = np.unravel_index(self._cell(xy, layer), (self._layers, side, side))
        top, bottom = np.maximum(row - _REACHES, 0), np.minimum(row + _REACHES, side - 1) + 1
        left = np.maximum(column - _REACHES, 0)
        right = np.minimum(column + _REACHES, side - 1) + 1
        area = self._summed_area()
        total = area[layers, bottom, right] - area[layers, top, right]
        total += area[layers, top, left] - area[layers, bottom, left]
        enough = total[..., 0] >= _ENOUGH_H
        nearest, known = enough.argmax(axis=0), enough.any(axis=0)
        sums = total[nearest, np.arange(n)]
        share = np.where(known, 1 / np.maximum(sums[:, 0], _ENOUGH_H), 0.0)[:, None]
        mean = sums[:, 1:3] * share
        variance = np.maximum(sums[:, 3] * share[:, 0] - (mean * mean).sum(axis=1), 0.0) / 2
        off_h_s = _UNLIKE_H_S * (_REACHES[nearest, 0] - 1)
        spread = np.where(known, np.sqrt(variance + off_h_s**2), np.inf)
        return mean, spread, sums[:, 4] * share[:, 0]

    def _summed_area(self) -> Floats:
        """(layers, cells + 1, cells + 1, _SUMS): the sums of all cells above and to the left."""
        if self._area is None:
            side = self._cells
            grids = self._sums.reshape(self._layers, side, side, _SUMS)
            self._area = np.zeros((self._layers, side + 1, side + 1, _SUMS))
            np.cumsum(grids, axis=1, out=self._area[:, 1:, 1:])
            np.cumsum(self._area, axis=2, out=self._area)
        return self._area

    def snapshot(self) -> tuple[Floats, tuple[int, int]]:
        """What was learned, for ``restore``: a copy of all sums, and the picture's size."""
        return self._sums.copy(), self._size_wh

    def restore(self, sums: Floats, size_wh: tuple[int, int]) -> None:
        """Take over what ``snapshot`` gave; a field of another grid is left out."""
        if sums.shape == self._sums.shape:
            self._sums, self._size_wh = sums.copy(), size_wh
            self._area = None

    def _cell(self, xy: Floats, layer: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
        scaled = xy * (self._cells / np.asarray(self._size_wh, np.float64))
        column, row = np.clip(scaled.astype(np.intp), 0, self._cells - 1).T
        cell: npt.NDArray[np.intp] = (layer * self._cells + row) * self._cells + column
        return cell

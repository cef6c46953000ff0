"""Which lane a road user drives in, and how far along it."""

import numpy as np
import numpy.typing as npt

from its_camera_ai.core.ground import GroundPlane
from its_camera_ai.core.road import Lane

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
Lanes = npt.NDArray[np.int16]

NONE = -1


class LaneMap:
    """The lanes of a scene in a picture of one size, as padded arrays."""

    def __init__(
        self, lanes: tuple[Lane, ...], size_wh: tuple[int, int], plane: GroundPlane | None
    ) -> None:
        corners = [lane.pixels(size_wh) for lane in lanes]
        most = max((len(c) for c in corners), default=0)
        # a repeated corner is an edge without length, which no ray crosses
        start = [np.concatenate([c, np.repeat(c[-1:], most - len(c), axis=0)]) for c in corners]
        self._start: Floats = np.array(start).reshape(len(lanes), most, 2)
        self._end: Floats = np.roll(self._start, -1, axis=1)
        headings = np.array([lane.heading_pixels(size_wh) for lane in lanes]).reshape(-1, 2, 2)
        self.in_world = plane is not None
        if plane is not None:
            headings = plane.to_world(headings.reshape(-1, 2)).reshape(-1, 2, 2)
        along = headings[:, 1] - headings[:, 0]
        self.along: Floats = along / np.maximum(np.hypot(along[:, 0], along[:, 1]), 1e-9)[:, None]
        """(L, 2) unit way of travel, in the world or in the picture; NaN beyond the horizon."""
        self._upstream = np.full(len(lanes), np.nan)
        for k, lane in enumerate(corners):
            if plane is not None:
                self._upstream[k] = (plane.to_world(lane) @ self.along[k]).min()

    def __len__(self) -> int:
        return len(self.along)

    def holds(self, px: Floats) -> Bools:
        """(N, 2) pixels → (N, L) inside, by the even–odd rule."""
        x, y = px[:, 0, None, None], px[:, 1, None, None]
        spans = (self._start[None, :, :, 1] <= y) != (self._end[None, :, :, 1] <= y)
        with np.errstate(divide="ignore", invalid="ignore"):
            rise = self._end[..., 1] - self._start[..., 1]
            at = self._start[..., 0] + (y - self._start[..., 1]) * (
                (self._end[..., 0] - self._start[..., 0]) / rise
            )
        inside: Bools = (np.count_nonzero(spans & (x < at), axis=2) % 2).astype(bool)
        return inside

    def choose(self, px: Floats, way: Floats, before: Lanes, angle_deg: float) -> Lanes:
        """The lane that each road user seems to be in now.

        Of the lanes that hold the place, those count whose axis the way of travel follows within
        the angle, forwards before backwards (a wrong-way driver has a lane too); among equals the
        one before, then the better aligned.

        Args:
            px: (N, 2) ground points, pixels.
            way: (N, 2) unit vectors in the frame of ``along``, NaN before any motion.
            before: (N,) the lane up to now, −1 for none.
            angle_deg: largest angle.
        """
        if not len(self) or not len(px):
            return np.full(len(px), NONE, np.int16)
        aligned = way @ self.along.T
        known = np.isfinite(aligned)
        agrees = ~known | (np.abs(aligned) >= np.cos(np.radians(angle_deg)))
        rank = np.where(known, np.where(aligned > 0, 2.0 + aligned / 8, 1.0 - aligned / 8), 1.5)
        rank = rank + 0.5 * (np.arange(len(self)) == before[:, None])
        rank = np.where(self.holds(px) & agrees, rank, -1.0)
        best = rank.argmax(axis=1)
        found = rank[np.arange(len(px)), best] > 0
        return np.where(found, best, NONE).astype(np.int16)

    def along_m(self, front_m: Floats, lane: Lanes) -> Floats:
        """(N,) metres of (N, 2) fronts from the upstream end of their lanes; NaN without lane."""
        if not len(self):
            return np.full(len(lane), np.nan)
        place = (front_m * self.along[lane]).sum(axis=1) - self._upstream[lane]
        return np.where((lane >= 0) & self.in_world, place, np.nan)

"""Visits of zones with hysteresis in space and time. See ``docs/counting.md``."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from its_camera_ai.analytics.counting.config import AnalyticsConfig
from its_camera_ai.analytics.counting.paths import (
    ANCHORS,
    Floats,
    Ints,
    Moves,
    Paths,
    Rows,
    Sightings,
)
from its_camera_ai.core.geometry import points_in_polygon, polygon_area
from its_camera_ai.core.scene import Zone
from its_camera_ai.core.time import NS_PER_S


@dataclass(frozen=True, slots=True)
class Change:
    """A decided entry or exit.

    Attributes:
        row: of ``Paths``. zone: index of the zone.
        entered: False for an exit.
        pts_ns: when the edge was crossed, interpolated; for a track that ended inside, when it
            was last seen.
        dwell_s: stream time of the visit; 0 for an entry.
    """

    row: int
    zone: int
    entered: bool
    pts_ns: int
    dwell_s: float


class ZoneVisits:
    """The state of every known track in every zone, rows aligned with ``Paths``."""

    def __init__(
        self, zones: tuple[Zone, ...], size_wh: tuple[int, int], config: AnalyticsConfig
    ) -> None:
        self._config = config
        self._polygons = [zone.pixels(size_wh) for zone in zones]
        self._edges = [np.roll(p, -1, axis=0) - p for p in self._polygons]
        self._anchor = [ANCHORS.index(zone.anchor) for zone in zones]
        # A margin must leave room to be clearly inside a small zone.
        self._margin_max = np.array([abs(polygon_area(p)) ** 0.5 / 8 for p in self._polygons])
        n = len(zones)
        self._depth_px: Floats = np.empty((0, n))
        self._open: npt.NDArray[np.bool_] = np.empty((0, n), np.bool_)
        self._inside: npt.NDArray[np.bool_] = np.empty((0, n), np.bool_)
        self._clear: npt.NDArray[np.bool_] = np.empty((0, n), np.bool_)
        self._since_ns: Ints = np.empty((0, n), np.int64)
        self._entered_ns: Ints = np.empty((0, n), np.int64)

    def occupancy(self) -> list[int]:
        """How many visits are open now, per zone."""
        return [int(v) for v in self._open.sum(axis=0)]

    def append(self, seen: Sightings) -> None:
        """Rows for new tracks; one that is first seen inside has been there since then."""
        depth = self._depth(seen.anchors)
        now = np.full(depth.shape, seen.pts_ns, np.int64)
        self._depth_px = np.concatenate([self._depth_px, depth])
        self._open = np.concatenate([self._open, np.zeros(depth.shape, np.bool_)])
        self._inside = np.concatenate([self._inside, depth > 0])
        self._clear = np.concatenate([self._clear, np.abs(depth) >= self._margin(seen.height)])
        self._since_ns = np.concatenate([self._since_ns, now])
        self._entered_ns = np.concatenate([self._entered_ns, now])

    def keep(self, mask: npt.NDArray[np.bool_]) -> None:
        """Drop the rows where ``mask`` is False."""
        self._depth_px = self._depth_px[mask]
        self._open, self._inside = self._open[mask], self._inside[mask]
        self._clear, self._since_ns = self._clear[mask], self._since_ns[mask]
        self._entered_ns = self._entered_ns[mask]

    def step(self, moves: Moves) -> list[Change]:
        """Follow each track from its sighting before to the present one."""
        if not len(moves.rows) or not self._polygons:
            return []
        rows = moves.rows
        before, after = self._depth_px[rows], self._depth(moves.after)
        self._depth_px[rows] = after
        inside = after > 0
        switched = inside != self._inside[rows]
        gap = np.abs(before) + np.abs(after)
        share = np.divide(np.abs(before), gap, out=np.zeros_like(gap), where=gap > 0)
        step_ns = (moves.after_ns - moves.before_ns)[:, None]
        edge_ns = moves.before_ns[:, None] + np.rint(share * step_ns).astype(np.int64)
        changes = self._passed_through(rows, switched & ~inside, edge_ns)
        since = np.where(switched, edge_ns, self._since_ns[rows])
        clear = np.abs(after) >= self._margin(moves.height)
        clear |= self._clear[rows] & ~switched
        self._inside[rows], self._since_ns[rows], self._clear[rows] = inside, since, clear
        lasted_s = (moves.after_ns[:, None] - since) / NS_PER_S
        config = self._config
        opened = self._open[rows]
        enter_s = np.where(clear, config.enter_s, config.settle_s)
        leave_s = np.where(clear, config.leave_s, config.settle_s)
        for k, i in zip(*np.nonzero(~opened & inside & (lasted_s >= enter_s)), strict=True):
            changes.append(self._enter(int(rows[k]), int(i), int(since[k, i])))
        for k, i in zip(*np.nonzero(opened & ~inside & (lasted_s >= leave_s)), strict=True):
            changes.append(self._leave(int(rows[k]), int(i), int(since[k, i])))
        return changes

    def end(self, rows: Rows, paths: Paths) -> list[Change]:
        """Close the visits of tracks that ended: at the edge if they were outside already, else
        when they were last seen."""
        changes = []
        for k, i in zip(*np.nonzero(self._open[rows]), strict=True):
            row = int(rows[k])
            inside = self._inside[row, i]
            left_ns = int(paths.seen_ns[row] if inside else self._since_ns[row, i])
            changes.append(self._leave(row, int(i), left_ns))
        return changes

    def _passed_through(
        self, rows: Rows, came_out: npt.NDArray[np.bool_], edge_ns: Ints
    ) -> list[Change]:
        """Entries of those who are out again before a second look inside could prove the visit."""
        came_out = came_out & ~self._open[rows] & self._clear[rows]
        changes = []
        for k, i in zip(*np.nonzero(came_out), strict=True):
            row, zone = int(rows[k]), int(i)
            entered_ns = int(self._since_ns[row, zone])
            if int(edge_ns[k, i]) - entered_ns >= self._config.enter_s * NS_PER_S:
                changes.append(self._enter(row, zone, entered_ns))
        return changes

    def _enter(self, row: int, zone: int, pts_ns: int) -> Change:
        self._open[row, zone] = True
        self._entered_ns[row, zone] = pts_ns
        return Change(row, zone, True, pts_ns, 0.0)

    def _leave(self, row: int, zone: int, pts_ns: int) -> Change:
        self._open[row, zone] = False
        dwell_s = (pts_ns - int(self._entered_ns[row, zone])) / NS_PER_S
        return Change(row, zone, False, pts_ns, dwell_s)

    def _margin(self, height: Floats) -> Floats:
        wanted = np.maximum(self._config.margin_floor_px, self._config.margin_h * height)
        margin: Floats = np.minimum(wanted[:, None], self._margin_max)
        return margin

    def _depth(self, anchors: Floats) -> Floats:
        """(K, 3, 2) → (K, zones): px from the zone's edge, positive inside."""
        depth = np.empty((len(anchors), len(self._polygons)))
        shapes = zip(self._polygons, self._edges, self._anchor, strict=True)
        for i, (polygon, edge, anchor) in enumerate(shapes):
            points = anchors[:, anchor]
            distance = _edge_distance(points, polygon, edge)
            depth[:, i] = np.where(points_in_polygon(points, polygon), distance, -distance)
        return depth


def _edge_distance(points: Floats, corner: Floats, edge: Floats) -> Floats:
    """(K, 2) points → (K,) distance to the nearest of the M edges from (M, 2) ``corner`` on."""
    offset = points[:, None] - corner
    along = (offset * edge).sum(axis=2) / (edge * edge).sum(axis=1)
    off = offset - np.minimum(np.maximum(along, 0), 1)[..., None] * edge
    distance: Floats = np.sqrt((off * off).sum(axis=2).min(axis=1))
    return distance

"""Line crossings with hysteresis in space. See ``docs/counting.md`` for the exact meaning."""

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
from its_camera_ai.analytics.counting.usual import UsualWays
from its_camera_ai.core.scene import Line, anchor_points
from its_camera_ai.core.time import NS_PER_S

_RUN_MAX = 1000


@dataclass(frozen=True, slots=True)
class Crossing:
    """A decided crossing.

    Attributes:
        row: of ``Paths``. line: index of the line.
        inward: from negative to positive side.
        pts_ns: interpolated moment at the segment.
        xyxy: px, the box seen next to that moment. score: its score.
    """

    row: int
    line: int
    inward: bool
    pts_ns: int
    xyxy: tuple[float, float, float, float]
    score: float


class LineCrossings:
    """The state of every known track against every line, rows aligned with ``Paths``.

    Per track and line it holds the side on which the anchor last was *clearly*, and since then
    the net number of passages through the segment. A crossing is decided when the anchor is
    clearly on the other side and the net passage agrees. Where that is in doubt, a leap or a
    crossing against the usual way, it stays open until further sightings or the track's end.
    """

    def __init__(
        self, lines: tuple[Line, ...], size_wh: tuple[int, int], config: AnalyticsConfig
    ) -> None:
        self._config = config
        ends = np.array([line.pixels(size_wh) for line in lines]).reshape(-1, 2, 2)
        self._start: Floats = ends[:, 0]
        self._along: Floats = ends[:, 1] - ends[:, 0]
        self._length: Floats = np.hypot(self._along[:, 0], self._along[:, 1])
        self._anchor = np.array([ANCHORS.index(line.anchor) for line in lines], np.intp)
        n = len(lines)
        self._distance_px: Floats = np.empty((0, n))
        self._born_px: Floats = np.empty((0, n))
        self._born_ns: Ints = np.empty(0, np.int64)
        self._side: npt.NDArray[np.int8] = np.empty((0, n), np.int8)
        self._net: npt.NDArray[np.int8] = np.empty((0, n), np.int8)
        self._at_ns: Ints = np.empty((0, n), np.int64)
        self._at_box: Floats = np.empty((0, n, 5))
        self._counted_ns: Ints = np.empty((0, n, 2), np.int64)
        self._run: npt.NDArray[np.int16] = np.empty((0, n), np.int16)
        self._farthest_px: Floats = np.empty((0, n))
        self._usual = UsualWays(n)

    def append(self, seen: Sightings) -> None:
        """Rows for new tracks: clearly on a side at once, or on none yet."""
        k, n = len(seen), len(self._length)
        distance = self._distance(seen.anchors)
        clear = np.abs(distance) >= self._margin(seen.height)
        side = np.where(clear, np.sign(distance), 0).astype(np.int8)
        self._distance_px = np.concatenate([self._distance_px, distance])
        self._born_px = np.concatenate([self._born_px, distance])
        self._born_ns = np.concatenate([self._born_ns, np.full(k, seen.pts_ns, np.int64)])
        self._side = np.concatenate([self._side, side])
        self._net = np.concatenate([self._net, np.zeros((k, n), np.int8)])
        self._at_ns = np.concatenate([self._at_ns, np.zeros((k, n), np.int64)])
        self._at_box = np.concatenate([self._at_box, np.zeros((k, n, 5))])
        never = np.full((k, n, 2), np.iinfo(np.int64).min, np.int64)
        self._counted_ns = np.concatenate([self._counted_ns, never])
        self._run = np.concatenate([self._run, np.zeros((k, n), np.int16)])
        self._farthest_px = np.concatenate([self._farthest_px, distance])

    def keep(self, mask: npt.NDArray[np.bool_]) -> None:
        """Drop the rows where ``mask`` is False."""
        self._distance_px = self._distance_px[mask]
        self._born_px, self._born_ns = self._born_px[mask], self._born_ns[mask]
        self._side, self._net = self._side[mask], self._net[mask]
        self._at_ns, self._at_box = self._at_ns[mask], self._at_box[mask]
        self._counted_ns = self._counted_ns[mask]
        self._run, self._farthest_px = self._run[mask], self._farthest_px[mask]

    def step(self, moves: Moves) -> list[Crossing]:
        """Follow each track from its sighting before to the present one."""
        if not len(moves.rows) or not len(self._length):
            return []
        rows = moves.rows
        before, after = self._distance_px[rows], self._distance(moves.after)
        self._distance_px[rows] = after
        inward = after >= 0
        passed = (before >= 0) != inward
        if passed.any():
            self._pass(moves, before, after, passed)
        margin = self._margin(moves.height)
        self._follow(rows, before, after, margin)
        clear = np.abs(after) >= margin
        side = np.where(inward, 1, -1).astype(np.int8)
        old, net = self._side[rows], self._net[rows]
        decided = clear & (np.sign(net) == side) & (old != side)
        if (decided & (old == 0)).any():
            decided &= (old != 0) | self._came_over(moves, after, margin)
        if decided.any():
            doubtful = decided & self._in_doubt(moves, after - before, inward)
            decided &= ~doubtful
            clear &= ~doubtful
        self._side[rows] = np.where(clear, side, old)
        self._net[rows] = np.where(clear, 0, net)
        return [
            self._crossing(int(rows[k]), int(i), bool(inward[k, i]))
            for k, i in zip(*np.nonzero(decided), strict=True)
        ]

    def end(self, rows: Rows, paths: Paths) -> list[Crossing]:
        """Decide what is open of tracks that ended: those last seen on a line and moving on.

        A track is taken to have crossed if it was clearly on one side, was last seen within the
        margin or beyond the line, moved towards the other side by at least two margins of late,
        and would be clearly there ``extrapolate_s`` later at that speed. One in doubt is taken to
        have crossed unless it turned round or went against the usual way.
        """
        if not len(rows) or not len(self._length):
            return []
        config = self._config
        height = paths.height[rows]
        margin = self._margin(height)
        moved, took_s = paths.trend(rows)
        after = self._distance_px[rows]
        moved_across = after - self._distance(paths.anchors[rows] - moved)
        ahead_s = np.minimum(config.extrapolate_s, took_s)
        share = np.divide(ahead_s, took_s, out=np.zeros_like(took_s), where=took_s > 0)
        final = after + moved_across * share[:, None]
        goal = -self._side[rows]
        net = np.sign(self._net[rows])
        there = (np.sign(final) == goal) & (np.abs(final) >= margin)
        moving = moved_across * goal >= 2 * margin
        gone_over = net == goal
        last = self._position(paths.anchors[rows])
        step = (moved * share[:, None, None])[:, self._anchor]
        reach = np.divide(after, after - final, out=np.zeros_like(after), where=after != final)
        hit = last + reach[:, :, None] * step
        straddling = (net == 0) & (np.abs(after) < margin) & self._on_segment(hit)
        # Clearly over and still open are only those in doubt.
        over = (np.sign(after) == goal) & (np.abs(after) >= margin)
        unopposed = gone_over & (self._run[rows] * goal > 0)
        decided = np.where(over, unopposed, there & moving & (gone_over | straddling))
        decided &= (goal != 0) & ~self._contrary(rows, paths.anchors[rows], goal > 0)
        found = []
        for k, i in zip(*np.nonzero(decided), strict=True):
            row = int(rows[k])
            if not gone_over[k, i]:
                ahead_ns = int(reach[k, i] * ahead_s[k] * NS_PER_S)
                self._at_ns[row, i] = paths.seen_ns[row] + ahead_ns
                self._at_box[row, i] = (*paths.xyxy[row], paths.score[row])
            found.append(self._crossing(row, int(i), bool(goal[k, i] > 0)))
            self._side[row, i], self._net[row, i] = goal[k, i], 0
        return found

    def note(self, crossing: Crossing) -> None:
        """Remember that this crossing was counted, and that this is a way to go there."""
        line, inward = crossing.line, crossing.inward
        self._counted_ns[crossing.row, line, int(inward)] = crossing.pts_ns
        anchor = ANCHORS[self._anchor[line]]
        (place,) = anchor_points(np.array([crossing.xyxy], np.float32), anchor)
        along = (place - self._start[line]) @ self._along[line] / self._length[line] ** 2
        self._usual.learn(line, float(along), inward=inward)

    def counted_near(self, crossing: Crossing) -> Rows:
        """Rows counted on the same line and direction within ``twin_s`` of this crossing."""
        when = self._counted_ns[:, crossing.line, int(crossing.inward)]
        window_ns = int(self._config.twin_s * NS_PER_S)
        near = (when >= crossing.pts_ns - window_ns) & (when <= crossing.pts_ns + window_ns)
        return np.flatnonzero(near)

    def _follow(self, rows: Rows, before: Floats, after: Floats, margin: Floats) -> None:
        """Count the steps since each track turned round, as seen from each line.

        It turned once it is a margin behind the farthest that it came.
        """
        run = self._run[rows]
        far = np.where(run == 0, before, self._farthest_px[rows])
        way = np.sign(run)
        behind = (far - after) * way
        turned = (run == 0) | (behind >= margin)
        way = np.where(turned, np.where(after >= far, 1, -1), way).astype(np.int16)
        self._run[rows] = np.where(turned, way, np.clip(run + way, -_RUN_MAX, _RUN_MAX))
        self._farthest_px[rows] = np.where(turned | (behind < 0), after, far)

    def _in_doubt(
        self, moves: Moves, moved: Floats, inward: npt.NDArray[np.bool_]
    ) -> npt.NDArray[np.bool_]:
        """(K, lines): a single leap, a way back, or against what is usual for too few steps."""
        run = np.where(inward, self._run[moves.rows], -self._run[moves.rows])
        leap = np.abs(moved) > self._config.leap_h * moves.height[:, None]
        doubtful: npt.NDArray[np.bool_] = (run < 1) | (leap & (run < 2))
        return doubtful | self._contrary(moves.rows, moves.after, inward)

    def _contrary(
        self, rows: Rows, anchors: Floats, inward: npt.NDArray[np.bool_]
    ) -> npt.NDArray[np.bool_]:
        """(K, lines): goes against the usual, and has not gone so for long."""
        run = np.where(inward, self._run[rows], -self._run[rows])
        short = run < self._config.contrary_steps
        if not short.any():
            return short
        k, i = np.nonzero(short)
        offset = self._position(anchors)[k, i] - self._start[i]
        along = (offset * self._along[i]).sum(axis=1) / self._length[i] ** 2
        short[k, i] = self._usual.contrary(i, along, inward[k, i])
        return short

    def _came_over(self, moves: Moves, after: Floats, margin: Floats) -> npt.NDArray[np.bool_]:
        """(K, lines): whether a track that began on the line was on its way over it.

        It must have begun less than ``born_s`` ago, and ``extrapolate_s`` before that, at its
        speed since, it would have been two margins away on the other side.
        """
        config = self._config
        born = self._born_px[moves.rows]
        age_s = ((moves.after_ns - self._born_ns[moves.rows]) / NS_PER_S)[:, None]
        earlier = born - (after - born) * (config.extrapolate_s / age_s)
        came: npt.NDArray[np.bool_] = (
            (age_s <= config.born_s) & (earlier * after < 0) & (np.abs(earlier) >= 2 * margin)
        )
        return came

    def _pass(
        self, moves: Moves, before: Floats, after: Floats, passed: npt.NDArray[np.bool_]
    ) -> None:
        share = np.divide(before, before - after, out=np.zeros_like(before), where=passed)
        start = self._position(moves.before)
        hit = start + share[:, :, None] * (self._position(moves.after) - start)
        k, i = np.nonzero(passed & self._on_segment(hit))
        rows = moves.rows[k]
        self._net[rows, i] += np.where(after[k, i] >= 0, 1, -1).astype(np.int8)
        step_ns = (moves.after_ns - moves.before_ns)[k]
        self._at_ns[rows, i] = moves.before_ns[k] + np.rint(share[k, i] * step_ns).astype(np.int64)
        self._at_box[rows, i, :4] = moves.xyxy[k]
        self._at_box[rows, i, 4] = moves.score[k]

    def _position(self, anchors: Floats) -> Floats:
        """(K, 3, 2) → (K, lines, 2): the anchor that each line looks at."""
        return anchors[:, self._anchor]

    def _distance(self, anchors: Floats) -> Floats:
        """(K, lines) signed px from the infinite line; positive where ``s`` is."""
        offset = self._position(anchors) - self._start
        cross = self._along[:, 0] * offset[..., 1] - self._along[:, 1] * offset[..., 0]
        distance: Floats = cross / self._length
        return distance

    def _on_segment(self, points: Floats) -> npt.NDArray[np.bool_]:
        """(K, lines, 2) points of the infinite lines → whether within the ends, ends included."""
        offset = points - self._start
        along = (offset * self._along).sum(axis=-1)
        rounding = 1e-9 * self._length**2
        inside: npt.NDArray[np.bool_] = (along >= -rounding) & (along <= self._length**2 + rounding)
        return inside

    def _margin(self, height: Floats) -> Floats:
        margin: Floats = np.maximum(
            self._config.margin_floor_px, self._config.margin_h * height[:, None]
        )
        return margin

    def _crossing(self, row: int, line: int, inward: bool) -> Crossing:
        left, top, right, bottom, score = (float(v) for v in self._at_box[row, line])
        return Crossing(
            row, line, inward, int(self._at_ns[row, line]), (left, top, right, bottom), score
        )

"""What vehicles did in the lanes between two looks: how long and how far in each, over which
detectors."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from its_camera_ai.analytics.intervals.lane_axes import LaneAxes
from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.core.road_users import RoadFrame

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

RECALL_S = 2.0
"""A lane is given to a vehicle a moment after it came into it; so much is made up for."""
MOVING_MPS = 0.5
TYPICAL_LENGTH_M = {
    ObjectClass.BICYCLE: 1.8,
    ObjectClass.MOTORCYCLE: 2.2,
    ObjectClass.CAR: 4.5,
    ObjectClass.BUS: 12.0,
    ObjectClass.TRUCK: 8.0,
}
"""Of a vehicle whose own length is not known yet; what is not in here is no vehicle."""
_LENGTHS = np.array([TYPICAL_LENGTH_M.get(c, np.nan) for c in ObjectClass])


@dataclass(frozen=True, slots=True, eq=False)
class LaneMotion:
    """Between two looks; u runs from 0 at the first to 1 at the second.

    Attributes:
        dt_s: between them.
        track_id, lane: (M,) a vehicle and a lane that it was in. since_u, until_u: (M,) when.
        distance_m: (M,) in the whole of dt, downstream positive.
        entered: (M,) whether it was new in the lane. along_m: (M,) where at ``since_u``.
        recalled_s: (M,) how long it was in the lane before the first look without being told so.
        covers: (detector, since_u, until_u).
    """

    dt_s: float
    track_id: Ints
    lane: Ints
    since_u: Floats
    until_u: Floats
    distance_m: Floats
    entered: npt.NDArray[np.bool_]
    along_m: Floats
    recalled_s: Floats
    covers: list[tuple[int, float, float]]

    def vehicle_s(self, since_u: float, until_u: float, lanes: int) -> Floats:
        """(L,) Edie's Σ time of the part [since_u, until_u) of the time."""
        time_s = self._share(since_u, until_u) * self.dt_s
        if since_u <= 0:
            time_s = time_s + self.recalled_s
        return np.bincount(self.lane, time_s, lanes).astype(np.float64)

    def vehicle_m(self, since_u: float, until_u: float, lanes: int) -> Floats:
        """(L,) Edie's Σ distance of that part, downstream positive."""
        share = self._share(since_u, until_u)
        if since_u <= 0:
            share = share + self.recalled_s / self.dt_s
        return np.bincount(self.lane, share * self.distance_m, lanes).astype(np.float64)

    def covered(self, since_u: float, until_u: float) -> list[tuple[int, float, float]]:
        """The covers cut to that part."""
        cut = [(d, max(a, since_u), min(b, until_u)) for d, a, b in self.covers]
        return [(d, a, b) for d, a, b in cut if b > a]

    def _share(self, since_u: float, until_u: float) -> Floats:
        cut = np.minimum(self.until_u, until_u) - np.maximum(self.since_u, since_u)
        share: Floats = np.maximum(cut, 0.0)
        return share


def lane_motion(before: RoadFrame, now: RoadFrame, axes: LaneAxes, dt_s: float) -> LaneMotion:
    """Straight from where a vehicle was to where it is; one that only one of the looks shows goes
    on at its speed.

    A lane's part counts only between ``axes.from_m`` and ``to_m``, so both ends are exact however
    late a vehicle was told to be in the lane.
    """
    rows = _Rows.of(before, now, dt_s)
    first, second = rows.lane0 >= 0, (rows.lane1 >= 0) & (rows.lane1 != rows.lane0)
    of = np.concatenate([np.flatnonzero(first), np.flatnonzero(second)])
    lane = np.concatenate([rows.lane0[first], rows.lane1[second]])
    # from one lane to another: half of the time in each
    stays = (rows.lane1[first] == rows.lane0[first]) | (rows.lane1[first] < 0)
    low = np.concatenate([np.zeros(int(first.sum())), np.where(rows.lane0[second] < 0, 0.0, 0.5)])
    high = np.concatenate([np.where(stays, 1.0, 0.5), np.ones(int(second.sum()))])
    begin, end = axes.along_m(rows.xy0[of], lane), axes.along_m(rows.xy1[of], lane)
    distance = end - begin
    since, until = _within(begin, distance, axes.from_m[lane], axes.to_m[lane], low, high)
    entered = np.arange(len(of)) >= first.sum()
    speed = distance / dt_s
    missed_m = begin - axes.from_m[lane]
    recall = entered & (low == 0) & (until > since) & (speed > MOVING_MPS) & (missed_m > 0)
    recalled = np.zeros(len(of))
    known_s = np.clip(rows.seen_s[of[recall]] - dt_s, 0.0, RECALL_S)
    recalled[recall] = np.minimum(missed_m[recall] / speed[recall], known_s)
    return LaneMotion(
        dt_s,
        rows.track_id[of],
        lane,
        since,
        until,
        distance,
        entered,
        begin + since * distance - recalled * speed,
        recalled,
        _covers(rows, axes),
    )


def _covers(rows: "_Rows", axes: LaneAxes) -> list[tuple[int, float, float]]:
    if not (len(rows.track_id) and axes.detectors):
        return []
    lanes = np.array([d.lane for d in axes.detectors])
    at, side, half_width = (
        np.array([getattr(d, name) for d in axes.detectors])
        for name in ("at_m", "side_m", "half_width_m")
    )
    heading, origin = axes.heading[lanes], axes.upstream_xy_m[lanes]
    left = np.stack([-heading[:, 1], heading[:, 0]], axis=1)
    begin, end = rows.xy0[:, None] - origin, rows.xy1[:, None] - origin  # (N, D, 2)
    along, along_end = (begin * heading).sum(axis=2), (end * heading).sum(axis=2)
    body = rows.length_m[:, None] / 2
    shape = along.shape
    since, until = _within(
        along, along_end - along, at - body, at + body, np.zeros(shape), np.ones(shape)
    )
    middle = (since + until)[:, :, None] / 2
    aside = np.abs((((1 - middle) * begin + middle * end) * left).sum(axis=2) - side)
    lane = np.where(rows.lane1 >= 0, rows.lane1, rows.lane0)[:, None]
    covers = (until > since) & (aside <= half_width) & ((lane == lanes) | (lane < 0))
    return [(int(d), float(since[n, d]), float(until[n, d])) for n, d in np.argwhere(covers)]


def _within(
    begin: Floats, distance: Floats, low_m: Floats, high_m: Floats, low_u: Floats, high_u: Floats
) -> tuple[Floats, Floats]:
    """The part of [low_u, high_u] during which ``begin + u · distance`` lies in [low_m, high_m];
    an empty one ends where it begins."""
    moves = np.abs(distance) > 1e-9
    step = np.where(moves, distance, 1.0)
    one, other = (low_m - begin) / step, (high_m - begin) / step
    stands = (begin >= low_m) & (begin <= high_m)
    since = np.where(moves, np.minimum(one, other), np.where(stands, 0.0, 1.0))
    until = np.where(moves, np.maximum(one, other), np.where(stands, 1.0, 0.0))
    since, until = np.maximum(since, low_u), np.minimum(until, high_u)
    return since, np.maximum(since, until)


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """The vehicles of two looks, each once."""

    track_id: Ints
    lane0: Ints
    lane1: Ints
    xy0: Floats
    xy1: Floats
    length_m: Floats
    seen_s: Floats

    @classmethod
    def of(cls, before: RoadFrame, now: RoadFrame, dt_s: float) -> "_Rows":
        old, new = _vehicles(before), _vehicles(now)
        _, in_old, in_new = np.intersect1d(
            before.track_id[old], now.track_id[new], assume_unique=True, return_indices=True
        )
        both0, both1 = old[in_old], new[in_new]
        gone = np.delete(old, in_old)
        come = np.delete(new, in_new)
        none_gone, none_come = np.full(len(gone), -1), np.full(len(come), -1)
        back = now.xy_m[come] - now.velocity_mps[come] * dt_s
        on = before.xy_m[gone] + before.velocity_mps[gone] * dt_s
        length = np.concatenate(
            [_length_m(now, both1), _length_m(before, gone), _length_m(now, come)]
        )
        return cls(
            np.concatenate([now.track_id[both1], before.track_id[gone], now.track_id[come]]),
            np.concatenate([before.lane[both0], before.lane[gone], none_come]).astype(np.int64),
            np.concatenate([now.lane[both1], none_gone, now.lane[come]]).astype(np.int64),
            np.concatenate([before.xy_m[both0], before.xy_m[gone], back]),
            np.concatenate([now.xy_m[both1], on, now.xy_m[come]]),
            length,
            np.concatenate([now.seen_s[both1], before.seen_s[gone] + dt_s, now.seen_s[come]]),
        )


def _vehicles(frame: RoadFrame) -> Ints:
    """Rows that may be measured: valid, a vehicle, with a place and a speed."""
    good = frame.valid & (frame.track_id > 0) & np.isfinite(_LENGTHS[frame.class_id])
    good &= np.isfinite(frame.xy_m).all(axis=1) & np.isfinite(frame.velocity_mps).all(axis=1)
    return np.flatnonzero(good)


def _length_m(frame: RoadFrame, rows: Ints) -> Floats:
    known = frame.length_m[rows]
    return np.where(np.isfinite(known), known, _LENGTHS[frame.class_id[rows]])

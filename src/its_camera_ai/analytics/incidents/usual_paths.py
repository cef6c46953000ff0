"""The ways that vehicles took here of late, to say where one that is there now will go."""

from collections import deque

import numpy as np
import numpy.typing as npt

from its_camera_ai.analytics.incidents.view import Floats, View
from its_camera_ai.analytics.measures.conflicts import Bodies, times_to_collision
from its_camera_ai.core.time import NS_PER_S

_PATHS = 80
_STEP_M = 1.5
_POINTS_MIN = 8
_GONE_S = 3.0
_SAME_WAY_M, _SAME_WAY_COS = 1.3, 0.93
_TRIED = 6
_LOOK_S = 0.1


class UsualPaths:
    """Remembers the last paths of motor vehicles and lets others go on along them.

    A constant turn tells too late where a vehicle goes that has only begun to turn; those before it
    on the same way tell sooner. Memory: a few dozen short polylines.
    """

    def __init__(self) -> None:
        self._open: dict[int, tuple[list[tuple[float, float]], int]] = {}
        self._done: deque[Floats] = deque(maxlen=_PATHS)
        self._all: tuple[Floats, Floats, npt.NDArray[np.intp]] | None = None

    def __len__(self) -> int:
        return len(self._done)

    def update(self, view: View) -> None:
        """Take in the places of this frame."""
        now = view.frame.pts_ns
        rows = np.flatnonzero(view.fresh & view.metric & view.motor)
        places = view.place[rows].tolist()
        for track, (x, y) in zip(view.frame.track_id[rows].tolist(), places, strict=True):
            path, _ = self._open.setdefault(track, ([], now))
            if not path or abs(path[-1][0] - x) + abs(path[-1][1] - y) >= _STEP_M:
                path.append((x, y))
            self._open[track] = path, now
        gone = [t for t, (_, at) in self._open.items() if now - at > _GONE_S * NS_PER_S]
        for track in gone:
            path, _ = self._open.pop(track)
            if len(path) >= _POINTS_MIN:
                self._done.append(np.array(path))
                self._all = None

    def meet(
        self, one: Bodies, other: Bodies, one_turn: float, other_turn: float, within_s: float
    ) -> bool:
        """Whether at least half of the ways that both may go let them touch in this time.

        Args:
            one, other: a single row each. one_turn, other_turn: rad/s, for one without a usual way.
        """
        times = np.arange(0.0, within_s + _LOOK_S / 2, _LOOK_S)
        first, second = self._futures(one, one_turn, times), self._futures(other, other_turn, times)
        hits = [
            bool((times_to_collision(a, b) == 0).any()) for a in first for b in second
        ]  # up to _TRIED² pairs, for the few that are about to be told
        return 2 * sum(hits) >= len(hits)

    def _futures(self, body: Bodies, turn_radps: float, times: Floats) -> list[Bodies]:
        speed = float(np.hypot(*body.velocity_mps[0]))
        ways = self._ways_from(body.xy_m[0], float(body.heading_rad[0]), speed * times[-1])
        if not ways:
            return [_turning(body, turn_radps, times)]
        return [_along(body, way, speed * times) for way in ways]

    def _ways_from(self, xy_m: Floats, heading_rad: float, reach_m: float) -> list[Floats]:
        """The rest of the last paths that came by here the same way and went on far enough."""
        if not self._done:
            return []
        if self._all is None:
            self._all = _joined(self._done)
        points, steps, number = self._all
        unit = np.array([np.cos(heading_rad), np.sin(heading_rad)])
        distance = np.hypot(*(points - xy_m).T)
        here = np.flatnonzero((distance <= _SAME_WAY_M) & (steps @ unit >= _SAME_WAY_COS))
        ways = []
        for k in np.unique(number[here])[::-1].tolist():  # the last ones first
            nearest = here[number[here] == k]
            at = int(nearest[distance[nearest].argmin()])
            rest = points[at : int(np.flatnonzero(number == k)[-1]) + 1]
            if len(rest) >= 2 and np.hypot(*np.diff(rest, axis=0).T).sum() >= min(reach_m, 6.0):
                ways.append(rest + (xy_m - rest[0]))
            if len(ways) == _TRIED:
                break
        return ways


def _joined(paths: deque[Floats]) -> tuple[Floats, Floats, npt.NDArray[np.intp]]:
    """All points, the unit step at each, and the number of its path."""
    points = np.concatenate(list(paths))
    steps = np.concatenate([np.gradient(path, axis=0) for path in paths])
    steps /= np.maximum(np.hypot(steps[:, 0], steps[:, 1]), 1e-9)[:, None]
    return points, steps, np.repeat(np.arange(len(paths)), [len(path) for path in paths])


def _along(body: Bodies, way: Floats, reach_m: Floats) -> Bodies:
    """The body at so many metres along a polyline, straight on beyond its end."""
    steps = np.diff(way, axis=0)
    length = np.hypot(steps[:, 0], steps[:, 1])
    arc = np.concatenate([[0.0], np.cumsum(length)])
    end = steps[-1] / max(float(length[-1]), 1e-9)
    beyond = np.maximum(reach_m - arc[-1], 0.0)[:, None]
    xy = np.stack([np.interp(reach_m, arc, way[:, k]) for k in (0, 1)], axis=1) + beyond * end
    step = steps[np.clip(np.searchsorted(arc, reach_m, "right") - 1, 0, len(steps) - 1)]
    return _standing(body, xy, np.arctan2(step[:, 1], step[:, 0]))


def _turning(body: Bodies, turn_radps: float, times: Floats) -> Bodies:
    angle = turn_radps * times
    reach = times * np.sinc(angle / (2 * np.pi))  # chord of the arc, half the angle off
    cos, sin = np.cos(angle / 2) * reach, np.sin(angle / 2) * reach
    vx, vy = body.velocity_mps[0]
    xy = body.xy_m + np.stack([vx * cos - vy * sin, vx * sin + vy * cos], axis=1)
    return _standing(body, xy, body.heading_rad[0] + angle)


def _standing(body: Bodies, xy_m: Floats, heading_rad: Floats) -> Bodies:
    n = len(xy_m)
    size = np.full(n, body.length_m[0]), np.full(n, body.width_m[0])
    return Bodies(xy_m, np.zeros((n, 2)), heading_rad, *size)

"""True passages over lines, from the even motion between ticks and not from frames."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.core.road import Direction
from its_camera_ai.core.signals import SignalState
from its_camera_ai.sim.camera import PinholeCamera
from its_camera_ai.sim.road.kinds import KINDS
from its_camera_ai.sim.road.layout import Layout
from its_camera_ai.sim.road.truth import RoadTruth, TruePassage

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
SETTLED_NS = 1_000_000_000
"""A passage is told so long after the rear has passed: by then its box has passed too."""
_FRONT, _MIDDLE, _REAR, _ANCHOR = range(4)


@dataclass(slots=True)
class _Passing:
    """A body that is passing a line."""

    direction: Direction
    row_facts: tuple[ObjectClass, str, float]
    times_ns: dict[int, int] = field(default_factory=dict)
    lane: int = -1
    speed_mps: float = 0.0
    signal: tuple[SignalState, float] | None = None
    delay_s: float | None = None


class PassageWatch:
    """Follows fronts, middles and rears of all bodies over a layout's lines on the ground, and the
    bottom centres of their boxes over the same lines in the picture.
    """

    def __init__(self, layout: Layout, camera: PinholeCamera | None) -> None:
        self._lines = [line.id for line in layout.lines]
        self._lanes = [lane.id for lane in layout.lanes]
        self._heads = {head.line: head.id for head in layout.heads}
        ends = np.array([line.points for line in layout.lines], np.float64).reshape(-1, 2, 2)
        self._ground = (ends[:, 0], ends[:, 1])
        self._picture: tuple[Floats, Floats] | None = None
        if camera is not None and len(ends):
            flat = np.column_stack([ends.reshape(-1, 2), np.zeros(2 * len(ends))])
            seen = camera.project(flat).reshape(-1, 2, 3)
            behind = (seen[:, :, 2] <= 0).any(axis=1)
            seen[behind] = np.nan
            self._picture = (seen[:, 0, :2], seen[:, 1, :2])
        self._known: Ints = np.zeros(0, np.int64)
        self._points: Floats = np.zeros((0, 4, 2))
        self._passing: dict[tuple[int, int], _Passing] = {}
        self._last: dict[tuple[int, Direction, int], tuple[int, int]] = {}

    def observe(
        self,
        truth: RoadTruth,
        tick_ns: int,
        delay_s: Floats,
        since_s: Callable[[str], float],
    ) -> list[TruePassage]:
        """What became certain with this tick, in the order of fronts.

        Args:
            delay_s: (M,) of the truth's first rows, the vehicles.
            since_s: how long a signal head has shown what it shows, by its id.
        """
        points = _points(truth)
        _, new, old = np.intersect1d(truth.id, self._known, assume_unique=True, return_indices=True)
        before, now = self._points[old], points[new]
        for k, row, line, share, inwards in self._crossed(before, now):
            at_ns = truth.pts_ns - round((1 - share) * tick_ns)
            passing = self._note(truth, int(new[row]), line, k, at_ns, inwards)
            if k == _MIDDLE and new[row] < len(delay_s):
                passing.delay_s = float(delay_s[new[row]])
            head = self._heads.get(self._lines[line])
            if k == _FRONT and head is not None:
                early_s = (truth.pts_ns - at_ns) / 1e9
                passing.signal = (truth.signals[head], max(0.0, since_s(head) - early_s))
        self._known, self._points = truth.id, points
        return self._settled(truth)

    def _crossed(self, before: Floats, now: Floats) -> list[tuple[int, int, int, float, bool]]:
        """Which of the four points of which row passed which line, at which share of the tick, and
        whether inwards.
        """
        found = []
        planes = [(self._ground, slice(0, 3), True)]
        if self._picture is not None:
            planes.append((self._picture, slice(3, 4), False))
        for (start, end), which, up in planes:
            d = end - start
            a, b = (_sides(points[:, which], start, d) for points in (before, now))
            hit = (a * b < 0) | ((b == 0) & (a != 0))
            for row, k, line in np.argwhere(hit).tolist():
                was, side = float(a[row, k, line]), float(b[row, k, line])
                share = was / (was - side)
                p = before[row, which][k] * (1 - share) + now[row, which][k] * share
                along = float((p - start[line]) @ d[line] / (d[line] @ d[line]))
                if 0 <= along <= 1:
                    # on the ground y points up, in the picture down: the same way, other signs
                    found.append((which.start + k, row, line, share, (was > 0) == up))
        return found

    def _note(
        self,
        truth: RoadTruth,
        row: int,
        line: int,
        k: int,
        at_ns: int,
        inwards: bool,
    ) -> _Passing:
        object_id = int(truth.id[row])
        direction = Direction.IN if inwards else Direction.OUT
        passing = self._passing.get((object_id, line))
        if passing is None:
            kind = KINDS[int(truth.kind[row])]
            facts = (kind.class_id, kind.name, float(truth.dims_m[row, 0]))
            passing = self._passing[object_id, line] = _Passing(direction, facts)
        passing.times_ns[k] = at_ns
        if k == _ANCHOR:
            return passing
        passing.direction = direction
        lane = int(truth.lane[row])
        if k in (_FRONT, _MIDDLE) and lane >= 0:
            passing.lane = lane
        if k == _MIDDLE:
            passing.speed_mps = float(np.hypot(*truth.velocity_mps[row]))
        return passing

    def _settled(self, truth: RoadTruth) -> list[TruePassage]:
        there = set(truth.id.tolist()) if self._passing else set()
        done = []
        for key, passing in list(self._passing.items()):
            rear = passing.times_ns.get(_REAR)
            gone = key[0] not in there
            if gone or (rear is not None and truth.pts_ns - rear >= SETTLED_NS):
                del self._passing[key]
                if {_FRONT, _MIDDLE, _REAR} <= passing.times_ns.keys():
                    done.append((key, passing))
        done.sort(key=lambda item: (item[1].times_ns[_FRONT], item[0]))
        return [self._told(key, passing) for key, passing in done]

    def _told(self, key: tuple[int, int], passing: _Passing) -> TruePassage:
        object_id, line = key
        front, middle, rear = (passing.times_ns[k] for k in (_FRONT, _MIDDLE, _REAR))
        class_id, kind, length_m = passing.row_facts
        place = (line, passing.direction, passing.lane)
        earlier = self._last.get(place) if passing.lane >= 0 else None
        self._last[place] = (front, rear)
        return TruePassage(
            self._lines[line],
            passing.direction,
            object_id,
            class_id,
            kind,
            length_m,
            middle,
            front,
            rear,
            passing.speed_mps * 3.6,
            self._lanes[passing.lane] if passing.lane >= 0 else "",
            passing.times_ns.get(_ANCHOR),
            None if earlier is None else (front - earlier[0]) / 1e9,
            None if earlier is None else (front - earlier[1]) / 1e9,
            None if passing.signal is None else passing.signal[0],
            None if passing.signal is None else passing.signal[1],
            passing.delay_s,
        )


def _points(truth: RoadTruth) -> Floats:
    """(N, 4, 2): front, middle, rear on the ground; bottom centre in the picture."""
    ahead = np.column_stack([np.cos(truth.heading_rad), np.sin(truth.heading_rad)])
    half = ahead * truth.dims_m[:, :1] / 2
    box = truth.xyxy
    anchor = np.column_stack([(box[:, 0] + box[:, 2]) / 2, box[:, 3]])
    return np.stack([truth.xy_m + half, truth.xy_m, truth.xy_m - half, anchor], axis=1)


def _sides(points: Floats, start: Floats, d: Floats) -> Floats:
    """(N, K, 2) points, (L, 2) starts and directions → (N, K, L) ``d × (p − start)``."""
    away = points[:, :, None, :] - start
    sides: Floats = d[:, 0] * away[..., 1] - d[:, 1] * away[..., 0]
    return sides

"""What one camera's next look must cover: what moved since the last one, and where it went. Pure.

Rules, numbered for the tests and docs/design/looks.md:

1. The whole frame is looked at first; after every break (reconnect, another size or model, a jump
   of the light, a look that failed); and whenever the last such look is ``full_look_s`` old.
2. In between a look covers every place where the gate saw motion since the last one, unless it has
   moved on from there, and the place where each track that moves, or was seen only once, is now.
3. What stands still is not looked at in between, however long it stands.
4. Where there is nothing to cover, the whole frame is looked at.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.core.tracks import FrameTracks
from its_camera_ai.vision.motion import Motion
from its_camera_ai.vision.regions import LookPlan, RegionPlanner

FULL_LOOK_S = 2.0

PLACES_MAX = 64
"""Places of motion that are remembered between two looks; more become one place around all."""

_SAME_PLACE_IOU = 0.5
_LEFT_SHARE = 0.2  # of the smaller box
_TRAIL_S = 0.1
"""Boxes of so long a time are taken together: the gate does not see all of a thing each time."""
_MOVING_H_S = 0.15
"""Slower than this, in box heights per second, is standing."""
_MOVING_PX_S = 4.0
_SPEED_TAU_S = 0.5
_AHEAD_S_MAX = 1.0
"""No place is thought on for longer than this since its track was told."""

_Floats = npt.NDArray[np.float64]


@dataclass(slots=True)
class _Way:
    """Where a track was told last, and how fast its box's middle goes, pixels per second."""

    xyxy: _Floats
    pts_ns: int
    velocity: _Floats
    sightings: int

    def at(self, pts_ns: int) -> _Floats:
        ahead_s = min(max((pts_ns - self.pts_ns) / NS_PER_S, 0.0), _AHEAD_S_MAX)
        place: _Floats = self.xyxy + np.tile(self.velocity * ahead_s, 2)
        return place

    @property
    def moves(self) -> bool:
        height = float(self.xyxy[3] - self.xyxy[1])
        speed = float(np.hypot(*self.velocity))
        return self.sightings < 2 or speed > max(_MOVING_PX_S, _MOVING_H_S * height)


class Attention:
    """One camera's places of interest. Not thread safe.

    Args:
        full_look_s: the whole frame is looked at this often at the least.
    """

    def __init__(self, *, full_look_s: float = FULL_LOOK_S) -> None:
        self._full_look_ns = round(full_look_s * NS_PER_S)
        self._places: _Floats = np.empty((0, 4))
        self._places_ns: npt.NDArray[np.int64] = np.empty(0, np.int64)
        self._left: npt.NDArray[np.bool_] = np.empty(0, np.bool_)
        self._ways: dict[int, _Way] = {}
        self._full_pts_ns: int | None = None

    def demand_full(self) -> None:
        """Rule 1: what was known is no ground for leaving parts of the frame out."""
        self._full_pts_ns = None

    def reset(self) -> None:
        """The stream began anew: nothing from before counts."""
        self.demand_full()
        self._forget_places()
        self._ways.clear()

    def saw(self, motion: Motion, pts_ns: int) -> None:
        """The gate's answer for the frame of this time, whether it is looked at or not."""
        if motion.relit:
            self.demand_full()
        fresh = motion.boxes.astype(np.float64)
        if not len(fresh):
            return
        if len(self._places):
            fresh = self._unite(fresh, pts_ns)
        self._places = np.concatenate([self._places, fresh])
        self._places_ns = np.append(self._places_ns, np.full(len(fresh), pts_ns, np.int64))
        self._left = np.append(self._left, np.zeros(len(fresh), np.bool_))
        if len(self._places) > PLACES_MAX:
            low, high = self._places[:, :2].min(axis=0), self._places[:, 2:].max(axis=0)
            self._places = np.concatenate([low, high])[None]
            self._places_ns = np.array([pts_ns], np.int64)
            self._left = np.zeros(1, np.bool_)

    def _unite(self, fresh: _Floats, pts_ns: int) -> _Floats:
        """Rule 2: what moved on is where it is now, and pieces of one thing are one place.

        A place that later boxes reach into is left; older than ``_TRAIL_S``, it is dropped. Younger
        ones grow by boxes of the same place. Returns the boxes that are places of their own.
        """
        low = np.maximum(self._places[:, None, :2], fresh[:, :2])
        high = np.minimum(self._places[:, None, 2:], fresh[:, 2:])
        shared = np.clip(high - low, 0, None).prod(axis=2)
        old, new = _size(self._places)[:, None], _size(fresh)
        trail = pts_ns - self._places_ns > _TRAIL_S * NS_PER_S
        same = ~trail[:, None] & (shared > _SAME_PLACE_IOU * (old + new - shared))
        reached = ~same & (shared > _LEFT_SHARE * np.minimum(old, new))
        self._left |= np.any(reached, axis=1)
        for place, box in zip(*np.nonzero(same), strict=True):
            self._places[place, :2] = np.minimum(self._places[place, :2], fresh[box, :2])
            self._places[place, 2:] = np.maximum(self._places[place, 2:], fresh[box, 2:])
        kept = ~(trail & self._left)
        self._places, self._places_ns = self._places[kept], self._places_ns[kept]
        self._left = self._left[kept]
        own: _Floats = fresh[~np.any(same, axis=0)]
        return own

    @property
    def follows(self) -> bool:
        """True while something moves that is followed."""
        return any(way.moves for way in self._ways.values())

    def tracks_at(self, pts_ns: int) -> npt.NDArray[np.float32]:
        """(K, 4): where all that is followed is at that time, standing or not."""
        return _stacked([way.at(pts_ns) for way in self._ways.values()]).astype(np.float32)

    def take(self, planner: RegionPlanner, pts_ns: int) -> LookPlan:
        """The look at the newest frame, of this time. What moved until now is thereby dealt with;
        if the look fails, ``demand_full``."""
        moving = _stacked([way.at(pts_ns) for way in self._ways.values() if way.moves])
        boxes = np.concatenate([self._places, moving])
        self._forget_places()
        due = self._full_pts_ns is None or not (
            0 <= pts_ns - self._full_pts_ns < self._full_look_ns
        )
        plan = planner.full if due else planner.plan(boxes)
        if plan.is_full:
            self._full_pts_ns = pts_ns
        return plan

    def _forget_places(self) -> None:
        self._places = np.empty((0, 4))
        self._places_ns = np.empty(0, np.int64)
        self._left = np.empty(0, np.bool_)

    def follow(self, tracks: FrameTracks) -> None:
        """What the tracker told after a look."""
        ways: dict[int, _Way] = {}
        for track_id, box, seen in zip(
            tracks.track_id.tolist(), tracks.xyxy.astype(np.float64), tracks.observed, strict=True
        ):
            way = self._ways.get(track_id)
            if way is None:
                ways[track_id] = _Way(box, tracks.pts_ns, np.zeros(2), int(seen))
            else:
                ways[track_id] = _continued(way, box, tracks.pts_ns, seen=bool(seen))
        self._ways = ways


def _continued(way: _Way, box: _Floats, pts_ns: int, *, seen: bool) -> _Way:
    """A prediction moves a track's place on, but says nothing new of its speed."""
    step_s = (pts_ns - way.pts_ns) / NS_PER_S
    if step_s <= 0:
        return way
    velocity = way.velocity
    if seen:
        middle = (box[:2] + box[2:] - way.xyxy[:2] - way.xyxy[2:]) / 2
        weight = 1.0 if way.sightings < 2 else 1 - np.exp(-step_s / _SPEED_TAU_S)
        velocity = velocity + (middle / step_s - velocity) * weight
    return _Way(box, pts_ns, velocity, way.sightings + seen)


def _size(boxes: _Floats) -> _Floats:
    size: _Floats = (boxes[:, 2:] - boxes[:, :2]).prod(axis=1)
    return size


def _stacked(boxes: list[_Floats]) -> _Floats:
    return np.array(boxes, np.float64).reshape(-1, 4)

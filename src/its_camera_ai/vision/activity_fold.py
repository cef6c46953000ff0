"""What moved in each second of a camera, and what was seen: the words that a recording keeps."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from its_camera_ai.core.activity import CELLS_BYTES, GRID_WH, SecondOfActivity
from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.core.tracks import FrameTracks
from its_camera_ai.vision.detector import FloatArray

WAIT_S = 1.0
"""So long after its end a second is told: looks at its pictures may still be under way."""
STILL_S = 10.0
"""An object that did not move for so long counts as part of the scene until it does."""
MOVED_SHARE = 0.25
"""Of its own width or height."""

_WAIT_NS = round(WAIT_S * NS_PER_S)
_STILL = bytes(CELLS_BYTES)
_LABELS = {int(c): c.label for c in ObjectClass}


@dataclass(slots=True)
class _Second:
    frames: int = 0
    cells: npt.NDArray[np.bool_] | None = None
    objects: dict[str, int] | None = None
    active: dict[str, int] | None = None


@dataclass(slots=True)
class _Place:
    """Where a track was when it last moved."""

    xyxy: list[float]
    moved_ns: int


@dataclass(slots=True)
class ActivityFold:
    """One camera's seconds in the making. Not thread safe; its eye owns it."""

    _open: dict[int, _Second] = field(default_factory=dict)  # by wall seconds, in order
    _told_s: int = -1
    _places: dict[int, _Place] = field(default_factory=dict)

    def saw(
        self, boxes_px: FloatArray, size_wh: tuple[int, int], wall_ns: int
    ) -> list[SecondOfActivity]:
        """One picture that passed the motion gate.

        Args:
            boxes_px: (K, 4) xyxy of what moved, pixels.

        Returns:
            the seconds that are complete now, in order.
        """
        at_s = wall_ns // NS_PER_S
        if at_s < self._told_s - 1:  # the clock was set back
            self._open.clear()
            self._told_s = at_s - 1
        second = self._second(at_s)
        if second is not None:
            second.frames += 1
            if len(boxes_px):
                _mark(second, boxes_px, size_wh)
        first = next(iter(self._open), at_s)
        if (first + 1) * NS_PER_S + _WAIT_NS > wall_ns:
            return []
        return list(self._finished(wall_ns))

    def looked(self, tracks: FrameTracks) -> None:
        """One look at a picture; call it for real looks only."""
        seen, active = dict[str, int](), dict[str, int]()
        places: dict[int, _Place] = {}
        rows = zip(
            tracks.track_id.tolist(),
            tracks.class_id.tolist(),
            tracks.observed.tolist(),
            tracks.xyxy.tolist(),
            strict=True,
        )
        for track_id, class_id, observed, xyxy in rows:
            place = self._places.get(track_id)
            if place is None or (observed and _has_moved(place.xyxy, xyxy)):
                place = _Place(xyxy, tracks.wall_ns)
            places[track_id] = place
            if observed:
                label = _LABELS[class_id]
                seen[label] = seen.get(label, 0) + 1
                if tracks.wall_ns - place.moved_ns < STILL_S * NS_PER_S:
                    active[label] = active.get(label, 0) + 1
        self._places = places
        second = self._second(tracks.wall_ns // NS_PER_S)
        if second is not None:
            second.objects = _most(second.objects, seen)
            second.active = _most(second.active, active)

    def _second(self, at_s: int) -> _Second | None:
        """None for one that was told already."""
        found = self._open.get(at_s)
        if found is None and at_s > self._told_s:
            found = self._open[at_s] = _Second()
        return found

    def _finished(self, wall_ns: int) -> Iterator[SecondOfActivity]:
        for at_s in sorted(self._open):
            if (at_s + 1) * NS_PER_S + _WAIT_NS > wall_ns:
                return
            second = self._open.pop(at_s)
            self._told_s = at_s
            if second.frames:
                cells = _STILL if second.cells is None else np.packbits(second.cells).tobytes()
                yield SecondOfActivity(
                    at_s * NS_PER_S, second.frames, cells, second.objects, second.active
                )


def _mark(second: _Second, boxes_px: FloatArray, size_wh: tuple[int, int]) -> None:
    if second.cells is None:
        second.cells = np.zeros((GRID_WH[1], GRID_WH[0]), np.bool_)
    per_x, per_y = GRID_WH[0] / size_wh[0], GRID_WH[1] / size_wh[1]
    for left, top, right, bottom in boxes_px.tolist():
        second.cells[
            int(top * per_y) : -int(-bottom * per_y // 1),
            int(left * per_x) : -int(-right * per_x // 1),
        ] = True


def _has_moved(before: list[float], now: list[float]) -> bool:
    width, height = now[2] - now[0], now[3] - now[1]
    dx, dy = before[0] + before[2] - now[0] - now[2], before[1] + before[3] - now[1] - now[3]
    return abs(dx) > 2 * MOVED_SHARE * width or abs(dy) > 2 * MOVED_SHARE * height


def _most(known: dict[str, int] | None, counts: dict[str, int]) -> dict[str, int]:
    if known is None:
        return counts
    return {label: max(known.get(label, 0), counts.get(label, 0)) for label in {*known, *counts}}

"""Sightings of tracked vehicles, and which of them a camera can be measured by."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from its_camera_ai.analytics.calibration.vehicle_sizes import TypicalSize
from its_camera_ai.core.tracks import FrameTracks

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_PER_TRACK = 6
_TRACKS_MAX = 80
_EDGE_PX = 3.0
_HEIGHT_MIN_PX = 14.0
_MOVED_MIN = 0.15
"""Of a box's height: with less motion around a sighting its heading is not known."""
_ONE_CAR_SD = 0.08
_BOX_SD_PX = 1.5


@dataclass(frozen=True, slots=True, eq=False)
class SeenVehicles:
    """Sightings of tracked vehicles, those of one track in order of time.

    Attributes:
        track_id: (N,). class_id: (N,) values of ``ObjectClass``. xyxy: (N, 4) pixels.
    """

    track_id: Ints
    class_id: npt.NDArray[np.int8]
    xyxy: Floats

    @classmethod
    def of(cls, frames: Iterable[FrameTracks]) -> "SeenVehicles":
        """From looks at the road in order of time; predictions and unknown frames are left out.

        A few minutes of busy traffic are enough; the caller bounds them.
        """
        looks = [(f, f.observed) for f in frames if f.unknown is None and len(f)]
        if not looks:
            return cls(np.empty(0, np.int64), np.empty(0, np.int8), np.empty((0, 4)))
        track_id = np.concatenate([f.track_id[seen] for f, seen in looks])
        order = np.argsort(track_id, kind="stable")
        return cls(
            track_id[order],
            np.concatenate([f.class_id[seen] for f, seen in looks])[order],
            np.concatenate([f.xyxy[seen] for f, seen in looks])[order].astype(np.float64),
        )


@dataclass(frozen=True, slots=True, eq=False)
class Sightings:
    """What is fitted: (M, …) of each; ``before`` and ``after`` are bottom centres on its track."""

    track: Ints
    size_px: Floats
    foot_px: Floats
    before_px: Floats
    after_px: Floats
    dims_m: Floats
    weight: Floats

    def of(self, rows: npt.NDArray[np.intp]) -> "Sightings":
        return Sightings(
            self.track[rows],
            self.size_px[rows],
            self.foot_px[rows],
            self.before_px[rows],
            self.after_px[rows],
            self.dims_m[rows],
            self.weight[rows],
        )


def fitted_ones(
    seen: SeenVehicles, size_wh: tuple[int, int], sizes: Mapping[int, TypicalSize]
) -> Sightings:
    """Whole boxes of moving vehicles, a few from each track."""
    xyxy = seen.xyxy
    inside = (xyxy[:, :2] > _EDGE_PX).all(axis=1) & (
        xyxy[:, 2:] < np.asarray(size_wh) - _EDGE_PX
    ).all(axis=1)
    known = np.isin(seen.class_id, list(sizes)) & inside
    large = xyxy[:, 3] - xyxy[:, 1] >= _HEIGHT_MIN_PX
    foot = np.stack([(xyxy[:, 0] + xyxy[:, 2]) / 2, xyxy[:, 3]], axis=1)
    rows: list[tuple[int, int, int]] = []
    ids, counts = np.unique(seen.track_id[known], return_counts=True)
    for track_id in ids[np.argsort(-counts, kind="stable")][:_TRACKS_MAX]:
        rows += _spread(np.flatnonzero((seen.track_id == track_id) & known), large, foot, xyxy)
    table = np.array(rows, np.intp).reshape(-1, 3)
    at = table[:, 1]
    dims = np.array(
        [
            (size.length_m, size.width_m, size.height_m)
            for size in (sizes[int(c)] for c in seen.class_id[at])
        ]
    ).reshape(-1, 3)
    size_px = xyxy[at, 2:] - xyxy[at, :2]
    track = seen.track_id[at]
    _, which, per_track = np.unique(track, return_inverse=True, return_counts=True)
    noise = np.sqrt(_ONE_CAR_SD**2 + 2 * (_BOX_SD_PX / size_px) ** 2)
    weight = 1 / (noise * np.sqrt(per_track[which])[:, None])
    return Sightings(track, size_px, foot[at], foot[table[:, 0]], foot[table[:, 2]], dims, weight)


def _spread(
    track: npt.NDArray[np.intp], large: npt.NDArray[np.bool_], foot: Floats, xyxy: Floats
) -> list[tuple[int, int, int]]:
    """Up to eight sightings of a track, each with one before and one after it that lie far enough
    away for a heading."""
    found = []
    for k in range(1, len(track) - 1):
        here = track[k]
        if not large[here]:
            continue
        need_px = _MOVED_MIN * (xyxy[here, 3] - xyxy[here, 1])
        away = np.linalg.norm(foot[track] - foot[here], axis=1) >= need_px
        before, after = np.flatnonzero(away[:k]), np.flatnonzero(away[k + 1 :])
        if len(before) and len(after):
            found.append((int(track[before[-1]]), int(here), int(track[k + 1 + after[0]])))
    chosen = np.unique(np.linspace(0, len(found) - 1, min(_PER_TRACK, len(found))).round())
    return [found[int(k)] for k in chosen]

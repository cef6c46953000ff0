"""A calibration without any point on the road: from tracked vehicles of typical size."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
from scipy.optimize import least_squares

from its_camera_ai.analytics.calibration.vehicle_sizes import (
    SIZE_SD,
    TYPICAL_SIZES,
    TypicalSize,
    View,
)
from its_camera_ai.core.calibration import Calibration, PointPair
from its_camera_ai.core.errors import CalibrationInvalid
from its_camera_ai.core.picture_points import Point, Unit

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

TRACKS_MIN = 15
"""Fewer vehicles say more about themselves than about the fleet."""
_PER_TRACK = 8
_TRACKS_MAX = 150
_EDGE_PX = 3.0
_HEIGHT_MIN_PX = 14.0
_MOVED_MIN = 0.15
"""Of a box's height: with less motion around a sighting its heading is not known."""
_ONE_CAR_SD = 0.08
_BOX_SD_PX = 1.5
_FOCALS = (0.6, 0.9, 1.4, 2.2, 3.5)
_TILTS_DEG = (5, 10, 18, 30, 50)
_LEAST = (np.log(0.4), np.radians(1), np.log(2))
_MOST = (np.log(6), np.radians(88), np.log(60))
_MISFIT_MAX = 0.2
_BOOTSTRAPS = 12
_SEED = 20


@dataclass(frozen=True, slots=True, eq=False)
class SeenVehicles:
    """Sightings of tracked vehicles, those of one track in order of time.

    Attributes:
        track_id: (N,). class_id: (N,) values of ``ObjectClass``. xyxy: (N, 4) pixels.
    """

    track_id: Ints
    class_id: npt.NDArray[np.int8]
    xyxy: Floats


@dataclass(frozen=True, slots=True, eq=False)
class AutomaticCalibration:
    """What the vehicles say of the camera.

    Attributes:
        calibration: pairs on a grid where vehicles were seen, in fractions of the picture; solve
            it like any other. Its ``scale_sd`` is this estimate's.
        view: the camera that fits best.
        tracks: vehicles that were used.
        misfit: how far boxes miss their typical size, relative, median.
        scale_sd: relative standard deviation of lengths along the ways of travel: the scatter over
            the vehicles, and how far a fleet may differ from the typical size.
    """

    calibration: Calibration
    view: View
    tracks: int
    misfit: float
    scale_sd: float


@dataclass(frozen=True, slots=True, eq=False)
class _Sightings:
    """What is fitted: (M, …) of each; ``before`` and ``after`` are bottom centres on its track."""

    track: Ints
    size_px: Floats
    foot_px: Floats
    before_px: Floats
    after_px: Floats
    dims_m: Floats
    weight: Floats

    def of(self, rows: npt.NDArray[np.intp]) -> "_Sightings":
        return _Sightings(
            self.track[rows],
            self.size_px[rows],
            self.foot_px[rows],
            self.before_px[rows],
            self.after_px[rows],
            self.dims_m[rows],
            self.weight[rows],
        )


def calibrate_from_vehicles(
    seen: SeenVehicles,
    size_wh: tuple[int, int],
    *,
    sizes: Mapping[int, TypicalSize] = TYPICAL_SIZES,
    size_sd: float = SIZE_SD,
) -> AutomaticCalibration:
    """Focal length, tilt and height of a camera from the boxes of passing vehicles.

    The view is searched under which bodies of typical size, turned into their way of travel, have
    the boxes that were seen (the idea of *AutoCalib*, Bhardwaj et al., 2018, and of Dubská et al.,
    2014, with a whole body in place of single key points). It assumes a flat road, a camera
    without roll, a principal point in the picture's middle, and no distortion. The world's y points
    away from the camera; there is no north.

    Args:
        sizes: by class; classes without one are left aside.
        size_sd: how far this site's fleet may differ from them, relative.

    Raises:
        CalibrationInvalid: too few whole, moving vehicles, or no view fits them.
    """
    sightings = _fitted_ones(seen, size_wh, sizes)
    tracks = len(np.unique(sightings.track))
    if tracks < TRACKS_MIN:
        raise CalibrationInvalid(
            f"Calibration from vehicles: {tracks} moving vehicles were seen whole; wait for "
            f"{TRACKS_MIN}, better 50, or give points on the road."
        )
    best = _searched(sightings, size_wh)
    view = _view(best, size_wh)
    misfit = float(np.median(np.abs(_log_misfit(view, sightings))))
    if misfit > _MISFIT_MAX or _at_bounds(best):
        raise CalibrationInvalid(
            f"Calibration from vehicles: no camera over a flat road fits what was seen (boxes miss "
            f"their size by {misfit:.0%}); the camera may be rolled, the road steep, or the "
            "vehicles unusual. Give points on the road."
        )
    scatter = _scatter(best, sightings, size_wh)
    scale_sd = float(np.hypot(scatter, size_sd))
    calibration = _as_pairs(view, sightings, size_wh, scale_sd)
    return AutomaticCalibration(calibration, view, tracks, misfit, scale_sd)


def _fitted_ones(
    seen: SeenVehicles, size_wh: tuple[int, int], sizes: Mapping[int, TypicalSize]
) -> _Sightings:
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
    return _Sightings(track, size_px, foot[at], foot[table[:, 0]], foot[table[:, 2]], dims, weight)


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


def _view(params: Floats, size_wh: tuple[int, int]) -> View:
    return View(
        float(np.exp(params[0])) * size_wh[0],
        float(params[1]),
        float(np.exp(params[2])),
        (size_wh[0] / 2, size_wh[1] / 2),
    )


def _log_misfit(view: View, s: _Sightings) -> Floats:
    """(M, 2) logarithm of typical over seen, of the boxes' width and height."""
    way = view.ground(s.after_px) - view.ground(s.before_px)
    heading = np.arctan2(way[:, 1], way[:, 0])
    foot = s.foot_px
    size = s.size_px
    for _ in range(3):  # the body stands where its box has its bottom centre where it was seen
        boxes = view.boxes(view.ground(foot), heading, s.dims_m)
        size = boxes[:, 2:] - boxes[:, :2]
        off_x = s.foot_px[:, 0] - (boxes[:, 0] + boxes[:, 2]) / 2
        foot = foot + np.stack([off_x, s.foot_px[:, 1] - boxes[:, 3]], axis=1)
    misfit = np.log(np.maximum(size, 1e-3) / s.size_px)
    return np.asarray(np.where(np.isfinite(misfit), misfit, 3.0), np.float64)


def _searched(s: _Sightings, size_wh: tuple[int, int]) -> Floats:
    """From a grid of views, the best three refined."""
    starts = []
    for focal, tilt_deg in product(_FOCALS, _TILTS_DEG):
        params = np.array([np.log(focal), np.radians(tilt_deg), np.log(8.0)])
        for _ in range(3):  # sizes go with one over the height
            log = _log_misfit(_view(params, size_wh), s)
            params[2] = np.clip(params[2] + np.median(log), _LEAST[2] + 0.01, _MOST[2] - 0.01)
        starts.append((float(np.abs(log - np.median(log)).mean()), params))
    starts.sort(key=lambda start: start[0])
    fits = [_refined(params, s, size_wh) for _, params in starts[:3]]
    best: Floats = min(fits, key=lambda fit: float(fit.cost)).x
    return best


def _refined(params: Floats, s: _Sightings, size_wh: tuple[int, int]) -> Any:
    def residuals(at: Floats) -> Floats:
        return (_log_misfit(_view(at, size_wh), s) * s.weight).ravel()

    start = np.clip(params, np.add(_LEAST, 1e-6), np.subtract(_MOST, 1e-6))
    return least_squares(
        residuals, start, bounds=(_LEAST, _MOST), loss="soft_l1", diff_step=1e-4, max_nfev=60
    )


def _at_bounds(params: Floats) -> bool:
    return bool(np.any(params - _LEAST < 1e-3) or np.any(np.subtract(_MOST, params) < 1e-3))


def _scatter(best: Floats, s: _Sightings, size_wh: tuple[int, int]) -> float:
    """Relative standard deviation of lengths along the ways of travel, over resampled vehicles
    (the bootstrap; Efron, 1979)."""
    rng = np.random.default_rng(_SEED)
    ids = np.unique(s.track)
    by_track = {int(i): np.flatnonzero(s.track == i) for i in ids}
    whole = _lengths_m(_view(best, size_wh), s)
    ratios = []
    for _ in range(_BOOTSTRAPS):
        drawn = rng.choice(ids, len(ids))
        rows = np.concatenate([by_track[int(i)] for i in drawn])
        found = _refined(best, s.of(rows), size_wh).x
        ratios.append(float(np.nanmedian(_lengths_m(_view(found, size_wh), s) / whole)))
    return float(np.std(ratios, ddof=1))


def _lengths_m(view: View, s: _Sightings) -> Floats:
    return np.asarray(
        np.linalg.norm(view.ground(s.after_px) - view.ground(s.before_px), axis=1), np.float64
    )


def _as_pairs(
    view: View, s: _Sightings, size_wh: tuple[int, int], scale_sd: float
) -> Calibration:
    """Twelve pairs over the area where vehicles were seen, which is also where it is valid."""
    wh = np.asarray(size_wh, np.float64)
    hull = cv2.convexHull(s.foot_px.astype(np.float32)).reshape(-1, 2).astype(np.float64)
    low, high = np.percentile(s.foot_px, [5, 95], axis=0)
    grid = np.array(
        [(u, v) for v in np.linspace(low[1], high[1], 3) for u in np.linspace(low[0], high[0], 4)]
    )
    pairs = tuple(
        PointPair(_point(px / wh), _point(xy), f"grid {k}")
        for k, (px, xy) in enumerate(zip(grid, view.ground(grid), strict=True), start=1)
    )
    valid = tuple(_point(corner) for corner in np.clip(hull / wh, 0, 1))
    return replace(Calibration(pairs, unit=Unit.NORMALISED, valid=valid), scale_sd=scale_sd)


def _point(xy: Floats) -> Point:
    return float(xy[0]), float(xy[1])

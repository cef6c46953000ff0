"""A calibration without any point on the road: from tracked vehicles of typical size."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from its_camera_ai.analytics.calibration.vehicle_sightings import (
    SeenVehicles,
    Sightings,
    fitted_ones,
)
from its_camera_ai.analytics.calibration.vehicle_sizes import (
    HULL,
    SIZE_SD,
    TYPICAL_SIZES,
    TypicalSize,
    View,
)
from its_camera_ai.analytics.calibration.view_search import (
    TRACKS_MIN,
    Search,
    focal_share,
    log_misfit,
    scatter,
    unlike,
    usual,
)
from its_camera_ai.core.calibration import Calibration, PointPair
from its_camera_ai.core.errors import CalibrationInvalid
from its_camera_ai.core.picture_points import Point, Unit

Floats = npt.NDArray[np.float64]

_MISFIT_MAX = 0.2


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


def calibrate_from_vehicles(
    seen: SeenVehicles,
    size_wh: tuple[int, int],
    *,
    sizes: Mapping[int, TypicalSize] = TYPICAL_SIZES,
    size_sd: float = SIZE_SD,
    hfov_deg: float | None = None,
) -> AutomaticCalibration:
    """Focal length, tilt and height of a camera from the boxes of passing vehicles.

    The view is searched under which bodies of typical size, turned into their way of travel, have
    the boxes that were seen (the idea of *AutoCalib*, Bhardwaj et al., 2018, and of Dubská et al.,
    2014, with a whole body in place of single key points). It assumes a flat road, a camera
    without roll, a principal point in the picture's middle, and no distortion. The world's y points
    away from the camera; there is no north.

    Args:
        sizes: by class; classes without one are left aside.
        size_sd: how far this site's fleet may differ from them, relative, each of length, width
            and height for itself.
        hfov_deg: horizontal field of view, as the camera's or lens's data sheet says; without it
            the focal length is searched too, which boxes tell badly.

    Raises:
        CalibrationInvalid: too few whole, moving vehicles, or no view fits them.
    """
    sightings = fitted_ones(seen, size_wh, sizes)
    tracks = len(np.unique(sightings.track))
    if tracks < TRACKS_MIN:
        raise CalibrationInvalid(
            f"Calibration from vehicles: {tracks} moving vehicles were seen whole; wait for "
            f"{TRACKS_MIN}, better 50, or give points on the road."
        )
    search = Search(sightings, size_wh, None if hfov_deg is None else focal_share(hfov_deg))
    best = search.best()
    search = replace(search, sightings=usual(search, best))
    best = search.refined(best).x
    view = search.view(best)
    misfit = float(np.median(np.abs(log_misfit(view, sightings, HULL))))
    if misfit > _MISFIT_MAX or search.at_bounds(best):
        raise CalibrationInvalid(
            f"Calibration from vehicles: no camera over a flat road fits what was seen (boxes miss "
            f"their size by {misfit:.0%}); the camera may be rolled, the road steep, or the "
            "vehicles unusual. Give points on the road."
        )
    tracks = len(np.unique(search.sightings.track))
    scale_sd = float(np.hypot(scatter(search, best), unlike(search, best, size_sd)))
    calibration = _as_pairs(view, search.sightings, size_wh, scale_sd)
    return AutomaticCalibration(calibration, view, tracks, misfit, scale_sd)


def _as_pairs(view: View, s: Sightings, size_wh: tuple[int, int], scale_sd: float) -> Calibration:
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
    return Calibration(pairs, unit=Unit.NORMALISED, valid=valid, scale_sd=scale_sd)


def _point(xy: Floats) -> Point:
    return float(xy[0]), float(xy[1])

"""How well a solved calibration knows each lane."""

from collections.abc import Sequence

import cv2
import numpy as np
import numpy.typing as npt

from its_camera_ai.analytics.calibration.homography import HomographyFit
from its_camera_ai.analytics.calibration.solution import ErrorSummary, LaneError, PairError
from its_camera_ai.core.geometry import points_in_polygon
from its_camera_ai.core.ground import GroundPlane
from its_camera_ai.core.road import Lane

Floats = npt.NDArray[np.float64]

_AT_THE_EDGE = 0.015
"""Of the picture's width: a mark between two lanes belongs to both."""
_GRID = 24


def lane_errors(
    lane: Lane, pairs: Sequence[PairError], plane: GroundPlane, fit: HomographyFit
) -> LaneError:
    """Hold-out errors of the pairs in or at a lane, and what the fit lets one expect there."""
    polygon = lane.pixels(plane.size_wh)
    near_px = _AT_THE_EDGE * plane.size_wh[0]
    outline = polygon.astype(np.float32)
    errors = [
        pair.hold_out_m
        for pair in pairs
        if pair.hold_out_m is not None
        and not pair.bad
        and cv2.pointPolygonTest(outline, pair.image_px, measureDist=True) >= -near_px
    ]
    area = _points_of(polygon)
    valid = plane.is_valid(area)
    return LaneError(
        lane.id,
        ErrorSummary.of(errors),
        _expected_sd_m(area[valid] if valid.any() else area, plane, fit),
        float(valid.mean()) if len(area) else 0.0,
    )


def _points_of(polygon: Floats) -> Floats:
    """(N, 2) pixels of an even grid inside the polygon."""
    low, high = polygon.min(axis=0), polygon.max(axis=0)
    share = (np.arange(_GRID) + 0.5) / _GRID
    u, v = np.meshgrid(low[0] + share * (high - low)[0], low[1] + share * (high - low)[1])
    grid = np.stack([u.ravel(), v.ravel()], axis=1)
    return grid[points_in_polygon(grid, polygon)]


def _expected_sd_m(area_px: Floats, plane: GroundPlane, fit: HomographyFit) -> float:
    world = plane.to_world(area_px)
    world = world[np.isfinite(world).all(axis=1)]
    return float(np.median(fit.position_sd_m(world))) if len(world) else float("nan")

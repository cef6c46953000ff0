"""From a box in the picture to the point on the road under the middle of the body.

The middle of a box's lower edge lies under the body's nearest edge, not under its middle, and how
far off that is changes with the view; taken as the place, it bends speeds and headways. So the
class's usual body, or the one fitted to this track, is projected where the track is expected, and
the edges of its box say how far each edge of the seen box lies from the middle of the footprint.
"""

import numpy as np

from its_camera_ai.analytics.road_users.roster import Bools, Floats
from its_camera_ai.analytics.road_users.view import View
from its_camera_ai.core.ground import GroundPlane

_BORDER_PX = 2.0
_BODY_SD = 0.15
"""Relative uncertainty of a body's height and width where an edge has to stand in for another."""


def cut_edges(xyxy: Floats, size_wh: tuple[int, int]) -> Bools:
    """(N, 4) boxes → (N, 4) which of their edges lie on the picture's border."""
    border = np.array([_BORDER_PX, _BORDER_PX, size_wh[0] - _BORDER_PX, size_wh[1] - _BORDER_PX])
    cut: Bools = (xyxy <= border) & [True, True, False, False]
    cut |= (xyxy >= border) & [False, False, True, True]
    return cut


def bottom_centres(xyxy: Floats) -> Floats:
    """(N, 4) → (N, 2) pixels."""
    return np.stack([(xyxy[:, 0] + xyxy[:, 2]) / 2, xyxy[:, 3]], axis=1)


def ground_points(
    plane: GroundPlane,
    view: View,
    xyxy: Floats,
    cut: Bools,
    expected_m: Floats,
    heading_rad: Floats,
    dims_m: Floats,
) -> tuple[Floats, Floats]:
    """Where the middle of each footprint is seen.

    Args:
        xyxy: (N, 4) boxes, pixels. cut: (N, 4) edges on the border.
        expected_m: (N, 2) where the track should be; NaN where nothing is known.
        heading_rad: (N,) NaN where unknown: then the footprint is taken as a square.
        dims_m: (N, 3) length, width, height.

    Returns:
        (N, 2) pixels and (N, 2) standard deviations of u and v in pixels; NaN where both sides, or
        both the top and the bottom, are cut off.
    """
    known = np.isfinite(heading_rad)
    side = np.sqrt(dims_m[:, 0] * dims_m[:, 1])
    dims = dims_m.copy()
    dims[~known, 0] = dims[~known, 1] = side[~known]
    heading = np.where(known, heading_rad, 0.0)
    px, sd_px = _measured(plane, view, xyxy, cut, expected_m, heading, dims)
    # the offset is that of the expected place; without one it is found from the place itself
    fresh = np.flatnonzero(np.isnan(px).any(axis=1))
    place = plane.to_world(bottom_centres(xyxy[fresh]))
    for _ in range(3 if len(fresh) else 0):
        px[fresh], sd_px[fresh] = _measured(
            plane, view, xyxy[fresh], cut[fresh], place, heading[fresh], dims[fresh]
        )
        place = plane.to_world(px[fresh])
    return px, sd_px


def _measured(
    plane: GroundPlane,
    view: View,
    xyxy: Floats,
    cut: Bools,
    place_m: Floats,
    heading_rad: Floats,
    dims_m: Floats,
) -> tuple[Floats, Floats]:
    centre = plane.to_image(place_m)
    body = view.boxes(place_m, heading_rad, dims_m)
    offset = body - np.concatenate([centre, centre], axis=1)
    at = xyxy - offset
    noise = np.full(len(xyxy), plane.position_sd_px)
    wide, tall = body[:, 2] - body[:, 0], body[:, 3] - body[:, 1]
    left, top, right, bottom = cut.T
    u = np.where(left, at[:, 2], np.where(right, at[:, 0], (at[:, 0] + at[:, 2]) / 2))
    u = np.where(left & right, np.nan, u)
    v = np.where(bottom, np.where(top, np.nan, at[:, 1]), at[:, 3])
    sd_u = np.where(left | right, np.hypot(noise, _BODY_SD / 2 * wide), noise)
    sd_v = np.where(bottom, np.hypot(noise, _BODY_SD * tall), noise)
    return np.stack([u, v], axis=1), np.stack([sd_u, sd_v], axis=1)

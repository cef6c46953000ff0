"""From a box in the picture to the point on the road under the middle of the body.

The middle of a box's lower edge lies under the body's nearest edge, not under its middle, and how
far off that is changes with the view; taken as the place, it bends speeds and headways. So the
class's usual body, or the one fitted to this track, is projected where the track is expected: how
far the lower edge of its box lies from its middle is how far that of the seen box lies, too.
"""

import numpy as np

from its_camera_ai.analytics.road_users.roster import Bools, Floats
from its_camera_ai.analytics.road_users.view import View
from its_camera_ai.core.ground import GroundPlane

_BORDER_PX = 2.0
_BODY_SD = 0.15
"""Relative uncertainty of a body's height and width where an edge has to stand in for another."""
_TURNS = 2


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
    """The middle of each footprint.

    Args:
        xyxy: (N, 4) boxes, pixels. cut: (N, 4) edges on the border.
        expected_m: (N, 2) where the track should be; NaN where nothing is known.
        heading_rad: (N,) NaN where unknown: then the footprint is taken as a square.
        dims_m: (N, 3) length, width, height.

    Returns:
        (N, 2) metres and their (N, 2, 2) covariance; NaN where both sides, or both the top and
        the bottom, are cut off, and near the horizon.
    """
    known = np.isfinite(heading_rad)
    side = np.sqrt(dims_m[:, 0] * dims_m[:, 1])
    dims = dims_m.copy()
    dims[~known, 0] = dims[~known, 1] = side[~known]
    heading = np.where(known, heading_rad, 0.0)
    rough = plane.to_world(bottom_centres(xyxy))
    fresh: Bools = np.isnan(expected_m[:, 0])
    place = np.where(fresh[:, None], rough, expected_m)
    xy, noise = _measured(plane, view, xyxy, cut, place, heading, dims)
    fresh |= np.isnan(xy[:, 0])
    if fresh.any():  # how far apart they lie is found by turns
        rows = np.flatnonzero(fresh)
        place = np.where(np.isnan(xy[rows]), rough[rows], xy[rows])
        for _ in range(_TURNS):
            place, noise[rows] = _measured(
                plane, view, xyxy[rows], cut[rows], place, heading[rows], dims[rows]
            )
        xy[rows] = place
    return xy, noise


def _measured(
    plane: GroundPlane,
    view: View,
    xyxy: Floats,
    cut: Bools,
    place_m: Floats,
    heading_rad: Floats,
    dims_m: Floats,
) -> tuple[Floats, Floats]:
    """The same point of the seen box and of the body's lies as far apart on the ground as the two
    bodies do; on the ground that hardly depends on the place, in pixels it would."""
    body = view.boxes(place_m, heading_rad, dims_m)
    wide, tall = body[:, 2] - body[:, 0], body[:, 3] - body[:, 1]
    left, top, right, bottom = cut.T
    seen, there = _edge_points(xyxy, cut, tall), _edge_points(body, cut, tall)
    seen[(left & right) | (top & bottom)] = np.nan
    xy = place_m + plane.to_world(seen) - plane.to_world(there)
    noise = np.full(len(xyxy), plane.position_sd_px)
    sd_px = np.stack(
        [
            np.where(left | right, np.hypot(noise, _BODY_SD / 2 * wide), noise),
            np.where(bottom, np.hypot(noise, _BODY_SD * tall), noise),
        ],
        axis=1,
    )
    slopes = plane.jacobian(seen) * sd_px[:, None, :]
    return xy, slopes @ np.swapaxes(slopes, 1, 2)


def _edge_points(boxes: Floats, cut: Bools, tall: Floats) -> Floats:
    """(N, 2) the middle of the lower edge; a corner where a side is cut off; the upper edge moved
    down by the body's height in the picture where the lower one is."""
    left, _, right, bottom = cut.T
    middle = (boxes[:, 0] + boxes[:, 2]) / 2
    u = np.where(left, boxes[:, 2], np.where(right, boxes[:, 0], middle))
    v = np.where(bottom, boxes[:, 1] + tall, boxes[:, 3])
    return np.stack([u, v], axis=1)

"""Where in the picture a solved calibration may be used."""

import cv2
import numpy as np
import numpy.typing as npt

from its_camera_ai.core.errors import CalibrationInvalid
from its_camera_ai.core.ground import RadialLens

Floats = npt.NDArray[np.float64]

WIDENED = 1.15
"""The hull of the pairs, blown up about its middle: a homography is trusted little outside."""
_NEARER_THE_HORIZON = 0.6
"""Least distance from the horizon, as a share of the farthest pair's: a pixel there is about 2.8
times as long on the road as at that pair, and one may not look farther."""
_STEPS = 12


def default_validity(
    px: Floats, to_world: Floats, size_wh: tuple[int, int], lens: RadialLens | None
) -> Floats:
    """The hull of the pairs, widened a little, in the picture and well below the horizon.

    Args:
        px: (N, 2) undistorted pixels of the pairs. to_world: (3, 3) from there to metres.

    Returns:
        (M, 2) polygon in pixels as the camera shows them.

    Raises:
        CalibrationInvalid: nothing of it is in the picture.
    """
    hull = cv2.convexHull(px.astype(np.float32)).reshape(-1, 2).astype(np.float64)
    middle = hull.mean(axis=0)
    wide = middle + WIDENED * (hull - middle)
    # the third component of the homography is linear in the picture and 0 on the horizon
    farthest = float((np.column_stack([px, np.ones(len(px))]) @ to_world[2]).min())
    limit = to_world[2] - np.array([0, 0, _NEARER_THE_HORIZON * farthest])
    polygon = clipped(wide, limit)
    if lens is not None:
        polygon = lens.bent(_with_steps(polygon))
    polygon = _in_picture(polygon, size_wh)
    if len(polygon) < 3:
        raise CalibrationInvalid(
            f"Calibration: the pairs lie outside the picture of {size_wh[0]} × {size_wh[1]} px; "
            "they were measured in pictures of another size. Give them as fractions of the picture."
        )
    return polygon


def check_validity(valid_px: Floats, to_world: Floats, lens: RadialLens | None) -> None:
    """Refuse a polygon of one's own that reaches the horizon.

    Raises:
        CalibrationInvalid: a corner lies on or beyond it.
    """
    straight = valid_px if lens is None else lens.straight(valid_px)
    beyond = np.column_stack([straight, np.ones(len(straight))]) @ to_world[2] <= 1e-9
    if beyond.any():
        k = int(np.flatnonzero(beyond)[0])
        raise CalibrationInvalid(
            f"Calibration: corner {k + 1} of 'valid', at ({valid_px[k, 0]:.0f}, "
            f"{valid_px[k, 1]:.0f}) px, lies on or above the horizon; draw the polygon on the road."
        )


def clipped(polygon: Floats, half_plane: Floats) -> Floats:
    """The part of a convex (M, 2) polygon with ``half_plane · (u, v, 1) ≥ 0`` (Sutherland–Hodgman).

    >>> clipped(np.array([[0.0, 0], [2, 0], [2, 2], [0, 2]]), np.array([1.0, 0, -1])).tolist()
    [[1.0, 0.0], [2.0, 0.0], [2.0, 2.0], [1.0, 2.0]]
    """
    over = np.column_stack([polygon, np.ones(len(polygon))]) @ half_plane
    kept: list[Floats] = []
    for i in range(len(polygon)):
        if (over[i] >= 0) != (over[i - 1] >= 0):
            share = over[i - 1] / (over[i - 1] - over[i])
            kept.append(polygon[i - 1] + share * (polygon[i] - polygon[i - 1]))
        if over[i] >= 0:
            kept.append(polygon[i])
    return np.array(kept).reshape(-1, 2)


def _in_picture(polygon: Floats, size_wh: tuple[int, int]) -> Floats:
    width, height = size_wh
    for half_plane in ((1, 0, 0), (-1, 0, width), (0, 1, 0), (0, -1, height)):
        polygon = clipped(polygon, np.array(half_plane, np.float64))
    return polygon


def _with_steps(polygon: Floats) -> Floats:
    """More corners along the edges, because a lens bends them."""
    share = np.arange(_STEPS)[:, None] / _STEPS
    edges = zip(polygon, np.roll(polygon, -1, axis=0), strict=True)
    return np.concatenate([a + share * (b - a) for a, b in edges])

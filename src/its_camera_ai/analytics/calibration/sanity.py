"""What is wrong with point pairs before anything is solved."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from its_camera_ai.core.errors import CalibrationInvalid

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

SAME_PX, SAME_M = 0.5, 0.001
"""Two points nearer than this are one point."""
SPREAD_M = (0.5, 5_000.0)
"""Pairs that span less or more than this are not metres on a road in one picture."""
SCALE_M_PER_PX = (2e-4, 20.0)
"""At the pairs' middle; outside of this no road camera measures anything."""
_LINE_TOLERANCE = 0.005
"""Of the points' extent: nearer to a line than this is on it."""


def check_pairs(names: Sequence[str], px: Floats, world: Floats) -> None:
    """Refuse pairs that can't determine a plane.

    Args:
        px: (N, 2) undistorted pixels. world: (N, 2) metres.

    Raises:
        CalibrationInvalid: duplicates, too many on one line, or an extent that is no road.
    """
    _check_duplicates(names, px, SAME_PX, "in the picture")
    _check_duplicates(names, world, SAME_M, "in the world")
    extent_m = float(np.linalg.norm(np.ptp(world, axis=0)))
    if not SPREAD_M[0] <= extent_m <= SPREAD_M[1]:
        raise CalibrationInvalid(
            f"Calibration: the pairs span {extent_m:.3g} m on the road; that can't be one picture "
            "of a road. Give the world points in metres (or longitude first, then latitude)."
        )
    for points, where in ((px, "in the picture"), (world, "in the world")):
        line = _too_many_on_a_line(points)
        if line is not None:
            raise CalibrationInvalid(
                f"Calibration: {_listed(names, line)} lie on one line {where}, and at most one "
                "pair lies beside it; that leaves the plane open. Add pairs to the left and right "
                "of that line."
            )


def nearly_on_one_line(four: Floats) -> bool:
    """True if of (4, 2) points three lie nearly on a line, by the smallest of their triangles."""
    a, b, c, d = four
    areas = [
        abs((q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0]))
        for p, q, r in ((a, b, c), (a, b, d), (a, c, d), (b, c, d))
    ]
    return bool(min(areas) <= 2 * _LINE_TOLERANCE * float(np.ptp(four, axis=0).max()) ** 2)


def on_one_line(px: Floats, world: Floats) -> bool:
    """True if these pairs determine no plane."""
    return _too_many_on_a_line(px) is not None or _too_many_on_a_line(world) is not None


def check_view(names: Sequence[str], to_world: Floats, px: Floats) -> None:
    """Refuse a fit that no camera above a road can have.

    Args:
        to_world: (3, 3) undistorted pixels to metres, positive third component before the camera.
        px: (N, 2) undistorted pixels of the fitted pairs.

    Raises:
        CalibrationInvalid: pairs behind the horizon, a mirrored world, or an absurd scale.
    """
    w = np.column_stack([px, np.ones(len(px))]) @ to_world[2]
    behind = w <= 1e-9
    if behind.any():
        raise CalibrationInvalid(
            f"Calibration: {_listed(names, behind)} would lie on or behind the horizon that the "
            "other pairs give. Either a point is not on the road, or two points are exchanged; "
            "check these pairs and the order of the points."
        )
    if np.linalg.det(to_world) > 0:
        raise CalibrationInvalid(
            "Calibration: the world is mirrored. Seen from above, y must lie a quarter turn "
            "counter-clockwise from x (x east, y north; or x to the right, y away from the "
            "camera). Negate y, exchange x and y, or write the longitude before the latitude."
        )
    scale = _metres_per_px(to_world, px)
    if not SCALE_M_PER_PX[0] <= scale <= SCALE_M_PER_PX[1]:
        raise CalibrationInvalid(
            f"Calibration: one pixel would be {scale:.2g} m of road; give the world points in "
            "metres."
        )


def _metres_per_px(to_world: Floats, px: Floats) -> float:
    """Root of the area of road in one pixel, at the median of the pairs: |det H| / w³."""
    w = np.column_stack([px, np.ones(len(px))]) @ to_world[2]
    return float(np.sqrt(np.median(abs(np.linalg.det(to_world)) / w**3)))


def _check_duplicates(names: Sequence[str], points: Floats, nearer: float, where: str) -> None:
    apart = np.linalg.norm(points[:, None] - points[None], axis=2)
    same = np.argwhere(np.triu(apart < nearer, k=1))
    if len(same):
        one, other = same[0]
        raise CalibrationInvalid(
            f"Calibration: {names[one]} and {names[other]} are the same point {where}; remove or "
            "correct one of them."
        )


def _too_many_on_a_line(points: Floats) -> Bools | None:
    """Of N points, those on a line that holds at least N − 1 of them; None if there is no such.

    By the four-point condition of a homography: four points of which no three lie on a line.
    """
    extent = float(np.linalg.norm(np.ptp(points, axis=0)))
    n = len(points)
    rows = np.tile(np.arange(n), (n, 1))[~np.eye(n, dtype=bool)].reshape(n, n - 1)
    others = points[rows]  # (N, N − 1, 2): each time without one
    middles = others.mean(axis=1)
    away = others - middles[:, None]
    normals = np.linalg.eigh(away.transpose(0, 2, 1) @ away)[1][:, :, 0]
    off = np.abs(np.einsum("knc,kc->kn", points[None] - middles[:, None], normals))
    on: Bools = off <= _LINE_TOLERANCE * extent
    found = np.flatnonzero(on.sum(axis=1) >= n - 1)
    return on[found[0]] if len(found) else None


def _listed(names: Sequence[str], chosen: Bools) -> str:
    some = [name for name, use in zip(names, chosen, strict=True) if use]
    return ", ".join(some[:6]) + (f" and {len(some) - 6} more" if len(some) > 6 else "")

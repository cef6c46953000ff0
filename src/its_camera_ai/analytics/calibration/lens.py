"""How much a lens bends, from lines that are straight in the world."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import least_squares

from its_camera_ai.core.calibration import Lens
from its_camera_ai.core.errors import CalibrationInvalid
from its_camera_ai.core.ground import RadialLens

Floats = npt.NDArray[np.float64]

POINTS_MIN = 3
_LEAST = (-0.8, -0.4)
"""Bounds of k1 and k2, either way."""
_SD_PX = 1.0
_NO_NOISE_PX = 0.01
_GAIN_MIN = 10.0
"""The second term must explain so many times the noise (an F test at about 0.2 %); else it would
only follow the clicks' scatter, and lead astray in the corners."""
_LEVER = 4.0
"""The bend must move some point this many times farther than the clicks' noise lets one see."""


def estimate_lens(
    lines_px: Sequence[Floats], size_wh: tuple[int, int], *, focal: float = 1.0
) -> Lens:
    """Radial distortion from points along kerbs, markings or poles.

    The plumb-line method (Brown, *Close-range camera calibration*, 1971): the bend is the one
    under which the undistorted points of every line lie on a line. The focal length can't be seen
    in straight lines; ``k1`` and ``k2`` belong to the one that is given, and undistort the same
    whichever it is.

    Args:
        lines_px: each (M, 2) pixels along one straight thing, M ≥ 3; best long ones, near the
            picture's edges.
        size_wh: of the picture. focal: share of the picture's width.

    Raises:
        CalibrationInvalid: too few points, or lines that run through the middle of the picture
            and so tell nothing.
    """
    short = [k for k, line in enumerate(lines_px, start=1) if len(line) < POINTS_MIN]
    freedom = sum(len(line) - 2 for line in lines_px)
    if short or freedom < 3:
        raise CalibrationInvalid(
            "Lens: mark at least two straight kerbs, markings or poles with 4 points each "
            f"(3 at the least{f'; line {short[0]} has fewer' if short else ''})."
        )
    one, two = (_fitted(lines_px, size_wh, focal, terms) for terms in (1, 2))
    sd_px = float(np.sqrt(2 * one.cost / (freedom - 1)))
    _check_lever(one.jac, sd_px)
    gained = 2 * (one.cost - two.cost)
    noise = max(2 * two.cost / max(freedom - 2, 1), _NO_NOISE_PX**2)
    k1, k2 = two.x if gained > _GAIN_MIN * noise else (one.x[0], 0.0)
    return Lens(float(k1), float(k2), focal)


def _fitted(lines_px: Sequence[Floats], size_wh: tuple[int, int], focal: float, terms: int) -> Any:
    """SciPy's result for this many terms of the polynomial."""
    focal_px, centre = focal * size_wh[0], (size_wh[0] / 2, size_wh[1] / 2)

    def off_line(k: Floats) -> Floats:
        lens = RadialLens(float(k[0]), float(k[1]) if terms > 1 else 0.0, focal_px, centre)
        return np.concatenate([_off_line(lens.straight(line)) for line in lines_px])

    bounds = (np.array(_LEAST[:terms]), -np.array(_LEAST[:terms]))
    return least_squares(off_line, np.zeros(terms), bounds=bounds, x_scale=0.1)


def _check_lever(slopes: Floats, sd_px: float) -> None:
    """Refuse lines that would fit with any bend."""
    sd_k1 = max(sd_px, _SD_PX) / max(float(np.linalg.norm(slopes[:, 0])), 1e-9)
    if sd_k1 > -_LEAST[0] / _LEVER:
        raise CalibrationInvalid(
            "Lens: these lines tell nothing of the lens, because they are short or run through the "
            "middle of the picture; mark long ones near its edges."
        )


def _off_line(points: Floats) -> Floats:
    """(M,) signed distances from the line of least squares through the points, with the side
    settled by the first and last point so that it can be differentiated."""
    middle = points.mean(axis=0)
    normal = np.linalg.svd(points - middle)[2][1]
    way = points[-1] - points[0]
    off: Floats = (points - middle) @ normal
    return off if way[0] * normal[1] - way[1] * normal[0] > 0 else -off

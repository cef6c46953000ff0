"""A constant-velocity Kalman filter over all tracks and coordinates at once.

The coordinates are independent, so every covariance is a 2×2 block and each step has a closed
form (Bar-Shalom, Li, Kirubarajan: *Estimation with Applications to Tracking and Navigation*,
§6.2.2, continuous white-noise acceleration). Time steps are seconds of stream time.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

from its_camera_ai.tracking.table import (
    LOG_H,
    LOG_W,
    P_CROSS,
    P_POS,
    P_VEL,
    POSITION,
    VELOCITY,
    Floats,
)

_LOG_SIZE_MAX = 10.0
"""No box grows beyond e¹⁰ ≈ 22,000 px, whatever its last trend."""
_ZOOM_MAX = 0.5
"""No body's distance halves more than once between two looks."""
_AREA_SCALE_MIN = 0.25
"""The picture of a shaken camera does not shrink by more from one frame to the next."""


def predict(real: Floats, dt_s: Floats, accel_h: float, accel_size: float) -> None:
    """Move every track ahead, in place.

    Args:
        real: (N, FLOATS) rows of a ``TrackTable``.
        dt_s: (N,) seconds to move each by.
        accel_h, accel_size: as in ``TrackerConfig``.
    """
    dt = dt_s[:, None]
    ahead, sizes = real[:, POSITION], real[:, LOG_W : LOG_H + 1]
    zoom = _zoom(real, dt_s)[:, None]
    ahead[:, :2] += real[:, VELOCITY][:, :2] * dt * zoom
    sizes += real[:, VELOCITY][:, 2:] * dt
    np.minimum(np.maximum(sizes, 0.0, out=sizes), _LOG_SIZE_MAX, out=sizes)
    real[:, VELOCITY][:, :2] *= zoom**2
    spread = np.empty((len(real), 4))
    spread[:, :2] = (accel_h * np.exp(real[:, LOG_H, None])) ** 2
    spread[:, 2:] = accel_size**2
    real[:, P_POS] += (2 * real[:, P_CROSS] + real[:, P_VEL] * dt) * dt + spread * (dt**3 / 3)
    real[:, P_CROSS] += real[:, P_VEL] * dt + spread * (dt**2 / 2)
    real[:, P_VEL] += spread * dt


def _zoom(real: Floats, dt_s: Floats) -> Floats:
    """(N,) factor by which the picture of a body grows while it moves on for ``dt_s``.

    A body at constant speed on a plane, seen by a pinhole camera, whose image grows at the rate g
    now, will be 1 / (1 - g dt) times as large after dt, has moved by v dt / (1 - g dt) and then
    has the image speed v / (1 - g dt)² (its inverse distance is linear in time). The rate counts
    by the share of it that is not chance, as its variance tells.
    """
    rate = real[:, VELOCITY][:, 3]
    square = rate * rate
    sure = square / (square + real[:, P_VEL][:, 3] + 1e-12)
    zoom: Floats = 1.0 / (1.0 - np.clip(rate * sure * dt_s, -_ZOOM_MAX, _ZOOM_MAX))
    return zoom


def correct(real: Floats, measured: Floats, variance: Floats) -> None:
    """Blend measurements into tracks, in place.

    Args:
        real: (N, FLOATS) rows of a ``TrackTable``.
        measured: (N, 4) positions as in ``table.positions_of``.
        variance: (N, 4) of the measurements.
    """
    innovation = measured - real[:, POSITION]
    p_pos, p_cross = real[:, P_POS], real[:, P_CROSS]
    total = p_pos + variance
    gain_pos, gain_vel = p_pos / total, p_cross / total
    real[:, POSITION] += gain_pos * innovation
    real[:, VELOCITY] += gain_vel * innovation
    real[:, P_VEL] -= gain_vel * p_cross
    keep = 1 - gain_pos
    real[:, P_CROSS] = p_cross * keep
    real[:, P_POS] = p_pos * keep


def shift(real: Floats, affine: npt.NDArray[np.floating[Any]]) -> None:
    """Carry every track over to a picture that the camera's own motion moved, in place.

    Args:
        real: (N, FLOATS) rows of a ``TrackTable``.
        affine: (2, 3) from pixels before to pixels now.

    Raises:
        ValueError: another shape, not finite, or no camera's motion (mirrored, or a change of
            scale beyond a factor 2 from one frame to the next).
    """
    matrix = np.asarray(affine, np.float64)
    if matrix.shape != (2, 3) or not np.isfinite(matrix).all():
        raise ValueError(f"Camera motion is a finite (2, 3) affine matrix; got {affine!r}.")
    turn, move = matrix[:, :2], matrix[:, 2]
    scale = float(np.linalg.det(turn))
    if not _AREA_SCALE_MIN <= scale <= 1 / _AREA_SCALE_MIN:
        raise ValueError(
            f"Camera motion with the determinant {scale:.3g} is none; pass None where it is unsure."
        )
    real[:, POSITION][:, :2] = real[:, POSITION][:, :2] @ turn.T + move
    real[:, VELOCITY][:, :2] = real[:, VELOCITY][:, :2] @ turn.T
    real[:, LOG_W : LOG_H + 1] += np.log(scale) / 2
    for variances in (P_POS, P_CROSS, P_VEL):
        real[:, variances][:, :2] *= scale

"""Bodies on the road as a camera sees them: boxes, and how much of each is visible."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from its_camera_ai.sim.camera import NEAR_M, PinholeCamera
from its_camera_ai.sim.road.kinds import HULLS

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
_GRID = 10
"""A body's box is sampled at so many columns and rows."""


@dataclass(frozen=True, slots=True, eq=False)
class Views:
    """N bodies in the picture.

    Attributes:
        xyxy: (N, 4) pixels, cut to the picture; NaN where a body is not in it.
        visible: (N,) share of its whole box that is in the picture and not behind nearer boxes.
    """

    xyxy: Floats
    visible: Floats


def hull_points(kind: Ints, dims_m: Floats, xy_m: Floats, heading: Floats) -> Floats:
    """(N, 12, 3) outermost points of bodies, world metres.

    Args:
        dims_m: (N, 3) length, width, height.
    """
    points: Floats = HULLS[kind] * dims_m[:, None, :]
    c, s = np.cos(heading)[:, None], np.sin(heading)[:, None]
    x, y = points[..., 0], points[..., 1]
    turned_x = c * x - s * y + xy_m[:, :1]
    points[..., 1] = s * x + c * y + xy_m[:, 1:]
    points[..., 0] = turned_x
    return points


def look(camera: PinholeCamera, kind: Ints, dims_m: Floats, xy_m: Floats, heading: Floats) -> Views:
    """What the camera sees. A body that is partly behind the camera is not in the picture."""
    n = len(kind)
    points = hull_points(kind, dims_m, xy_m, heading).reshape(-1, 3)
    scaled = points @ camera.matrix[:, :3].T + camera.matrix[:, 3]
    depth = scaled[:, 2].reshape(n, -1)
    near = depth.min(axis=1) >= NEAR_M
    with np.errstate(divide="ignore", invalid="ignore"):
        uv = (scaled[:, :2] / scaled[:, 2:]).reshape(n, -1, 2)
    whole = np.concatenate([uv.min(axis=1), uv.max(axis=1)], axis=1)
    width, height = camera.size_wh
    cut = np.clip(whole, 0.0, [width, height, width, height])
    seen = near & (cut[:, 2] > cut[:, 0]) & (cut[:, 3] > cut[:, 1])
    xyxy = np.where(seen[:, None], cut, np.nan)
    visible = np.zeros(n)
    rows = np.flatnonzero(seen)
    if len(rows):
        away = np.hypot(*(xy_m[rows] - camera.position[:2]).T)
        visible[rows] = _visible(whole[rows], cut[rows], away)
    return Views(xyxy, visible)


def _visible(whole: Floats, cut: Floats, away_m: Floats) -> Floats:
    """Share of each whole box: the part in the picture, less what nearer boxes cover of it."""
    share = (np.arange(_GRID) + 0.5) / _GRID
    x = cut[:, :1] + (cut[:, 2:3] - cut[:, :1]) * share
    y = cut[:, 1:2] + (cut[:, 3:] - cut[:, 1:2]) * share
    nearer = away_m[None, :] < away_m[:, None]
    in_x = (x[:, :, None] > cut[:, 0]) & (x[:, :, None] < cut[:, 2]) & nearer[:, None, :]
    in_y = (y[:, :, None] > cut[:, 1]) & (y[:, :, None] < cut[:, 3])
    covering = in_x.astype(np.float32) @ in_y.astype(np.float32).transpose(0, 2, 1)
    free = (covering < 0.5).mean(axis=(1, 2))
    area = (cut[:, 2] - cut[:, 0]) * (cut[:, 3] - cut[:, 1])
    total = (whole[:, 2] - whole[:, 0]) * (whole[:, 3] - whole[:, 1])
    visible: Floats = free * area / total
    return visible

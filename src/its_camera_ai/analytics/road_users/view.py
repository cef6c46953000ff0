"""How a body on the road is seen: the box round a projected cuboid."""

import numpy as np
import numpy.typing as npt

from its_camera_ai.analytics.calibration.pose import camera_pose
from its_camera_ai.core.ground import GroundPlane

Floats = npt.NDArray[np.float64]
_NEAR_M = 0.3
_ALONG = np.array([1.0, 1.0, -1.0, -1.0]) / 2
_ACROSS = np.array([1.0, -1.0, -1.0, 1.0]) / 2


class View:
    """Projects cuboids that stand on the road.

    The ground is that of the plane to the last digit; only the vertical comes from the camera that
    fits it. Where none does (a view straight from above does not tell the focal length) one with
    a focal length of one picture width is taken: then heights are rough, places on the ground not.
    """

    def __init__(self, plane: GroundPlane) -> None:
        self._lens = plane.lens
        ground = np.linalg.inv(plane.homography).astype(np.float64)
        self._ground: Floats
        self._up: Floats
        pose = camera_pose(plane)
        if pose is None:
            self._ground, self._up = _assumed(plane, ground)
        else:
            other = pose.matrix[2, [0, 1, 3]]
            self._ground = ground * float(other @ ground[2] / (ground[2] @ ground[2]))
            self._up = pose.matrix[:, 2]

    def boxes(self, xy_m: Floats, heading_rad: Floats, dims_m: Floats) -> Floats:
        """Boxes round cuboids, unclipped.

        Args:
            xy_m: (…, 2) middle of the footprint.
            heading_rad: (…,).
            dims_m: (…, 3) length, width, height.

        Returns:
            (…, 4) xyxy in pixels; NaN where a corner lies behind the camera.
        """
        cos, sin = np.cos(heading_rad), np.sin(heading_rad)
        # corners come first, so that the least and the greatest are found over long rows
        corner = (4, *(1,) * heading_rad.ndim)
        along = _ALONG.reshape(corner) * dims_m[..., 0]
        across = _ACROSS.reshape(corner) * dims_m[..., 1]
        x = xy_m[..., 0] + along * cos - across * sin
        y = xy_m[..., 1] + along * sin + across * cos
        g, tall = self._ground, dims_m[..., 2]
        low = [g[row, 0] * x + g[row, 1] * y + g[row, 2] for row in range(3)]
        high = [low[row] + self._up[row] * tall for row in range(3)]
        depth = np.concatenate([low[2], high[2]])
        depth = np.where(depth > _NEAR_M, depth, np.nan)
        u = np.concatenate([low[0], high[0]]) / depth
        v = np.concatenate([low[1], high[1]]) / depth
        if self._lens is not None:
            bent = self._lens.bent(np.stack([u.ravel(), v.ravel()], axis=1))
            u, v = bent[:, 0].reshape(u.shape), bent[:, 1].reshape(v.shape)
        boxes: Floats = np.stack(
            [u.min(axis=0), v.min(axis=0), u.max(axis=0), v.max(axis=0)], axis=-1
        )
        return boxes


def _assumed(plane: GroundPlane, ground: Floats) -> tuple[Floats, Floats]:
    """Ground columns scaled to depths in metres, and the vertical's, of an assumed focal length."""
    centre = np.asarray(plane.size_wh) / 2
    focal_px = float(plane.size_wh[0])
    if plane.lens is not None:
        centre, focal_px = np.asarray(plane.lens.centre_px), plane.lens.focal_px
    intrinsic = np.array([[focal_px, 0, centre[0]], [0, focal_px, centre[1]], [0, 0, 1.0]])
    columns = np.linalg.solve(intrinsic, ground)
    scale = 1 / np.sqrt(np.linalg.norm(columns[:, 0]) * np.linalg.norm(columns[:, 1]))
    vertical = np.cross(columns[:, 0], columns[:, 1]) * scale**2
    # the camera hangs above the road: going up brings nearer
    middle = columns[:, 2] * scale
    if vertical @ middle > 0:
        vertical = -vertical
    return ground * scale, intrinsic @ vertical

"""A pinhole camera on a pole, looking at a flat street."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

NEAR_M = 0.8
"""Nothing nearer to the image plane than this is painted."""


@dataclass(frozen=True, slots=True)
class Viewpoint:
    """Where a camera hangs and looks.

    World axes: x to the east, y to the north, z up, metres; the street is z = 0.

    Attributes:
        yaw_deg: 0 looks north, 90 east.
        tilt_deg: below the horizon.
        hfov_deg: horizontal field of view; the vertical one follows from the picture's shape.
    """

    x_m: float
    y_m: float
    height_m: float
    yaw_deg: float
    tilt_deg: float
    hfov_deg: float


class PinholeCamera:
    """Projects world metres to pixels. Pixel ``k`` covers ``[k, k+1)``.

    Attributes:
        matrix: (3, 4) projection of homogeneous world points to ``(u·w, v·w, w)``; w is the
            depth in metres.
        homography: (3, 3) of the street plane, ``(x, y, 1)`` metres to ``(u·w, v·w, w)``.
    """

    def __init__(self, viewpoint: Viewpoint, size_wh: tuple[int, int]) -> None:
        self.viewpoint = viewpoint
        self.size_wh = size_wh
        yaw, tilt = math.radians(viewpoint.yaw_deg), math.radians(viewpoint.tilt_deg)
        right = np.array([math.cos(yaw), -math.sin(yaw), 0.0])
        forward = np.array(
            [math.sin(yaw) * math.cos(tilt), math.cos(yaw) * math.cos(tilt), -math.sin(tilt)]
        )
        down = np.cross(forward, right)
        self.position = np.array([viewpoint.x_m, viewpoint.y_m, viewpoint.height_m])
        width, height = size_wh
        self.focal_px = width / 2 / math.tan(math.radians(viewpoint.hfov_deg) / 2)
        intrinsic = np.array(
            [[self.focal_px, 0, width / 2], [0, self.focal_px, height / 2], [0, 0, 1]]
        )
        rotation = np.stack([right, down, forward])
        self.matrix: FloatArray = intrinsic @ np.column_stack([rotation, -rotation @ self.position])
        half_w, half_h = width / 2 / self.focal_px, height / 2 / self.focal_px
        inward = [
            (right + half_w * forward) / math.hypot(1, half_w),
            (-right + half_w * forward) / math.hypot(1, half_w),
            (down + half_h * forward) / math.hypot(1, half_h),
            (-down + half_h * forward) / math.hypot(1, half_h),
            forward,
        ]
        self._planes = tuple(
            (float(n[0]), float(n[1]), float(n[2]), float(n @ self.position)) for n in inward
        )
        self.homography: FloatArray = np.ascontiguousarray(self.matrix[:, [0, 1, 3]])

    def project(self, xyz: FloatArray) -> FloatArray:
        """(N, 3) metres → (N, 3): u, v in pixels and the depth in metres."""
        scaled = xyz @ self.matrix[:, :3].T + self.matrix[:, 3]
        depth = scaled[:, 2:]
        return np.concatenate([scaled[:, :2] / depth, depth], axis=1)

    def sees_ball(self, x: float, y: float, z: float, radius_m: float) -> bool:
        """False only if the whole ball is outside the picture or behind the camera."""
        return all(a * x + b * y + c * z - d > -radius_m for a, b, c, d in self._planes)

    def ground(self, uv: FloatArray) -> FloatArray:
        """(N, 2) pixels below the horizon → (N, 2) street metres."""
        homogeneous = np.column_stack([uv, np.ones(len(uv))]) @ np.linalg.inv(self.homography).T
        plane: FloatArray = homogeneous[:, :2] / homogeneous[:, 2:]
        return plane

    def clip_near(self, xyz: FloatArray, near_m: float = NEAR_M) -> FloatArray:
        """A polygon of (N, 3) metres cut off where it comes too near (Sutherland–Hodgman)."""
        depth = xyz @ self.matrix[2, :3] + self.matrix[2, 3] - near_m
        kept: list[FloatArray] = []
        for i in range(len(xyz)):
            j = i - 1
            if (depth[i] >= 0) != (depth[j] >= 0):
                share = depth[j] / (depth[j] - depth[i])
                kept.append(xyz[j] + share * (xyz[i] - xyz[j]))
            if depth[i] >= 0:
                kept.append(xyz[i])
        return np.array(kept).reshape(-1, 3)

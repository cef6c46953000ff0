"""The ground plane of a camera: from pixels to metres and back, and how sure that is."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from its_camera_ai.core import geodesy
from its_camera_ai.core.geometry import points_in_polygon
from its_camera_ai.core.picture_points import Point

Floats = npt.NDArray[np.float64]
_UNDISTORT_STEPS = 12


@dataclass(frozen=True, slots=True, eq=False)
class RadialLens:
    """Radial distortion in pixels; see ``core.calibration.Lens``.

    Attributes:
        focal_px: focal length. centre_px: principal point.
    """

    k1: float
    k2: float
    focal_px: float
    centre_px: Point

    def straight(self, px: Floats) -> Floats:
        """(N, 2) pixels as seen → where a lens without distortion would put them."""
        centre = np.asarray(self.centre_px)
        seen = (px - centre) / self.focal_px
        free = seen
        for _ in range(_UNDISTORT_STEPS):  # fixed point; converges where the model is monotonic
            r2 = (free * free).sum(axis=1, keepdims=True)
            free = seen / (1 + r2 * (self.k1 + r2 * self.k2))
        straight: Floats = free * self.focal_px + centre
        return straight

    def bent(self, px: Floats) -> Floats:
        """The way back: (N, 2) undistorted pixels → as the camera shows them."""
        centre = np.asarray(self.centre_px)
        free = (px - centre) / self.focal_px
        r2 = (free * free).sum(axis=1, keepdims=True)
        bent: Floats = free * (1 + r2 * (self.k1 + r2 * self.k2)) * self.focal_px + centre
        return bent


@dataclass(frozen=True, slots=True, eq=False)
class GroundPlane:
    """A solved calibration, for pictures of one size.

    World axes: x, y in metres on the road; where the calibration was given in WGS-84 they are
    metres east and north of ``origin``.

    Attributes:
        size_wh: pixels of the pictures that it holds for.
        homography: (3, 3) from undistorted pixels ``(u, v, 1)`` to ``(x·w, y·w, w)`` metres, signed
            so that w > 0 on the near side of the horizon.
        valid_px: (M, 2) polygon in the picture outside which nothing is measured.
        position_sd_px: standard deviation of a ground point in the picture, one axis.
        scale_sd: relative standard deviation of lengths, from the fit's residuals (0.01 is 1 %).
        lens: None without distortion.
        origin: longitude, latitude of the world's (0, 0); None where it has no place on Earth.
    """

    size_wh: tuple[int, int]
    homography: Floats
    valid_px: Floats
    position_sd_px: float = 1.0
    scale_sd: float = 0.0
    lens: RadialLens | None = None
    origin: Point | None = None

    def to_world(self, px: Floats) -> Floats:
        """(N, 2) pixels → (N, 2) metres; NaN on and beyond the horizon."""
        straight = px if self.lens is None else self.lens.straight(px)
        h = np.column_stack([straight, np.ones(len(straight))]) @ self.homography.T
        w = np.where(h[:, 2] > 1e-12, h[:, 2], np.nan)
        world: Floats = h[:, :2] / w[:, None]
        return world

    def to_image(self, xy_m: Floats) -> Floats:
        """(N, 2) metres → (N, 2) pixels; NaN behind the camera."""
        inverse = np.linalg.inv(self.homography)
        h = np.column_stack([xy_m, np.ones(len(xy_m))]) @ inverse.T
        # here the third component is 1/w of the forward way
        w = np.where(h[:, 2] > 1e-12, h[:, 2], np.nan)
        straight = h[:, :2] / w[:, None]
        return straight if self.lens is None else self.lens.bent(straight)

    def is_valid(self, px: Floats) -> npt.NDArray[np.bool_]:
        """(N, 2) pixels → (N,) whether measuring is allowed there."""
        return points_in_polygon(px, self.valid_px)

    def jacobian(self, px: Floats) -> Floats:
        """(N, 2) pixels → (N, 2, 2) metres per pixel, ``[[dx/du, dx/dv], [dy/du, dy/dv]]``.

        By central differences of half a pixel, so that a lens is in it.
        """
        steps = np.array([[0.5, 0.0], [-0.5, 0.0], [0.0, 0.5], [0.0, -0.5]])
        world = self.to_world((px + steps[:, None]).reshape(-1, 2)).reshape(4, -1, 2)
        jacobian: Floats = np.stack([world[0] - world[1], world[2] - world[3]], axis=2)
        return jacobian

    def metres_per_px(self, px: Floats) -> Floats:
        """(N, 2) pixels → (N,) the larger singular value of the Jacobian: the worst direction."""
        largest: Floats = np.linalg.norm(self.jacobian(px), ord=2, axis=(1, 2))
        return largest

    def to_lon_lat(self, xy_m: Floats) -> Floats:
        """(N, 2) metres → (N, 2) longitude, latitude in degrees; see ``core.geodesy``.

        Raises:
            ValueError: there is no origin.
        """
        if self.origin is None:
            raise ValueError("This ground plane has no place on Earth; calibrate in WGS-84.")
        return geodesy.to_lon_lat(xy_m, self.origin)

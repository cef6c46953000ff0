"""Boxes of vehicles of typical size, as a camera over a flat road must show them."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from its_camera_ai.core.detections import ObjectClass

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TypicalSize:
    """The middle of a fleet, metres, mirrors not counted."""

    length_m: float
    width_m: float
    height_m: float


TYPICAL_SIZES: Mapping[int, TypicalSize] = {ObjectClass.CAR: TypicalSize(4.4, 1.8, 1.5)}
"""A usual European mixture of cars; a fleet of pick-ups is a sixth longer: give its own sizes.
Lorries and buses differ too much among each other to measure by."""

SIZE_SD = 0.035
"""Relative standard deviation of a site's fleet from the typical size."""

_ROOF = [(x, y, 1.0) for x in (-0.35, 0.2) for y in (-0.45, 0.45)]


def _body(up_to: float) -> list[tuple[float, float, float]]:
    """Rounded off at the corners, from the ground up to a share of the height."""
    corners = ((0.5, 0.33), (0.43, 0.5))
    signs = ((-1, -1), (-1, 1), (1, -1), (1, 1))
    return [(a * x, b * y, z) for z in (0.0, up_to) for a, b in signs for x, y in corners]


HULL = np.array(_body(0.55) + _ROOF)
"""(M, 3) outermost points of a car of length, width and height 1: a body up to the belt line with
rounded corners, and a roof set in above it."""
FLAT_HULL = np.array(_body(0.15) + _ROOF)
"""The same with bonnet and boot that slope down to the bumpers: how different cars can look."""


@dataclass(frozen=True, slots=True)
class View:
    """A camera without roll over a flat road, in units of its picture.

    World axes: x to the right, y away from the camera along its view, z up; it stands over (0, 0).

    Attributes:
        focal_px, tilt_rad (below the horizontal), height_m.
        centre_px: principal point.
    """

    focal_px: float
    tilt_rad: float
    height_m: float
    centre_px: tuple[float, float]

    def project(self, xyz: Floats) -> Floats:
        """(…, 3) metres → (…, 2) pixels; NaN behind the camera."""
        c, s = np.cos(self.tilt_rad), np.sin(self.tilt_rad)
        z = xyz[..., 2] - self.height_m
        depth = c * xyz[..., 1] - s * z
        down = -s * xyz[..., 1] - c * z
        depth = np.where(depth > 0.1, depth, np.nan)
        px = np.stack([xyz[..., 0] / depth, down / depth], axis=-1)
        return np.asarray(self.centre_px + self.focal_px * px, np.float64)

    def ground(self, px: Floats) -> Floats:
        """(…, 2) pixels → (…, 2) metres on the road; NaN on and above the horizon."""
        c, s = np.cos(self.tilt_rad), np.sin(self.tilt_rad)
        ray = (px - self.centre_px) / self.focal_px
        fall = s + c * ray[..., 1]
        reach = self.height_m / np.where(fall > 1e-6, fall, np.nan)
        return np.stack([ray[..., 0] * reach, (c - s * ray[..., 1]) * reach], axis=-1)

    def boxes(self, middle_m: Floats, heading_rad: Floats, dims_m: Floats, hull: Floats) -> Floats:
        """Boxes round typical bodies.

        Args:
            middle_m: (N, 2) on the road. heading_rad: (N,) counter-clockwise from x. dims_m:
                (N, 3) length, width, height. hull: (M, 3) outermost points, see ``HULL``.

        Returns:
            (N, 4) xyxy pixels, not cut to the picture.
        """
        points = hull * dims_m[:, None, :]
        c, s = np.cos(heading_rad)[:, None], np.sin(heading_rad)[:, None]
        xyz = np.stack(
            [
                c * points[..., 0] - s * points[..., 1] + middle_m[:, :1],
                s * points[..., 0] + c * points[..., 1] + middle_m[:, 1:],
                points[..., 2],
            ],
            axis=-1,
        )
        px = self.project(xyz)
        return np.concatenate([px.min(axis=1), px.max(axis=1)], axis=1)

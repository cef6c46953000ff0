"""Longitude and latitude (WGS-84) near a point as metres on a plane, and back."""

import math

import numpy as np
import numpy.typing as npt

from its_camera_ai.core.picture_points import Point

Floats = npt.NDArray[np.float64]

_A_M = 6_378_137.0
_E2 = 6.694_379_990_141e-3
"""Semi-major axis and squared eccentricity of the WGS-84 ellipsoid (NGA.STND.0036)."""


def metres_per_degree(latitude: float) -> tuple[float, float]:
    """Length of a degree of longitude and of latitude, from the ellipsoid's radii of curvature."""
    sine = math.sin(math.radians(latitude))
    bend = 1 - _E2 * sine * sine
    prime_vertical = _A_M / math.sqrt(bend)
    meridian = _A_M * (1 - _E2) / bend**1.5
    return (
        math.radians(1) * prime_vertical * math.cos(math.radians(latitude)),
        math.radians(1) * meridian,
    )


def to_metres(lon_lat: Floats, origin: Point) -> Floats:
    """(N, 2) longitude, latitude → (N, 2) metres east and north of the origin."""
    metres: Floats = (lon_lat - np.asarray(origin)) * np.asarray(metres_per_degree(origin[1]))
    return metres


def to_lon_lat(xy_m: Floats, origin: Point) -> Floats:
    """The way back: (N, 2) metres → (N, 2) longitude, latitude in degrees."""
    degrees: Floats = np.asarray(origin) + xy_m / np.asarray(metres_per_degree(origin[1]))
    return degrees

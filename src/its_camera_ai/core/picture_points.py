"""Points in a picture as people write them: in pixels or in fractions of its size."""

from enum import StrEnum

import numpy as np
import numpy.typing as npt

from its_camera_ai.core.errors import SceneInvalid


class Unit(StrEnum):
    """Pixels of the decoded frame, or fractions of its width and height."""

    PX = "px"
    NORMALISED = "normalised"


Point = tuple[float, float]


def scaled_to_pixels(
    points: tuple[Point, ...], unit: Unit, size_wh: tuple[int, int]
) -> npt.NDArray[np.float64]:
    """(M, 2) pixels of a frame of this size."""
    array = np.asarray(points, np.float64).reshape(-1, 2)
    return array * np.asarray(size_wh, np.float64) if unit is Unit.NORMALISED else array


def check_points(what: str, points: tuple[Point, ...], unit: Unit) -> None:
    """Refuse what can't be a point.

    Raises:
        SceneInvalid: a coordinate is not finite, or a normalised one lies outside 0–1.
    """
    for x, y in points:
        if not (np.isfinite(x) and np.isfinite(y)):
            raise SceneInvalid(f"{what}: a coordinate is not a finite number; correct the point.")
        if unit is Unit.NORMALISED and not (0 <= x <= 1 and 0 <= y <= 1):
            raise SceneInvalid(
                f"{what}: ({x}, {y}) is outside 0–1; normalised points are fractions of the "
                "picture, or set unit: px."
            )

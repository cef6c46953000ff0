"""What a pixel is worth at every line, and what that does to a speed."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from its_camera_ai.core.ground import GroundPlane
from its_camera_ai.core.scene import Scene

_ALONG = np.linspace(0, 1, 21)[:, None]


@dataclass(frozen=True, slots=True)
class LineScale:
    """One line on the road.

    Attributes:
        inside: share of the line inside the validity polygon, 0–1; no speeds are measured on the
            rest.
        metres_per_px: median and worst over that part, in the pixel's worst direction; NaN where
            nothing of the line is inside.
        speed_sd_kmh: expected standard deviation of one spot speed from box jitter alone.
        scale_sd: relative standard deviation of every speed from the calibration.
    """

    line: str
    inside: float
    metres_per_px: float
    metres_per_px_worst: float
    speed_sd_kmh: float
    scale_sd: float

    def speed_error_kmh(self, kmh: float) -> float:
        """Expected standard deviation of a spot speed at this speed: jitter and scale together."""
        return float(np.hypot(self.speed_sd_kmh, kmh * self.scale_sd))


def line_scales(
    plane: GroundPlane, scene: Scene, *, window_s: float = 0.5
) -> Mapping[str, LineScale]:
    """Metres per pixel at every line, and the speed error that follows.

    ``σ_v = m/px · σ_box · √2 / T``: two places, each off by the box's jitter, a time T apart
    (propagation of independent errors; a regression over more sightings does better).

    Args:
        window_s: the time over which a spot speed is taken.

    Returns:
        line id → its scale, for every line of the scene.
    """
    return {
        line.id: _scale(line.id, line.pixels(plane.size_wh), plane, window_s)
        for line in scene.lines
    }


def _scale(
    line: str,
    ends_px: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    plane: GroundPlane,
    window_s: float,
) -> LineScale:
    points = ends_px[0] + _ALONG * (ends_px[1] - ends_px[0])
    inside = plane.is_valid(points)
    scales = plane.metres_per_px(points[inside])
    scales = scales[np.isfinite(scales)]
    if not len(scales):
        return LineScale(line, 0.0, np.nan, np.nan, np.nan, plane.scale_sd)
    median = float(np.median(scales))
    sd_mps = median * plane.position_sd_px * 2**0.5 / window_s
    return LineScale(
        line, float(inside.mean()), median, float(scales.max()), sd_mps * 3.6, plane.scale_sd
    )

"""Spot speed at a moment with its confidence interval, or why there is none."""

import math
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from its_camera_ai.analytics.road_users.config import RoadUsersConfig
from its_camera_ai.analytics.road_users.path_fit import SPEED, PathFit
from its_camera_ai.core.road_users import SpeedEstimate

KMH = 3.6
_LEVEL = 0.975


@dataclass(frozen=True, slots=True)
class SpotSpeed:
    """A speed, or in words why there is none; one of the two."""

    estimate: SpeedEstimate | None
    problem: str


def spot_speed(fit: PathFit, row: int, scale_sd: float, config: RoadUsersConfig) -> SpotSpeed:
    """Read a fit's speed.

    The interval is Student's t with the fit's degrees of freedom; the uncertainty of the
    calibration's scale, a share of the speed, is added in quadrature.

    Args:
        fit, row: which fit.
        scale_sd: relative standard deviation of lengths on the plane.
        config: what is too uncertain or impossible.
    """
    mps, variance = float(fit.state[row, SPEED]), float(fit.covariance[row, SPEED, SPEED])
    if not (math.isfinite(mps) and math.isfinite(variance) and variance >= 0):
        return SpotSpeed(None, "no speed fits the sightings")
    half = float(stdtrit(fit.freedom[row], _LEVEL)) * math.hypot(
        math.sqrt(variance), mps * scale_sd
    )
    kmh, half_kmh = mps * KMH, half * KMH
    if kmh > config.speed_kmh_max:
        return SpotSpeed(
            None, f"impossible: {kmh:.0f} km/h is above {config.speed_kmh_max:.0f} km/h"
        )
    if half_kmh > max(config.interval_kmh_max, config.interval_share_max * kmh):
        return SpotSpeed(None, f"too uncertain: {kmh:.0f} ± {half_kmh:.0f} km/h")
    low = float(np.maximum(0.0, kmh - half_kmh))  # a speed has no sign
    return SpotSpeed(SpeedEstimate(kmh, low, kmh + half_kmh), "")

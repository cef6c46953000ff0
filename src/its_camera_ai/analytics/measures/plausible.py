"""What can be true of traffic. An impossible value is refused with its reason, never clipped."""

from math import inf, isfinite

import numpy as np
import numpy.typing as npt

from its_camera_ai.core.errors import MeasureInvalid

Floats = npt.NDArray[np.float64]

MAX_SPEED_KMH = 300.0
"""Faster than this drives nothing on a public road."""


def speed_problem(speed_kmh: float) -> str:
    """Why this can't be a speed on a road, in words; empty if it can be.

    >>> speed_problem(-3.0)
    'a speed of -3.0 km/h is negative'
    """
    if not isfinite(speed_kmh):
        return f"a speed of {speed_kmh} km/h is no number"
    if speed_kmh < 0:
        return f"a speed of {speed_kmh:.1f} km/h is negative"
    if speed_kmh > MAX_SPEED_KMH:
        return f"a speed of {speed_kmh:.1f} km/h is above {MAX_SPEED_KMH:.0f} km/h"
    return ""


def checked(values: npt.ArrayLike, what: str, *, low: float = 0.0, high: float = inf) -> Floats:
    """The values as float64, all of them finite and within [low, high].

    Args:
        what: names the values and their unit in the message, such as ``speed (km/h)``.

    Raises:
        MeasureInvalid: one of them is not; the message names the first.
    """
    array = np.asarray(values, np.float64)
    bad = ~(np.isfinite(array) & (array >= low) & (array <= high))
    if bad.any():
        raise MeasureInvalid(_refusal(array[bad].flat[0], what, low, high))
    return array


def checked_one(value: float, what: str, *, low: float = 0.0, high: float = inf) -> float:
    """The same for a single value."""
    if not (isfinite(value) and low <= value <= high):
        raise MeasureInvalid(_refusal(value, what, low, high))
    return float(value)


def _refusal(value: float, what: str, low: float, high: float) -> str:
    bounds = f"at least {low:g}" if high == inf else f"between {low:g} and {high:g}"
    return (
        f"A {what} of {value:g} can't be true, it must be {bounds}; leave unknown values out, and "
        f"look at the calibration where a measured one is impossible."
    )

"""Travel time and delay.

Sources: HCM (control delay: all delay that the control causes, from slowing down to having regained
speed); A. D. May, *Traffic Flow Fundamentals*, 1990.
"""

import numpy as np
import numpy.typing as npt

from its_camera_ai.analytics.measures.plausible import MAX_SPEED_KMH, checked, checked_one

STOPPED_KMH = 5.0
"""Slower than this counts as stopped (HCM: about 5 mph in the field, 5 km/h in simulators)."""


def free_flow_travel_s(length_m: float, free_kmh: float) -> float:
    """Seconds for the length at free-flow speed."""
    free_kmh = checked_one(free_kmh, "free-flow speed (km/h)", high=MAX_SPEED_KMH)
    if free_kmh == 0:
        raise ValueError("A free-flow speed must be above 0 km/h.")
    return 3.6 * checked_one(length_m, "length (m)") / free_kmh


def delay_s(travel_s: float, length_m: float, free_kmh: float) -> float:
    """Travel time beyond that at free-flow speed, s; 0 for one that drove faster."""
    travel_s = checked_one(travel_s, "travel time (s)")
    return max(0.0, travel_s - free_flow_travel_s(length_m, free_kmh))


def control_delay_s(travel_s: npt.ArrayLike, length_m: float, free_kmh: float) -> float | None:
    """Mean control delay, s/veh: mean travel time through the stretch − its free-flow travel time.

    The stretch must begin before vehicles slow down and end where they have regained their speed,
    else it is too low. Single vehicles that drive faster than free flow lower the mean; the mean
    itself is not below 0.

    Args:
        travel_s: (N,) of all vehicles, also of those that did not stop.

    Returns:
        None without a vehicle.
    """
    times = checked(travel_s, "travel time (s)")
    if not times.size:
        return None
    return max(0.0, float(times.mean()) - free_flow_travel_s(length_m, free_kmh))


def stopped_delay_s(
    time_s: npt.ArrayLike, speed_kmh: npt.ArrayLike, stopped_kmh: float = STOPPED_KMH
) -> float:
    """Time below ``stopped_kmh`` on one vehicle's path, the speed linear between its samples.

    Args:
        time_s: (K,) rising. speed_kmh: (K,).
    """
    times = np.asarray(time_s, np.float64)
    steps_s = checked(np.diff(times), "time step (s)")
    speeds = checked(speed_kmh, "speed (km/h)", high=MAX_SPEED_KMH)
    if speeds.shape != times.shape:
        raise ValueError(f"Each time needs one speed; got {times.shape} and {speeds.shape}.")
    low, high = np.minimum(speeds[:-1], speeds[1:]), np.maximum(speeds[:-1], speeds[1:])
    passes = (low < stopped_kmh) & (high > stopped_kmh)
    share = (stopped_kmh - low) / np.where(passes, high - low, 1.0)
    below = np.where(passes, share, low < stopped_kmh)
    return float((steps_s * below).sum())

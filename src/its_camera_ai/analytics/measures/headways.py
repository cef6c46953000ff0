"""Headways and gaps: the time between one vehicle and the next at a line, in one lane.

Sources: HCM; NIATT (University of Idaho), traffic engineering glossary.
"""

import numpy as np
import numpy.typing as npt

from its_camera_ai.analytics.measures.plausible import MAX_SPEED_KMH, Floats, checked, checked_one

MAX_VEHICLE_M = 60.0
"""The longest road trains are shorter."""


def headways_s(passed_s: npt.ArrayLike) -> Floats:
    """(N,) moments at which the same point of each vehicle passed → (N − 1,) headways, s.

    Raises:
        MeasureInvalid: the moments are not in order.
    """
    return checked(np.diff(np.asarray(passed_s, np.float64)), "headway (s)")


def mean_headway_s(flow_vph: float) -> float | None:
    """``3600 / q`` (HCM); None where nothing passes."""
    flow_vph = checked_one(flow_vph, "flow (veh/h)")
    return 3600 / flow_vph if flow_vph > 0 else None


def gap_s(headway_s: float, leader_m: float, leader_kmh: float) -> float | None:
    """Rear of the leader to front of the follower: ``headway − L/v`` (NIATT).

    Returns:
        None where the leader stands: then its rear passes at no predictable time.

    Raises:
        MeasureInvalid: the follower would be inside the leader; one of the three is wrong.
    """
    headway_s = checked_one(headway_s, "headway (s)")
    leader_m = checked_one(leader_m, "vehicle length (m)", high=MAX_VEHICLE_M)
    speed_mps = checked_one(leader_kmh, "speed (km/h)", high=MAX_SPEED_KMH) / 3.6
    if speed_mps == 0:
        return None
    return checked_one(headway_s - leader_m / speed_mps, "gap (s)")

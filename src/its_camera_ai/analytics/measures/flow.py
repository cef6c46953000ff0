"""Volume, flow rate, peak-hour factor and occupancy: what passes a point.

Sources: Highway Capacity Manual (HCM), chapter on traffic flow parameters; A. D. May, *Traffic Flow
Fundamentals*, 1990; FHWA *Traffic Detector Handbook* for occupancy.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from its_camera_ai.analytics.measures.plausible import checked, checked_one

HOUR_S = 3600.0
QUARTERS = 4
FIVE_MINUTES = 12


def volume(by_class: Mapping[str, int], labels: frozenset[str] | None = None) -> int:
    """Vehicles counted in an interval.

    Args:
        labels: only of these classes; None is all.
    """
    return sum(
        int(checked_one(n, "count"))
        for label, n in by_class.items()
        if labels is None or label in labels
    )


def flow_rate_vph(count: float, time_s: float) -> float | None:
    """Hourly equivalent of a count, ``q = 3600·N/T`` in veh/h (HCM); None for no time at all."""
    count, time_s = checked_one(count, "count"), checked_one(time_s, "time (s)")
    return HOUR_S * count / time_s if time_s > 0 else None


def peak_hour_factor(quarter_volumes: npt.ArrayLike) -> float | None:
    """``PHF = V_hour / (4·V_15max)``, 0.25–1 (HCM).

    Args:
        quarter_volumes: (4,) the hour's volumes of 15 minutes.

    Returns:
        None for an hour without a vehicle.
    """
    return _peak_factor(quarter_volumes, QUARTERS)


def peak_five_minute_factor(five_minute_volumes: npt.ArrayLike) -> float | None:
    """``V_hour / (12·V_5max)``, 1/12–1: the same idea on 5 minutes. It is lower than the PHF of the
    same hour and must not stand in for it.

    Args:
        five_minute_volumes: (12,) the hour's volumes of 5 minutes.

    Returns:
        None for an hour without a vehicle.
    """
    return _peak_factor(five_minute_volumes, FIVE_MINUTES)


def _peak_factor(volumes: npt.ArrayLike, parts: int) -> float | None:
    counts = checked(volumes, "volume")
    if counts.shape != (parts,):
        raise ValueError(f"One hour has {parts} such volumes, not {counts.shape}; give them all.")
    return float(counts.sum() / (parts * counts.max())) if counts.any() else None


@dataclass(frozen=True, slots=True)
class PeakHour:
    """The busiest hour of a series.

    Attributes:
        first: index of its first interval. volume: vehicles.
        factor: peak-hour factor where the intervals are 15 minutes, the 5-minute form where they
            are 5; ``step_s`` tells which.
    """

    first: int
    step_s: int
    volume: float
    factor: float | None


def peak_hour(volumes: npt.ArrayLike, step_s: int) -> PeakHour | None:
    """The four (or twelve) consecutive intervals with the highest sum; the first of equals.

    Args:
        volumes: (N,) of 900 s or 300 s each, NaN where unknown; an hour with a NaN is no candidate.
        step_s: 900 or 300.

    Returns:
        None without a whole known hour.
    """
    parts = {900: QUARTERS, 300: FIVE_MINUTES}.get(step_s)
    if parts is None:
        raise ValueError(f"A peak hour comes from intervals of 300 s or 900 s, not {step_s} s.")
    series = np.asarray(volumes, np.float64)
    checked(series[~np.isnan(series)], "volume")
    if len(series) < parts:
        return None
    hours = np.lib.stride_tricks.sliding_window_view(series, parts)
    sums = hours.sum(axis=1)
    if np.isnan(sums).all():
        return None
    first = int(np.nanargmax(sums))
    return PeakHour(first, step_s, float(sums[first]), _peak_factor(hours[first], parts))


def occupancy(present_s: float, time_s: float) -> float | None:
    """Share of the time, 0–1, in which a vehicle covered the place: ``o = Σ presence / T``.

    Returns:
        None for no time at all.

    Raises:
        MeasureInvalid: presence is longer than the time (beyond rounding).
    """
    time_s = checked_one(time_s, "time (s)")
    present_s = checked_one(present_s, "presence (s)", high=time_s * (1 + 1e-9))
    return min(1.0, present_s / time_s) if time_s > 0 else None

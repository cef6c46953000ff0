"""Edie's generalised flow, density and speed over a box of space and time.

Source: L. C. Edie, *Discussion of traffic stream measurements and definitions*, 1963: with the area
A = L·T of the box, ``q = Σd/A``, ``k = Σt/A`` and ``v = q/k = Σd/Σt``, where d is the distance and
t the time of each vehicle inside the box. The relation ``q = k·v`` holds exactly.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from its_camera_ai.analytics.measures.plausible import Floats, checked


@dataclass(frozen=True, slots=True)
class SpaceTimeBox:
    """From ``from_m`` to ``to_m`` along a road, from ``from_s`` to ``to_s``."""

    from_m: float
    to_m: float
    from_s: float
    to_s: float

    def __post_init__(self) -> None:
        if not (self.to_m > self.from_m and self.to_s > self.from_s):
            raise ValueError("A box of space and time must have a length and a duration above 0.")

    @property
    def area_m_s(self) -> float:
        return (self.to_m - self.from_m) * (self.to_s - self.from_s)


@dataclass(frozen=True, slots=True)
class Edie:
    """What the vehicles did in an area of space and time.

    Attributes:
        vehicle_m: Σ distance, downstream is positive. vehicle_s: Σ time. area_m_s: L·T.
    """

    vehicle_m: float
    vehicle_s: float
    area_m_s: float

    @property
    def flow_vph(self) -> float:
        """veh/h."""
        return 3600 * self.vehicle_m / self.area_m_s

    @property
    def density_vpkm(self) -> float:
        """veh/km."""
        return 1000 * self.vehicle_s / self.area_m_s

    @property
    def speed_kmh(self) -> float | None:
        """Space-mean speed; None for an empty box."""
        return 3.6 * self.vehicle_m / self.vehicle_s if self.vehicle_s > 0 else None


def over_box(
    trajectories: Iterable[tuple[npt.ArrayLike, npt.ArrayLike]], box: SpaceTimeBox
) -> Edie:
    """Trajectories through a box, cut exactly at its edges; straight between their samples.

    Args:
        trajectories: of each vehicle (K,) seconds, rising, and (K,) metres along the road. One with
            fewer than two samples adds nothing.

    Raises:
        MeasureInvalid: times that run backwards, or a value that is no number.
    """
    starts, steps = [], []
    for time_s, along_m in trajectories:
        points = np.column_stack(
            [checked(time_s, "time (s)", low=-np.inf), checked(along_m, "place (m)", low=-np.inf)]
        )
        checked(np.diff(points[:, 0]), "time step (s)")
        starts.append(points[:-1])
        steps.append(np.diff(points, axis=0))
    if not starts:
        return Edie(0.0, 0.0, box.area_m_s)
    inside_m, inside_s = _inside(np.concatenate(starts), np.concatenate(steps), box)
    return Edie(inside_m, inside_s, box.area_m_s)


def _inside(start: Floats, step: Floats, box: SpaceTimeBox) -> tuple[float, float]:
    """Σ metres and Σ seconds of (S, 2) straight pieces (time, place) inside the box.

    Liang and Barsky's clipping: the share of each piece between its entry and its exit. A piece
    that lies on the upper edge belongs to the neighbouring box, so that boxes side by side add up.
    """
    low = np.array([box.from_s, box.from_m])
    high = np.array([box.to_s, box.to_m])
    moves = step != 0
    safe = np.where(moves, step, 1.0)
    with np.errstate(over="ignore"):  # hardly any step: infinitely far away is right
        one, other = (low - start) / safe, (high - start) / safe
    within = (start >= low) & (start < high)
    enter = np.where(moves, np.minimum(one, other), np.where(within, 0.0, 1.0)).max(axis=1)
    leave = np.where(moves, np.maximum(one, other), np.where(within, 1.0, 0.0)).min(axis=1)
    share = np.clip(np.minimum(leave, 1.0) - np.maximum(enter, 0.0), 0.0, None)
    return float((share * step[:, 1]).sum()), float((share * step[:, 0]).sum())

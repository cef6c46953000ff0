"""Sharing a budget of detector time among cameras. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Demand:
    """What one camera asks for.

    Attributes:
        floor_per_s: looks per second that it gets before anyone gets more.
        wanted_per_s: looks per second beyond which more is of no use; ≥ ``floor_per_s``.
        look_s: seconds of a detector thread that one look takes.
        weight: cameras with budget to themselves share it in proportion to this.
    """

    floor_per_s: float
    wanted_per_s: float
    look_s: float
    weight: float


def fair_rates(demands: Mapping[str, Demand], budget: float) -> dict[str, float]:
    """Looks per second for each, so that the seconds they take stay within ``budget`` per second.

    Floors first, all cut by the same factor where not even they fit. Then weighted max-min
    fairness of *time* (Bertsekas and Gallager, *Data Networks*, §6.5.2): a camera whose looks are
    dear gets fewer of them and takes nothing from the others; what one does not need goes to the
    rest.

    >>> want = Demand(floor_per_s=1, wanted_per_s=5, look_s=0.1, weight=5)
    >>> {who: round(rate, 6) for who, rate in fair_rates({"a": want, "b": want}, 0.6).items()}
    {'a': 3.0, 'b': 3.0}
    """
    floors = sum(d.floor_per_s * d.look_s for d in demands.values())
    if floors >= budget:
        factor = budget / floors if floors else 1.0
        return {name: d.floor_per_s * factor for name, d in demands.items()}
    level = _level(demands, budget)
    return {name: _time(d, level) / d.look_s for name, d in demands.items()}


def _time(demand: Demand, level: float) -> float:
    """Seconds per second of one camera when a weight of 1 is worth ``level``."""
    wanted = demand.wanted_per_s * demand.look_s
    floor = demand.floor_per_s * demand.look_s
    return min(wanted, max(floor, level * demand.weight))


def _level(demands: Mapping[str, Demand], budget: float) -> float:
    """The level at which the budget is used up, or all are content.

    The time given out rises with the level in straight pieces between the levels at which a camera
    leaves its floor or is content: the right piece is found, then the place within it.
    """
    corners = {0.0}
    for d in demands.values():
        corners |= {
            d.floor_per_s * d.look_s / d.weight,
            d.wanted_per_s * d.look_s / d.weight,
        }
    below, given_below = 0.0, 0.0
    for corner in sorted(corners):
        given = sum(_time(d, corner) for d in demands.values())
        if given >= budget:
            span = given - given_below
            return corner if span <= 0 else below + (corner - below) * (budget - given_below) / span
        below, given_below = corner, given
    return below

"""The Intelligent Driver Model's formula, written so that numbers and arrays go through it alike.

Source: Treiber, Hennecke, Helbing: Congested traffic states in empirical observations and
microscopic simulations, Phys. Rev. E 62, 1805 (2000), equations 3 and 4 with exponent 4.
"""

import math
from typing import TypeVar

import numpy as np
import numpy.typing as npt

Number = TypeVar("Number", float, npt.NDArray[np.float64])

STANDING_GAP_M = 2.0
BRAKE_MPS2 = 2.5
"""Comfortable braking; also what decides between stopping and going at a yellow light."""


def moving_gap_m(
    speed: Number, approach: Number, headway_s: Number, twice_root_ab: Number
) -> Number:
    """What the wanted gap has beyond the standing one; below 0 counts as 0.

    Args:
        speed: m/s. approach: closing speed, m/s. headway_s: wanted time gap.
        twice_root_ab: ``2·√(acceleration · comfortable braking)``, m/s².
    """
    return speed * headway_s + speed * approach / twice_root_ab


def follow_mps2(
    speed: Number, wish: Number, gap: Number, wanted_gap: Number, accel_mps2: Number
) -> Number:
    """Acceleration ``a·(1 − (v/v₀)⁴ − (s*/s)²)``.

    Args:
        wish: desired speed, m/s, above 0. gap: to the one ahead, m, above 0; inf on a free road.
        wanted_gap: s*, m. accel_mps2: a.
    """
    return accel_mps2 * (1 - (speed / wish) ** 4 - (wanted_gap / gap) ** 2)


def equilibrium_gap_m(speed: float, wish: float, headway_s: float) -> float:
    """The gap at which nobody accelerates in a column of equal drivers:
    ``(s₀ + v·T) / √(1 − (v/v₀)⁴)``.
    """
    return (STANDING_GAP_M + speed * headway_s) / math.sqrt(1 - (speed / wish) ** 4)

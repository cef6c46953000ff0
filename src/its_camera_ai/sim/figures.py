"""People as jointed figures: legs, arms, torso and head as rounded limbs in the round.

A figure is a set of limbs; a limb is a straight bone with a radius, painted as a capsule.
"""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]
Bgr = tuple[int, int, int]

THIGH_M, SHIN_M = 0.44, 0.42
UPPER_ARM_M, FOREARM_M = 0.30, 0.26
ARC_POINTS = 5
"""Points on each rounded end of a limb."""
_ARC = np.linspace(-math.pi / 2, math.pi / 2, ARC_POINTS)
PHASES, GAITS = 48, 4
"""Places of the walking cycle, and steps between standing and walking, that are told apart."""


@dataclass(frozen=True, slots=True)
class Clothing:
    """What someone wears, and how tall they are (1 = 1.74 m)."""

    coat: Bgr
    trousers: Bgr
    skin: Bgr
    hair: Bgr
    shoes: Bgr = (36, 34, 34)
    scale: float = 1.0


COATS: tuple[Bgr, ...] = (
    (62, 52, 46), (140, 84, 44), (56, 48, 160), (88, 112, 64), (196, 200, 204), (52, 140, 196),
    (34, 32, 32), (124, 96, 132), (96, 60, 34), (170, 160, 120),
)  # fmt: skip
TROUSERS: tuple[Bgr, ...] = (
    (92, 62, 44),
    (40, 36, 36),
    (66, 62, 60),
    (104, 118, 130),
    (70, 46, 34),
)
SKINS: tuple[Bgr, ...] = ((150, 178, 218), (120, 150, 196), (84, 112, 158), (56, 78, 116))
HAIRS: tuple[Bgr, ...] = ((30, 28, 26), (36, 46, 66), (70, 98, 130), (120, 124, 128))


@dataclass(frozen=True, slots=True, eq=False)
class Limbs:
    """A posed figure in its own axes (x forward, y left, z up), before it is put in the street.

    Attributes:
        homogeneous: (4, 2K): x, y, z, 1 of both ends of every limb, metres.
        radii: (K, 2) metres at both ends.
        wears: per limb the field of ``Clothing`` that gives its colour.
        sides: per limb 1 for the left leg, −1 the right, ±2 the arms, 0 the trunk; the face and
            the hair are the last two.
    """

    homogeneous: FloatArray
    radii: FloatArray
    wears: tuple[str, ...]
    sides: tuple[int, ...]


def _leg(hip: tuple[float, float], phase: float, gait: float) -> list[tuple[float, float, float]]:
    """Hip, knee, ankle and toe of one leg at a place of the walking cycle (rad)."""
    swing = 0.48 * gait * math.sin(phase)
    bend = (
        gait
        * (0.12 + 0.75 * max(0.0, math.cos(phase)) ** 2)
        * (1.0 if math.cos(phase) > 0 else 0.3)
    )
    y, z = hip
    knee = (THIGH_M * math.sin(swing), y, z - THIGH_M * math.cos(swing))
    shin = swing - bend
    ankle = (knee[0] + SHIN_M * math.sin(shin), y, knee[2] - SHIN_M * math.cos(shin))
    toe = (ankle[0] + 0.17 * math.cos(shin * 0.5), y, ankle[2] + 0.17 * math.sin(shin * 0.5) - 0.03)
    return [(0.0, y, z), knee, ankle, toe]


def _arm(
    shoulder: tuple[float, float], phase: float, gait: float
) -> list[tuple[float, float, float]]:
    swing = 0.55 * gait * math.sin(phase)
    y, z = shoulder
    out = 0.05 if y > 0 else -0.05
    elbow = (UPPER_ARM_M * math.sin(swing), y + out, z - UPPER_ARM_M * math.cos(swing))
    lower = swing + 0.15 + 0.35 * gait
    hand = (
        elbow[0] + FOREARM_M * math.sin(lower),
        y + out * 0.8,
        elbow[2] - FOREARM_M * math.cos(lower),
    )
    return [(0.0, y, z), elbow, hand]


@lru_cache(maxsize=PHASES * (GAITS + 1))
def _skeleton(phase_step: int, gait_step: int) -> Limbs:
    """The limbs at one of the places of the walking cycle that are told apart."""
    phase, gait = phase_step * math.tau / PHASES, gait_step / GAITS
    ends: list[tuple[tuple[float, float, float], tuple[float, float, float]]] = []
    radii: list[tuple[float, float]] = []
    colours: list[str] = []
    sides: list[int] = []

    def limb(
        a: tuple[float, float, float],
        b: tuple[float, float, float],
        r: tuple[float, float],
        colour: str,
        side: int,
    ) -> None:
        ends.append((a, b))
        radii.append(r)
        colours.append(colour)
        sides.append(side)

    for side, shift in ((1, 0.0), (-1, math.pi)):
        hip, knee, ankle, toe = _leg((side * 0.09, 0.93), phase + shift, gait)
        limb(ankle, toe, (0.045, 0.04), "shoes", side)
        limb(knee, ankle, (0.07, 0.052), "trousers", side)
        limb(hip, knee, (0.1, 0.072), "trousers", side)
    for side, shift in ((1, math.pi), (-1, 0.0)):
        shoulder, elbow, hand = _arm((side * 0.21, 1.40), phase + shift, gait)
        limb(hand, hand, (0.045, 0.045), "skin", 2 * side)
        limb(elbow, hand, (0.052, 0.042), "coat", 2 * side)
        limb(shoulder, elbow, (0.064, 0.054), "coat", 2 * side)
    limb((0, -0.07, 0.95), (0, 0.07, 0.95), (0.12, 0.12), "coat", 0)
    for side in (-1, 1):
        limb((0, side * 0.07, 1.0), (0.0, side * 0.105, 1.37), (0.115, 0.115), "coat", 0)
    limb((0.0, 0, 1.44), (0.01, 0, 1.54), (0.055, 0.055), "skin", 0)
    limb((0.02, 0, 1.56), (0.02, 0, 1.63), (0.085, 0.095), "skin", 0)
    limb((-0.03, 0, 1.62), (0.01, 0, 1.66), (0.09, 0.085), "hair", 0)

    array = np.array(ends)
    radius = np.array(radii)
    array[:, :, 2] -= float((array[:, :, 2] - radius).min())  # the lower sole touches the ground
    flat = array.reshape(-1, 3).T
    homogeneous = np.vstack([flat, np.ones(flat.shape[1])])
    return Limbs(homogeneous, radius, tuple(colours), tuple(sides))


def pose_figure(phase: float, gait: float) -> Limbs:
    """The limbs of a figure of scale 1 at a place of the walking cycle.

    Args:
        phase: rad, any; 2π is one double step.
        gait: 0 standing to 1 walking.
    """
    return _skeleton(round(phase * PHASES / math.tau) % PHASES, round(gait * GAITS))


def capsule_outlines(uv: FloatArray, radius_px: FloatArray) -> FloatArray:
    """Outlines of capsules in the picture.

    Args:
        uv: (K, 2, 2) end points, pixels. radius_px: (K, 2).

    Returns:
        (K, 2·ARC_POINTS, 2) pixels.
    """
    along = uv[:, 1] - uv[:, 0]
    angle = np.arctan2(along[:, 1], along[:, 0])
    second = angle[:, None] + _ARC
    first = second + math.pi
    outline = np.empty((len(uv), 2 * ARC_POINTS, 2))
    for part, theta, end in (
        (slice(0, ARC_POINTS), second, 1),
        (slice(ARC_POINTS, None), first, 0),
    ):
        outline[:, part, 0] = uv[:, end, :1] + radius_px[:, end, None] * np.cos(theta)
        outline[:, part, 1] = uv[:, end, 1:] + radius_px[:, end, None] * np.sin(theta)
    return outline

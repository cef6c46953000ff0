"""Kinds of road users: how big they are and how they are driven."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from its_camera_ai.core.detections import ObjectClass

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of road user.

    Attributes:
        class_id: what a detector would say at best.
        length_m, width_m, height_m: mean. spread: relative standard deviation of each.
        pace: wished speed over the limit, mean; pace_spread: its standard deviation.
        speed_max_mps: what it can or may do anywhere.
        accel_mps2: of the car-following model. headway_s: wanted time gap, mean.
        nose, tail: how far the roof is set in at front and rear, as shares of the length.
        round_m: how far the corners of the footprint are cut.
    """

    name: str
    class_id: ObjectClass
    length_m: float
    width_m: float
    height_m: float
    spread: float = 0.05
    pace: float = 1.0
    pace_spread: float = 0.1
    speed_max_mps: float = 60.0
    accel_mps2: float = 1.7
    headway_s: float = 1.3
    nose: float = 0.0
    tail: float = 0.0
    round_m: float = 0.0


KINDS = (
    Kind("person", ObjectClass.PERSON, 0.5, 0.5, 1.74, 0.04, round_m=0.15),
    Kind("bicycle", ObjectClass.BICYCLE, 1.8, 0.6, 1.75, 0.03, 1.0, 0.12, 5.5, 0.9, 1.2, 0.3, 0.3),
    Kind("motorcycle", ObjectClass.MOTORCYCLE, 2.15, 0.8, 1.5, 0.04, 1.05, 0.12, 60.0, 2.2, 1.1,
         0.3, 0.25),
    Kind("car", ObjectClass.CAR, 4.4, 1.8, 1.5, 0.06, 1.0, 0.1, 60.0, 1.7, 1.3, 0.3, 0.15, 0.3),
    Kind("van", ObjectClass.CAR, 5.5, 2.0, 2.4, 0.08, 0.97, 0.08, 45.0, 1.5, 1.4, 0.15, 0.0, 0.2),
    Kind("truck", ObjectClass.TRUCK, 9.0, 2.5, 3.5, 0.12, 0.85, 0.04, 25.0, 1.0, 1.7, 0.0, 0.0,
         0.1),
    Kind("semitrailer", ObjectClass.TRUCK, 16.5, 2.55, 4.0, 0.02, 0.82, 0.03, 25.0, 0.8, 1.9),
    Kind("bus", ObjectClass.BUS, 12.0, 2.55, 3.1, 0.02, 0.88, 0.04, 28.0, 1.0, 1.6),
    Kind("debris", ObjectClass.OTHER, 0.9, 0.7, 0.5, 0.2),
)  # fmt: skip
"""A kind's place here is its number everywhere."""

NUMBER = {kind.name: k for k, kind in enumerate(KINDS)}
CLASS_ID = np.array([kind.class_id for kind in KINDS], np.int8)

Mix = dict[str, float]
"""Names of kinds → weights."""

TOWN: Mix = {"car": 0.76, "van": 0.09, "truck": 0.05, "bus": 0.04, "motorcycle": 0.06}
MOTORWAY: Mix = {"car": 0.74, "van": 0.09, "truck": 0.05, "semitrailer": 0.08, "bus": 0.02,
                 "motorcycle": 0.02}  # fmt: skip


def _hull(kind: Kind) -> Floats:
    """(12, 3) outermost points of a body of length, width and height 1, middle at the ground."""
    cut_x, cut_y = kind.round_m / kind.length_m, kind.round_m / kind.width_m
    low = [
        (sx * (0.5 - cx), sy * (0.5 - cy), 0.0)
        for sx in (-1, 1)
        for sy in (-1, 1)
        for cx, cy in ((0.0, cut_y), (cut_x, 0.0))
    ]
    roof = [(x, sy * 0.45, 1.0) for x in (0.5 - kind.nose, kind.tail - 0.5) for sy in (-1, 1)]
    return np.array([*low, *roof])


HULLS: Floats = np.stack([_hull(kind) for kind in KINDS])
"""(kinds, 12, 3)."""

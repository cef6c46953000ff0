"""What is known of a body by its class alone: usual length, width and height."""

import numpy as np
import numpy.typing as npt

from its_camera_ai.core.detections import ObjectClass

Floats = npt.NDArray[np.float64]

_USUAL: dict[ObjectClass, tuple[tuple[float, float], tuple[float, float], tuple[float, float]]] = {
    ObjectClass.PERSON: ((0.5, 0.1), (0.5, 0.1), (1.7, 0.15)),
    ObjectClass.BICYCLE: ((1.75, 0.12), (0.6, 0.1), (1.7, 0.15)),
    ObjectClass.MOTORCYCLE: ((2.1, 0.25), (0.8, 0.12), (1.45, 0.25)),
    ObjectClass.CAR: ((4.5, 0.8), (1.83, 0.12), (1.6, 0.25)),
    ObjectClass.BUS: ((12.0, 3.0), (2.55, 0.1), (3.15, 0.3)),
    ObjectClass.TRUCK: ((9.0, 5.0), (2.4, 0.25), (3.2, 0.7)),
    ObjectClass.ANIMAL: ((1.0, 0.6), (0.4, 0.3), (0.8, 0.5)),
    ObjectClass.OTHER: ((1.5, 1.5), (1.0, 0.7), (1.0, 0.7)),
}

USUAL_M: Floats = np.array([[mean for mean, _ in _USUAL[c]] for c in ObjectClass])
"""(8, 3) length, width, height by class id, metres. Cars and lorries after the ranges of the
European type-approval classes M1 and N1–N3 (width at most 2.55 m, articulated 16.5–18.75 m), buses
M3; two-wheelers with their riders."""
USUAL_SD_M: Floats = np.array([[sd for _, sd in _USUAL[c]] for c in ObjectClass])
"""(8, 3) one standard deviation of each."""

LONG = frozenset({ObjectClass.MOTORCYCLE, ObjectClass.CAR, ObjectClass.BUS, ObjectClass.TRUCK})
"""Classes whose length is measured; the others are about as long as wide, or all of one length."""
IS_LONG: npt.NDArray[np.bool_] = np.array([c in LONG for c in ObjectClass])

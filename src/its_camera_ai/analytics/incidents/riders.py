"""Which people sit on a two-wheeler."""

import numpy as np
import numpy.typing as npt

from its_camera_ai.core.detections import ObjectClass

Bools = npt.NDArray[np.bool_]


def riders_of(xyxy: npt.NDArray[np.float32], class_id: npt.NDArray[np.int8]) -> tuple[Bools, Bools]:
    """(N,) people who sit on a two-wheeler, and (N,) two-wheelers with someone on them.

    The person's box stands in the two-wheeler's: half of its width over it, its feet within it.

    Args:
        xyxy: (N, 4). class_id: (N,) values of ``ObjectClass``.
    """
    riders, ridden = np.zeros(len(xyxy), bool), np.zeros(len(xyxy), bool)
    wheels = np.flatnonzero(
        (class_id == ObjectClass.BICYCLE) | (class_id == ObjectClass.MOTORCYCLE)
    )
    if not len(wheels):
        return riders, ridden
    people = np.flatnonzero(class_id == ObjectClass.PERSON)
    person, wheel = xyxy[people][:, None], xyxy[wheels][None]
    wide = np.minimum(person[..., 2], wheel[..., 2]) - np.maximum(person[..., 0], wheel[..., 0])
    feet, tall = person[..., 3], wheel[..., 3] - wheel[..., 1]
    pairs = (
        (wide >= 0.5 * (person[..., 2] - person[..., 0]))
        & (feet >= wheel[..., 1])
        & (feet <= wheel[..., 3] + 0.25 * tall)
    )
    riders[people[pairs.any(axis=1)]] = True
    ridden[wheels[pairs.any(axis=0)]] = True
    return riders, ridden

"""From which score on a finding counts, for all classes or class by class."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.core.errors import ModelInvalid

SCORE_MIN = 0.2
"""For classes that nobody named: low, because the tracker's second stage uses weak findings."""

ScoreMin = float | Mapping[ObjectClass, float]


def limits(score_min: ScoreMin, class_ids: npt.NDArray[np.int8]) -> npt.NDArray[np.float32]:
    """The lowest score (K,) of each class (K,).

    Raises:
        ModelInvalid: a score outside 0–1.

    >>> limits({ObjectClass.PERSON: 0.5}, np.array([0, 3], np.int8)).tolist()
    [0.5, 0.20000000298023224]
    """
    values = (
        [score_min.get(ObjectClass(int(c)), SCORE_MIN) for c in class_ids]
        if isinstance(score_min, Mapping)
        else [score_min] * len(class_ids)
    )
    if not all(0 <= v <= 1 for v in values):
        raise ModelInvalid(f"A score lies between 0 and 1; correct the threshold in {score_min}.")
    return np.array(values, np.float32)

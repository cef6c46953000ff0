"""Which detection continues which track."""

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from its_camera_ai.core.detections import VEHICLES, ObjectClass
from its_camera_ai.core.geometry import box_iou
from its_camera_ai.tracking.config import TrackerConfig
from its_camera_ai.tracking.table import CLASSES, Floats

Pairs = tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]


def _class_table() -> Floats:
    """(CLASSES, CLASSES): 0 the same body, 1 a likely mix-up, infinite impossible."""
    riders = {ObjectClass.PERSON, ObjectClass.BICYCLE, ObjectClass.MOTORCYCLE}
    table = np.full((CLASSES, CLASSES), np.inf)
    for a in ObjectClass:
        for b in ObjectClass:
            if a == b or {a, b} <= VEHICLES:
                table[a, b] = 0
            elif {a, b} <= riders or ObjectClass.OTHER in (a, b):
                table[a, b] = 1
    return table


_CLASS_TABLE = _class_table()


def costs(
    tracks: Floats,
    track_class: npt.NDArray[np.int64],
    reach_h: Floats,
    boxes: npt.NDArray[np.floating[Any]],
    box_class: npt.NDArray[np.int8],
    config: TrackerConfig,
) -> Floats:
    """Cost of every pair in units of the track's gate; 1 and above is out of the question.

    The cost is motion-normalised: the distance of predicted and observed bottom centre over the
    box height, plus half the absolute logarithm of the height ratio, plus what is missing of the
    overlap. It stays meaningful where boxes of consecutive looks do not overlap at all.

    Args:
        tracks: (N, 4) predicted xyxy, clipped to the picture. track_class: (N,).
        reach_h: (N,) gate of each track in box heights.
        boxes: (M, 4) detected xyxy. box_class: (M,).

    Returns:
        (N, M).
    """
    height_t = np.maximum(tracks[:, 3] - tracks[:, 1], 1.0)
    height_d = np.maximum(boxes[:, 3] - boxes[:, 1], 1.0)
    dx = (tracks[:, 0] + tracks[:, 2])[:, None] / 2 - (boxes[:, 0] + boxes[:, 2]) / 2
    dy = tracks[:, 3, None] - boxes[:, 3]
    mean_height = (height_t[:, None] + height_d) / 2
    distance = np.sqrt(dx * dx + dy * dy) / mean_height
    ratio = np.abs(np.log(height_t)[:, None] - np.log(height_d))
    cost: Floats = distance + config.size_weight * ratio
    cost += config.iou_weight * (1 - box_iou(tracks, boxes))
    cost += config.class_cost * _CLASS_TABLE[track_class[:, None], box_class]
    cost /= (reach_h + config.iou_weight)[:, None]
    return cost


def assign(cost: Floats) -> Pairs:
    """The cheapest pairing, where leaving a row and a column alone costs as much as a pair of
    cost 1, so no pair at or above 1 is made.

    Args:
        cost: (N, M), may hold infinities.

    Returns:
        Rows and columns of the pairs.
    """
    allowed = cost < 1
    if not allowed.any():
        none = np.empty(0, np.intp)
        return none, none
    if allowed.sum(axis=0).max() == 1 and allowed.sum(axis=1).max() == 1:
        row, column = np.nonzero(allowed)
        return row, column
    rows, columns = linear_sum_assignment(np.where(allowed, cost - 1, 0.0))
    real = allowed[rows, columns]
    return rows[real], columns[real]

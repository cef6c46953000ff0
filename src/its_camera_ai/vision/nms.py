"""Non-maximum suppression that knows which classes are one body."""

from typing import Any

import numpy as np
import numpy.typing as npt

from its_camera_ai.core.detections import VEHICLES, Detections, ObjectClass

CANDIDATES_MAX = 1000
"""Boxes compared with each other, best first; bounds the (N, N) matrix to a few megabytes."""

_GROUP = np.array(
    [ObjectClass.CAR if c in VEHICLES else c for c in ObjectClass], np.int8
)  # a lorry gives a car box and a truck box; only one of them may stay


PERSONS_IOU_MORE = 0.1
"""Persons walk before one another; vehicles seldom hide each other that far."""


def iou_matrix(a: npt.NDArray[Any], b: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """Intersection over union of every box of ``a`` (N, 4) with every box of ``b`` (M, 4), xyxy.

    Boxes without area have IoU 0 with everything.

    >>> float(iou_matrix(np.array([[0, 0, 2, 2]]), np.array([[1, 0, 3, 2]]))[0, 0])
    0.3333333432674408
    """
    a_left, a_top, a_right, a_bottom = np.asarray(a, np.float32).reshape(-1, 4).T[:, :, None]
    b_left, b_top, b_right, b_bottom = np.asarray(b, np.float32).reshape(-1, 4).T[:, None, :]
    # a side at a time and in place: a quarter of the time of corners as (N, M, 2)
    overlap = np.minimum(a_right, b_right)
    overlap -= np.maximum(a_left, b_left)
    np.maximum(overlap, 0, out=overlap)
    height = np.minimum(a_bottom, b_bottom)
    height -= np.maximum(a_top, b_top)
    overlap *= np.maximum(height, 0, out=height)
    area_a = np.maximum(a_right - a_left, 0) * np.maximum(a_bottom - a_top, 0)
    area_b = np.maximum(b_right - b_left, 0) * np.maximum(b_bottom - b_top, 0)
    union = area_a + area_b
    union -= overlap
    iou = np.divide(overlap, union, out=np.zeros_like(overlap), where=union > 0)
    return np.asarray(iou, np.float32)


def suppress(detections: Detections, iou_max: float = 0.5, keep_max: int = 300) -> Detections:
    """The best of each heap of overlapping boxes, best first.

    Boxes compete within their class; car, bus and truck compete with each other.

    Args:
        iou_max: a box that overlaps a better one of its group by more than this is dropped;
            persons may overlap by ``PERSONS_IOU_MORE`` more.
        keep_max: at most so many boxes come back.
    """
    order = np.argsort(-detections.score, kind="stable")[:CANDIDATES_MAX]
    ranked = detections.take(order)
    group = _GROUP[ranked.class_id]
    allowed = np.where(group == ObjectClass.PERSON, iou_max + PERSONS_IOU_MORE, iou_max)
    rivals = iou_matrix(ranked.xyxy, ranked.xyxy) > allowed[:, None]
    rivals &= group[:, None] == group[None, :]
    alive = np.ones(len(ranked), np.bool_)
    for i in np.flatnonzero(rivals.sum(axis=1) > 1):  # each is its own rival
        if alive[i]:
            alive[i + 1 :] &= ~rivals[i, i + 1 :]
    return ranked.take(np.flatnonzero(alive)[:keep_max])

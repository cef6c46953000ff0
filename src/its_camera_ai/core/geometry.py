"""Plane geometry in image or world coordinates. Arrays of points are ``(N, 2)`` float64."""

from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.floating[Any]]
BoolArray = npt.NDArray[np.bool_]


def line_side(points: FloatArray, start: FloatArray, end: FloatArray) -> FloatArray:
    """Twice the signed area of (start, end, point), per point.

    ``s = (x2−x1)(y−y1) − (y2−y1)(x−x1)``: zero on the line, positive to the right of the
    direction start→end as seen in an image (y down).

    Args:
        points: (N, 2).
        start: (2,). end: (2,).

    Returns:
        (N,) in squared units of the input.

    >>> float(line_side(np.array([[0.0, 1.0]]), np.array([0.0, 0.0]), np.array([2.0, 0.0]))[0])
    2.0
    """
    d = end - start
    side: FloatArray = d[0] * (points[:, 1] - start[1]) - d[1] * (points[:, 0] - start[0])
    return side


def points_in_polygon(points: FloatArray, polygon: FloatArray) -> BoolArray:
    """Which points lie inside a simple polygon (even–odd rule; half-open, so that areas which
    share an edge never both hold the same point).

    Args:
        points: (N, 2). polygon: (M, 2), M ≥ 3, not closed.

    Returns:
        (N,) bool.
    """
    x, y = points[:, 0, None], points[:, 1, None]
    x1, y1 = polygon[:, 0], polygon[:, 1]
    x2, y2 = np.roll(x1, -1), np.roll(y1, -1)
    spans = (y1 <= y) != (y2 <= y)
    with np.errstate(divide="ignore", invalid="ignore"):
        at = x1 + (y - y1) * (x2 - x1) / (y2 - y1)
    inside: BoolArray = (np.count_nonzero(spans & (x < at), axis=1) % 2).astype(bool)
    return inside


def is_simple_polygon(polygon: FloatArray) -> bool:
    """True if no two edges of the (M, 2) polygon cross or touch except neighbours at a corner."""
    n = len(polygon)
    if n < 3 or len(np.unique(polygon, axis=0)) != n:
        return False
    for i in range(n):
        a, b = polygon[i], polygon[(i + 1) % n]
        for j in range(i + 1, n):
            if j == i or (j + 1) % n == i or (i + 1) % n == j:
                continue
            if segments_touch(a, b, polygon[j], polygon[(j + 1) % n]):
                return False
    return abs(polygon_area(polygon)) > 0


def polygon_area(polygon: FloatArray) -> float:
    """Signed area (shoelace formula) of an (M, 2) polygon."""
    x, y = polygon[:, 0], polygon[:, 1]
    return float(np.dot(x, np.roll(y, -1)) - np.dot(np.roll(x, -1), y)) / 2


def segments_touch(a: FloatArray, b: FloatArray, c: FloatArray, d: FloatArray) -> bool:
    """True if the closed segments a–b and c–d share at least one point."""
    s = line_side(np.stack([c, d]), a, b)
    t = line_side(np.stack([a, b]), c, d)
    if (s[0] * s[1] < 0) and (t[0] * t[1] < 0):
        return True
    return any(
        side == 0 and bool(np.all(np.minimum(p, q) <= r) and np.all(r <= np.maximum(p, q)))
        for side, p, q, r in ((s[0], a, b, c), (s[1], a, b, d), (t[0], c, d, a), (t[1], c, d, b))
    )


def box_iou(a: FloatArray, b: FloatArray) -> FloatArray:
    """Intersection over union of every pair.

    Args:
        a: (N, 4) xyxy. b: (M, 4) xyxy.

    Returns:
        (N, M) in 0–1; 0 where a box has no area.
    """
    top_left = np.maximum(a[:, None, :2], b[None, :, :2])
    bottom_right = np.minimum(a[:, None, 2:], b[None, :, 2:])
    wh = np.clip(bottom_right - top_left, 0, None)
    overlap = wh[..., 0] * wh[..., 1]
    area_a = (a[:, 2] - a[:, 0]) * (a[:, 3] - a[:, 1])
    area_b = (b[:, 2] - b[:, 0]) * (b[:, 3] - b[:, 1])
    union = area_a[:, None] + area_b[None, :] - overlap
    iou: FloatArray = np.divide(overlap, union, out=np.zeros_like(overlap), where=union > 0)
    return iou

"""Outputs with a row per cell of a grid → boxes in input pixels with a score per class.

Every decoder takes one picture's outputs and drops early what can't reach ``score_min``.
"""

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from its_camera_ai.vision.decoding import corners, of_labels, of_shape, sigmoid, softmax, wrong
from its_camera_ai.vision.detector import FloatArray
from its_camera_ai.vision.runtime import Outputs

STRIDES = (8, 16, 32)
PLUS_STRIDES = (8, 16, 32, 64)
NANODET_REG_MAX = 7
FASTESTDET_STRIDE = 16
_EXP_MAX = 12.0  # e^12 strides is far outside any picture; keeps exp() finite on garbage


def decode_yolox(
    outputs: Outputs, input_wh: tuple[int, int], class_count: int, score_min: float
) -> tuple[FloatArray, FloatArray]:
    """YOLOX (Ge et al., arXiv 2107.08430): one output (1, N, 5 + C), anchors in row order.

    ``cx = (v0 + gx)·s``, ``cy = (v1 + gy)·s``, ``w = e^v2·s``, ``h = e^v3·s``; objectness and
    class values are probabilities already; score = objectness · class.

    Returns:
        xyxy (K, 4) in input pixels and scores (K, C).

    Raises:
        ModelInvalid: the output has another shape.
    """
    raw = _single(outputs)
    grid, stride = _cells(input_wh, STRIDES)
    expected = (len(grid), 5 + class_count)
    if raw.ndim != 3 or raw.shape[1:] != expected:
        raise wrong("yolox", f"(1, {expected[0]}, {expected[1]})", outputs)
    rows = raw[0]
    hot = np.flatnonzero(rows[:, 4] >= score_min)
    rows, grid, stride = rows[hot], grid[hot], stride[hot, None]
    centre = (rows[:, :2] + grid) * stride
    half = np.exp(np.clip(rows[:, 2:4], -_EXP_MAX, _EXP_MAX)) * stride / 2
    scores = rows[:, 5:] * rows[:, 4:5]
    return np.hstack((centre - half, centre + half)), scores


def decode_yolov8(
    outputs: Outputs, input_wh: tuple[int, int], class_count: int, score_min: float
) -> tuple[FloatArray, FloatArray]:
    """YOLOv8, 11 and 12: one output (1, 4 + C, N), centre and size in pixels, probabilities.

    With suppression in the graph, or without need of it (YOLOv10): (1, N, 6) rows of corners in
    pixels, score, class.

    Raises:
        ModelInvalid: the output has another shape.
    """
    raw = _single(outputs)
    if raw.ndim == 3 and raw.shape[1] == 4 + class_count:
        rows = raw[0]
        hot = np.flatnonzero(rows[4:].max(axis=0) >= score_min)
        return corners(rows[:4, hot].T), np.ascontiguousarray(rows[4:, hot].T)
    if raw.ndim == 3 and raw.shape[2] == 6:
        rows = raw[0][raw[0][:, 4] >= score_min]
        return of_labels(rows[:, :4], rows[:, 5], rows[:, 4], class_count)
    raise wrong("yolov8", f"(1, {4 + class_count}, N) or (1, N, 6)", outputs)


def decode_nanodet(
    outputs: Outputs, input_wh: tuple[int, int], class_count: int, score_min: float
) -> tuple[FloatArray, FloatArray]:
    """NanoDet-m: distances from the middle of the cell; strides 8, 16, 32. See ``_nanodet``."""
    return _nanodet("nanodet", outputs, input_wh, class_count, score_min, STRIDES, 0.5)


def decode_nanodet_plus(
    outputs: Outputs, input_wh: tuple[int, int], class_count: int, score_min: float
) -> tuple[FloatArray, FloatArray]:
    """NanoDet-Plus: distances from the cell's corner, and a stride of 64. See ``_nanodet``."""
    return _nanodet("nanodet-plus", outputs, input_wh, class_count, score_min, PLUS_STRIDES, 0.0)


def _nanodet(
    family: str,
    outputs: Outputs,
    input_wh: tuple[int, int],
    class_count: int,
    score_min: float,
    strides: tuple[int, ...],
    middle: float,
) -> tuple[FloatArray, FloatArray]:
    """Class probabilities and distances, in one (1, N, C + 4·(reg_max + 1)) or per stride apart.

    A distance (left, top, right, bottom) is the mean of a softmax over 0 … reg_max, in strides
    (generalised focal loss, Li et al., arXiv 2006.04388). Outputs are told apart by their shapes,
    not by their names or order.

    Raises:
        ModelInvalid: an output is missing or has another shape.
    """
    bins = NANODET_REG_MAX + 1
    cells = [len(_cells(input_wh, (stride,))[0]) for stride in strides]
    whole = of_shape(outputs, (sum(cells), class_count + 4 * bins))
    ends = np.cumsum(cells)
    boxes, scores = [], []
    for stride, n, end in zip(strides, cells, ends, strict=True):
        classes = of_shape(outputs, (n, class_count))
        distances = of_shape(outputs, (n, 4 * bins))
        if whole is not None:
            rows = whole[end - n : end]
            classes, distances = rows[:, :class_count], rows[:, class_count:]
        if classes is None or distances is None:
            raise wrong(
                family,
                f"(1, {sum(cells)}, {class_count + 4 * bins}), or (1, {n}, {class_count}) and "
                f"(1, {n}, {4 * bins}) at stride {stride}",
                outputs,
            )
        hot = np.flatnonzero(classes.max(axis=1) >= score_min)
        centre = (_cells(input_wh, (stride,))[0][hot] + middle) * stride
        weights = softmax(distances[hot].reshape(-1, 4, bins))
        reach = weights @ np.arange(bins, dtype=np.float32) * stride
        boxes.append(np.hstack((centre - reach[:, :2], centre + reach[:, 2:])))
        scores.append(classes[hot])
    return np.concatenate(boxes).astype(np.float32), np.concatenate(scores)


def decode_fastestdet(
    outputs: Outputs, input_wh: tuple[int, int], class_count: int, score_min: float
) -> tuple[FloatArray, FloatArray]:
    """FastestDet: one output (1, 5 + C, H/16, W/16): objectness, four box values, classes.

    Centre = (cell + tanh)·16, size = sigmoid·input; score = objectness^0.6 · class^0.4.

    Raises:
        ModelInvalid: the output has another shape.
    """
    raw = _single(outputs)
    columns, rows = (-(-side // FASTESTDET_STRIDE) for side in input_wh)
    if raw.shape != (1, 5 + class_count, rows, columns):
        raise wrong("fastestdet", f"(1, {5 + class_count}, {rows}, {columns})", outputs)
    cells = raw[0].reshape(5 + class_count, -1).T
    # class ≤ 1, so objectness^0.6 bounds the score
    hot = np.flatnonzero(cells[:, 0].clip(0, 1) ** 0.6 >= score_min)
    cells = cells[hot]
    grid, _ = _cells(input_wh, (FASTESTDET_STRIDE,))
    centre = (grid[hot] + np.tanh(cells[:, 1:3])) * FASTESTDET_STRIDE
    half = np.array(input_wh, np.float32) * sigmoid(cells[:, 3:5]) / 2
    scores = cells[:, :1].clip(0, 1) ** 0.6 * cells[:, 5:].clip(0, 1) ** 0.4
    return np.hstack((centre - half, centre + half)).astype(np.float32), scores


@lru_cache(maxsize=64)
def _cells(input_wh: tuple[int, int], strides: tuple[int, ...]) -> tuple[FloatArray, FloatArray]:
    """Column and row of every cell, (N, 2), strides in order and row by row; stride (N,).

    A side that a stride doesn't divide has one cell more, as padded convolutions leave it.
    """
    grids, steps = [], []
    for stride in strides:
        columns, rows = -(-input_wh[0] // stride), -(-input_wh[1] // stride)
        y, x = np.mgrid[:rows, :columns]
        grids.append(np.stack((x.ravel(), y.ravel()), axis=1))
        steps.append(np.full(columns * rows, stride))
    return np.concatenate(grids).astype(np.float32), np.concatenate(steps).astype(np.float32)


def _single(outputs: Outputs) -> npt.NDArray[Any]:
    """The first output; an empty one, which fits no family, if there is none."""
    return next(iter(outputs.values()), np.empty(0))

"""Raw network outputs → boxes in input pixels with a score per class, one function per family.

Every decoder drops early what can't reach ``score_min``, so that the rest is cheap.
"""

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from its_camera_ai.core.errors import ModelInvalid
from its_camera_ai.vision.detector import FloatArray, Outputs

YOLOX_STRIDES = (8, 16, 32)
NANODET_STRIDES = (8, 16, 32)
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
    grid, stride = _anchors(input_wh, YOLOX_STRIDES)
    expected = (len(grid), 5 + class_count)
    if raw.ndim != 3 or raw.shape[1:] != expected:
        raise _wrong("yolox", f"(1, {expected[0]}, {expected[1]})", outputs)
    rows = raw[0]
    hot = np.flatnonzero(rows[:, 4] >= score_min)
    rows, grid, stride = rows[hot], grid[hot], stride[hot, None]
    centre = (rows[:, :2] + grid) * stride
    half = np.exp(np.clip(rows[:, 2:4], -_EXP_MAX, _EXP_MAX)) * stride / 2
    scores = rows[:, 5:] * rows[:, 4:5]
    return np.hstack((centre - half, centre + half)), scores


def decode_nanodet(
    outputs: Outputs, input_wh: tuple[int, int], class_count: int, score_min: float
) -> tuple[FloatArray, FloatArray]:
    """NanoDet-m: per stride class probabilities (1, n, C) and distances (1, n, 4·(reg_max + 1)).

    A distance (left, top, right, bottom from the cell's centre) is the mean of a softmax over
    0 … reg_max, in strides (generalised focal loss, Li et al., arXiv 2006.04388). Outputs are
    told apart by their shapes, not by their names or order.

    Raises:
        ModelInvalid: an output is missing or has another shape.
    """
    bins = NANODET_REG_MAX + 1
    boxes, scores = [], []
    for stride in NANODET_STRIDES:
        cells = (input_wh[0] // stride) * (input_wh[1] // stride)
        classes = _of_shape(outputs, (cells, class_count))
        distances = _of_shape(outputs, (cells, 4 * bins))
        if classes is None or distances is None:
            raise _wrong(
                "nanodet",
                f"(1, {cells}, {class_count}) and (1, {cells}, {4 * bins}) at stride {stride}",
                outputs,
            )
        hot = np.flatnonzero(classes.max(axis=1) >= score_min)
        grid, _ = _anchors(input_wh, (stride,))
        centre = (grid[hot] + 0.5) * stride
        weights = _softmax(distances[hot].reshape(-1, 4, bins))
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
    columns, rows = input_wh[0] // FASTESTDET_STRIDE, input_wh[1] // FASTESTDET_STRIDE
    if raw.shape != (1, 5 + class_count, rows, columns):
        raise _wrong("fastestdet", f"(1, {5 + class_count}, {rows}, {columns})", outputs)
    cells = raw[0].reshape(5 + class_count, -1).T
    # class ≤ 1, so objectness^0.6 bounds the score
    hot = np.flatnonzero(cells[:, 0].clip(0, 1) ** 0.6 >= score_min)
    cells = cells[hot]
    grid, _ = _anchors(input_wh, (FASTESTDET_STRIDE,))
    centre = (grid[hot] + np.tanh(cells[:, 1:3])) * FASTESTDET_STRIDE
    half = np.array(input_wh, np.float32) / (1 + np.exp(-cells[:, 3:5])) / 2
    scores = cells[:, :1].clip(0, 1) ** 0.6 * cells[:, 5:].clip(0, 1) ** 0.4
    return np.hstack((centre - half, centre + half)).astype(np.float32), scores


@lru_cache(maxsize=32)
def _anchors(input_wh: tuple[int, int], strides: tuple[int, ...]) -> tuple[FloatArray, FloatArray]:
    """Column and row of every cell, (N, 2), strides in order and row by row; stride (N,)."""
    grids, steps = [], []
    for stride in strides:
        columns, rows = input_wh[0] // stride, input_wh[1] // stride
        y, x = np.mgrid[:rows, :columns]
        grids.append(np.stack((x.ravel(), y.ravel()), axis=1))
        steps.append(np.full(columns * rows, stride))
    return np.concatenate(grids).astype(np.float32), np.concatenate(steps).astype(np.float32)


def _softmax(values: npt.NDArray[Any]) -> FloatArray:
    raised = np.exp(values - values.max(axis=-1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True), np.float32)


def _single(outputs: Outputs) -> npt.NDArray[Any]:
    return next(iter(outputs.values()))


def _of_shape(outputs: Outputs, shape: tuple[int, int]) -> npt.NDArray[Any] | None:
    for value in outputs.values():
        if value.shape[-2:] == shape and value.size == shape[0] * shape[1]:
            return value.reshape(shape)
    return None


def _wrong(family: str, expected: str, outputs: Outputs) -> ModelInvalid:
    found = ", ".join(f"{name} {value.shape}" for name, value in outputs.items())
    return ModelInvalid(
        f"This model does not answer like the family '{family}': expected {expected}, found "
        f"{found}. Give the right family and classes, or export the model again."
    )

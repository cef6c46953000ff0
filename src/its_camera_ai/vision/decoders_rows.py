"""Outputs with a row per finding → boxes in input pixels with a score per class."""

from typing import Any

import numpy as np
import numpy.typing as npt

from its_camera_ai.vision.decoding import (
    boxes_and_classes,
    corners,
    of_labels,
    sigmoid,
    softmax,
    wrong,
)
from its_camera_ai.vision.detector import FloatArray
from its_camera_ai.vision.runtime import Outputs

_SSD_ROW = 7


def decode_ssd(
    outputs: Outputs, input_wh: tuple[int, int], class_count: int, score_min: float
) -> tuple[FloatArray, FloatArray]:
    """Detection output of SSD (Caffe, OpenVINO): rows (…, N, 7), suppressed already.

    A row is image, label, score, then corners from 0 to 1; a negative image ends the list.

    Raises:
        ModelInvalid: the output has another shape.
    """
    for value in outputs.values():
        if value.ndim >= 2 and value.shape[-1] == _SSD_ROW:
            rows = value.reshape(-1, _SSD_ROW)
            rows = rows[: np.flatnonzero(np.append(rows[:, 0] < 0, True))[0]]
            rows = rows[rows[:, 2] >= score_min]
            boxes = rows[:, 3:] * _scale(input_wh)
            return of_labels(boxes, rows[:, 1], rows[:, 2], class_count)
    raise wrong("ssd", f"(1, 1, N, {_SSD_ROW})", outputs)


def ssd_picture(outputs: Outputs, index: int, batch: int) -> Outputs:
    """The rows of one picture: SSD writes the findings of all below each other."""
    return {
        name: v[v[..., 0] == index] if v.shape[-1:] == (_SSD_ROW,) else v
        for name, v in outputs.items()
    }


def decode_boxes_scores(
    outputs: Outputs, input_wh: tuple[int, int], class_count: int, score_min: float
) -> tuple[FloatArray, FloatArray]:
    """Corners from 0 to 1 (…, N, 4) and a score per class (…, N, C), background among them.

    Raises:
        ModelInvalid: there is no such pair of outputs.
    """
    boxes, scores = boxes_and_classes(outputs, "boxes-scores", (class_count,))
    return np.asarray(boxes * _scale(input_wh), np.float32), np.asarray(scores, np.float32)


def decode_detr(
    outputs: Outputs, input_wh: tuple[int, int], class_count: int, score_min: float
) -> tuple[FloatArray, FloatArray]:
    """DETR and its kin: a set of boxes, each with its classes; nothing to suppress.

    Either boxes (1, Q, 4) of centre and size from 0 to 1 with logits: (1, Q, C), each its own
    sigmoid (RT-DETR, D-FINE, DEIM, RF-DETR), or (1, Q, C + 1), a softmax whose last is "nothing"
    (DETR, Carion et al., arXiv 2005.12872). Or, with the last step in the graph, labels (1, Q),
    scores (1, Q) and corners (1, Q, 4), which are from 0 to 1 because we say that the frame is
    1×1 (``families``).

    Raises:
        ModelInvalid: the outputs are neither.
    """
    flat = [v for v in outputs.values() if v.ndim == 2 and v.shape[0] == 1]
    boxes = next((v for v in outputs.values() if v.ndim == 3 and v.shape[2] == 4), None)
    if len(flat) == 2 and boxes is not None:
        labels, scores = sorted(flat, key=lambda v: np.issubdtype(v.dtype, np.floating))
        if labels.shape == scores.shape == boxes.shape[:2]:
            hot = scores[0] >= score_min
            xyxy = boxes[0][hot] * _scale(input_wh)
            return of_labels(xyxy, labels[0][hot], scores[0][hot], class_count)
    found, logits = boxes_and_classes(outputs, "detr", (class_count, class_count + 1))
    nothing = logits.shape[1] == class_count + 1
    probability = softmax(logits)[:, :-1] if nothing else sigmoid(logits)
    hot = np.flatnonzero(probability.max(axis=1) >= score_min)
    return corners(found[hot]) * _scale(input_wh), probability[hot]


def _scale(input_wh: tuple[int, int]) -> npt.NDArray[Any]:
    return np.array(input_wh * 2, np.float32)

"""What the decoders of all families share."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from its_camera_ai.core.errors import ModelInvalid
from its_camera_ai.vision.detector import FloatArray
from its_camera_ai.vision.runtime import Outputs


def softmax(values: npt.NDArray[Any]) -> FloatArray:
    """Over the last axis."""
    raised = np.exp(values - values.max(axis=-1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=-1, keepdims=True), np.float32)


def sigmoid(values: npt.NDArray[Any]) -> FloatArray:
    return np.asarray(1 / (1 + np.exp(-np.asarray(values, np.float32))), np.float32)


def corners(cxcywh: npt.NDArray[Any]) -> FloatArray:
    """Centre, width and height (N, 4) → xyxy (N, 4)."""
    half = cxcywh[:, 2:] / 2
    return np.hstack((cxcywh[:, :2] - half, cxcywh[:, :2] + half)).astype(np.float32)


def of_labels(
    xyxy: npt.NDArray[Any], label: npt.NDArray[Any], score: npt.NDArray[Any], class_count: int
) -> tuple[FloatArray, FloatArray]:
    """Findings with one label (N,) and score (N,) each → boxes (K, 4) and scores (K, C).

    Labels that are no class of the network (padding has -1 in many exports) are left out.
    """
    label, score = np.asarray(label, np.float32), np.asarray(score, np.float32)
    known = np.flatnonzero((label >= 0) & (label < class_count))
    scores = np.zeros((len(known), class_count), np.float32)
    scores[np.arange(len(known)), np.rint(label[known]).astype(np.intp)] = score[known]
    return np.asarray(xyxy[known], np.float32), scores


def of_shape(outputs: Outputs, shape: tuple[int, int]) -> npt.NDArray[Any] | None:
    """The output of that shape, whatever its name; leading ones don't count."""
    for value in outputs.values():
        if value.shape[-2:] == shape and value.size == shape[0] * shape[1]:
            return value.reshape(shape)
    return None


def boxes_and_classes(
    outputs: Outputs, family: str, widths: Sequence[int]
) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
    """The output of (N, 4) boxes and that of one row of class values per box.

    Where both are four wide, the name tells (``box``, ``det``), else boxes come first.

    Args:
        widths: how many class values a row may have.

    Raises:
        ModelInvalid: there is no such pair.
    """
    tables: dict[str, npt.NDArray[Any]] = {
        name: value.reshape(-1, value.shape[-1])
        for name, value in outputs.items()
        if value.ndim >= 2 and value.size == value.shape[-2] * value.shape[-1]
    }
    by_name = sorted(tables, key=lambda name: not ("box" in name.lower() or "det" in name.lower()))
    for name in by_name:
        boxes = tables[name]
        for other, classes in tables.items():
            fits = other != name and boxes.shape[1] == 4 and classes.shape[1] in widths
            if fits and len(boxes) == len(classes):
                return boxes, classes
    told = " or ".join(str(w) for w in widths)
    raise wrong(family, f"boxes (1, N, 4) and class values (1, N, {told})", outputs)


def wrong(family: str, expected: str, outputs: Outputs) -> ModelInvalid:
    found = ", ".join(f"{name} {value.shape}" for name, value in outputs.items())
    return ModelInvalid(
        f"This model does not answer like the family '{family}': expected {expected}, found "
        f"{found}. Give the right family and classes, or export the model again."
    )

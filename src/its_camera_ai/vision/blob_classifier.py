"""What kind of road user a moving blob is, from its outline and the grain of its picture.

A softmax regression over three dozen features that do not depend on size or place, with weights
trained by ``bench/train_moving_classifier.py``. It is a helper for sites without a network
detector, not a rival of one; docs/models.md has the measured figures.
"""

from dataclasses import dataclass
from enum import IntEnum
from importlib import resources
from typing import Any

import cv2
import msgspec
import numpy as np
import numpy.typing as npt

from its_camera_ai.vision.background import Blob
from its_camera_ai.vision.detector import ByteArray, FloatArray

_THIRDS = 3
_ANGLES = 6
_PATCH_PX = 24


class BlobKind(IntEnum):
    """The classes of the small classifier; ``NOTHING`` is leaves, light, and pieces of things."""

    NOTHING = 0
    PERSON = 1
    TWO_WHEELER = 2
    VEHICLE = 3


def features(picture: ByteArray, blob: Blob) -> FloatArray:
    """(F,) float32: shape of the mask, then directions of edges in three bands.

    Args:
        picture: (H, W, 3) BGR in which the blob was found.
    """
    x, y, w, h = blob.xywh
    grey = cv2.cvtColor(picture[y : y + h, x : x + w], cv2.COLOR_BGR2GRAY)
    return np.concatenate((_shape(blob), _edge_directions(grey))).astype(np.float32)


def _shape(blob: Blob) -> npt.NDArray[Any]:
    _, _, w, h = blob.xywh
    mask = cv2.resize(blob.mask, (_PATCH_PX, _PATCH_PX), interpolation=cv2.INTER_AREA) / 255.0
    aspect = np.log(w / h)
    contours, _ = cv2.findContours(blob.mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    outline = max(contours, key=cv2.contourArea)
    area = max(cv2.contourArea(outline), 1.0)
    solidity = area / max(cv2.contourArea(cv2.convexHull(outline)), 1.0)
    roundness = 4 * np.pi * area / max(cv2.arcLength(outline, True), 1.0) ** 2
    (_, (side_a, side_b), _) = cv2.minAreaRect(outline)
    slenderness = np.log(max(side_a, side_b, 1.0) / max(min(side_a, side_b), 1.0))
    band = _PATCH_PX // _THIRDS
    across = mask.mean(axis=1).reshape(_THIRDS, band).mean(axis=1)
    down = mask.mean(axis=0).reshape(_THIRDS, band).mean(axis=1)
    scalars = (aspect, aspect * aspect, abs(aspect), mask.mean(), solidity, roundness, slenderness)
    return np.concatenate((scalars, across, down))


def _edge_directions(grey: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Histogram of edge directions per horizontal band, each band normalised, and its strength."""
    patch = cv2.resize(grey, (_PATCH_PX, _PATCH_PX), interpolation=cv2.INTER_AREA)
    across = cv2.Sobel(patch, cv2.CV_32F, 1, 0)
    down = cv2.Sobel(patch, cv2.CV_32F, 0, 1)
    strength = cv2.magnitude(across, down)
    angle = (np.arctan2(down, across) % np.pi) * (_ANGLES / np.pi)
    slot = np.minimum(angle.astype(np.intp), _ANGLES - 1)
    rows = np.arange(_PATCH_PX)[:, None] // (_PATCH_PX // _THIRDS)
    histogram = np.bincount(
        (rows * _ANGLES + slot).ravel(), strength.ravel(), minlength=_THIRDS * _ANGLES
    ).reshape(_THIRDS, _ANGLES)
    total = histogram.sum(axis=1, keepdims=True)
    return np.concatenate(((histogram / (total + 1e-3)).ravel(), [np.log1p(strength.mean())]))


class ClassifierWeights(msgspec.Struct, frozen=True):
    """The committed asset. ``weight`` is (kinds, features) on standardised features."""

    mean: list[float]
    scale: list[float]
    weight: list[list[float]]
    bias: list[float]
    made_by: str
    trained_on: list[str]
    held_out: list[str]


@dataclass(frozen=True, slots=True, eq=False)
class BlobClassifier:
    """Softmax regression; immutable and thread safe.

    Attributes:
        mean, scale: (F,) standardisation.
        weight: (K, F). bias: (K,). Rows in the order of ``BlobKind``.
    """

    mean: FloatArray
    scale: FloatArray
    weight: FloatArray
    bias: FloatArray

    @classmethod
    def shipped(cls) -> "BlobClassifier":
        """The weights that come with the package."""
        assets = resources.files("its_camera_ai.vision") / "assets"
        raw = (assets / "moving_classifier.json").read_bytes()
        return cls.of(msgspec.json.decode(raw, type=ClassifierWeights))

    @classmethod
    def of(cls, weights: ClassifierWeights) -> "BlobClassifier":
        return cls(
            np.array(weights.mean, np.float32),
            np.array(weights.scale, np.float32),
            np.array(weights.weight, np.float32),
            np.array(weights.bias, np.float32),
        )

    def probabilities(self, rows: npt.NDArray[Any]) -> FloatArray:
        """(N, F) features → (N, K) probabilities in the order of ``BlobKind``."""
        logits = (rows - self.mean) / self.scale @ self.weight.T + self.bias
        raised = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(raised / raised.sum(axis=1, keepdims=True), np.float32)

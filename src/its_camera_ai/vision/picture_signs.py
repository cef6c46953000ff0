"""One picture reduced to the few figures by which a camera's health is judged."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from its_camera_ai.vision.detector import ByteArray

SIGNS_WH = (160, 90)
"""Edges are compared at this size: coarse enough to forgive noise and compression."""

_SHARP_WIDTH_PX = 640
_EDGE_FACTOR = 1.4  # beside the mean slope around, so that the light does not matter
_AROUND_PX = 25
_EDGE_LEVELS_MIN = 5.0  # what noise makes of a flat surface stays below
_SAMPLE_STEP_PX = 4  # every so many pixels are compared to tell a still picture
_CHANGED_LEVELS = 2


@dataclass(frozen=True, slots=True, eq=False)
class PictureSigns:
    """What a picture looks like, independent of what moves in it.

    Attributes:
        low, high: 2nd and 98th percentile of the brightness, grey levels.
        bright_share: part of the picture at 235 grey levels and above.
        edges: (90, 160) bool, where that slope is steep beside what is around.
        steepness: (90, 160) float32, the steepest slope within the pixels that one reduced pixel
            stands for, over the slope of that: falls where a picture is blurred, whatever its
            light and contrast.
        samples: every fourth pixel of the picture, to be compared with another's.
    """

    low: float
    high: float
    bright_share: float
    edges: npt.NDArray[np.bool_]
    steepness: npt.NDArray[np.float32]
    samples: ByteArray

    @property
    def contrast(self) -> float:
        """Grey levels between the dark and the bright parts."""
        return self.high - self.low

    @property
    def detail(self) -> float:
        """Part of the picture that is edges, 0–1."""
        return float(self.edges.mean())

    @classmethod
    def of(cls, luma: ByteArray) -> "PictureSigns":
        """Take the signs of a luma plane, (H, W) uint8."""
        small = cv2.resize(luma, SIGNS_WH, interpolation=cv2.INTER_AREA)
        low, high = np.percentile(small, (2, 98))
        gradient = _slope(cv2.GaussianBlur(small, (3, 3), 0))
        around = cv2.blur(gradient, (_AROUND_PX, _AROUND_PX))
        steep = np.maximum(_EDGE_FACTOR * np.asarray(around), _EDGE_LEVELS_MIN)
        return cls(
            float(low),
            float(high),
            float((small >= 235).mean()),
            gradient > steep,
            np.asarray(_steepness(luma) / np.maximum(gradient, 1), np.float32),
            luma[::_SAMPLE_STEP_PX, ::_SAMPLE_STEP_PX].copy(),
        )

    def changed_share(self, other: "PictureSigns") -> float:
        """Part of the sampled pixels that differ by more than two grey levels; 1 if the size
        differs."""
        if self.samples.shape != other.samples.shape:
            return 1.0
        difference = cv2.absdiff(self.samples, other.samples)
        return float((np.asarray(difference) > _CHANGED_LEVELS).mean())


def _slope(picture: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    dx = cv2.Sobel(picture, cv2.CV_32F, 1, 0, ksize=3, scale=0.25)
    dy = cv2.Sobel(picture, cv2.CV_32F, 0, 1, ksize=3, scale=0.25)
    return np.asarray(cv2.magnitude(dx, dy), np.float32)


def _steepness(luma: ByteArray) -> npt.NDArray[np.float32]:
    """The steepest slope in each cell, at up to 640 pixels of width; noise averaged a little."""
    height, width = luma.shape[:2]
    if width > _SHARP_WIDTH_PX:
        size = (_SHARP_WIDTH_PX, max(1, round(height * _SHARP_WIDTH_PX / width)))
        luma = np.asarray(cv2.resize(luma, size, interpolation=cv2.INTER_AREA), np.uint8)
    columns, rows = SIGNS_WH
    cell = max(1, luma.shape[1] // columns, luma.shape[0] // rows)
    steepest = cv2.dilate(_slope(luma), np.ones((cell, cell), np.uint8))
    return np.asarray(cv2.resize(steepest, SIGNS_WH, interpolation=cv2.INTER_AREA), np.float32)

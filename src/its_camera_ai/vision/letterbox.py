"""Frame → network input, and boxes back, exactly."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from its_camera_ai.vision.detector import ByteArray, FloatArray


@dataclass(frozen=True, slots=True)
class Normalisation:
    """How a family wants its pixels: ``(value − mean) · scale`` per channel, padding ``fill``.

    Attributes:
        fill: grey level (0–255, before normalising) of the area outside the picture.
        mean, scale: per channel in the order of the frame (BGR).
        keep_aspect: False stretches the picture over the whole input.
    """

    fill: int = 114
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    scale: tuple[float, float, float] = (1.0, 1.0, 1.0)
    keep_aspect: bool = True

    @property
    def is_identity(self) -> bool:
        return self.mean == (0.0, 0.0, 0.0) and self.scale == (1.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the picture lies in the input: top left, ``picture_wh`` of the input's pixels."""

    frame_wh: tuple[int, int]
    picture_wh: tuple[int, int]

    def to_frame(self, xyxy: npt.NDArray[Any]) -> FloatArray:
        """Boxes (N, 4) from input pixels to frame pixels, clipped to the frame.

        Width and height have their own factor because the picture's size is rounded to whole
        pixels; with one common factor the far edge would be off by up to half an input pixel.
        """
        w, h = self.frame_wh
        factor = np.array([w / self.picture_wh[0], h / self.picture_wh[1]] * 2, np.float32)
        limit = np.array([w, h, w, h], np.float32)
        return np.asarray(np.clip(np.asarray(xyxy, np.float32) * factor, 0, limit), np.float32)


class Letterbox:
    """Scales frames into one reusable input buffer. Not for two threads at a time.

    Args:
        input_wh: the network's input in pixels.
        normalisation: what the family was trained with.
    """

    def __init__(self, input_wh: tuple[int, int], normalisation: Normalisation) -> None:
        width, height = input_wh
        self._input_wh = input_wh
        self._norm = normalisation
        self._canvas = np.full((height, width, 3), normalisation.fill, np.uint8)
        self._picture_wh = (0, 0)
        self.buffer = np.empty((1, 3, height, width), np.float32)
        """(1, 3, H, W) float32, overwritten by each ``put``."""

    def put(self, frame_bgr: ByteArray) -> Placement:
        """Write one frame (H, W, 3) uint8 into ``buffer``."""
        height, width = frame_bgr.shape[:2]
        picture_wh = self._fit(width, height)
        if picture_wh != self._picture_wh:
            self._canvas[:] = self._norm.fill
            self._picture_wh = picture_wh
        # averaging matters where whole pixels would be skipped; below that it costs for nothing
        halves = width >= 2 * picture_wh[0]
        cv2.resize(
            frame_bgr,
            picture_wh,
            dst=self._canvas[: picture_wh[1], : picture_wh[0]],
            interpolation=cv2.INTER_AREA if halves else cv2.INTER_LINEAR,
        )
        for channel in range(3):
            plane = self.buffer[0, channel]
            plane[:] = self._canvas[:, :, channel]
            if not self._norm.is_identity:
                plane -= self._norm.mean[channel]
                plane *= self._norm.scale[channel]
        return Placement((width, height), picture_wh)

    def _fit(self, width: int, height: int) -> tuple[int, int]:
        if not self._norm.keep_aspect:
            return self._input_wh
        scale = min(self._input_wh[0] / width, self._input_wh[1] / height)
        return (
            min(self._input_wh[0], max(1, round(width * scale))),
            min(self._input_wh[1], max(1, round(height * scale))),
        )

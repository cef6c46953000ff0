"""Frame → network input, and boxes back, exactly."""

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from its_camera_ai.core.errors import InputUnreadable
from its_camera_ai.vision.detector import ByteArray, FloatArray


@dataclass(frozen=True, slots=True)
class Normalisation:
    """How a family wants its pixels: ``(value − mean) · scale`` per channel, padding ``fill``.

    Attributes:
        fill: grey level (0–255, before normalising) of the area outside the picture.
        mean, scale: per channel, in the order in which the network gets them.
        keep_aspect: False stretches the picture over the whole input.
        rgb: the network wants red first; frames have blue first.
    """

    fill: int = 114
    mean: tuple[float, float, float] = (0.0, 0.0, 0.0)
    scale: tuple[float, float, float] = (1.0, 1.0, 1.0)
    keep_aspect: bool = True
    rgb: bool = False

    @property
    def is_identity(self) -> bool:
        return self.mean == (0.0, 0.0, 0.0) and self.scale == (1.0, 1.0, 1.0)


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the picture lies in the input: top left, ``picture_wh`` of the input's pixels.

    Attributes:
        area_wh: size of what was scaled into the input, in the frame's pixels.
        picture_wh: its size in the input.
        origin_xy: where its top left corner is in the frame.
    """

    area_wh: tuple[int, int]
    picture_wh: tuple[int, int]
    origin_xy: tuple[int, int] = (0, 0)

    def to_frame(self, xyxy: npt.NDArray[Any]) -> FloatArray:
        """Boxes (N, 4) from input pixels to frame pixels, clipped to the area that was seen.

        Width and height have their own factor because the picture's size is rounded to whole
        pixels; with one common factor the far edge would be off by up to half an input pixel.
        """
        w, h = self.area_wh
        factor = np.array([w / self.picture_wh[0], h / self.picture_wh[1]] * 2, np.float32)
        limit = np.array([w, h, w, h], np.float32)
        in_area = np.clip(np.asarray(xyxy, np.float32) * factor, 0, limit)
        return np.asarray(in_area + np.array(self.origin_xy * 2, np.float32), np.float32)


class Letterbox:
    """Scales pictures into a reusable batch of inputs. Not for two threads at a time.

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
        self._batch = np.zeros((1, 3, height, width), np.float32)

    def batch(self, size: int) -> FloatArray:
        """The first ``size`` inputs (size, 3, H, W) float32; the next ``put`` overwrites them."""
        if size > len(self._batch):
            grown = np.zeros((size, *self._batch.shape[1:]), np.float32)
            grown[: len(self._batch)] = self._batch
            self._batch = grown
        return self._batch[:size]

    def put(
        self,
        frame_bgr: ByteArray,
        area: tuple[int, int, int, int] | None = None,
        slot: int = 0,
    ) -> Placement:
        """Write one frame (H, W, 3) uint8, or an area (xyxy) of it, into the batch at ``slot``.

        Only the area is scaled, so that a small one costs little in a large frame. Grey frames
        (H, W) and such with an opacity (H, W, 4) are taken, too.

        Raises:
            InputUnreadable: no picture, or the area lies outside it or is empty.
        """
        picture, (left, top) = _cut(frame_bgr, area)
        height, width = picture.shape[:2]
        picture_wh = self._fit(width, height)
        if picture_wh != self._picture_wh:
            self._canvas[:] = self._norm.fill
            self._picture_wh = picture_wh
        scaled = _scaled(picture, picture_wh)
        target = self._canvas[: picture_wh[1], : picture_wh[0]]
        target[:] = scaled.reshape(*target.shape[:2], -1)[:, :, :3]  # grey fills all three
        planes = self.batch(slot + 1)[slot]
        for channel, plane in enumerate(planes):
            plane[:] = self._canvas[:, :, 2 - channel if self._norm.rgb else channel]
            if not self._norm.is_identity:
                plane -= self._norm.mean[channel]
                plane *= self._norm.scale[channel]
        return Placement((width, height), picture_wh, (left, top))

    def _fit(self, width: int, height: int) -> tuple[int, int]:
        if not self._norm.keep_aspect:
            return self._input_wh
        scale = min(self._input_wh[0] / width, self._input_wh[1] / height)
        return (
            min(self._input_wh[0], max(1, round(width * scale))),
            min(self._input_wh[1], max(1, round(height * scale))),
        )


def frame_size(frame: ByteArray) -> tuple[int, int]:
    """Width and height of a frame, which may be (H, W), (H, W, 3) or (H, W, 4).

    Raises:
        InputUnreadable: it is no picture.
    """
    channels = frame.shape[2] if frame.ndim == 3 else 1
    if frame.ndim not in (2, 3) or channels not in (1, 3, 4) or frame.dtype != np.uint8:
        raise InputUnreadable(
            f"A frame must be (height, width, 3) of 8 bits; this one is {frame.shape} "
            f"{frame.dtype}. Check what decodes it."
        )
    return frame.shape[1], frame.shape[0]


def _cut(
    frame: ByteArray, area: tuple[int, int, int, int] | None
) -> tuple[ByteArray, tuple[int, int]]:
    """The area of the frame, and where its top left corner is."""
    width, height = frame_size(frame)
    left, top, right, bottom = area if area is not None else (0, 0, width, height)
    if not (0 <= left < right <= width and 0 <= top < bottom <= height):
        raise InputUnreadable(
            f"There is no area {left},{top}–{right},{bottom} in a frame of {width}×{height}; give "
            "whole pixels inside the frame."
        )
    return frame[top:bottom, left:right], (left, top)


def _scaled(picture: ByteArray, size_wh: tuple[int, int]) -> ByteArray:
    """Linear, as networks are trained. That skips pixels beyond a factor of two, which sharpens up
    to a factor of four and then loses small things; so larger factors are averaged down first, in
    whole steps, which cost little."""
    height, width = picture.shape[:2]
    steps_wh = max(1, width // (2 * size_wh[0])), max(1, height // (2 * size_wh[1]))
    if steps_wh != (1, 1):
        smaller_wh = (width // steps_wh[0], height // steps_wh[1])
        picture = np.asarray(
            cv2.resize(picture, smaller_wh, interpolation=cv2.INTER_AREA), np.uint8
        )
    return np.asarray(cv2.resize(picture, size_wh, interpolation=cv2.INTER_LINEAR), np.uint8)

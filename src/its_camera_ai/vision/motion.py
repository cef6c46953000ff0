"""The motion gate: is this picture worth a look? A fraction of a millisecond per frame.

A running average of the reduced luma plane stands for the empty scene; what differs from it by
more than the camera's own noise is motion. A change of the light over the whole picture
(lightning, infra-red switch, exposure step) re-learns the average instead of being motion.
"""

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.vision.detector import ByteArray, FloatArray
from its_camera_ai.vision.light import LIGHT_SHARE, SCENE_SHARE, level, light_change, to_bytes

REDUCED_WH = (320, 180)
"""The largest picture that is looked at, pixels."""

BACKGROUND_TAU_S = 3.0
"""Time constant of the average: what stands still for a few of these is background."""

BOXES_MAX = 64

_NOISE_FACTOR = 5.0  # threshold above the median difference; Gaussian noise passes at 3.4 sigma
_THRESHOLD_MIN = 12  # grey levels; below lies what compression does to a still picture
_THRESHOLD_MAX = 60
_NOISE_TAU_S = 2.0
_AREA_MIN_PX = 10  # of the reduced picture, before dilating
_SETTLING_NS = NS_PER_S  # after a change of the light the background learns faster for so long
_SETTLING_TAU_S = 0.3


@dataclass(frozen=True, slots=True, eq=False)
class Motion:
    """What moved in one frame.

    Attributes:
        active: worth a look.
        boxes: (K, 4) float32 xyxy in pixels of the full frame, merged, largest first.
        share: part of the picture that differs from the background, 0–1.
        relit: the light changed over the whole picture and the background was learned anew;
            ``active`` then keeps the value of the frame before.
    """

    active: bool
    boxes: FloatArray
    share: float
    relit: bool = False


class MotionGate:
    """Motion of one camera. Give it every decoded frame, in order.

    Args:
        size_wh: of the full frame, pixels.
    """

    def __init__(self, size_wh: tuple[int, int]) -> None:
        scale = min(1.0, REDUCED_WH[0] / size_wh[0], REDUCED_WH[1] / size_wh[1])
        self._small_wh = (max(1, round(size_wh[0] * scale)), max(1, round(size_wh[1] * scale)))
        w, h = size_wh[0] / self._small_wh[0], size_wh[1] / self._small_wh[1]
        self._to_frame = np.array([w, h, w, h], np.float32)
        self._average: npt.NDArray[np.float32] | None = None
        self._noise = 2.0  # median absolute difference of pixels at rest, grey levels
        self._last_pts_ns = 0
        self._relit_pts_ns = 0
        self._active = False
        self._kernel = np.ones((5, 5), np.uint8)

    @property
    def threshold(self) -> int:
        """Grey levels above which a pixel counts as changed now."""
        wanted = math.ceil(_NOISE_FACTOR * self._noise)
        return min(_THRESHOLD_MAX, max(_THRESHOLD_MIN, wanted))

    def update(self, luma: ByteArray, pts_ns: int) -> Motion:
        """Take the next frame's luma plane, (H, W) uint8.

        The first frame only teaches the background. A jump of the clock, back or forth, counts
        as one nominal step.
        """
        small = cv2.resize(luma, self._small_wh, interpolation=cv2.INTER_AREA)
        if self._average is None:
            self._average = small.astype(np.float32)
            self._last_pts_ns = self._relit_pts_ns = pts_ns
            return Motion(False, np.empty((0, 4), np.float32), 0.0)
        step_s = (pts_ns - self._last_pts_ns) / NS_PER_S
        if not 0 < step_s < 1:
            step_s = 0.04
        self._last_pts_ns = pts_ns

        shift, noise = level(small, self._average)
        background = to_bytes(self._average + shift)
        _, mask = cv2.threshold(
            cv2.absdiff(small, background), self.threshold, 255, cv2.THRESH_BINARY
        )
        share = cv2.countNonZero(mask) / mask.size
        if share > LIGHT_SHARE:
            relit = light_change(small, self._average, self.threshold)
            if relit is not None or share > SCENE_SHARE:
                self._average = small.astype(np.float32) if relit is None else relit
                self._relit_pts_ns = pts_ns
                return Motion(self._active, np.empty((0, 4), np.float32), share, relit=True)

        self._noise += (noise - self._noise) * (1 - math.exp(-step_s / _NOISE_TAU_S))
        settling = pts_ns - self._relit_pts_ns < _SETTLING_NS
        tau_s = _SETTLING_TAU_S if settling else BACKGROUND_TAU_S
        cv2.accumulateWeighted(small, self._average, 1 - math.exp(-step_s / tau_s))
        boxes = self._boxes(mask) if share else np.empty((0, 4), np.float32)
        self._active = len(boxes) > 0
        return Motion(self._active, boxes, share)

    def _boxes(self, mask: npt.NDArray[Any]) -> FloatArray:
        merged = cv2.dilate(mask, self._kernel)
        contours, _ = cv2.findContours(merged, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        grown = self._kernel.shape[0] // 2
        rows = []
        for contour in contours:
            x, y, w, h = cv2.boundingRect(contour)
            inside = mask[y : y + h, x : x + w]
            if cv2.countNonZero(inside) < _AREA_MIN_PX:
                continue
            rows.append((x + grown, y + grown, x + w - grown, y + h - grown))
        if not rows:
            return np.empty((0, 4), np.float32)
        boxes = np.array(rows, np.float32)
        # dilating stops at the border, so shrinking there would cut into the object
        small_w, small_h = self._small_wh
        boxes[boxes[:, 0] == grown, 0] = 0
        boxes[boxes[:, 1] == grown, 1] = 0
        boxes[boxes[:, 2] == small_w - grown, 2] = small_w
        boxes[boxes[:, 3] == small_h - grown, 3] = small_h
        area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
        largest = np.argsort(-area, kind="stable")[:BOXES_MAX]
        return np.asarray(boxes[largest] * self._to_frame, np.float32)

"""Whether it rains: specks that were not there a frame ago, all over the picture."""

import math

import cv2
import numpy as np
import numpy.typing as npt

_BLOCKS_WH = (10, 9)
_TAU_S = 3.0
_RATE_MIN = 0.1  # part of the frames in which a block has a fresh speck
_BLOCKS_SHARE = 0.6  # traffic is not everywhere


class RainGauge:
    """Counts changed cells that come from nowhere. Traffic does not: it comes from beside."""

    def __init__(self) -> None:
        self._rate = np.zeros(_BLOCKS_WH[::-1], np.float32)
        self.raining = False

    def update(
        self, hot: npt.NDArray[np.uint8], before: npt.NDArray[np.uint8], step_s: float
    ) -> None:
        """Take the changed cells of a frame and of the one before; some frames a second will do.

        Args:
            hot, before: (h, w), 255 where changed.
            step_s: since the last call.
        """
        fresh = cv2.subtract(hot, cv2.dilate(before, np.ones((3, 3), np.uint8)))
        blocks = cv2.resize(fresh, _BLOCKS_WH, interpolation=cv2.INTER_AREA) > 0
        self._rate += (blocks - self._rate) * np.float32(1 - math.exp(-step_s / _TAU_S))
        wet = np.count_nonzero(self._rate > _RATE_MIN)
        self.raining = bool(wet > _BLOCKS_SHARE * self._rate.size)

"""How far a shaken camera moved since the frame before, from the picture alone."""

import cv2
import numpy as np
import numpy.typing as npt

_WIDTH_PX = 320
"""The estimate is made on a picture of about this width: below a millisecond, to a fifth of a
pixel of it."""
_SURE = 0.12
"""Least share of the correlation's energy in its peak; moving traffic and darkness have less."""
_REACH = 0.12
"""A camera that moves by more of the picture's width per frame is turned, not shaken."""
_STILL_PX = 0.3
"""A smaller shift of the reduced picture is noise."""

Luma = npt.NDArray[np.uint8]


class CameraMotion:
    """Shift between consecutive frames of one camera, by phase correlation.

    Kuglin & Hines, *The phase correlation image alignment method*, 1975; with a Hann window
    against the borders. Turning and zooming are not estimated: a shaken mast shifts the picture.
    """

    def __init__(self) -> None:
        self._shape: tuple[int, ...] = ()
        self._before: npt.NDArray[np.float32] | None = None
        self._window: npt.NDArray[np.float32] | None = None

    def update(self, luma: Luma) -> npt.NDArray[np.float64] | None:
        """
        Args:
            luma: (H, W) uint8, every frame of the camera.

        Returns:
            (2, 3) affine from pixels of the frame before to pixels of this one; None for the
            first frame, a picture of another size, a camera that stands still, and where the
            pictures do not tell.
        """
        shrink = max(1, round(luma.shape[1] / _WIDTH_PX))
        size = (max(luma.shape[1] // shrink, 8), max(luma.shape[0] // shrink, 8))
        now = cv2.resize(luma, size, interpolation=cv2.INTER_AREA).astype(np.float32)
        before, self._before = self._before, now
        if before is None or self._shape != luma.shape:
            self._shape = luma.shape
            self._window = cv2.createHanningWindow(size, cv2.CV_32F)  # type: ignore[assignment] # typed as any matrix
            return None
        (dx, dy), sure = cv2.phaseCorrelate(before, now, self._window)
        length = float(np.hypot(dx, dy))
        if not (sure >= _SURE and _STILL_PX <= length <= _REACH * size[0]):
            return None
        scale_x, scale_y = luma.shape[1] / size[0], luma.shape[0] / size[1]
        return np.array([[1.0, 0.0, dx * scale_x], [0.0, 1.0, dy * scale_y]])

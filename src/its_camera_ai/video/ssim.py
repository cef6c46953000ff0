"""How similar two pictures are, as an eye sees it."""

import cv2
import numpy as np
import numpy.typing as npt

_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2


def ssim(one: npt.NDArray[np.uint8], other: npt.NDArray[np.uint8]) -> float:
    """Mean structural similarity of two grey pictures (H, W) of the same size; 1 is equal.

    Wang, Bovik, Sheikh, Simoncelli: Image quality assessment: from error visibility to structural
    similarity, IEEE TIP 2004, with its 11 × 11 Gaussian window of σ = 1.5.
    """
    x, y = one.astype(np.float32), other.astype(np.float32)
    mx, my = _blurred(x), _blurred(y)
    xx, yy, xy = _blurred(x * x) - mx * mx, _blurred(y * y) - my * my, _blurred(x * y) - mx * my
    shared = (2 * mx * my + _C1) * (2 * xy + _C2)
    return float(np.mean(shared / ((mx * mx + my * my + _C1) * (xx + yy + _C2))))


def _blurred(picture: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    return np.asarray(cv2.GaussianBlur(picture, (11, 11), 1.5), np.float32)

"""A camera that goes wrong on purpose: faults laid over good pictures, for tests and exercises."""

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

from its_camera_ai.core.picture_faults import PictureFault

Picture = npt.NDArray[np.uint8]
_NOISE_LEVELS = 2.0


class FaultyCamera:
    """Turns good pictures into what a faulty camera would send.

    The sensor's noise is laid over what the lens lets through, as in a real camera. Clock drift
    is no fault of the picture: see ``drifted_ns``.

    Args:
        seed: of the noise; the same seed and pictures give the same result.
    """

    def __init__(self, fault: PictureFault, *, seed: int = 1) -> None:
        self._fault = fault
        self._rng = np.random.default_rng(seed)
        self._held: Picture | None = None

    def show(self, bgr: Picture) -> Picture:
        """The faulty picture of the same size, (H, W, 3) uint8, the caller's own."""
        if self._fault is PictureFault.FROZEN:
            self._held = bgr.copy() if self._held is None else self._held
            return self._held.copy()
        change = _CHANGES.get(self._fault)
        if change is None:
            return bgr.copy()
        seen = change(bgr.astype(np.float32))
        noise = self._rng.normal(0, _NOISE_LEVELS, bgr.shape[:2])[:, :, None]
        return np.asarray(np.clip(seen + noise, 0, 255), np.uint8)


def drifted_ns(pts_ns: int, begun_ns: int, rate: float) -> int:
    """A time stamp by a clock that runs ``rate`` too fast (0.01: one per cent) since ``begun_ns``.

    >>> drifted_ns(2_000_000_000, 1_000_000_000, 0.01)
    2010000000
    """
    return pts_ns + round(max(0, pts_ns - begun_ns) * rate)


Floats = npt.NDArray[np.float32]


def _black(bgr: Floats) -> Floats:
    return bgr * np.float32(0.03)


def _overexposed(bgr: Floats) -> Floats:
    return bgr * np.float32(1.6) + np.float32(150)


def _low_contrast(bgr: Floats) -> Floats:
    """Fog, or a greasy dome: what is seen fades into an even grey."""
    return bgr * np.float32(0.1) + np.float32(140)


def _blurred(bgr: Floats) -> Floats:
    sigma = bgr.shape[1] / 160
    return np.asarray(cv2.GaussianBlur(bgr, (0, 0), sigma), np.float32)


def _covered(bgr: Floats) -> Floats:
    """A bag over the dome: a dim, uneven surface with a glimpse of the scene at the rim."""
    height, width = bgr.shape[:2]
    y, x = np.mgrid[:height, :width]
    folds = 60 + 18 * np.sin(x / width * 5 + y / height * 3)
    rim = np.clip((np.hypot(x / width - 0.5, y / height - 0.5) - 0.62) * 12, 0, 1)
    share = rim[:, :, None].astype(np.float32)
    return np.asarray(bgr * share + folds[:, :, None] * (1 - share), np.float32)


def _moved(bgr: Floats) -> Floats:
    """Knocked: turned by three degrees and shifted by a tenth of the width."""
    height, width = bgr.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), 3.0, 1.0)
    turn[0, 2] += 0.1 * width
    return np.asarray(
        cv2.warpAffine(bgr, turn, (width, height), borderMode=cv2.BORDER_REFLECT), np.float32
    )


_CHANGES: dict[PictureFault, Callable[[Floats], Floats]] = {
    PictureFault.BLACK: _black,
    PictureFault.OVEREXPOSED: _overexposed,
    PictureFault.LOW_CONTRAST: _low_contrast,
    PictureFault.BLURRED: _blurred,
    PictureFault.COVERED: _covered,
    PictureFault.MOVED: _moved,
}

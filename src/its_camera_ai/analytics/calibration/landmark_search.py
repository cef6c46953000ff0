"""Finding one landmark again in a picture."""

import cv2
import numpy as np
import numpy.typing as npt

Luma = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float64]

_HALF_OF_WIDTH, _HALF_MIN_PX = 0.018, 10
"""Half a patch's side: about 23 px at 1280 × 720."""
_CLEARLY_BETTER = 0.08
"""A place that fits so little better than the old one is no move."""
CORNER_MIN = 40.0
"""Least smaller eigenvalue of the gradients' mean outer product, squared grey levels per pixel²: a
plain surface or a straight edge fits in many places."""


def half_px(width: int) -> int:
    return max(_HALF_MIN_PX, round(_HALF_OF_WIDTH * width))


def cornerness(patch: Luma) -> float:
    """Smaller eigenvalue of the mean outer product of the gradients (Shi & Tomasi, 1994)."""
    smooth = cv2.GaussianBlur(patch, (0, 0), 1.0).astype(np.float64)
    gy, gx = np.gradient(smooth)
    tensor = np.array([[(gx * gx).mean(), (gx * gy).mean()], [(gx * gy).mean(), (gy * gy).mean()]])
    return float(np.linalg.eigvalsh(tensor)[0])


def search(luma: Luma, patch: Luma, at: tuple[int, int], reach_px: int) -> tuple[Floats, float]:
    """Where the patch is now, relative to its place; and how well it fits there."""
    half, (u, v) = len(patch) // 2, at
    left, top = max(u - half - reach_px, 0), max(v - half - reach_px, 0)
    window = luma[top : v + half + reach_px + 1, left : u + half + reach_px + 1]
    fit = np.maximum(
        _correlation(window, patch),
        _correlation(_gradient(window), _gradient(patch)),
    )
    _, best, _, (x, y) = cv2.minMaxLoc(fit)
    home = (u - half - left, v - half - top)
    around = fit[max(home[1] - 1, 0) : home[1] + 2, max(home[0] - 1, 0) : home[0] + 2]
    if best - float(around.max()) < _CLEARLY_BETTER and max(abs(x - home[0]), abs(y - home[1])) > 1:
        # a picket fence fits everywhere; where it was is as good as anywhere
        return np.zeros(2), float(around.max())
    found = np.array([_peak(fit[y], x), _peak(fit[:, x], y)])
    return found - home, float(best)


def _correlation(window: npt.NDArray[np.uint8], patch: npt.NDArray[np.uint8]) -> Floats:
    fit = cv2.matchTemplate(window, patch, cv2.TM_CCOEFF_NORMED)
    return np.nan_to_num(fit.astype(np.float64), nan=-1, posinf=-1, neginf=-1)


def _gradient(luma: Luma) -> Luma:
    smooth = cv2.GaussianBlur(luma, (0, 0), 1.0)
    gx, gy = cv2.Sobel(smooth, cv2.CV_32F, 1, 0), cv2.Sobel(smooth, cv2.CV_32F, 0, 1)
    return np.asarray(np.minimum(np.hypot(gx, gy), 255), np.uint8)


def _peak(values: Floats, at: int) -> float:
    """The maximum's place between samples, by a parabola through three of them."""
    if not 0 < at < len(values) - 1:
        return float(at)
    before, here, after = values[at - 1 : at + 2]
    bend = before - 2 * here + after
    return float(at + (0.5 * (before - after) / bend if bend < 0 else 0.0))

"""Telling a change of the light from things that move."""

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

LIGHT_SHARE = 0.15
"""Part of the picture that must have changed before it is asked whether the light did."""

SCENE_SHARE = 0.7
"""More than any road user covers: another view, or another mode of the camera."""

_UNEXPLAINED_MAX = 0.35  # of the changed pixels, the part that the light may leave over
_GRID = 4  # every 4th pixel in both directions decides


def level(picture: npt.NDArray[Any], background: npt.NDArray[np.float32]) -> tuple[float, float]:
    """How much brighter a grey picture is than its background, and its noise around that.

    Both are medians, in grey levels, over a grid: they hold as long as less than half of the
    picture moves.
    """
    difference = picture[::_GRID, ::_GRID] - background[::_GRID, ::_GRID]
    shift = _median(difference)
    return shift, _median(np.abs(difference - shift))


def light_change(
    picture: npt.NDArray[Any], background: npt.NDArray[Any], threshold: float
) -> npt.NDArray[np.float32] | None:
    """The background (H, W) under the new light; None if light does not explain the change.

    Light is a gain and an offset that vary over the picture at most as a plane does: no road user
    looks like that, however large. Fitted by least squares, then twice more without what the fit
    before left over, so that things that move meanwhile don't bend it.

    Args:
        picture, background: grey, (H, W).
        threshold: grey levels above which a pixel counts as changed.
    """
    old = background[::_GRID, ::_GRID].astype(np.float32)
    new = picture[::_GRID, ::_GRID].ravel().astype(np.float32)
    terms = _plane_terms(old)
    old = old.ravel()
    changed = np.abs(new - old) > threshold
    # burnt-out and black pixels follow no plane
    usable = (new > 3) & (new < 252) & (old > 3) & (old < 252)
    weights, left = np.zeros(terms.shape[1], np.float32), np.zeros_like(new)
    for _ in range(3):
        if np.count_nonzero(usable) < old.size / 4:
            return None
        weights = _fit(terms[usable], new[usable])
        left = np.abs(new - np.clip(terms @ weights, 0, 255))
        usable &= left < max(2.5 * _median(left[usable]), 2.0)
    unexplained = np.count_nonzero((left > threshold) & changed)
    if unexplained > _UNEXPLAINED_MAX * np.count_nonzero(changed):
        return None
    relit = _plane_terms(background.astype(np.float32)) @ weights
    clipped = np.clip(relit, 0, 255).reshape(background.shape)
    return np.asarray(clipped, np.float32)


def to_bytes(picture: npt.NDArray[np.float32]) -> npt.NDArray[np.uint8]:
    """Rounded and held within 0–255; ``convertScaleAbs`` alone would mirror negative values."""
    return np.asarray(cv2.convertScaleAbs(np.maximum(picture, 0)), np.uint8)


def _fit(terms: npt.NDArray[np.float32], values: npt.NDArray[np.float32]) -> npt.NDArray[Any]:
    """Least squares by the normal equations: six unknowns, and ten times as fast as ``lstsq``.

    The small ridge keeps a picture of one grey level solvable.
    """
    exact = terms.astype(np.float64)
    square = exact.T @ exact
    ridge = 1e-6 * len(exact) * np.eye(exact.shape[1])
    return np.linalg.solve(square + ridge, exact.T @ values).astype(np.float32)


def _median(values: npt.NDArray[Any]) -> float:
    """The upper median; a tenth of the cost of ``np.median`` on a few thousand values."""
    flat = values.ravel()
    middle = flat.size // 2
    return float(np.partition(flat, middle)[middle])


def _plane_terms(picture: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """(H·W, 6): value, value·x, value·y, 1, x, y with x and y from −1 to 1."""
    height, width = picture.shape
    y, x = np.meshgrid(
        np.linspace(-1, 1, height, dtype=np.float32),
        np.linspace(-1, 1, width, dtype=np.float32),
        indexing="ij",
    )
    value = picture / 255
    terms = (value, value * x, value * y, np.ones_like(x), x, y)
    return np.stack([t.ravel() for t in terms], axis=1)

"""What all effects of the weather share: the moment that is painted, dice, and grain."""

from dataclasses import dataclass
from random import Random
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

from its_camera_ai.sim.truth import TruthObject

Image = npt.NDArray[np.uint8]
FloatImage = npt.NDArray[np.float32]

_GRAIN_MARGIN_PX = 64


@dataclass(frozen=True, slots=True)
class Moment:
    """What an effect may depend on; nothing else, so that skipping frames changes nothing.

    Attributes:
        truth: who is in the picture; empty where that is not known.
    """

    index: int
    t_s: float
    truth: tuple[TruthObject, ...]


class Effect(Protocol):
    """One effect for one camera."""

    def __call__(self, picture: Image, moment: Moment) -> Image:
        """The picture (H, W, 3) BGR under this effect; ``picture`` may be painted on."""
        ...


def dice(seed: int, name: str, number: int) -> Random:
    """Random numbers that belong to one event of one effect."""
    return Random(f"{name}/{seed}/{number}")  # noqa: S311 (a simulation, not a secret)


def relit(picture: Image, gain: FloatImage | float) -> Image:
    """Every pixel times ``gain``: one number, or (H, W)."""
    if isinstance(gain, float):
        return np.asarray(cv2.convertScaleAbs(picture, alpha=gain, beta=0.0), np.uint8)
    return np.asarray(
        cv2.multiply(picture, cv2.merge((gain, gain, gain)), dtype=cv2.CV_8U), np.uint8
    )


class Grain:
    """Sensor noise: a tile of normal deviates, cut at another place for every frame.

    Args:
        deviation: grey levels, of each channel by itself.
    """

    def __init__(self, size_wh: tuple[int, int], deviation: float, seed: int) -> None:
        self._size_wh = size_wh
        self._seed = seed
        width, height = size_wh
        rng = np.random.default_rng(seed)
        shape = (height + _GRAIN_MARGIN_PX, width + _GRAIN_MARGIN_PX, 3)
        grain = np.round(rng.standard_normal(shape, np.float32) * deviation)
        self._bright = np.clip(grain, 0, 255).astype(np.uint8)
        self._dark = np.clip(-grain, 0, 255).astype(np.uint8)

    def over(self, picture: Image, index: int) -> Image:
        """The picture with noise; painted on and returned."""
        cast = dice(self._seed, "grain", index)
        x, y = cast.randrange(_GRAIN_MARGIN_PX), cast.randrange(_GRAIN_MARGIN_PX)
        width, height = self._size_wh
        area = slice(y, y + height), slice(x, x + width)
        cv2.add(picture, self._bright[area], picture)
        cv2.subtract(picture, self._dark[area], picture)
        return picture


def cloudy_tile(size_wh: tuple[int, int], grain_px: float, seed: int) -> FloatImage:
    """Smooth random hills from 0 to 1 without a seam at the edges, (H, W).

    Args:
        grain_px: width of a hill.
    """
    width, height = size_wh
    rng = np.random.default_rng(seed)
    spectrum = np.fft.rfft2(rng.standard_normal((height, width)))
    fy = np.fft.fftfreq(height)[:, None]
    fx = np.fft.rfftfreq(width)[None, :]
    spectrum *= np.exp(-(fx**2 + fy**2) * (np.pi * grain_px) ** 2 / 2)
    hills = np.fft.irfft2(spectrum, s=(height, width))
    low, high = np.quantile(hills, [0.02, 0.98])
    scaled = np.clip((hills - low) / max(float(high - low), 1e-9), 0, 1)
    return np.asarray(scaled, np.float32)

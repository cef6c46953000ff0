"""Effects that change the light: night, infrared, beams, clouds, lightning, exposure."""

import math

import cv2
import numpy as np

from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.sim.truth import TruthObject
from its_camera_ai.sim.weather_parts import (
    FloatImage,
    Grain,
    Image,
    Moment,
    cloudy_tile,
    dice,
    relit,
)

_VEHICLES = frozenset({ObjectClass.CAR, ObjectClass.BUS, ObjectClass.TRUCK, ObjectClass.MOTORCYCLE})


class Night:
    """A third of the light, strong noise, and two lamps with their glare on every vehicle.

    Which way a vehicle drives is not asked: all show two lamps at the foot of their box, and the
    pool of light lies around that.
    """

    _LIGHT = 0.35
    _NOISE_DEVIATION = 7.0
    _POOL_LEVELS = 70.0
    _LAMP_BGR = (225, 245, 255)

    def __init__(self, size_wh: tuple[int, int], fps: float, seed: int) -> None:
        self._grain = Grain(size_wh, self._NOISE_DEVIATION, seed)
        levels = np.arange(256, dtype=np.float32) * self._LIGHT
        tints = np.stack([levels + 10, levels + 6, levels + 4], axis=-1)
        self._tone = np.clip(tints, 0, 255).astype(np.uint8).reshape(1, 256, 3)

    def __call__(self, picture: Image, moment: Moment) -> Image:
        dark = np.asarray(cv2.LUT(picture, self._tone), np.uint8)
        for thing in moment.truth:
            if thing.class_id in _VEHICLES:
                self._light_up(dark, thing)
        return self._grain.over(dark, moment.index)

    def _light_up(self, picture: Image, thing: TruthObject) -> None:
        left, top, right, bottom = thing.xyxy
        width, height = right - left, bottom - top
        x, y = (left + right) / 2, bottom - 0.25 * height
        _add_pool(picture, (x, y + 0.2 * height), (0.9 * width, 0.45 * height), self._POOL_LEVELS)
        radius = max(1, round(0.06 * width))
        for side in (-0.3, 0.3):
            place = (round(x + side * width), round(y))
            cv2.circle(picture, place, radius, self._LAMP_BGR, -1, cv2.LINE_AA)


class Infrared:
    """By colour for 10 s, then 20 s in infrared, and so on: there in one step, back in a second.

    In infrared the picture is grey, leaves are bright, tones are flatter and the camera's own
    lamp leaves the corners dark.
    """

    _PERIOD_S, _FROM_S, _UNTIL_S, _RAMP_S = 30.0, 10.0, 29.0, 1.0

    def __init__(self, size_wh: tuple[int, int], fps: float, seed: int) -> None:
        width, height = size_wh
        y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
        self._lamp = (1.15 - 0.35 * (x * x + y * y)).astype(np.float32)
        self._grain = Grain(size_wh, 3.0, seed)
        self._tone = np.clip(255 * (np.arange(256) / 255) ** 0.7, 0, 255).astype(np.uint8)

    def __call__(self, picture: Image, moment: Moment) -> Image:
        share = self._share(moment.t_s)
        if share == 0:
            return picture
        leaves = np.array([[-0.5, 1.3, 0.1]], np.float32)  # BGR: what is green shines
        grey = cv2.LUT(cv2.transform(picture, leaves), self._tone)
        seen = relit(np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), np.uint8), self._lamp)
        seen = self._grain.over(seen, moment.index)
        if share < 1:
            seen = np.asarray(cv2.addWeighted(seen, share, picture, 1 - share, 0), np.uint8)
        return seen

    def _share(self, t_s: float) -> float:
        place_s = t_s % self._PERIOD_S
        if place_s < self._FROM_S:
            return 0.0
        return min(1.0, max(0.0, 1 - (place_s - self._UNTIL_S) / self._RAMP_S))


class Headlights:
    """Every 7 s the beam of a car that is not in the picture sweeps across in 2 to 4 s.

    Light on what is there: every pixel under the beam becomes up to four times as bright.
    """

    _PERIOD_S = 7.0
    _GAIN = 3.0

    def __init__(self, size_wh: tuple[int, int], fps: float, seed: int) -> None:
        self._size_wh = size_wh
        self._seed = seed
        height = size_wh[1]
        self._y = np.arange(height, dtype=np.float32)[:, None] / height
        self._x = np.arange(size_wh[0], dtype=np.float32)[None, :] / size_wh[0]

    def __call__(self, picture: Image, moment: Moment) -> Image:
        number = math.floor(moment.t_s / self._PERIOD_S)
        cast = dice(self._seed, "headlights", number)
        lasts_s = cast.uniform(2, 4)
        share = (moment.t_s - number * self._PERIOD_S - cast.uniform(0.5, 2.5)) / lasts_s
        if not 0 <= share <= 1:
            return picture
        x = -0.3 + 1.6 * share
        if cast.random() < 0.5:
            x = 1 - x
        y = cast.uniform(0.35, 0.75)
        beam = np.exp(-(((self._x - x) / 0.14) ** 2) - ((self._y - y) / 0.16) ** 2)
        return relit(picture, np.asarray(1 + self._GAIN * beam, np.float32))


class Clouds:
    """Shadows of clouds drift over the picture; under them half of the light is left."""

    _GRAIN_SHARE = 0.3  # a cloud's width over the picture's
    _DRIFT_PER_S = (0.06, 0.02)  # picture widths
    _SHADE = 0.5
    _SCALE = 4  # the shadows are soft: a quarter of the size will do

    def __init__(self, size_wh: tuple[int, int], fps: float, seed: int) -> None:
        self._size_wh = size_wh
        self._small_wh = (max(8, size_wh[0] // self._SCALE), max(8, size_wh[1] // self._SCALE))
        width = self._small_wh[0]
        self._tile_px = 2 * width
        hills = cloudy_tile((2 * width, 2 * width), self._GRAIN_SHARE * width, seed)
        sun = np.clip((hills - 0.35) / 0.2, 0, 1)
        gain = (self._SHADE + (1 - self._SHADE) * sun).astype(np.float32)
        self._tiled: FloatImage = np.tile(gain, (2, 2))

    def __call__(self, picture: Image, moment: Moment) -> Image:
        width, height = self._small_wh
        x = (self._DRIFT_PER_S[0] * width * moment.t_s) % self._tile_px + (width - 1) / 2
        y = (self._DRIFT_PER_S[1] * width * moment.t_s) % self._tile_px + (height - 1) / 2
        part = cv2.getRectSubPix(self._tiled, self._small_wh, (x, y))
        gain = cv2.resize(part, self._size_wh, interpolation=cv2.INTER_LINEAR)
        return relit(picture, np.asarray(gain, np.float32))


class Lightning:
    """A flash of one to three frames every 4 s or so, brighter on one side of the picture."""

    _PERIOD_S = 4.0

    def __init__(self, size_wh: tuple[int, int], fps: float, seed: int) -> None:
        self._fps, self._seed = fps, seed
        self._x = np.linspace(-1, 1, size_wh[0], dtype=np.float32)[None, :]
        self._rows = np.ones((size_wh[1], 1), np.float32)

    def __call__(self, picture: Image, moment: Moment) -> Image:
        number = math.floor(moment.t_s / self._PERIOD_S)
        cast = dice(self._seed, "lightning", number)
        first = math.ceil((number + cast.uniform(0.3, 0.8)) * self._PERIOD_S * self._fps)
        if not first <= moment.index < first + cast.randint(1, 3):
            return picture
        strength, lean = cast.uniform(0.6, 1.2), cast.uniform(-0.4, 0.4)
        lit = relit(picture, np.asarray((1 + strength + lean * self._x) * self._rows, np.float32))
        return np.asarray(cv2.convertScaleAbs(lit, alpha=1.0, beta=20), np.uint8)


class Exposure:
    """The camera picks another exposure every 6 s, within a fifth of a second."""

    _PERIOD_S = 6.0
    _GAINS = (0.6, 0.8, 1.0, 1.3, 1.6)
    _RAMP_S = 0.2

    def __init__(self, size_wh: tuple[int, int], fps: float, seed: int) -> None:
        self._seed = seed

    def __call__(self, picture: Image, moment: Moment) -> Image:
        number = math.floor(moment.t_s / self._PERIOD_S)
        share = min(1.0, (moment.t_s - number * self._PERIOD_S) / self._RAMP_S)
        before, after = self._gain(number - 1), self._gain(number)
        return relit(picture, before + (after - before) * share)

    def _gain(self, number: int) -> float:
        return self._GAINS[(self._seed + 2 * number) % len(self._GAINS)]


def _add_pool(
    picture: Image, at: tuple[float, float], half_wh: tuple[float, float], levels: float
) -> None:
    """Add a soft round spot of light, within the picture."""
    height, width = picture.shape[:2]
    half_w, half_h = max(half_wh[0], 1.0), max(half_wh[1], 1.0)
    x0, x1 = max(0, int(at[0] - 2 * half_w)), min(width, int(at[0] + 2 * half_w) + 1)
    y0, y1 = max(0, int(at[1] - 2 * half_h)), min(height, int(at[1] + 2 * half_h) + 1)
    if x1 <= x0 or y1 <= y0:
        return
    x = (np.arange(x0, x1, dtype=np.float32)[None, :] - at[0]) / half_w
    y = (np.arange(y0, y1, dtype=np.float32)[:, None] - at[1]) / half_h
    spot = (levels * np.exp(-(x * x) - y * y)).astype(np.uint8)
    part = picture[y0:y1, x0:x1]
    cv2.add(part, cv2.merge((spot, spot, spot)), part)

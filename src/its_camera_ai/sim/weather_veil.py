"""Effects that lie between the street and the viewer: rain, trees, noise, compression."""

import math

import cv2
import numpy as np

from its_camera_ai.sim.weather_parts import (
    FloatImage,
    Grain,
    Image,
    Moment,
    cloudy_tile,
    dice,
    relit,
)


class Rain:
    """Other streaks in every frame, a grey veil, and drops on the lens that come and run off."""

    _STREAKS_PER_MEGAPIXEL = 500
    _DROPS = 8
    _DROP_LIFE_S = 12.0

    def __init__(self, size_wh: tuple[int, int], fps: float, seed: int) -> None:
        self._size_wh, self._seed = size_wh, seed
        self._streaks = round(self._STREAKS_PER_MEGAPIXEL * size_wh[0] * size_wh[1] / 1e6)
        self._unit_px = size_wh[0] / 640

    def __call__(self, picture: Image, moment: Moment) -> Image:
        picture = np.asarray(cv2.convertScaleAbs(picture, alpha=0.82, beta=26), np.uint8)
        self._paint_streaks(picture, moment.index)
        for number in range(self._DROPS):
            self._paint_drop(picture, number, moment.t_s)
        return picture

    def _paint_streaks(self, picture: Image, index: int) -> None:
        rng = np.random.default_rng([self._seed, index])
        start = rng.uniform((0, -20), self._size_wh, (self._streaks, 2))
        length = rng.uniform(10, 28, self._streaks) * self._unit_px
        light = rng.integers(12, 45, self._streaks)
        veil = np.zeros(picture.shape[:2], np.uint8)
        for (x, y), long_px, level in zip(start, length, light, strict=True):
            end = (round(x + 0.12 * long_px), round(y + long_px))
            cv2.line(veil, (round(x), round(y)), end, (int(level),), 1, cv2.LINE_AA)
        cv2.add(picture, cv2.merge((veil, veil, veil)), picture)

    def _paint_drop(self, picture: Image, number: int, t_s: float) -> None:
        """What lies behind a drop is smeared and a little brighter."""
        late_s = self._DROP_LIFE_S * number / self._DROPS
        life = math.floor((t_s + late_s) / self._DROP_LIFE_S)
        cast = dice(self._seed, "drop", life * self._DROPS + number)
        radius = max(2, round(cast.uniform(5, 12) * self._unit_px))
        width, height = self._size_wh
        x = cast.randrange(radius, width - radius)
        y = cast.randrange(radius, height - radius)
        part = picture[y - radius : y + radius, x - radius : x + radius]
        smeared = cv2.blur(
            cv2.convertScaleAbs(part, alpha=1.0, beta=12), (2 * radius + 1, 2 * radius + 1)
        )
        round_mask = np.zeros(part.shape[:2], np.uint8)
        cv2.circle(round_mask, (radius, radius), radius - 1, (255,), -1)
        cv2.copyTo(smeared, round_mask, part)


class Trees:
    """Branches sway at the upper left and the right edge, their dappled shade below them.

    Branches hang in front of everybody: ``TruthObject.visible`` knows nothing of them. The wind
    comes in gusts; leaves move by up to 1 % of the picture's width and back within a second.
    """

    _REACH_SHARE = 0.011
    _TILE_SHARES = ((0.0, 0.06, 0.26, 0.42), (0.76, 0.0, 0.24, 0.5))  # left, top, width, height

    def __init__(self, size_wh: tuple[int, int], fps: float, seed: int) -> None:
        width, height = size_wh
        self._reach_px = self._REACH_SHARE * width
        self._seed = seed
        margin = math.ceil(2 * self._reach_px) + 2
        self._boughs = []
        for number, (left, top, wide, high) in enumerate(self._TILE_SHARES):
            wh = (max(8, round(wide * width)), max(8, round(high * height)))
            at = (min(round(left * width), width - wh[0]), round(top * height))
            self._boughs.append((at, wh, *self._bough(wh, margin, seed + number)))
        shade_wh = (max(8, round(0.35 * width)), max(8, round(0.3 * height)))
        hills = cloudy_tile(
            (shade_wh[0] + 2 * margin, shade_wh[1] + 2 * margin), 0.025 * width, seed
        )
        self._shade = (0.65 + 0.35 * np.clip((hills - 0.4) * 6, 0, 1)).astype(np.float32)
        self._shade_wh = shade_wh

    @staticmethod
    def _bough(wh: tuple[int, int], margin: int, seed: int) -> tuple[FloatImage, FloatImage]:
        """Leaves (H, W, 3) and how much they cover (H, W, 0 to 1), with a margin to sway in."""
        outer = (wh[0] + 2 * margin, wh[1] + 2 * margin)
        leaf_px = max(2.0, wh[0] / 40)
        light = cloudy_tile(outer, leaf_px, seed)
        leaves = np.stack([20 + 40 * light, 40 + 110 * light, 30 + 70 * light], axis=-1)
        crown = cloudy_tile(outer, wh[0] / 5, seed + 100)
        y, x = np.mgrid[-1 : 1 : outer[1] * 1j, -1 : 1 : outer[0] * 1j]
        inside = crown + 0.35 * cloudy_tile(outer, 2 * leaf_px, seed + 200) - 0.75 * (x * x + y * y)
        return leaves.astype(np.float32), np.clip((inside - 0.2) * 8, 0, 1).astype(np.float32)

    def __call__(self, picture: Image, moment: Moment) -> Image:
        for number, (at, wh, leaves, cover) in enumerate(self._boughs):
            place = self._swayed(leaves.shape[:2], moment.t_s, number)
            front = cv2.getRectSubPix(leaves, wh, place)
            share = cv2.getRectSubPix(cover, wh, place)[:, :, None]
            part = picture[at[1] : at[1] + wh[1], at[0] : at[0] + wh[0]]
            part[:] = (front * share + part * (1 - share)).astype(np.uint8)
        wide, high = self._shade_wh
        top = round(0.55 * picture.shape[0])
        place = self._swayed(self._shade.shape, moment.t_s, 7)
        below = picture[top : top + high, :wide]
        below[:] = relit(below, np.asarray(cv2.getRectSubPix(self._shade, (wide, high), place)))
        return picture

    def _swayed(self, shape: tuple[int, ...], t_s: float, number: int) -> tuple[float, float]:
        """Where the middle of a bough is now."""
        phase = dice(self._seed, "bough", number).uniform(0, 60)
        t = t_s + phase
        gust = 0.55 + 0.45 * math.sin(t / 3.1) * math.sin(t / 1.7 + 1)
        x = gust * (0.7 * math.sin(5.1 * t) + 0.3 * math.sin(9.7 * t + 2))
        y = gust * (0.4 * math.sin(6.3 * t + 1) + 0.2 * math.sin(11.9 * t))
        middle = ((shape[1] - 1) / 2, (shape[0] - 1) / 2)
        return middle[0] + self._reach_px * x, middle[1] + self._reach_px * y


class Noise:
    """A cheap sensor with its gain turned up."""

    def __init__(self, size_wh: tuple[int, int], fps: float, seed: int) -> None:
        self._grain = Grain(size_wh, 12.0, seed)

    def __call__(self, picture: Image, moment: Moment) -> Image:
        return self._grain.over(picture, moment.index)


class Compression:
    """Blocks that jump with every key frame (each second) and sharpen until the next one."""

    _KEY_FRAME_S = 1.0
    _QUALITY = (8, 30)  # JPEG, on a key frame and just before the next one

    def __init__(self, size_wh: tuple[int, int], fps: float, seed: int) -> None:
        self._frames = max(1, round(fps * self._KEY_FRAME_S))

    def __call__(self, picture: Image, moment: Moment) -> Image:
        share = moment.index % self._frames / self._frames
        low, high = self._QUALITY
        quality = round(low + (high - low) * min(1.0, 3 * share))
        _, coded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])
        return np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)

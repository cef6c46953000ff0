"""No look is learned from twice the same way: place, light, camera and memory are varied."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from bench.moving_training.pasting import Cut, Pasting
from bench.moving_training.samples import PREPARED_WH, Labels, Picture, Sample, area
from its_camera_ai.vision.moving import REDUCED_WH

_SCALE = REDUCED_WH[0] / PREPARED_WH[0]
_SCALE_MIN = 0.5


@dataclass(frozen=True, slots=True)
class Manner:
    """How far variations go.

    Attributes:
        crop_wh: what is shown at once, in steps of ``SIDE_STEP_PX``.
        enlarged_max: a picture may come so many times as large as it is looked at.
        body_px_max: the longer side of what is put in, in pixels of the prepared picture.
    """

    crop_wh: tuple[int, int]
    enlarged_max: float
    body_px_max: float


@dataclass(slots=True, eq=False)
class _Planes:
    """Picture and empty scene (H, W, 3), what moved (H, W)."""

    picture: Picture
    empty: Picture
    moved: Picture


class Variation:
    """Endless samples, drawn by the shares of their sources.

    Args:
        shares: how often each source is drawn, in any unit.
        cuts: cut-outs by kind, see ``pasting.all_cut_outs``.
    """

    def __init__(
        self,
        samples: Mapping[str, Sequence[Sample]],
        shares: Mapping[str, float],
        cuts: Sequence[Sequence[Cut]],
        manner: Manner,
        rng: np.random.Generator,
    ) -> None:
        self._rng = rng
        self._crop_wh = width, height = manner.crop_wh
        self._scale_log = (math.log(_SCALE_MIN), math.log(manner.enlarged_max))
        self._rows, self._columns = np.mgrid[:height, :width].astype(np.float32)
        self._along = np.linspace(-1, 1, width, dtype=np.float32)[None, :, None]
        self._sources = [samples[name] for name in shares if samples.get(name)]
        share = np.array([shares[name] for name in shares if samples.get(name)])
        self._shares = share / share.sum()
        self._pasting = Pasting(cuts, manner.body_px_max, rng)
        self._noise = rng.standard_normal(1 << 20, np.float32)

    def __call__(self) -> tuple[Picture, Labels]:
        """The seven planes (7, H, W) of a crop, and who is in it, in its pixels."""
        rng = self._rng
        source = self._sources[int(rng.choice(len(self._sources), p=self._shares))]
        sample = source[int(rng.integers(len(source)))]
        if rng.random() < 0.55:
            sample = self._pasting(sample)
        planes, labels = self._placed(sample)
        known = rng.random()
        if known >= 0.23:
            self._disturb(planes)
        self._through_a_camera(planes, blind=known < 0.17)
        if known < 0.17:  # nothing is known of the view yet
            planes.empty = planes.picture
        if known < 0.23:
            planes.moved = np.zeros_like(planes.moved)
        stacked = np.dstack([planes.picture, planes.empty, planes.moved])
        return stacked.transpose(2, 0, 1), labels

    def _placed(self, sample: Sample) -> tuple[_Planes, Labels]:
        """A scaled, stretched, leaning, perhaps mirrored crop, most often round a road user."""
        rng, labels = self._rng, sample.labels
        height, width = sample.moved.shape
        crop_w, crop_h = self._crop_wh
        scale = _SCALE * math.exp(rng.uniform(*self._scale_log))
        stretch = math.exp(rng.normal(0, 0.09))
        sx, sy, lean = scale * stretch, scale / stretch, rng.normal(0, 0.04)
        room = (crop_w - width * sx, crop_h - height * sy)
        if len(labels.xyxy) and rng.random() < 0.7:
            box = labels.xyxy[int(rng.integers(len(labels.xyxy)))]
            shift = [
                rng.uniform(0.1, 0.9) * crop_w - (box[0] + box[2]) / 2 * sx,
                rng.uniform(0.1, 0.9) * crop_h - (box[1] + box[3]) / 2 * sy,
            ]
        else:
            shift = [rng.uniform(min(0, r), max(0, r)) for r in room]
        tx, ty = (
            min(0.0, max(r, s)) if r <= 0 else float(s) for r, s in zip(room, shift, strict=True)
        )
        matrix = np.array([[sx, lean * sx, tx - lean * sx * (crop_h / 2 - ty) / sy], [0, sy, ty]])
        if rng.random() < 0.5:
            matrix[0] = -matrix[0]
            matrix[0, 2] += crop_w - 1
        three = [sample.picture, sample.empty, sample.moved]
        if scale < 0.7:
            grain = (2, 2) if scale > 0.45 else (3, 3)
            three = [np.asarray(cv2.blur(p, grain), np.uint8) for p in three]
        beyond = float(rng.integers(0, 200))
        picture, empty, moved = (
            np.asarray(cv2.warpAffine(p, matrix, self._crop_wh, borderValue=(fill,) * 3), np.uint8)
            for p, fill in zip(three, (beyond, beyond, 0.0), strict=True)
        )
        planes = _Planes(picture, empty, moved)
        return planes, _moved_labels(labels, matrix, abs(lean), self._crop_wh)

    def _disturb(self, planes: _Planes) -> None:
        """What differs from the empty scene and is no road user."""
        rng = self._rng
        if rng.random() < 0.25:
            self._flutter(planes)
        if rng.random() < 0.25:  # the camera shakes or drifts
            by = np.array([[1, 0, rng.normal(0, 1.3)], [0, 1, rng.normal(0, 1.3)]])
            new = cv2.warpAffine(planes.empty, by, self._crop_wh, borderMode=cv2.BORDER_REPLICATE)
            if rng.random() < 0.6:
                planes.moved = _risen(planes.moved, new, planes.empty, rng.uniform(0.2, 1))
            planes.empty = np.asarray(new, np.uint8)
        if rng.random() < 0.3:  # the light is not what it was
            gain = rng.uniform(0.7, 1.4) * (1 + rng.normal(0, 0.12) * self._along)
            new = _bytes(planes.picture * gain.astype(np.float32) + float(rng.uniform(-25, 25)))
            if rng.random() < 0.5:
                planes.moved = _risen(planes.moved, new, planes.picture, rng.uniform(0, 0.8))
            planes.picture = new
        if rng.random() < 0.15:  # a soft shadow, or a beam
            where = np.clip(self._soft(3, -0.6) * 3, 0, 1)
            new = _bytes(planes.picture * (1 - where * rng.uniform(-0.5, 0.5))[:, :, None])
            planes.moved = _risen(planes.moved, new, planes.picture, rng.uniform(0, 0.8))
            planes.picture = new

    def _flutter(self, planes: _Planes) -> None:
        """Leaves: the picture is shifted to and fro in some places."""
        rng = self._rng
        by = rng.normal(0, rng.uniform(0.7, 3.0), (12, 16, 2)).astype(np.float32)
        by = cv2.resize(by, self._crop_wh, interpolation=cv2.INTER_CUBIC)
        where = np.clip(self._soft(3, -0.4), 0, 1)
        new = cv2.remap(
            planes.picture,
            self._columns + by[:, :, 0] * where,
            self._rows + by[:, :, 1] * where,
            cv2.INTER_LINEAR,
            borderMode=cv2.BORDER_REPLICATE,
        )
        planes.moved = _risen(planes.moved, new, planes.picture, rng.uniform(0.4, 1.2))
        planes.picture = np.asarray(new, np.uint8)

    def _soft(self, rows: int, mean: float) -> npt.NDArray[np.float32]:
        """A field (H, W) that changes slowly over the picture."""
        coarse = self._rng.normal(mean, 1, (rows, rows + 1)).astype(np.float32)
        return np.asarray(
            cv2.resize(coarse, self._crop_wh, interpolation=cv2.INTER_CUBIC), np.float32
        )

    def _through_a_camera(self, planes: _Planes, *, blind: bool) -> None:
        """Exposure, colours, sharpness, noise, compression: the same for picture and memory."""
        rng = self._rng
        table, gain = self._exposure(float(planes.empty[::8, ::8].mean()) / 255)
        both = [np.asarray(cv2.LUT(p, table), np.uint8) for p in (planes.picture, planes.empty)]
        planes.moved = np.asarray(cv2.convertScaleAbs(planes.moved, alpha=gain), np.uint8)
        colour = rng.random()
        if colour < 0.25:
            mix = np.tile(rng.dirichlet((2, 2, 2)), (3, 1)).astype(np.float32)
            both = [np.asarray(cv2.transform(p, mix), np.uint8) for p in both]
        elif colour < 0.45:
            order = rng.permutation(3)
            both = [np.ascontiguousarray(p[:, :, order]) for p in both]
        if rng.random() < 0.3:
            blur = float(rng.uniform(0.4, 1.2))
            both = [np.asarray(cv2.GaussianBlur(p, (0, 0), blur), np.uint8) for p in both]
        planes.picture, planes.empty = both
        if rng.random() < 0.6:
            levels = float(rng.uniform(0.5, 7))
            planes.picture = self._noisy(planes.picture, levels)
            planes.moved = self._noisy(planes.moved, levels * 0.6)
            if not blind:
                planes.empty = self._noisy(planes.empty, levels * 0.25)
        if rng.random() < 0.2:
            quality = [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(18, 70))]
            coded = cv2.imencode(".jpg", planes.picture, quality)[1]
            planes.picture = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR), np.uint8)

    def _exposure(self, mean: float) -> tuple[Picture, float]:
        """Levels of each colour → levels (1, 256, 3), and how much that amplifies differences."""
        rng = self._rng
        level, gain = np.repeat(np.arange(256)[:, None] / 255, 3, axis=1), 1.0
        if rng.random() < 0.8:
            gain = math.exp(rng.normal(0, 0.2))
            tint = np.exp(rng.normal(0, 0.08, 3))
            level = level ** math.exp(rng.normal(0, 0.25)) * gain * tint + rng.normal(0, 0.05)
        if rng.random() < 0.13:  # night
            dark = rng.uniform(0.15, 0.5)
            level, gain = level * dark, gain * dark
        if rng.random() < 0.15:
            contrast = rng.uniform(0.5, 1.5)
            level, gain = (level - mean) * contrast + mean, gain * contrast
        return np.clip(np.rint(level * 255), 0, 255).astype(np.uint8)[None], gain

    def _noisy(self, plane: Picture, levels: float) -> Picture:
        start = int(self._rng.integers(len(self._noise) - plane.size))
        noise = self._noise[start : start + plane.size].reshape(plane.shape)
        return _bytes(plane + noise * np.float32(levels))


def _moved_labels(
    labels: Labels, matrix: npt.NDArray[Any], lean: float, crop_wh: tuple[int, int]
) -> Labels:
    """The labels under the matrix, cut to the crop; what is cut too much is unsure."""
    if not len(labels.xyxy):
        return labels
    middle = (labels.xyxy[:, :2] + labels.xyxy[:, 2:]) / 2 @ matrix[:, :2].T + matrix[:, 2]
    size = labels.xyxy[:, 2:] - labels.xyxy[:, :2]
    half = size * [abs(matrix[0, 0]) / 2, matrix[1, 1] / 2]
    half[:, 0] += lean * size[:, 1] * abs(matrix[0, 0]) / 4
    whole = np.concatenate((middle - half, middle + half), axis=1)
    cut = np.clip(whole, 0, crop_wh * 2).astype(np.float32)
    share = area(cut) / np.maximum(area(whole.astype(np.float32)), 1e-6)
    size = cut[:, 2:] - cut[:, :2]
    unsure = labels.unsure | (share < 0.35) | (size.max(axis=1) < 5) | (size.min(axis=1) < 2)
    return Labels(cut, labels.kind, unsure).take(share > 0.05)


def _bytes(plane: npt.NDArray[Any]) -> Picture:
    return np.asarray(cv2.convertScaleAbs(np.maximum(plane, 0)), np.uint8)


def _risen(moved: Picture, new: Any, old: Any, share: float) -> Picture:
    """What moved, raised by a share of the difference of two pictures."""
    grey = cv2.cvtColor(cv2.absdiff(new, old), cv2.COLOR_BGR2GRAY)
    return np.asarray(cv2.max(moved, cv2.convertScaleAbs(grey, alpha=share)), np.uint8)

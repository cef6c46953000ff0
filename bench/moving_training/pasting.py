"""Road users cut out of one sample and put into another: beside each other, parked, or gone."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from bench.moving_training.drawn import two_wheeler
from bench.moving_training.samples import KIND_OF, Labels, Picture, Sample, area, covered
from its_camera_ai.core.detections import ObjectClass

_TWO_WHEELER = KIND_OF[ObjectClass.BICYCLE]
_KIND_SHARES = (0.38, 0.17, 0.25, 0.08, 0.12)  # in the order of moving_network.KINDS
_DRAWN_SHARE = 0.75  # of the two-wheelers
_DIFFERENT = 18  # levels by which a cut-out differs from its empty scene
_GONE, _PARKED, _MOVING = 0.12, 0.24, 0.85  # bounds of the ways in which a cut-out is put in

Cut = tuple[Picture, Picture]
"""Picture (h, w, 3) and soft mask (h, w)."""


def cut_outs(sample: Sample) -> list[tuple[int, Cut]]:
    """Road users that stand free in the picture and apart from the empty scene, with their kind."""
    labels = sample.labels
    height, width = sample.moved.shape
    found = []
    for box, kind, unsure in zip(labels.xyxy, labels.kind, labels.unsure, strict=True):
        left, top, right, bottom = (round(float(v)) for v in box)
        inside = left > 1 and top > 1 and right < width - 1 and bottom < height - 1
        if unsure or not inside or min(right - left, bottom - top) < 7:
            continue
        whole = np.array([left, top, right, bottom])
        shared = covered(whole, labels.xyxy) * area(labels.xyxy)
        if np.count_nonzero(shared > 0.05 * (right - left) * (bottom - top)) > 1:
            continue
        bgr = sample.picture[top:bottom, left:right]
        empty = sample.empty[top:bottom, left:right]
        mask = _outline(bgr, empty, slim=int(kind) <= _TWO_WHEELER)
        if mask is not None:
            found.append((int(kind), (bgr.copy(), mask)))
    return found


def _outline(bgr: Picture, empty: Picture, *, slim: bool) -> Picture | None:
    """Soft mask of what differs from the empty scene; None if that doesn't fill the box."""
    height, width = bgr.shape[:2]
    difference = np.abs(bgr.astype(np.int16) - empty).max(axis=2)
    rim = max(3, (min(width, height) // 5) | 1)
    mask = cv2.copyMakeBorder(
        ((difference > _DIFFERENT) * 255).astype(np.uint8),
        *(rim, rim, rim, rim),
        cv2.BORDER_CONSTANT,
    )
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (rim, rim))
    mask = np.ascontiguousarray(cv2.morphologyEx(mask, cv2.MORPH_CLOSE, kernel)[rim:-rim, rim:-rim])
    outlines, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    if not outlines:
        return None
    largest = max(outlines, key=cv2.contourArea)
    mask[:] = 0
    cv2.drawContours(mask, [largest], 0, 255, -1)
    _, _, w, h = cv2.boundingRect(largest)
    fills = (mask > 0).mean() >= (0.35 if slim else 0.6)
    if not fills or w < 0.8 * width or h < 0.8 * height:
        return None
    return np.asarray(cv2.GaussianBlur(mask, (3, 3), 0), np.uint8)


def all_cut_outs(samples: Iterable[Sample]) -> list[list[Cut]]:
    """Those of all samples, by kind."""
    cuts: list[list[Cut]] = [[] for _ in _KIND_SHARES]
    for sample in samples:
        for kind, cut in cut_outs(sample):
            cuts[kind].append(cut)
    return cuts


class Pasting:
    """Puts cut-outs, by kind, into any sample."""

    def __init__(
        self, cuts: Sequence[Sequence[Cut]], body_px_max: float, rng: np.random.Generator
    ) -> None:
        self._cuts, self._body_px_max, self._rng = cuts, body_px_max, rng

    def __call__(self, sample: Sample) -> Sample:
        sample = Sample(
            sample.picture.copy(), sample.empty.copy(), sample.moved.copy(), sample.labels
        )
        for _ in range(int(self._rng.integers(1, 6))):
            sample = replace(sample, labels=self._put(sample))
        return sample

    def _cut(self) -> tuple[int, Cut]:
        rng = self._rng
        while True:
            kind = int(rng.choice(len(_KIND_SHARES), p=_KIND_SHARES))
            cuts = self._cuts[kind]
            if kind == _TWO_WHEELER and (not cuts or rng.random() < _DRAWN_SHARE):
                return kind, two_wheeler(rng)
            if cuts:
                return kind, cuts[int(rng.integers(len(cuts)))]

    def _put(self, sample: Sample) -> Labels:
        """Change the sample's planes; its labels with what was put there."""
        rng, labels = self._rng, sample.labels
        height, width = sample.moved.shape
        kind, (bgr, mask) = self._cut()
        if rng.random() < 0.5:
            bgr, mask = bgr[:, ::-1], mask[:, ::-1]
        neighbour = None
        if len(labels.xyxy) and rng.random() < 0.45:
            neighbour = labels.xyxy[int(rng.integers(len(labels.xyxy)))]
        w, h = self._size_wh(mask.shape, neighbour)
        if w > width * 0.7 or h > height * 0.8:
            return labels
        how = cv2.INTER_AREA if w < mask.shape[1] else cv2.INTER_LINEAR
        bgr = np.asarray(cv2.resize(bgr, (w, h), interpolation=how), np.uint8)
        mask = np.asarray(cv2.resize(mask, (w, h), interpolation=how), np.uint8)
        left, top = self._place((width, height), (w, h), neighbour)
        box = (max(left, 0), max(top, 0), min(left + w, width), min(top + h, height))
        if box[2] - box[0] < 4 or box[3] - box[1] < 6:
            return labels
        within = (slice(box[1] - top, box[3] - top), slice(box[0] - left, box[2] - left))
        lit = np.clip(bgr[within] * rng.uniform(0.75, 1.3) + rng.uniform(-15, 15), 0, 255)
        shown = self._blend(sample, box, lit, mask[within].astype(np.float32) / 255, (w, h))
        if shown is None:
            return labels
        cut_off = (box[2] - box[0]) * (box[3] - box[1]) / (w * h) < 0.4
        return _with(labels, np.array(box, np.float32), kind, unsure=cut_off or shown < 0.3)

    def _size_wh(self, shape: tuple[int, ...], neighbour: Any) -> tuple[int, int]:
        """About the neighbour's size, or any."""
        h, w = shape[:2]
        if neighbour is None:
            scale = math.exp(self._rng.uniform(math.log(9), math.log(self._body_px_max))) / max(
                h, w
            )
        else:
            room = max(float((neighbour[2:] - neighbour[:2]).prod()), 30.0)
            scale = math.sqrt(room / (h * w)) * self._rng.uniform(0.7, 1.35)
        scale = min(scale, 3.0)
        return max(4, round(w * scale)), max(6, round(h * scale))

    def _place(
        self, picture_wh: tuple[int, int], size_wh: tuple[int, int], neighbour: Any
    ) -> tuple[int, int]:
        """Left and top: anywhere, or beside the neighbour so that they touch or overlap a bit."""
        rng, (w, h) = self._rng, size_wh
        if neighbour is None:
            return (
                int(rng.integers(-w // 4, picture_wh[0] - 3 * w // 4 + 1)),
                int(rng.integers(-h // 4, picture_wh[1] - 3 * h // 4 + 1)),
            )
        left, top, right, bottom = (float(v) for v in neighbour)
        aside = rng.choice((-1, 1)) * (right - left + w) / 2 * rng.uniform(0.6, 1.15)
        return (
            int((left + right) / 2 + aside - w / 2),
            int(bottom - h + rng.uniform(-0.35, 0.35) * (bottom - top)),
        )

    def _blend(
        self,
        sample: Sample,
        box: tuple[int, int, int, int],
        bgr: npt.NDArray[Any],
        alpha: npt.NDArray[np.float32],
        size_wh: tuple[int, int],
    ) -> float | None:
        """Put it into the planes; the share of it that differs from what was there.

        None for a ghost, which is remembered and gone. A moving body leaves a trace in what moved
        where it stood a moment ago; a parked one is in the empty scene as well.
        """
        rng = self._rng
        way = rng.random()
        window, soft = (slice(box[1], box[3]), slice(box[0], box[2])), alpha[:, :, None]
        if way < _PARKED:
            sample.empty[window] = sample.empty[window] * (1 - soft) + bgr * soft
        if way < _GONE:
            return None
        old, moved = sample.picture[window].astype(np.float32), sample.moved[window]
        new = old * (1 - soft) + bgr * soft
        sample.picture[window] = new
        change = np.abs(new - old)
        if _PARKED <= way < _MOVING:
            risen = change.mean(axis=2) * rng.uniform(0.4, 1.1)
            moved[:] = np.clip(np.maximum(moved * (1 - alpha), risen), 0, 255)
            if rng.random() < 0.7:
                step = (
                    int(rng.uniform(-0.6, 0.6) * size_wh[0]),
                    int(rng.uniform(-0.25, 0.25) * size_wh[1]),
                )
                _trace(sample.moved, box, step, (risen * rng.uniform(0.2, 0.8)).astype(np.uint8))
        elif way >= _MOVING:
            moved[:] = moved * (1 - alpha)
        solid = alpha > 0.3
        seen = np.count_nonzero((change.max(axis=2) > 16) & solid)
        return 1.0 if way < _PARKED else float(seen / max(1, np.count_nonzero(solid)))


def _trace(
    moved: Picture, box: tuple[int, int, int, int], step: tuple[int, int], risen: Picture
) -> None:
    """Raise what moved where the body stood ``step`` pixels away."""
    height, width = moved.shape
    left, top = max(box[0] + step[0], 0), max(box[1] + step[1], 0)
    right, bottom = min(box[2] + step[0], width), min(box[3] + step[1], height)
    if right <= left or bottom <= top:
        return
    x, y = box[0] + step[0], box[1] + step[1]
    window = moved[top:bottom, left:right]
    np.maximum(window, risen[top - y : bottom - y, left - x : right - x], out=window)


def _with(labels: Labels, box: npt.NDArray[np.float32], kind: int, *, unsure: bool) -> Labels:
    """The labels with one more in front of them."""
    hidden = covered(box, labels.xyxy)
    seen = hidden < 0.8
    return Labels(
        np.vstack([labels.xyxy[seen], box]),
        np.append(labels.kind[seen], kind).astype(np.int8),
        np.append((labels.unsure | (hidden > 0.5))[seen], unsure),
    )

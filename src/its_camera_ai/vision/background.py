"""Foreground of a fixed camera: what differs from the empty scene, shadows and light left out.

Two backgrounds with different memories: the long one is the empty scene and takes in foreground
only over minutes, so that a car waiting at the lights stays visible; the short one tells what
stands still. What stands still and looks like the *absence* of something (more edges around it in
the long background than in the picture) is a ghost, left behind by an object that was there when
the background was learned, and is taken in at once.
"""

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.vision.detector import ByteArray, FloatArray
from its_camera_ai.vision.light import LIGHT_SHARE, SCENE_SHARE, level, light_change, to_bytes

BACKGROUND_TAU_S = 8.0
"""Time constant of the long background where nothing is in front of it."""

FOREGROUND_TAU_S = 120.0
"""The same under foreground: roughly how long a stopped object stays visible."""

_SHORT_TAU_S = 0.7
_START_S = 5.0  # the first look at a scene takes so long; what stands there then is background
_STILL_S = 1.2  # unchanged for so long: a ghost or a stopped object
_FLICKER_TAU_S = 20.0
_GAP_MAX_S = 60.0  # a longer silence, or time going back: another scene
_RELIT_S = 1.5  # what a plane of light can not follow is learned quickly for so long
_START_LEVELS_PER_S = 30.0
_BLOBS_MAX = 64
_THRESHOLD_MIN = 16
_THRESHOLD_MAX = 60
_NOISE_FACTOR = 5.0
_FLICKER_FACTOR = 2.5  # times the usual difference of this very pixel (leaves, water, screens)
_SHADOW_RATIO = (0.35, 0.96)  # brightness under a shadow over brightness without
_SHADOW_EVENNESS = 0.045  # standard deviation of that ratio in the neighbourhood
_SHADOW_CHROMA = 14  # grey levels by which the colour may change under a shadow
_AREA_MIN_SHARE = 0.0004  # of the picture
_SAME_PATTERN = 0.9  # correlation of picture and background above which only the light differs
_GHOST_STEP = 0.8  # step along the outline, background over picture, above which it is a ghost
_OUTLINE_PX = 3
_OUTLINE_JUDGED_MIN = 0.5  # part of the outline that must border on background
_PASSING_LEVELS_PER_S = 0.7  # speed of the long background under moving foreground


@dataclass(frozen=True, slots=True, eq=False)
class Blob:
    """One connected piece of foreground, in pixels of the reduced picture.

    Attributes:
        xywh: left, top, width, height.
        mask: (h, w) uint8, 255 where it is.
    """

    xywh: tuple[int, int, int, int]
    mask: npt.NDArray[np.uint8]


@dataclass(slots=True, eq=False)
class _Scene:
    """What is remembered of one view; everything float32 at the size of the picture.

    Attributes:
        long, short: (H, W, 3) BGR, the two backgrounds.
        flicker: (H, W) usual absolute difference of a pixel that shows background.
        still_s: (H, W) for how long a pixel of the foreground has not changed.
        settled_ns: stream time until which the long background is still being found.
    """

    long: FloatArray
    short: FloatArray
    flicker: FloatArray
    still_s: FloatArray
    settled_ns: int

    @classmethod
    def of(cls, picture: ByteArray, pts_ns: int) -> "_Scene":
        grey = np.zeros(picture.shape[:2], np.float32)
        first = picture.astype(np.float32)
        return cls(first, first.copy(), grey, grey.copy(), pts_ns + round(_START_S * NS_PER_S))


class Background:
    """The empty scene of one camera. Give it every picture that is looked at, in order."""

    def __init__(self) -> None:
        self._scene: _Scene | None = None
        self._last_ns = 0
        self._noise = 2.0  # median difference of grey pixels at rest, levels

    def update(self, picture: ByteArray, pts_ns: int) -> list[Blob]:
        """Foreground of the next picture (H, W, 3) BGR, largest first.

        Empty for the first picture of a view.
        """
        step_s = (pts_ns - self._last_ns) / NS_PER_S
        self._last_ns = pts_ns
        scene = self._scene
        if scene is None or scene.long.shape != picture.shape or not 0 < step_s < _GAP_MAX_S:
            self._scene = _Scene.of(picture, pts_ns)
            return []
        grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
        grey_long = _grey(scene.long)
        shift, noise = level(grey, grey_long)
        self._noise += (noise - self._noise) * (1 - math.exp(-step_s / 2))
        raw, difference = self._changed(picture, scene, shift)
        share = cv2.countNonZero(raw) / raw.size
        if share > LIGHT_SHARE:
            if self._relight(scene, picture, grey, grey_long, pts_ns):
                grey_long = _grey(scene.long)
                raw, difference = self._changed(picture, scene, 0.0)
                share = cv2.countNonZero(raw) / raw.size
            if share > SCENE_SHARE:
                self._scene = _Scene.of(picture, pts_ns)
                return []
        mask = _without_shadow(raw, picture, scene.long, grey, grey_long)
        self._follow_short(scene, picture, raw, step_s)
        still = np.where(scene.still_s >= _STILL_S, mask, 0)
        for piece in _pieces(still, _area_min_px(mask) / 2):
            if _is_ghost(picture, scene.long, piece, mask):
                mask[_absorb(scene, picture, piece)] = 0
        blobs = [b for b in _blobs(mask) if not _is_relit(grey, grey_long, b)]
        self._learn(scene, picture, difference, blobs, step_s, pts_ns)
        return blobs

    @property
    def _threshold(self) -> int:
        wanted = math.ceil(_NOISE_FACTOR * self._noise)
        return min(_THRESHOLD_MAX, max(_THRESHOLD_MIN, wanted))

    def _changed(
        self, picture: ByteArray, scene: _Scene, shift: float
    ) -> tuple[npt.NDArray[Any], npt.NDArray[Any]]:
        """Mask of pixels unlike the long background, and by how much (the worst channel)."""
        difference = _difference(picture, to_bytes(scene.long + np.float32(shift)))
        allowed = cv2.convertScaleAbs(scene.flicker, alpha=_FLICKER_FACTOR)
        allowed = np.maximum(allowed, self._threshold)
        return cv2.compare(difference, allowed, cv2.CMP_GT), difference

    def _relight(
        self,
        scene: _Scene,
        picture: ByteArray,
        grey: npt.NDArray[Any],
        grey_long: npt.NDArray[Any],
        pts_ns: int,
    ) -> bool:
        """Follow a change of the light, if that is what happened."""
        relit = light_change(grey, grey_long, self._threshold)
        if relit is None:
            return False
        gain = (relit + 1) / (grey_long + 1)
        scene.long = np.clip(scene.long * gain[:, :, None], 0, 255)
        scene.short = picture.astype(np.float32)
        scene.settled_ns = max(scene.settled_ns, pts_ns + round(_RELIT_S * NS_PER_S))
        return True

    def _follow_short(
        self, scene: _Scene, picture: ByteArray, changed: npt.NDArray[Any], step_s: float
    ) -> None:
        moved = _difference(picture, to_bytes(scene.short))
        still = (moved <= self._threshold) & (changed > 0)
        scene.still_s = np.where(still, scene.still_s + np.float32(step_s), np.float32(0))
        cv2.accumulateWeighted(picture, scene.short, 1 - math.exp(-step_s / _SHORT_TAU_S))

    def _learn(
        self,
        scene: _Scene,
        picture: ByteArray,
        difference: npt.NDArray[Any],
        blobs: list[Blob],
        step_s: float,
        pts_ns: int,
    ) -> None:
        """Move the long background and the flicker map towards this picture."""
        if pts_ns < scene.settled_ns:
            # Steps of one size towards the picture approach the median: what passes through
            # half of the time or less leaves no smear.
            limit = _START_LEVELS_PER_S * step_s
            scene.long += np.clip(picture - scene.long, -limit, limit)
            return
        front = _front(blobs, difference.shape)
        behind = cv2.bitwise_not(cv2.dilate(front, np.ones((5, 5), np.uint8)))
        cv2.accumulateWeighted(
            picture, scene.long, 1 - math.exp(-step_s / BACKGROUND_TAU_S), mask=behind
        )
        cv2.accumulateWeighted(
            picture, scene.long, 1 - math.exp(-step_s / FOREGROUND_TAU_S), mask=front
        )
        x, y, w, h = cv2.boundingRect(front)
        window = (slice(y, y + h), slice(x, x + w))
        passing = (front[window] > 0) & (scene.still_s[window] < _STILL_S)
        limit = _PASSING_LEVELS_PER_S * step_s
        step = np.clip(picture[window] - scene.long[window], -limit, limit)
        scene.long[window] += step * passing[:, :, None]
        cv2.accumulateWeighted(
            difference, scene.flicker, 1 - math.exp(-step_s / _FLICKER_TAU_S), mask=behind
        )


def _difference(a: npt.NDArray[Any], b: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Absolute difference (H, W) of two BGR pictures in the channel where it is largest."""
    blue, green, red = cv2.split(cv2.absdiff(a, b))
    return cv2.max(cv2.max(blue, green), red)


def _grey(picture: FloatArray) -> FloatArray:
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.float32)


def _without_shadow(
    mask: npt.NDArray[Any],
    picture: ByteArray,
    background: FloatArray,
    grey: npt.NDArray[Any],
    grey_background: npt.NDArray[Any],
) -> npt.NDArray[Any]:
    """The mask without pixels that look like their background with less light on it.

    A shadow darkens evenly, keeps the texture beneath it, and hardly changes the colour.
    """
    x, y, w, h = cv2.boundingRect(mask)
    if not w:
        return mask
    window = (slice(y, y + h), slice(x, x + w))
    ratio = (grey[window].astype(np.float32) + 1) / (grey_background[window] + 1)
    # means over foreground only, so that a shadow is even up to its outline
    inside = (mask[window] > 0).astype(np.float32)
    share = cv2.blur(inside, (5, 5)) + 1e-6
    mean = cv2.blur(ratio * inside, (5, 5)) / share
    variance = cv2.blur(ratio * ratio * inside, (5, 5)) / share - mean * mean
    expected = to_bytes(background[window] * ratio[:, :, None])
    low, high = _SHADOW_RATIO
    shadow = (mean > low) & (mean < high) & (variance < _SHADOW_EVENNESS**2)
    shadow &= _difference(picture[window], expected) < _SHADOW_CHROMA
    cleaned = mask.copy()
    cleaned[window][shadow] = 0
    return cleaned


def _is_relit(grey: npt.NDArray[Any], background: npt.NDArray[Any], blob: Blob) -> bool:
    """The same pattern as in the background, only brighter or darker: light, not a thing."""
    rows, columns, inside = _around(blob, _OUTLINE_PX, grey.shape)
    judged = cv2.dilate(inside, np.ones((2 * _OUTLINE_PX + 1,) * 2, np.uint8)) > 0
    now = grey[rows, columns][judged].astype(np.float32)
    before = background[rows, columns][judged]
    now -= now.mean()
    before = before - before.mean()
    power = float((now * now).sum() * (before * before).sum())
    return power > 0 and float((now * before).sum()) > _SAME_PATTERN * math.sqrt(power)


def _area_min_px(mask: npt.NDArray[Any]) -> float:
    return max(12.0, _AREA_MIN_SHARE * mask.size)


def _blobs(mask: npt.NDArray[Any]) -> list[Blob]:
    """Connected pieces after dropping specks and joining what lies close (limbs, windscreens)."""
    opened = cv2.morphologyEx(mask, cv2.MORPH_OPEN, np.ones((2, 2), np.uint8))
    reach = max(3, round(mask.shape[1] / 110)) | 1
    joined = cv2.morphologyEx(opened, cv2.MORPH_CLOSE, np.ones((reach + 2, reach), np.uint8))
    blobs = []
    for blob in _pieces(joined, _area_min_px(mask)):
        x, y, w, h = blob.xywh
        seen = cv2.bitwise_and(blob.mask, opened[y : y + h, x : x + w])
        if cv2.countNonZero(seen) >= _area_min_px(mask) / 2:
            blobs.append(blob)
    blobs.sort(key=lambda b: -b.xywh[2] * b.xywh[3])
    return blobs[:_BLOBS_MAX]


def _front(blobs: list[Blob], shape: tuple[int, ...]) -> npt.NDArray[np.uint8]:
    """One mask (H, W) of all blobs."""
    front = np.zeros(shape, np.uint8)
    for blob in blobs:
        x, y, w, h = blob.xywh
        front[y : y + h, x : x + w] |= blob.mask
    return front


def _pieces(mask: npt.NDArray[Any], area_min_px: float) -> list[Blob]:
    """Connected pieces of a mask, holes filled."""
    contours, _ = cv2.findContours(mask, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    pieces = []
    for contour in contours:
        if cv2.contourArea(contour) >= area_min_px:
            x, y, w, h = cv2.boundingRect(contour)
            filled = np.zeros((h, w), np.uint8)
            cv2.drawContours(filled, [contour], 0, 255, cv2.FILLED, offset=(-x, -y))
            pieces.append(Blob((x, y, w, h), filled))
    return pieces


def _is_ghost(
    picture: ByteArray, background: FloatArray, piece: Blob, foreground: npt.NDArray[Any]
) -> bool:
    """Whether the background, not the picture, has a step along the outline.

    A real thing stands out from what is beside it in the picture; where one has left, or was
    never more than a smear of traffic, the picture runs on across the outline. Judged only where
    the piece borders on background: the jacket of a man who moves his arms is no ghost.
    """
    rows, columns, inside = _around(piece, _OUTLINE_PX, background.shape)
    size = (2 * _OUTLINE_PX + 1,) * 2
    outside = (foreground[rows, columns] == 0).astype(np.float32)
    outside[inside > 0] = 0
    share_in, share_out = cv2.blur(inside, size), cv2.blur(outside, size)
    outline = (share_in > 0.25) & (share_in < 0.75)
    judged = outline & (share_out > 0.25)
    if np.count_nonzero(judged) < max(1.0, _OUTLINE_JUDGED_MIN * np.count_nonzero(outline)):
        return False

    def step(image: FloatArray) -> float:
        within = cv2.blur(image * inside[:, :, None], size)[judged] / share_in[judged, None]
        beside = cv2.blur(image * outside[:, :, None], size)[judged] / share_out[judged, None]
        return float(np.abs(within - beside).max(axis=1).mean())

    now = step(picture[rows, columns].astype(np.float32))
    return step(background[rows, columns]) > _GHOST_STEP * now


def _around(
    piece: Blob, margin_px: int, shape: tuple[int, ...]
) -> tuple[slice, slice, npt.NDArray[np.float32]]:
    """The piece's window with a margin, inside the picture, and its mask (0 or 1) there."""
    x, y, w, h = piece.xywh
    rows = slice(max(0, y - margin_px), min(shape[0], y + h + margin_px))
    columns = slice(max(0, x - margin_px), min(shape[1], x + w + margin_px))
    inside = np.zeros((rows.stop - rows.start, columns.stop - columns.start), np.float32)
    top, left = y - rows.start, x - columns.start
    inside[top : top + h, left : left + w] = piece.mask > 0
    return rows, columns, inside


def _absorb(scene: _Scene, picture: ByteArray, piece: Blob) -> npt.NDArray[np.bool_]:
    """Take a piece and its rim into the long background; the mask (H, W) of what was taken."""
    rows, columns, inside = _around(piece, _OUTLINE_PX, picture.shape)
    grown = cv2.dilate(inside, np.ones((_OUTLINE_PX, _OUTLINE_PX), np.uint8)) > 0
    taken = np.zeros(picture.shape[:2], np.bool_)
    taken[rows, columns] = grown
    scene.long[taken] = picture[taken]
    return taken

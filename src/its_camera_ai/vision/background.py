"""What one fixed camera's view looks like when nothing moves in it, and what moved just now.

Two memories: the long one is the empty scene. It learns quickly everywhere but under what the
detector has reported, where it takes minutes, so that a car waiting at the lights stays a thing.
The short one holds the last second, and tells what moves.
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
"""Time constant of the long memory where nothing was reported."""

FOREGROUND_TAU_S = 120.0
"""The same under what was reported: roughly how long a stopped object stays apart from it."""

_SHORT_TAU_S = 0.7
_START_S = 5.0  # the first look at a scene takes so long; what stands there then is background
_GAP_MAX_S = 60.0  # a longer silence, or time going back: another scene
_RELIT_S = 1.5  # what a plane of light can not follow is learned quickly for so long
_START_LEVELS_PER_S = 30.0
_PASSING_LEVELS_PER_S = 0.7  # speed of the long memory under what moves
_THRESHOLD_MIN = 16
_THRESHOLD_MAX = 60
_NOISE_FACTOR = 5.0
_NOISE_TAU_S = 2.0
_GRID = 4  # every 4th pixel in both directions says how much of the picture has changed
_LIT_LEVELS_MIN = 4.0  # a change of the light moves at least half of all pixels by so much
_MARGIN = 0.1  # of a reported box, on each side: what belongs to it and was not covered


@dataclass(frozen=True, slots=True, eq=False)
class Memory:
    """What is known of a view when a picture is looked at.

    Attributes:
        empty: (H, W, 3) BGR uint8, the scene without what comes and goes, in the picture's light;
            the picture itself while nothing is known yet.
        moved: (H, W) uint8, grey levels by which the picture differs from the last second.
    """

    empty: ByteArray
    moved: ByteArray


@dataclass(slots=True, eq=False)
class _Scene:
    """What is remembered of one view; float32 at the size of the picture.

    Attributes:
        long: (H, W, 3) BGR. short: (H, W) grey.
        moved: (H, W) uint8 of the last picture.
        picture: the last one.
        settled_ns: stream time until which the long memory is still being found.
    """

    long: FloatArray
    short: FloatArray
    moved: ByteArray
    picture: ByteArray
    settled_ns: int

    @classmethod
    def of(cls, picture: ByteArray, pts_ns: int) -> "_Scene":
        short = _grey(picture).astype(np.float32)
        nothing = np.zeros(picture.shape[:2], np.uint8)
        settled_ns = pts_ns + round(_START_S * NS_PER_S)
        return cls(picture.astype(np.float32), short, nothing, picture, settled_ns)


class Background:
    """The memories of one camera. For every picture that is looked at: ``look``, then ``learn``."""

    def __init__(self) -> None:
        self._scene: _Scene | None = None
        self._now_ns = 0
        self._step_s = 0.0
        self._noise = 2.0  # median difference of grey pixels at rest, levels

    def look(self, picture: ByteArray, pts_ns: int) -> Memory:
        """What is known about the next picture, (H, W, 3) BGR; pictures in order.

        Another size, time going back or a long silence begin a new scene.
        """
        step_s = (pts_ns - self._now_ns) / NS_PER_S
        self._now_ns, self._step_s = pts_ns, step_s
        scene = self._scene
        if scene is None or scene.long.shape != picture.shape or not 0 < step_s < _GAP_MAX_S:
            return self._begin(picture, pts_ns)
        grey = _grey(picture)
        scene.moved = np.asarray(cv2.absdiff(grey, to_bytes(scene.short)), np.uint8)
        cv2.accumulateWeighted(grey, scene.short, 1 - math.exp(-step_s / _SHORT_TAU_S))
        scene.picture = picture
        shift, noise = level(grey, _grey(scene.long))
        self._noise += (noise - self._noise) * (1 - math.exp(-step_s / _NOISE_TAU_S))
        if self._changed_share(scene, grey, shift) > LIGHT_SHARE:
            if self._relight(scene, grey, pts_ns):
                shift = 0.0
            if self._changed_share(scene, grey, shift) > SCENE_SHARE:
                return self._begin(picture, pts_ns)
        return Memory(to_bytes(scene.long + np.float32(shift)), scene.moved)

    def learn(self, xyxy: npt.NDArray[Any]) -> None:
        """Take in the last picture, slowly where something was found, boxes (N, 4) in its px."""
        scene = self._scene
        if scene is None or self._step_s <= 0:
            return
        if self._now_ns < scene.settled_ns:
            # Steps of one size towards the picture approach the median: what passes through
            # half of the time or less leaves no smear.
            _step_towards(scene.long, scene.picture, _START_LEVELS_PER_S * self._step_s)
            return
        front = _boxes_mask(xyxy, scene.moved.shape)
        rate = 1 - math.exp(-self._step_s / BACKGROUND_TAU_S)
        cv2.accumulateWeighted(scene.picture, scene.long, rate, mask=cv2.bitwise_not(front))
        rate = 1 - math.exp(-self._step_s / FOREGROUND_TAU_S)
        cv2.accumulateWeighted(scene.picture, scene.long, rate, mask=front)
        x, y, w, h = cv2.boundingRect(front)
        window = (slice(y, y + h), slice(x, x + w))
        passing = (front[window] > 0) & (scene.moved[window] > self._threshold)
        limit = _PASSING_LEVELS_PER_S * self._step_s
        step = np.clip(scene.picture[window] - scene.long[window], -limit, limit)
        scene.long[window] += step * passing[:, :, None]

    def _begin(self, picture: ByteArray, pts_ns: int) -> Memory:
        self._scene = _Scene.of(picture, pts_ns)
        self._step_s = 0.0
        return Memory(picture, self._scene.moved)

    @property
    def _threshold(self) -> int:
        wanted = math.ceil(_NOISE_FACTOR * self._noise)
        return min(_THRESHOLD_MAX, max(_THRESHOLD_MIN, wanted))

    def _changed_share(self, scene: _Scene, grey: npt.NDArray[Any], shift: float) -> float:
        long = _grey(np.ascontiguousarray(scene.long[::_GRID, ::_GRID]))
        changed = np.abs(grey[::_GRID, ::_GRID] - long - shift) > self._threshold
        return float(changed.mean())

    def _relight(self, scene: _Scene, grey: npt.NDArray[Any], pts_ns: int) -> bool:
        """Follow a change of the light, if that is what happened.

        Light moves most pixels; traffic, however dense, leaves most of them as they were.
        """
        old = _grey(scene.long)
        change = np.abs(grey[::_GRID, ::_GRID] - old[::_GRID, ::_GRID])
        if float(np.median(change)) < max(_LIT_LEVELS_MIN, 2 * self._noise):
            return False
        relit = light_change(grey, old, self._threshold)
        if relit is None:
            return False
        gain = (relit + 1) / (old + 1)
        scene.long = np.clip(scene.long * gain[:, :, None], 0, 255)
        scene.short = grey.astype(np.float32)
        scene.moved = np.zeros_like(grey)
        scene.settled_ns = max(scene.settled_ns, pts_ns + round(_RELIT_S * NS_PER_S))
        return True


def _step_towards(long: FloatArray, picture: ByteArray, limit: float) -> None:
    long += np.clip(picture - long, -limit, limit)


def _boxes_mask(xyxy: npt.NDArray[Any], shape: tuple[int, ...]) -> npt.NDArray[np.uint8]:
    """One mask (H, W), 255 in all boxes and a little around them."""
    front = np.zeros(shape, np.uint8)
    for left, top, right, bottom in xyxy:
        x, y = _MARGIN * (right - left), _MARGIN * (bottom - top)
        rows = slice(max(0, int(top - y)), max(0, math.ceil(bottom + y)))
        front[rows, max(0, int(left - x)) : max(0, math.ceil(right + x))] = 255
    return front


def _grey(picture: npt.NDArray[Any]) -> npt.NDArray[Any]:
    return cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)

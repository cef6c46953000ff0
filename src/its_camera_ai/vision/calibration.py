"""Pictures to calibrate and to judge an 8-bit model with: different ones, from every camera."""

from dataclasses import dataclass, field
from itertools import chain

import cv2
import numpy as np
import numpy.typing as npt

from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.vision.detector import ByteArray

FRAMES_MIN = 24
"""Fewer different pictures say too little about what the network will see."""
HELD_OUT_EVERY = 4
"""Every fourth picture of a camera is kept for judging."""

_THUMB_WH = (32, 18)
_DIFFERENT_LEVELS = 8  # grey levels in one cell; noise averages to less than one


@dataclass(frozen=True, slots=True, eq=False)
class SitePicture:
    """A picture of one of the site's cameras.

    Attributes:
        bgr: (H, W, 3) uint8.
    """

    camera_id: str
    bgr: ByteArray


@dataclass(slots=True)
class SitePictures:
    """Collects pictures that differ from each other, up to a number.

    >>> pictures = SitePictures(wanted=2)
    >>> pictures.offer(SitePicture("north", np.zeros((36, 64, 3), np.uint8)))
    True
    >>> pictures.offer(SitePicture("north", np.ones((36, 64, 3), np.uint8)))
    False
    """

    wanted: int
    _kept: dict[str, list[SitePicture]] = field(default_factory=dict)
    _thumbs: dict[str, list[npt.NDArray[np.int16]]] = field(default_factory=dict)

    def __len__(self) -> int:
        return sum(map(len, self._kept.values()))

    def of_camera(self, camera_id: str) -> int:
        return len(self._kept.get(camera_id, ()))

    @property
    def is_full(self) -> bool:
        return len(self) >= self.wanted

    @property
    def cameras(self) -> tuple[str, ...]:
        return tuple(self._kept)

    def offer(self, picture: SitePicture) -> bool:
        """Take a picture if it differs from all others of its camera and there is room."""
        if self.is_full:
            return False
        thumb = _thumb(picture.bgr)
        seen = self._thumbs.setdefault(picture.camera_id, [])
        if any(int(np.abs(thumb - other).max()) < _DIFFERENT_LEVELS for other in seen):
            return False
        seen.append(thumb)
        self._kept.setdefault(picture.camera_id, []).append(picture)
        return True

    def split(self) -> tuple[list[SitePicture], list[SitePicture]]:
        """Pictures to calibrate with, and held-out ones of the same cameras to judge with.

        Raises:
            ConfigInvalid: fewer than ``FRAMES_MIN`` different ones were found.
        """
        if len(self) < FRAMES_MIN:
            raise ConfigInvalid(
                f"Only {len(self)} different pictures were found, at least {FRAMES_MIN} are "
                "needed: record for longer, or name more videos of your cameras with --video."
            )
        calibrate: list[SitePicture] = []
        judge: list[SitePicture] = []
        for number, picture in enumerate(chain.from_iterable(self._kept.values())):
            (judge if number % HELD_OUT_EVERY == HELD_OUT_EVERY - 1 else calibrate).append(picture)
        return calibrate, judge


def _thumb(bgr: ByteArray) -> npt.NDArray[np.int16]:
    grey = cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY) if bgr.ndim == 3 else bgr
    return np.asarray(cv2.resize(grey, _THUMB_WH, interpolation=cv2.INTER_AREA), np.int16)

"""Small pictures of recordings, each from one key frame, remembered by content."""

import numpy as np
import numpy.typing as npt

from its_camera_ai.recorder.playing.bounded_cache import BoundedCache
from its_camera_ai.recorder.playing.playback import readable
from its_camera_ai.recorder.playing.played_file import PlayedFile

Picture = npt.NDArray[np.uint8]

CACHE_BYTES = 64 * 1024 * 1024


class Thumbnails:
    """Decodes one key frame per picture.

    Args:
        cache_bytes: what all remembered pictures may take together.
    """

    def __init__(self, cache_bytes: int = CACHE_BYTES) -> None:
        self._cache: BoundedCache[tuple[str, str, int, int, int], Picture] = BoundedCache(
            cache_bytes
        )

    def picture(self, played: PlayedFile, number: int, size_wh: tuple[int, int]) -> Picture:
        """The key frame of a fragment, (H, W, 3) BGR, fitted into a size; black where its shape
        is another.

        Args:
            number: see ``PlayedFile.key_near``.

        Raises:
            RecordingDamaged, InputUnreadable, CameraUnsupported: it can't be decoded.
            StorageUnavailable: the file can't be read.
        """
        own = played.segment
        key = own.id, own.content_hash, number, *size_wh
        known = self._cache.get(key)
        if known is None:
            with readable():
                frame = played.key_picture(number)
            width, height = fitted(frame.size_wh, size_wh)
            known = np.zeros((size_wh[1], size_wh[0], 3), np.uint8)
            left, top = (size_wh[0] - width) // 2, (size_wh[1] - height) // 2
            known[top : top + height, left : left + width] = frame.bgr((width, height))
            self._cache.put(key, known, known.nbytes)
        return known


def fitted(size_wh: tuple[int, int], room_wh: tuple[int, int]) -> tuple[int, int]:
    """The largest size of the same shape that fits.

    >>> fitted((1920, 1080), (160, 160))
    (160, 90)
    """
    scale = min(room_wh[0] / max(size_wh[0], 1), room_wh[1] / max(size_wh[1], 1))
    width, height = (
        min(max(round(side * scale), 1), room) for side, room in zip(size_wh, room_wh, strict=True)
    )
    return width, height


def size_for(width: int, size_wh: tuple[int, int]) -> tuple[int, int]:
    """A thumbnail's size: as wide as asked, never enlarged, no shape more extreme than 1 : 4.

    >>> size_for(160, (1920, 1080))
    (160, 90)
    """
    full_width, full_height = (max(side, 1) for side in size_wh)
    width = min(width, full_width)
    height = round(width * full_height / full_width)
    return width, min(max(height, width // 4, 1), 4 * width)

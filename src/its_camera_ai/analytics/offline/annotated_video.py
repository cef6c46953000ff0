"""H.264 in MP4 with the pictures' own times."""

import contextlib
from fractions import Fraction
from pathlib import Path

import av
import av.error
import cv2
import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame

from its_camera_ai.core.time import NS_PER_S

_TICKS_PER_S = 90_000
_TIME_BASE = Fraction(1, _TICKS_PER_S)


class AnnotatedVideo:
    """Writes pictures at their stream times; the size is that of the first one.

    A picture of another size is fitted in with black borders. A picture whose time is not after
    the one before can't be shown and is left out.

    Args:
        path: the file to write.
        size_wh: pixels; an odd side grows by one, as H.264 needs.
        fps: nominal, for rate control only.
    """

    def __init__(self, path: Path, size_wh: tuple[int, int], fps: float) -> None:
        self._size_wh = (size_wh[0] + size_wh[0] % 2, size_wh[1] + size_wh[1] % 2)
        self._container = av.open(str(path), "w", format="mp4", options={"movflags": "faststart"})
        rate = Fraction(fps or 25).limit_denominator(1001)
        stream = self._container.add_stream("libx264", rate=rate)
        stream.width, stream.height = self._size_wh
        stream.pix_fmt = "yuv420p"
        stream.time_base = stream.codec_context.time_base = _TIME_BASE
        stream.codec_context.max_b_frames = 0  # decoding order is time order
        stream.codec_context.gop_size = max(1, round(2 * rate))
        stream.options = {"preset": "veryfast", "crf": "23"}
        self._stream = stream
        self._last = -1

    def write(self, picture: npt.NDArray[np.uint8], pts_ns: int) -> None:
        """Append an (H, W, 3) BGR picture."""
        ticks = (pts_ns * _TICKS_PER_S + NS_PER_S // 2) // NS_PER_S
        if ticks <= self._last:
            return
        self._last = ticks
        frame = VideoFrame.from_ndarray(self._fitted(picture), format="bgr24")
        frame.pts, frame.time_base = ticks, _TIME_BASE
        self._container.mux(self._stream.encode(frame))

    def close(self) -> None:
        """Finish the file; without this it can't be played."""
        try:
            self._container.mux(self._stream.encode(None))
        finally:
            self._container.close()

    def abandon(self) -> None:
        """Let go after a failure; what the file holds then is of no use."""
        with contextlib.suppress(OSError, av.error.FFmpegError):
            self._container.close()

    def _fitted(self, picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
        width, height = self._size_wh
        h, w = picture.shape[:2]
        if (w, h) == (width, height):
            return picture
        if not (0 <= width - w <= 1 and 0 <= height - h <= 1):
            scale = min(width / w, height / h)
            w, h = max(1, int(w * scale)), max(1, int(h * scale))
            picture = cv2.resize(picture, (w, h), interpolation=cv2.INTER_AREA).astype(np.uint8)
        canvas = np.zeros((height, width, 3), np.uint8)
        top, left = (height - h) // 2, (width - w) // 2
        canvas[top : top + h, left : left + w] = picture
        return canvas

"""USB cameras through Video4Linux. FFmpeg's wheels carry no V4L2, OpenCV's do."""

from collections.abc import Iterator

import cv2
import numpy as np

from its_camera_ai.core.camera_url import CameraUrl
from its_camera_ai.core.errors import CameraTimeout, CameraUnreachable
from its_camera_ai.core.media import TrackInfo
from its_camera_ai.core.time import Clock
from its_camera_ai.video.encoder import H264Encoder, encoded
from its_camera_ai.video.raw import RawPacket


class DeviceSource:
    """Raw pictures of one device, encoded here; a camera's own H.264 is not asked for."""

    audio: TrackInfo | None = None

    def __init__(self, url: CameraUrl, clock: Clock) -> None:
        self._url = url
        self._clock = clock
        self._device = cv2.VideoCapture(url.path, cv2.CAP_V4L2)
        if not self._device.isOpened():
            self._device.release()
            raise CameraUnreachable(
                f"The device {url.path} can't be opened; check that the camera is plugged in, that "
                "no other program uses it, and that this user is in the group 'video'."
            )
        width = int(self._device.get(cv2.CAP_PROP_FRAME_WIDTH)) // 2 * 2
        height = int(self._device.get(cv2.CAP_PROP_FRAME_HEIGHT)) // 2 * 2
        fps = self._device.get(cv2.CAP_PROP_FPS)
        self._encoder = H264Encoder((width, height), fps if 1 <= fps <= 120 else 25.0)
        self.video = self._encoder.info

    def packets(self) -> Iterator[RawPacket]:
        while True:
            ok, picture = self._device.read()
            if not ok:
                raise CameraTimeout(f"The device {self._url.path} gives no pictures any more.")
            even = picture[: self.video.height, : self.video.width].astype(np.uint8, copy=False)
            yield from encoded(self._encoder, even, self._clock.monotonic_ns())

    def close(self) -> None:
        self._device.release()

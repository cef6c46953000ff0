"""H.264 for sources that bring no copyable video: the simulator, MJPEG and raw USB cameras."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame

from its_camera_ai.core.media import MediaKind, TrackInfo
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.video.raw import RawPacket

_TIME_BASE = Fraction(1, 90_000)


@dataclass(frozen=True, slots=True)
class EncodedPicture:
    """One access unit in Annex B framing."""

    data: bytes
    pts_ns: int
    is_key: bool


class H264Encoder:
    """Low-latency H.264: no B-frames, a key frame every ``key_interval_s``.

    Args:
        size_wh: pixels, both even.
        fps: nominal; only rate control needs it, the stamps are the caller's.
    """

    def __init__(
        self, size_wh: tuple[int, int], fps: float, *, key_interval_s: float = 1.0, crf: int = 26
    ) -> None:
        width, height = size_wh
        rate = Fraction(fps).limit_denominator(1001)
        encoder = av.CodecContext.create("libx264", "w")
        assert isinstance(encoder, av.VideoCodecContext)  # noqa: S101  libx264 is a video codec
        encoder.width, encoder.height = width, height
        encoder.pix_fmt = "yuv420p"
        encoder.time_base = _TIME_BASE
        encoder.framerate = rate
        encoder.thread_count = 1
        encoder.gop_size = max(round(float(rate) * key_interval_s), 1)
        encoder.flags |= av.codec.context.Flags.global_header
        encoder.options = {
            "preset": "ultrafast",
            "tune": "zerolatency",
            "crf": str(crf),
            "sc_threshold": "0",
        }
        encoder.open()
        self._encoder = encoder
        self.info = TrackInfo(
            MediaKind.VIDEO, "h264", bytes(encoder.extradata or b""), width, height, fps=fps
        )

    def encode(
        self, picture: npt.NDArray[np.uint8] | VideoFrame, pts_ns: int
    ) -> Iterator[EncodedPicture]:
        """Encode one picture: (H, W, 3) BGR uint8 or a decoded frame of the same size."""
        if isinstance(picture, VideoFrame):
            frame = picture.reformat(
                width=self.info.width, height=self.info.height, format="yuv420p"
            )
        else:
            frame = VideoFrame.from_ndarray(picture, format="bgr24").reformat(format="yuv420p")
        frame.pts = pts_ns * _TIME_BASE.denominator // NS_PER_S
        frame.time_base = _TIME_BASE
        frame.pict_type = av.video.frame.PictureType.NONE
        for packet in self._encoder.encode(frame):
            stamp = packet.pts if packet.pts is not None else frame.pts
            yield EncodedPicture(
                bytes(packet), stamp * NS_PER_S // _TIME_BASE.denominator, packet.is_keyframe
            )


def encoded(
    encoder: H264Encoder, picture: npt.NDArray[np.uint8] | VideoFrame, pts_ns: int
) -> Iterator[RawPacket]:
    """Encode one picture into packets without B-frames: decoding time = presentation time."""
    for unit in encoder.encode(picture, pts_ns):
        yield RawPacket(MediaKind.VIDEO, unit.data, unit.pts_ns, unit.pts_ns, 0, unit.is_key)

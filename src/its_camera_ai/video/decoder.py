"""Packets to frames, in the process that needs the frames."""

from fractions import Fraction
from typing import Any, cast

import av
import av.error
import numpy as np
import numpy.typing as npt
from av.video.codeccontext import VideoCodecContext
from av.video.frame import VideoFrame
from av.video.reformatter import VideoReformatter

from its_camera_ai.core.media import MediaKind, Packet, StreamInfo
from its_camera_ai.core.time import NS_PER_S

_TIME_BASE = Fraction(1, NS_PER_S)


_DECODERS = {"av1": "libdav1d"}  # FFmpeg's own only hands the work to graphics cards


def decoder_name(codec: str) -> str:
    """FFmpeg's name of the decoder that is used for a codec."""
    return _DECODERS.get(codec, codec)


class Frame:
    """One decoded picture, kept alive by the arrays made from it.

    Attributes:
        pts_ns: stream time. wall_ns: UTC. size_wh: pixels.
        picture: FFmpeg's own frame, for re-encoding.
    """

    def __init__(
        self, picture: VideoFrame, pts_ns: int, wall_ns: int, scaler: VideoReformatter
    ) -> None:
        self.picture = picture
        self._scaler = scaler
        self.pts_ns = pts_ns
        self.wall_ns = wall_ns
        self.size_wh = (picture.width, picture.height)

    def luma(self) -> npt.NDArray[np.uint8]:
        """Brightness as (H, W) uint8; without a copy where the format is planar YUV of 8 bits."""
        plane = self.picture.planes[0]
        width, height = self.size_wh
        if self.picture.format.name in (
            "yuv420p",
            "yuvj420p",
            "yuv422p",
            "yuvj422p",
            "nv12",
            "gray",
        ):
            rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
            luma: npt.NDArray[np.uint8] = rows[:height, :width]
            return luma
        grey: npt.NDArray[Any] = self._scaler.reformat(self.picture, format="gray").to_ndarray()
        return grey.astype(np.uint8, copy=False)

    def bgr(self, size_wh: tuple[int, int] | None = None) -> npt.NDArray[np.uint8]:
        """The picture as (H, W, 3) uint8, scaled where a size is given."""
        width, height = size_wh or self.size_wh
        scaled = self._scaler.reformat(self.picture, width=width, height=height, format="bgr24")
        array: npt.NDArray[Any] = scaled.to_ndarray()
        return array.astype(np.uint8, copy=False)


class VideoDecoder:
    """Decodes one generation of one stream, single-threaded (cheapest per frame; callers have a
    thread per camera).

    ``errors`` counts packets that could not be decoded; they cost their frames, nothing else.

    Args:
        info: what is decoded.
        context: FFmpeg's own decoder for it, where the codec needs more than ``info`` holds (raw
            and lossless pictures, old codecs).
    """

    def __init__(self, info: StreamInfo, *, context: VideoCodecContext | None = None) -> None:
        if context is None:
            context = cast(
                VideoCodecContext, VideoCodecContext.create(decoder_name(info.video.codec), "r")
            )
            context.extradata = info.video.extradata or None
        context.thread_count = 1
        self._context = context
        self._scaler = VideoReformatter()
        self._wall_offset_ns = 0
        self.errors = 0

    def decode(self, packet: Packet) -> list[Frame]:
        """The frames that this packet completes (with B-frames, of earlier packets)."""
        if packet.kind is not MediaKind.VIDEO:
            return []
        self._wall_offset_ns = packet.wall_offset_ns
        return self.decode_raw(packet.data, packet.pts_ns, packet.dts_ns)

    def decode_raw(self, data: bytes, pts_ns: int, dts_ns: int) -> list[Frame]:
        """The same for coded bytes that have not become a ``Packet``."""
        coded = av.Packet(data)
        coded.pts = pts_ns
        coded.dts = dts_ns
        coded.time_base = _TIME_BASE
        return self._frames(coded)

    def decode_alone(self, data: bytes, pts_ns: int) -> list[Frame]:
        """The picture of a key frame, without waiting for the packets after it."""
        frames = self.decode_raw(data, pts_ns, pts_ns) + self.flush()
        self._context.flush_buffers()
        return frames

    def flush(self) -> list[Frame]:
        """What the decoder still holds at the end of the stream."""
        return self._frames(None)

    def _frames(self, coded: "av.Packet[Any] | None") -> list[Frame]:
        try:
            pictures = self._context.decode(coded)
        except av.error.EOFError:
            return []
        except av.error.FFmpegError:
            self.errors += 1
            return []
        return [
            Frame(p, p.pts, p.pts + self._wall_offset_ns, self._scaler)
            for p in pictures
            if isinstance(p, VideoFrame) and p.pts is not None
        ]

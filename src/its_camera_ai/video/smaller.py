"""Encodes decoded pictures anew, smaller; slow encoders, one thread each."""

from collections.abc import Iterator
from fractions import Fraction
from typing import cast

import av
import av.error
from av.codec.context import Flags
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType, VideoFrame

from its_camera_ai.core.errors import CameraUnsupported
from its_camera_ai.core.media import MediaKind, TrackInfo
from its_camera_ai.core.storage_policy import CompressionCodec, CompressionStep
from its_camera_ai.video.fmp4 import VIDEO_TIMESCALE

KEY_INTERVAL_S = 4.0
"""Key frames cost most; seeking decodes at most so much."""
X265_PRESETS = (
    "placebo",
    "veryslow",
    "slower",
    "slow",
    "medium",
    "fast",
    "faster",
    "veryfast",
    "superfast",
    "ultrafast",
)
_ENCODERS = {CompressionCodec.AV1: "libsvtav1", CompressionCodec.H265: "libx265"}
_NAMES = {CompressionCodec.AV1: "av1", CompressionCodec.H265: "hevc"}
_FORMATS = ("yuv420p", "yuvj420p")
_TIME_BASE = Fraction(1, VIDEO_TIMESCALE)


def codec_name(codec: CompressionCodec) -> str:
    """FFmpeg's name, as segments bear it."""
    return _NAMES[codec]


def encoder_options(step: CompressionStep) -> tuple[str, dict[str, str]]:
    """FFmpeg's encoder and its options, for one thread."""
    if step.codec is CompressionCodec.AV1:
        options = {"preset": str(step.preset), "crf": str(step.crf), "svtav1-params": "lp=1"}
    else:
        options = {
            "preset": X265_PRESETS[step.preset],
            "crf": str(step.crf),
            "x265-params": "pools=none:frame-threads=1:log-level=none",
        }
    return _ENCODERS[step.codec], options


class SmallEncoder:
    """One stream's encoder.

    Args:
        like: a picture of the stream; size, range and colours are taken over.
        fps: nominal; pictures keep their own times.

    Raises:
        CameraUnsupported: pictures of another form than 8 bits, 4:2:0 and even size, or too small.
    """

    def __init__(self, step: CompressionStep, like: VideoFrame, fps: float) -> None:
        if like.format.name not in _FORMATS or like.width % 2 or like.height % 2:
            raise CameraUnsupported(
                f"Pictures of {like.width} × {like.height} in {like.format.name} can't be "
                "compressed; only 8 bits with 4:2:0 and even sizes can."
            )
        self._range = "JPEG" if like.format.name == "yuvj420p" else None
        name, options = encoder_options(step)
        rate = Fraction(fps if 1 <= fps <= 240 else 25.0).limit_denominator(1001)
        encoder = cast(VideoCodecContext, VideoCodecContext.create(name, "w"))
        encoder.width, encoder.height, encoder.pix_fmt = like.width, like.height, "yuv420p"
        encoder.time_base, encoder.framerate = _TIME_BASE, rate
        encoder.gop_size = max(round(float(rate) * KEY_INTERVAL_S), 1)
        encoder.thread_count = 1
        encoder.flags |= Flags.global_header
        encoder.color_range = 2 if self._range else like.color_range
        encoder.colorspace = like.colorspace
        encoder.options = options
        try:
            encoder.open()
        except (av.error.FFmpegError, ValueError) as error:
            raise CameraUnsupported(
                f"The encoder {name} does not take pictures of {like.width} × {like.height}: "
                f"{error}. Such recordings stay as they are."
            ) from error
        self._encoder = encoder
        self._codec = step.codec
        self._size_wh = like.width, like.height

    @property
    def info(self) -> TrackInfo:
        """How the new stream is coded."""
        width, height = self._size_wh
        extradata = bytes(self._encoder.extradata or b"")
        return TrackInfo(MediaKind.VIDEO, codec_name(self._codec), extradata, width, height)

    def encode(self, picture: VideoFrame, pts: int) -> Iterator[tuple[bytes, int, int, bool]]:
        """Take one picture at this time (ticks of 1/90000 s); gives (data, pts, dts, is_key) of
        what is ready, in decoding order."""
        if (picture.width, picture.height) != self._size_wh:
            raise CameraUnsupported("The size of the pictures changes; it stays as it is.")
        frame = picture
        if picture.format.name != "yuv420p":  # the same values under another name
            frame = picture.reformat(
                format="yuv420p", src_color_range=self._range, dst_color_range=self._range
            )
        frame.pts, frame.time_base = pts, _TIME_BASE
        frame.pict_type = PictureType.NONE
        yield from self._coded(frame)

    def flush(self) -> Iterator[tuple[bytes, int, int, bool]]:
        """What the encoder still holds."""
        yield from self._coded(None)

    def _coded(self, frame: VideoFrame | None) -> Iterator[tuple[bytes, int, int, bool]]:
        for packet in self._encoder.encode(frame):
            if packet.pts is None or packet.dts is None:
                raise CameraUnsupported("The encoder lost the time of a picture; it stays.")
            yield bytes(packet), packet.pts, packet.dts, packet.is_keyframe

"""Decodes what was recorded and codes it anew, for exports that can't be copied."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, cast

import av
import av.error
from av.codec.context import Flags, ThreadType
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType, VideoFrame

from its_camera_ai.core.disk import ReadableFile
from its_camera_ai.core.media import MediaKind, TrackInfo
from its_camera_ai.recorder.exporting.mp4 import MOVIE_TIMESCALE, Opener
from its_camera_ai.recorder.exporting.timeline import Row
from its_camera_ai.video.decoder import decoder_name
from its_camera_ai.video.fmp4 import box, visual_entry
from its_camera_ai.video.nal import decoder_config, length_prefixed

ENTRY_HEAD_BYTES = 86
"""Of a visual sample entry, before the boxes within."""
_TIME_BASE = Fraction(1, MOVIE_TIMESCALE)
_AHEAD_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class CodedPicture:
    """One picture as MP4 holds it; shown when it is decoded."""

    data: bytes
    pts: int
    is_key: bool


class SampleReader:
    """Reads samples out of the files that they lie in: one file open at a time, and ahead, as each
    reading of a bucket is a request.

    Args:
        check: called before each sample; raises to stop.
    """

    def __init__(self, sources: Sequence[Opener], check: Callable[[], None]) -> None:
        self._sources = sources
        self._check = check
        self._number = -1
        self._file: ReadableFile | None = None
        self._ahead, self._ahead_at = b"", 0

    def read(self, row: Row, index: int) -> bytes:
        """One sample.

        Raises:
            OSError: it can't be read.
        """
        self._check()
        number = int(row.source[index])
        if self._file is None or number != self._number:
            self.close()
            self._file, self._number = self._sources[number](), number
        size, at = int(row.samples.size[index]), int(row.samples.at[index])
        if not self._ahead_at <= at <= at + size <= self._ahead_at + len(self._ahead):
            self._ahead, self._ahead_at = self._file.read(max(size, _AHEAD_BYTES), at), at
        begin = at - self._ahead_at
        data = self._ahead[begin : begin + size]
        if len(data) < size:
            raise OSError("a recording became shorter while it was read")
        return data

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None
            self._ahead = b""


def configuration(entry: bytes) -> bytes:
    """The decoder configuration record within a visual sample entry.

    Raises:
        ValueError: there is none.
    """
    at = ENTRY_HEAD_BYTES
    while at + 8 <= len(entry):
        size = int.from_bytes(entry[at : at + 4], "big")
        if entry[at + 4 : at + 8] in (b"avcC", b"hvcC", b"av1C"):
            return entry[at + 8 : at + size]
        at += max(size, 8)
    raise ValueError("the recording has no decoder configuration")


class PictureDecoder:
    """Decodes one configuration.

    ``errors`` counts samples that could not be decoded.
    """

    def __init__(self, codec: str, entry: bytes, *, keys_only: bool = False) -> None:
        self._context = cast(VideoCodecContext, VideoCodecContext.create(decoder_name(codec), "r"))
        self._context.extradata = configuration(entry)
        self._context.thread_count = 1
        if keys_only:
            self._context.thread_type = ThreadType.NONE
        self.errors = 0

    def decode(self, data: bytes, pts: int) -> list[tuple[VideoFrame, int]]:
        """Pictures that are ready, in the order that they are shown, with their stamps."""
        packet = av.Packet(data)
        packet.pts, packet.time_base = pts, _TIME_BASE
        return self._frames(packet)

    def flush(self) -> list[tuple[VideoFrame, int]]:
        """What is still inside."""
        found = self._frames(None)
        self._context.flush_buffers()
        return found

    def _frames(self, packet: "av.Packet[Any] | None") -> list[tuple[VideoFrame, int]]:
        try:
            frames = self._context.decode(packet)
        except (av.error.InvalidDataError, av.error.EOFError):
            self.errors += 1
            return []
        return [(frame, frame.pts) for frame in frames if frame.pts is not None]


def decoded(
    row: Row, begin: int, end: int, reader: SampleReader, decoder: PictureDecoder
) -> Iterator[tuple[VideoFrame, int]]:
    """The pictures of samples ``[begin, end)``, in the order that they are shown."""
    for index in range(begin, end):
        yield from decoder.decode(reader.read(row, index), int(row.samples.pts[index]))
    yield from decoder.flush()


@dataclass(frozen=True, slots=True)
class Coding:
    """How pictures are coded.

    Attributes:
        fps: nominal, for rate control.
        crf: x264's constant quality; lower is better.
        key_interval: pictures from one key frame to the next at the most.
        profile: x264's name of it; empty lets it choose.
        parameter_id: of its SPS and PPS.
    """

    fps: float
    crf: int = 20
    key_interval: int = 50
    profile: str = ""
    parameter_id: int = 0


class PictureEncoder:
    """H.264 without B-frames, made for the first picture's size and colours.

    Attributes:
        entry: its sample entry box.
        record: the decoder configuration record within.
    """

    def __init__(self, like: VideoFrame, coding: Coding) -> None:
        encoder = VideoCodecContext.create("libx264", "w")
        encoder.width, encoder.height = like.width, like.height
        self.pix_fmt = "yuvj420p" if like.format.name.startswith("yuvj") else "yuv420p"
        encoder.pix_fmt = self.pix_fmt
        encoder.time_base = _TIME_BASE
        encoder.framerate = Fraction(max(coding.fps, 1)).limit_denominator(1001)
        encoder.thread_count = 1
        encoder.gop_size = coding.key_interval
        encoder.max_b_frames = 0
        encoder.flags |= Flags.global_header
        encoder.color_range, encoder.colorspace = like.color_range, like.colorspace
        encoder.options = {
            "preset": "veryfast",
            "crf": str(coding.crf),
            "sc_threshold": "0",
            "x264-params": f"sps-id={coding.parameter_id}:sync-lookahead=0:rc-lookahead=10",
            **({"profile": coding.profile} if coding.profile else {}),
        }
        encoder.open()
        self._encoder = encoder
        self.size_wh = (like.width, like.height)
        config = decoder_config("h264", bytes(encoder.extradata or b""))
        info = TrackInfo(MediaKind.VIDEO, "h264", b"", like.width, like.height)
        self.record = config.record
        self.entry = visual_entry(config.fourcc, info, box(config.box_type, config.record))

    def encode(self, frame: VideoFrame, pts: int) -> list[CodedPicture]:
        """Stamps must rise."""
        if (frame.width, frame.height) != self.size_wh or frame.format.name != self.pix_fmt:
            width, height = self.size_wh
            frame = frame.reformat(width=width, height=height, format=self.pix_fmt)
        frame.pts, frame.time_base = pts, _TIME_BASE
        frame.pict_type = PictureType.NONE
        return self._coded(frame)

    def flush(self) -> list[CodedPicture]:
        return self._coded(None)

    def _coded(self, frame: VideoFrame | None) -> list[CodedPicture]:
        return [
            CodedPicture(b"".join(length_prefixed(bytes(packet))), packet.pts, packet.is_keyframe)
            for packet in self._encoder.encode(frame)
            if packet.pts is not None
        ]

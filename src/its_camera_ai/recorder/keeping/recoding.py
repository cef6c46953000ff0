"""Encodes one recording anew and proves the result, all in memory: nothing is written that was not
found to be good."""

import hashlib
import io
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import av
import av.error
import numpy as np
import numpy.typing as npt
from av.audio.stream import AudioStream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from its_camera_ai.core.errors import CameraUnsupported
from its_camera_ai.core.media import MediaKind, Packet, StreamInfo, TrackInfo
from its_camera_ai.core.segments import Segment
from its_camera_ai.core.storage_policy import CompressionStep
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.recorder.files.segment_format import (
    DIGEST_BYTES,
    Description,
    Seal,
    check_box,
    description_box,
    seal_head,
    segment_of,
)
from its_camera_ai.recorder.writing.fragments import FragmentCutter
from its_camera_ai.video.fmp4 import VIDEO_TIMESCALE, FragmentMuxer
from its_camera_ai.video.smaller import SmallEncoder
from its_camera_ai.video.ssim import ssim

SAMPLES = 8
"""Pictures that are compared, spread evenly."""
_ENDLESS_NS = 2**62

Grey = npt.NDArray[np.uint8]


class Unfit(Exception):
    """A recording that stays as it is, and why."""


class Stopped(Exception):
    """The work is to end."""


@dataclass(frozen=True, slots=True)
class Recoded:
    """A new file and what was measured of it.

    Attributes:
        segment: its index row, in the same place as the original.
        ssim_min: of the compared pictures the least similar one.
    """

    segment: Segment
    data: bytes
    ssim_min: float

    def saving(self, original: Segment) -> float:
        """By which share it is smaller, of 1."""
        return 1 - len(self.data) / original.size_bytes


def recode(
    data: bytes, segment: Segment, step: CompressionStep, stopped: Callable[[], bool]
) -> Recoded:
    """Encode a recording anew: the same pictures at the same times, the same sound.

    Args:
        data: the whole file.

    Raises:
        Unfit: damaged, of a form that can't be encoded, or the result is not what it should be.
        Stopped: as asked.
    """
    if segment.content_hash != hashlib.sha256(data[:-DIGEST_BYTES]).hexdigest():
        raise Unfit("its content is not as sealed")
    try:
        reading = _Reading(data, segment)
        coded = list(_encoded(reading, step, stopped))
        made, file = _file(reading, coded, segment, step)
        least = _compared(file, reading, stopped)
    except (av.error.FFmpegError, CameraUnsupported, ValueError) as error:
        raise Unfit(str(error)) from error
    return Recoded(made, file, least)


@dataclass(frozen=True, slots=True)
class _Coded:
    data: bytes
    pts: int
    dts: int
    is_key: bool


class _Reading:
    """The original: its pictures one by one, its sound as it is, and some pictures to compare."""

    def __init__(self, data: bytes, segment: Segment) -> None:
        self._data = data
        self._segment = segment
        wanted = np.linspace(0, max(segment.frames - 1, 0), SAMPLES).round().astype(int)
        self._wanted = frozenset(wanted.tolist())
        self.pts: list[int] = []
        self.samples: dict[int, Grey] = {}
        self.sound: list[av.Packet[AudioStream]] = []
        self.sound_info: TrackInfo | None = None
        self.encoder_info: TrackInfo | None = None

    @property
    def fps(self) -> float:
        return self._segment.frames * NS_PER_S / max(self._segment.duration_ns, 1)

    def pictures(self, stopped: Callable[[], bool]) -> Iterator[tuple[VideoFrame, int]]:
        """Each picture and its time in ticks of 1/90000 s."""
        with av.open(io.BytesIO(self._data), "r", format="mp4") as file:
            video = file.streams.video[0]
            video.codec_context.thread_count = 1
            sound = file.streams.audio[0] if file.streams.audio else None
            if sound is not None:
                self.sound_info = _sound_info(sound)
            for packet in file.demux():
                if stopped():
                    raise Stopped
                if packet.stream is sound and packet.dts is not None:
                    self.sound.append(packet)  # type: ignore[arg-type]  # the stream says which
                if packet.stream is not video:
                    continue
                for picture in packet.decode():
                    yield self._noted(picture, video)  # type: ignore[arg-type]  # of a video stream
        if len(self.pts) != self._segment.frames:
            raise ValueError(f"{len(self.pts)} of {self._segment.frames} pictures can be decoded")

    def _noted(self, picture: VideoFrame, video: VideoStream) -> tuple[VideoFrame, int]:
        if picture.pts is None or video.time_base is None:
            raise ValueError("a picture has no time")
        pts = round(picture.pts * video.time_base * VIDEO_TIMESCALE)
        if len(self.pts) in self._wanted:
            self.samples[len(self.pts)] = _luma(picture)
        self.pts.append(pts)
        return picture, pts


def _encoded(
    reading: _Reading, step: CompressionStep, stopped: Callable[[], bool]
) -> Iterator[_Coded]:
    encoder: SmallEncoder | None = None
    for picture, pts in reading.pictures(stopped):
        if encoder is None:
            encoder = SmallEncoder(step, picture, reading.fps)
        yield from (_Coded(*coded) for coded in encoder.encode(picture, pts))
    if encoder is None:
        raise ValueError("it holds no picture")
    yield from (_Coded(*coded) for coded in encoder.flush())
    reading.encoder_info = encoder.info


def _file(
    reading: _Reading, coded: Sequence[_Coded], segment: Segment, step: CompressionStep
) -> tuple[Segment, bytes]:
    """The new file: described, checked and sealed like any other."""
    if reading.encoder_info is None:
        raise ValueError("nothing was encoded")
    info = StreamInfo(
        segment.camera_id,
        segment.role,
        segment.generation,
        reading.encoder_info,
        reading.sound_info,
    )
    muxer = FragmentMuxer(info, audio=True)
    packets = _packets(reading, coded, info, segment)
    description = Description(
        segment.id,
        segment.camera_id,
        segment.role,
        segment.generation,
        segment.start_wall_ns,
        segment.start_pts_ns,
        info.video.codec,
        segment.width,
        segment.height,
        muxer.has_audio,
        original_hash=segment.original_hash or segment.content_hash,
    )
    pieces: list[bytes | memoryview] = [muxer.init, description_box(description)]
    base_ns = min(packet.dts_ns for packet in packets)
    for fragment in _fragments(packets):
        written = muxer.pieces(fragment, base_ns)
        pieces += [*written, check_box(written)]
    seal = Seal(
        segment.duration_ns, segment.frames, segment.previous_hash, activity=segment.activity
    )
    pieces.append(seal_head(seal))
    body = b"".join(pieces)
    digest = hashlib.sha256(body)
    made = segment_of(
        description,
        seal,
        path=compressed_path(segment.path, info.video.codec),
        size_bytes=len(body) + DIGEST_BYTES,
        content_hash=digest.hexdigest(),
        tier=segment.tier,
    )
    return made, body + digest.digest()


def compressed_path(path: str, codec: str) -> str:
    """Where the new file goes: beside the original, with the codec before its suffix.

    >>> compressed_path("gate/main/2026-05-01/10-00-00-000_0123456789ab.mp4", "av1")
    'gate/main/2026-05-01/10-00-00-000_0123456789ab.av1.mp4'
    """
    folder, slash, name = path.rpartition("/")
    return f"{folder}{slash}{name.partition('.')[0]}.{codec}.mp4"


def _packets(
    reading: _Reading, coded: Sequence[_Coded], info: StreamInfo, segment: Segment
) -> list[Packet]:
    """Pictures and sound, in the order in which they are decoded."""
    offset_ns = segment.start_wall_ns - segment.start_pts_ns
    first = reading.pts[0]
    order = {pts: at for at, pts in enumerate(sorted(reading.pts))}
    ends = [*sorted(reading.pts)[1:], first + segment.duration_ns * VIDEO_TIMESCALE // NS_PER_S]

    def wall(ticks: int) -> int:
        return segment.start_pts_ns + (ticks - first) * NS_PER_S // VIDEO_TIMESCALE

    found = []
    for number, one in enumerate(coded):
        length = max(ends[order[one.pts]] - one.pts, 1) if one.pts in order else 1
        found.append(
            Packet(
                info,
                MediaKind.VIDEO,
                number,
                wall(one.pts),
                wall(one.dts),
                length * NS_PER_S // VIDEO_TIMESCALE,
                offset_ns,
                one.is_key,
                one.data,
            )
        )
    for number, packet in enumerate(reading.sound):
        pts, dts, base = packet.pts, packet.dts, packet.time_base
        if pts is None or dts is None:
            continue
        scale = base * VIDEO_TIMESCALE
        found.append(
            Packet(
                info,
                MediaKind.AUDIO,
                number,
                wall(round(pts * scale)),
                wall(round(dts * scale)),
                round((packet.duration or 0) * base * NS_PER_S),
                offset_ns,
                True,
                bytes(packet),
            )
        )
    return sorted(found, key=lambda packet: packet.dts_ns)


def _fragments(packets: Sequence[Packet]) -> Iterator[list[Packet]]:
    cutter = FragmentCutter(_ENDLESS_NS)
    for packet in packets:
        ended = cutter.put(packet)
        if ended is not None:
            yield ended.packets
    last = cutter.end()
    if last is not None:
        yield last.packets


def _compared(file: bytes, reading: _Reading, stopped: Callable[[], bool]) -> float:
    """Decode the new file: every picture is there at its time; how similar is the worst sample?"""
    pts: list[int] = []
    least = 1.0
    with av.open(io.BytesIO(file), "r", format="mp4") as opened:
        video = opened.streams.video[0]
        video.codec_context.thread_count = 1
        for picture in opened.decode(video):
            if stopped():
                raise Stopped
            if picture.pts is None or video.time_base is None:
                raise ValueError("a new picture has no time")
            sample = reading.samples.get(len(pts))
            if sample is not None:
                least = min(least, ssim(sample, _luma(picture)))
            pts.append(round(picture.pts * video.time_base * VIDEO_TIMESCALE))
    was, now = np.diff(sorted(reading.pts)), np.diff(pts)
    if len(pts) != len(reading.pts) or (len(was) and np.abs(was - now).max() > 1):
        raise ValueError("the new file has not the same pictures at the same times")
    return least


def _luma(picture: VideoFrame) -> Grey:
    plane = picture.planes[0]
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    return rows[: picture.height, : picture.width].copy()


def _sound_info(sound: AudioStream) -> TrackInfo:
    context = sound.codec_context
    return TrackInfo(
        MediaKind.AUDIO,
        context.name,
        bytes(context.extradata or b""),
        sample_rate=context.sample_rate,
        channels=context.channels,
    )

"""Packets and what their stream is made of. Packets cross process borders; frames never do."""

from dataclasses import dataclass
from enum import StrEnum

import msgspec


class StreamRole(StrEnum):
    """``main`` is recorded, ``sub`` is looked at; a camera with one stream uses it for both."""

    MAIN = "main"
    SUB = "sub"


class MediaKind(StrEnum):
    VIDEO = "video"
    AUDIO = "audio"


@dataclass(frozen=True, slots=True)
class TrackInfo:
    """How one elementary stream is coded.

    Attributes:
        codec: ``h264``, ``hevc``, ``aac`` …, FFmpeg's names.
        extradata: decoder configuration as FFmpeg gives it (Annex B or avcC/hvcC; AAC config).
        width, height: pixels; 0 for audio.
        sample_rate, channels: 0 for video.
        fps: nominal frames per second; 0 where unknown.
    """

    kind: MediaKind
    codec: str
    extradata: bytes
    width: int = 0
    height: int = 0
    sample_rate: int = 0
    channels: int = 0
    fps: float = 0.0


@dataclass(frozen=True, slots=True)
class StreamInfo:
    """One connected stream of a camera in one generation.

    ``generation`` rises by one whenever the camera reconnects or changes codec, size or decoder
    configuration; nothing decoded before may be mixed with what comes after.
    """

    camera_id: str
    role: StreamRole
    generation: int
    video: TrackInfo
    audio: TrackInfo | None = None


class Packet(msgspec.Struct, frozen=True, gc=False):
    """One coded picture or audio frame with its place in time.

    Attributes:
        info: the stream that it belongs to.
        kind: video or audio.
        seq: counts every packet of the stream since ingest connected it first; a gap is a loss.
        pts_ns, dts_ns: stream time; ``dts_ns`` strictly rises per kind within a generation.
        duration_ns: nominal, > 0.
        wall_offset_ns: wall time = ``pts_ns`` + this.
        is_key: decoding can start here.
        data: the coded bytes, in the form that ``info`` describes.
    """

    info: StreamInfo
    kind: MediaKind
    seq: int
    pts_ns: int
    dts_ns: int
    duration_ns: int
    wall_offset_ns: int
    is_key: bool
    data: bytes

    @property
    def wall_ns(self) -> int:
        return self.pts_ns + self.wall_offset_ns

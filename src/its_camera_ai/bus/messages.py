"""Everything that crosses a process border, as typed messages in MessagePack."""

from enum import StrEnum

import msgspec
import numpy as np

from its_camera_ai.core.media import MediaKind, Packet, StreamInfo, StreamRole
from its_camera_ai.core.tracks import FrameTracks, Unknown


class PacketHeader(msgspec.Struct, frozen=True, array_like=True):
    """What travels beside a packet's bytes. ``info`` rides on key frames only."""

    kind: MediaKind
    seq: int
    generation: int
    pts_ns: int
    dts_ns: int
    duration_ns: int
    wall_offset_ns: int
    is_key: bool
    info: StreamInfo | None


class TracksMessage(msgspec.Struct, frozen=True, array_like=True):
    """``FrameTracks`` of one camera; arrays as little-endian bytes in the stated dtypes."""

    camera_id: str
    generation: int
    pts_ns: int
    wall_ns: int
    size_wh: tuple[int, int]
    track_id: bytes
    xyxy: bytes
    score: bytes
    class_id: bytes
    observed: bytes
    unknown: Unknown | None
    looks_per_s: float

    @classmethod
    def of(cls, camera_id: str, generation: int, tracks: FrameTracks) -> "TracksMessage":
        return cls(
            camera_id,
            generation,
            tracks.pts_ns,
            tracks.wall_ns,
            tracks.size_wh,
            tracks.track_id.tobytes(),
            tracks.xyxy.tobytes(),
            tracks.score.tobytes(),
            tracks.class_id.tobytes(),
            tracks.observed.tobytes(),
            tracks.unknown,
            tracks.looks_per_s,
        )

    def tracks(self) -> FrameTracks:
        return FrameTracks(
            self.pts_ns,
            self.wall_ns,
            self.size_wh,
            np.frombuffer(self.track_id, np.int64),
            np.frombuffer(self.xyxy, np.float32).reshape(-1, 4),
            np.frombuffer(self.score, np.float32),
            np.frombuffer(self.class_id, np.int8),
            np.frombuffer(self.observed, np.bool_),
            self.unknown,
            self.looks_per_s,
        )


class CameraState(StrEnum):
    """What ingest knows of one stream."""

    CONNECTING = "connecting"
    ONLINE = "online"
    RETRYING = "retrying"
    REFUSED = "refused"
    ENDED = "ended"
    DISABLED = "disabled"


class StreamStatus(msgspec.Struct, frozen=True):
    """One stream as ingest sees it. Counters run since the process started.

    ``unrecorded_packets`` is what the recorder had to give up; ``jumps`` how often the camera's
    time stamps jumped. ``error`` is the last failure in words, without credentials.
    """

    camera_id: str
    role: StreamRole
    state: CameraState
    since_wall_ns: int
    error: str = ""
    codec: str = ""
    width: int = 0
    height: int = 0
    fps: float = 0.0
    bitrate_bps: float = 0.0
    packets: int = 0
    reconnects: int = 0
    generation: int = 0
    last_packet_wall_ns: int = 0
    recorded_packets: int = 0
    unrecorded_packets: int = 0
    recording: bool = False
    recording_problem: str = ""
    jumps: int = 0


class VisionStatus(msgspec.Struct, frozen=True):
    """One camera as vision sees it. Counters run since the process started."""

    camera_id: str
    model: str
    frames: int = 0
    frames_unprocessed: int = 0
    motion_frames: int = 0
    looks: int = 0
    unknown: int = 0
    looks_per_s: float = 0.0
    latency_ms_p95: float = 0.0
    packets_lost: int = 0


class RoleStatus(msgspec.Struct, frozen=True):
    """The heartbeat of one process, once a second, with what it knows.

    ``busy_s`` is CPU time by stage since the process started, for the share-of-cores table.
    """

    role: str
    index: int
    pid: int
    wall_ns: int
    started_wall_ns: int
    ready: bool
    rss_bytes: int = 0
    cpu_s: float = 0.0
    streams: list[StreamStatus] = []
    vision: list[VisionStatus] = []
    busy_s: dict[str, float] = {}
    counters: dict[str, float] = {}
    problems: list[str] = []


def packet_header(packet: Packet) -> PacketHeader:
    return PacketHeader(
        packet.kind,
        packet.seq,
        packet.info.generation,
        packet.pts_ns,
        packet.dts_ns,
        packet.duration_ns,
        packet.wall_offset_ns,
        packet.is_key,
        packet.info if packet.is_key and packet.kind is MediaKind.VIDEO else None,
    )


def packet_from(header: PacketHeader, info: StreamInfo, data: bytes) -> Packet:
    return Packet(
        info,
        header.kind,
        header.seq,
        header.pts_ns,
        header.dts_ns,
        header.duration_ns,
        header.wall_offset_ns,
        header.is_key,
        data,
    )

"""Recordings as the recorder makes them, for tests of what reads them."""

from collections.abc import Iterable
from pathlib import Path

from its_camera_ai.core.camera_url import CameraUrl
from its_camera_ai.core.media import Packet, StreamInfo, StreamRole
from its_camera_ai.core.segments import Segment
from its_camera_ai.recorder.volumes.volume import Volume
from its_camera_ai.recorder.writing.recorder import Recorder
from its_camera_ai.store.disk import RealDisk
from its_camera_ai.video.demux import Demuxer
from its_camera_ai.video.stamps import with_stamps
from tests.support.clips import ClipSpec, make_clip


class _Index:
    def __init__(self) -> None:
        self.segments: list[Segment] = []

    def add(self, segment: Segment) -> None:
        self.segments.append(segment)


def camera_packets(
    spec: ClipSpec,
    *,
    start_ns: int,
    camera_id: str = "gate",
    generation: int = 1,
    wall_offset_ns: int = 0,
) -> list[Packet]:
    """A clip's packets as a camera's, its first picture decoded at ``start_ns`` of stream time."""
    with Demuxer(CameraUrl.parse(str(make_clip(spec)))) as demuxer:
        info = StreamInfo(camera_id, StreamRole.MAIN, generation, demuxer.video, demuxer.audio)
        raws = list(with_stamps(demuxer.packets()))
    shift = start_ns - min(r.dts_ns or 0 for r in raws)
    return [
        Packet(
            info,
            raw.kind,
            1 + i,
            (raw.pts_ns or 0) + shift,
            (raw.dts_ns or 0) + shift,
            raw.duration_ns,
            wall_offset_ns,
            raw.is_key,
            raw.data,
        )
        for i, raw in enumerate(raws)
    ]


def record(root: Path, packets: Iterable[Packet], *, segment_s: float = 2.0) -> list[Segment]:
    """Record them through the real recorder and its real files; gives the closed files."""
    index = _Index()
    recorder = Recorder(Volume(RealDisk(), root), index, segment_s=segment_s)
    generation = None
    for packet in packets:
        if generation not in (None, packet.info.generation):
            recorder.end_connection()
        generation = packet.info.generation
        recorder.put(packet)
    recorder.close()
    return index.segments

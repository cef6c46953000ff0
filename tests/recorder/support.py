"""Packets for recorder tests, and an index that remembers."""

from its_camera_ai.core.camera_url import CameraUrl
from its_camera_ai.core.media import Packet, StreamInfo, StreamRole
from its_camera_ai.core.segments import Segment
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.video.demux import Demuxer
from its_camera_ai.video.stamps import with_stamps
from tests.support.clips import ClipSpec, make_clip

WALL_NS = 1_700_000_000 * NS_PER_S


def packets(
    spec: ClipSpec, *, generation: int = 1, first_seq: int = 1, start_ns: int = WALL_NS
) -> list[Packet]:
    """A clip's packets as a camera's, its first picture at ``start_ns``."""
    with Demuxer(CameraUrl.parse(str(make_clip(spec)))) as demuxer:
        info = StreamInfo("cam", StreamRole.MAIN, generation, demuxer.video, demuxer.audio)
        raws = list(with_stamps(demuxer.packets()))
    shift = start_ns - min(r.dts_ns or 0 for r in raws)
    return [
        Packet(
            info,
            raw.kind,
            first_seq + i,
            (raw.pts_ns or 0) + shift,
            (raw.dts_ns or 0) + shift,
            raw.duration_ns,
            0,
            raw.is_key,
            raw.data,
        )
        for i, raw in enumerate(raws)
    ]


class RememberingIndex:
    """Stands in for the database's index of segments."""

    def __init__(self) -> None:
        self.segments: list[Segment] = []

    def add(self, segment: Segment) -> None:
        self.segments.append(segment)

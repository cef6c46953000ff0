"""Recordings as the recorder leaves them, made from clips at once."""

import itertools
from pathlib import Path

from its_camera_ai.core.camera_url import CameraUrl
from its_camera_ai.core.ids import new_id
from its_camera_ai.core.media import Packet, StreamInfo, StreamRole
from its_camera_ai.core.segments import Segment
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.recorder.files.media_tree import place_of
from its_camera_ai.recorder.files.segment_file import SegmentWriter
from its_camera_ai.recorder.writing.fragments import FragmentCutter
from its_camera_ai.store.disk import RealDisk
from its_camera_ai.video.demux import Demuxer
from its_camera_ai.video.stamps import with_stamps
from tests.support.clips import ClipSpec, make_clip

_numbers = itertools.count(1)


def closed_segment(
    root: Path,
    clip: ClipSpec | Path,
    *,
    camera_id: str = "cam",
    start_wall_ns: int = 1_700_000_000 * NS_PER_S,
    previous_hash: str = "00" * 32,
) -> Segment:
    """Record a whole clip into one file beneath ``root``; the file and its row."""
    path = clip if isinstance(clip, Path) else make_clip(clip)
    with Demuxer(CameraUrl.parse(str(path))) as demuxer:
        info = StreamInfo(camera_id, StreamRole.MAIN, 1, demuxer.video, demuxer.audio)
        raws = list(with_stamps(demuxer.packets()))
    found = [
        Packet(
            info,
            raw.kind,
            number,
            raw.pts_ns or 0,
            raw.dts_ns or 0,
            raw.duration_ns,
            start_wall_ns,
            raw.is_key,
            raw.data,
        )
        for number, raw in enumerate(raws, 1)
    ]
    cutter, first = FragmentCutter(2**62), found[0]
    fragments = [fragment for p in found if (fragment := cutter.put(p)) is not None]
    last = cutter.end()
    fragments += [last] if last is not None else []
    media_id = new_id(start_wall_ns, lambda size: next(_numbers).to_bytes(size, "big"))
    place = place_of(camera_id, StreamRole.MAIN, first.wall_ns, media_id)
    writer = SegmentWriter(RealDisk(), root / place, info, first, media_id)
    for fragment in fragments:
        writer.append(fragment.packets)
    return writer.close(root, previous_hash=previous_hash)

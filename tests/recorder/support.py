"""Packets for recorder tests, and an index that remembers."""

import itertools
from collections.abc import Callable
from pathlib import Path

from its_camera_ai.core.camera_url import CameraUrl
from its_camera_ai.core.disk import Disk
from its_camera_ai.core.media import Packet, StreamInfo, StreamRole
from its_camera_ai.core.segments import Segment
from its_camera_ai.core.storage_policy import StoragePolicy
from its_camera_ai.core.time import NS_PER_S, Clock, SystemClock
from its_camera_ai.recorder.volumes.expected_volume import ExpectedVolumeFile
from its_camera_ai.recorder.volumes.reserve import Reserve
from its_camera_ai.recorder.volumes.volume_identity import prepare_volume
from its_camera_ai.recorder.writing.recording_storage import RecordingStorage
from its_camera_ai.store.disk import RealDisk
from its_camera_ai.store.segments import SegmentRepository
from its_camera_ai.video.demux import Demuxer
from its_camera_ai.video.stamps import with_stamps
from tests.support.clips import ClipSpec, make_clip

WALL_NS = 1_700_000_000 * NS_PER_S


def packets(
    spec: ClipSpec, *, generation: int = 1, first_seq: int = 1, start_ns: int = WALL_NS
) -> list[Packet]:
    """A clip's packets as a camera's, its first picture at ``start_ns``."""
    path = str(make_clip(spec))
    return packets_of(path, generation=generation, first_seq=first_seq, start_ns=start_ns)


def packets_of(
    path: str, *, generation: int = 1, first_seq: int = 1, start_ns: int = WALL_NS
) -> list[Packet]:
    """The same for any file."""
    with Demuxer(CameraUrl.parse(path)) as demuxer:
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


def recording_storage(
    folder: Path,
    segments: Callable[[], SegmentRepository],
    *,
    disk: Disk | None = None,
    root: Path | None = None,
    policy: StoragePolicy | None = None,
    reserve: str = "1M",
    clock: Clock | None = None,
) -> RecordingStorage:
    """A marked volume in ``<folder>/media`` as the recording process has it; not started."""
    ids = itertools.count(1)
    clock, used, wanted = clock or SystemClock(), disk or RealDisk(), policy or StoragePolicy()
    root = root or folder / "media"
    expected = ExpectedVolumeFile(RealDisk(), folder)
    prepare_volume(RealDisk(), root, expected, new_id=lambda: f"id{next(ids)}", clock=clock)
    return RecordingStorage(
        used,
        root,
        expected=expected,
        segments=segments,
        policy=lambda: wanted,
        reserve=Reserve.parse(reserve),
        has_warm=False,
        clock=clock,
    )


class RememberingIndex:
    """Stands in for the database's index of segments."""

    def __init__(self) -> None:
        self.segments: list[Segment] = []

    def add(self, segment: Segment) -> None:
        self.segments.append(segment)

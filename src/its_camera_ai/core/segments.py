"""Segments: the files that recordings are made of."""

from dataclasses import dataclass
from enum import StrEnum

from its_camera_ai.core.activity import SegmentActivity
from its_camera_ai.core.media import StreamRole


class Tier(StrEnum):
    """Where a file lies: the fast disk that is recorded to, another disk or bucket, an archive."""

    HOT = "hot"
    WARM = "warm"
    COLD = "cold"


class SegmentState(StrEnum):
    """What the last look at a file found.

    ``damaged`` files are kept and never served as good; ``missing`` ones keep their row, so that
    what was lost can be told.
    """

    GOOD = "good"
    DAMAGED = "damaged"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Segment:
    """One closed recording file, as the index knows it.

    Attributes:
        id: the media id; also stands in the file itself.
        path: relative to the root of its tier, with ``/``.
        start_wall_ns: wall time of the first picture.
        start_pts_ns: stream time of the first picture.
        duration_ns: from the first picture to the end of the last.
        size_bytes: of the file.
        frames: pictures in it.
        codec: FFmpeg's name of the video codec.
        generation: the stream generation that it was cut from.
        content_hash: SHA-256, 64 hex digits, of the file without its last 32 bytes, which hold the
            same; empty for files of before there were seals.
        previous_hash: ``content_hash`` of the segment that this camera's stream wrote before; empty
            where that is not known.
        original_hash: of a file that was compressed: the hash of what it was made from.
        activity: what vision saw; None if it saw nothing of this file.
        verified_wall_ns: when the content was last compared with its hash; 0 is never.
    """

    id: str
    camera_id: str
    role: StreamRole
    path: str
    start_wall_ns: int
    start_pts_ns: int
    duration_ns: int
    size_bytes: int
    frames: int
    codec: str
    width: int
    height: int
    has_audio: bool
    generation: int
    content_hash: str = ""
    previous_hash: str = ""
    original_hash: str = ""
    activity: SegmentActivity | None = None
    tier: Tier = Tier.HOT
    state: SegmentState = SegmentState.GOOD
    verified_wall_ns: int = 0

    @property
    def end_wall_ns(self) -> int:
        return self.start_wall_ns + self.duration_ns

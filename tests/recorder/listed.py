"""Rows of the index for tests of what is made from them alone."""

from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.store.segment_list import ListedSegment

WALL_NS = 1_780_000_000 * NS_PER_S
FILE_S = 20


def listed(number: int, **changes: object) -> ListedSegment:
    """The ``number``-th file of 20 s of an uninterrupted recording."""
    start_ns = WALL_NS + number * FILE_S * NS_PER_S
    made = ListedSegment(
        id=f"id-{number}",
        start_wall_ns=start_ns,
        end_wall_ns=start_ns + FILE_S * NS_PER_S,
        start_pts_ns=start_ns,
        duration_ns=FILE_S * NS_PER_S,
        size_bytes=1000 + number,
        frames=500,
        codec="h264",
        width=1920,
        height=1080,
        has_audio=False,
        generation=7,
        content_hash=f"{number:064x}"[::-1],
        original_hash="",
        tier="hot",
        state="good",
    )
    return made._replace(**changes)  # type: ignore[arg-type]  # the caller names real fields


def moved(segment: ListedSegment, *, wall_s: float = 0, pts_s: float = 0) -> ListedSegment:
    """The same at another time."""
    return segment._replace(
        start_wall_ns=segment.start_wall_ns + round(wall_s * NS_PER_S),
        end_wall_ns=segment.end_wall_ns + round(wall_s * NS_PER_S),
        start_pts_ns=segment.start_pts_ns + round(pts_s * NS_PER_S),
    )

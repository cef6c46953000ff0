"""What is recorded, in the order in which it is played, and where it is interrupted."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from its_camera_ai.core.segments import SegmentState
from its_camera_ai.core.time import NS_PER_MS
from its_camera_ai.store.segment_list import ListedSegment

SEAM_NS = 250 * NS_PER_MS
"""A hole at the border of two files that is shorter goes on being the same recording; so does one
of less than one and a half frames of a slow camera."""


_GOOD = str(SegmentState.GOOD)  # compared thousands of times in a playlist


class GapReason(StrEnum):
    """Why there is nothing to be shown."""

    NOT_RECORDED = "not_recorded"
    DAMAGED = "damaged"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Gap:
    """A span without pictures, wall ns."""

    since_ns: int
    until_ns: int
    reason: GapReason


@dataclass(frozen=True, slots=True)
class Stretch:
    """Files that are one uninterrupted recording.

    Attributes:
        since_ns, until_ns: wall time.
    """

    since_ns: int
    until_ns: int
    files: int
    size_bytes: int


def in_order(found: Sequence[ListedSegment]) -> list[ListedSegment]:
    """As they were recorded: by stream time, connections to the camera as a whole. A wall clock
    that was set back can't mix them."""
    begins: dict[int, int] = {}
    for segment in found:
        begin = begins.get(segment.generation, segment.start_pts_ns)
        begins[segment.generation] = min(begin, segment.start_pts_ns)
    return sorted(found, key=lambda s: (begins[s.generation], s.generation, s.start_pts_ns))


def goes_on(before: ListedSegment, after: ListedSegment) -> bool:
    """Whether one file's pictures follow on the other's without a hole."""
    if before.generation != after.generation:
        return False
    hole_ns = after.start_pts_ns - before.start_pts_ns - before.duration_ns
    return -SEAM_NS <= hole_ns <= SEAM_NS or abs(hole_ns) <= _seam_ns(before)


def _seam_ns(before: ListedSegment) -> int:
    return max(SEAM_NS, 3 * before.duration_ns // (2 * max(before.frames, 1)))


def unshown(segment: ListedSegment) -> GapReason | None:
    """Why a file is not shown; None if it is."""
    if segment.state == _GOOD:
        return None
    missing = segment.state == SegmentState.MISSING
    return GapReason.MISSING if missing else GapReason.DAMAGED


def stretches(ordered: Sequence[ListedSegment]) -> list[Stretch]:
    """The uninterrupted recordings among files in order. A step of the wall clock ends one too."""
    found: list[Stretch] = []
    previous: ListedSegment | None = None
    for segment in ordered:
        if unshown(segment) is not None:
            previous = None
            continue
        start_ns, end_ns = segment.start_wall_ns, segment.end_wall_ns
        if (
            previous is not None
            and goes_on(previous, segment)
            and (
                abs(start_ns - previous.end_wall_ns) <= SEAM_NS
                or abs(start_ns - previous.end_wall_ns) <= _seam_ns(previous)
            )
        ):
            last = found[-1]
            size_bytes = last.size_bytes + segment.size_bytes
            end_ns = max(last.until_ns, end_ns)
            found[-1] = Stretch(last.since_ns, end_ns, last.files + 1, size_bytes)
        else:
            found.append(Stretch(start_ns, end_ns, 1, segment.size_bytes))
        previous = segment
    return found


def gaps(ordered: Sequence[ListedSegment], since_ns: int, until_ns: int) -> list[Gap]:
    """What of ``[since, until)`` is not shown, by time; recordings that overlap count once."""
    found: list[Gap] = []
    at = since_ns
    latest: ListedSegment | None = None  # of those so far, the one that lasts longest
    for segment in sorted(ordered, key=_span):
        start_ns, end_ns = segment.start_wall_ns, segment.end_wall_ns
        if start_ns - at > SEAM_NS and (latest is None or start_ns - at > _seam_ns(latest)):
            found.append(Gap(at, min(start_ns, until_ns), GapReason.NOT_RECORDED))
        reason = unshown(segment)
        if reason is not None:
            begin, end = max(start_ns, at), min(end_ns, until_ns)
            if end > begin:
                found.append(Gap(begin, end, reason))
        if end_ns > at:
            at, latest = end_ns, segment
    if until_ns - at > SEAM_NS:
        found.append(Gap(at, until_ns, GapReason.NOT_RECORDED))
    return found


def _span(segment: ListedSegment) -> tuple[int, int]:
    return segment.start_wall_ns, segment.end_wall_ns

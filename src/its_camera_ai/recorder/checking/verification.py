"""Compares many recordings with their hashes at once, because someone asked for it."""

from collections.abc import Callable
from dataclasses import dataclass

from its_camera_ai.core.errors import RecordingArchived, StorageUnavailable
from its_camera_ai.core.segments import Segment, SegmentState
from its_camera_ai.core.time import Clock
from its_camera_ai.recorder.files.media import Media
from its_camera_ai.recorder.files.verify import verify
from its_camera_ai.store.segments import SegmentRepository

BATCH = 32


@dataclass(slots=True)
class Verification:
    """What was found; ``unread`` says nothing about the files, only about their disk or tier."""

    good: int = 0
    size_bytes: int = 0
    damaged: int = 0
    missing: int = 0
    archived: int = 0
    unread: int = 0


def verify_all(
    repository: SegmentRepository,
    media: Media,
    *,
    clock: Clock,
    camera_id: str = "",
    since_wall_ns: int | None = None,
    until_wall_ns: int | None = None,
    bad: Callable[[Segment, str, str], None] = lambda segment, state, reason: None,
) -> Verification:
    """Read all recordings of a span, in every tier, and keep what is found in the index.

    Args:
        camera_id: only this one's.
        bad: told of each that is not good: the segment, what it is, and why.

    Raises:
        DatabaseUnavailable: what was found could not be kept.
    """
    done = Verification()
    looked: list[tuple[Segment, SegmentState]] = []
    for of_camera, role in repository.streams():
        if camera_id not in ("", of_camera):
            continue
        for segment in repository.each(of_camera, role, since_wall_ns, until_wall_ns):
            state = _look(media, segment, done, bad)
            if state is not None:
                looked.append((segment, state))
            if len(looked) >= BATCH:
                repository.judge(looked, clock.wall_ns())
                looked = []
    repository.judge(looked, clock.wall_ns())
    return done


def _look(
    media: Media,
    segment: Segment,
    done: Verification,
    bad: Callable[[Segment, str, str], None],
) -> SegmentState | None:
    try:
        verdict = verify(media, segment)
    except RecordingArchived:
        done.archived += 1
        return None
    except StorageUnavailable as error:
        done.unread += 1
        bad(segment, "not read", str(error))
        return None
    match verdict.state:
        case SegmentState.GOOD:
            done.good += 1
            done.size_bytes += segment.size_bytes
        case SegmentState.DAMAGED:
            done.damaged += 1
        case SegmentState.MISSING:
            done.missing += 1
    if verdict.state is not SegmentState.GOOD:
        bad(segment, verdict.state, verdict.reason)
    return verdict.state

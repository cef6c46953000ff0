"""What a time line draws of a camera: where there are recordings, gaps, activity and bookmarks."""

from collections.abc import Iterable
from typing import Annotated

import msgspec
from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from its_camera_ai.api.deps import Deps
from its_camera_ai.api.guards import allow
from its_camera_ai.api.policies import Policy
from its_camera_ai.api.problems import NotFound
from its_camera_ai.api.recorded import exact, span
from its_camera_ai.core.holds import HoldKind
from its_camera_ai.core.media import StreamRole
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.recorder.playing.playback import FILES_MAX
from its_camera_ai.recorder.playing.timeline import GapReason, gaps, stretches

router = APIRouter(prefix="/api/v1/cameras", tags=["playback"])

BUCKETS_MAX = 1000
MARKS_MAX = 500


class TimelineStretch(BaseModel):
    """An uninterrupted recording."""

    since: str
    until: str
    files: int
    size_bytes: int


class TimelineGap(BaseModel):
    """A span without pictures."""

    since: str
    until: str
    reason: GapReason


class TimelineActivity(BaseModel):
    """How much moved, by parts of equal length from ``since`` on.

    ``moving``: share of the seconds that vision saw, 0–1, null where it saw none.
    """

    bucket_s: float
    moving: list[float | None]
    objects: dict[str, list[int]] = Field(description="most at once, by class; classes seen only")


class TimelineMark(BaseModel):
    """A bookmark in brief."""

    id: str
    since: str
    until: str
    title: str


class TimelineHold(BaseModel):
    """An active hold that covers a moment of the span; ``camera`` is null if it holds all."""

    id: str
    kind: HoldKind
    camera: str | None
    since: str
    until: str


class TimelineView(BaseModel):
    """A camera's span in brief."""

    since: str
    until: str
    stretches: list[TimelineStretch]
    gaps: list[TimelineGap]
    activity: TimelineActivity
    bookmarks: list[TimelineMark] = Field(description="the first 500 by time")
    holds: list[TimelineHold] = Field(description="the first 500 by time")
    size_bytes: int
    files: int


class _Seen(msgspec.Struct):
    """``core.activity.SegmentActivity`` without its packed cells."""

    known_s: int
    moving_s: int
    objects: dict[str, int]


@router.get("/{camera_id}/timeline", dependencies=[allow(Policy.VIEWER)])
def timeline(
    camera_id: str,
    deps: Deps,
    since: Annotated[str, Query(description="RFC 3339")],
    until: Annotated[str, Query(description="RFC 3339, at most 7 days later")],
    buckets: Annotated[int, Query(ge=1, le=BUCKETS_MAX)] = 288,
    role: StreamRole = StreamRole.MAIN,
) -> TimelineView:
    """What there is of a span, merged so that a day is one small answer."""
    since_ns, until_ns = span(since, until)
    ordered = deps.playback.files(camera_id, role, since_ns, until_ns)
    if not ordered and deps.cameras.get(camera_id) is None:
        known = deps.segments.latest(camera_id, role)
        if known is None:
            raise NotFound(f"There is no camera '{camera_id}' and none of its recordings.")
    ends_ns = min(until_ns, max(deps.clock.wall_ns(), since_ns))  # the future is no gap
    seen = deps.listed.activity(camera_id, role, since_ns, until_ns, FILES_MAX)
    marks = deps.bookmarks.find(camera_id, since_ns, until_ns, limit=MARKS_MAX)
    held = deps.holds.active(camera_id, since_ns, until_ns)[:MARKS_MAX]
    return TimelineView(
        since=exact(since_ns),
        until=exact(until_ns),
        stretches=[
            TimelineStretch(
                since=exact(s.since_ns),
                until=exact(s.until_ns),
                files=s.files,
                size_bytes=s.size_bytes,
            )
            for s in stretches(ordered)
        ],
        gaps=[
            TimelineGap(since=exact(g.since_ns), until=exact(g.until_ns), reason=g.reason)
            for g in gaps(ordered, since_ns, ends_ns)
        ],
        activity=_activity(seen, since_ns, until_ns, buckets),
        bookmarks=[
            TimelineMark(
                id=m.id, since=exact(m.since_wall_ns), until=exact(m.until_wall_ns), title=m.title
            )
            for m in marks
        ],
        holds=[
            TimelineHold(
                id=h.id,
                kind=h.kind,
                camera=h.camera_id,
                since=exact(max(h.since_wall_ns, since_ns)),
                until=exact(min(h.until_wall_ns, until_ns)),
            )
            for h in held
        ],
        size_bytes=sum(s.size_bytes for s in ordered),
        files=len(ordered),
    )


def _activity(
    seen: Iterable[tuple[int, int, bytes]], since_ns: int, until_ns: int, buckets: int
) -> TimelineActivity:
    """A file counts for the part that its middle lies in."""
    length_ns = until_ns - since_ns
    known_s, moving_s = [0] * buckets, [0] * buckets
    objects: dict[str, list[int]] = {}
    decoder = msgspec.msgpack.Decoder(_Seen)
    for start_ns, end_ns, packed in seen:
        middle_ns = (start_ns + end_ns) // 2
        number = min(max((middle_ns - since_ns) * buckets // length_ns, 0), buckets - 1)
        try:
            found = decoder.decode(packed)
        except msgspec.DecodeError:
            continue  # a damaged summary is no reason to show nothing
        known_s[number] += found.known_s
        moving_s[number] += found.moving_s
        for label, count in found.objects.items():
            most = objects.setdefault(label, [0] * buckets)
            most[number] = max(most[number], count)
    moving = [round(m / k, 3) if k else None for m, k in zip(moving_s, known_s, strict=True)]
    return TimelineActivity(
        bucket_s=length_ns / buckets / NS_PER_S,
        moving=moving,
        objects=dict(sorted(objects.items())),
    )

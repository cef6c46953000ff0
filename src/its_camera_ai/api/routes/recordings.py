"""Recorded segments: which there are, and their files."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response, StreamingResponse
from pydantic import BaseModel, Field

from its_camera_ai.api.deps import ApiDeps, Deps
from its_camera_ai.api.guards import allow
from its_camera_ai.api.media import ByteRange, MediaFile, planned
from its_camera_ai.api.policies import Policy
from its_camera_ai.api.problems import NotFound, RangeUnsatisfiable
from its_camera_ai.api.times import check_span, wall_time
from its_camera_ai.core.activity import SegmentActivity
from its_camera_ai.core.errors import RecordingDamaged, RecordingGone
from its_camera_ai.core.media import StreamRole
from its_camera_ai.core.segments import Segment, SegmentState, Tier
from its_camera_ai.core.time import NS_PER_S, iso_utc
from its_camera_ai.store.media_store import GONE

router = APIRouter(prefix="/api/v1", tags=["recordings"])

LIMIT_MAX = 5000


class ActivityView(BaseModel):
    """What vision saw of one recording; of the seconds that are not known it saw nothing."""

    known_s: int
    moving_s: int
    objects: dict[str, int] = Field(description="most at once, by class")


class RecordingView(BaseModel):
    """One recording file."""

    id: str
    start: str = Field(description="RFC 3339, UTC")
    end: str = Field(description="RFC 3339, UTC")
    duration_s: float
    size_bytes: int
    codec: str
    width: int
    height: int
    frames: int
    tier: Tier = Field(description="where it lies; archived ones (cold) may have to be restored")
    state: SegmentState = Field(description="damaged and missing ones are told, never played")
    activity: ActivityView | None = Field(description="null where vision saw nothing of it")
    url: str = Field(description="where the file is to be had")


class Recordings(BaseModel):
    """Recordings, oldest first."""

    items: list[RecordingView]


def _activity_view(activity: SegmentActivity | None) -> ActivityView | None:
    if activity is None:
        return None
    return ActivityView(
        known_s=activity.known_s, moving_s=activity.moving_s, objects=activity.objects
    )


def _view(segment: Segment) -> RecordingView:
    return RecordingView(
        id=segment.id,
        start=iso_utc(segment.start_wall_ns),
        end=iso_utc(segment.end_wall_ns),
        duration_s=round(segment.duration_ns / NS_PER_S, 3),
        size_bytes=segment.size_bytes,
        codec=segment.codec,
        width=segment.width,
        height=segment.height,
        frames=segment.frames,
        tier=segment.tier,
        state=segment.state,
        activity=_activity_view(segment.activity),
        url=f"/api/v1/recordings/{segment.id}/media",
    )


@router.get("/cameras/{camera_id}/recordings", dependencies=[allow(Policy.VIEWER)])
def recordings(
    camera_id: str,
    deps: Deps,
    since: Annotated[str | None, Query(description="RFC 3339")] = None,
    until: Annotated[str | None, Query(description="RFC 3339")] = None,
    role: StreamRole = StreamRole.MAIN,
    limit: Annotated[int, Query(ge=1, le=LIMIT_MAX)] = 1000,
) -> Recordings:
    """The recordings of a camera that share a moment with the span. A camera that was removed
    keeps its recordings; page on with ``since`` = the last one's ``end``."""
    since_ns, until_ns = wall_time("since", since), wall_time("until", until)
    check_span(since_ns, until_ns)
    found = deps.segments.find(camera_id, role, since_ns, until_ns, limit)
    if not found and deps.cameras.get(camera_id) is None:
        raise NotFound(f"There is no camera '{camera_id}' and none of its recordings.")
    return Recordings(items=[_view(segment) for segment in found])


_MEDIA_RESPONSES: dict[int | str, dict[str, object]] = {
    200: {"description": "The whole file", "content": {"video/mp4": {}}},
    206: {"description": "The range asked for", "content": {"video/mp4": {}}},
    409: {"description": "Damaged; or in an archive, and to be restored first"},
    410: {"description": "Indexed, but the file is no longer there"},
    416: {"description": "Range outside the file"},
}


@router.get(
    "/recordings/{recording_id}/media",
    dependencies=[allow(Policy.VIEWER)],
    response_class=Response,
    responses=_MEDIA_RESPONSES,
)
def media(recording_id: str, request: Request, deps: Deps) -> Response:
    """The file, whole or by one byte range."""
    segment = _segment(deps, recording_id)
    opened = MediaFile(deps.media.open(segment))
    try:
        headers, part, status = _plan(request, segment, opened)
    except RangeUnsatisfiable:
        opened.close()
        raise
    return StreamingResponse(opened.send(part), status, headers, media_type="video/mp4")


@router.head(
    "/recordings/{recording_id}/media",
    dependencies=[allow(Policy.VIEWER)],
    response_class=Response,
    include_in_schema=False,
)
def media_head(recording_id: str, request: Request, deps: Deps) -> Response:
    """The headers alone."""
    segment = _segment(deps, recording_id)
    opened = MediaFile(deps.media.open(segment))
    try:
        headers, _, status = _plan(request, segment, opened)
    finally:
        opened.close()
    return Response(None, status, headers, media_type="video/mp4")


def _segment(deps: ApiDeps, recording_id: str) -> Segment:
    segment = deps.segments.get(recording_id)
    if segment is None:
        raise NotFound("There is no recording with this id; retention may have removed it.")
    if segment.state is SegmentState.DAMAGED:
        raise RecordingDamaged(
            "The content of this recording no longer matches its hash: its disk damaged it, or "
            "someone changed it. It is kept as it is; look for another copy in exports and backups."
        )
    if segment.state is SegmentState.MISSING:
        raise RecordingGone(GONE)
    return segment


def _plan(
    request: Request, segment: Segment, opened: MediaFile
) -> tuple[dict[str, str], ByteRange, int]:
    tag = f'"{segment.id}-{opened.size_bytes}"'
    headers, part, status = planned(request.headers, opened, tag)
    name = f"{segment.camera_id}-{segment.id}.mp4"
    headers["Content-Disposition"] = f'inline; filename="{name}"'
    return headers, part, status

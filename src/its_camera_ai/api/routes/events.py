"""What happened, newest first."""

from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from its_camera_ai.api.deps import Deps
from its_camera_ai.api.guards import allow
from its_camera_ai.api.policies import Policy
from its_camera_ai.api.times import check_span, wall_time
from its_camera_ai.core.events import Event, EventKind
from its_camera_ai.core.time import iso_utc

router = APIRouter(prefix="/api/v1", tags=["events"])

LIMIT_MAX = 1000


class EventView(BaseModel):
    """One event."""

    id: str
    kind: EventKind
    camera_id: str
    time: str = Field(description="RFC 3339, UTC")
    pts_ns: str = Field(description="stream time in ns, as text: it exceeds a double")
    track_id: int | None
    detail: dict[str, Any]


class EventPageView(BaseModel):
    """Part of a search, newest first; ask for the rest with ``cursor``."""

    items: list[EventView]
    next_cursor: str | None


def _view(event: Event) -> EventView:
    return EventView(
        id=event.id,
        kind=event.kind,
        camera_id=event.camera_id,
        time=iso_utc(event.wall_ns),
        pts_ns=str(event.pts_ns),
        track_id=event.track_id,
        detail=event.detail,
    )


@router.get("/events", dependencies=[allow(Policy.VIEWER)])
def events(
    deps: Deps,
    camera: Annotated[str | None, Query(max_length=64)] = None,
    kind: Annotated[list[EventKind] | None, Query(description="may be repeated")] = None,
    since: Annotated[str | None, Query(description="RFC 3339; included")] = None,
    until: Annotated[str | None, Query(description="RFC 3339; not included")] = None,
    limit: Annotated[int, Query(ge=1, le=LIMIT_MAX)] = 100,
    cursor: Annotated[str | None, Query(max_length=512)] = None,
) -> EventPageView:
    """Search the events."""
    since_ns, until_ns = wall_time("since", since), wall_time("until", until)
    check_span(since_ns, until_ns)
    page = deps.events.find(
        camera_id=camera,
        kinds=kind,
        since_wall_ns=since_ns,
        until_wall_ns=until_ns,
        limit=limit,
        cursor=cursor,
    )
    return EventPageView(items=[_view(item) for item in page.items], next_cursor=page.next_cursor)

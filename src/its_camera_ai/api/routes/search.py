"""Searches through what vision saw."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from its_camera_ai.api.deps import ApiDeps, Deps
from its_camera_ai.api.guards import allow
from its_camera_ai.api.policies import Policy
from its_camera_ai.api.problems import NotFound
from its_camera_ai.api.times import check_span, wall_time
from its_camera_ai.core.time import iso_utc
from its_camera_ai.recorder.playing.motion_search import (
    CORNERS_MAX,
    SPANS_MAX,
    MotionFound,
    MotionQuery,
    parse_area,
)

router = APIRouter(prefix="/api/v1/search", tags=["recordings"])

Corner = Annotated[list[float], Field(min_length=2, max_length=2)]
Label = Annotated[str, Field(max_length=32)]


class MotionSearchBody(BaseModel):
    """What to look for; a polygon with many corners is easier to send so."""

    model_config = ConfigDict(extra="forbid")

    camera: str = Field(max_length=64)
    area: list[Corner] = Field(
        default_factory=list,
        max_length=CORNERS_MAX,
        description="Corners `[x, y]` as fractions of the picture; without it the whole picture.",
    )
    since: str | None = Field(default=None, description="RFC 3339; without it from the beginning")
    until: str | None = Field(default=None, description="RFC 3339; without it until now")
    min_s: float = Field(default=0.0, ge=0, le=86_400, description="Shorter spans are left out.")
    classes: list[Label] = Field(
        default_factory=list,
        max_length=8,
        description="Only in files in which an object of one of these classes was seen.",
    )
    order: str = Field(default="newest", pattern="^(newest|oldest)$")
    limit: int = Field(default=100, ge=1, le=SPANS_MAX)


class MovedView(BaseModel):
    """Something moved in the area."""

    since: str = Field(description="RFC 3339, UTC")
    until: str = Field(description="RFC 3339, UTC")
    moving_s: int = Field(description="seconds of it with movement")


class UnknownView(BaseModel):
    """Recorded, but not seen by vision."""

    since: str = Field(description="RFC 3339, UTC")
    until: str = Field(description="RFC 3339, UTC")


class MotionView(BaseModel):
    """One page of an answer."""

    items: list[MovedView]
    unknown: list[UnknownView] = Field(
        description="in order of time, at most 1000: recorded, but nobody saw whether something "
        "moved"
    )
    unknown_s: float = Field(description="seconds of all that is unknown")
    next: str | None = Field(
        description="where the next page begins: its `until` if newest first, else its `since`; "
        "null if this is all"
    )
    segments: int = Field(description="files gone through")


@router.get("/motion", dependencies=[allow(Policy.VIEWER)])
def search_motion(
    deps: Deps,
    camera: Annotated[str, Query(max_length=64)],
    area: Annotated[
        str, Query(max_length=4000, description="x,y x,y x,y as fractions of the picture")
    ] = "",
    since: Annotated[str | None, Query(description="RFC 3339")] = None,
    until: Annotated[str | None, Query(description="RFC 3339")] = None,
    min_s: Annotated[float, Query(ge=0, le=86_400)] = 0.0,
    classes: Annotated[
        list[str] | None, Query(alias="class", max_length=8, description="person, car, …")
    ] = None,
    order: Annotated[str, Query(pattern="^(newest|oldest)$")] = "newest",
    limit: Annotated[int, Query(ge=1, le=SPANS_MAX)] = 100,
) -> MotionView:
    """When something moved in a part of a camera's picture, from what vision saw when it was
    recorded. ``order=newest&limit=1`` tells when an area last changed."""
    corners = parse_area(area) if area.strip() else ()
    return _search(deps, camera, corners, since, until, min_s, tuple(classes or ()), order, limit)


@router.post("/motion", dependencies=[allow(Policy.VIEWER)])
def search_motion_by_body(deps: Deps, body: MotionSearchBody) -> MotionView:
    """The same, with the question in the body."""
    corners = tuple((x, y) for x, y in body.area)
    return _search(
        deps,
        body.camera,
        corners,
        body.since,
        body.until,
        body.min_s,
        tuple(body.classes),
        body.order,
        body.limit,
    )


def _search(
    deps: ApiDeps,
    camera: str,
    area: tuple[tuple[float, float], ...],
    since: str | None,
    until: str | None,
    min_s: float,
    classes: tuple[str, ...],
    order: str,
    limit: int,
) -> MotionView:
    since_ns, until_ns = wall_time("since", since), wall_time("until", until)
    check_span(since_ns, until_ns)
    query = MotionQuery(
        camera,
        0 if since_ns is None else since_ns,
        int(deps.clock.wall_ns()) if until_ns is None else until_ns,
        area,
        classes,
        min_s,
        order == "newest",
        limit,
    )
    found = deps.motion.find(query)
    if not found.segments and deps.cameras.get(camera) is None:
        raise NotFound(f"There is no camera '{camera}' and none of its recordings.")
    return _view(found)


def _view(found: MotionFound) -> MotionView:
    return MotionView(
        items=[
            MovedView(
                since=iso_utc(span.since_wall_ns),
                until=iso_utc(span.until_wall_ns),
                moving_s=span.moving_s,
            )
            for span in found.spans
        ],
        unknown=[UnknownView(since=iso_utc(a), until=iso_utc(b)) for a, b in found.unknown],
        unknown_s=round(found.unknown_s, 3),
        next=None if found.next_wall_ns is None else iso_utc(found.next_wall_ns),
        segments=found.segments,
    )

"""Interval tables: what was measured, minute by minute."""

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from its_camera_ai.analytics.measures.derived import Measures, measures_of
from its_camera_ai.analytics.measures.places import PlaceFacts, facts_of
from its_camera_ai.api.deps import ApiDeps, Deps
from its_camera_ai.api.guards import allow
from its_camera_ai.api.policies import Policy
from its_camera_ai.api.times import check_span, wall_time
from its_camera_ai.api.traffic import PlaceView, known_place, place_view, plane_of
from its_camera_ai.core.interval_store import GapReason
from its_camera_ai.core.intervals import IntervalRow, Place, PlaceKind
from its_camera_ai.core.road import Direction
from its_camera_ai.core.scene import Scene
from its_camera_ai.core.time import iso_utc

router = APIRouter(prefix="/api/v1/analytics", tags=["analytics"])

ROWS_MAX = 10_000

CameraQuery = Annotated[str, Query(max_length=64)]
IdQuery = Annotated[str, Query(max_length=200)]


class CameraPlaceView(PlaceView):
    """A place of a camera."""

    camera: str


class PlacesView(BaseModel):
    """Everything at which something was measured."""

    items: list[CameraPlaceView]


class RowView(BaseModel):
    """One interval."""

    start: str = Field(description="RFC 3339, UTC")
    measures: Measures


class GapView(BaseModel):
    """A span of which nothing is known."""

    since: str = Field(description="RFC 3339, UTC")
    until: str = Field(description="RFC 3339, UTC")
    reason: GapReason


class TableView(BaseModel):
    """One place over a span of time; every interval of it has a row."""

    camera: str
    place: PlaceView
    length_s: int
    rows: list[RowView]
    gaps: list[GapView]
    next: str | None = Field(description="`since` of the next page; null if this is all")


class DayView(BaseModel):
    """One local day, 23 to 25 hours long."""

    day: date
    measures: Measures


class DaysView(BaseModel):
    """One place, day by day."""

    camera: str
    place: PlaceView
    time_zone: str
    days: list[DayView]


@router.get("/places", dependencies=[allow(Policy.VIEWER)])
def places(deps: Deps, camera: Annotated[str | None, Query(max_length=64)] = None) -> PlacesView:
    """At which lines, lanes, zones, gates and movements something was measured."""
    scenes = {c.id: c.scene for c in deps.cameras.all()}
    return PlacesView(
        items=[
            CameraPlaceView(
                camera=camera_id, **place_view(place, scenes.get(camera_id)).model_dump()
            )
            for camera_id, place in deps.traffic.intervals.places(camera)
        ]
    )


@router.get("/intervals", dependencies=[allow(Policy.VIEWER)])
def intervals(
    deps: Deps,
    camera: CameraQuery,
    kind: PlaceKind,
    place: IdQuery,
    since: Annotated[str, Query(description="RFC 3339; included")],
    until: Annotated[str, Query(description="RFC 3339; not included")],
    direction: Annotated[Direction | None, Query(description="of a line")] = None,
    lane: IdQuery = "",
    length: Annotated[int, Query(description="seconds: 60, 300, 900 or 3600")] = 900,
    limit: Annotated[int, Query(ge=1, le=ROWS_MAX)] = 2000,
) -> TableView:
    """The rows of one place that begin in a span, without holes: an interval of which nothing is
    known has ``missing_share`` 1. A measure is null where the row does not allow it."""
    where = known_place(deps.traffic.intervals, camera, kind, place, direction, lane)
    since_ns, until_ns = wall_time("since", since) or 0, wall_time("until", until) or 0
    check_span(since_ns, until_ns)
    table = deps.traffic.intervals.table(camera, where, length, since_ns, until_ns, limit=limit)
    scene = scene_of_camera(deps, camera)
    facts = place_facts(deps, camera, where, scene)
    following = table.next_since_wall_ns
    return TableView(
        camera=camera,
        place=place_view(where, scene),
        length_s=length,
        rows=[
            RowView(start=iso_utc(row.start_wall_ns), measures=measures_of(row, facts))
            for row in table.rows
        ],
        gaps=[
            GapView(
                since=iso_utc(gap.since_wall_ns),
                until=iso_utc(gap.until_wall_ns),
                reason=gap.reason,
            )
            for gap in table.gaps
        ],
        next=None if following is None else iso_utc(following),
    )


@router.get("/days", dependencies=[allow(Policy.VIEWER)])
def days(
    deps: Deps,
    camera: CameraQuery,
    kind: PlaceKind,
    place: IdQuery,
    first: date,
    last: date,
    direction: Annotated[Direction | None, Query(description="of a line")] = None,
    lane: IdQuery = "",
) -> DaysView:
    """The local days of one place, by the site's time zone; the day of a clock change has 23 or 25
    hours."""
    where = known_place(deps.traffic.intervals, camera, kind, place, direction, lane)
    zone = deps.cameras.site().time_zone or "UTC"
    scene = scene_of_camera(deps, camera)
    facts = place_facts(deps, camera, where, scene)
    found = []
    for total in deps.traffic.intervals.days(camera, where, first, last, zone):
        length_s = round(total.span.length_s)
        row = IntervalRow(
            camera, where, total.span.since_wall_ns, length_s, total.tally, total.length_m
        )
        found.append(DayView(day=total.day or first, measures=measures_of(row, facts)))
    return DaysView(camera=camera, place=place_view(where, scene), time_zone=zone, days=found)


def scene_of_camera(deps: ApiDeps, camera_id: str) -> Scene | None:
    """None for a camera that is no longer there; its tables are kept."""
    camera = deps.cameras.get(camera_id)
    return None if camera is None else camera.scene


def place_facts(deps: ApiDeps, camera_id: str, place: Place, scene: Scene | None) -> PlaceFacts:
    """What the scene says of a place, as it is now."""
    if scene is None:
        return PlaceFacts()
    told = deps.state.tracks(camera_id)
    return facts_of(scene, place, plane_of(scene, told.size_wh if told else None))

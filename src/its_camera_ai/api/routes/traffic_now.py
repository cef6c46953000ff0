"""How traffic is now, and who went where."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from its_camera_ai.analytics.measures.congestion import DENSITY_AND_SPEED
from its_camera_ai.analytics.measures.derived import Measures, measures_of
from its_camera_ai.analytics.measures.places import facts_of
from its_camera_ai.analytics.measures.speeds import mean_of
from its_camera_ai.api.deps import ApiDeps, Deps
from its_camera_ai.api.guards import allow
from its_camera_ai.api.policies import Policy
from its_camera_ai.api.routes.intervals import CameraPlaceView
from its_camera_ai.api.times import check_span, wall_time
from its_camera_ai.api.traffic import place_view, plane_of
from its_camera_ai.core.cameras import Camera
from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.ground import Floats, GroundPlane
from its_camera_ai.core.intervals import LATE_S, IntervalRow, Place, PlaceKind, Tally
from its_camera_ai.core.local_days import Span
from its_camera_ai.core.road import Lane, Turn
from its_camera_ai.core.scene import Line, Scene, Zone
from its_camera_ai.core.time import NS_PER_S, iso_utc

router = APIRouter(prefix="/api/v1/analytics", tags=["analytics"])

NOW_MINUTES = 5
MINUTE_NS = 60 * NS_PER_S
SHOWN = (PlaceKind.LINE, PlaceKind.LANE, PlaceKind.ZONE, PlaceKind.GATE)
UNASSIGNED = "unassigned"

Pair = tuple[float, float]


class LevelView(CameraPlaceView):
    """One place as it is now."""

    since: str = Field(description="RFC 3339, UTC")
    until: str
    measures: Measures
    congestion: str | None = Field(description="free, dense, heavy or jam; null while unknown")
    picture: list[Pair] = Field(description="its shape, fractions of the picture; empty for gates")
    metres: list[Pair] | None = Field(description="its shape on the road; null if not calibrated")
    lon_lat: list[Pair] | None = Field(description="the same on Earth, where that is known")


class LevelsView(BaseModel):
    """All places of the cameras that are measured."""

    items: list[LevelView]


class MovementView(BaseModel):
    """Those who went from one crossing to another."""

    movement: str = Field(description="id in the scene; empty for a pair that has none")
    name: str
    entry: str = Field(description="such as `north:in`; empty for `unassigned`")
    exit: str
    turn: Turn | None
    approach: str
    volume: int
    by_class: dict[str, int]
    travel_s: float | None = Field(description="mean from entry to exit")
    delay_s: float | None = Field(description="mean, against free flow")


class MovementsView(BaseModel):
    """Origins and destinations of one camera in a span."""

    camera: str
    since: str
    until: str
    items: list[MovementView]
    unassigned: int = Field(description="crossed lines, but entry or exit was not seen")
    missing_share: float = Field(description="of the span, 0–1: nobody looked")


@router.get("/levels", dependencies=[allow(Policy.VIEWER)])
def levels(deps: Deps, camera: Annotated[str | None, Query(max_length=64)] = None) -> LevelsView:
    """Flow, speed, density and level of service of the last five whole minutes, of every place of
    the scenes as they are now."""
    until = (int(deps.clock.wall_ns()) - round(LATE_S * NS_PER_S)) // MINUTE_NS * MINUTE_NS
    span = Span(until - NOW_MINUTES * MINUTE_NS, until)
    cameras = [c for c in deps.cameras.all() if camera in (None, c.id) and c.enabled and c.detect]
    return LevelsView(items=[view for c in cameras for view in _levels(deps, c, span)])


def _levels(deps: ApiDeps, camera: Camera, span: Span) -> list[LevelView]:
    told = deps.state.tracks(camera.id)
    plane = plane_of(camera.scene, told.size_wh if told else None)
    found = []
    for _, place in deps.traffic.intervals.places(camera.id):
        shape = _shape(camera.scene, place, plane)
        if place.kind not in SHOWN or place.lane or shape is None:
            continue
        (total,) = deps.traffic.intervals.totals(camera.id, place, [span])
        row = IntervalRow(
            camera.id,
            place,
            span.since_wall_ns,
            NOW_MINUTES * 60,
            total.tally,
            total.length_m,
        )
        measures = measures_of(row, facts_of(camera.scene, place, plane))
        state = DENSITY_AND_SPEED.state(
            density_vpkm=measures.density_vpkm, speed_kmh=measures.space_mean_kmh
        )
        picture, metres, lon_lat = shape
        found.append(
            LevelView(
                camera=camera.id,
                **place_view(place, camera.scene).model_dump(),
                since=iso_utc(span.since_wall_ns),
                until=iso_utc(span.until_wall_ns),
                measures=measures,
                congestion=None if state is None else state.label,
                picture=picture,
                metres=metres,
                lon_lat=lon_lat,
            )
        )
    return found


Shape = tuple[list[Pair], list[Pair] | None, list[Pair] | None]


def _shape(scene: Scene, place: Place, plane: GroundPlane | None) -> Shape | None:
    """None for a place that the scene has no more."""
    if place.kind is PlaceKind.GATE:
        return ([], None, None) if any(g.id == place.id for g in scene.gates) else None
    parts: tuple[Line | Zone | Lane, ...] = (*scene.lines, *scene.zones, *scene.lanes)
    part = next((part for part in parts if part.id == place.id), None)
    if part is None:
        return None
    size_wh = (1000, 1000) if plane is None else plane.size_wh
    px = part.pixels(size_wh)
    picture = _pairs(px / size_wh, 4)
    on_road = None if plane is None else plane.to_world(px)
    if (
        plane is None
        or on_road is None
        or on_road.size == 0
        or not bool((on_road == on_road).all())
    ):
        return picture, None, None
    lon_lat = None if plane.origin is None else _pairs(plane.to_lon_lat(on_road), 7)
    return picture, _pairs(on_road, 2), lon_lat


def _pairs(points: Floats, digits: int) -> list[Pair]:
    return [(round(float(x), digits), round(float(y), digits)) for x, y in points]


@router.get("/movements", dependencies=[allow(Policy.VIEWER)])
def movements(
    deps: Deps,
    camera: Annotated[str, Query(max_length=64)],
    since: Annotated[str, Query(description="RFC 3339; a whole minute")],
    until: Annotated[str, Query(description="RFC 3339; a whole minute; not included")],
) -> MovementsView:
    """The origin–destination matrix: how many went from each crossing to each other one, by class.
    Each road user is in it once."""
    since_ns, until_ns = wall_time("since", since) or 0, wall_time("until", until) or 0
    check_span(since_ns, until_ns)
    if until_ns == since_ns:
        raise ConfigInvalid("until: equals since; ask for a minute or more.")
    found = deps.cameras.get(camera)
    scene = Scene() if found is None else found.scene
    items, unassigned, missing = [], 0, 1.0
    for _, place in deps.traffic.intervals.places(camera):
        if place.kind is not PlaceKind.MOVEMENT:
            continue
        (total,) = deps.traffic.intervals.totals(camera, place, [Span(since_ns, until_ns)])
        missing = min(missing, total.missing_share)
        if place.id == UNASSIGNED:
            unassigned = total.tally.total
            continue
        items.append(_movement(scene, place.id, total.tally))
    return MovementsView(
        camera=camera,
        since=iso_utc(since_ns),
        until=iso_utc(until_ns),
        items=items,
        unassigned=unassigned,
        missing_share=missing,
    )


def _movement(scene: Scene, place_id: str, tally: Tally) -> MovementView:
    """Of the scene, or a pair of crossings that has no name: ``north:in>south:out``."""
    way = next((way for way in scene.movements if way.id == place_id), None)
    entry, _, leave = place_id.partition(">")
    return MovementView(
        movement="" if way is None else way.id,
        name="" if way is None else way.name,
        entry=entry if way is None else str(way.entry),
        exit=leave if way is None else str(way.exit),
        turn=None if way is None else way.turn,
        approach="" if way is None else way.approach,
        volume=tally.total,
        by_class=dict(tally.volume),
        travel_s=mean_of(tally.travel),
        delay_s=mean_of(tally.delay),
    )

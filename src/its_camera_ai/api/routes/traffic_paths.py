"""Paths of road users on the ground."""

from typing import Annotated

import numpy as np
from fastapi import APIRouter, Query
from pydantic import BaseModel, Field

from its_camera_ai.analytics.measures.heat_map import Grid, HeatMap
from its_camera_ai.api.deps import Deps
from its_camera_ai.api.guards import allow
from its_camera_ai.api.policies import Policy
from its_camera_ai.api.times import check_span, wall_time
from its_camera_ai.core.time import NS_PER_S, iso_utc

router = APIRouter(prefix="/api/v1/analytics", tags=["analytics"])

PATHS_MAX = 5000
CELLS_MAX = 40_000

CameraQuery = Annotated[str, Query(max_length=64)]
SinceQuery = Annotated[str, Query(description="RFC 3339; ended then or later")]
UntilQuery = Annotated[str, Query(description="RFC 3339; ended before")]
Labels = Annotated[
    list[str] | None, Query(alias="class", max_length=8, description="person, car, …")
]


class PathView(BaseModel):
    """One road user's path, thinned out."""

    track_id: int
    label: str = Field(description="class")
    length_m: float | None
    start: str = Field(description="RFC 3339, UTC")
    points: list[tuple[float, float, float, float]] = Field(
        description="seconds since `start`, x, y in metres, km/h"
    )
    lanes: list[str]


class PathsView(BaseModel):
    """Paths of a span, oldest first; ask for the rest with ``cursor``."""

    items: list[PathView]
    next_cursor: str | None


class HeatMapView(BaseModel):
    """Seconds that road users spent in each cell of a grid on the road."""

    origin: tuple[float, float] = Field(description="x, y of the first cell's corner, metres")
    cell_m: float
    seconds: list[list[float]] = Field(description="rows from the smallest y, cells by x")
    paths: int
    is_part: bool = Field(description="there were more paths than are summed up here")


@router.get("/trajectories", dependencies=[allow(Policy.OPERATOR)])
def trajectories(
    deps: Deps,
    camera: CameraQuery,
    since: SinceQuery,
    until: UntilQuery,
    labels: Labels = None,
    limit: Annotated[int, Query(ge=1, le=PATHS_MAX)] = 500,
    cursor: Annotated[str | None, Query(max_length=512)] = None,
) -> PathsView:
    """Where road users went, in metres."""
    span = _span(since, until)
    page = deps.traffic.trajectories.find(camera, *span, labels=labels, limit=limit, cursor=cursor)
    items = []
    for path in page.items:
        seconds = (path.wall_ns - path.wall_ns[0]) / NS_PER_S
        rows = np.column_stack([seconds, path.xy_m, 3.6 * path.speed_mps]).round(2)
        items.append(
            PathView(
                track_id=path.track_id,
                label=path.vehicle.label,
                length_m=path.vehicle.length_m,
                start=iso_utc(int(path.wall_ns[0])),
                points=rows.tolist(),
                lanes=list(path.lanes),
            )
        )
    return PathsView(items=items, next_cursor=page.next_cursor)


@router.get("/heatmap", dependencies=[allow(Policy.VIEWER)])
def heat_map(
    deps: Deps,
    camera: CameraQuery,
    since: SinceQuery,
    until: UntilQuery,
    labels: Labels = None,
    cell_m: Annotated[float, Query(ge=0.25, le=50)] = 1.0,
) -> HeatMapView:
    """Where on the road the time is spent, over at most 5000 paths."""
    span = _span(since, until)
    page = deps.traffic.trajectories.find(camera, *span, labels=labels, limit=PATHS_MAX)
    places = [path.xy_m for path in page.items]
    if not places:
        return HeatMapView(origin=(0.0, 0.0), cell_m=cell_m, seconds=[], paths=0, is_part=False)
    every = np.concatenate(places)
    low, high = every.min(axis=0), every.max(axis=0)
    # a grid that is too fine for its area gets larger cells
    cell_m = max(cell_m, float(np.sqrt(np.prod(high - low + cell_m) / CELLS_MAX)))
    heat = HeatMap(Grid.over((low[0], low[1]), (high[0] + cell_m, high[1] + cell_m), cell_m))
    for path in page.items:
        stay_s = np.gradient(path.wall_ns / NS_PER_S) if len(path.wall_ns) > 1 else np.zeros(1)
        heat.add(path.xy_m, stay_s)
    return HeatMapView(
        origin=(round(float(low[0]), 3), round(float(low[1]), 3)),
        cell_m=cell_m,
        seconds=heat.seconds.round(2).tolist(),
        paths=len(places),
        is_part=page.next_cursor is not None,
    )


def _span(since: str, until: str) -> tuple[int, int]:
    since_ns, until_ns = wall_time("since", since) or 0, wall_time("until", until) or 0
    check_span(since_ns, until_ns)
    return since_ns, until_ns

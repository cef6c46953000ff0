"""Where it happened: time–space diagram, conflict map, heat map."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from its_camera_ai.analytics.measures.heat_map import Grid, HeatMap
from its_camera_ai.analytics.publishing.extras import needed
from its_camera_ai.analytics.reporting.data import CameraData
from its_camera_ai.analytics.reporting.document import Picture
from its_camera_ai.analytics.reporting.drawing import COLOURS, GREY
from its_camera_ai.analytics.reporting.series_plots import moment
from its_camera_ai.core.ground import GroundPlane
from its_camera_ai.core.incidents import Incident, IncidentKind, Severity
from its_camera_ai.core.local_days import Span
from its_camera_ai.core.road import Lane
from its_camera_ai.core.road_users import Trajectory
from its_camera_ai.core.time import NS_PER_S

Floats = npt.NDArray[np.float64]
LANES_MAX = 3
WINDOW_S = 600
BESIDE_M = 2.5
CELLS_MAX = 120
_STEP_S = 0.2
_FAR_M = 250.0
_MARKS = {"rear_end": "o", "lane_change": "s", "crossing": "^", "": "D"}
_SEVERITY = {
    Severity.LOW: "#56b4e9",
    Severity.MEDIUM: "#e69f00",
    Severity.HIGH: "#d55e00",
    Severity.CRITICAL: "#8b0000",
}


def time_space(data: CameraData) -> Picture | None:
    """Trajectories along each lane over the busiest ten minutes of the busy hour; None without."""
    plane = data.camera.plane
    if plane is None or not data.trajectories:
        return None
    window = _busiest(data.trajectories)
    inside = [
        t for t in data.trajectories if window.since_wall_ns <= t.wall_ns[0] < window.until_wall_ns
    ]
    lanes = [(lane, _along(lane, plane, inside)) for lane in data.camera.scene.lanes]
    shown = sorted((item for item in lanes if item[1]), key=lambda item: -len(item[1]))[:LANES_MAX]
    if not shown:
        return None

    def draw(figure: Any) -> None:
        lines = needed("matplotlib.collections", "Reports").LineCollection
        dates = needed("matplotlib.dates", "Reports")
        grid = np.atleast_1d(figure.subplots(len(shown), 1, sharex=True))
        drawn = None
        for axes, (lane, paths) in zip(grid, shown, strict=True):
            pieces, speeds = [], []
            for time_ns, along_m, kmh in paths:
                x = dates.date2num([moment(int(t)) for t in time_ns])
                points = np.stack([x, along_m], axis=1)
                pieces += list(np.stack([points[:-1], points[1:]], axis=1))
                speeds += list((kmh[:-1] + kmh[1:]) / 2)
            drawn = lines(pieces, array=np.array(speeds), cmap="viridis_r", linewidths=0.9)
            drawn.set_clim(0, max(60.0, float(np.percentile(speeds, 98))))
            axes.add_collection(drawn)
            axes.set_ylim(0, max(float(along_m.max()) for _, along_m, _ in paths) * 1.03)
            axes.set_title(lane.name or lane.id)
            axes.set_ylabel("along, m")
        axes = grid[-1]
        axes.set_xlim(moment(window.since_wall_ns), moment(window.until_wall_ns))
        axes.xaxis.set_major_locator(dates.MinuteLocator(interval=2))
        axes.xaxis.set_major_formatter(dates.DateFormatter("%H:%M", tz=data.camera.zone))
        figure.colorbar(drawn, ax=list(grid), label="km/h", shrink=0.8, pad=0.01)

    return Picture(
        draw,
        (7.0, 0.7 + 1.75 * len(shown)),
        "Time–space diagram of the busiest ten minutes: each line is one road user on its way "
        "along the lane; the colour is its speed.",
    )


def _busiest(paths: Sequence[Trajectory]) -> Span:
    starts = np.sort(np.array([int(t.wall_ns[0]) for t in paths]))
    length_ns = WINDOW_S * NS_PER_S
    begins = starts // (60 * NS_PER_S) * (60 * NS_PER_S)
    counts = np.searchsorted(starts, begins + length_ns) - np.searchsorted(starts, begins)
    since = int(begins[int(np.argmax(counts))])
    return Span(since, since + length_ns)


def _along(
    lane: Lane, plane: GroundPlane, paths: Sequence[Trajectory]
) -> list[tuple[npt.NDArray[np.int64], Floats, Floats]]:
    """Of those in the lane: moments, metres along it, km/h."""
    start, end = plane.to_world(lane.heading_pixels(plane.size_wh))
    length_m = float(np.hypot(*(end - start)))
    if not (np.isfinite(length_m) and 0 < length_m < 10 * _FAR_M):
        return []
    way = (end - start) / length_m
    found = []
    for path in paths:
        if lane.id not in path.lanes:
            continue
        offset = path.xy_m - start
        along = offset @ way
        beside = np.abs(offset @ np.array([-way[1], way[0]]))
        near = (beside <= BESIDE_M) & (along >= 0) & (along <= length_m)
        if near.sum() >= 2:
            found.append((path.wall_ns[near], along[near], 3.6 * path.speed_mps[near]))
    return found


def conflict_map(data: CameraData) -> Picture | None:
    """Near misses by place, type and severity; None without one that has a place."""
    near = [
        kept.incident
        for kept in data.incidents
        if kept.incident.kind is IncidentKind.NEAR_MISS and not kept.handling.false_alarm
    ]
    plane = data.camera.plane
    on_road = [i for i in near if i.xy_m is not None] if plane is not None else []
    in_picture = [i for i in near if i.xyxy is not None]
    if not on_road and not in_picture:
        return None

    def draw(figure: Any) -> None:
        axes = figure.add_subplot()
        if on_road and plane is not None:
            places = np.array([i.xy_m for i in on_road], np.float64)
            _outlines(axes, data, plane, places)
            axes.set(xlabel="x, m", ylabel="y, m")
        else:
            boxes = np.array([i.xyxy for i in in_picture], np.float64)
            places = np.stack([(boxes[:, 0] + boxes[:, 2]) / 2, boxes[:, 3]], axis=1)
            axes.set(xlabel="picture x, px", ylabel="picture y, px")
            axes.invert_yaxis()
        axes.set_aspect("equal", adjustable="datalim")
        _marked(axes, on_road or in_picture, places)

    return Picture(
        draw,
        (7.0, 4.4),
        f"Conflict map: {len(near)} near misses by type (shape) and severity (colour).",
    )


def _marked(axes: Any, incidents: Sequence[Incident], places: Floats) -> None:
    keys = [(str(i.facts.get("conflict", "")), i.severity) for i in incidents]
    for kind, severity in sorted(set(keys), key=lambda key: (key[0], str(key[1]))):
        here = places[[key == (kind, severity) for key in keys]]
        name = f"{(kind or 'other').replace('_', ' ')}, {severity} ({len(here)})"
        axes.scatter(
            *here.T,
            s=46,
            marker=_MARKS.get(kind, _MARKS[""]),
            color=_SEVERITY[severity],
            edgecolors="white",
            linewidths=0.7,
            label=name,
            zorder=4,
        )
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))


def heat_map(data: CameraData) -> Picture | None:
    """Seconds of presence on the road in the busy hour; None without trajectories."""
    plane = data.camera.plane
    if plane is None or not data.trajectories:
        return None
    places, times = _sampled(data.trajectories)
    if not len(places):
        return None
    low, high = np.percentile(places, 0.5, axis=0) - 2, np.percentile(places, 99.5, axis=0) + 2
    cell = max(0.5, float((high - low).max()) / CELLS_MAX)
    grid = Grid.over((float(low[0]), float(low[1])), (float(high[0]), float(high[1])), cell)
    heat = HeatMap(grid)
    heat.add(places, times)

    def draw(figure: Any) -> None:
        colours = needed("matplotlib.colors", "Reports")
        axes = figure.add_subplot()
        _outlines(axes, data, plane, places)
        wide, tall = grid.columns * cell, grid.rows * cell
        x, y = grid.origin
        shown = np.where(heat.seconds > 0, heat.seconds, np.nan)
        image = axes.imshow(
            shown,
            origin="lower",
            extent=(x, x + wide, y, y + tall),
            cmap="inferno_r",
            norm=colours.LogNorm(
                max(0.1, float(np.nanpercentile(shown, 5))), max(0.2, float(np.nanmax(shown)))
            ),
            interpolation="nearest",
            zorder=2,
        )
        axes.set_aspect("equal", adjustable="box")
        axes.set_xlim(x, x + wide)
        axes.set_ylim(y, y + tall)
        axes.set(xlabel="x, m", ylabel="y, m")
        axes.grid(visible=False)
        bar = figure.colorbar(
            image, ax=axes, label="presence, s", shrink=0.85, pad=0.01, format="%g"
        )
        bar.ax.yaxis.set_minor_formatter(needed("matplotlib.ticker", "Reports").NullFormatter())

    return Picture(
        draw, (7.0, 4.4), f"Presence on the road in the busy hour, cells of {cell:.1f} m."
    )


def _sampled(paths: Sequence[Trajectory]) -> tuple[Floats, Floats]:
    """Places and the seconds spent at each, evenly between the samples of a trajectory."""
    places, times = [np.zeros((0, 2))], [np.zeros(0)]
    for path in paths:
        if len(path.wall_ns) < 2:
            continue
        seconds = (path.wall_ns - path.wall_ns[0]) / NS_PER_S
        steps = max(1, round(float(seconds[-1]) / _STEP_S))
        at = (np.arange(steps) + 0.5) * float(seconds[-1]) / steps
        xy = [np.interp(at, seconds, path.xy_m[:, axis]) for axis in (0, 1)]
        places.append(np.stack(xy, axis=1))
        times.append(np.full(steps, float(seconds[-1]) / steps))
    return np.concatenate(places), np.concatenate(times)


def _outlines(axes: Any, data: CameraData, plane: GroundPlane, around: Floats) -> None:
    """Lanes and lines on the ground, as far as they are near enough to be drawn."""
    middle = np.median(around, axis=0)
    for lane in data.camera.scene.lanes:
        world = plane.to_world(lane.pixels(plane.size_wh))
        ring = world[np.isfinite(world).all(axis=1)]
        ring = ring[np.hypot(*(ring - middle).T) < _FAR_M]
        if len(ring) >= 3:
            axes.fill(*ring.T, facecolor="#eef1f4", edgecolor="#c3cad1", linewidth=0.7, zorder=1)
    for line in data.camera.scene.lines:
        world = plane.to_world(line.pixels(plane.size_wh))
        if np.isfinite(world).all() and (np.hypot(*(world - middle).T) < _FAR_M).all():
            axes.plot(*world.T, color=COLOURS[0], linewidth=1.2, zorder=3)
            axes.annotate(
                line.name or line.id,
                world[0],
                fontsize=7,
                color=GREY,
                zorder=5,
                annotation_clip=True,
            )

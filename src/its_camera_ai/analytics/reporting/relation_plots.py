"""How measures hang together: the fundamental diagram, and the distribution of speeds."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from its_camera_ai.analytics.reporting.data import CameraData, PlaceData
from its_camera_ai.analytics.reporting.document import Picture
from its_camera_ai.analytics.reporting.drawing import COLOURS, GREY
from its_camera_ai.analytics.reporting.labels import place_label
from its_camera_ai.core.intervals import PlaceKind

SHOWN_MAX = 8
MISSING_MAX = 0.2
"""An interval of which more than this is unknown is left out of the diagram."""
_PAPER = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}


def fundamental_diagram(data: CameraData) -> Picture | None:
    """Flow over density and speed over flow: of lanes by Edie, else of lines by k = q/v; None where
    neither is known."""
    by_lane = [item for item in data.of(PlaceKind.LANE) if _points(item, lane=True)]
    by_line = [item for item in data.of(PlaceKind.LINE) if _points(item, lane=False)]
    shown = (by_lane or by_line)[:SHOWN_MAX]
    if not shown:
        return None
    lane = bool(by_lane)

    def draw(figure: Any) -> None:
        left, right = figure.subplots(1, 2)
        for k, item in enumerate(shown):
            density, flow, speed = np.array(_points(item, lane=lane)).T
            look = {"s": 12, "alpha": 0.65, "linewidths": 0, "color": COLOURS[k % len(COLOURS)]}
            left.scatter(density, flow, label=place_label(data.camera, item.place), **look)
            right.scatter(flow, speed, **look)
        left.set(xlabel="density, veh/km/lane", ylabel="flow, veh/h/lane", title="Flow – density")
        right.set(xlabel="flow, veh/h/lane", ylabel="space-mean speed, km/h", title="Speed – flow")
        for axes in (left, right):
            axes.set_xlim(0, 1.06 * axes.dataLim.x1)
            axes.set_ylim(0, 1.08 * axes.dataLim.y1)
        figure.legend(
            *left.get_legend_handles_labels(), loc="outside lower center", ncols=min(4, len(shown))
        )

    how = "of lanes, by Edie" if lane else "of lines, density from flow and speed"
    minutes = data.length_s // 60
    return Picture(draw, (7.0, 3.3), f"Fundamental diagram {how}; one point for {minutes} min.")


def _points(item: PlaceData, *, lane: bool) -> list[tuple[float, float, float]]:
    """Density, flow for each lane, speed, of the intervals that are known well enough."""
    found = []
    for measures in item.series:
        density, speed = measures.density_vpkm, measures.space_mean_kmh
        flow = measures.edie_flow_vph
        if not lane and density is not None and speed is not None:
            flow = density * speed
        if (
            density
            and flow is not None
            and speed is not None
            and measures.missing_share <= MISSING_MAX
        ):
            found.append((density, flow, speed))
    return found


def speed_distributions(data: CameraData) -> Picture | None:
    """Histograms of spot speeds at the busiest lines; None without speeds."""
    shown = sorted(
        (item for item in data.of(PlaceKind.LINE) if item.tally.speed_bins),
        key=lambda item: -item.tally.speed.n,
    )[:4]
    if not shown:
        return None
    rows = (len(shown) + 1) // 2

    def draw(figure: Any) -> None:
        columns = min(2, len(shown))
        grid = np.atleast_1d(figure.subplots(rows, columns, sharex=True)).ravel()
        for axes, item in zip(grid, shown, strict=False):
            _histogram(axes, data, item)
        for axes in grid[len(shown) :]:
            axes.axis("off")

    return Picture(
        draw,
        (7.0, 0.5 + 2.3 * rows),
        "Spot speeds with the 15th, 50th and 85th percentile (whole km/h); red: speed limit.",
    )


def _histogram(axes: Any, data: CameraData, item: PlaceData) -> None:
    bins = item.tally.speed_bins
    low, high = min(bins), max(bins)
    step = 1 if high - low < 40 else 2 if high - low < 90 else 5
    edges = np.arange(low // step * step, high + step + 1, step)
    numbers = np.zeros(len(edges))
    for kmh, n in bins.items():
        numbers[(kmh - edges[0]) // step] += n
    axes.bar(edges, numbers, width=step, align="edge", color=COLOURS[0], alpha=0.75)
    top = float(numbers.max())
    total = item.total
    limits = _limits(data, item)
    for limit in limits:
        axes.axvline(limit, color="#c62828", linewidth=1.4)
    marks = (
        ("v15", total.v15_kmh, "right", 1.2),
        ("v50", total.v50_kmh, "center", 1.38),
        ("v85", total.v85_kmh, "left", 1.2),
    )
    for name, value, side, height in marks:
        if value is not None:
            axes.axvline(value, ymax=height / 1.45, color=GREY, linewidth=1.0, linestyle="--")
            label = f" {name} {value:.0f} "
            look = {"ha": side, "va": "top", "fontsize": 7.5}
            axes.text(value, top * height, label, bbox=_PAPER, **look)
    axes.set_ylim(0, top * 1.45)
    axes.set_title(f"{place_label(data.camera, item.place)} (n = {total.speed_n})", pad=8)
    axes.set_xlabel("km/h")
    axes.set_ylabel("vehicles")


def _limits(data: CameraData, item: PlaceData) -> Sequence[float]:
    """Of the lanes that end at the line; of all lanes where none does."""
    lanes = data.camera.scene.lanes
    at_line = [lane for lane in lanes if lane.stop_line == item.place.id]
    found = {lane.speed_limit_kmh for lane in (at_line or lanes)}
    return sorted(limit for limit in found if limit is not None)

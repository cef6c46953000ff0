"""What changes over time: flow, speed and occupancy, with unknown time hatched."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from its_camera_ai.analytics.measures.derived import Measures
from its_camera_ai.analytics.publishing.extras import needed
from its_camera_ai.analytics.reporting.data import CameraData, PlaceData
from its_camera_ai.analytics.reporting.document import Picture
from its_camera_ai.analytics.reporting.drawing import COLOURS, GREY
from its_camera_ai.analytics.reporting.labels import line_label, place_label
from its_camera_ai.core.intervals import IntervalRow, PlaceKind
from its_camera_ai.core.time import NS_PER_S

LANES_MAX = 4
_SHOWN_MISSING = 0.02


def line_over_time(data: CameraData, line: str) -> Picture:
    """Flow and speed of a line in both directions, and how full its lanes were."""
    both = [item for item in data.of(PlaceKind.LINE) if item.place.id == line]

    def draw(figure: Any) -> None:
        flow, speed, occupancy = figure.subplots(3, 1, sharex=True, height_ratios=(1.3, 1.1, 0.8))
        for k, item in enumerate(both):
            name = str(item.place.direction)
            _curve(flow, item, lambda m: m.flow_vph, COLOURS[k], name)
            _curve(speed, item, lambda m: m.space_mean_kmh, COLOURS[k], f"{name}, space mean")
            _curve(speed, item, lambda m: m.v85_kmh, COLOURS[k], f"{name}, v85", style=":")
        flow.set_ylabel("flow, veh/h")
        speed.set_ylabel("speed, km/h")
        _occupancy(occupancy, data, both)
        for axes in (flow, speed, occupancy):
            axes.set_ylim(bottom=0)
            _unknown(axes, both[0].table.rows)
            _legend(axes)
        time_axis(occupancy, data)

    minutes = data.length_s // 60
    return Picture(
        draw,
        (7.0, 4.3),
        f"{line_label(data.camera, line)}: flow, speed and occupancy in intervals of {minutes} "
        "min. Hatched: not looked at.",
    )


def _occupancy(axes: Any, data: CameraData, both: Sequence[PlaceData]) -> None:
    lanes = [item for item in data.of(PlaceKind.LANE) if item.tally.present_s > 0]
    shown = lanes or [item for item in both if item.tally.present_s > 0]
    for k, item in enumerate(shown[:LANES_MAX]):
        name = place_label(data.camera, item.place)
        _curve(axes, item, lambda m: m.occupancy_pct, COLOURS[(k + 2) % len(COLOURS)], name)
    axes.set_ylabel("occupancy, %")
    if not shown:
        axes.text(
            0.5, 0.5, "not measured", transform=axes.transAxes, ha="center", va="center", color=GREY
        )


def _curve(
    axes: Any,
    item: PlaceData,
    value: Callable[[Measures], float | None],
    colour: str,
    name: str,
    *,
    style: str = "-",
) -> None:
    """A step for each interval; no line where nothing is known."""
    values = [value(measures) for measures in item.series]
    if all(v is None for v in values):
        return
    y = [float("nan") if v is None else v for v in values]
    axes.step(
        [*(moment(row.start_wall_ns) for row in item.table.rows), moment(_end_ns(item))],
        [*y, y[-1]],
        where="post",
        color=colour,
        label=name,
        linestyle=style,
        linewidth=1.0 if style != "-" else 1.4,
    )


def _legend(axes: Any) -> None:
    if axes.get_legend_handles_labels()[0]:
        axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.05), borderaxespad=0.4)


def _end_ns(item: PlaceData) -> int:
    last = item.table.rows[-1]
    return last.start_wall_ns + last.length_s * NS_PER_S


def _unknown(axes: Any, rows: Sequence[IntervalRow]) -> None:
    """Hatch what was not looked at; the less was, the darker."""
    begin: int | None = None
    for row in (*rows, None):
        missing = row is not None and row.missing_share >= 1 - 1e-9
        if missing and begin is None and row is not None:
            begin = row.start_wall_ns
        if not missing and begin is not None:
            end = rows[-1].start_wall_ns + rows[-1].length_s * NS_PER_S
            until = row.start_wall_ns if row is not None else end
            axes.axvspan(
                moment(begin),
                moment(until),
                facecolor="#f1f3f5",
                hatch="////",
                linewidth=0,
                zorder=0,
            )
            begin = None
    for row in rows:
        if _SHOWN_MISSING < row.missing_share < 1 - 1e-9:
            until = row.start_wall_ns + row.length_s * NS_PER_S
            shade = 0.5 * row.missing_share
            axes.axvspan(
                moment(row.start_wall_ns),
                moment(until),
                color="#8a939c",
                alpha=shade,
                linewidth=0,
                zorder=0,
            )


def moment(wall_ns: int) -> datetime:
    return datetime.fromtimestamp(wall_ns / NS_PER_S, UTC)


def time_axis(axes: Any, data: CameraData) -> None:
    """Local time."""
    _time_axis(axes, data.camera.zone)
    axes.set_xlim(moment(data.span.since_wall_ns), moment(data.span.until_wall_ns))


def _time_axis(axes: Any, zone: ZoneInfo) -> None:
    dates = needed("matplotlib.dates", "Reports")
    locator = dates.AutoDateLocator(tz=zone, minticks=4, maxticks=9)
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(dates.ConciseDateFormatter(locator, tz=zone))

"""Daily and study reports, put together."""

from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import BinaryIO

from its_camera_ai import __version__
from its_camera_ai.analytics.publishing.camera import PublishedCamera
from its_camera_ai.analytics.publishing.export import TrafficSources
from its_camera_ai.analytics.publishing.moments import iso_local
from its_camera_ai.analytics.reporting import tables
from its_camera_ai.analytics.reporting.data import CameraData, read
from its_camera_ai.analytics.reporting.document import (
    Block,
    Heading,
    Picture,
    Report,
    Table,
    Tone,
    Words,
)
from its_camera_ai.analytics.reporting.html import html
from its_camera_ai.analytics.reporting.method import method
from its_camera_ai.analytics.reporting.movement_plot import movement_diagram
from its_camera_ai.analytics.reporting.pdf import write_pdf
from its_camera_ai.analytics.reporting.relation_plots import (
    fundamental_diagram,
    speed_distributions,
)
from its_camera_ai.analytics.reporting.road_plots import conflict_map, heat_map, time_space
from its_camera_ai.analytics.reporting.series_plots import line_over_time
from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.intervals import PlaceKind
from its_camera_ai.core.local_days import Span, local_day
from its_camera_ai.core.time import iso_utc

LINES_DRAWN = 4
CAMERAS_MAX = 100


class ReportFormat(StrEnum):
    HTML = "html"
    PDF = "pdf"


def daily_report(
    cameras: Sequence[PublishedCamera], sources: TrafficSources, day: date, now_wall_ns: int
) -> Report:
    """One local day of one or more cameras.

    Args:
        cameras: of one site, at least one.

    Raises:
        ConfigInvalid: no camera, or more than ``CAMERAS_MAX``.
    """
    if not 1 <= len(cameras) <= CAMERAS_MAX:
        raise ConfigInvalid(f"A daily report is made of 1 to {CAMERAS_MAX} cameras; name some.")
    zone = cameras[0].zone
    span = local_day(day, zone)
    read_ones = [read(camera, sources, span) for camera in cameras]
    blocks: list[Block] = [
        *_too_early(span, now_wall_ns),
        tables.overview(read_ones),
    ]
    for data in read_ones:
        blocks += _camera(data, whole=len(read_ones) == 1)
    blocks += method(read_ones)
    hours = round(span.length_s / 3600)
    clock = "" if hours == 24 else f", a day of {hours} hours"
    return Report(
        f"Traffic on {day.isoformat()}",
        f"{_whose(read_ones)}, {zone}{clock}",
        _made(now_wall_ns),
        blocks,
    )


def study_report(
    camera: PublishedCamera, sources: TrafficSources, span: Span, now_wall_ns: int
) -> Report:
    """One camera over a span, with every plot.

    Raises:
        ConfigInvalid: the span is empty, too long, or off the quarter of an hour.
    """
    data = read(camera, sources, span)
    since, until = (iso_local(ns, camera.zone)[:16].replace("T", " ") for ns in _ends(span))
    return Report(
        f"Traffic study, {data.name}",
        f"{since} to {until}, {camera.zone}",
        _made(now_wall_ns),
        [
            *_too_early(span, now_wall_ns),
            tables.overview([data]),
            *_camera(data, whole=True),
            *method([data]),
        ],
    )


def write_report(report: Report, form: ReportFormat, out: BinaryIO) -> None:
    """
    Raises:
        ConfigInvalid: a package of the extra ``reports`` is not installed.
    """
    if form is ReportFormat.PDF:
        write_pdf(report, out)
    else:
        out.write(html(report).encode())


def _camera(data: CameraData, *, whole: bool) -> list[Block]:
    """A part for one camera; those of several are shorter."""
    blocks: list[Block] = [Heading(data.name, 1)]
    if not data.places:
        return [*blocks, Words("Nothing was measured by this camera yet.", Tone.WARNING)]
    if data.missing_share > 0.05:
        text = f"{tables.share(data.missing_share)} of the time is unknown; see the gaps below."
        blocks.append(Words(text, Tone.WARNING))
    blocks += _headed("Volumes and speeds", tables.lines(data), tables.classes(data))
    blocks += _headed("Over time", *(line_over_time(data, line) for line in _busiest_lines(data)))
    blocks += _headed("Lanes", tables.lanes(data), fundamental_diagram(data))
    blocks += _headed("Speeds", speed_distributions(data))
    moved = data.turning is not None and data.turning.counts.any()
    diagram = movement_diagram(data.turning) if moved and data.turning is not None else None
    blocks += _headed("Turning movements", diagram, tables.movements(data))
    if whole:
        blocks += _headed("On the road", time_space(data), heat_map(data))
    blocks += _headed("Zones", tables.zones(data))
    more = Words("There were more incidents than are told here.", Tone.QUIET)
    blocks += _headed(
        "Incidents",
        tables.incident_counts(data),
        conflict_map(data),
        tables.incident_list(data),
        more if data.incidents_more else None,
    )
    blocks += _headed("Invalid values", tables.invalid(data))
    return blocks + _headed("Unknown time", tables.gaps(data))


def _headed(title: str, *blocks: Picture | Table | Words | None) -> list[Block]:
    """A title and what there is; nothing at all where there is nothing."""
    there = [block for block in blocks if block is not None]
    return [Heading(title), *there] if there else []


def _busiest_lines(data: CameraData) -> list[str]:
    """In the order of their names."""
    volumes: dict[str, int] = {}
    for item in data.of(PlaceKind.LINE):
        volumes[item.place.id] = volumes.get(item.place.id, 0) + item.total.volume
    busiest = sorted(volumes, key=lambda line: (-volumes[line], line))[:LINES_DRAWN]
    return sorted(busiest)


def _whose(cameras: Sequence[CameraData]) -> str:
    return cameras[0].name if len(cameras) == 1 else f"{len(cameras)} cameras"


def _ends(span: Span) -> tuple[int, int]:
    return span.since_wall_ns, span.until_wall_ns


def _made(now_wall_ns: int) -> str:
    return f"Made {iso_utc(now_wall_ns)[:19]}Z by ITS Camera AI {__version__}."


def _too_early(span: Span, now_wall_ns: int) -> list[Block]:
    if now_wall_ns >= span.until_wall_ns:
        return []
    return [
        Words("The time of this report is not over yet; what is to come is unknown.", Tone.WARNING)
    ]

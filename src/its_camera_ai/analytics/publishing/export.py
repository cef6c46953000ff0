"""What can be exported in which format, and the doing of it."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import BinaryIO

from its_camera_ai.analytics.publishing.camera import PublishedCamera
from its_camera_ai.analytics.publishing.csv_tables import write_csv
from its_camera_ai.analytics.publishing.datex2 import Publisher
from its_camera_ai.analytics.publishing.datex2_measured import write_measured_data
from its_camera_ai.analytics.publishing.datex2_sites import write_site_table
from its_camera_ai.analytics.publishing.geojson import write_places, write_trajectories
from its_camera_ai.analytics.publishing.incidents import INCIDENT_COLUMNS, incident_records
from its_camera_ai.analytics.publishing.intervals import (
    INTERVAL_COLUMNS,
    IntervalWish,
    interval_rows,
)
from its_camera_ai.analytics.publishing.ntcip import write_json_lines, write_records_csv
from its_camera_ai.analytics.publishing.parquet import write_parquet
from its_camera_ai.analytics.publishing.turning_counts import turning_counts
from its_camera_ai.analytics.publishing.turning_workbook import write_workbook
from its_camera_ai.analytics.publishing.vehicles import VEHICLE_COLUMNS, vehicle_records
from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.interval_store import IntervalStore
from its_camera_ai.core.local_days import Span
from its_camera_ai.core.road_users import Trajectory
from its_camera_ai.store.events import EventRepository
from its_camera_ai.store.incidents import IncidentRepository
from its_camera_ai.store.trajectories import TrajectoryRepository


class Subject(StrEnum):
    """What is exported."""

    INTERVALS = "intervals"
    VEHICLES = "vehicles"
    INCIDENTS = "incidents"
    TRAJECTORIES = "trajectories"
    PLACES = "places"


class Format(StrEnum):
    """How it is written."""

    CSV = "csv"
    PARQUET = "parquet"
    GEOJSON = "geojson"
    DATEX2 = "datex2"
    NTCIP = "ntcip"
    NTCIP_CSV = "ntcip-csv"
    XLSX = "xlsx"


@dataclass(frozen=True, slots=True)
class FileKind:
    """Of a format: the end of a file's name, and its media type."""

    suffix: str
    media_type: str


FILE_KINDS = {
    Format.CSV: FileKind("csv", "text/csv; charset=utf-8"),
    Format.PARQUET: FileKind("parquet", "application/vnd.apache.parquet"),
    Format.GEOJSON: FileKind("geojson", "application/geo+json"),
    Format.DATEX2: FileKind("xml", "application/xml"),
    Format.NTCIP: FileKind("jsonl", "application/jsonl; charset=utf-8"),
    Format.NTCIP_CSV: FileKind("ntcip.csv", "text/csv; charset=utf-8"),
    Format.XLSX: FileKind(
        "xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    ),
}

FORMATS = {
    Subject.INTERVALS: (
        Format.CSV,
        Format.PARQUET,
        Format.DATEX2,
        Format.NTCIP,
        Format.NTCIP_CSV,
        Format.XLSX,
    ),
    Subject.VEHICLES: (Format.CSV, Format.PARQUET),
    Subject.INCIDENTS: (Format.CSV, Format.PARQUET),
    Subject.TRAJECTORIES: (Format.GEOJSON,),
    Subject.PLACES: (Format.GEOJSON, Format.DATEX2),
}
"""XLSX of intervals is the turning-movement count; DATEX II of places the site table."""


@dataclass(frozen=True, slots=True)
class TrafficSources:
    """Where it is read from."""

    intervals: IntervalStore
    events: EventRepository
    incidents: IncidentRepository
    trajectories: TrajectoryRepository


@dataclass(frozen=True, slots=True)
class ExportWish:
    """What to export of a camera.

    Attributes:
        intervals: the span, and for interval tables their length and kinds of places.
        publisher: for DATEX II, else None.
    """

    subject: Subject
    format: Format
    intervals: IntervalWish
    publisher: Publisher | None = None

    def __post_init__(self) -> None:
        if self.format not in FORMATS[self.subject]:
            names = ", ".join(FORMATS[self.subject])
            raise ConfigInvalid(f"{self.subject} come as {names}, not as {self.format}.")
        if self.intervals.span.length_s <= 0:
            raise ConfigInvalid("until: must lie after since; exchange the two.")
        if self.format is Format.DATEX2 and self.publisher is None:
            raise ConfigInvalid("DATEX II asks who publishes; give country and publisher.")


def file_name(wish: ExportWish, camera_id: str) -> str:
    """``gate-intervals.csv``."""
    return f"{camera_id}-{wish.subject}.{FILE_KINDS[wish.format].suffix}"


def write_export(
    wish: ExportWish, camera: PublishedCamera, sources: TrafficSources, out: BinaryIO
) -> int:
    """Write it; a table is never in memory as a whole, turning counts excepted.

    Returns:
        How many rows, features, sites or records.

    Raises:
        ConfigInvalid: a package of the extra ``reports`` is missing, the camera is not calibrated
            as the format needs it, or there is nothing that it could hold.
    """
    span = wish.intervals.span
    match wish.subject:
        case Subject.INTERVALS:
            return _intervals(wish, camera, sources, out)
        case Subject.VEHICLES:
            records = vehicle_records(sources.events, camera.id, span, camera.zone)
            write = write_csv if wish.format is Format.CSV else write_parquet
            return write(VEHICLE_COLUMNS, records, out)
        case Subject.INCIDENTS:
            found = incident_records(sources.incidents, camera.id, span, camera.zone)
            if wish.format is Format.CSV:
                return write_csv(INCIDENT_COLUMNS, found, out)
            return write_parquet(INCIDENT_COLUMNS, found, out)
        case Subject.TRAJECTORIES:
            paths = trajectories(sources.trajectories, camera.id, span)
            return write_trajectories(camera, paths, out)
        case Subject.PLACES:
            if wish.format is Format.GEOJSON:
                return write_places(camera, sources.intervals, span, out)
            return _sites(wish, camera, sources, out)


def trajectories(
    repository: TrajectoryRepository, camera_id: str, span: Span
) -> Iterator[Trajectory]:
    """Those that ended in the span, oldest first."""
    cursor: str | None = None
    while True:
        page = repository.find(
            camera_id, span.since_wall_ns, span.until_wall_ns, limit=1000, cursor=cursor
        )
        yield from page.items
        cursor = page.next_cursor
        if cursor is None:
            return


def _intervals(
    wish: ExportWish, camera: PublishedCamera, sources: TrafficSources, out: BinaryIO
) -> int:
    if wish.format is Format.XLSX:
        counts = turning_counts(sources.intervals, camera, wish.intervals.span)
        return write_workbook(camera, counts, out)
    rows = interval_rows(sources.intervals, camera, wish.intervals)
    if wish.format is Format.DATEX2 and wish.publisher is not None:
        return write_measured_data(camera.id, rows, wish.publisher, out)
    if wish.format is Format.NTCIP:
        return write_json_lines(rows, out)
    if wish.format is Format.NTCIP_CSV:
        return write_records_csv(rows, out)
    write = write_csv if wish.format is Format.CSV else write_parquet
    return write(INTERVAL_COLUMNS, rows, out)


def _sites(
    wish: ExportWish, camera: PublishedCamera, sources: TrafficSources, out: BinaryIO
) -> int:
    if wish.publisher is None:
        raise ConfigInvalid("DATEX II asks who publishes; give country and publisher.")
    places = wish.intervals.places(sources.intervals, camera.id)
    return write_site_table(camera, places, wish.intervals.length_s, wish.publisher, out)

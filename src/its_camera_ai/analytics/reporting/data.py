"""Everything that a report tells of one camera, read once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from its_camera_ai.analytics.measures.derived import Measures, measures_of
from its_camera_ai.analytics.measures.flow import PeakHour, peak_hour
from its_camera_ai.analytics.publishing.camera import PublishedCamera, place_key
from its_camera_ai.analytics.publishing.export import TrafficSources, trajectories
from its_camera_ai.analytics.publishing.turning_counts import TurningCounts, turning_counts
from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.incident_store import IncidentFilter, KeptIncident
from its_camera_ai.core.interval_store import Gap, IntervalTable
from its_camera_ai.core.intervals import IntervalRow, Place, PlaceKind, Tally
from its_camera_ai.core.local_days import Span
from its_camera_ai.core.retention import NS_PER_DAY
from its_camera_ai.core.road_users import Trajectory
from its_camera_ai.core.time import NS_PER_S

DAYS_MAX = 93
LONG_DAYS = 14
"""Longer spans are drawn hour by hour, shorter ones by quarters of an hour."""
QUARTER_S, HOUR_S = 900, 3600
TRAJECTORIES_MAX = 4000
INCIDENTS_MAX = 2000
_ROWS_MAX = 100_000


@dataclass(frozen=True, slots=True, eq=False)
class PlaceData:
    """One place over the span.

    Attributes:
        table: interval by interval. series: their measures, one for each row.
        total: of the whole span. volume: its sums.
    """

    table: IntervalTable
    series: Sequence[Measures]
    total: Measures
    tally: Tally
    peak: PeakHour | None

    @property
    def place(self) -> Place:
        return self.table.place


@dataclass(frozen=True, slots=True, eq=False)
class CameraData:
    """One camera over the span.

    Attributes:
        length_s: of the intervals in the series.
        places: sorted; empty for a camera that measured nothing yet.
        turning: None for a camera without movements.
        incidents: oldest first; ``incidents_left_out`` more were not read.
        busy: the hour from which ``trajectories`` are; None if nothing passed.
    """

    camera: PublishedCamera
    span: Span
    length_s: int
    places: Mapping[Place, PlaceData]
    turning: TurningCounts | None
    incidents: Sequence[KeptIncident]
    incidents_more: bool
    busy: Span | None
    trajectories: Sequence[Trajectory]

    def of(self, kind: PlaceKind) -> list[PlaceData]:
        """Places of a kind; of lines those over all lanes."""
        return [
            data
            for place, data in self.places.items()
            if place.kind is kind and not (kind is PlaceKind.LINE and place.lane)
        ]

    @property
    def missing_share(self) -> float:
        """0–1, of the place that was looked at most."""
        return min((data.total.missing_share for data in self.places.values()), default=1.0)

    @property
    def gaps(self) -> Sequence[Gap]:
        """Of the place that was looked at most."""
        if not self.places:
            return ()
        best = min(self.places.values(), key=lambda data: data.total.missing_share)
        return best.table.gaps

    @property
    def name(self) -> str:
        return self.camera.title


def read(camera: PublishedCamera, sources: TrafficSources, span: Span) -> CameraData:
    """Read a camera.

    Args:
        span: whole quarters of an hour, at most ``DAYS_MAX`` days.

    Raises:
        ConfigInvalid: the span is empty, too long, or off the quarter.
    """
    _check(span)
    length_s = series_length_s(span)
    tables = sorted(
        sources.intervals.tables(
            camera.id, length_s, span.since_wall_ns, span.until_wall_ns, limit=_ROWS_MAX
        ),
        key=lambda table: place_key(table.place),
    )
    places = {}
    for table in tables:
        quarters = table if length_s == QUARTER_S else None
        if quarters is None and table.place.kind is PlaceKind.LINE and not table.place.lane:
            quarters = sources.intervals.table(
                camera.id,
                table.place,
                QUARTER_S,
                span.since_wall_ns,
                span.until_wall_ns,
                limit=_ROWS_MAX,
            )
        places[table.place] = _place(camera, table, quarters, span)
    busy = _busy(list(places.values()), span)
    found: list[Trajectory] = []
    if busy is not None:
        for item in trajectories(sources.trajectories, camera.id, busy):
            found.append(item)
            if len(found) >= TRAJECTORIES_MAX:
                break
    incidents, more = _incidents(sources, camera.id, span)
    short = span.length_s <= LONG_DAYS * 86_400
    has_turns = bool(camera.scene.movements) and short
    turning = turning_counts(sources.intervals, camera, span) if has_turns else None
    return CameraData(camera, span, length_s, places, turning, incidents, more, busy, tuple(found))


def series_length_s(span: Span) -> int:
    """Of the intervals that a span is drawn in."""
    hour_ns = HOUR_S * NS_PER_S
    whole = span.since_wall_ns % hour_ns == 0 and span.until_wall_ns % hour_ns == 0
    return HOUR_S if whole and span.length_s > LONG_DAYS * 86_400 else QUARTER_S


def _check(span: Span) -> None:
    quarter_ns = QUARTER_S * NS_PER_S
    if span.since_wall_ns % quarter_ns or span.until_wall_ns % quarter_ns:
        raise ConfigInvalid("A report begins and ends on a quarter of an hour; give such times.")
    if not 0 < span.until_wall_ns - span.since_wall_ns <= DAYS_MAX * NS_PER_DAY:
        raise ConfigInvalid(f"A report is made for a quarter of an hour to {DAYS_MAX} days.")


def _place(
    camera: PublishedCamera, table: IntervalTable, quarters: IntervalTable | None, span: Span
) -> PlaceData:
    facts = camera.facts(table.place)
    tally, length_m = Tally(), 0.0
    for row in table.rows:
        tally.take(row.tally)
        length_m = row.length_m or length_m
    whole = IntervalRow(
        camera.id, table.place, span.since_wall_ns, round(span.length_s), tally, length_m
    )
    peak = None
    if quarters is not None and quarters.rows:
        volumes = [
            np.nan if row.missing_share >= 1 else float(row.tally.total) for row in quarters.rows
        ]
        peak = peak_hour(volumes, QUARTER_S)
    return PlaceData(
        table,
        [measures_of(row, facts) for row in table.rows],
        measures_of(whole, facts),
        tally,
        peak,
    )


def _busy(places: Sequence[PlaceData], span: Span) -> Span | None:
    """The peak hour of the place with the most traffic."""
    peaks = [data for data in places if data.peak is not None and data.peak.volume > 0]
    if not peaks:
        return None
    peak = max(peaks, key=lambda data: data.tally.total).peak
    first = 0 if peak is None else peak.first
    since = span.since_wall_ns + first * QUARTER_S * NS_PER_S
    return Span(since, min(span.until_wall_ns, since + HOUR_S * NS_PER_S))


def _incidents(
    sources: TrafficSources, camera_id: str, span: Span
) -> tuple[list[KeptIncident], bool]:
    wanted = IncidentFilter(
        camera_id=camera_id, since_wall_ns=span.since_wall_ns, until_wall_ns=span.until_wall_ns
    )
    found: list[KeptIncident] = []
    cursor: str | None = None
    while len(found) < INCIDENTS_MAX:
        page = sources.incidents.find(wanted, limit=1000, cursor=cursor)
        found += page.items
        cursor = page.next_cursor
        if cursor is None:
            break
    return found[::-1], cursor is not None

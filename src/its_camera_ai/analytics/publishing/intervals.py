"""Interval rows with their measures, one after the other, and the columns of their tables."""

from collections.abc import Iterator
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from its_camera_ai.analytics.measures.derived import Measures, measures_of
from its_camera_ai.analytics.publishing.camera import PublishedCamera, place_key
from its_camera_ai.analytics.publishing.columns import (
    CellKind,
    Column,
    Columns,
    number,
    text,
    whole,
)
from its_camera_ai.analytics.publishing.moments import iso_local
from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.core.interval_store import IntervalStore
from its_camera_ai.core.intervals import IntervalRow, Place, PlaceKind
from its_camera_ai.core.local_days import Span
from its_camera_ai.core.road_users import LengthClass

PAGE_ROWS = 2000
FHWA_GROUPS = range(1, 14)


@dataclass(frozen=True, slots=True)
class PublishedRow:
    """One interval of one place.

    Attributes:
        name: of the place, for people.
        zone: of the site.
    """

    row: IntervalRow
    measures: Measures
    name: str
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class IntervalWish:
    """Which rows.

    Attributes:
        span: of the begins of intervals.
        kinds: of places; None is all.
    """

    span: Span
    length_s: int = 900
    kinds: tuple[PlaceKind, ...] | None = None

    def places(self, store: IntervalStore, camera_id: str) -> list[Place]:
        """Everything of those kinds that ever had a row, sorted."""
        found = (place for _, place in store.places(camera_id))
        return sorted(
            (p for p in found if self.kinds is None or p.kind in self.kinds), key=place_key
        )


def interval_rows(
    store: IntervalStore, camera: PublishedCamera, wish: IntervalWish
) -> Iterator[PublishedRow]:
    """Place after place, each without a hole and by time; never more than a page in memory.

    Raises:
        ConfigInvalid: there are no intervals of that length.
    """
    for place in wish.places(store, camera.id):
        facts, name = camera.facts(place), camera.place_name(place)
        since: int | None = wish.span.since_wall_ns
        while since is not None:
            page = store.table(
                camera.id, place, wish.length_s, since, wish.span.until_wall_ns, limit=PAGE_ROWS
            )
            for row in page.rows:
                yield PublishedRow(row, measures_of(row, facts), name, camera.zone)
            since = page.next_since_wall_ns


def _volume(label: str) -> Column[PublishedRow]:
    return whole(
        f"volume_{label}",
        f"counted with the class {label}",
        lambda r: r.row.tally.volume.get(label, 0),
    )


def _length(name: LengthClass) -> Column[PublishedRow]:
    return whole(
        f"length_{name}",
        f"vehicles of the length class {name}",
        lambda r: r.row.tally.length_classes.get(name, 0),
    )


def _fhwa(group: int) -> Column[PublishedRow]:
    return number(
        f"fhwa_{group}_expected",
        "",
        f"expected vehicles of FHWA group {group}: a sum of probabilities, not a count",
        lambda r: r.row.tally.fhwa.get(group, 0.0),
    )


INTERVAL_COLUMNS: Columns[PublishedRow] = (
    text("camera", "id of the camera", lambda r: r.row.camera_id),
    text("place_kind", "line, lane, zone, gate or movement", lambda r: str(r.row.place.kind)),
    text("place", "id of the place", lambda r: r.row.place.id),
    text("place_name", "as people call it", lambda r: r.name),
    text("direction", "of a line: in or out", lambda r: str(r.row.place.direction or "")),
    text("lane", "lane at a line; empty for all together", lambda r: r.row.place.lane),
    Column(
        "start_utc", CellKind.MOMENT, "", "begin of the interval", lambda r: r.row.start_wall_ns
    ),
    Column(
        "start_local",
        CellKind.LOCAL,
        "",
        "the same in the site's time",
        lambda r: iso_local(r.row.start_wall_ns, r.zone),
    ),
    whole("length_s", "of the interval", lambda r: r.row.length_s, "s"),
    number(
        "missing_share",
        "0-1",
        "part of the interval that was not looked at; 1: nothing is known",
        lambda r: r.measures.missing_share,
    ),
    number(
        "granted_share",
        "0-1",
        "granted over wanted looks per second",
        lambda r: r.measures.granted_share,
    ),
    whole("volume", "all that passed", lambda r: r.measures.volume),
    *(_volume(label.label) for label in ObjectClass),
    number("flow_vph", "veh/h", "over the time looked at", lambda r: r.measures.flow_vph),
    number(
        "flow_whole_vph",
        "veh/h",
        "over the whole interval: the least that it was",
        lambda r: r.measures.flow_whole_vph,
    ),
    number("volume_pc", "pc", "passenger-car equivalents", lambda r: r.measures.volume_pc),
    number(
        "heavy_share",
        "0-1",
        "buses and trucks among motor vehicles",
        lambda r: r.measures.heavy_share,
    ),
    number("time_mean_kmh", "km/h", "time-mean speed", lambda r: r.measures.time_mean_kmh),
    number(
        "time_mean_low_kmh",
        "km/h",
        "its 95 % interval",
        lambda r: None if r.measures.mean_interval is None else r.measures.mean_interval.low,
    ),
    number(
        "time_mean_high_kmh",
        "km/h",
        "its 95 % interval",
        lambda r: None if r.measures.mean_interval is None else r.measures.mean_interval.high,
    ),
    number("space_mean_kmh", "km/h", "space-mean speed", lambda r: r.measures.space_mean_kmh),
    number("speed_sd_kmh", "km/h", "standard deviation", lambda r: r.measures.speed_sd_kmh),
    number("v15_kmh", "km/h", "15th percentile, from bins of 1 km/h", lambda r: r.measures.v15_kmh),
    number("v50_kmh", "km/h", "median, from bins of 1 km/h", lambda r: r.measures.v50_kmh),
    number("v85_kmh", "km/h", "85th percentile, from bins of 1 km/h", lambda r: r.measures.v85_kmh),
    number(
        "v85_low_kmh",
        "km/h",
        "its 95 % interval; none for fewer than 23",
        lambda r: None if r.measures.v85_interval is None else r.measures.v85_interval.low,
    ),
    number(
        "v85_high_kmh",
        "km/h",
        "its 95 % interval; none for fewer than 23",
        lambda r: None if r.measures.v85_interval is None else r.measures.v85_interval.high,
    ),
    whole("speed_n", "vehicles with a valid speed", lambda r: r.measures.speed_n),
    whole("speed_invalid", "passages without one", lambda r: r.row.tally.speed_invalid),
    number("density_vpkm", "veh/km", "for each lane", lambda r: r.measures.density_vpkm),
    number("occupancy_pct", "%", "time with a vehicle over it", lambda r: r.measures.occupancy_pct),
    number("headway_s", "s", "mean, front to front", lambda r: r.measures.headway_s),
    number("gap_s", "s", "mean, rear to front", lambda r: r.measures.gap_s),
    number("dwell_s", "s", "mean of visits that ended", lambda r: r.measures.dwell_s),
    number("travel_s", "s", "mean of trips that ended", lambda r: r.measures.travel_s),
    number("delay_s", "s", "mean against free flow", lambda r: r.measures.delay_s),
    number("queue_m", "m", "mean length", lambda r: r.measures.queue_m),
    number("queue_max_m", "m", "longest", lambda r: r.measures.queue_max_m),
    number("queued_share", "0-1", "time with a queue", lambda r: r.measures.queued_share),
    text("level_of_service", "A to F", lambda r: str(r.measures.level_of_service or "")),
    *(_length(name) for name in LengthClass),
    *(_fhwa(group) for group in FHWA_GROUPS),
    whole("late", "facts that came too late for their row", lambda r: r.row.tally.late),
    text(
        "problems",
        "why measures are missing whose sums can't be true",
        lambda r: "; ".join(r.measures.problems),
    ),
)
"""Of interval tables, in their order. A new one goes to the end; none is renamed."""

"""Per-vehicle records: one for each crossing of a line, and the columns of their tables."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from its_camera_ai.analytics.publishing.columns import (
    CellKind,
    Column,
    Columns,
    number,
    text,
    whole,
)
from its_camera_ai.analytics.publishing.intervals import FHWA_GROUPS
from its_camera_ai.analytics.publishing.moments import iso_local
from its_camera_ai.core.events import Event, EventKind
from its_camera_ai.core.local_days import Span
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.store.events import LIMIT_MAX, EventRepository

WINDOW_NS = 3600 * NS_PER_S
"""The store lists newest first; of so much time the records are turned round at once."""


@dataclass(frozen=True, slots=True)
class VehicleRecord:
    """One crossing as it was stored.

    Attributes:
        detail: of the event, see ``analytics.camera.records.crossing_record``.
        zone: of the site.
    """

    event: Event
    zone: ZoneInfo

    @property
    def detail(self) -> Mapping[str, object]:
        return self.event.detail

    def text(self, name: str) -> str:
        """A fact as text; empty where it is not known."""
        value = self.detail.get(name)
        return "" if value is None else str(value)

    def number(self, name: str) -> float | None:
        """A fact as a number; None where it is not known."""
        value = self.detail.get(name)
        return float(value) if isinstance(value, int | float) else None

    def bound(self, which: int) -> float | None:
        """Of the speed's 95 % interval: 0 the lower, 1 the upper."""
        bounds = self.detail.get("speed_95")
        return float(bounds[which]) if isinstance(bounds, list) and len(bounds) == 2 else None

    def probability(self, group: int) -> float | None:
        """Of an FHWA group; None where the scheme does not apply or says nothing."""
        groups = self.detail.get("fhwa")
        if not isinstance(groups, dict) or not groups:
            return None
        return float(groups.get(str(group), 0.0))


def vehicle_records(
    events: EventRepository, camera_id: str, span: Span, zone: ZoneInfo
) -> Iterator[VehicleRecord]:
    """The crossings in ``[since, until)``, oldest first; at most an hour of them in memory."""
    since = span.since_wall_ns
    while since < span.until_wall_ns:
        until = min(span.until_wall_ns, (since // WINDOW_NS + 1) * WINDOW_NS)
        window = list(_crossings(events, camera_id, since, until))
        for event in reversed(window):
            yield VehicleRecord(event, zone)
        since = until


def _crossings(
    events: EventRepository, camera_id: str, since_ns: int, until_ns: int
) -> Iterator[Event]:
    cursor: str | None = None
    while True:
        page = events.find(
            camera_id=camera_id,
            kinds=[EventKind.LINE_CROSSED],
            since_wall_ns=since_ns,
            until_wall_ns=until_ns,
            limit=LIMIT_MAX,
            cursor=cursor,
        )
        yield from page.items
        cursor = page.next_cursor
        if cursor is None:
            return


def _probability(group: int) -> Column[VehicleRecord]:
    return number(
        f"fhwa_{group}_probability",
        "0-1",
        f"of FHWA group {group}; none where the scheme does not apply",
        lambda r: r.probability(group),
    )


VEHICLE_COLUMNS: Columns[VehicleRecord] = (
    text("id", "of the event", lambda r: r.event.id),
    text("camera", "id of the camera", lambda r: r.event.camera_id),
    Column(
        "time_utc",
        CellKind.MOMENT,
        "",
        "interpolated moment over the line",
        lambda r: r.event.wall_ns,
    ),
    Column(
        "time_local",
        CellKind.LOCAL,
        "",
        "the same in the site's time",
        lambda r: iso_local(r.event.wall_ns, r.zone),
    ),
    text("line", "id of the line", lambda r: r.text("line")),
    text("direction", "in or out", lambda r: r.text("direction")),
    text("lane", "id of the lane; empty for none", lambda r: r.text("lane")),
    whole("track", "number of the track", lambda r: r.event.track_id),
    text("class", "by vote over the track", lambda r: r.text("class")),
    number("class_share", "0-1", "part of the vote", lambda r: r.number("class_share")),
    number("speed_kmh", "km/h", "spot speed", lambda r: r.number("speed_kmh")),
    number("speed_low_kmh", "km/h", "its 95 % interval", lambda r: r.bound(0)),
    number("speed_high_kmh", "km/h", "its 95 % interval", lambda r: r.bound(1)),
    text("speed_problem", "why there is no speed", lambda r: r.text("speed_problem")),
    number("length_m", "m", "of the vehicle", lambda r: r.number("length_m")),
    text("length_class", "by length", lambda r: r.text("length_class")),
    number("headway_s", "s", "front to front in the lane", lambda r: r.number("headway_s")),
    number("gap_s", "s", "rear to front in the lane", lambda r: r.number("gap_s")),
    *(_probability(group) for group in FHWA_GROUPS),
)
"""Of per-vehicle records, in their order. A new one goes to the end; none is renamed."""

"""Events and their outbox: what happened, and what must still be told to others."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, tuple_, update

from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.events import Event, EventKind
from its_camera_ai.core.time import Clock, SystemClock, iso_utc
from its_camera_ai.store.cursors import cursor_of, place_of
from its_camera_ai.store.database import Database
from its_camera_ai.store.parameters import chunks, clamped
from its_camera_ai.store.schema import event_totals, events, outbox

LIMIT_MAX = 1000

Counts = dict[str, dict[str, dict[str, dict[str, int]]]]
"""``{"lines": {id: {"in": {"total": n, class: n}, "out": …}}}``; zones: ``entered``, ``left``."""


@dataclass(frozen=True, slots=True)
class EventPage:
    """Part of a search, newest first; ``next_cursor`` asks for the older rest, None at the end."""

    items: list[Event]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class OutboxItem:
    """One message that waits for delivery; ``seq`` gives the order.

    ``topic`` is ``event.<kind>``; ``payload`` the event in the API's JSON shape.
    """

    seq: int
    event_id: str
    topic: str
    payload: dict[str, object]
    created_ns: int


class EventRepository:
    def __init__(self, database: Database, clock: Clock | None = None) -> None:
        self._database = database
        self._clock = clock or SystemClock()

    def append(self, items: Sequence[Event]) -> None:
        """Store events and their outbox rows in one durable transaction: all or none.

        An event whose id is stored already changes nothing and is not told again.
        """
        wanted = {item.id: item for item in items}
        if not wanted:
            return
        with self._database.write(durable=True) as connection:
            known = _known(connection, list(wanted))
            new = [item for item in wanted.values() if item.id not in known]
            if not new:
                return
            created_ns = self._clock.wall_ns()
            connection.execute(insert(events), [_event_row(item) for item in new])
            connection.execute(insert(outbox), [_outbox_row(item, created_ns) for item in new])

    def find(
        self,
        *,
        camera_id: str | None = None,
        kinds: Iterable[EventKind] | None = None,
        since_wall_ns: int | None = None,
        until_wall_ns: int | None = None,
        limit: int = 100,
        cursor: str | None = None,
    ) -> EventPage:
        """Events in ``[since, until)``, newest first.

        A page is found by the place of the last event, so events that arrive meanwhile neither
        repeat nor hide others.

        Raises:
            ConfigInvalid: a limit outside 1–1000, or a cursor that no page gave.
        """
        if not 1 <= limit <= LIMIT_MAX:
            raise ConfigInvalid(f"The limit {limit} is not allowed; ask for 1 to {LIMIT_MAX}.")
        query = select(events)
        if camera_id is not None:
            query = query.where(events.c.camera_id == camera_id)
        if kinds is not None:
            query = query.where(events.c.kind.in_([str(kind) for kind in kinds]))
        if since_wall_ns is not None:
            query = query.where(events.c.wall_ns >= clamped(since_wall_ns))
        if until_wall_ns is not None:
            query = query.where(events.c.wall_ns < clamped(until_wall_ns))
        if cursor is not None:
            place = place_of(cursor, "events")
            query = query.where(tuple_(events.c.wall_ns, events.c.id) < tuple_(*place))
        query = query.order_by(events.c.wall_ns.desc(), events.c.id.desc()).limit(limit + 1)
        with self._database.read() as connection:
            found = [_event(row) for row in connection.execute(query)]
        page = found[:limit]
        more = cursor_of(page[-1].wall_ns, page[-1].id) if len(found) > limit else None
        return EventPage(page, more)

    def line_counts(self, camera_id: str, since_wall_ns: int) -> Counts:
        """Crossings, entries and exits since then, counted from the stored events.

        The shape of the API's counts, without ``occupancy``: who stands in a zone now is not known
        from the past alone. Of old events that were aggregated, whole hours since then count.
        """
        place = func.coalesce(
            events.c.detail["line"].as_string(), events.c.detail["zone"].as_string()
        )
        direction = events.c.detail["direction"].as_string()
        class_name = events.c.detail["class"].as_string()
        query = (
            select(events.c.kind, place, direction, class_name, func.count())
            .where(
                events.c.camera_id == camera_id,
                events.c.wall_ns >= clamped(since_wall_ns),
                events.c.kind.in_([str(kind) for kind in _COUNTED]),
            )
            .group_by(events.c.kind, place, direction, class_name)
        )
        totals = select(
            event_totals.c.kind,
            event_totals.c.place,
            event_totals.c.direction,
            func.nullif(event_totals.c["class"], ""),
            event_totals.c.number,
        ).where(
            event_totals.c.camera_id == camera_id,
            event_totals.c.hour_ns >= clamped(since_wall_ns),
        )
        counts: Counts = {"lines": {}, "zones": {}}
        with self._database.read() as connection:
            for kind, place_id, way, label, number in [
                *connection.execute(query),
                *connection.execute(totals),
            ]:
                group, key = _COUNTED[EventKind(kind)]
                if place_id is not None:
                    _add(counts, group, place_id, key or way, label, number)
        return counts


_COUNTED: Mapping[EventKind, tuple[str, str | None]] = {
    EventKind.LINE_CROSSED: ("lines", None),  # the key is the event's direction
    EventKind.ZONE_ENTERED: ("zones", "entered"),
    EventKind.ZONE_LEFT: ("zones", "left"),
}
_KEYS = {"lines": ("in", "out"), "zones": ("entered", "left")}


def _add(
    counts: Counts, group: str, place: str, key: str | None, label: str | None, number: int
) -> None:
    if key not in _KEYS[group]:
        return
    entry = counts[group].setdefault(place, {each: {"total": 0} for each in _KEYS[group]})[key]
    entry["total"] += number
    if label is not None:
        entry[label] = entry.get(label, 0) + number


class OutboxRepository:
    """Messages still to be delivered, at least once and in order."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def pending(self, limit: int) -> list[OutboxItem]:
        """The oldest messages that nobody marked as delivered."""
        query = (
            select(
                outbox.c.seq,
                outbox.c.event_id,
                outbox.c.topic,
                outbox.c.payload,
                outbox.c.created_ns,
            )
            .where(outbox.c.delivered_ns.is_(None))
            .order_by(outbox.c.seq)
            .limit(limit)
        )
        with self._database.read() as connection:
            return [OutboxItem(*row) for row in connection.execute(query)]

    def delivered(self, seqs: Iterable[int], wall_ns: int) -> None:
        """Mark messages; the first mark stays.

        Not synced: a power cut may bring some back to be told again, and every receiver removes
        duplicates by event id.
        """
        wanted = list(seqs)
        if not wanted:
            return
        with self._database.write(durable=False) as connection:
            for part in chunks(wanted):
                connection.execute(
                    update(outbox)
                    .where(outbox.c.seq.in_(part), outbox.c.delivered_ns.is_(None))
                    .values(delivered_ns=wall_ns)
                )

    def prune(self, delivered_before_wall_ns: int) -> int:
        """Forget messages that were delivered before then; returns how many. Events stay."""
        with self._database.write(durable=False) as connection:
            return connection.execute(
                delete(outbox).where(outbox.c.delivered_ns < delivered_before_wall_ns)
            ).rowcount


def _known(connection: Connection, ids: Sequence[str]) -> set[str]:
    known: set[str] = set()
    for part in chunks(ids):
        known.update(connection.scalars(select(events.c.id).where(events.c.id.in_(part))))
    return known


def _event_row(item: Event) -> dict[str, object]:
    return {
        "id": item.id,
        "kind": str(item.kind),
        "camera_id": item.camera_id,
        "wall_ns": item.wall_ns,
        "pts_ns": item.pts_ns,
        "track_id": item.track_id,
        "detail": item.detail,
    }


def _outbox_row(item: Event, created_ns: int) -> dict[str, object]:
    payload = {
        "id": item.id,
        "kind": str(item.kind),
        "camera_id": item.camera_id,
        "time": iso_utc(item.wall_ns),
        "wall_ns": str(item.wall_ns),
        "pts_ns": str(item.pts_ns),
        "track_id": item.track_id,
        "detail": item.detail,
    }
    return {
        "event_id": item.id,
        "topic": f"event.{item.kind}",
        "payload": payload,
        "created_ns": created_ns,
    }


def _event(row: Row[Any]) -> Event:
    return Event(
        id=row.id,
        kind=EventKind(row.kind),
        camera_id=row.camera_id,
        pts_ns=row.pts_ns,
        wall_ns=row.wall_ns,
        track_id=row.track_id,
        detail=row.detail,
    )

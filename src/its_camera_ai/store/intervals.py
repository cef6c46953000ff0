"""Interval tables in the database; ``docs/design/intervals.md`` says why their sums add up."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date

from sqlalchemy import ColumnElement, Connection, Row, delete, func, select

from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.interval_store import (
    Added,
    IntervalRetention,
    IntervalTable,
    SpanTotal,
)
from its_camera_ai.core.intervals import LENGTHS_S, IntervalRow, Place, PlaceKind, Tally
from its_camera_ai.core.local_days import Span, local_days, time_zone
from its_camera_ai.core.retention import NS_PER_DAY
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.store import sqlite
from its_camera_ai.store.database import Database
from its_camera_ai.store.interval_bodies import packed, unpacked
from its_camera_ai.store.interval_places import IntervalPlaces
from its_camera_ai.store.interval_sums import KEY, sum_up
from its_camera_ai.store.interval_tables import filled, fitting
from its_camera_ai.store.parameters import clamped
from its_camera_ai.store.traffic_schema import intervals, intervals_kept

LIMIT_MAX = 100_000
BATCH_ROWS = 5000
"""Deleted in one transaction, so that writers need not wait."""
_MINUTE_NS = 60 * NS_PER_S
_HOUR_NS = 3600 * NS_PER_S


class IntervalRepository:
    """The port ``IntervalStore`` on the site's own database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._places = IntervalPlaces(database)

    def add(self, rows: Sequence[IntervalRow]) -> Added:
        """See ``IntervalStore.add``."""
        for row in rows:
            _check(row)
        if not rows:
            return Added()
        with self._database.write(durable=True) as connection:
            kept_since = _kept_since(connection)
            fresh = [row for row in rows if row.start_wall_ns >= kept_since]
            places, writers = self._places.made(
                connection,
                ((row.camera_id, row.place) for row in fresh),
                (row.writer for row in fresh),
            )
            changed: dict[int, set[int]] = defaultdict(set)
            stored = []
            for row in fresh:
                place = places[row.camera_id, row.place]
                changed[place].add(row.start_wall_ns)
                key = (place, row.length_s, row.start_wall_ns, writers[row.writer])
                body = packed(row.tally, row.length_m)
                stored.append({**dict(zip(KEY, key, strict=True)), "body": body})
            written = sqlite.upsert(connection, intervals, stored, key=KEY, if_changed="body")
            sum_up(connection, changed)
        self._places.keep(places, writers)
        return Added(written, len(fresh) - written, len(rows) - len(fresh))

    def places(self, camera_id: str | None = None) -> list[tuple[str, Place]]:
        """See ``IntervalStore.places``."""
        return list(self._places.all(camera_id))

    def table(
        self,
        camera_id: str,
        place: Place,
        length_s: int,
        since_wall_ns: int,
        until_wall_ns: int,
        *,
        limit: int = 10_000,
    ) -> IntervalTable:
        """See ``IntervalStore.table``."""
        _check_question(length_s, limit)
        number = self._places.number((camera_id, place))
        since, until, following = _page(length_s, since_wall_ns, until_wall_ns, limit)
        with self._database.read() as connection:
            found = _rows(connection, number, length_s, since, until)
        return filled(camera_id, place, length_s, Span(since, until), found, following)

    def tables(
        self,
        camera_id: str,
        length_s: int,
        since_wall_ns: int,
        until_wall_ns: int,
        *,
        kinds: Sequence[PlaceKind] | None = None,
        limit: int = 10_000,
    ) -> list[IntervalTable]:
        """See ``IntervalStore.tables``."""
        return [
            self.table(camera_id, place, length_s, since_wall_ns, until_wall_ns, limit=limit)
            for _, place in self.places(camera_id)
            if kinds is None or place.kind in kinds
        ]

    def totals(self, camera_id: str, place: Place, spans: Sequence[Span]) -> list[SpanTotal]:
        """See ``IntervalStore.totals``."""
        parts = [fitting(span) for span in spans]
        number = self._places.number((camera_id, place))
        totals = []
        with self._database.read() as connection:
            for span, pieces in zip(spans, parts, strict=True):
                total, length_m = Tally(), 0.0
                for length_s, piece in pieces:
                    for row in _rows(
                        connection, number, length_s, piece.since_wall_ns, piece.until_wall_ns
                    ):
                        tally, length_m = unpacked(row.body)
                        total.take(tally)
                totals.append(SpanTotal(span, total, length_m=length_m))
        return totals

    def days(
        self, camera_id: str, place: Place, first: date, last: date, zone: str
    ) -> list[SpanTotal]:
        """See ``IntervalStore.days``."""
        days = local_days(first, last, time_zone(zone))
        totals = self.totals(camera_id, place, [span for _, span in days])
        return [
            SpanTotal(total.span, total.tally, day, total.length_m)
            for (day, _), total in zip(days, totals, strict=True)
        ]

    def forget(
        self,
        retention: IntervalRetention,
        now_wall_ns: int,
        *,
        dry_run: bool = False,
        stopped: Callable[[], bool] = lambda: False,
    ) -> Mapping[int, int]:
        """See ``IntervalStore.forget``."""
        gone = {}
        for length_s in LENGTHS_S:
            days = retention.keep_days[length_s]
            if days is not None:
                before = (now_wall_ns - round(days * NS_PER_DAY)) // _HOUR_NS * _HOUR_NS
                if dry_run:
                    gone[length_s] = self._count(length_s, before)
                else:
                    gone[length_s] = self._forget(length_s, before, stopped)
        return gone

    def _count(self, length_s: int, before_ns: int) -> int:
        numbers = self._places.all().values()
        with self._database.read() as connection:
            return sum(
                connection.scalar(
                    select(func.count())
                    .select_from(intervals)
                    .where(_range(number, length_s, -_HOUR_NS, before_ns))
                )
                or 0
                for number in numbers
            )

    def _forget(self, length_s: int, before_ns: int, stopped: Callable[[], bool]) -> int:
        with self._database.write(durable=True) as connection:  # first: no row comes in after it
            known = _kept_since(connection, length_s)
            mark = {"length_s": length_s, "since_ns": max(known, before_ns)}
            sqlite.upsert(connection, intervals_kept, [mark], key=("length_s",))
        count = 0
        for number in self._places.all().values():
            due = _range(number, length_s, -_HOUR_NS, before_ns)
            some = select(intervals.c.start_ns).where(due).order_by(intervals.c.start_ns)
            while not stopped():
                with self._database.write(durable=False) as connection:
                    starts = connection.scalars(some.limit(BATCH_ROWS)).all()
                    if not starts:
                        break
                    batch = _range(number, length_s, -_HOUR_NS, starts[-1] + 1)
                    count += connection.execute(delete(intervals).where(batch)).rowcount
        return count


def _check(row: IntervalRow) -> None:
    if row.length_s != 60 or row.start_wall_ns % _MINUTE_NS or not row.writer:
        raise ValueError(
            f"Only 1-minute rows of a named writer are stored, not {row.length_s} s from "
            f"{row.start_wall_ns} of '{row.writer}'."
        )


def _check_question(length_s: int, limit: int) -> None:
    if length_s not in LENGTHS_S:
        raise ConfigInvalid(
            f"There are no intervals of {length_s} s; ask for {', '.join(map(str, LENGTHS_S))}."
        )
    if not 1 <= limit <= LIMIT_MAX:
        raise ConfigInvalid(f"The limit {limit} is not allowed; ask for 1 to {LIMIT_MAX}.")


def _page(length_s: int, since_ns: int, until_ns: int, limit: int) -> tuple[int, int, int | None]:
    """First begin and end of the last interval of this page, and where the next one begins."""
    length_ns = length_s * NS_PER_S
    since = -(-clamped(since_ns) // length_ns) * length_ns
    until = -(-clamped(until_ns) // length_ns) * length_ns
    if until <= since:
        return since, since, None
    end = min(until, since + limit * length_ns)
    return since, end, end if end < until else None


def _range(number: int, length_s: int, since_ns: int, until_ns: int) -> ColumnElement[bool]:
    return (
        (intervals.c.place == number)
        & (intervals.c.length_s == length_s)
        & (intervals.c.start_ns >= since_ns)
        & (intervals.c.start_ns < until_ns)
    )


def _rows(
    connection: Connection, number: int | None, length_s: int, since_ns: int, until_ns: int
) -> Sequence[Row[int, bytes]]:
    if number is None:
        return ()
    return connection.execute(
        select(intervals.c.start_ns, intervals.c.body)
        .where(_range(number, length_s, since_ns, until_ns))
        .order_by(intervals.c.start_ns, intervals.c.writer)
    ).all()


def _kept_since(connection: Connection, length_s: int | None = None) -> int:
    """From when on rows may come in: the newest mark, or that of one length."""
    query = select(intervals_kept.c.since_ns).order_by(intervals_kept.c.since_ns.desc())
    if length_s is not None:
        query = query.where(intervals_kept.c.length_s == length_s)
    return connection.scalar(query) or 0

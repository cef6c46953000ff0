"""The rows of 5, 15 and 60 minutes: made anew from the next shorter ones wherever these changed."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import groupby, pairwise
from operator import itemgetter

from sqlalchemy import Connection, select

from its_camera_ai.core.intervals import LENGTHS_S, Tally
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.store import sqlite
from its_camera_ai.store.interval_bodies import packed, unpacked
from its_camera_ai.store.parameters import chunks
from its_camera_ai.store.traffic_schema import intervals

SUM_WRITER = 0
"""Stands in the place of a writer in rows that are sums; real ones count from 1."""
KEY = ("place", "length_s", "start_ns", "writer")

Starts = Mapping[int, Collection[int]]
"""Place number → begins of intervals, wall ns."""


def sum_up(connection: Connection, changed: Starts) -> None:
    """Bring the longer rows up to date with these 1-minute rows, in the caller's transaction.

    An hour that the change does not touch is not read.
    """
    for shorter_s, length_s in pairwise(LENGTHS_S):
        length_ns = length_s * NS_PER_S
        changed = {
            place: {start // length_ns * length_ns for start in starts}
            for place, starts in changed.items()
        }
        rows = [
            {"place": place, "length_s": length_s, "start_ns": start, "writer": SUM_WRITER}
            | {"body": body}
            for start, places in _by_start(changed)
            for place, body in _sums(connection, places, shorter_s, start, start + length_ns)
        ]
        if rows:
            sqlite.upsert(connection, intervals, rows, key=KEY)


def _by_start(changed: Starts) -> Iterable[tuple[int, list[int]]]:
    places: dict[int, list[int]] = defaultdict(list)
    for place, starts in changed.items():
        for start in starts:
            places[start].append(place)
    return sorted(places.items())


def _sums(
    connection: Connection, places: list[int], length_s: int, since_ns: int, until_ns: int
) -> Iterator[tuple[int, bytes]]:
    columns = (intervals.c.place, intervals.c.body)
    for part in chunks(places):
        found = connection.execute(
            select(*columns)
            .where(
                intervals.c.place.in_(part),
                intervals.c.length_s == length_s,
                intervals.c.start_ns >= since_ns,
                intervals.c.start_ns < until_ns,
            )
            .order_by(intervals.c.place, intervals.c.start_ns, intervals.c.writer)
        ).all()
        for place, rows in groupby(found, key=itemgetter(0)):
            total, length_m = Tally(), 0.0
            for _, body in rows:
                tally, length_m = unpacked(body)
                total.take(tally)
            yield place, packed(total, length_m)

"""From stored rows to tables without holes, and which rows make up a span."""

from collections.abc import Iterator, Sequence
from typing import overload

from sqlalchemy import Row

from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.interval_store import Gap, GapReason, IntervalTable
from its_camera_ai.core.intervals import LENGTHS_S, IntervalRow, Place, Tally
from its_camera_ai.core.local_days import Span
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.store.interval_bodies import unpacked, was_looked_at

Found = Sequence[Row[int, bytes]]
"""Begin and body, by begin; those of one begin add up."""


class StoredRows(Sequence[IntervalRow]):
    """The rows of a table, unpacked one by one as they are asked for.

    So a table of a month is a list of bytes, and not half a million objects for the garbage
    collector. Asked for again, a row is made anew.
    """

    def __init__(
        self, camera_id: str, place: Place, length_s: int, span: Span, found: Found
    ) -> None:
        self._camera_id = camera_id
        self._place = place
        self._length_s = length_s
        self._starts = range(span.since_wall_ns, span.until_wall_ns, length_s * NS_PER_S)
        self._bodies: dict[int, tuple[bytes, ...]] = {}
        for start, body in found:
            self._bodies[start] = (*self._bodies.get(start, ()), body)

    def __len__(self) -> int:
        return len(self._starts)

    def __iter__(self) -> Iterator[IntervalRow]:
        camera_id, place, length_s = self._camera_id, self._place, self._length_s
        for start in self._starts:
            bodies = self._bodies.get(start, ())
            if len(bodies) == 1:  # nearly always; written out for its speed
                tally, length_m = unpacked(bodies[0])
                yield IntervalRow(camera_id, place, start, length_s, tally, length_m)
            else:
                yield self._row(start)

    @overload
    def __getitem__(self, index: int) -> IntervalRow: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[IntervalRow]: ...
    def __getitem__(self, index: int | slice) -> IntervalRow | Sequence[IntervalRow]:
        if isinstance(index, slice):
            return [self._row(start) for start in self._starts[index]]
        return self._row(self._starts[index])

    def gaps(self) -> tuple[Gap, ...]:
        """The spans of which nothing is known."""
        found: list[Gap] = []
        if len(self._bodies) == len(self._starts) and all(
            was_looked_at(bodies[0]) for bodies in self._bodies.values()
        ):
            return ()
        for start in self._starts:
            bodies = self._bodies.get(start)
            if bodies is None:
                reason = GapReason.NOT_MEASURED
            elif any(map(was_looked_at, bodies)):
                continue
            else:
                reason = GapReason.NOT_LOOKED
            before = found[-1] if found else None
            if before and before.reason is reason and before.until_wall_ns == start:
                start = found.pop().since_wall_ns
                found.append(Gap(start, before.until_wall_ns + self._starts.step, reason))
            else:
                found.append(Gap(start, start + self._starts.step, reason))
        return tuple(found)

    def _row(self, start: int) -> IntervalRow:
        bodies = self._bodies.get(start)
        if bodies is None:
            return IntervalRow(self._camera_id, self._place, start, self._length_s, Tally())
        tally, length_m = unpacked(bodies[0])
        for body in bodies[1:]:
            more, length_m = unpacked(body)
            tally.take(more)
        return IntervalRow(self._camera_id, self._place, start, self._length_s, tally, length_m)


def filled(
    camera_id: str,
    place: Place,
    length_s: int,
    span: Span,
    found: Found,
    next_since_wall_ns: int | None = None,
) -> IntervalTable:
    """A row for every interval of the span, whose ends are whole multiples of the length."""
    rows = StoredRows(camera_id, place, length_s, span, found)
    return IntervalTable(camera_id, place, length_s, rows, rows.gaps(), next_since_wall_ns)


def fitting(span: Span) -> list[tuple[int, Span]]:
    """The longest intervals that make up a span, in order: ``(length_s, part of the span)``.

    Raises:
        ConfigInvalid: it does not begin and end on a minute.
    """
    ends = (span.since_wall_ns, span.until_wall_ns)
    if any(end % (LENGTHS_S[0] * NS_PER_S) for end in ends) or ends[1] < ends[0]:
        raise ConfigInvalid("A span of interval rows begins and ends on a minute; round it.")
    return _fitting(*ends, len(LENGTHS_S) - 1)


def _fitting(since: int, until: int, level: int) -> list[tuple[int, Span]]:
    if since == until:
        return []
    length_ns = LENGTHS_S[level] * NS_PER_S
    first, last = -(-since // length_ns) * length_ns, until // length_ns * length_ns
    if first >= last:
        return _fitting(since, until, level - 1)
    return [
        *_fitting(since, first, level - 1),
        (LENGTHS_S[level], Span(first, last)),
        *_fitting(last, until, level - 1),
    ]

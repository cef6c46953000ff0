"""From stored rows to tables without holes, and which rows make up a span."""

from collections.abc import Sequence

from sqlalchemy import Row

from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.interval_store import Gap, GapReason, IntervalTable
from its_camera_ai.core.intervals import LENGTHS_S, IntervalRow, Place, Tally
from its_camera_ai.core.local_days import Span
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.store.interval_bodies import unpacked


def filled(
    camera_id: str,
    place: Place,
    length_s: int,
    span: Span,
    found: Sequence[Row[int, bytes]],
    next_since_wall_ns: int | None = None,
) -> IntervalTable:
    """A row for every interval of the span, whose ends are whole multiples of the length.

    Args:
        found: begin and body, by begin; those of one begin add up.
    """
    length_ns = length_s * NS_PER_S
    rows: list[IntervalRow] = []
    gaps: list[Gap] = []
    at = span.since_wall_ns
    for start, body in found:
        tally, length_m = unpacked(body)
        if start < at:  # another writer's part of the interval that came last
            rows[-1].tally.take(tally)
            continue
        if at < start:
            rows += _nothing(camera_id, place, at, start, length_s)
        rows.append(IntervalRow(camera_id, place, start, length_s, tally, length_m))
        at = start + length_ns
    rows += _nothing(camera_id, place, at, span.until_wall_ns, length_s)
    measured = {start for start, _ in found}
    for row in rows:
        if row.tally.looked_s <= 0:
            start = row.start_wall_ns
            reason = GapReason.NOT_LOOKED if start in measured else GapReason.NOT_MEASURED
            _grow(gaps, Gap(start, start + length_ns, reason))
    return IntervalTable(camera_id, place, length_s, rows, tuple(gaps), next_since_wall_ns)


def _nothing(
    camera_id: str, place: Place, since_ns: int, until_ns: int, length_s: int
) -> list[IntervalRow]:
    return [
        IntervalRow(camera_id, place, start, length_s, Tally())
        for start in range(since_ns, until_ns, length_s * NS_PER_S)
    ]


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


def _grow(gaps: list[Gap], gap: Gap) -> None:
    before = gaps[-1] if gaps else None
    if before and before.reason is gap.reason and before.until_wall_ns == gap.since_wall_ns:
        gaps[-1] = Gap(before.since_wall_ns, gap.until_wall_ns, gap.reason)
    else:
        gaps.append(gap)

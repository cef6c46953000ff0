"""Which recordings may be compressed, and the switch from the original to the smaller file."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, exists, func, select, tuple_

from its_camera_ai.core.exports import ExportState
from its_camera_ai.core.segments import Segment, SegmentState, Tier
from its_camera_ai.store.database import Database
from its_camera_ai.store.parameters import clamped
from its_camera_ai.store.schema import bookmarks, exports, segments
from its_camera_ai.store.segment_rows import COLUMNS, held, put_rows, segment_of_row, to_garbage

REASON = "compressed"
_NO_EVIDENCE = (ExportState.FAILED, ExportState.CANCELLED)


@dataclass(frozen=True, slots=True)
class _Shown:
    """What an export shows, or showed."""

    cameras: frozenset[str]
    since_wall_ns: int
    until_wall_ns: int

    def covers(self, segment: Segment) -> bool:
        return (
            segment.camera_id in self.cameras
            and self.since_wall_ns < segment.end_wall_ns
            and segment.start_wall_ns < self.until_wall_ns
        )


class CompressionRepository:
    """Evidence is never compressed: nothing that a hold covers (locks, legal holds, open
    incidents), no span of a bookmark with a note, none that was exported."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def due(
        self,
        codec: str,
        tier: Tier,
        since_wall_ns: int,
        before_wall_ns: int,
        *,
        after: tuple[int, str] | None = None,
        limit: int,
    ) -> list[Segment]:
        """Sound segments that began in ``[since, before)`` and have another codec, oldest first;
        evidence among them too.

        Args:
            after: page on behind this start and id.
        """
        query = (
            select(*COLUMNS)
            .where(*_aged(codec, tier, since_wall_ns, before_wall_ns))
            .order_by(segments.c.start_wall_ns, segments.c.id)
            .limit(limit)
        )
        if after is not None:
            query = query.where(tuple_(segments.c.start_wall_ns, segments.c.id) > tuple_(*after))
        with self._database.read() as connection:
            return [segment_of_row(row) for row in connection.execute(query)]

    def footage_ns(
        self, codec: str, tiers: Iterable[Tier], since_wall_ns: int, before_wall_ns: int
    ) -> int:
        """How much there is of it, as playing time."""
        total = 0
        with self._database.read() as connection:
            for tier in tiers:
                which = _aged(codec, tier, since_wall_ns, before_wall_ns)
                query = select(func.sum(segments.c.duration_ns)).where(*which)
                total += int(connection.scalar(query) or 0)
        return total

    def evidence(self, items: Sequence[Segment]) -> set[str]:
        """The ids of those that may not be touched."""
        with self._database.read() as connection:
            return _evidence(connection, items)

    def switch(self, original: Segment, smaller: Segment, now_wall_ns: int) -> bool:
        """The smaller file is safe: let the row tell of it, and the original be garbage, in one
        durable transaction.

        Returns:
            False if the original is not what it was, or became evidence; nothing was changed.
        """
        same = (
            (segments.c.id == original.id)
            & (segments.c.tier == str(original.tier))
            & (segments.c.path == original.path)
            & (segments.c.content_hash == original.content_hash)
            & (segments.c.state == str(SegmentState.GOOD))
        )
        with self._database.write(durable=True) as connection:
            row = connection.execute(select(*COLUMNS).where(same)).one_or_none()
            if row is None or _evidence(connection, [original]):
                return False
            to_garbage(connection, [original], REASON, now_wall_ns)
            put_rows(connection, [smaller])
        return True

    def has(self, segment_id: str, tier: Tier, path: str) -> bool:
        """Whether a segment's file lies there."""
        query = select(segments.c.id).where(
            segments.c.id == segment_id,
            segments.c.tier == str(tier),
            segments.c.path == path,
        )
        with self._database.read() as connection:
            return connection.execute(query).one_or_none() is not None


def _aged(
    codec: str, tier: Tier, since_wall_ns: int, before_wall_ns: int
) -> list[ColumnElement[bool]]:
    return [
        segments.c.tier == str(tier),
        segments.c.start_wall_ns >= clamped(since_wall_ns),
        segments.c.start_wall_ns < clamped(before_wall_ns),
        segments.c.codec != codec,
        segments.c.state == str(SegmentState.GOOD),
        segments.c.content_hash != "",
    ]


def _evidence(connection: Connection, items: Sequence[Segment]) -> set[str]:
    ids = [item.id for item in items]
    noted = exists().where(
        bookmarks.c.camera_id == segments.c.camera_id,
        bookmarks.c.note != "",
        bookmarks.c.since_ns < segments.c.end_wall_ns,
        bookmarks.c.until_ns >= segments.c.start_wall_ns,
    )
    query = select(segments.c.id).where(segments.c.id.in_(ids), held() | noted)
    found = set(connection.scalars(query))
    shown = [
        _Shown(frozenset(request["cameras"]), request["since_wall_ns"], request["until_wall_ns"])
        for request in connection.scalars(
            select(exports.c.request).where(exports.c.state.not_in(map(str, _NO_EVIDENCE)))
        )
    ]
    return found | {item.id for item in items if any(one.covers(item) for one in shown)}

"""Moves between tiers: what is due, what was begun, and the switch from one place to the other."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Connection, delete, exists, func, select, true, tuple_, update

from its_camera_ai.core.segments import Segment, SegmentState, Tier
from its_camera_ai.store import sqlite
from its_camera_ai.store.database import Database
from its_camera_ai.store.parameters import clamped
from its_camera_ai.store.schema import garbage, moves, segments
from its_camera_ai.store.segment_rows import COLUMNS, held, segment_of_row, to_garbage

REASON = "moved"


class MoveRepository:
    """A move is written down before its copy is made, and struck out by the transaction that gives
    the segment its new tier. So whatever is killed when: each file in a slower tier is a segment's,
    or a move's, or garbage.

    Only one process may move at a time.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def due(
        self,
        source: Tier,
        target: Tier,
        until_wall_ns: int,
        *,
        held_too: bool = False,
        after: Segment | None = None,
        limit: int = 16,
    ) -> list[Segment]:
        """Sound segments of a tier that ended until then, oldest first.

        Those whose file in the target is still to be removed wait for that.

        Args:
            held_too: also those that a hold covers.
            after: page on behind this one.
        """
        being_removed = exists().where(
            garbage.c.tier == str(target), garbage.c.path == segments.c.path
        )
        query = (
            select(*COLUMNS)
            .where(*_movable(source, until_wall_ns, held_too), ~being_removed)
            .order_by(segments.c.start_wall_ns, segments.c.id)
            .limit(limit)
        )
        if after is not None:
            place = tuple_(segments.c.start_wall_ns, segments.c.id)
            query = query.where(place > tuple_(after.start_wall_ns, after.id))
        with self._database.read() as connection:
            return [segment_of_row(row) for row in connection.execute(query)]

    def waiting(
        self, source: Tier, until_wall_ns: int, *, held_too: bool = False
    ) -> tuple[int, int]:
        """How many segments are due, and their bytes."""
        query = select(func.count(), func.coalesce(func.sum(segments.c.size_bytes), 0))
        with self._database.read() as connection:
            row = connection.execute(query.where(*_movable(source, until_wall_ns, held_too))).one()
        return int(row[0]), int(row[1])

    def size_bytes(self, tier: Tier) -> int:
        """What the files of a tier take."""
        query = select(func.coalesce(func.sum(segments.c.size_bytes), 0)).where(
            segments.c.tier == str(tier), segments.c.state != str(SegmentState.MISSING)
        )
        with self._database.read() as connection:
            return int(connection.scalar(query) or 0)

    def begin(self, items: Sequence[Segment], target: Tier, now_wall_ns: int) -> None:
        """Copies of these may lie in the target from now on; durable."""
        rows = [
            {
                "segment_id": item.id,
                "path": item.path,
                "source": str(item.tier),
                "target": str(target),
                "size_bytes": item.size_bytes,
                "since_ns": now_wall_ns,
            }
            for item in items
        ]
        with self._database.write(durable=True) as connection:
            # a copy that was begun for another tier must not be forgotten
            _settle(connection, now_wall_ns, [item.id for item in items], to_other_than=target)
            sqlite.upsert(connection, moves, rows, key=("segment_id",))

    def switch(
        self, segment: Segment, target: Tier, now_wall_ns: int, *, held_too: bool = False
    ) -> bool:
        """The copy is safe: let the segment be there, and its file in the old tier be garbage, in
        one durable transaction.

        Returns:
            False if the segment was deleted, replaced, moved or held meanwhile; nothing was
            changed, and ``settle`` deals with the copy.
        """
        with self._database.write(durable=True) as connection:
            switched = connection.execute(
                update(segments)
                .where(
                    segments.c.id == segment.id,
                    segments.c.tier == str(segment.tier),
                    segments.c.path == segment.path,
                    segments.c.content_hash == segment.content_hash,
                    true() if held_too else ~held(),
                )
                .values(tier=str(target))
            ).rowcount
            if not switched:
                return False
            to_garbage(connection, [segment], REASON, now_wall_ns)
            connection.execute(delete(moves).where(moves.c.segment_id == segment.id))
        return True

    def settle(self, now_wall_ns: int) -> int:
        """Give up moves whose segment is not where it was any more: their copies become garbage.

        Returns:
            How many; those whose segment still waits in its tier are left, to be tried again.
        """
        with self._database.write(durable=True) as connection:
            return _settle(connection, now_wall_ns)


def _movable(source: Tier, until_wall_ns: int, held_too: bool) -> list[ColumnElement[bool]]:
    return [
        segments.c.tier == str(source),
        segments.c.start_wall_ns < clamped(until_wall_ns),
        segments.c.end_wall_ns <= clamped(until_wall_ns),
        segments.c.state == str(SegmentState.GOOD),
        true() if held_too else ~held(),
    ]


def _settle(
    connection: Connection,
    now_wall_ns: int,
    ids: Sequence[str] | None = None,
    *,
    to_other_than: Tier | None = None,
) -> int:
    waits = exists().where(
        segments.c.id == moves.c.segment_id,
        segments.c.tier == moves.c.source,
        segments.c.path == moves.c.path,
    )
    arrived = exists().where(segments.c.tier == moves.c.target, segments.c.path == moves.c.path)
    query = select(moves, arrived.label("arrived"))
    if ids is None or to_other_than is None:
        query = query.where(~waits)
    else:
        query = query.where(moves.c.segment_id.in_(ids), moves.c.target != str(to_other_than))
    over = connection.execute(query).all()
    rows = [
        {
            "tier": row.target,
            "path": row.path,
            "size_bytes": row.size_bytes,
            "reason": REASON,
            "since_ns": now_wall_ns,
        }
        for row in over
        if not row.arrived
    ]
    if rows:
        sqlite.upsert(connection, garbage, rows, key=("tier", "path"))
    for row in over:
        connection.execute(delete(moves).where(moves.c.segment_id == row.segment_id))
    return len(rows)

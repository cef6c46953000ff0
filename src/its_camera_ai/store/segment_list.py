"""Recordings of a span in brief: what a playlist or a time line needs, and nothing that costs."""

from typing import NamedTuple

from sqlalchemy import ColumnElement, select

from its_camera_ai.core.media import StreamRole
from its_camera_ai.store.database import Database
from its_camera_ai.store.parameters import clamped
from its_camera_ai.store.schema import segments
from its_camera_ai.store.segment_rows import spanning


class ListedSegment(NamedTuple):
    """The columns of ``core.segments.Segment`` by the same names; ``tier`` and ``state`` as
    text."""

    id: str
    start_wall_ns: int
    end_wall_ns: int
    start_pts_ns: int
    duration_ns: int
    size_bytes: int
    frames: int
    codec: str
    width: int
    height: int
    has_audio: bool
    generation: int
    content_hash: str
    original_hash: str
    tier: str
    state: str


_COLUMNS = tuple(segments.c[name] for name in ListedSegment._fields)


class SegmentList:
    """The index of recordings for readers in a hurry: a day is thousands of rows."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def find(
        self, camera_id: str, role: StreamRole, since_ns: int, until_ns: int, limit: int
    ) -> list[ListedSegment]:
        """Those that share a moment with ``[since, until)``, by their ends; at most ``limit``."""
        with self._database.read() as connection:
            rows = spanning(connection, _COLUMNS, camera_id, (role,), since_ns, until_ns, limit)
        return [ListedSegment._make(row) for row in rows]

    def activity(
        self, camera_id: str, role: StreamRole, since_ns: int, until_ns: int, limit: int
    ) -> list[tuple[int, int, bytes]]:
        """Beginning, end and packed ``SegmentActivity`` of those that vision saw something of."""
        columns = [segments.c[n] for n in ("start_wall_ns", "end_wall_ns", "activity", "id")]
        seen = segments.c.activity.is_not(None)
        with self._database.read() as connection:
            rows = spanning(
                connection, columns, camera_id, (role,), since_ns, until_ns, limit, seen
            )
        return [(row.start_wall_ns, row.end_wall_ns, row.activity) for row in rows]

    def before(self, camera_id: str, role: StreamRole, wall_ns: int) -> int | None:
        """The end of the last one that ended by then, wall ns."""
        query = (
            select(segments.c.end_wall_ns)
            .where(*_of(camera_id, role), segments.c.end_wall_ns <= clamped(wall_ns))
            .order_by(segments.c.end_wall_ns.desc())
            .limit(1)
        )
        with self._database.read() as connection:
            return connection.scalar(query)

    def after(self, camera_id: str, role: StreamRole, wall_ns: int) -> int | None:
        """The beginning of the first one that begins later, wall ns."""
        query = (
            select(segments.c.start_wall_ns)
            .where(*_of(camera_id, role), segments.c.start_wall_ns > clamped(wall_ns))
            .order_by(segments.c.start_wall_ns)
            .limit(1)
        )
        with self._database.read() as connection:
            return connection.scalar(query)


def _of(camera_id: str, role: StreamRole) -> tuple[ColumnElement[bool], ...]:
    return segments.c.camera_id == camera_id, segments.c.role == str(role)

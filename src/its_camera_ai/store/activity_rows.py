"""What vision saw, as the index of recordings holds it: for searches through many files."""

from collections.abc import Generator, Sequence
from typing import cast

from sqlalchemy import select

from its_camera_ai.core.media import StreamRole
from its_camera_ai.store.database import Database
from its_camera_ai.store.parameters import clamped
from its_camera_ai.store.schema import segments

PAGE = 4096


ActivityRow = tuple[int, int, bytes | None]
"""One recording: its begin and end, wall ns, and its packed ``SegmentActivity`` if vision saw any.
A plain tuple, because there are very many."""

_COLUMNS = (segments.c.start_wall_ns, segments.c.end_wall_ns, segments.c.activity)


class ActivityRows:
    """Rows in the order of their ends, read as they are needed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def pages(
        self, camera_id: str, since_ns: int, until_ns: int, *, newest_first: bool
    ) -> Generator[Sequence[ActivityRow], None, None]:
        """The rows of the main stream that share a moment with ``[since, until)``, up to 4096 at a
        time. What is not asked for is not read; close it when no more is wanted."""
        end = segments.c.end_wall_ns
        query = (
            select(*_COLUMNS)
            .where(
                segments.c.camera_id == camera_id,
                segments.c.role == str(StreamRole.MAIN),
                end > clamped(since_ns),
                segments.c.start_wall_ns < clamped(until_ns),
            )
            .order_by(end.desc() if newest_first else end)
        )
        with self._database.read() as connection:
            result = connection.execute(query.execution_options(yield_per=PAGE))
            for page in result.partitions():
                yield cast("Sequence[ActivityRow]", page)

"""What vision saw, as the index of recordings holds it: for searches through many files."""

from typing import NamedTuple

from sqlalchemy import and_, or_, select

from its_camera_ai.core.media import StreamRole
from its_camera_ai.store.database import Database
from its_camera_ai.store.parameters import clamped
from its_camera_ai.store.schema import segments


class ActivityRow(NamedTuple):
    """One recording: its id, its span, and its packed ``SegmentActivity`` if vision saw any."""

    id: str
    start_wall_ns: int
    end_wall_ns: int
    activity: bytes | None


_COLUMNS = tuple(segments.c[name] for name in ActivityRow._fields)


class ActivityRows:
    """Pages of rows in the order of their ends."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def page(
        self,
        camera_id: str,
        since_ns: int,
        until_ns: int,
        *,
        newest_first: bool,
        after: ActivityRow | None,
        limit: int,
    ) -> list[ActivityRow]:
        """Rows of the main stream that share a moment with ``[since, until)``.

        Args:
            after: the last row of the page before; None begins.
        """
        end, name = segments.c.end_wall_ns, segments.c.id
        query = select(*_COLUMNS).where(
            segments.c.camera_id == camera_id,
            segments.c.role == str(StreamRole.MAIN),
            end > clamped(since_ns),
            segments.c.start_wall_ns < clamped(until_ns),
        )
        if newest_first:
            query = query.order_by(end.desc(), name.desc())
        else:
            query = query.order_by(end, name)
        if after is not None:
            at_ns, last = after.end_wall_ns, after.id
            further = end < at_ns if newest_first else end > at_ns
            beside = name < last if newest_first else name > last
            # the first part alone would do, but lets the index take up where the page ended
            within = end <= at_ns if newest_first else end >= at_ns
            query = query.where(within, or_(further, and_(end == at_ns, beside)))
        with self._database.read() as connection:
            return [ActivityRow._make(row) for row in connection.execute(query.limit(limit)).all()]

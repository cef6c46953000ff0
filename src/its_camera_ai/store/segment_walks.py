"""Reads the index of recordings from one end to the other, page by page."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sqlalchemy import ColumnElement, select, tuple_

from its_camera_ai.core.media import StreamRole
from its_camera_ai.core.segments import Segment, Tier
from its_camera_ai.store.database import Database
from its_camera_ai.store.parameters import chunks
from its_camera_ai.store.schema import garbage, segments
from its_camera_ai.store.segment_rows import SPAN_COLUMNS, garbage_among, segment_of_row, spanning


class IndexedFile(NamedTuple):
    """What a check needs to know of a row."""

    id: str
    path: str
    size_bytes: int
    content_hash: str
    state: str


_FILE_COLUMNS = tuple(segments.c[name] for name in IndexedFile._fields)
_AFTER_ALL = "\U0010ffff"
"""Sorts behind every path."""


class Link(NamedTuple):
    """What ties a segment to those before and after it in its stream."""

    id: str
    path: str
    start_wall_ns: int
    end_wall_ns: int
    content_hash: str
    previous_hash: str
    original_hash: str


_LINK_COLUMNS = tuple(segments.c[name] for name in Link._fields)


class SegmentWalks:
    """The part of ``SegmentRepository`` that walks. Each page is a transaction of its own: what
    changes meanwhile may be seen or not, and a long walk holds up nobody."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def each(
        self,
        camera_id: str,
        role: StreamRole,
        since_wall_ns: int | None = None,
        until_wall_ns: int | None = None,
        *,
        page_rows: int = 500,
    ) -> Iterator[Segment]:
        """All that ``find`` could find, read page by page."""
        after: tuple[ColumnElement[bool], ...] = ()
        while True:
            with self._database.read() as connection:
                rows = spanning(
                    connection,
                    SPAN_COLUMNS,
                    camera_id,
                    (role,),
                    since_wall_ns,
                    until_wall_ns,
                    page_rows,
                    *after,
                )
            yield from map(segment_of_row, rows)
            if len(rows) < page_rows:
                return
            last = rows[-1]
            place = tuple_(segments.c.end_wall_ns, segments.c.id)
            after = (
                segments.c.end_wall_ns >= last.end_wall_ns,
                place > tuple_(last.end_wall_ns, last.id),
            )

    def by_path(
        self, prefix: str = "", tier: Tier = Tier.HOT, *, page_rows: int = 5000
    ) -> Iterator[IndexedFile]:
        """All files of a tier whose path begins so, in order of their path.

        Read page by page, each by itself: what changes meanwhile may be seen or not.
        """
        # the tier is compared here: told to the database, it would take the index of tiers and
        # sort all rows for each page
        query = (
            select(segments.c.tier, *_FILE_COLUMNS)
            .where(segments.c.path < prefix + _AFTER_ALL)
            .order_by(segments.c.path)
            .limit(page_rows)
        )
        condition = segments.c.path >= prefix
        while True:
            with self._database.read() as connection:
                page = connection.execute(query.where(condition)).all()
            for row in page:
                if row[0] == tier:
                    yield IndexedFile(*row[1:])
            if len(page) < page_rows:
                return
            condition = segments.c.path > page[-1].path

    def known(
        self, paths: Sequence[str], tier: Tier = Tier.HOT, *, garbage_too: bool = True
    ) -> set[str]:
        """Which of these files a segment has, or are garbage that waits for its removal."""
        found: set[str] = set()
        of_tier = segments.c.tier == str(tier)
        with self._database.read() as connection:
            for part in chunks(paths):
                query = select(segments.c.path).where(segments.c.path.in_(part), of_tier)
                found.update(connection.scalars(query))
                if garbage_too:
                    waste = garbage_among(connection, part)
                    found.update(path for its_tier, path in waste if its_tier == str(tier))
        return found

    def ids_at(self, paths: Sequence[str], tier: Tier = Tier.HOT) -> list[str]:
        """Ids of the segments that have these files."""
        found: list[str] = []
        with self._database.read() as connection:
            for part in chunks(paths):
                which = segments.c.path.in_(part), segments.c.tier == str(tier)
                found.extend(connection.scalars(select(segments.c.id).where(*which)))
        return found

    def indexed_garbage(self) -> list[str]:
        """Paths that are garbage and a segment's at once."""
        query = select(segments.c.path).join(
            garbage, (garbage.c.path == segments.c.path) & (garbage.c.tier == segments.c.tier)
        )
        with self._database.read() as connection:
            return list(connection.scalars(query))

    def streams(self) -> list[tuple[str, StreamRole]]:
        """The cameras and streams that have segments."""
        found: list[tuple[str, StreamRole]] = []
        place = tuple_(segments.c.camera_id, segments.c.role)
        query = select(segments.c.camera_id, segments.c.role).order_by(*place).limit(1)
        with self._database.read() as connection:
            row = connection.execute(query).one_or_none()
            while row is not None:  # from one to the next in the index, not over all rows
                found.append((row.camera_id, StreamRole(row.role)))
                after = query.where(place > tuple_(row.camera_id, row.role))
                row = connection.execute(after).one_or_none()
        return found

    def links(self, camera_id: str, role: StreamRole, *, page_rows: int = 5000) -> Iterator[Link]:
        """All segments of a stream, in all tiers, by their start; read page by page."""
        place = tuple_(segments.c.start_wall_ns, segments.c.id)
        query = (
            select(*_LINK_COLUMNS)
            .where(segments.c.camera_id == camera_id, segments.c.role == str(role))
            .order_by(*place)
            .limit(page_rows)
        )
        after = query
        while True:
            with self._database.read() as connection:
                page = [Link(*row) for row in connection.execute(after)]
            yield from page
            if len(page) < page_rows:
                return
            after = query.where(place > tuple_(page[-1].start_wall_ns, page[-1].id))

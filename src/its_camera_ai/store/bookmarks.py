"""Bookmarks, durable before a call returns."""

from typing import Any

from sqlalchemy import Row, delete, func, insert, select, tuple_, update

from its_camera_ai.core.bookmarks import Bookmark
from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.store.database import Database
from its_camera_ai.store.parameters import clamped
from its_camera_ai.store.schema import bookmarks

BOOKMARKS_MAX = 100_000


class BookmarkRepository:
    """Bookmarks by camera and time."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def add(self, bookmark: Bookmark) -> None:
        """Store a new one.

        Raises:
            ConfigInvalid: there are too many already.
        """
        with self._database.write(durable=True) as connection:
            count = connection.scalar(select(func.count()).select_from(bookmarks)) or 0
            if count >= BOOKMARKS_MAX:
                raise ConfigInvalid(
                    f"There are {BOOKMARKS_MAX} bookmarks already; remove some that are not needed."
                )
            connection.execute(insert(bookmarks), [_row(bookmark)])

    def get(self, bookmark_id: str) -> Bookmark | None:
        with self._database.read() as connection:
            row = connection.execute(
                select(bookmarks).where(bookmarks.c.id == bookmark_id)
            ).one_or_none()
        return None if row is None else _bookmark(row)

    def change(self, bookmark: Bookmark) -> bool:
        """Overwrite the one of this id; False if it is gone."""
        row = _row(bookmark)
        with self._database.write(durable=True) as connection:
            changed = connection.execute(
                update(bookmarks).where(bookmarks.c.id == row.pop("id")).values(**row)
            )
        return bool(changed.rowcount)

    def remove(self, bookmark_id: str) -> bool:
        """False if it was gone already."""
        with self._database.write(durable=True) as connection:
            removed = connection.execute(delete(bookmarks).where(bookmarks.c.id == bookmark_id))
        return bool(removed.rowcount)

    def find(
        self,
        camera_id: str | None = None,
        since_wall_ns: int | None = None,
        until_wall_ns: int | None = None,
        *,
        limit: int = 100,
        after: Bookmark | None = None,
    ) -> list[Bookmark]:
        """Those that share a moment with ``[since, until)``, by their beginning.

        Args:
            after: only those that come after this one.
        """
        query = select(bookmarks).order_by(bookmarks.c.since_ns, bookmarks.c.id).limit(limit)
        if camera_id is not None:
            query = query.where(bookmarks.c.camera_id == camera_id)
        if since_wall_ns is not None:
            query = query.where(bookmarks.c.until_ns >= clamped(since_wall_ns))
        if until_wall_ns is not None:
            query = query.where(bookmarks.c.since_ns < clamped(until_wall_ns))
        if after is not None:
            query = query.where(
                tuple_(bookmarks.c.since_ns, bookmarks.c.id) > (after.since_wall_ns, after.id)
            )
        with self._database.read() as connection:
            return [_bookmark(row) for row in connection.execute(query)]


def _row(bookmark: Bookmark) -> dict[str, Any]:
    return {
        "id": bookmark.id,
        "camera_id": bookmark.camera_id,
        "since_ns": bookmark.since_wall_ns,
        "until_ns": bookmark.until_wall_ns,
        "title": bookmark.title,
        "note": bookmark.note,
        "author": bookmark.author,
        "created_ns": bookmark.created_wall_ns,
        "updated_ns": bookmark.updated_wall_ns,
    }


def _bookmark(row: Row[Any]) -> Bookmark:
    return Bookmark(
        row.id,
        row.camera_id,
        row.since_ns,
        row.until_ns,
        row.title,
        row.note,
        row.author,
        row.created_ns,
        row.updated_ns,
    )

"""Holds: what nothing may delete. The database has them all; the mirror those that are active."""

from contextlib import suppress
from typing import Any

import structlog
from sqlalchemy import ColumnElement, Row, func, insert, or_, select, update

from its_camera_ai.core.errors import ConfigInvalid, ItscamError
from its_camera_ai.core.holds import Hold, HoldKind
from its_camera_ai.core.segments import SegmentState
from its_camera_ai.store.database import Database
from its_camera_ai.store.hold_mirror import HoldMirror, MirroredHolds
from its_camera_ai.store.parameters import clamped
from its_camera_ai.store.schema import holds, segments

log = structlog.get_logger(__name__)

ACTIVE_MAX = 10_000
"""Holds at a time: each is asked about each file before it goes."""


class HoldRepository:
    """Holds, durable before a call returns.

    The mirror never holds less than the database: a hold is in the mirror before the database has
    it, and leaves the mirror after the database let it go. What the mirror holds and the database
    never heard of comes back into it: a database that was lost, or put back from a backup, loses no
    evidence. The database is not locked while the mirror's disk is waited for.

    Args:
        mirror: of the volume that is recorded to.
    """

    def __init__(self, database: Database, mirror: HoldMirror) -> None:
        self._database = database
        self._mirror = mirror

    def add(self, hold: Hold) -> None:
        """Hold from now on. Adding the same again changes nothing.

        Raises:
            StorageUnavailable: the mirror can't be written; nothing is held then.
            ConfigInvalid: 10,000 are active already.
        """
        with self._mirror.locked():
            if self.get(hold.id) is not None:
                return
            self._take_back(self._mirror.read())
            active = self._active()
            if len(active) >= ACTIVE_MAX:
                raise ConfigInvalid(
                    f"There are {ACTIVE_MAX} holds already; release some that are not needed, or "
                    "hold a longer span with one."
                )
            self._mirror.write([*active, hold])
            try:
                with self._database.write(durable=True) as connection:
                    connection.execute(insert(holds), [_row(hold)])
            except ItscamError:
                with suppress(ItscamError):  # else it holds too much until the next change
                    self._mirror.write(active)
                raise

    def release(self, hold_id: str, *, by: str, now_ns: int) -> Hold | None:
        """End one; its row stays. Ending it again changes nothing.

        Returns:
            The hold as it is now; None if there is none of this id.

        Raises:
            StorageUnavailable: the mirror can't be written; if the database was, the hold ends with
                the next change or start.
        """
        with self._mirror.locked():
            self._take_back(self._mirror.read())
            with self._database.write(durable=True) as connection:
                connection.execute(
                    update(holds)
                    .where(holds.c.id == hold_id, holds.c.released_ns.is_(None))
                    .values(released_ns=now_ns, released_by=by)
                )
            self._mirror.write(self._active())
        return self.get(hold_id)

    def write_mirror(self) -> None:
        """Bring the two in line; done at the start of the server.

        Raises:
            StorageUnavailable, DatabaseUnavailable: it could not.
        """
        with self._mirror.locked():
            mirrored = self._mirror.read()
            self._take_back(mirrored)
            active = self._active()
            if mirrored.problem or mirrored.holds != tuple(active):
                self._mirror.write(active)

    def _take_back(self, mirrored: MirroredHolds) -> None:
        if not mirrored.holds:
            return
        with self._database.read() as connection:
            known = set(connection.scalars(select(holds.c.id)))
        lost = [hold for hold in mirrored.holds if hold.id not in known]
        if lost:
            with self._database.write(durable=True) as connection:
                connection.execute(insert(holds), [_row(hold) for hold in lost])
            log.warning("holds that the database lacked were taken back", holds=len(lost))

    def get(self, hold_id: str) -> Hold | None:
        with self._database.read() as connection:
            row = connection.execute(select(holds).where(holds.c.id == hold_id)).one_or_none()
        return None if row is None else _hold(row)

    def active(
        self,
        camera_id: str | None = None,
        since_wall_ns: int | None = None,
        until_wall_ns: int | None = None,
    ) -> list[Hold]:
        """Holds that are active, oldest first; of a camera: also those of every camera.

        Args:
            since_wall_ns, until_wall_ns: only those that share a moment with ``[since, until)``.
        """
        return self._active(_within(camera_id, since_wall_ns, until_wall_ns))

    def find(
        self,
        camera_id: str | None = None,
        since_wall_ns: int | None = None,
        until_wall_ns: int | None = None,
        *,
        released_too: bool = True,
        limit: int = 1000,
        before_id: str | None = None,
    ) -> list[Hold]:
        """Holds as for ``active``, but newest first; page on with the last one's id."""
        which = _within(camera_id, since_wall_ns, until_wall_ns)
        if not released_too:
            which.append(holds.c.released_ns.is_(None))
        if before_id is not None:
            which.append(holds.c.id < before_id)
        query = select(holds).where(*which).order_by(holds.c.id.desc()).limit(limit)
        with self._database.read() as connection:
            return [_hold(row) for row in connection.execute(query)]

    def covered(self, hold: Hold) -> tuple[int, int]:
        """Files and bytes of the recordings that share a moment with its span now."""
        which = [
            segments.c.end_wall_ns > clamped(hold.since_wall_ns),
            segments.c.start_wall_ns < clamped(hold.until_wall_ns),
            segments.c.state != str(SegmentState.MISSING),
        ]
        if hold.camera_id is not None:
            which.append(segments.c.camera_id == hold.camera_id)
        query = select(func.count(), func.coalesce(func.sum(segments.c.size_bytes), 0))
        with self._database.read() as connection:
            files, size_bytes = connection.execute(query.where(*which)).one()
        return int(files), int(size_bytes)

    def count_active(self) -> int:
        query = select(func.count()).select_from(holds).where(holds.c.released_ns.is_(None))
        with self._database.read() as connection:
            return connection.scalar(query) or 0

    def _active(self, which: list[ColumnElement[bool]] | None = None) -> list[Hold]:
        query = select(holds).where(holds.c.released_ns.is_(None), *(which or []))
        with self._database.read() as connection:
            return [_hold(row) for row in connection.execute(query.order_by(holds.c.id))]


def _within(
    camera_id: str | None, since_wall_ns: int | None, until_wall_ns: int | None
) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if camera_id is not None:
        found.append(or_(holds.c.camera_id.is_(None), holds.c.camera_id == camera_id))
    if since_wall_ns is not None:
        found.append(holds.c.until_ns > clamped(since_wall_ns))
    if until_wall_ns is not None:
        found.append(holds.c.since_ns < clamped(until_wall_ns))
    return found


def _row(hold: Hold) -> dict[str, Any]:
    return {
        "id": hold.id,
        "kind": str(hold.kind),
        "camera_id": hold.camera_id,
        "since_ns": clamped(hold.since_wall_ns),
        "until_ns": clamped(hold.until_wall_ns),
        "reason": hold.reason,
        "author": hold.author,
        "created_ns": hold.created_wall_ns,
        "released_ns": hold.released_wall_ns,
        "released_by": hold.released_by,
    }


def _hold(row: Row[Any]) -> Hold:
    return Hold(
        row.id,
        HoldKind(row.kind),
        row.camera_id,
        row.since_ns,
        row.until_ns,
        row.reason,
        row.author,
        row.created_ns,
        row.released_ns,
        row.released_by,
    )

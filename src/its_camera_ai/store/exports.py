"""Exports and the chain of their manifests."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, case, delete, func, insert, or_, select, update

from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.exports import Export, ExportRequest, ExportState
from its_camera_ai.store import sqlite
from its_camera_ai.store.database import Database
from its_camera_ai.store.schema import evidence_chain, exports

OPEN_MAX = 100
"""Exports that wait or run at a time."""
_OPEN = (ExportState.QUEUED, ExportState.RUNNING, ExportState.WAITING)
_WITH_FILES = (ExportState.DONE, ExportState.FAILED, ExportState.CANCELLED)


@dataclass(frozen=True, slots=True)
class ChainLink:
    """A camera's last manifest: how many there were, and the hash of the last.

    ``ChainLink(0, "")`` before the first.
    """

    number: int = 0
    manifest_hash: str = ""


@dataclass(frozen=True, slots=True)
class Sealed:
    """What sealing an export gave: the hash of its manifest, and the size of all its files."""

    manifest_hash: str
    size_bytes: int


class ExportRepository:
    """Exports, newest first. What is told to people is durable; progress is not."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, export: Export) -> None:
        """Queue a new export.

        Raises:
            ConfigInvalid: too many wait already.
        """
        with self._database.write(durable=True) as connection:
            waiting = connection.scalar(
                select(func.count()).select_from(exports).where(exports.c.state.in_(_OPEN))
            )
            if (waiting or 0) >= OPEN_MAX:
                raise ConfigInvalid(
                    f"{OPEN_MAX} exports wait already; let some finish or cancel them first."
                )
            connection.execute(insert(exports), [_row(export)])

    def get(self, export_id: str) -> Export | None:
        with self._database.read() as connection:
            row = connection.execute(select(exports).where(exports.c.id == export_id)).one_or_none()
        return None if row is None else _export(row)

    def find(self, *, limit: int = 100, before_id: str | None = None) -> list[Export]:
        """Newest first; page on with the last one's id."""
        query = select(exports).order_by(exports.c.id.desc()).limit(limit)
        if before_id is not None:
            query = query.where(exports.c.id < before_id)
        with self._database.read() as connection:
            return [_export(row) for row in connection.execute(query)]

    def ended_before(self, wall_ns: int, limit: int = 1000) -> list[Export]:
        """Those that ended before and still may have files, oldest first; for retention."""
        query = (
            select(exports)
            .where(exports.c.state.in_(_WITH_FILES), exports.c.finished_ns < wall_ns)
            .order_by(exports.c.finished_ns)
            .limit(limit)
        )
        with self._database.read() as connection:
            return [_export(row) for row in connection.execute(query)]

    def claim(self, now_ns: int, waited_until_ns: int) -> Export | None:
        """The next export to work on, now ``running``: one that a killed worker left, else the
        oldest that is queued, else one that has waited for space since ``waited_until_ns``."""
        rank = case(
            (exports.c.state == ExportState.RUNNING, 0),
            (exports.c.state == ExportState.QUEUED, 1),
            else_=2,
        )
        due = or_(
            exports.c.state.in_((ExportState.RUNNING, ExportState.QUEUED)),
            (exports.c.state == ExportState.WAITING)
            & ((exports.c.updated_ns <= waited_until_ns) | exports.c.cancelled),
        )
        with self._database.write(durable=False) as connection:
            row = connection.execute(
                select(exports)
                .where(due)
                .order_by(rank, exports.c.updated_ns, exports.c.created_ns, exports.c.id)
                .limit(1)
            ).one_or_none()
            if row is None:
                return None
            connection.execute(
                update(exports)
                .where(exports.c.id == row.id)
                .values(state=ExportState.RUNNING, updated_ns=now_ns)
            )
            claimed = connection.execute(select(exports).where(exports.c.id == row.id)).one()
            return _export(claimed)

    def progress(self, export_id: str, share: float, size_bytes: int, now_ns: int) -> bool:
        """Note how far it is.

        Returns:
            Whether it is to go on; False: it was cancelled or removed.
        """
        with self._database.write(durable=False) as connection:
            connection.execute(
                update(exports)
                .where(exports.c.id == export_id, exports.c.state == ExportState.RUNNING)
                .values(progress=share, size_bytes=size_bytes, updated_ns=now_ns, problem="")
            )
            cancelled = connection.scalar(
                select(exports.c.cancelled).where(exports.c.id == export_id)
            )
        return cancelled is False

    def cancel(self, export_id: str, now_ns: int) -> Export | None:
        """Want it stopped; one that does not run yet is cancelled at once.

        Returns:
            The export as it is now; None if there is none.
        """
        with self._database.write(durable=True) as connection:
            mine = exports.c.id == export_id
            connection.execute(
                update(exports).where(mine, exports.c.state.in_(_OPEN)).values(cancelled=True)
            )
            connection.execute(
                update(exports)
                .where(mine, exports.c.state == ExportState.QUEUED)
                .values(state=ExportState.CANCELLED, updated_ns=now_ns, finished_ns=now_ns)
            )
        return self.get(export_id)

    def wait(self, export_id: str, problem: str, now_ns: int) -> None:
        """It can't go on now; it is taken up again later."""
        self._set(export_id, state=ExportState.WAITING, problem=problem, updated_ns=now_ns)

    def end(self, export_id: str, state: ExportState, problem: str, now_ns: int) -> None:
        """It ends as failed, cancelled or expired; its files are gone."""
        self._set(
            export_id,
            state=state,
            problem=problem,
            size_bytes=0,
            updated_ns=now_ns,
            finished_ns=now_ns,
        )

    def finish(
        self,
        export_id: str,
        cameras: Iterable[str],
        seal: Callable[[Mapping[str, ChainLink]], Sealed],
        now_ns: int,
    ) -> None:
        """Give the cameras their next links and end the export as done, in one transaction.

        Args:
            seal: gets the cameras' last links and writes the manifest, durably; it may not use
                the database.
        """
        with self._database.write(durable=True) as connection:
            links = {camera: _link(connection, camera) for camera in cameras}
            sealed = seal(links)
            for camera, link in links.items():
                row = {
                    "camera_id": camera,
                    "number": link.number + 1,
                    "manifest_hash": sealed.manifest_hash,
                }
                sqlite.upsert(connection, evidence_chain, [row], key=("camera_id",))
            connection.execute(
                update(exports)
                .where(exports.c.id == export_id)
                .values(
                    state=ExportState.DONE,
                    progress=1.0,
                    problem="",
                    size_bytes=sealed.size_bytes,
                    manifest_hash=sealed.manifest_hash,
                    updated_ns=now_ns,
                    finished_ns=now_ns,
                )
            )

    def link(self, camera_id: str) -> ChainLink:
        """A camera's last link."""
        with self._database.read() as connection:
            return _link(connection, camera_id)

    def remove(self, export_id: str) -> bool:
        """Forget an export that is over; its place in the chain stays.

        Returns:
            False if there is none, or it is not over yet.
        """
        with self._database.write(durable=True) as connection:
            done = connection.execute(
                delete(exports).where(exports.c.id == export_id, exports.c.state.not_in(_OPEN))
            )
            return done.rowcount > 0

    def _set(self, export_id: str, **values: object) -> None:
        with self._database.write(durable=True) as connection:
            connection.execute(update(exports).where(exports.c.id == export_id).values(**values))


def _link(connection: Connection, camera_id: str) -> ChainLink:
    row = connection.execute(
        select(evidence_chain.c.number, evidence_chain.c.manifest_hash).where(
            evidence_chain.c.camera_id == camera_id
        )
    ).one_or_none()
    return ChainLink() if row is None else ChainLink(row.number, row.manifest_hash)


def _row(export: Export) -> dict[str, Any]:
    return {
        "id": export.id,
        "state": str(export.state),
        "request": msgspec.to_builtins(export.request),
        "author": export.author,
        "created_ns": export.created_wall_ns,
        "updated_ns": export.updated_wall_ns,
        "finished_ns": export.finished_wall_ns,
        "progress": export.progress,
        "size_bytes": export.size_bytes,
        "problem": export.problem,
        "manifest_hash": export.manifest_hash,
        "cancelled": export.cancelled,
    }


def _export(row: Row[Any]) -> Export:
    return Export(
        row.id,
        ExportState(row.state),
        msgspec.convert(row.request, ExportRequest, strict=False),
        row.author,
        row.created_ns,
        row.updated_ns,
        row.finished_ns,
        row.progress,
        row.size_bytes,
        row.problem,
        row.manifest_hash,
        row.cancelled,
    )

"""The audit log: rows that only grow, each sealed by the hash of the one before.

The chain shows any edit, drop or reordering inside the log. Cutting rows off its end shows only
against a head that was kept elsewhere (``head`` and ``verify(head=…)``). Its oldest part may lie in
files (``store.audit_archive``); the anchor is the last row of those, and the chain goes on from it.
"""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, delete, insert, select

from its_camera_ai.store import sqlite
from its_camera_ai.store.database import Database
from its_camera_ai.store.schema import audit, audit_anchor

GENESIS = "0" * 64
"""The previous hash of the first row."""


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who did what to what. ``seq`` counts from 1 without gaps; ``detail`` is a JSON object."""

    seq: int
    wall_ns: int
    actor: str
    action: str
    object: str
    detail: str
    previous_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class AuditHead:
    """The newest row; worth keeping outside this machine."""

    seq: int
    hash: str


class AuditLog:
    """Every row is durable before ``append`` returns."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def append(
        self,
        *,
        actor: str,
        action: str,
        object: str,  # noqa: A002 - the log's own word, as in "subject, verb, object"
        detail: Mapping[str, object],
        wall_ns: int,
    ) -> AuditEntry:
        """Add one row. ``detail`` must be free of secrets: it is stored as it is."""
        text = msgspec.json.encode(dict(detail), order="sorted").decode()
        with self._database.write(durable=True) as connection:
            last = connection.execute(
                select(audit.c.seq, audit.c.hash).order_by(audit.c.seq.desc()).limit(1)
            ).one_or_none()
            seq, previous = (1, GENESIS) if last is None else (last.seq + 1, last.hash)
            fields = (seq, wall_ns, actor, action, object, text, previous)
            entry = AuditEntry(*fields, hash=_hash(fields))
            connection.execute(insert(audit), [_row(entry)])
        return entry

    def find(self, *, limit: int = 100, before_seq: int | None = None) -> list[AuditEntry]:
        """Rows newest first; page on with the last one's ``seq``."""
        query = select(audit).order_by(audit.c.seq.desc()).limit(limit)
        if before_seq is not None:
            query = query.where(audit.c.seq < before_seq)
        with self._database.read() as connection:
            return [_entry(row) for row in connection.execute(query)]

    def head(self) -> AuditHead:
        """The newest row; ``AuditHead(0, GENESIS)`` of an empty log."""
        with self._database.read() as connection:
            row = connection.execute(
                select(audit.c.seq, audit.c.hash).order_by(audit.c.seq.desc()).limit(1)
            ).one_or_none()
        return AuditHead(0, GENESIS) if row is None else AuditHead(row.seq, row.hash)

    def anchor(self) -> AuditHead:
        """The last row that is in the archive; ``AuditHead(0, GENESIS)`` if none is."""
        with self._database.read() as connection:
            return _anchor(connection)

    def rows(self, first_seq: int, last_seq: int) -> Iterator[AuditEntry]:
        """Rows of a range, oldest first; read in parts."""
        with self._database.read() as connection:
            query = select(audit).where(audit.c.seq.between(first_seq, last_seq))
            found = connection.execution_options(yield_per=1000).execute(
                query.order_by(audit.c.seq)
            )
            yield from map(_entry, found)

    def last_before(self, wall_ns: int, *, now_wall_ns: int) -> int:
        """The last row of the part that was written before then; 0 if there is no such part.

        The newest row never belongs to it: the chain goes on from there. Rows of the future were
        written by a clock that was wrong, and say nothing.
        """
        later = (
            select(audit.c.seq)
            .where(audit.c.wall_ns >= wall_ns, audit.c.wall_ns <= now_wall_ns)
            .order_by(audit.c.seq)
            .limit(1)
        )
        with self._database.read() as connection:
            kept = connection.scalar(later)
        newest = self.head().seq
        return max(min(newest if kept is None else kept, newest) - 1, 0)

    def forget(self, until: AuditHead) -> int:
        """Drop all rows up to this one, which becomes the anchor; returns how many there were.

        They must be safe elsewhere before.
        """
        with self._database.write(durable=True) as connection:
            row = {"id": 1, "seq": until.seq, "hash": until.hash}
            sqlite.upsert(connection, audit_anchor, [row], key=("id",))
            return connection.execute(delete(audit).where(audit.c.seq <= until.seq)).rowcount

    def verify(self, head: AuditHead | None = None) -> str | None:
        """Walk the whole chain from the anchor on.

        Args:
            head: a head kept elsewhere; it must still be part of the chain.

        Returns:
            None if all is sound, else what is wrong and at which row.
        """
        with self._database.read() as connection:
            last = _anchor(connection)
            if head is not None and head.seq < last.seq:
                return f"Row {head.seq} lies in the archive; verify the archive."
            met = head is None or head == last
            rows = connection.execution_options(yield_per=1000).execute(
                select(audit).order_by(audit.c.seq)
            )
            for entry in map(_entry, rows):
                problem = chain_problem(entry, last)
                if problem is not None:
                    return problem
                if head is not None and entry.seq == head.seq:
                    if entry.hash != head.hash:
                        return f"Row {entry.seq} is not the one that the kept head names."
                    met = True
                last = AuditHead(entry.seq, entry.hash)
        if not met and head is not None:
            return f"The log ends at row {last.seq}, but row {head.seq} was written once."
        return None


def chain_problem(entry: AuditEntry, after: AuditHead | None) -> str | None:
    """What is wrong with a row; None if it is sound.

    Args:
        after: the row before it; None if nothing is known of that.
    """
    if after is not None and entry.seq != after.seq + 1:
        return f"Row {after.seq + 1} is missing; the next one is {entry.seq}."
    if after is not None and entry.previous_hash != after.hash:
        return f"Row {entry.seq} does not follow the row before it."
    if entry.hash != _hash(_hashed(entry)):
        return f"Row {entry.seq} was changed after it was written."
    return None


def _anchor(connection: Connection) -> AuditHead:
    row = connection.execute(select(audit_anchor)).one_or_none()
    return AuditHead(0, GENESIS) if row is None else AuditHead(row.seq, row.hash)


_Hashed = tuple[int, int, str, str, str, str, str]


def _hashed(entry: AuditEntry) -> _Hashed:
    return (
        entry.seq,
        entry.wall_ns,
        entry.actor,
        entry.action,
        entry.object,
        entry.detail,
        entry.previous_hash,
    )


def _hash(fields: _Hashed) -> str:
    # a JSON array: no two different rows have the same text
    return hashlib.sha256(msgspec.json.encode(fields)).hexdigest()


def _row(entry: AuditEntry) -> dict[str, object]:
    return {column.name: getattr(entry, column.name) for column in audit.columns}


def _entry(row: Row[Any]) -> AuditEntry:
    return AuditEntry(**row._asdict())

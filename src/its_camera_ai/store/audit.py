"""The audit log: rows that only grow, each sealed by the hash of the one before.

The chain shows any edit, drop or reordering inside the log. Cutting rows off its end shows only
against a head that was kept elsewhere (``head`` and ``verify(head=…)``).
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
from sqlalchemy import Row, insert, select

from its_camera_ai.store.database import Database
from its_camera_ai.store.schema import audit

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

    def verify(self, head: AuditHead | None = None) -> str | None:
        """Walk the whole chain.

        Args:
            head: a head kept elsewhere; it must still be part of the chain.

        Returns:
            None if all is sound, else what is wrong and at which row.
        """
        previous, expected = GENESIS, 1
        met = head is None or (head.seq == 0 and head.hash == GENESIS)
        with self._database.read() as connection:
            rows = connection.execution_options(yield_per=1000).execute(
                select(audit).order_by(audit.c.seq)
            )
            for entry in map(_entry, rows):
                if entry.seq != expected:
                    return f"Row {expected} is missing; the next one is {entry.seq}."
                if entry.previous_hash != previous:
                    return f"Row {entry.seq} does not follow the row before it."
                if entry.hash != _hash(_hashed(entry)):
                    return f"Row {entry.seq} was changed after it was written."
                if head is not None and entry.seq == head.seq:
                    if entry.hash != head.hash:
                        return f"Row {entry.seq} is not the one that the kept head names."
                    met = True
                previous, expected = entry.hash, expected + 1
        if not met and head is not None:
            return f"The log ends at row {expected - 1}, but row {head.seq} was written once."
        return None


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

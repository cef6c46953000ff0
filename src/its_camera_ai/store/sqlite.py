"""All that only SQLite needs: engines, pragmas, locks, upserts, and what its errors mean.

The rest of the room speaks SQLAlchemy Core that PostgreSQL understands as well.
"""

import sqlite3
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, Engine, QueuePool, Table, create_engine, event
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import DBAPIError

from its_camera_ai.core.errors import DatabaseUnavailable, ItscamError, StorageUnavailable
from its_camera_ai.store.parameters import plain

WRITING = "itscam_writing"
"""Execution option of a connection whose next transaction takes the write lock at once."""

POOL_SIZE = 4
POOL_OVERFLOW = 16
JOURNAL_BYTES_MAX = 64 * 1024 * 1024
"""The WAL file is cut back to this after a long reader let it grow."""


def make_engine(
    path: Path, *, busy_timeout_s: float, durable: bool = False, read_only: bool = False
) -> Engine:
    """A pool of connections to an existing file.

    ``mode=rw`` keeps SQLite from making an empty file in the place of one that vanished.
    """
    uri = f"{path.as_uri()}?mode=rw"
    pragmas = (
        "PRAGMA foreign_keys = ON",
        "PRAGMA trusted_schema = OFF",
        f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}",
        f"PRAGMA journal_size_limit = {JOURNAL_BYTES_MAX}",
        f"PRAGMA query_only = {'ON' if read_only else 'OFF'}",
    )

    def connect() -> sqlite3.Connection:
        # isolation_level None: the driver begins nothing by itself, so BEGIN IMMEDIATE below is
        # the only BEGIN there is, and DDL takes part in transactions.
        connection = sqlite3.connect(
            uri, uri=True, timeout=busy_timeout_s, isolation_level=None, check_same_thread=False
        )
        try:
            for pragma in pragmas:
                connection.execute(pragma)
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    engine = create_engine(
        "sqlite://",
        creator=connect,
        poolclass=QueuePool,
        pool_size=POOL_SIZE,
        max_overflow=POOL_OVERFLOW,
        pool_timeout=busy_timeout_s,
        hide_parameters=True,  # an error's text must not carry password hashes or session tokens
        json_serializer=_json_text,
        json_deserializer=msgspec.json.decode,
    )
    event.listen(engine, "begin", _begin)
    return engine


def _json_text(value: object) -> str:
    # msgspec writes a float that is not finite as null; json.dumps would write NaN, no JSON at all
    return msgspec.json.encode(value, enc_hook=plain).decode()


def _begin(connection: Connection) -> None:
    writing = connection.get_execution_options().get(WRITING, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writing else "BEGIN")


def use_wal(engine: Engine, *, deadline_s: float) -> None:
    """Switch the file to WAL, which lasts; SQLite doesn't wait for locks here, so this does.

    Raises:
        DBAPIError: as SQLite gives it.
    """
    until = time.monotonic() + deadline_s
    with engine.connect() as connection:
        raw = _raw(connection)
        while True:
            try:
                mode = raw.execute("PRAGMA journal_mode").fetchone()[0]
                if mode != "wal":
                    raw.execute("PRAGMA journal_mode = WAL").fetchone()
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                    raise
                if time.monotonic() > until:
                    raise
                time.sleep(0.02)
            else:
                return


def set_busy_timeout(connection: Connection, timeout_s: float) -> None:
    """How long the next statements of this connection wait for another's lock."""
    _raw(connection).execute(f"PRAGMA busy_timeout = {round(timeout_s * 1000)}")


def _raw(connection: Connection) -> sqlite3.Connection:
    raw = connection.connection.driver_connection
    if not isinstance(raw, sqlite3.Connection):
        raise TypeError("This engine is not SQLite's.")
    return raw


def upsert(
    connection: Connection,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    key: Sequence[str],
    *,
    keep: Sequence[str] = (),
    if_changed: str | None = None,
    if_higher: str | None = None,
) -> int:
    """Insert rows; where the key is there already, overwrite the other columns that are given.

    Args:
        keep: columns that are not overwritten.
        if_changed: overwrite only where this column differs.
        if_higher: overwrite only where this column is higher than what is there.

    Returns:
        How many rows were inserted or overwritten.
    """
    if not rows:
        return 0
    statement = insert(table)
    columns = {name: statement.excluded[name] for name in rows[0] if name not in {*key, *keep}}
    only = None
    if if_changed is not None:
        only = statement.excluded[if_changed] != table.c[if_changed]
    elif if_higher is not None:
        only = statement.excluded[if_higher] > table.c[if_higher]
    done = connection.execute(
        statement.on_conflict_do_update(index_elements=list(key), set_=columns, where=only),
        [dict(row) for row in rows],
    )
    return done.rowcount


def damage(connection: Connection) -> list[str]:
    """What ``integrity_check`` and ``foreign_key_check`` find; empty for a sound file."""
    found = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA integrity_check")]
    if found != ["ok"]:
        return found  # a damaged file can't be searched for broken references
    return [
        f"row {row[1]} of {row[0]} refers to a missing row of {row[2]}"
        for row in connection.exec_driver_sql("PRAGMA foreign_key_check")
    ]


def translated(error: DBAPIError | sqlite3.Error, path: Path) -> ItscamError | None:
    """Our error for SQLite's, or None where it is a fault of the program."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    if not isinstance(cause, sqlite3.Error):
        return None
    code = getattr(cause, "sqlite_errorcode", None)
    if code is None:  # raised by the driver itself, not by SQLite
        return None
    match code & 0xFF:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return DatabaseUnavailable(
                f"The database {path} stays locked by another process. Try again; if it goes on, "
                f"look for what holds it with: fuser {path}"
            )
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return DatabaseUnavailable(
                f"The database {path} is damaged or no SQLite file. Stop the program, keep a copy "
                "of the file, and put the last backup in its place; recordings are not affected."
            )
        case sqlite3.SQLITE_FULL:
            return StorageUnavailable(
                f"No space is left for the database {path}. Nothing of this transaction was "
                "written; free space on its disk and try again."
            )
        case sqlite3.SQLITE_CANTOPEN if not path.exists():
            return DatabaseUnavailable(
                f"The database {path} is not there any more. Mount its disk or put the file back, "
                "then start the program again."
            )
        case (
            sqlite3.SQLITE_CANTOPEN
            | sqlite3.SQLITE_READONLY
            | sqlite3.SQLITE_PERM
            | sqlite3.SQLITE_IOERR
            | sqlite3.SQLITE_NOLFS
        ):
            return StorageUnavailable(
                f"The database {path} can't be read or written ({cause}). Check that its disk is "
                f"mounted and sound and that this user may write in {path.parent}."
            )
        case sqlite3.SQLITE_ERROR if "no such table" in str(cause):
            return DatabaseUnavailable(
                f"The database {path} holds no tables of this program yet. Run its migration "
                "first; starting the program does so."
            )
    return None

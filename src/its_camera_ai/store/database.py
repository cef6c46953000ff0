"""The database port: durable where it matters, with errors that say what to do.

SQLite is the embedded default; all that only it needs stands in ``store/sqlite.py``.
"""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from its_camera_ai.core.errors import ConfigInvalid, DatabaseUnavailable, StorageUnavailable
from its_camera_ai.store import sqlite
from its_camera_ai.store.files import create_private_file

BUSY_TIMEOUT_S = 5.0


class Database:
    """Connections to one database, for any number of threads. Make it with ``open_database``."""

    def __init__(self, path: Path, *, busy_timeout_s: float) -> None:
        self.path = path
        self._busy_timeout_s = busy_timeout_s
        self._reading = sqlite.make_engine(path, busy_timeout_s=busy_timeout_s, read_only=True)
        self._normal = sqlite.make_engine(path, busy_timeout_s=busy_timeout_s)
        self._durable = sqlite.make_engine(path, busy_timeout_s=busy_timeout_s, durable=True)
        self._closed = False
        # SQLite's waiters poll and may starve each other; threads of one process queue here instead
        self._writer = threading.Lock()
        with self._translating():
            sqlite.use_wal(self._normal, deadline_s=busy_timeout_s)
        self._identity = self._file_identity()

    def __repr__(self) -> str:
        return f"Database({str(self.path)!r})"

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that sees one state of the data and can't change it.

        Raises:
            DatabaseUnavailable: locked, damaged, moved away or closed.
            StorageUnavailable: its disk can't be read.
        """
        with self._translating(), self._connection(self._reading) as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self, durable: bool, *, wait_s: float | None = None) -> Iterator[Connection]:
        """A transaction that holds the write lock from its start; commits at the end of the block.

        Within it, call nothing that writes by itself: it would wait for this very transaction.

        Args:
            durable: the commit returns only when the data would survive a power cut. Without, a
                power cut may lose the last commits, but never tears one and never damages the file.
            wait_s: how long to wait for another writer, if not the usual 5 s.

        Raises:
            DatabaseUnavailable: locked, damaged, moved away or closed.
            StorageUnavailable: the disk is full or can't be written; nothing was changed.
        """
        engine = self._durable if durable else self._normal
        with (
            self._translating(),
            self._only_writer(self._busy_timeout_s if wait_s is None else wait_s),
            self._connection(engine) as connection,
        ):
            if wait_s is not None:
                sqlite.set_busy_timeout(connection, wait_s)
            try:
                writing = connection.execution_options(**{sqlite.WRITING: True})
                with writing.begin():
                    yield writing
            finally:
                if wait_s is not None:
                    sqlite.set_busy_timeout(connection, self._busy_timeout_s)

    def check(self) -> list[str]:
        """Read the whole file and list what is damaged; empty if it is sound."""
        with self.read() as connection:
            return sqlite.damage(connection)

    def close(self) -> None:
        """Give all connections back. The last one to close writes the WAL into the file."""
        self._closed = True
        for engine in (self._reading, self._normal, self._durable):
            engine.dispose()

    @contextmanager
    def _only_writer(self, wait_s: float) -> Iterator[None]:
        if not self._writer.acquire(timeout=wait_s):
            raise DatabaseUnavailable(
                f"Another thread of this process keeps the database {self.path} for writing for "
                f"more than {wait_s:g} s. Try again; if it goes on, restart the program."
            )
        try:
            yield
        finally:
            self._writer.release()

    @contextmanager
    def _connection(self, engine: Engine) -> Iterator[Connection]:
        if self._closed:
            raise DatabaseUnavailable(f"The database {self.path} was closed; open it again.")
        # SQLite itself goes on writing into a file that was deleted or replaced: silent loss.
        if self._file_identity() != self._identity:
            raise DatabaseUnavailable(
                f"The database {self.path} was moved away or replaced while in use. Put it back "
                "and start the program again."
            )
        with engine.connect() as connection:
            yield connection

    def _file_identity(self) -> tuple[int, int] | None:
        try:
            status = self.path.stat()
        except OSError:
            return None
        return status.st_dev, status.st_ino

    @contextmanager
    def _translating(self) -> Iterator[None]:
        try:
            yield
        except (DBAPIError, sqlite3.Error) as error:
            ours = sqlite.translated(error, self.path)
            if ours is None:
                raise
            raise ours from error
        except PoolTimeout as error:
            raise DatabaseUnavailable(
                f"All connections to the database {self.path} are busy. Try again; if it goes on, "
                "something holds transactions open for too long."
            ) from error


def open_database(url: str, *, busy_timeout_s: float = BUSY_TIMEOUT_S) -> Database:
    """Open a database, making an empty one (mode 0600) where there is none.

    Args:
        url: ``sqlite:////absolute/path/file.db``.
        busy_timeout_s: how long to wait for another writer.

    Raises:
        ConfigInvalid: no such address, or a kind of database that this version can't use.
        StorageUnavailable: the folder is missing or can't be written.
        DatabaseUnavailable: the file is damaged, no database, or locked.
    """
    path = _sqlite_path(url)
    if not path.parent.is_dir():
        raise StorageUnavailable(
            f"The folder {path.parent} for the database is not there. Mount its disk or create it "
            f"with: mkdir -p {path.parent}"
        )
    create_private_file(path, b"")
    return Database(path, busy_timeout_s=busy_timeout_s)


def _sqlite_path(url: str) -> Path:
    try:
        parsed: URL = make_url(url)
    except (ArgumentError, ValueError):  # ValueError: the port is no number
        raise ConfigInvalid(
            "The database address can't be read; write it as sqlite:////absolute/path/file.db "
            "(four slashes)."
        ) from None
    if parsed.get_backend_name() != "sqlite":
        raise ConfigInvalid(
            f"Databases of the kind '{parsed.get_backend_name()}' can't be used by this version; "
            "write sqlite:////absolute/path/file.db."
        )
    if parsed.query or not parsed.database or not Path(parsed.database).is_absolute():
        raise ConfigInvalid(
            "A SQLite address needs an absolute path and nothing after it; write "
            "sqlite:////absolute/path/file.db (four slashes)."
        )
    return Path(parsed.database)

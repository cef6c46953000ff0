"""What was removed without the database, until the database knows it."""

import threading
from collections import deque
from contextlib import suppress
from pathlib import Path

import structlog

from its_camera_ai.core.disk import Disk, WritableFile
from its_camera_ai.store.small_files import read_small, replace_small

log = structlog.get_logger(__name__)

FILE_NAME = "evicted.txt"
WAITING_MAX = 10_000
SIZE_BYTES_MAX = 32 * 1024 * 1024
"""Some 600,000 files. What goes beyond it is found by a check of the index against the files."""


class EvictionJournal:
    """Paths, one a line, in ``<root>/.itscam``. Losing it costs nothing but a slower index.

    Args:
        folder: ``<root>/.itscam``.
    """

    def __init__(self, disk: Disk, folder: Path) -> None:
        self._disk = disk
        self._path = folder / FILE_NAME
        self._waiting: deque[str] = deque(maxlen=WAITING_MAX)
        self._lock = threading.Lock()

    def add(self, paths: list[str]) -> None:
        """Append. What a full disk does not take waits for the next call."""
        with self._lock:
            self._waiting.extend(paths)
            self._write()

    def retry(self) -> None:
        """Append what waits."""
        if self._waiting:
            self.add([])

    def _write(self) -> None:
        text = "".join(f"{path}\n" for path in self._waiting).encode()
        try:
            self._disk.make_folder(self._path.parent)
            try:
                file = self._disk.edit(self._path)
            except FileNotFoundError:
                file = self._disk.create(self._path)
            try:
                size = self._disk.size(self._path)
                if size + len(text) <= SIZE_BYTES_MAX:
                    self._append(file, text, size)
            finally:
                file.close()
        except OSError as error:
            log.debug("evicted files were not noted yet", problem=error.strerror)
        else:
            self._waiting.clear()

    @staticmethod
    def _append(file: WritableFile, text: bytes, size_bytes: int) -> None:
        try:
            file.write([text])
            file.sync()
        except OSError:
            file.truncate(size_bytes)  # half a line would run into the next one
            raise

    def paths(self) -> list[str]:
        """What an earlier run left; a torn last line is passed over."""
        with suppress(OSError, UnicodeDecodeError):
            whole, _, _ = (read_small(self._disk, self._path) or b"").rpartition(b"\n")
            return whole.decode().splitlines()
        return []

    def clear(self) -> None:
        """The index knows all of it."""
        with self._lock, suppress(OSError):  # it is tried again after the next eviction
            self._waiting.clear()
            if read_small(self._disk, self._path):
                replace_small(self._disk, self._path, b"")

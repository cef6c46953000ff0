"""What was removed without the database, until the database knows it."""

from contextlib import suppress
from pathlib import Path

import structlog

from its_camera_ai.core.disk import Disk
from its_camera_ai.store.small_files import read_small, replace_small

log = structlog.get_logger(__name__)

FILE_NAME = "evicted.txt"
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

    def add(self, paths: list[str]) -> None:
        """Append; best effort, since a disk that was full may be full again."""
        text = "".join(f"{path}\n" for path in paths).encode()
        try:
            self._disk.make_folder(self._path.parent)
            try:
                file = self._disk.edit(self._path)
            except FileNotFoundError:
                file = self._disk.create(self._path)
            try:
                if self._disk.size(self._path) + len(text) <= SIZE_BYTES_MAX:
                    file.write([text])
                    file.sync()
            finally:
                file.close()
        except OSError as error:
            log.warning("evicted files were not noted", files=len(paths), problem=error.strerror)

    def paths(self) -> list[str]:
        """What an earlier run left; a torn last line is passed over."""
        with suppress(OSError, UnicodeDecodeError):
            whole, _, _ = (read_small(self._disk, self._path) or b"").rpartition(b"\n")
            return whole.decode().splitlines()
        return []

    def clear(self) -> None:
        """The index knows all of it."""
        with suppress(OSError):  # it is tried again after the next eviction
            if read_small(self._disk, self._path):
                replace_small(self._disk, self._path, b"")

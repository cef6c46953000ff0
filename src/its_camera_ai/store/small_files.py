"""Small files on any disk, replaced whole or not at all."""

from contextlib import suppress
from pathlib import Path

from its_camera_ai.core.disk import Disk

SIZE_BYTES_MAX = 64 * 1024 * 1024


def read_small(disk: Disk, path: Path) -> bytes | None:
    """The content; None if there is no such file.

    Raises:
        OSError: it can't be read.
    """
    try:
        file = disk.open(path)
    except FileNotFoundError:
        return None
    try:
        return file.read(min(file.size_bytes, SIZE_BYTES_MAX), 0)
    finally:
        file.close()


def replace_small(disk: Disk, path: Path, content: bytes) -> None:
    """Make or replace a file; atomic, and durable when the call returns. One writer at a time.

    Raises:
        OSError: it could not be written; what was there stays.
    """
    draft = path.with_name(path.name + ".new")
    disk.make_folder(path.parent)
    with suppress(FileNotFoundError):  # a crash left it
        disk.unlink(draft)
    file = disk.create(draft)
    try:
        file.write([content])
        file.sync()
    finally:
        file.close()
    disk.rename(draft, path)
    disk.sync_folder(path.parent)

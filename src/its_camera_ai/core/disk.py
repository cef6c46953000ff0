"""The port to disks. ``store.disk`` is the real one; ``sim`` brings twins that fail and lose power.

All calls raise ``OSError`` as the system gives it; whoever calls translates it once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

Bytes = bytes | bytearray | memoryview


@dataclass(frozen=True, slots=True)
class Entry:
    """One name in a folder. A symbolic link is neither a file nor a folder."""

    name: str
    is_file: bool
    is_folder: bool


@dataclass(frozen=True, slots=True)
class Space:
    """What a volume holds, bytes. ``free_bytes`` is what an ordinary user may still write."""

    total_bytes: int
    free_bytes: int


class WritableFile(Protocol):
    """A file open for change, with its position at its end."""

    def write(self, pieces: Sequence[Bytes]) -> None:
        """Append all pieces; after an error any part of them may be there."""
        ...

    def sync(self) -> None:
        """Return when content and size survive a power cut (``fdatasync``)."""
        ...

    def truncate(self, size_bytes: int) -> None:
        """Cut to this size and go on writing there."""
        ...

    def close(self) -> None: ...


class ReadableFile(Protocol):
    """A file open for reading at any place."""

    @property
    def size_bytes(self) -> int:
        """The size when it was opened."""
        ...

    def read(self, size_bytes: int, at: int) -> bytes:
        """Up to so many bytes from a place; fewer only at the end of the file."""
        ...

    def close(self) -> None: ...


class Disk(Protocol):
    """What recording asks of a file system."""

    def create(self, path: Path) -> WritableFile:
        """A new file, held by an exclusive lock until it is closed; fails where one is already."""
        ...

    def edit(self, path: Path) -> WritableFile:
        """An existing regular file, for repair.

        Raises:
            BlockingIOError: another holds its lock: it is being written.
        """
        ...

    def open(self, path: Path) -> ReadableFile:
        """An existing regular file; a symbolic link at its end is refused."""
        ...

    def open_beneath(self, root: Path, relative: str) -> ReadableFile:
        """A regular file beneath a folder. A symbolic link anywhere below the root is refused.

        Args:
            relative: names joined by ``/``, none of them empty, ``.`` or ``..``.
        """
        ...

    def make_folder(self, folder: Path) -> None:
        """Make a folder and all above it, durable when the call returns."""
        ...

    def rename(self, source: Path, target: Path) -> None:
        """Atomic within one volume; durable after ``sync_folder``. Replaces a file."""
        ...

    def unlink(self, path: Path) -> None: ...

    def remove_folder(self, folder: Path) -> None:
        """Remove an empty folder."""
        ...

    def sync_folder(self, folder: Path) -> None:
        """Return when the names in it survive a power cut."""
        ...

    def entries(self, folder: Path) -> list[Entry]:
        """The names in a folder, in any order."""
        ...

    def size(self, path: Path) -> int:
        """Bytes of a file, without following a symbolic link."""
        ...

    def space(self, folder: Path) -> Space: ...

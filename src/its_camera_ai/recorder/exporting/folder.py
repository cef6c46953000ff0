"""The folder of one export: files in the making, what is finished, and room on the disk."""

import errno
import hashlib
import os
import shutil
from collections.abc import Callable, Sequence, Set
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

import msgspec

from its_camera_ai.core.disk import Bytes, Disk, ReadableFile, WritableFile
from its_camera_ai.core.errors import StorageUnavailable
from its_camera_ai.core.segments import Segment
from its_camera_ai.recorder.exporting.manifest import FileEntry, SourceEntry

WORK = ".work"
SPACE_STEP_BYTES = 32 * 1024 * 1024
"""The space is looked at again after so many bytes."""
_FULL = {errno.ENOSPC, errno.EDQUOT}

T = TypeVar("T")


class PartRecord(msgspec.Struct, frozen=True):
    """A finished part: what a resumed export need not do again.

    Attributes:
        files: video files of the folder.
        covered: the spans of wall time that they show, ``(since, until)`` in ns.
    """

    files: tuple[FileEntry, ...]
    sources: tuple[SourceEntry, ...]
    covered: tuple[tuple[int, int], ...]


class SpaceShort(StorageUnavailable):
    """There is no room for the export beside what recording needs."""


class ExportFolder:
    """``<root>/<export>``, mode 0700. Unfinished things lie in its folder ``.work``.

    Args:
        disk: where files are written.
        reserve_bytes: what has to stay free for recording.
    """

    def __init__(
        self, disk: Disk, root: Path, export_id: str, reserve_bytes: Callable[[], int]
    ) -> None:
        self._disk = disk
        self._reserve_bytes = reserve_bytes
        self.path = root / export_id
        self._work = self.path / WORK

    def prepare(self) -> None:
        """Make the folders, and drop the files that were in the making.

        Raises:
            OSError: they can't be made.
        """
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path.mkdir(mode=0o700, exist_ok=True)
        self._work.mkdir(mode=0o700, exist_ok=True)
        for entry in self._disk.entries(self._work):
            if not entry.name.endswith(".json"):
                self._disk.unlink(self._work / entry.name)

    def remove(self) -> None:
        """Remove all of it; nothing there is fine.

        Raises:
            OSError: something can't be removed.
        """
        if self.path.exists():
            shutil.rmtree(self.path)

    def tidy(self) -> None:
        """Remove what only the making needed."""
        shutil.rmtree(self._work, ignore_errors=True)

    def make_room_for(self, wanted_bytes: int) -> None:
        """Is there room for so much more?

        Raises:
            SpaceShort: not beside what recording needs.
        """
        space = self._disk.space(self.path)
        reserve = self._reserve_bytes()
        if space.free_bytes - wanted_bytes < reserve:
            raise SpaceShort(
                f"The export needs about {_gib(wanted_bytes)} and the disk of the exports has "
                f"{_gib(space.free_bytes)} free, of which {_gib(reserve)} are kept for recording. "
                "Free space or remove old exports; it goes on by itself as soon as it can."
            )

    def create(self, name: str) -> "GuardedFile":
        """A file in the making.

        Raises:
            OSError: it can't be made.
        """
        path = self._work / name
        with suppress(FileNotFoundError):
            self._disk.unlink(path)
        try:
            return GuardedFile(self._disk.create(path), self.make_room_for)
        except OSError as error:
            raise translated(error) from error

    def publish(self, draft: str, name: str) -> None:
        """Give a file that is written and synced its place."""
        self._disk.rename(self._work / draft, self.path / name)
        self._disk.sync_folder(self.path)

    def open(self, name: str) -> ReadableFile:
        """A file in the making, to read from."""
        return self._disk.open(self._work / name)

    def drop(self, name: str) -> None:
        """Remove a file in the making."""
        with suppress(FileNotFoundError):
            self._disk.unlink(self._work / name)

    def names(self) -> list[str]:
        """The files that are ready."""
        return sorted(e.name for e in self._disk.entries(self.path) if e.is_file)

    def file_size(self, name: str) -> int:
        return self._disk.size(self.path / name)

    def open_ready(self, name: str) -> ReadableFile:
        """A file that is ready, to read from."""
        return self._disk.open(self.path / name)

    def size_bytes(self) -> int:
        """Of the files that are ready."""
        return sum(map(self.file_size, self.names()))

    def write(self, name: str, content: bytes) -> None:
        """A small file in its place, whole or not at all, durable on return."""
        draft = f"{name}.part"
        file = self.create(draft)
        try:
            file.write([content])
            file.sync()
        finally:
            file.close()
        self.publish(draft, name)

    def plan(self, camera_id: str, make: Callable[[], list[Segment]]) -> list[Segment]:
        """The recordings that a camera's files are made of: the same after a restart, whatever was
        recorded or removed since."""
        return self._remembered(f"{camera_id}.plan.json", list[Segment], make)

    def part(self, camera_id: str, number: int, make: Callable[[], PartRecord]) -> PartRecord:
        """A part, made only if it was not finished before."""
        return self._remembered(f"{camera_id}.{number}.json", PartRecord, make)

    def keep_only(self, names: Set[str]) -> None:
        """Remove other files that are ready."""
        for name in self.names():
            if name not in names:
                self._disk.unlink(self.path / name)

    def _remembered(self, name: str, kind: type[T], make: Callable[[], T]) -> T:
        path = self._work / name
        with suppress(FileNotFoundError, ValueError):  # msgspec's errors are ValueErrors
            return msgspec.json.decode(path.read_bytes(), type=kind)
        made = make()
        draft = self.create(f"{name}.draft")
        try:
            draft.write([msgspec.json.encode(made)])
            draft.sync()
        finally:
            draft.close()
        self._disk.rename(self._work / f"{name}.draft", path)
        self._disk.sync_folder(self._work)
        return made


class GuardedFile:
    """A file that is hashed as it is written, and never eats the room that recording needs.

    Attributes:
        size_bytes: written so far.
    """

    def __init__(self, file: WritableFile, make_room_for: Callable[[int], None]) -> None:
        self._file = file
        self._make_room_for = make_room_for
        self._hash = hashlib.sha256()
        self._looked_at = 0
        self.size_bytes = 0

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def write(self, pieces: Sequence[Bytes]) -> None:
        """See ``WritableFile``.

        Raises:
            SpaceShort: the disk is, or would be, too full.
            OSError: anything else.
        """
        wanted = sum(map(len, pieces))
        if self.size_bytes + wanted > self._looked_at:
            self._make_room_for(max(wanted, SPACE_STEP_BYTES))
            self._looked_at = self.size_bytes + max(wanted, SPACE_STEP_BYTES)
        try:
            self._file.write(pieces)
        except OSError as error:
            raise translated(error) from error
        for piece in pieces:
            self._hash.update(piece)
        self.size_bytes += wanted

    def sync(self) -> None:
        try:
            self._file.sync()
        except OSError as error:
            raise translated(error) from error

    def truncate(self, size_bytes: int) -> None:
        raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))

    def close(self) -> None:
        self._file.close()


def translated(error: OSError) -> OSError | SpaceShort:
    """A full disk is a matter of waiting; all else stays what it is."""
    if error.errno in _FULL:
        return SpaceShort(
            "The disk of the exports is full. Free space or remove old exports; it goes on by "
            "itself as soon as it can."
        )
    return error


def _gib(size_bytes: int) -> str:
    return f"{size_bytes / 1024**3:.1f} GiB"

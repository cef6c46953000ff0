"""A tier in a folder: the fast disk, another disk, a network share."""

import errno
import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NoReturn

from its_camera_ai.core.disk import Disk, ReadableFile
from its_camera_ai.core.errors import RecordingGone, StorageUnavailable
from its_camera_ai.store.media_store import GONE, checked_parts

CHUNK_BYTES = 1024 * 1024
DRAFT_SUFFIX = ".moving"
_NOT_THERE = {
    errno.ENOENT,
    errno.ENOTDIR,
    errno.ELOOP,
    errno.EINVAL,
    errno.EISDIR,
    errno.ENAMETOOLONG,
    errno.ENXIO,
}


class FolderStore:
    """``MediaStore`` over a disk.

    Args:
        root: the folder of the tier.
        check: raises ``StorageUnavailable`` where another volume, or none, lies at the root; by
            default the root only has to be there.
    """

    def __init__(self, disk: Disk, root: Path, *, check: Callable[[], None] | None = None) -> None:
        self._disk = disk
        self._root = root
        self._check = check or self._there

    def __repr__(self) -> str:
        return f"FolderStore({str(self._root)!r})"

    def open(self, path: str) -> ReadableFile:
        checked_parts(path)
        try:
            return self._disk.open_beneath(self._root, path)
        except OSError as error:
            self._check()  # an unmounted disk is not a lost recording
            if error.errno in _NOT_THERE:
                raise RecordingGone(GONE) from error
            self._unavailable("read", error)

    def put(self, path: str, source: ReadableFile) -> None:
        target = self._root.joinpath(*checked_parts(path))
        draft = target.with_name(f".{target.name}{DRAFT_SUFFIX}")
        self._check()
        try:
            self._disk.make_folder(target.parent)
        except OSError as error:
            self._unavailable("written", error)
        try:
            self._write(draft, source)
        except BaseException:
            self._forget(draft)
            raise
        try:
            self._disk.rename(draft, target)
            self._disk.sync_folder(target.parent)
        except OSError as error:
            self._unavailable("written", error)
        self._check()  # unmounted meanwhile: the file may lie in the mount point

    def _write(self, draft: Path, source: ReadableFile) -> None:
        written = hashlib.sha256()
        self._forget(draft)  # of a run that was killed
        try:
            file = self._disk.create(draft)
        except OSError as error:
            self._unavailable("written", error)
        try:
            at = 0
            while at < source.size_bytes:
                piece = source.read(CHUNK_BYTES, at)
                if not piece:
                    raise OSError(errno.EIO, "the file became shorter while it was read")
                written.update(piece)
                at += len(piece)
                try:
                    file.write([piece])
                except OSError as error:
                    self._unavailable("written", error)
            try:
                file.sync()
            except OSError as error:
                self._unavailable("written", error)
        finally:
            file.close()
        self._compare(draft, at, written.hexdigest())

    def _compare(self, draft: Path, size_bytes: int, digest: str) -> None:
        relative = draft.relative_to(self._root).as_posix()
        read = hashlib.sha256()
        try:
            file = self._disk.open_beneath(self._root, relative)
        except OSError as error:
            self._unavailable("read", error)
        try:
            for at in range(0, file.size_bytes, CHUNK_BYTES):
                read.update(file.read(CHUNK_BYTES, at))
        except OSError as error:
            self._unavailable("read", error)
        finally:
            file.close()
        if file.size_bytes != size_bytes or read.hexdigest() != digest:
            raise StorageUnavailable(
                f"A file written to {self._root} reads back differently: its disk or its network "
                "damages data. Examine that disk before anything is moved there."
            )

    def _forget(self, draft: Path) -> None:
        try:
            self._disk.unlink(draft)
        except OSError:
            return  # the next attempt meets it again

    def delete(self, path: str) -> None:
        target = self._root.joinpath(*checked_parts(path))
        try:
            # opened first: a link planted on the way must not lead the deletion elsewhere
            self._disk.open_beneath(self._root, path).close()
            self._disk.unlink(target)
            self._disk.sync_folder(target.parent)
        except OSError as error:
            self._check()
            if error.errno not in _NOT_THERE:
                self._unavailable("deleted from", error)

    def size(self, path: str) -> int | None:
        try:
            file = self.open(path)
        except RecordingGone:
            return None
        file.close()
        return file.size_bytes

    def paths(self, prefix: str = "") -> Iterator[str]:
        start = self._root.joinpath(*checked_parts(prefix)) if prefix else self._root
        self._check()
        folders = [start]
        while folders:
            folder = folders.pop()
            try:
                entries = self._disk.entries(folder)
            except OSError as error:
                if error.errno in _NOT_THERE:
                    continue
                self._unavailable("read", error)
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if entry.is_folder:
                    folders.append(folder / entry.name)
                elif entry.is_file:
                    yield (folder / entry.name).relative_to(self._root).as_posix()

    def _there(self) -> None:
        try:
            self._disk.space(self._root)
        except OSError as error:
            raise StorageUnavailable(
                f"The media folder {self._root} can't be opened ({error.strerror}); mount its disk."
            ) from error

    def _unavailable(self, done: str, error: OSError) -> NoReturn:
        raise StorageUnavailable(
            f"The folder {self._root} can't be {done} ({(error.strerror or 'error').lower()}): "
            "examine its disk or network share, or free space on it."
        ) from error

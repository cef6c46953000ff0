"""A tier in a folder: the fast disk, another disk, a network share."""

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NoReturn

from its_camera_ai.core.disk import Disk, ReadableFile, WritableFile
from its_camera_ai.core.errors import RecordingGone, StorageUnavailable
from its_camera_ai.store.media_store import GONE, checked_parts, pieces_of, sha256_of

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

    A file is written under a name of its own, synced, read back, compared and then renamed. What is
    read back may come from the system's cache: that proves the way, not the medium, which is the
    scrub's matter.

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

    @property
    def at_once(self) -> bool:
        return True

    def open(self, path: str) -> ReadableFile:
        checked_parts(path)
        try:
            return self._disk.open_beneath(self._root, path)
        except OSError as error:
            self._check()  # an unmounted disk is not a lost recording
            if error.errno in _NOT_THERE:
                raise RecordingGone(GONE) from error
            self._unavailable("read", error)

    def put(self, path: str, source: ReadableFile, *, sha256: str = "") -> None:
        target = self._root.joinpath(*checked_parts(path))
        draft = target.with_name(f".{target.name}{DRAFT_SUFFIX}")
        sha256 = sha256 or sha256_of(source)
        self._check()
        self._forget(draft)  # of a run that was killed
        try:
            self._write(draft, source)
            self._compare(draft, source, sha256)
        except BaseException:
            self._forget(draft)
            raise
        with self._translated("written"):
            self._disk.rename(draft, target)
            self._disk.sync_folder(target.parent)
        self._check()  # unmounted meanwhile: the file may lie in the mount point

    def _write(self, draft: Path, source: ReadableFile) -> None:
        with self._translated("written"):
            file = self._created(draft)
        try:
            for piece in pieces_of(source):
                with self._translated("written"):
                    file.write([piece])
            with self._translated("written"):
                file.sync()
        finally:
            file.close()

    def _created(self, draft: Path) -> WritableFile:
        self._disk.make_folder(draft.parent)
        try:
            return self._disk.create(draft)
        except FileNotFoundError:  # the folder was empty, and ``delete`` removed it just now
            self._disk.make_folder(draft.parent)
            return self._disk.create(draft)

    def _compare(self, draft: Path, source: ReadableFile, sha256: str) -> None:
        with self._translated("read"):
            file = self._disk.open_beneath(self._root, draft.relative_to(self._root).as_posix())
            try:
                same = sha256_of(file) == sha256
            finally:
                file.close()
        if same:
            return
        if sha256_of(source) != sha256:
            raise OSError(errno.EIO, "the file changed while it was read")
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
        self._forget(target.with_name(f".{target.name}{DRAFT_SUFFIX}"))
        try:
            # opened first: a link planted on the way must not lead the deletion elsewhere
            self._disk.open_beneath(self._root, path).close()
            self._disk.unlink(target)
            self._disk.sync_folder(target.parent)
            with suppress(OSError):  # not empty, mostly
                self._disk.remove_folder(target.parent)
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

    @contextmanager
    def _translated(self, done: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self._unavailable(done, error)

    def _unavailable(self, done: str, error: OSError) -> NoReturn:
        raise StorageUnavailable(
            f"The folder {self._root} can't be {done} ({(error.strerror or 'error').lower()}): "
            "examine its disk or network share, or free space on it."
        ) from error

"""The machine's own file system behind the disk port."""

import errno
import fcntl
import os
import stat
from collections.abc import Sequence
from pathlib import Path

from its_camera_ai.core.disk import Bytes, Entry, Space
from its_camera_ai.store.files import sync_folder

_IOV_MAX = 1024  # pieces per gathering write, Linux
_CANT_SYNC = frozenset({errno.EACCES, errno.EPERM, errno.EINVAL, errno.ENOTSUP})
"""Folders that we may not open, and file systems that know no sync of folders."""
# O_NONBLOCK: opening a planted FIFO would otherwise hang
_READ_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class RealFile:
    """An open descriptor with an exclusive lock."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def write(self, pieces: Sequence[Bytes]) -> None:
        for start in range(0, len(pieces), _IOV_MAX):
            group = pieces[start : start + _IOV_MAX]
            wanted = sum(map(len, group))
            written = os.writev(self._descriptor, group)
            if written < wanted:  # begun again where the system wrote less than asked
                rest = memoryview(b"".join(group))[written:]
                while rest:
                    rest = rest[os.write(self._descriptor, rest) :]

    def sync(self) -> None:
        os.fdatasync(self._descriptor)

    def truncate(self, size_bytes: int) -> None:
        os.ftruncate(self._descriptor, size_bytes)
        os.lseek(self._descriptor, size_bytes, os.SEEK_SET)

    def close(self) -> None:
        os.close(self._descriptor)


class RealReading:
    """An open descriptor to read from; any number of threads may."""

    def __init__(self, descriptor: int, size_bytes: int) -> None:
        self._descriptor = descriptor
        self._size_bytes = size_bytes

    @property
    def size_bytes(self) -> int:
        return self._size_bytes

    def read(self, size_bytes: int, at: int) -> bytes:
        pieces = []
        while size_bytes > 0:
            piece = os.pread(self._descriptor, size_bytes, at)
            if not piece:
                break
            pieces.append(piece)
            at, size_bytes = at + len(piece), size_bytes - len(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def close(self) -> None:
        os.close(self._descriptor)


class RealDisk:
    """``core.disk.Disk`` by system calls."""

    def __init__(self) -> None:
        self._durable: set[Path] = set()

    def create(self, path: Path) -> RealFile:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o640)
        return self._locked(handle)

    def edit(self, path: Path) -> RealFile:
        handle = os.open(path, os.O_WRONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        file = self._locked(handle)
        os.lseek(handle, 0, os.SEEK_END)
        return file

    @staticmethod
    def _locked(handle: int) -> RealFile:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(handle)
            raise
        return RealFile(handle)

    def open(self, path: Path) -> RealReading:
        return self._reading(os.open(path, _READ_FLAGS))

    def open_beneath(self, root: Path, relative: str) -> RealReading:
        *folders, last = relative.split("/")
        # each name is looked up in the folder before it, so nobody can exchange one in between
        at = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            for name in folders:
                inner = os.open(name, _READ_FLAGS | os.O_DIRECTORY, dir_fd=at)
                os.close(at)
                at = inner
            return self._reading(os.open(last, _READ_FLAGS, dir_fd=at))
        finally:
            os.close(at)

    @staticmethod
    def _reading(handle: int) -> RealReading:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            os.close(handle)
            raise OSError(errno.EINVAL, "not a regular file")
        return RealReading(handle, status.st_size)

    def make_folder(self, folder: Path) -> None:
        """One that is there may have been made by a process that was killed before its sync, so
        each one is synced once by this process, found or made."""
        if folder in self._durable and folder.is_dir():
            return
        if folder.parent != folder:
            self.make_folder(folder.parent)
        if not folder.is_dir():
            folder.mkdir(mode=0o750, exist_ok=True)
        try:
            sync_folder(folder.parent)
        except OSError as error:
            if error.errno not in _CANT_SYNC:
                raise
        self._durable.add(folder)

    def rename(self, source: Path, target: Path) -> None:
        source.rename(target)

    def unlink(self, path: Path) -> None:
        path.unlink()

    def remove_folder(self, folder: Path) -> None:
        folder.rmdir()

    def sync_folder(self, folder: Path) -> None:
        sync_folder(folder)

    def entries(self, folder: Path) -> list[Entry]:
        with os.scandir(folder) as found:
            return [
                Entry(e.name, e.is_file(follow_symlinks=False), e.is_dir(follow_symlinks=False))
                for e in found
            ]

    def size(self, path: Path) -> int:
        return path.lstat().st_size

    def space(self, folder: Path) -> Space:
        figures = os.statvfs(folder)
        return Space(figures.f_blocks * figures.f_frsize, figures.f_bavail * figures.f_frsize)

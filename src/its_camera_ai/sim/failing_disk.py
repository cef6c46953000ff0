"""A disk whose calls fail when told to, and that knows from where it was called."""

import errno
import os
import sys
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import NamedTuple

from its_camera_ai.core.disk import Bytes, Disk, Entry, ReadableFile, Space, WritableFile

_PACKAGE = Path(__file__).resolve().parents[1]
_BELOW = (str(Path(__file__).resolve()), str(_PACKAGE / "sim" / "disk.py"))


class Fault(StrEnum):
    """How a call fails."""

    FULL = "no space left"
    BROKEN = "input/output error"
    READ_ONLY = "read-only file system"
    SHORT = "short write, then no space left"
    SYNC_FAILED = "sync failed, what was unsynced is lost"
    ANSWER_LOST = "done, but the name is not found any more: a network share asked twice"


_ERRNO = {
    Fault.FULL: errno.ENOSPC,
    Fault.BROKEN: errno.EIO,
    Fault.READ_ONLY: errno.EROFS,
    Fault.SHORT: errno.ENOSPC,
    Fault.SYNC_FAILED: errno.EIO,
    Fault.ANSWER_LOST: errno.ENOENT,
}
_GROWING = frozenset({"create", "make_folder", "rename", "write", "sync", "sync_folder"})
_CHANGING = _GROWING | {"edit", "unlink", "remove_folder", "truncate"}


class CallSite(NamedTuple):
    """A place in the package that calls the disk.

    Attributes:
        path: of the source file, relative to the package.
        call: the name of the disk's or file's function.
    """

    path: str
    line: int
    call: str

    def faults(self) -> list[Fault]:
        """How this call can fail."""
        wanted = [Fault.BROKEN]
        if self.call in _CHANGING:
            wanted.append(Fault.READ_ONLY)
        if self.call in _GROWING:
            wanted.append(Fault.FULL)
        if self.call == "write":
            wanted.append(Fault.SHORT)
        if self.call in ("rename", "unlink"):
            wanted.append(Fault.ANSWER_LOST)
        if self.call == "sync":
            wanted.append(Fault.SYNC_FAILED)
        return wanted


@dataclass(slots=True)
class _Rule:
    wanted: Callable[[CallSite], bool]
    fault: Fault
    left: int
    let_through: int


class FailingDisk:
    """``core.disk.Disk`` around another one.

    Attributes:
        inner: that one; may be replaced, as by a start after a power cut.
        sites: how often each call site called.
        failed: how often each was made to fail.

    >>> from its_camera_ai.sim.disk import SimulatedDisk
    >>> disk = FailingDisk(SimulatedDisk(Path("/media")))
    >>> disk.fail(lambda site: site.call == "entries", Fault.BROKEN)
    >>> disk.entries(Path("/media"))
    Traceback (most recent call last):
    ...
    OSError: [Errno 5] Input/output error
    >>> disk.entries(Path("/media"))
    []
    """

    def __init__(self, inner: Disk) -> None:
        self.inner = inner
        self._lock = threading.Lock()
        self._rules: list[_Rule] = []
        self.sites: Counter[CallSite] = Counter()
        self.failed: Counter[CallSite] = Counter()

    def fail(
        self, wanted: Callable[[CallSite], bool], fault: Fault, *, times: int = 1, after: int = 0
    ) -> None:
        """Let the next calls from the wanted sites fail. Several orders stand side by side.

        Args:
            times: so many of them; then all is well again.
            after: so many of them are let through first.
        """
        with self._lock:
            self._rules.append(_Rule(wanted, fault, times, after))

    def heal(self) -> None:
        """Let nothing fail any more."""
        with self._lock:
            self._rules = []

    def called(self, call: str) -> Fault | None:
        """Book a call; gives the fault that it meets. For the files of this disk."""
        site = _site(call)
        with self._lock:
            self.sites[site] += 1
            for rule in self._rules:
                if rule.left == 0 or not rule.wanted(site):
                    continue
                if rule.let_through:
                    rule.let_through -= 1
                    continue
                rule.left -= 1
                self.failed[site] += 1
                return rule.fault
        return None

    def _demand(self, call: str) -> None:
        raise_fault(self.called(call))

    def create(self, path: Path) -> "FailingFile":
        self._demand("create")
        return FailingFile(self, self.inner.create(path))

    def edit(self, path: Path) -> "FailingFile":
        self._demand("edit")
        return FailingFile(self, self.inner.edit(path))

    def open(self, path: Path) -> "FailingReading":
        self._demand("open")
        return FailingReading(self, self.inner.open(path))

    def open_beneath(self, root: Path, relative: str) -> "FailingReading":
        self._demand("open_beneath")
        return FailingReading(self, self.inner.open_beneath(root, relative))

    def make_folder(self, folder: Path) -> None:
        self._demand("make_folder")
        self.inner.make_folder(folder)

    def rename(self, source: Path, target: Path) -> None:
        fault = self.called("rename")
        if fault is Fault.ANSWER_LOST:
            self.inner.rename(source, target)
        raise_fault(fault)
        self.inner.rename(source, target)

    def unlink(self, path: Path) -> None:
        fault = self.called("unlink")
        if fault is Fault.ANSWER_LOST:
            self.inner.unlink(path)
        raise_fault(fault)
        self.inner.unlink(path)

    def remove_folder(self, folder: Path) -> None:
        self._demand("remove_folder")
        self.inner.remove_folder(folder)

    def sync_folder(self, folder: Path) -> None:
        self._demand("sync_folder")
        self.inner.sync_folder(folder)

    def entries(self, folder: Path) -> list[Entry]:
        self._demand("entries")
        return self.inner.entries(folder)

    def size(self, path: Path) -> int:
        self._demand("size")
        return self.inner.size(path)

    def space(self, folder: Path) -> Space:
        self._demand("space")
        return self.inner.space(folder)


class FailingFile:
    """``core.disk.WritableFile``."""

    def __init__(self, disk: FailingDisk, inner: WritableFile) -> None:
        self._disk = disk
        self._inner = inner

    def write(self, pieces: Sequence[Bytes]) -> None:
        fault = self._disk.called("write")
        if fault is Fault.SHORT:
            data = b"".join(pieces)
            self._inner.write([data[: len(data) // 2]])
        raise_fault(fault)
        self._inner.write(pieces)

    def sync(self) -> None:
        fault = self._disk.called("sync")
        if fault is Fault.SYNC_FAILED and hasattr(self._inner, "lose_unsynced"):
            self._inner.lose_unsynced()
        raise_fault(fault)
        self._inner.sync()

    def truncate(self, size_bytes: int) -> None:
        raise_fault(self._disk.called("truncate"))
        self._inner.truncate(size_bytes)

    def close(self) -> None:
        """The descriptor is gone even where this fails, as on Linux."""
        fault = self._disk.called("close")
        self._inner.close()
        raise_fault(fault)


class FailingReading:
    """``core.disk.ReadableFile``."""

    def __init__(self, disk: FailingDisk, inner: ReadableFile) -> None:
        self._disk = disk
        self._inner = inner

    @property
    def size_bytes(self) -> int:
        return self._inner.size_bytes

    def read(self, size_bytes: int, at: int) -> bytes:
        raise_fault(self._disk.called("read"))
        return self._inner.read(size_bytes, at)

    def close(self) -> None:
        fault = self._disk.called("close")
        self._inner.close()
        raise_fault(fault)


def raise_fault(fault: Fault | None) -> None:
    """Raise what the system raises for it."""
    if fault is not None:
        code = _ERRNO[fault]
        raise OSError(code, os.strerror(code))


def _site(call: str) -> CallSite:
    """The innermost frame outside of the twins."""
    frame = sys._getframe(1)
    while frame.f_code.co_filename in _BELOW and frame.f_back is not None:
        frame = frame.f_back
    path = Path(frame.f_code.co_filename)
    name = str(path.relative_to(_PACKAGE)) if path.is_relative_to(_PACKAGE) else path.name
    return CallSite(name, frame.f_lineno, call)

"""One instance per data folder."""

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from its_camera_ai.core.errors import InstanceRunning, StorageUnavailable
from its_camera_ai.store.files import folder_unwritable

FILE_NAME = "instance.lock"


class InstanceLock:
    """Held while a program works on a folder; the kernel drops it when the process ends, however
    it ends, so a file left behind means nothing.

    >>> with InstanceLock(Path("/var/lib/itscam")):  # doctest: +SKIP
    ...     run()
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._handle: int | None = None

    def acquire(self) -> None:
        """Take the lock, without waiting. Taking it twice is one lock.

        Raises:
            InstanceRunning: another process holds it; the message names its pid.
            StorageUnavailable: the folder is missing or can't be written.
        """
        if self._handle is not None:
            return
        path = self._folder / FILE_NAME
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise folder_unwritable(self._folder, error) from error
        try:
            self._take(handle)
        except BaseException:
            os.close(handle)
            raise
        self._handle = handle

    def _take(self, handle: int) -> None:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.pread(handle, 32, 0).decode("ascii", "replace").strip() or "unknown"
            raise InstanceRunning(
                f"Another instance (pid {holder}) already works on {self._folder}. Stop it first, "
                "or give this one a data folder of its own."
            ) from None
        except OSError as error:
            raise StorageUnavailable(
                f"The folder {self._folder} is on a file system without locks ({error.strerror}). "
                "Use a local disk for it."
            ) from error
        try:
            os.ftruncate(handle, 0)
            os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        except OSError as error:
            raise folder_unwritable(self._folder, error) from error

    def release(self) -> None:
        """Give the lock back. The file stays: removing it would race with the next holder."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    def __enter__(self) -> Self:
        self.acquire()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()

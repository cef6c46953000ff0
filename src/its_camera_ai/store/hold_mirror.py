"""A copy of the holds that lies with the recordings, for whoever must delete without a database."""

import errno
import hashlib
import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import msgspec

from its_camera_ai.core.disk import Disk, WritableFile
from its_camera_ai.core.errors import StorageUnavailable
from its_camera_ai.core.holds import Hold
from its_camera_ai.store.small_files import read_small, replace_small

FOLDER = ".itscam"
FILE_NAME = "holds.json"
LOCK_NAME = "holds.lock"
SPARE_NAME = "holds.spare"
SPARE_BYTES_MIN = 256 * 1024
"""Room for the mirror on a disk that is full; incompressible."""
FULL = (errno.ENOSPC, errno.EDQUOT)
LOCK_WAIT_S = 10.0
_LOCK_STEP_S = 0.02


class _Document(msgspec.Struct, frozen=True):
    """The file's shape; ``sha256`` is of the text of ``holds``, so that no damage goes unseen."""

    holds: msgspec.Raw
    sha256: str
    version: int = 1


@dataclass(frozen=True, slots=True)
class MirroredHolds:
    """What the mirror says.

    Attributes:
        holds: those that are active.
        problem: empty, or why the mirror can't be read; everything then counts as held.
    """

    holds: tuple[Hold, ...] = ()
    problem: str = ""

    def covers(self, camera_id: str, since_wall_ns: int, until_wall_ns: int) -> bool:
        """Whether anything of this span may not be deleted."""
        return bool(self.problem) or any(
            hold.covers(camera_id, since_wall_ns, until_wall_ns) for hold in self.holds
        )


class HoldMirror:
    """``<media root>/.itscam/holds.json``.

    Args:
        disk, root: the volume that is recorded to.
        check: raises ``StorageUnavailable`` if it is not that volume; asked before each change.
        wait: sleeps that many seconds, while another process changes the holds.
    """

    def __init__(
        self,
        disk: Disk,
        root: Path,
        *,
        check: Callable[[], None] = lambda: None,
        wait: Callable[[float], None] = time.sleep,
    ) -> None:
        self._check = check
        self._disk = disk
        self._folder = root / FOLDER
        self._path = self._folder / FILE_NAME
        self._spare = self._folder / SPARE_NAME
        self._wait = wait

    def read(self) -> MirroredHolds:
        """What is held. No file means no holds; a damaged one means that everything is held."""
        try:
            text = read_small(self._disk, self._path)
            if text is None:
                return MirroredHolds()
            document = msgspec.json.decode(text, type=_Document)
            if hashlib.sha256(document.holds).hexdigest() != document.sha256:
                raise ValueError("its checksum is wrong")
            return MirroredHolds(tuple(msgspec.json.decode(document.holds, type=list[Hold])))
        except (OSError, ValueError) as error:  # msgspec's errors are ValueErrors
            reason = getattr(error, "strerror", None) or str(error)
            return MirroredHolds(
                problem=f"The list of held recordings {self._path} can't be read ({reason}), so "
                "that nothing may be deleted: restart the server, which writes it anew from the "
                "database."
            )

    def write(self, holds: Sequence[Hold]) -> None:
        """Replace it; atomic, and durable when the call returns. To be called while ``locked``.

        Raises:
            StorageUnavailable: it could not be written; the old one stays.
        """
        inner = msgspec.json.encode(list(holds))
        document = _Document(msgspec.Raw(inner), hashlib.sha256(inner).hexdigest())
        text = msgspec.json.encode(document)
        try:
            try:
                replace_small(self._disk, self._path, text)
            except OSError as error:
                if error.errno not in FULL:
                    raise
                self._disk.unlink(self._spare)  # a full disk must not keep holds from ending
                replace_small(self._disk, self._path, text)
        except OSError as error:
            raise self._unwritable(error) from error
        self._keep_spare(len(text))

    def _keep_spare(self, size_bytes: int) -> None:
        wanted = max(SPARE_BYTES_MIN, 2 * size_bytes)
        with suppress(OSError):  # a disk that is full now has room for it at a later change
            with suppress(FileNotFoundError):
                if self._disk.size(self._spare) >= wanted:
                    return
            replace_small(self._disk, self._spare, secrets.token_bytes(wanted))

    @contextmanager
    def locked(self, wait_s: float = LOCK_WAIT_S) -> Iterator[None]:
        """No other process or thread changes the mirror, or evicts by it, within the block.

        Raises:
            StorageUnavailable: another one does for longer than ``wait_s``, or the folder can't be
                written.
        """
        self._check()
        lock = self._lock(wait_s)
        try:
            yield
        finally:
            lock.close()

    def _lock(self, wait_s: float) -> WritableFile:
        path = self._folder / LOCK_NAME
        waited_s = 0.0
        while True:
            try:
                return self._disk.edit(path)
            except FileNotFoundError:
                self._make_lock(path)
            except BlockingIOError as error:
                if waited_s >= wait_s:
                    raise StorageUnavailable(
                        "Another process is changing the held recordings; try again in a moment."
                    ) from error
                self._wait(_LOCK_STEP_S)
                waited_s += _LOCK_STEP_S
            except OSError as error:
                raise self._unwritable(error) from error

    def _make_lock(self, path: Path) -> None:
        try:
            self._disk.make_folder(self._folder)
            with suppress(FileExistsError, BlockingIOError):
                self._disk.create(path).close()
        except OSError as error:
            raise self._unwritable(error) from error

    def _unwritable(self, error: OSError) -> StorageUnavailable:
        reason = (error.strerror or "unknown error").lower()
        return StorageUnavailable(
            f"The list of held recordings {self._path} can't be written ({reason}): free space on "
            "its disk, or correct the folder's rights or mount, and try again."
        )

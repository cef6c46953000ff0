"""A mark on the volume that is recorded to, so that another one in its place is never used.

The epoch rises at each start and each hour, first announced in the data folder, then written to the
volume, then confirmed: whatever crashes, the two differ only if one of them was put back [14].
"""

import errno
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import msgspec
import structlog

from its_camera_ai.core.disk import Disk, WritableFile
from its_camera_ai.core.errors import ConfigInvalid, StorageUnavailable
from its_camera_ai.core.time import Clock
from its_camera_ai.recorder.volumes.expected_volume import ExpectedVolume, ExpectedVolumeFile
from its_camera_ai.store.small_files import read_small, replace_small

log = structlog.get_logger(__name__)

FOLDER = ".itscam"
MARKER = "volume.json"
LOCK = "recording.lock"
UNUSED = frozenset({"lost+found"})
"""What a freshly made file system holds."""

FULL = (errno.ENOSPC, errno.EDQUOT)

ADOPT = "itscam storage adopt"


class VolumeMarker(msgspec.Struct, frozen=True):
    """What ``<root>/.itscam/volume.json`` says."""

    volume_id: str
    site_id: str
    epoch: int
    created_wall_ns: int


class VolumeIdentity:
    """Refuses a folder that is not the volume that this site records to.

    Args:
        disk, root: the recordings.
        expected: what the site knows.
        claims: take the volume for this process alone, and raise its epoch; for the one process
            that records. Others only look.
    """

    def __init__(
        self,
        disk: Disk,
        root: Path,
        expected: ExpectedVolumeFile,
        *,
        clock: Clock,
        claims: bool = False,
    ) -> None:
        self._disk, self._root = disk, root
        self._marker_path = root / FOLDER / MARKER
        self._expected = expected
        self._clock = clock
        self._claims = claims
        self._verified: bytes | None = None
        self._held: WritableFile | None = None
        self._changing = threading.Lock()
        self.takes = 0  # how often a volume was found to be the right one after it was not
        self.notice = ""  # for people: what was odd about it, though it is used

    def check(self) -> None:
        """Costs four system calls while nothing changes.

        Raises:
            StorageUnavailable: missing, another one, put back, in use, or not readable; with what
                to do.
        """
        with suppress(OSError):
            text = read_small(self._disk, self._marker_path)
            if text is not None and text == self._verified:
                return
        with self._changing:
            text = self._read()  # anew: another thread may have raised the epoch meanwhile
            if text is not None and text == self._verified:
                return
            self._leave_now()
            self._verify(text)
            self.takes += 1

    def _read(self) -> bytes | None:
        try:
            return read_small(self._disk, self._marker_path)
        except OSError as error:
            self._leave_now()
            raise self._unreachable(error) from error

    def advance(self) -> None:
        """Raise the epoch. Called by the recording process now and then.

        Raises:
            StorageUnavailable: as ``check``, or it can't be written.
        """
        self.check()
        with self._changing:
            text = self._verified
            if text is not None:
                self._raise_epoch(msgspec.json.decode(text, type=VolumeMarker))

    def close(self) -> None:
        """Let the volume go."""
        self._leave()

    def _leave(self) -> None:
        with self._changing:
            self._leave_now()

    def _leave_now(self) -> None:
        self._verified = None
        held, self._held = self._held, None
        if held is not None:
            with suppress(OSError):
                held.close()

    def _verify(self, text: bytes | None) -> None:
        expected = self._expected.load()
        if text is None:
            raise self._missing()
        marker = read_marker(self._marker_path, text)
        if expected is None or marker.volume_id != expected.volume_id:
            raise StorageUnavailable(
                f"The folder {self._root} holds another volume ({marker.volume_id[:8]}) than the "
                f"one that this site records to ({expected.volume_id[:8] if expected else 'none'}),"
                f" so nothing is recorded: mount the right disk, or use this one with: {ADOPT}"
            )
        if marker.site_id != expected.site_id:
            raise StorageUnavailable(
                f"The volume in {self._root} was taken over by another site "
                f"({marker.site_id[:8]}), so nothing is recorded: mount this site's own disk, or "
                f"take it back with: {ADOPT}"
            )
        if marker.epoch < expected.epoch:
            raise StorageUnavailable(
                f"The volume in {self._root} is an older copy of the one that this site records to "
                f"(state {marker.epoch}, expected {expected.epoch}), so nothing is recorded: mount "
                f"the original, or go on with the copy by: {ADOPT}, then: "
                "itscam storage rebuild-index"
            )
        self._take(marker, expected, text)

    def _take(self, marker: VolumeMarker, expected: ExpectedVolume, text: bytes) -> None:
        if marker.epoch > expected.next_epoch:
            self.notice = (
                "The data folder is older than the recordings, as if it was put back from a "
                "backup. Recording goes on; what the index lacks is found with: "
                "itscam storage rebuild-index"
            )
            log.warning("the data folder is older than the recordings", action=self.notice)
        self._verified = text
        if self._claims:
            try:
                self._held = lock_volume(self._disk, self._root)
                self._raise_epoch(marker)
            except BaseException:
                self._leave_now()
                raise

    def _raise_epoch(self, marker: VolumeMarker) -> None:
        """Best effort where space or the data folder is short: the old epoch is as true."""
        after = msgspec.structs.replace(marker, epoch=marker.epoch + 1)
        mine = ExpectedVolume(marker.site_id, marker.volume_id, marker.epoch, after.epoch)
        try:
            self._expected.store(mine)
            self._verified = write_marker(self._disk, self._root, after)
            self._expected.store(msgspec.structs.replace(mine, epoch=after.epoch))
        except StorageUnavailable as error:
            log.warning("the volume's epoch was not raised", problem=str(error))
        except OSError as error:
            if error.errno not in FULL:
                raise self._unreachable(error) from error
            log.warning("the volume's epoch was not raised", problem=error.strerror)

    def _missing(self) -> StorageUnavailable:
        try:
            names = {entry.name for entry in self._disk.entries(self._root)}
        except OSError as error:
            return self._unreachable(error)
        if names <= UNUSED:
            return StorageUnavailable(
                f"The folder {self._root} is empty: the disk of the recordings is not mounted, or "
                f"was formatted, so nothing is recorded. Mount it; to begin on a new disk: {ADOPT}"
            )
        return StorageUnavailable(
            f"The folder {self._root} lacks the mark of the volume that this site records to, so "
            f"nothing is recorded: mount the right disk, or use this folder with: {ADOPT}"
        )

    def _unreachable(self, error: OSError) -> StorageUnavailable:
        reason = (error.strerror or "unknown error").lower()
        return StorageUnavailable(
            f"The recordings' folder {self._root} can't be used ({reason}): mount its disk, and "
            "check its cable, its rights, and that it is not read-only."
        )


def read_marker(path: Path, text: bytes) -> VolumeMarker:
    """
    Raises:
        StorageUnavailable: it is damaged.
    """
    try:
        return msgspec.json.decode(text, type=VolumeMarker)
    except ValueError as error:  # msgspec's errors, and bytes that are no text
        raise StorageUnavailable(
            f"The mark of the volume {path} is damaged, so nothing is recorded: check the disk; if "
            f"it is the right one and sound, write the mark anew with: {ADOPT}"
        ) from error


def write_marker(disk: Disk, root: Path, marker: VolumeMarker) -> bytes:
    """Replace the marker; returns its text. Raises OSError."""
    text = msgspec.json.encode(marker)
    replace_small(disk, root / FOLDER / MARKER, text)
    return text


def lock_volume(disk: Disk, root: Path) -> WritableFile:
    """The right to record to a volume, until the file is closed or the process ends.

    Raises:
        StorageUnavailable: another process has it, or the volume can't be written.
    """
    path = root / FOLDER / LOCK
    try:
        with suppress(FileExistsError):
            disk.create(path).close()
        return disk.edit(path)
    except BlockingIOError as error:
        raise StorageUnavailable(
            f"Another process records to {root} already, so this one does not: stop it, or give "
            "each site a folder of its own with ITSCAM_MEDIA_DIR."
        ) from error
    except OSError as error:
        reason = (error.strerror or "unknown error").lower()
        raise StorageUnavailable(
            f"The recordings' folder {root} can't be written ({reason}): check its disk and "
            "rights, and mount it for writing, such as with: mount -o remount,rw"
        ) from error


def prepare_volume(
    disk: Disk,
    root: Path,
    expected: ExpectedVolumeFile,
    *,
    new_id: Callable[[], str],
    clock: Clock,
    ran_before: bool = False,
) -> None:
    """Give a new site a volume: mark its empty folder. A site that has one is left alone, whether
    its volume is there or not.

    Args:
        ran_before: the site is older than these marks: a folder without one is its own.

    Raises:
        ConfigInvalid: the folder of a new site holds something.
        StorageUnavailable: the folder can't be written.
    """
    if expected.load() is not None:
        return
    try:
        disk.make_folder(root)
        names = {entry.name for entry in disk.entries(root)}
        is_marked = read_small(disk, root / FOLDER / MARKER) is not None
        if is_marked or (names - UNUSED and not ran_before):
            raise ConfigInvalid(
                f"The folder {root} for recordings is not empty, and this site never recorded to "
                "it. Name an empty one with ITSCAM_MEDIA_DIR. If it holds recordings that this "
                f"site shall go on with, take it over with: {ADOPT}"
            )
        marker = VolumeMarker(new_id(), new_id(), 1, clock.wall_ns())
        write_marker(disk, root, marker)
    except OSError as error:
        reason = (error.strerror or "unknown error").lower()
        raise StorageUnavailable(
            f"The folder {root} can't be written ({reason}): free space, correct its rights, or "
            "name another folder with ITSCAM_MEDIA_DIR."
        ) from error
    expected.store(ExpectedVolume(marker.site_id, marker.volume_id, 1, 1))

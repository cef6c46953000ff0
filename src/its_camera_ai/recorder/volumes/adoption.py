"""Taking a volume over on purpose: a new disk, a copy, or one of another site."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from its_camera_ai.core.disk import Disk
from its_camera_ai.core.errors import StorageUnavailable
from its_camera_ai.core.time import Clock
from its_camera_ai.recorder.volumes.expected_volume import ExpectedVolume, ExpectedVolumeFile
from its_camera_ai.recorder.volumes.volume_identity import (
    FOLDER,
    MARKER,
    UNUSED,
    VolumeMarker,
    lock_volume,
    read_marker,
    write_marker,
)
from its_camera_ai.store.small_files import read_small


@dataclass(frozen=True, slots=True)
class Adoptable:
    """What lies in a folder.

    Attributes:
        marker: None if there is none that can be read.
        is_own: the volume that this site records to already, in its present state.
        names: of what lies there, without names that begin with a dot.
    """

    marker: VolumeMarker | None
    is_own: bool
    names: tuple[str, ...]


def inspect(disk: Disk, root: Path, expected: ExpectedVolumeFile) -> Adoptable:
    """Look without changing anything.

    Raises:
        StorageUnavailable: the folder can't be read.
    """
    try:
        text = read_small(disk, root / FOLDER / MARKER)
        names = sorted(e.name for e in disk.entries(root) if not e.name.startswith("."))
    except OSError as error:
        raise _unusable(root, error) from error
    marker = None
    if text is not None:
        with suppress(StorageUnavailable):
            marker = read_marker(root / FOLDER / MARKER, text)
    known = expected.load()
    is_own = (
        marker is not None
        and known is not None
        and (marker.volume_id, marker.site_id) == (known.volume_id, known.site_id)
        and marker.epoch >= known.epoch
    )
    return Adoptable(marker, is_own, tuple(name for name in names if name not in UNUSED))


def adopt(
    disk: Disk,
    root: Path,
    expected: ExpectedVolumeFile,
    *,
    new_id: Callable[[], str],
    clock: Clock,
) -> VolumeMarker:
    """Make what lies in the folder the volume of this site. No recording is touched. A site that
    runs goes on recording within a second.

    Raises:
        StorageUnavailable: a process records to it, or it can't be written.
    """
    found, known = inspect(disk, root, expected), expected.load()
    try:
        disk.make_folder(root / FOLDER)
    except OSError as error:
        raise _unusable(root, error) from error
    lock = lock_volume(disk, root)
    try:
        before = found.marker
        marker = VolumeMarker(
            volume_id=new_id() if before is None else before.volume_id,
            site_id=new_id() if known is None else known.site_id,
            epoch=1
            + max(0 if before is None else before.epoch, 0 if known is None else known.next_epoch),
            created_wall_ns=clock.wall_ns() if before is None else before.created_wall_ns,
        )
        write_marker(disk, root, marker)
    except OSError as error:
        raise _unusable(root, error) from error
    finally:
        lock.close()
    expected.store(ExpectedVolume(marker.site_id, marker.volume_id, marker.epoch, marker.epoch))
    return marker


def _unusable(root: Path, error: OSError) -> StorageUnavailable:
    reason = (error.strerror or "unknown error").lower()
    return StorageUnavailable(
        f"The folder {root} can't be used ({reason}): mount its disk for writing, or correct its "
        "rights, and try again."
    )

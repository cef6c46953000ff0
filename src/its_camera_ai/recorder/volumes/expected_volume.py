"""Which volume this site records to: a small file in the data folder, known without a database."""

from pathlib import Path

import msgspec

from its_camera_ai.core.disk import Disk
from its_camera_ai.core.errors import StorageUnavailable
from its_camera_ai.store.small_files import read_small, replace_small

FILE_NAME = "volume.json"


class ExpectedVolume(msgspec.Struct, frozen=True):
    """What the volume's marker must say.

    Attributes:
        site_id: made once for a data folder.
        volume_id: the volume that was prepared or adopted.
        epoch: the last one that both sides are known to have.
        next_epoch: one that the marker may have already; equals ``epoch`` between changes.
    """

    site_id: str
    volume_id: str
    epoch: int
    next_epoch: int


class ExpectedVolumeFile:
    """``<data folder>/volume.json``.

    Args:
        disk, folder: of the data, not of the recordings.
    """

    def __init__(self, disk: Disk, folder: Path) -> None:
        self._disk = disk
        self._path = folder / FILE_NAME

    def load(self) -> ExpectedVolume | None:
        """None before the first start.

        Raises:
            StorageUnavailable: the file is there, but can't be read.
        """
        try:
            text = read_small(self._disk, self._path)
            return None if text is None else msgspec.json.decode(text, type=ExpectedVolume)
        except (OSError, ValueError) as error:  # msgspec's errors are ValueErrors
            reason = getattr(error, "strerror", None) or str(error)
            raise StorageUnavailable(
                f"The file {self._path} can't be read ({reason}). Put it back from a backup, or "
                "delete it and run: itscam storage adopt"
            ) from error

    def store(self, expected: ExpectedVolume) -> None:
        """
        Raises:
            StorageUnavailable: the data folder can't be written.
        """
        try:
            replace_small(self._disk, self._path, msgspec.json.encode(expected))
        except OSError as error:
            reason = (error.strerror or "unknown error").lower()
            raise StorageUnavailable(
                f"The file {self._path} can't be written ({reason}): free space on its disk or "
                "correct the folder's rights."
            ) from error

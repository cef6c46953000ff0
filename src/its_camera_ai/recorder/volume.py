"""The volume that is recorded to."""

from pathlib import Path

from its_camera_ai.core.disk import Disk
from its_camera_ai.core.errors import StorageUnavailable


class Volume:
    """A folder on a disk.

    Attributes:
        disk: the port through which everything on it is done.
        root: where the cameras' folders lie.
    """

    def __init__(self, disk: Disk, root: Path) -> None:
        self.disk = disk
        self.root = root

    def check(self) -> None:
        """Called before each fragment is written; cheap.

        Raises:
            StorageUnavailable: it is not the volume that is wanted, or it is not there.
        """
        try:
            self.disk.space(self.root)
        except OSError as error:
            raise StorageUnavailable(
                f"The recordings' folder {self.root} can't be reached "
                f"({(error.strerror or 'unknown error').lower()}): mount its disk."
            ) from error

    def make_room(self, wanted_bytes: int) -> bool:
        """Called when the disk is full; True if room was made and writing may be tried again."""
        return False

"""The volume that is recorded to."""

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from its_camera_ai.core.disk import Disk
from its_camera_ai.core.errors import StorageUnavailable


class Identity(Protocol):
    """Tells whether a folder is the wanted volume; ``takes`` rises when it comes back."""

    @property
    def takes(self) -> int: ...

    def check(self) -> None: ...


class Volume:
    """A folder on a disk.

    Args:
        identity: what the volume must be; None takes whatever lies there.
        make_room: frees so many bytes for good or says that it can't.

    Attributes:
        disk: the port through which everything on it is done.
        root: where the cameras' folders lie.
    """

    def __init__(
        self,
        disk: Disk,
        root: Path,
        *,
        identity: Identity | None = None,
        make_room: Callable[[int], bool] = lambda wanted_bytes: False,
    ) -> None:
        self.disk = disk
        self.root = root
        self._identity = identity
        self._make_room = make_room

    @property
    def takes(self) -> int:
        """Rises when the volume comes back or another takes its place: files must be reopened."""
        return 0 if self._identity is None else self._identity.takes

    def check(self) -> None:
        """Called before each fragment is written; cheap.

        Raises:
            StorageUnavailable: it is not the volume that is wanted, or it is not there.
        """
        if self._identity is not None:
            self._identity.check()
            return
        try:
            self.disk.space(self.root)
        except OSError as error:
            raise StorageUnavailable(
                f"The recordings' folder {self.root} can't be reached "
                f"({(error.strerror or 'unknown error').lower()}): mount its disk."
            ) from error

    def make_room(self, wanted_bytes: int) -> bool:
        """Called when the disk is full; True if room was made and writing may be tried again.

        Raises:
            StorageUnavailable: nothing may be removed; says why.
        """
        return self._make_room(wanted_bytes)

"""The storage policy for a process that must know it without a database."""

from collections.abc import Callable
from pathlib import Path

import msgspec
import structlog

from its_camera_ai.core.disk import Disk
from its_camera_ai.core.errors import ConfigInvalid, RetryableError
from its_camera_ai.core.storage_policy import StoragePolicy
from its_camera_ai.store.small_files import read_small, replace_small
from its_camera_ai.store.storage_policy import (
    StoragePolicyRepository,
    policy_document,
    policy_from,
)

log = structlog.get_logger(__name__)


class FollowedPolicy:
    """The policy as it was last known; a copy of it lies in the data folder.

    Args:
        disk, path: of the copy.
        repository: raises ``RetryableError`` while the database is away.
    """

    def __init__(
        self, disk: Disk, path: Path, repository: Callable[[], StoragePolicyRepository]
    ) -> None:
        self._disk, self._path = disk, path
        self._repository = repository
        self._revision = -1
        self._policy = self._remembered()

    def __call__(self) -> StoragePolicy:
        return self._policy

    def poll(self) -> None:
        """Take over a change; a database that is away, or holds what can't be read, changes
        nothing."""
        try:
            repository = self._repository()
            revision = repository.revision()
            if revision == self._revision:
                return
            self._policy = repository.get()
        except RetryableError:
            return  # told by whoever follows the cameras
        except ConfigInvalid as error:
            log.warning("the storage policy can't be read", problem=str(error))
        else:
            self._remember()
        self._revision = revision

    def _remember(self) -> None:
        text = msgspec.json.encode(policy_document(self._policy))
        try:
            replace_small(self._disk, self._path, text)
        except OSError as error:
            log.warning("the storage policy could not be remembered", problem=error.strerror)

    def _remembered(self) -> StoragePolicy:
        try:
            text = read_small(self._disk, self._path)
            return StoragePolicy() if text is None else policy_from(msgspec.json.decode(text))
        except (OSError, ValueError, ConfigInvalid) as error:
            log.warning("the remembered storage policy can't be read", problem=str(error))
            return StoragePolicy()

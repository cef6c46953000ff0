"""The cameras as they were last known, beside the database: recording must start without it."""

import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from its_camera_ai.core.cameras import Camera
from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.site_facts import SiteFacts
from its_camera_ai.store.files import sync_folder
from its_camera_ai.store.vault import Vault

_IDENTITY = b"camera-cache"


class KnownSite(msgspec.Struct, frozen=True):
    """What recording needs to know of a site."""

    cameras: list[Camera]
    facts: SiteFacts = SiteFacts()


class CameraCache:
    """One sealed file, because camera addresses hold credentials.

    Args:
        path: of the file; replaced as a whole at each change.
        vault: seals it.
    """

    def __init__(self, path: Path, vault: Vault) -> None:
        self._path = path
        self._vault = vault

    def store(self, cameras: Sequence[Camera], facts: SiteFacts) -> None:
        """Remember. Raises OSError if the folder can't be written; the old file then stays."""
        sealed = self._vault.seal(msgspec.json.encode(KnownSite(list(cameras), facts)), _IDENTITY)
        temporary = self._path.with_name(self._path.name + ".new")
        fd = os.open(temporary, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
        with os.fdopen(fd, "wb") as file:
            file.write(sealed)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self._path)
        sync_folder(self._path.parent)

    def load(self) -> KnownSite | None:
        """What was stored last; None if there is nothing that can be used."""
        try:
            opened = self._vault.unseal(self._path.read_bytes(), _IDENTITY)
            return msgspec.json.decode(opened, type=KnownSite)
        except (OSError, ConfigInvalid, msgspec.DecodeError):
            return None

"""The stores of this machine."""

from dataclasses import dataclass
from pathlib import Path

import its_camera_ai
from its_camera_ai.bootstrap.volume import prepare_volume_of
from its_camera_ai.core.errors import ConfigInvalid, StorageUnavailable
from its_camera_ai.core.time import Clock, SystemClock
from its_camera_ai.ops.settings import Settings
from its_camera_ai.store.camera_cache import CameraCache
from its_camera_ai.store.cameras import CameraRepository
from its_camera_ai.store.database import Database, open_database
from its_camera_ai.store.vault import Vault

STATIC_DIR = Path(its_camera_ai.__file__).parent / "api" / "static"
"""Where the build puts the dashboard."""


@dataclass(frozen=True, slots=True)
class Site:
    """The adapters of one process."""

    settings: Settings
    clock: Clock
    database: Database
    vault: Vault
    cameras: CameraRepository

    def close(self) -> None:
        self.database.close()


def open_site(settings: Settings, *, prepare: bool = False) -> Site:
    """Open the stores of this machine.

    Args:
        prepare: also make the folders and bring the database up to date; done once, by the
            process that holds the instance lock.

    Raises:
        StorageUnavailable, DatabaseUnavailable, ConfigInvalid: with what to do.
    """
    if prepare:
        ran_before = settings.key_file.exists()
        for folder in (settings.data_dir, settings.models):
            make_folder(folder)
        prepare_volume_of(settings, ran_before=ran_before)
    elif not settings.data_dir.is_dir():
        raise ConfigInvalid(
            f"There is no site in {settings.data_dir.absolute()}; start one with 'itscam up', or "
            "set ITSCAM_DATA_DIR to the folder of the running one."
        )
    database = open_database(settings.database)
    if prepare:
        from its_camera_ai.store.migration import migrate  # noqa: PLC0415  alembic weighs

        migrate(database)
    vault = Vault.open(settings.key_file)
    clock = SystemClock()
    return Site(settings, clock, database, vault, CameraRepository(database, vault, clock))


def make_folder(folder: Path) -> None:
    """Make a private folder and prove that it can be written.

    Raises:
        StorageUnavailable: it can't be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe = folder / ".write-test"
        probe.write_bytes(b"ok")
        probe.unlink()
    except OSError as error:
        raise StorageUnavailable(
            f"The folder {folder} can't be written ({(error.strerror or 'error').lower()}): free "
            "space, correct its rights, or name another folder with ITSCAM_DATA_DIR."
        ) from None


def camera_cache(settings: Settings) -> CameraCache:
    """The cameras as they were last known."""
    return CameraCache(settings.data_dir / "cameras.sealed", Vault.open(settings.key_file))

"""What finds, keeps and deletes recordings."""

import functools

from its_camera_ai.bootstrap.site import Site
from its_camera_ai.bootstrap.volume import volume_of
from its_camera_ai.core.ids import new_id
from its_camera_ai.core.segments import Tier
from its_camera_ai.core.time import SystemClock
from its_camera_ai.ops.settings import Settings
from its_camera_ai.recorder.files.media import Media
from its_camera_ai.recorder.keeping.retention_set import RetentionSet
from its_camera_ai.recorder.volumes.forecast import Forecaster
from its_camera_ai.recorder.volumes.tier_identity import TierIdentity
from its_camera_ai.store.daily_bytes import DailyBytes
from its_camera_ai.store.database import Database
from its_camera_ai.store.disk import RealDisk
from its_camera_ai.store.folder_store import FolderStore
from its_camera_ai.store.hold_mirror import HoldMirror
from its_camera_ai.store.holds import HoldRepository
from its_camera_ai.store.media_store import MediaStore
from its_camera_ai.store.s3_access import S3Access, StorageClass
from its_camera_ai.store.s3_store import S3Store
from its_camera_ai.store.storage_policy import StoragePolicyRepository
from its_camera_ai.store.tier_place import BucketPlace, parse_place


def hold_repository(settings: Settings, database: Database) -> HoldRepository:
    """What nothing may delete."""
    volume = volume_of(settings)
    return HoldRepository(database, HoldMirror(volume.disk, volume.root, check=volume.check))


def media_of(settings: Settings, *, moves: bool = False) -> Media:
    """Recordings wherever they lie.

    Args:
        moves: for the process that moves recordings: empty folders become tiers.

    Raises:
        ConfigInvalid: a tier lies in a bucket, and the extra for that is not installed.
    """
    disk, clock = RealDisk(), SystemClock()
    access, secret = settings.s3_access_key, settings.s3_secret_key
    s3 = S3Access(
        settings.s3_endpoint,
        settings.s3_region,
        access.get_secret_value() if access else "",
        secret.get_secret_value() if secret else "",
        ca_file=settings.s3_ca_file,
    )

    def store(tier: Tier, text: str, storage_class: StorageClass) -> MediaStore:
        place = parse_place(text)
        if isinstance(place, BucketPlace):
            return S3Store(s3, place.bucket, place.prefix, storage_class=storage_class)
        known = settings.data_dir.absolute() / "tiers" / f"{tier}.json"
        new = functools.partial(new_id, clock.wall_ns()) if moves else None
        identity = TierIdentity(disk, place, tier, known, new_id=new)
        return FolderStore(disk, place, check=identity.check)

    volume = volume_of(settings)
    stores: dict[Tier, MediaStore] = {Tier.HOT: FolderStore(disk, volume.root, check=volume.check)}
    if settings.warm_store:
        stores[Tier.WARM] = store(Tier.WARM, settings.warm_store, StorageClass.STANDARD)
    if settings.cold_store:
        stores[Tier.COLD] = store(Tier.COLD, settings.cold_store, settings.cold_class)
    return Media(stores)


def retention_of(site: Site) -> RetentionSet:
    """What ends data whose time is over."""
    settings = site.settings
    return RetentionSet(
        site.database,
        hold_repository(settings, site.database),
        site.clock,
        data_dir=settings.data_dir.absolute(),
        exports_root=settings.exports,
        has_archive=bool(settings.cold_store),
    )


def forecaster_of(site: Site) -> Forecaster:
    """When the disk will be full."""
    return Forecaster(
        DailyBytes(site.database),
        StoragePolicyRepository(site.database, site.clock).get,
        has_warm=bool(site.settings.warm_store),
        clock=site.clock,
    )

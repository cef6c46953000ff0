"""The one place where adapters are chosen.

Roles are imported inside the functions that start them: an ingest process must not carry the
weight of a web server, nor a server that of an inference runtime.
"""

import functools
import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import structlog

from its_camera_ai.bus.local import LocalBus
from its_camera_ai.core.cameras import Camera
from its_camera_ai.core.errors import ConfigInvalid, RetryableError, StorageUnavailable
from its_camera_ai.core.ids import new_id
from its_camera_ai.core.site_facts import SiteFacts
from its_camera_ai.core.time import Clock, SystemClock
from its_camera_ai.ops.settings import Settings, parse_size, quiet_encoders
from its_camera_ai.store.camera_cache import CameraCache
from its_camera_ai.store.cameras import CameraRepository
from its_camera_ai.store.database import Database, open_database
from its_camera_ai.store.vault import Vault
from its_camera_ai.vision.runtime import Device, RuntimeChoice, RuntimeName

if TYPE_CHECKING:
    from its_camera_ai.core.jobs import Job
    from its_camera_ai.recorder.expected_volume import ExpectedVolumeFile
    from its_camera_ai.recorder.export_desk import ExportDesk
    from its_camera_ai.recorder.export_folder import ExportFolder
    from its_camera_ai.recorder.exporter import ExportWorker
    from its_camera_ai.recorder.forecast import Forecaster
    from its_camera_ai.recorder.media import Media
    from its_camera_ai.recorder.retention_set import RetentionSet
    from its_camera_ai.recorder.volume import Volume
    from its_camera_ai.roles.model_follower import ModelFollower
    from its_camera_ai.store.holds import HoldRepository
    from its_camera_ai.store.media_store import MediaStore
    from its_camera_ai.store.model_registry import ModelRegistry
    from its_camera_ai.vision.detector import DetectorModel
    from its_camera_ai.vision.model_pool import ModelPool
    from its_camera_ai.vision.registered_models import RegisteredModels

log = structlog.get_logger(__name__)

CONFIG_POLL_S = 1.0
ROLES = ("ingest", "vision", "server", "jobs")


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
        _prepare_volume(settings, ran_before=ran_before)
    elif not settings.data_dir.is_dir():
        raise ConfigInvalid(
            f"There is no site in {settings.data_dir.absolute()}; start one with 'itscam up', or "
            "set ITSCAM_DATA_DIR to the folder of the running one."
        )
    database = open_database(settings.database)
    if prepare:
        from its_camera_ai.store.migration import migrate  # noqa: PLC0415  weight, see above

        migrate(database)
    vault = Vault.open(settings.key_file)
    clock = SystemClock()
    return Site(settings, clock, database, vault, CameraRepository(database, vault, clock))


def _prepare_volume(settings: Settings, *, ran_before: bool) -> None:
    """Mark the empty folder of a new site. Where a site has its volume, nothing is touched: it may
    not be mounted, or hang; the recording process tells."""
    from its_camera_ai.recorder.volume_identity import prepare_volume  # noqa: PLC0415
    from its_camera_ai.store.disk import RealDisk  # noqa: PLC0415

    clock = SystemClock()
    prepare_volume(
        RealDisk(),
        settings.media,
        expected_volume(settings),
        new_id=lambda: new_id(clock.wall_ns()),
        clock=clock,
        ran_before=ran_before,
    )


def expected_volume(settings: Settings) -> "ExpectedVolumeFile":
    """Which volume this site records to."""
    from its_camera_ai.recorder.expected_volume import ExpectedVolumeFile  # noqa: PLC0415
    from its_camera_ai.store.disk import RealDisk  # noqa: PLC0415

    return ExpectedVolumeFile(RealDisk(), settings.data_dir.absolute())


def volume_of(settings: Settings) -> "Volume":
    """The volume of the recordings, for processes that do not record: refuses any other one."""
    from its_camera_ai.recorder.volume import Volume  # noqa: PLC0415
    from its_camera_ai.recorder.volume_identity import VolumeIdentity  # noqa: PLC0415
    from its_camera_ai.store.disk import RealDisk  # noqa: PLC0415

    disk, root = RealDisk(), settings.media
    identity = VolumeIdentity(disk, root, expected_volume(settings), clock=SystemClock())
    return Volume(disk, root, identity=identity)


def hold_repository(settings: Settings, database: Database) -> "HoldRepository":
    """What nothing may delete."""
    from its_camera_ai.store.hold_mirror import HoldMirror  # noqa: PLC0415
    from its_camera_ai.store.holds import HoldRepository  # noqa: PLC0415

    volume = volume_of(settings)
    return HoldRepository(database, HoldMirror(volume.disk, volume.root, check=volume.check))


def export_desk(site: Site) -> "ExportDesk":
    """Where exports are asked for."""
    from its_camera_ai.core.exports import Sought  # noqa: PLC0415
    from its_camera_ai.recorder.export_desk import ExportDesk  # noqa: PLC0415
    from its_camera_ai.store.audit import AuditLog  # noqa: PLC0415
    from its_camera_ai.store.exports import ExportRepository  # noqa: PLC0415
    from its_camera_ai.store.segments import SegmentRepository  # noqa: PLC0415

    segments = SegmentRepository(site.database)

    def check_finder(kind: Sought) -> None:
        from its_camera_ai.recorder.export_finders import check_available  # noqa: PLC0415

        check_available(kind, site.settings.models, chosen_model(site.settings))

    return ExportDesk(
        exports=ExportRepository(site.database),
        holds=hold_repository(site.settings, site.database),
        audit=AuditLog(site.database),
        clock=site.clock,
        folder=export_folders(site.settings),
        has_camera=lambda camera: bool(
            site.cameras.get(camera) or segments.find(camera, limit=1)
        ),
        check_finder=check_finder,
    )


def export_folders(settings: Settings) -> "Callable[[str], ExportFolder]":
    """Makes the folder of an export; where exports share the recordings' disk, they leave it the
    reserve."""
    from its_camera_ai.recorder.export_folder import ExportFolder  # noqa: PLC0415
    from its_camera_ai.recorder.reserve import Reserve  # noqa: PLC0415
    from its_camera_ai.store.disk import RealDisk  # noqa: PLC0415

    disk, root, reserve = RealDisk(), settings.exports, Reserve.parse(settings.storage_reserve)

    def reserve_bytes() -> int:
        try:
            if root.stat().st_dev != settings.media.stat().st_dev:
                return 0
            return reserve.of(disk.space(settings.media).total_bytes, 0.0)
        except OSError as error:
            raise StorageUnavailable(
                f"The folder {settings.media} of the recordings can't be reached; mount its disk."
            ) from error

    return lambda export_id: ExportFolder(disk, root, export_id, reserve_bytes)


def export_worker(site: Site, media: "Media") -> "ExportWorker":
    """Makes exports; one in a site."""
    import socket  # noqa: PLC0415

    from its_camera_ai import __version__  # noqa: PLC0415
    from its_camera_ai.core.exports import Sought  # noqa: PLC0415
    from its_camera_ai.recorder.evidence_key import EvidenceKey  # noqa: PLC0415
    from its_camera_ai.recorder.export_finders import (  # noqa: PLC0415
        FaceFinder,
        Finder,
        PersonFinder,
    )
    from its_camera_ai.recorder.exporter import ExportParts, ExportWorker  # noqa: PLC0415
    from its_camera_ai.store.audit import AuditLog  # noqa: PLC0415
    from its_camera_ai.store.exports import ExportRepository  # noqa: PLC0415
    from its_camera_ai.store.segments import SegmentRepository  # noqa: PLC0415

    settings = site.settings
    holds = hold_repository(settings, site.database)

    def finder(kind: Sought, camera_id: str) -> Finder:
        if kind is Sought.FACES:
            return FaceFinder(settings.models)
        model = registered_models(site).load_source(
            chosen_model(settings), parse_size(settings.model_input)
        )
        return PersonFinder(model, camera_id)

    def camera_name(camera_id: str) -> str:
        camera = site.cameras.get(camera_id)
        return camera.name or camera_id if camera is not None else camera_id

    return ExportWorker(
        ExportParts(
            exports=ExportRepository(site.database),
            segments=SegmentRepository(site.database),
            media=media,
            folder=export_folders(settings),
            key=lambda: EvidenceKey.open(settings.data_dir.absolute()),
            holds=holds.active,
            camera_name=camera_name,
            finder=finder,
            audit=AuditLog(site.database),
            clock=site.clock,
            site=settings.site_name or socket.gethostname(),
            version=__version__,
        )
    )


def _write_mirror(holds: "HoldRepository") -> None:
    """What lies beside the recordings may be damaged, or older than the database."""
    try:
        holds.write_mirror()
    except RetryableError as error:
        log.warning("the held recordings were not listed beside them", problem=str(error))


def forecaster_of(site: Site) -> "Forecaster":
    """When the disk will be full."""
    from its_camera_ai.recorder.forecast import Forecaster  # noqa: PLC0415
    from its_camera_ai.store.daily_bytes import DailyBytes  # noqa: PLC0415
    from its_camera_ai.store.storage_policy import StoragePolicyRepository  # noqa: PLC0415

    return Forecaster(
        DailyBytes(site.database),
        StoragePolicyRepository(site.database, site.clock).get,
        has_warm=bool(site.settings.warm_store),
        clock=site.clock,
    )


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


def run_role(settings: Settings, role: str, index: int) -> None:
    """Be one process of the site until told to stop."""
    match role:
        case "ingest":
            _run_ingest(settings, index)
        case "vision":
            _run_vision(settings, index)
        case "server":
            _run_server(settings, index)
        case "jobs":
            _run_jobs(settings, index)
        case _:
            raise ConfigInvalid(f"There is no role {role!r}; use one of {', '.join(ROLES)}.")


def _run_ingest(settings: Settings, index: int) -> None:
    from its_camera_ai.recorder.followed_policy import FollowedPolicy  # noqa: PLC0415
    from its_camera_ai.recorder.recording_storage import RecordingStorage  # noqa: PLC0415
    from its_camera_ai.recorder.reserve import Reserve  # noqa: PLC0415
    from its_camera_ai.roles.harness import Heartbeat, stop_event  # noqa: PLC0415
    from its_camera_ai.roles.ingest import Ingest  # noqa: PLC0415
    from its_camera_ai.store.disk import RealDisk  # noqa: PLC0415
    from its_camera_ai.store.segments import SegmentRepository  # noqa: PLC0415
    from its_camera_ai.store.storage_policy import StoragePolicyRepository  # noqa: PLC0415

    stop = stop_event(tied_to_parent=True)
    bus, clock = LocalBus(settings.run), SystemClock()
    # law 1: the database may be dead, now or later; it is opened when it lets itself be opened
    opened = functools.cache(lambda: open_site(settings))
    policy = FollowedPolicy(
        RealDisk(),
        settings.data_dir.absolute() / "storage-policy.json",
        lambda: StoragePolicyRepository(opened().database),
    )
    storage = RecordingStorage(
        RealDisk(),
        settings.media,
        expected=expected_volume(settings),
        segments=lambda: SegmentRepository(opened().database),
        policy=policy,
        reserve=Reserve.parse(settings.storage_reserve),
        has_warm=bool(settings.warm_store),
        clock=clock,
    )
    ingest = Ingest(
        publisher=bus.packet_publisher(),
        segments=lambda: SegmentRepository(opened().database),
        storage=storage,
        segment_s=settings.segment_s,
        clock=clock,
        rng=random.Random(),  # noqa: S311  spreads reconnects, no secret
        words=bus.ingest_receiver(),
    )
    heartbeat = Heartbeat("ingest", index, bus.status_sender(), ingest.status, clock=clock)
    cache = camera_cache(settings)
    follower = CameraFollower(
        lambda: opened().cameras, ingest.want, cache=cache, be_at=ingest.be_at
    )
    follow_cameras(follower, stop, tick=policy.poll)
    ingest.close()
    heartbeat.close()
    bus.close()


def media_of(settings: Settings, *, moves: bool = False) -> "Media":
    """Recordings wherever they lie.

    Args:
        moves: for the process that moves recordings: empty folders become tiers.

    Raises:
        ConfigInvalid: a tier lies in a bucket, and the extra for that is not installed.
    """
    from its_camera_ai.core.segments import Tier  # noqa: PLC0415
    from its_camera_ai.recorder.media import Media  # noqa: PLC0415
    from its_camera_ai.recorder.tier_identity import TierIdentity  # noqa: PLC0415
    from its_camera_ai.store.disk import RealDisk  # noqa: PLC0415
    from its_camera_ai.store.folder_store import FolderStore  # noqa: PLC0415
    from its_camera_ai.store.s3_access import S3Access, StorageClass  # noqa: PLC0415
    from its_camera_ai.store.s3_store import S3Store  # noqa: PLC0415
    from its_camera_ai.store.tier_place import BucketPlace, parse_place  # noqa: PLC0415

    disk, clock = RealDisk(), SystemClock()
    access, secret = settings.s3_access_key, settings.s3_secret_key
    s3 = S3Access(
        settings.s3_endpoint,
        settings.s3_region,
        access.get_secret_value() if access else "",
        secret.get_secret_value() if secret else "",
        ca_file=settings.s3_ca_file,
    )

    def store(tier: Tier, text: str, storage_class: StorageClass) -> "MediaStore":
        place = parse_place(text)
        if isinstance(place, BucketPlace):
            return S3Store(s3, place.bucket, place.prefix, storage_class=storage_class)
        known = settings.data_dir.absolute() / "tiers" / f"{tier}.json"
        new = functools.partial(new_id, clock.wall_ns()) if moves else None
        identity = TierIdentity(disk, place, tier, known, new_id=new)
        return FolderStore(disk, place, check=identity.check)

    volume = volume_of(settings)
    stores: dict[Tier, MediaStore] = {
        Tier.HOT: FolderStore(disk, volume.root, check=volume.check)
    }
    if settings.warm_store:
        stores[Tier.WARM] = store(Tier.WARM, settings.warm_store, StorageClass.STANDARD)
    if settings.cold_store:
        stores[Tier.COLD] = store(Tier.COLD, settings.cold_store, settings.cold_class)
    return Media(stores)


def retention_of(site: Site) -> "RetentionSet":
    """What ends data whose time is over."""
    from its_camera_ai.recorder.retention_set import RetentionSet  # noqa: PLC0415

    settings = site.settings
    return RetentionSet(
        site.database,
        hold_repository(settings, site.database),
        site.clock,
        data_dir=settings.data_dir.absolute(),
        exports_root=settings.exports,
        has_archive=bool(settings.cold_store),
    )


def camera_cache(settings: Settings) -> CameraCache:
    """The cameras as they were last known."""
    return CameraCache(settings.data_dir / "cameras.sealed", Vault.open(settings.key_file))


def _run_vision(settings: Settings, index: int) -> None:
    from its_camera_ai.roles.harness import Heartbeat, stop_event  # noqa: PLC0415
    from its_camera_ai.roles.model_follower import ModelFollower  # noqa: PLC0415
    from its_camera_ai.roles.vision import Vision  # noqa: PLC0415
    from its_camera_ai.store.counters import TrackIdCounter  # noqa: PLC0415
    from its_camera_ai.vision.look_test import LookTester  # noqa: PLC0415

    stop = stop_event(tied_to_parent=True)
    site, bus = open_site(settings), LocalBus(settings.run)
    counter = TrackIdCounter(site.database)
    follower = ModelFollower(model_registry(site), f"vision/{index}")
    mine: list[str] = []
    pool = _model_pool(site, follower, lambda: mine)
    follower.follow(pool)
    vision = Vision(
        bus,
        pool,
        detector_threads=settings.detector_workers,
        batch_max=settings.batch_max,
        batch_wait_s=settings.batch_wait_ms / 1000,
        full_look_s=settings.full_look_s,
        object_min_px=settings.object_min_px,
        next_track_id=lambda camera_id: counter.reserve(camera_id, TRACK_IDS_RESERVED),
        clock=site.clock,
    )
    calls = bus.answer_calls("vision", index, LookTester(pool))
    heartbeat = Heartbeat("vision", index, bus.status_sender(), vision.status, clock=site.clock)
    workers = settings.vision_workers

    def want(cameras: list[Camera]) -> None:
        watched = sorted((c for c in cameras if c.enabled and c.detect), key=lambda c: c.id)
        mine[:] = [camera.id for camera in watched[index::workers]]
        follower.watch([camera.id for camera in watched])
        vision.want(watched[index::workers])

    follow_cameras(CameraFollower(lambda: site.cameras, want), stop, tick=follower.poll)
    calls.close()
    vision.close()
    follower.close()
    heartbeat.close()
    site.close()
    bus.close()


def model_registry(site: Site) -> "ModelRegistry":
    """Which models are registered, and which of them is to look at what."""
    from its_camera_ai.store.model_registry import ModelRegistry  # noqa: PLC0415

    return ModelRegistry(site.database, site.clock)


def registered_models(site: Site) -> "RegisteredModels":
    """Registers models, and loads them as this machine runs them."""
    from its_camera_ai.vision.loading import load_model  # noqa: PLC0415
    from its_camera_ai.vision.registered_models import RegisteredModels  # noqa: PLC0415

    settings = site.settings

    def load(source: str, input_wh: tuple[int, int] | None) -> "DetectorModel":
        return load_model(
            source,
            models_dir=settings.models,
            input_wh=input_wh,
            choice=runtime_choice(settings),
        )

    return RegisteredModels(model_registry(site), settings.models, load)


def _model_pool(
    site: Site, follower: "ModelFollower", cameras: Callable[[], list[str]]
) -> "ModelPool":
    from its_camera_ai.core.models import CONFIGURED, ModelRef  # noqa: PLC0415
    from its_camera_ai.vision.model_entry import NOTHING_TO_COMPARE  # noqa: PLC0415
    from its_camera_ai.vision.model_pool import ModelPool  # noqa: PLC0415

    settings, models = site.settings, registered_models(site)

    def load(ref: ModelRef) -> "DetectorModel":
        if ref == CONFIGURED:
            model = models.load_source(chosen_model(settings), parse_size(settings.model_input))
        else:
            model = models.load(ref)
        info = model.info
        log.info("detector loaded", model=info.name, input=info.input_wh, runtime=str(info.runtime))
        return model

    def difference(ref: ModelRef, model: "DetectorModel") -> str:
        return NOTHING_TO_COMPARE if ref == CONFIGURED else models.difference(ref, model)

    return ModelPool(
        follower.candidates(f"{settings.model} {settings.model_input}".strip()),
        load=load,
        verify=difference,
        cameras=cameras,
        clock=site.clock,
    )


def _run_server(settings: Settings, index: int) -> None:
    from its_camera_ai import __version__  # noqa: PLC0415
    from its_camera_ai.api.accounts import Accounts  # noqa: PLC0415
    from its_camera_ai.api.app import create_app  # noqa: PLC0415
    from its_camera_ai.api.deps import ApiDeps, ApiSettings  # noqa: PLC0415
    from its_camera_ai.api.live import LiveHub  # noqa: PLC0415
    from its_camera_ai.api.state import SystemState  # noqa: PLC0415
    from its_camera_ai.ops.listening import listening_socket  # noqa: PLC0415
    from its_camera_ai.recorder.motion_search import MotionSearch  # noqa: PLC0415
    from its_camera_ai.recorder.playback import Playback  # noqa: PLC0415
    from its_camera_ai.roles.harness import Heartbeat, stop_event  # noqa: PLC0415
    from its_camera_ai.roles.record_requests import RecordRequests  # noqa: PLC0415
    from its_camera_ai.roles.rollout_steward import RolloutSteward  # noqa: PLC0415
    from its_camera_ai.roles.server import (  # noqa: PLC0415
        Analytics,
        StatusWatch,
        serve,
        server_status,
    )
    from its_camera_ai.store.activity_rows import ActivityRows  # noqa: PLC0415
    from its_camera_ai.store.audit import AuditLog  # noqa: PLC0415
    from its_camera_ai.store.bookmarks import BookmarkRepository  # noqa: PLC0415
    from its_camera_ai.store.event_writer import EventWriter  # noqa: PLC0415
    from its_camera_ai.store.events import EventRepository  # noqa: PLC0415
    from its_camera_ai.store.login_attempts import LoginAttempts  # noqa: PLC0415
    from its_camera_ai.store.segment_list import SegmentList  # noqa: PLC0415
    from its_camera_ai.store.segments import SegmentRepository  # noqa: PLC0415
    from its_camera_ai.store.sessions import SessionRepository  # noqa: PLC0415
    from its_camera_ai.store.storage_figures import StorageFigures  # noqa: PLC0415
    from its_camera_ai.store.storage_policy import StoragePolicyRepository  # noqa: PLC0415
    from its_camera_ai.store.users import UserRepository  # noqa: PLC0415

    stop = stop_event(tied_to_parent=True)
    listener = listening_socket(settings.http_host, settings.http_port)
    site, bus = open_site(settings), LocalBus(settings.run)
    clock, database = site.clock, site.database
    state, events = SystemState(clock), EventRepository(database, clock)
    writer, audit = EventWriter(events), AuditLog(database)
    hub = LiveHub(bus.packet_subscriber, clock)
    models, media = model_registry(site), media_of(settings)
    holds = hold_repository(settings, database)
    # in its own thread: the recordings' disk may hang
    threading.Thread(target=_write_mirror, args=(holds,), name="hold-mirror", daemon=True).start()
    token = settings.metrics_token
    app = create_app(
        ApiDeps(
            settings=ApiSettings(
                version=__version__,
                cookie_secure=settings.cookie_secure,
                allowed_origins=frozenset(settings.allowed_origins),
                static_dir=STATIC_DIR,
                metrics_token=token.get_secret_value() if token else None,
            ),
            clock=clock,
            accounts=Accounts(
                UserRepository(database),
                SessionRepository(database),
                LoginAttempts(database),
                audit,
                clock,
            ),
            cameras=site.cameras,
            events=events,
            segments=SegmentRepository(database),
            audit=audit,
            state=state,
            hub=hub,
            models=models,
            caller=bus.caller(),
            media=media,
            media_root=settings.media,
            playback=Playback(SegmentRepository(database), SegmentList(database), media),
            listed=SegmentList(database),
            motion=MotionSearch(ActivityRows(database)),
            bookmarks=BookmarkRepository(database),
            exports=export_desk(site),
            policies=StoragePolicyRepository(database, clock),
            retention=retention_of(site).nightly(),
            storage=StorageFigures(database),
            holds=holds,
            forecaster=forecaster_of(site),
        )
    )
    requests = RecordRequests(writer, bus.ingest_sender())
    analytics = Analytics(
        bus.tracks_receiver(),
        state,
        requests,
        new_event_id=new_id,
        stored_counts=events.line_counts,
        clock=clock,
    )
    watch = StatusWatch(bus.status_receiver(), state, requests, new_event_id=new_id)
    heartbeat = Heartbeat(
        "server",
        index,
        bus.status_sender(),
        lambda bare: server_status(bare, analytics, watch, writer),
        clock=clock,
    )
    follow = CameraFollower(lambda: site.cameras, analytics.want)
    follow.poll()
    steward = RolloutSteward(models, state, clock)
    analytics.start()

    def tick() -> None:
        follow.poll()
        steward.tick()

    serve(app, listener, stop, tick)
    watch.close()
    analytics.close()
    requests.close()
    writer.close()
    heartbeat.close()
    site.close()
    bus.close()


def _upkeep(site: Site) -> "list[Job]":
    """The jobs that keep recordings and their index sound."""
    from its_camera_ai.recorder.compression import Compression  # noqa: PLC0415
    from its_camera_ai.recorder.compression_state import CompressionState  # noqa: PLC0415
    from its_camera_ai.recorder.garbage import Garbage, removers  # noqa: PLC0415
    from its_camera_ai.recorder.recovery import Recheck  # noqa: PLC0415
    from its_camera_ai.recorder.scrub import Scrub  # noqa: PLC0415
    from its_camera_ai.recorder.tier_mover import TierMover  # noqa: PLC0415
    from its_camera_ai.store.compression import CompressionRepository  # noqa: PLC0415
    from its_camera_ai.store.garbage import GarbageRepository  # noqa: PLC0415
    from its_camera_ai.store.moves import MoveRepository  # noqa: PLC0415
    from its_camera_ai.store.segments import SegmentRepository  # noqa: PLC0415
    from its_camera_ai.store.storage_policy import StoragePolicyRepository  # noqa: PLC0415

    settings, clock = site.settings, site.clock
    volume, media = volume_of(settings), media_of(settings, moves=True)
    segments, policies = SegmentRepository(site.database), StoragePolicyRepository(site.database)
    retention = retention_of(site)
    jobs: list[Job] = [
        TierMover(
            media,
            MoveRepository(site.database),
            segments,
            lambda: policies.get().tiers,
            clock=clock,
            sleep=time.sleep,
        ),
        Garbage(GarbageRepository(site.database), removers(volume, media, clock)),
        Recheck(volume, segments),
        retention.nightly(),
        retention.quotas(),
        Compression(
            CompressionRepository(site.database),
            media,
            CompressionState(volume.disk, settings.data_dir.absolute() / "compression.json"),
            lambda: policies.get().compression,
            clock,
        ),
        Scrub(
            segments,
            media,
            clock=clock,
            wait=time.sleep,
            bytes_per_s=lambda: policies.get().scrub_bytes_per_s,
        ),
    ]
    return jobs


def _run_jobs(settings: Settings, index: int) -> None:
    from its_camera_ai.ops.job_runner import JobRunner  # noqa: PLC0415
    from its_camera_ai.roles.harness import Heartbeat, stop_event  # noqa: PLC0415
    from its_camera_ai.roles.jobs import Jobs  # noqa: PLC0415
    from its_camera_ai.store.audit import AuditLog  # noqa: PLC0415
    from its_camera_ai.store.job_runs import JobRunRepository  # noqa: PLC0415

    quiet_encoders()
    stop = stop_event(tied_to_parent=True)
    site, bus = open_site(settings), LocalBus(settings.run)
    audit = AuditLog(site.database)

    def audited(name: str, figures: Mapping[str, float]) -> None:
        audit.append(
            actor="system",
            action=f"job.{name}",
            object="storage",
            detail=figures,
            wall_ns=site.clock.wall_ns(),
        )

    runner = JobRunner(
        _upkeep(site),
        JobRunRepository(site.database),
        audited=audited,
        clock=site.clock,
        zone=lambda: ZoneInfo(name) if (name := site.cameras.site().time_zone) else None,
    )
    jobs = Jobs(runner, {"exports": export_worker(site, media_of(settings))})
    jobs.start()
    heartbeat = Heartbeat("jobs", index, bus.status_sender(), jobs.status, clock=site.clock)
    stop.wait()
    jobs.close()
    heartbeat.close()
    site.close()
    bus.close()


STATIC_DIR = Path(__file__).parent / "api" / "static"
"""Where the build puts the dashboard."""

TRACK_IDS_RESERVED = 1_000_000
"""Ids set aside for one run of one camera's tracker: years of traffic."""


def runtime_choice(settings: Settings) -> RuntimeChoice:
    """How networks shall run on this machine."""
    return RuntimeChoice(
        RuntimeName(settings.inference_runtime),
        Device(settings.inference_device),
        streams=settings.detector_workers,
        batch=settings.batch_max,
    )


def chosen_model(settings: Settings) -> str:
    """The model that ``auto`` stands for: the recommended one if its file is there, or its 8-bit
    one if that was measured to be faster on this machine."""
    from its_camera_ai.core.errors import ModelInvalid  # noqa: PLC0415
    from its_camera_ai.vision.catalogue import MOVING_OBJECTS, Catalogue  # noqa: PLC0415
    from its_camera_ai.vision.model_files import sha256_of  # noqa: PLC0415
    from its_camera_ai.vision.tuning import kept_instead  # noqa: PLC0415

    if settings.model != "auto":
        return settings.model
    catalogue = Catalogue.shipped()
    recommended = next(entry.name for entry in catalogue.entries() if entry.recommended)
    try:
        path = catalogue.path(recommended, settings.models)
    except ModelInvalid:
        return MOVING_OBJECTS
    return kept_instead(settings.models, sha256_of(path)) or recommended


class CameraFollower:
    """Calls ``want`` with the site's cameras at the first poll and after every change.

    A database that goes away changes nothing: what runs goes on as it is; what starts without one
    takes the cameras as they were last known.

    Args:
        be_at: told where the site is, before the cameras.
    """

    def __init__(
        self,
        cameras: Callable[[], CameraRepository],
        want: Callable[[list[Camera]], None],
        *,
        cache: CameraCache | None = None,
        be_at: Callable[[SiteFacts], None] = lambda _: None,
    ) -> None:
        self._cameras = cameras
        self._want = want
        self._cache = cache
        self._be_at = be_at
        self._seen = -1
        self._problem = ""

    def poll(self) -> None:
        try:
            repository = self._cameras()
            revision = repository.revision()
            if revision != self._seen:
                cameras, facts = repository.all(), repository.site()
                self._be_at(facts)
                self._want(cameras)
                self._seen = revision
                self._remember(cameras, facts)
            self._problem = ""
        except RetryableError as error:
            if str(error) != self._problem:
                self._problem = str(error)
                log.warning("the site's configuration can't be read", problem=self._problem)
            if self._seen == -1:
                self._fall_back()

    def _remember(self, cameras: list[Camera], facts: SiteFacts) -> None:
        if self._cache is None:
            return
        try:
            self._cache.store(cameras, facts)
        except OSError as error:
            log.warning("the cameras could not be remembered", problem=error.strerror)

    def _fall_back(self) -> None:
        known = self._cache.load() if self._cache is not None else None
        if known is not None:
            log.warning("going on with the cameras as last known", cameras=len(known.cameras))
            self._be_at(known.facts)
            self._want(known.cameras)
            self._seen = -2


def follow_cameras(
    follower: CameraFollower, stop: threading.Event, *, tick: Callable[[], None] = lambda: None
) -> None:
    """Poll until ``stop``; ``tick`` is called as often."""
    while True:
        follower.poll()
        tick()
        if stop.wait(CONFIG_POLL_S):
            return

"""What the routes need, passed in as one value by whoever makes the application."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from anyio import CapacityLimiter
from fastapi import Depends
from starlette.requests import HTTPConnection

from its_camera_ai.api.accounts import Accounts
from its_camera_ai.api.health import ReadinessChecks
from its_camera_ai.api.live import LiveHub
from its_camera_ai.api.pictures import DecodingSeats
from its_camera_ai.api.state import SystemState
from its_camera_ai.api.traffic import TrafficData
from its_camera_ai.bus.ports import Caller
from its_camera_ai.core.time import Clock
from its_camera_ai.recorder.exporting.desk import ExportDesk
from its_camera_ai.recorder.files.media import Media
from its_camera_ai.recorder.keeping.retention import Retention
from its_camera_ai.recorder.playing.motion_search import MotionSearch
from its_camera_ai.recorder.playing.playback import Playback
from its_camera_ai.recorder.playing.thumbnails import Thumbnails
from its_camera_ai.recorder.volumes.forecast import Forecaster
from its_camera_ai.store.audit import AuditLog
from its_camera_ai.store.bookmarks import BookmarkRepository
from its_camera_ai.store.cameras import CameraRepository
from its_camera_ai.store.events import EventRepository
from its_camera_ai.store.holds import HoldRepository
from its_camera_ai.store.model_registry import ModelRegistry
from its_camera_ai.store.segment_list import SegmentList
from its_camera_ai.store.segments import SegmentRepository
from its_camera_ai.store.storage_figures import StorageFigures
from its_camera_ai.store.storage_policy import StoragePolicyRepository


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiSettings:
    """How this server is to be reached.

    Attributes:
        version: of the package, told by ``/health``.
        cookie_secure: served over TLS: ``Secure`` cookies with the ``__Host-`` prefix, and HSTS.
        allowed_origins: further origins (``https://host[:port]``) that may open WebSockets and
            send changes; its own is always allowed.
        static_dir: the built dashboard; None or a missing folder serves a page that says how to
            build it.
        metrics_token: bearer token for ``/metrics``; None leaves only signed-in users.
        decoding_viewers_max: pictures decoded at a time (snapshots and MJPEG).
    """

    version: str
    cookie_secure: bool = True
    allowed_origins: frozenset[str] = frozenset()
    static_dir: Path | None = None
    metrics_token: str | None = field(default=None, repr=False)
    decoding_viewers_max: int = 4

    @property
    def cookie_name(self) -> str:
        return "__Host-itscam_session" if self.cookie_secure else "itscam_session"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiDeps:
    """Everything that the routes use. Repositories block and are called in threads."""

    settings: ApiSettings
    clock: Clock
    accounts: Accounts
    cameras: CameraRepository
    events: EventRepository
    segments: SegmentRepository
    audit: AuditLog
    state: SystemState
    hub: LiveHub
    models: ModelRegistry
    caller: Caller
    media: Media
    media_root: Path
    playback: Playback
    listed: SegmentList
    motion: MotionSearch
    bookmarks: BookmarkRepository
    exports: ExportDesk
    policies: StoragePolicyRepository
    retention: Retention
    storage: StorageFigures
    holds: HoldRepository
    forecaster: Forecaster
    traffic: TrafficData


@dataclass(frozen=True, slots=True)
class Running:
    """One application's own parts, made by ``create_app``.

    Attributes:
        calls: threads that may wait for an answer of another process at a time.
        decoding: threads that may decode pictures of recordings at a time.
        documents: threads that may make exports of traffic and reports at a time.
    """

    deps: ApiDeps
    started_ns: int
    seats: DecodingSeats
    readiness: ReadinessChecks
    calls: CapacityLimiter
    decoding: CapacityLimiter
    documents: CapacityLimiter
    thumbnails: Thumbnails


def running(connection: HTTPConnection) -> Running:
    """The parts of the application that serves this request."""
    found: Running = connection.app.state.running
    return found


def deps_of(connection: HTTPConnection) -> ApiDeps:
    return running(connection).deps


# coroutines, because a plain function would wait for a worker thread, and /health may not
async def _running(connection: HTTPConnection) -> Running:
    return running(connection)


async def _deps(connection: HTTPConnection) -> ApiDeps:
    return deps_of(connection)


App = Annotated[Running, Depends(_running)]
Deps = Annotated[ApiDeps, Depends(_deps)]

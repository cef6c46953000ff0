"""What the tests of the API are made of: a clock to turn, a bus to fill, a site on SQLite."""

import asyncio
import socket
import threading
from collections import deque
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import av
import httpx
import uvicorn
from fastapi import APIRouter, FastAPI

from its_camera_ai.analytics.camera.signal_board import SignalBoard
from its_camera_ai.api.accounts import Accounts
from its_camera_ai.api.app import ROUTERS, create_app
from its_camera_ai.api.deps import ApiDeps, ApiSettings
from its_camera_ai.api.live import LiveHub
from its_camera_ai.api.passwords import Passwords
from its_camera_ai.api.state import SystemState
from its_camera_ai.api.traffic import TrafficData
from its_camera_ai.bus.messages import CallReply, CallRequest
from its_camera_ai.core.camera_url import CameraUrl
from its_camera_ai.core.cameras import Camera
from its_camera_ai.core.errors import CallUnanswered, ModelInvalid
from its_camera_ai.core.exports import Sought
from its_camera_ai.core.media import MediaKind, Packet, StreamInfo, StreamRole, TrackInfo
from its_camera_ai.core.segments import Tier
from its_camera_ai.core.time import NS_PER_S, WallTime
from its_camera_ai.recorder.exporting.desk import ExportDesk
from its_camera_ai.recorder.exporting.folder import ExportFolder
from its_camera_ai.recorder.files.media import Media
from its_camera_ai.recorder.keeping.retention_set import RetentionSet
from its_camera_ai.recorder.playing.motion_search import MotionSearch
from its_camera_ai.recorder.playing.playback import Playback
from its_camera_ai.recorder.volumes.forecast import Forecaster
from its_camera_ai.store.activity_rows import ActivityRows
from its_camera_ai.store.audit import AuditLog
from its_camera_ai.store.bookmarks import BookmarkRepository
from its_camera_ai.store.cameras import CameraRepository
from its_camera_ai.store.daily_bytes import DailyBytes
from its_camera_ai.store.database import Database
from its_camera_ai.store.disk import RealDisk
from its_camera_ai.store.events import EventRepository
from its_camera_ai.store.exports import ExportRepository
from its_camera_ai.store.folder_store import FolderStore
from its_camera_ai.store.hold_mirror import HoldMirror
from its_camera_ai.store.holds import HoldRepository
from its_camera_ai.store.incidents import IncidentRepository
from its_camera_ai.store.intervals import IntervalRepository
from its_camera_ai.store.login_attempts import LoginAttempts
from its_camera_ai.store.model_registry import ModelRegistry
from its_camera_ai.store.segment_list import SegmentList
from its_camera_ai.store.segments import SegmentRepository
from its_camera_ai.store.sessions import SessionRepository
from its_camera_ai.store.storage_figures import StorageFigures
from its_camera_ai.store.storage_policy import StoragePolicyRepository
from its_camera_ai.store.trajectories import TrajectoryRepository
from its_camera_ai.store.users import User, UserRepository
from its_camera_ai.store.vault import Vault
from tests.support.clips import ClipSpec, make_clip

BASE_WALL_NS = 1_780_000_000 * NS_PER_S
PASSWORD = "a long enough password"
HOST = "testserver"


class TurnedClock:
    """A clock that stands until it is turned; wall and monotonic time go together."""

    def __init__(self) -> None:
        self._ns = 0

    def wall_ns(self) -> WallTime:
        return WallTime(BASE_WALL_NS + self._ns)

    def monotonic_ns(self) -> int:
        return self._ns

    def turn(self, seconds: float) -> None:
        self._ns += round(seconds * NS_PER_S)


class BusTwin:
    """A packet bus in memory; every subscriber it makes hears what it subscribed."""

    def __init__(self) -> None:
        self.subscribers: list[SubscriberTwin] = []

    def subscriber(self) -> "SubscriberTwin":
        self.subscribers.append(SubscriberTwin())
        return self.subscribers[-1]

    @property
    def subscribed(self) -> set[tuple[str, StreamRole]]:
        return {key for twin in self.subscribers for key in twin.keys if not twin.closed}

    def publish(self, packets: Sequence[Packet]) -> None:
        for twin in self.subscribers:
            twin.hear(packets)


class SubscriberTwin:
    """One end of ``BusTwin``; ``broken`` makes the next ``receive`` raise."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._packets: deque[Packet] = deque()
        self.keys: set[tuple[str, StreamRole]] = set()
        self.closed = False
        self.broken = False
        self.lost = 0

    def subscribe(self, camera_id: str, role: StreamRole) -> None:
        self.keys.add((camera_id, role))

    def unsubscribe(self, camera_id: str, role: StreamRole) -> None:
        self.keys.discard((camera_id, role))

    def hear(self, packets: Sequence[Packet]) -> None:
        with self._changed:
            self._packets.extend(p for p in packets if (p.info.camera_id, p.info.role) in self.keys)
            self._changed.notify_all()

    def receive(self, timeout_s: float) -> Packet | None:
        with self._changed:
            self._changed.wait_for(lambda: self._packets or self.broken, timeout_s)
            if self.broken:
                raise OSError("the bus broke")
            return self._packets.popleft() if self._packets else None

    def close(self) -> None:
        self.closed = True


class CallerTwin:
    """Calls to other processes; ``reply`` is what the next ones are answered with."""

    def __init__(self) -> None:
        self.reply: CallReply | None = None
        self.calls: list[tuple[str, int, CallRequest]] = []

    def call(self, role: str, index: int, request: CallRequest, timeout_s: float) -> CallReply:
        self.calls.append((role, index, request))
        if self.reply is None:
            raise CallUnanswered(f"Nothing within {timeout_s:g} s.")
        return self.reply


@dataclass
class Site:
    """Everything behind one application."""

    database: Database
    clock: TurnedClock
    bus: BusTwin
    caller: "CallerTwin"
    deps: ApiDeps
    users: UserRepository
    sessions: SessionRepository
    passwords: Passwords

    def app(self, routers: Sequence[APIRouter] = ROUTERS, **settings: object) -> FastAPI:
        """An application; ``settings`` replace those of ``ApiSettings``."""
        changed = replace(self.deps.settings, **settings)
        return create_app(replace(self.deps, settings=changed), routers=routers)

    def add_user(self, username: str, role: str, *, must_change: bool = False) -> None:
        self.users.add(
            User(
                username=username,
                password_hash=self.passwords.hash(PASSWORD),
                role=role,
                must_change_password=must_change,
                created_ns=0,
            )
        )


def make_site(database: Database, folder: Path, *, clock: TurnedClock | None = None) -> Site:
    """A site over a migrated database, with its media beneath ``folder``."""
    clock = clock or TurnedClock()
    bus, caller = BusTwin(), CallerTwin()
    users, sessions, audit = (
        UserRepository(database),
        SessionRepository(database),
        AuditLog(database),
    )
    passwords = Passwords(memory_kib=8, passes=1)
    media_root = folder / "media"
    media_root.mkdir(exist_ok=True)
    accounts = Accounts(users, sessions, LoginAttempts(database), audit, clock, passwords=passwords)
    media = Media({Tier.HOT: FolderStore(RealDisk(), media_root)})
    deps = ApiDeps(
        settings=ApiSettings(version="1.2.3", cookie_secure=False),
        clock=clock,
        accounts=accounts,
        cameras=CameraRepository(database, Vault.open(folder / "vault.key"), clock),
        events=EventRepository(database, clock),
        segments=SegmentRepository(database),
        audit=audit,
        state=SystemState(clock),
        hub=LiveHub(bus.subscriber, clock),
        models=ModelRegistry(database, clock),
        caller=caller,
        media=media,
        media_root=media_root,
        playback=Playback(SegmentRepository(database), SegmentList(database), media),
        listed=SegmentList(database),
        motion=MotionSearch(ActivityRows(database)),
        bookmarks=BookmarkRepository(database),
        exports=export_desk(database, folder, clock),
        policies=StoragePolicyRepository(database, clock),
        storage=StorageFigures(database),
        holds=HoldRepository(database, HoldMirror(RealDisk(), media_root)),
        forecaster=Forecaster(
            DailyBytes(database), StoragePolicyRepository(database).get, has_warm=False, clock=clock
        ),
        traffic=TrafficData(
            intervals=IntervalRepository(database),
            incidents=IncidentRepository(database),
            trajectories=TrajectoryRepository(database),
            signals=SignalBoard(),
        ),
        retention=RetentionSet(
            database,
            HoldRepository(database, HoldMirror(RealDisk(), media_root)),
            clock,
            data_dir=folder,
            exports_root=folder / "exports",
            has_archive=False,
        ).nightly(),
    )
    return Site(database, clock, bus, caller, deps, users, sessions, passwords)


def export_desk(database: Database, folder: Path, clock: TurnedClock) -> ExportDesk:
    """Exports beneath ``folder``; there is nothing here that finds faces."""
    repository = SegmentRepository(database)

    def check_finder(kind: Sought) -> None:
        raise ModelInvalid(f"No model for {kind} here; draw zones instead.")

    return ExportDesk(
        exports=ExportRepository(database),
        holds=HoldRepository(database, HoldMirror(RealDisk(), folder / "media")),
        audit=AuditLog(database),
        clock=clock,
        folder=lambda name: ExportFolder(RealDisk(), folder / "exports", name, lambda: 0),
        has_camera=lambda camera: bool(repository.find(camera, limit=1)),
        check_finder=check_finder,
    )


def client_of(app: FastAPI, *, raise_app_exceptions: bool = True) -> httpx.AsyncClient:
    """A browser-like client that keeps cookies; it speaks to the application directly."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=raise_app_exceptions)
    return httpx.AsyncClient(transport=transport, base_url=f"http://{HOST}")


async def sign_in(client: httpx.AsyncClient, username: str, password: str = PASSWORD) -> str:
    """Sign in and send the CSRF token from now on; returns it."""
    response = await client.post(
        "/api/v1/auth/login", json={"username": username, "password": password}
    )
    assert response.status_code == 200, response.text
    token: str = response.json()["csrf_token"]
    client.headers["X-CSRF-Token"] = token
    return token


@asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[str]:
    """The application on a real uvicorn and a free port; gives ``127.0.0.1:port``."""
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server._serve([listener]))
    async with asyncio.timeout(20):
        while not server.started:
            await asyncio.sleep(0.01)
    try:
        yield "{}:{}".format(*listener.getsockname())
    finally:
        server.should_exit = True
        await task
        listener.close()


def camera(camera_id: str = "gate", **changes: object) -> Camera:
    made = Camera(
        id=camera_id,
        main=CameraUrl.parse(f"rtsp://bob:s3cret@cams.example/{camera_id}/main"),
        name="North gate",
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # the caller names real fields


def stream_info(generation: int = 1, camera_id: str = "gate", codec: str = "h264") -> StreamInfo:
    track = TrackInfo(MediaKind.VIDEO, codec, b"", width=320, height=240, fps=25)
    return StreamInfo(camera_id, StreamRole.MAIN, generation, track)


def plain_packets(
    count: int,
    *,
    gop: int = 5,
    size_bytes: int = 100,
    info: StreamInfo | None = None,
    first: int = 0,
) -> list[Packet]:
    """Packets that nobody decodes; every ``gop``-th is a key frame."""
    info = info or stream_info()
    step_ns = NS_PER_S // 25
    return [
        Packet(
            info=info,
            kind=MediaKind.VIDEO,
            seq=number,
            pts_ns=number * step_ns,
            dts_ns=number * step_ns,
            duration_ns=step_ns,
            wall_offset_ns=BASE_WALL_NS,
            is_key=number % gop == 0,
            data=bytes(size_bytes),
        )
        for number in range(first, first + count)
    ]


def clip_packets(
    spec: ClipSpec | None = None, *, camera_id: str = "gate", generation: int = 1
) -> list[Packet]:
    """Real H.264 packets of a numbered clip, as a camera's main stream."""
    spec = spec or ClipSpec(frames=50, gop=10)
    with av.open(str(make_clip(spec))) as container:
        stream = container.streams.video[0]
        width, height = spec.size_wh
        track = TrackInfo(
            MediaKind.VIDEO, spec.codec, stream.codec_context.extradata or b"", width, height
        )
        info = StreamInfo(camera_id, StreamRole.MAIN, generation, track)
        raw = [p for p in container.demux(stream) if p.size]
        ns = [round(p.time_base * NS_PER_S) for p in raw]
        return [
            Packet(
                info=info,
                kind=MediaKind.VIDEO,
                seq=number,
                pts_ns=p.pts * tick,
                dts_ns=p.dts * tick,
                duration_ns=NS_PER_S // spec.fps,
                wall_offset_ns=BASE_WALL_NS,
                is_key=p.is_keyframe,
                data=bytes(p),
            )
            for number, (p, tick) in enumerate(zip(raw, ns, strict=True))
        ]

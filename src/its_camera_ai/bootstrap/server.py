"""The server process."""

import threading

import structlog

from its_camera_ai import __version__
from its_camera_ai.analytics.camera.signal_board import SignalBoard
from its_camera_ai.api.accounts import Accounts
from its_camera_ai.api.app import create_app
from its_camera_ai.api.deps import ApiDeps, ApiSettings
from its_camera_ai.api.live import LiveHub
from its_camera_ai.api.state import SystemState
from its_camera_ai.api.traffic import TrafficData
from its_camera_ai.bootstrap.exports import export_desk
from its_camera_ai.bootstrap.recordings import (
    forecaster_of,
    hold_repository,
    media_of,
    retention_of,
)
from its_camera_ai.bootstrap.site import STATIC_DIR, open_site
from its_camera_ai.bus.local import LocalBus
from its_camera_ai.core.errors import RetryableError
from its_camera_ai.core.ids import new_id
from its_camera_ai.ops.listening import listening_socket
from its_camera_ai.ops.process_facts import ProcessFacts
from its_camera_ai.ops.settings import Settings
from its_camera_ai.recorder.playing.motion_search import MotionSearch
from its_camera_ai.recorder.playing.playback import Playback
from its_camera_ai.roles.analytics import Analytics, TrafficSinks
from its_camera_ai.roles.camera_follower import CameraFollower
from its_camera_ai.roles.harness import Heartbeat, stop_event
from its_camera_ai.roles.incident_holds import IncidentHolds
from its_camera_ai.roles.record_requests import RecordRequests
from its_camera_ai.roles.rollout_steward import RolloutSteward
from its_camera_ai.roles.server import StatusWatch, serve, server_status
from its_camera_ai.store.activity_rows import ActivityRows
from its_camera_ai.store.audit import AuditLog
from its_camera_ai.store.bookmarks import BookmarkRepository
from its_camera_ai.store.event_writer import EventWriter
from its_camera_ai.store.events import EventRepository
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
from its_camera_ai.store.traffic_writer import TrafficWriter
from its_camera_ai.store.trajectories import TrajectoryRepository
from its_camera_ai.store.users import UserRepository

log = structlog.get_logger(__name__)


def _write_mirror(holds: HoldRepository) -> None:
    """What lies beside the recordings may be damaged, or older than the database."""
    try:
        holds.write_mirror()
    except RetryableError as error:
        log.warning("the held recordings were not listed beside them", problem=str(error))


def run(settings: Settings, index: int, facts: ProcessFacts) -> None:
    stop = stop_event(tied_to_parent=True)
    listener = listening_socket(settings.http_host, settings.http_port)
    site, bus = open_site(settings), LocalBus(settings.run)
    clock, database = site.clock, site.database
    state, events = SystemState(clock), EventRepository(database, clock)
    writer, audit = EventWriter(events), AuditLog(database)
    hub = LiveHub(bus.packet_subscriber, clock)
    models, media = ModelRegistry(database, clock), media_of(settings)
    holds = hold_repository(settings, database)
    # in its own thread: the recordings' disk may hang
    threading.Thread(target=_write_mirror, args=(holds,), name="hold-mirror", daemon=True).start()
    traffic = TrafficData(
        intervals=IntervalRepository(database),
        incidents=IncidentRepository(database),
        trajectories=TrajectoryRepository(database),
        signals=SignalBoard(),
    )
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
            traffic=traffic,
        )
    )
    requests = RecordRequests(writer, bus.ingest_sender())
    traffic_writer = TrafficWriter(traffic.intervals, traffic.incidents, traffic.trajectories)
    incident_holds = IncidentHolds(holds)
    sinks = TrafficSinks(requests, traffic_writer, incident_holds)
    try:
        incident_holds.take(traffic.incidents.close_left_open(clock.wall_ns()))
    except RetryableError as error:  # the next start closes them
        log.warning("incidents of an earlier run stay open", problem=str(error))
    analytics = Analytics(
        bus.tracks_receiver(),
        state,
        sinks,
        traffic.signals,
        new_id=new_id,
        stored_counts=events.line_counts,
        clock=clock,
    )
    watch = StatusWatch(bus.status_receiver(), state, requests, new_event_id=new_id)
    heartbeat = Heartbeat(
        "server",
        index,
        bus.status_sender(),
        lambda bare: server_status(bare, analytics, watch, writer, traffic_writer),
        clock=clock,
        facts=facts,
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
    traffic_writer.close()
    incident_holds.close()
    writer.close()
    heartbeat.close()
    site.close()
    bus.close()

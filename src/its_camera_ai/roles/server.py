"""The server process: analytics, events, the API and live streaming."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import msgspec
import structlog
import uvicorn
from fastapi import FastAPI

from its_camera_ai.analytics.counting.scene import SceneAnalytics
from its_camera_ai.api.state import SystemState
from its_camera_ai.bus.messages import RoleStatus, TracksMessage
from its_camera_ai.bus.ports import StatusReceiver, TracksReceiver
from its_camera_ai.core.cameras import Camera
from its_camera_ai.core.scene import Scene
from its_camera_ai.core.time import NS_PER_S, Clock
from its_camera_ai.ops.camera_events import CameraEvents
from its_camera_ai.ops.stage_times import StageTimes
from its_camera_ai.ops.storage_events import StorageEvents
from its_camera_ai.roles.record_requests import EventSink, RecordRequests
from its_camera_ai.store.event_writer import EventWriter

log = structlog.get_logger(__name__)

RECEIVE_S = 0.5
StoredCounts = Callable[[str, int], Mapping[str, Any]]
"""Counts of a camera since a wall time, from the stored events."""


class Analytics:
    """Tracks from the bus → counts for the live page, events for the database.

    Counts run from local midnight and are taken up again from the stored events after a restart.
    """

    def __init__(
        self,
        receiver: TracksReceiver,
        state: SystemState,
        writer: RecordRequests,
        *,
        new_event_id: Callable[[int], str],
        stored_counts: StoredCounts,
        clock: Clock,
    ) -> None:
        self._receiver = receiver
        self._state = state
        self._writer = writer
        self._new_event_id = new_event_id
        self._stored_counts = stored_counts
        self._clock = clock
        self._wanted: dict[str, Scene] = {}
        self._scenes: dict[str, tuple[Scene, SceneAnalytics]] = {}
        self._midnight_ns = _midnight_ns(clock)
        self._stop = threading.Event()
        self.stages = StageTimes()
        self._thread = threading.Thread(target=self._run, name="analytics", daemon=True)

    def start(self) -> None:
        self._thread.start()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def want(self, cameras: list[Camera]) -> None:
        """Measure these scenes from the next frame on."""
        self._wanted = {c.id: c.scene for c in cameras if c.enabled and c.detect}
        self._writer.want(cameras)

    def close(self) -> None:
        self._stop.set()
        self._thread.join(5 * RECEIVE_S)
        self._receiver.close()

    def _run(self) -> None:
        while not self._stop.is_set():
            message = self._receiver.receive(RECEIVE_S)
            if message is not None:
                self._take(message)
            if _midnight_ns(self._clock) != self._midnight_ns:
                self._midnight_ns = _midnight_ns(self._clock)
                self._scenes.clear()
        for _, analytics in self._scenes.values():
            self._writer.put(analytics.finish())

    def _take(self, message: TracksMessage) -> None:
        self._state.on_tracks(message.camera_id, message)
        scene = self._wanted.get(message.camera_id)
        if scene is None:
            return
        with self.stages.stage("analytics"):
            analytics = self._analytics(message.camera_id, scene)
            events = analytics.update(message.tracks())
            self._writer.put(events)
            if message.unknown is None:
                self._writer.judged(message.camera_id, message.wall_ns)
            self._state.on_counts(message.camera_id, analytics.counts().to_json())

    def _analytics(self, camera_id: str, scene: Scene) -> SceneAnalytics:
        known = self._scenes.get(camera_id)
        if known is not None and known[0] == scene:
            return known[1]
        if known is not None:
            self._writer.put(known[1].finish())
        analytics = SceneAnalytics(camera_id, scene, self._new_event_id)
        analytics.counts().resume(self._stored_counts(camera_id, self._midnight_ns))
        self._scenes[camera_id] = (scene, analytics)
        return analytics


def _midnight_ns(clock: Clock) -> int:
    """The last local midnight, wall ns."""
    moment = datetime.fromtimestamp(clock.wall_ns() / NS_PER_S).astimezone()
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return int(midnight.timestamp()) * NS_PER_S


class StatusWatch:
    """Heartbeats from the bus → the server's picture of the system, and events about cameras."""

    def __init__(
        self,
        receiver: StatusReceiver,
        state: SystemState,
        writer: EventSink,
        *,
        new_event_id: Callable[[int], str],
    ) -> None:
        self._receiver = receiver
        self._state = state
        self._writer = writer
        self._camera_events = CameraEvents(new_event_id)
        self._storage_events = StorageEvents(new_event_id)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="status-watch", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.is_set():
            status = self._receiver.receive(RECEIVE_S)
            if status is not None:
                self._state.on_status(status)
                self._writer.put(self._camera_events.on_status(status))
                self._writer.put(self._storage_events.on_status(status))

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def close(self) -> None:
        self._stop.set()
        self._thread.join(5 * RECEIVE_S)
        self._receiver.close()


def server_status(
    bare: RoleStatus, analytics: Analytics, watch: StatusWatch, writer: EventWriter
) -> RoleStatus:
    """The server's own heartbeat; raises if one of its threads has died."""
    dead = [
        name
        for name, part in (("analytics", analytics), ("status watch", watch), ("writer", writer))
        if not part.alive
    ]
    if dead:
        raise RuntimeError(f"threads have died: {', '.join(dead)}")
    return msgspec.structs.replace(
        bare,
        busy_s=analytics.stages.snapshot(),
        counters={
            "events_written": float(writer.written),
            "events_waiting": float(writer.waiting),
            "events_given_up": float(writer.given_up),
        },
    )


def serve(
    app: FastAPI, listener: socket.socket, stop: threading.Event, tick: Callable[[], None]
) -> None:
    """Serve until ``stop``, then let requests end. ``tick`` is called every second."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=3,
        ws_max_size=64 * 1024,
        ws_per_message_deflate=False,  # coded video does not compress; trying costs as much again
    )
    server = _Server(config)

    async def run() -> None:
        serving = asyncio.create_task(server.serve([listener]))
        while not stop.is_set() and not serving.done():
            await asyncio.to_thread(tick)
            await asyncio.to_thread(stop.wait, 1.0)
        server.should_exit = True
        await serving

    asyncio.run(run())


class _Server(uvicorn.Server):
    """The process has its own signal handlers; uvicorn's would take them away."""

    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        yield

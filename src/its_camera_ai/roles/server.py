"""The server process: analytics, events, the API and live streaming."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable
from typing import Any

import msgspec
import structlog
import uvicorn
from fastapi import FastAPI

from its_camera_ai.api.state import SystemState
from its_camera_ai.bus.messages import RoleStatus
from its_camera_ai.bus.ports import StatusReceiver
from its_camera_ai.ops.camera_events import CameraEvents
from its_camera_ai.ops.storage_events import StorageEvents
from its_camera_ai.roles.analytics import Analytics
from its_camera_ai.roles.record_requests import EventSink
from its_camera_ai.store.event_writer import EventWriter
from its_camera_ai.store.traffic_writer import TrafficWriter

log = structlog.get_logger(__name__)

RECEIVE_S = 0.5


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
    bare: RoleStatus,
    analytics: Analytics,
    watch: StatusWatch,
    writer: EventWriter,
    traffic: TrafficWriter,
) -> RoleStatus:
    """The server's own heartbeat; raises if one of its threads has died."""
    dead = [
        name
        for name, part in (
            ("analytics", analytics),
            ("status watch", watch),
            ("writer", writer),
            ("traffic writer", traffic),
        )
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
            "traffic_waiting": float(traffic.waiting),
            **{f"incidents_{kind}_opened": float(n) for kind, n in analytics.opened.items()},
            **{f"traffic_{kind}_written": float(n) for kind, n in traffic.written.items()},
            **{f"traffic_{kind}_given_up": float(n) for kind, n in traffic.given_up.items()},
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

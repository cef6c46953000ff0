"""From the server's events to the recordings of cameras that record on events."""

import threading
from collections.abc import Sequence
from typing import Protocol

from its_camera_ai.bus.messages import JudgedMessage, RecordRequest
from its_camera_ai.bus.ports import IngestSender
from its_camera_ai.core.cameras import Camera
from its_camera_ai.core.events import Event
from its_camera_ai.core.recording import RecordingMode, RecordingPlan
from its_camera_ai.core.time import NS_PER_S


class EventSink(Protocol):
    """Where events go; never blocks."""

    def put(self, events: Sequence[Event]) -> None: ...


class RecordRequests:
    """Passes every event on to its sink, and asks ingest to record those that a plan wants. From
    any thread; what can't be sent is passed over: ingest records what nobody speaks of."""

    def __init__(self, sink: EventSink, sender: IngestSender) -> None:
        self._sink = sink
        self._sender = sender
        self._lock = threading.Lock()
        self._plans: dict[str, RecordingPlan] = {}
        self._judged_s: dict[str, int] = {}

    def want(self, cameras: Sequence[Camera]) -> None:
        """Speak of the cameras among these that may record on events."""
        self._plans = {
            c.id: c.recording
            for c in cameras
            if c.enabled and c.record and RecordingMode.EVENTS in c.recording.modes
        }

    def put(self, events: Sequence[Event]) -> None:
        self._sink.put(events)
        for event in events:
            plan = self._plans.get(event.camera_id)
            if plan is not None and plan.wants_event(event.kind, event.detail):
                request = RecordRequest(
                    event.camera_id, event.wall_ns, event.wall_ns, str(event.kind)
                )
                with self._lock:
                    self._sender.send(request)

    def judged(self, camera_id: str, until_wall_ns: int) -> None:
        """All that vision told of a camera up to a moment was looked through for events."""
        if camera_id not in self._plans:
            return
        with self._lock:
            if self._judged_s.get(camera_id) == until_wall_ns // NS_PER_S:
                return
            self._judged_s[camera_id] = until_wall_ns // NS_PER_S
            self._sender.send(JudgedMessage(camera_id, until_wall_ns))

    def close(self) -> None:
        with self._lock:
            self._sender.close()

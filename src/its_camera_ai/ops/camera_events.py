"""Heartbeats → events: a camera went away or came back, could not be recorded, shows nothing."""

from collections.abc import Callable

from its_camera_ai.bus.messages import CameraState, RoleStatus, StreamStatus, VisionStatus
from its_camera_ai.core.events import Event, EventKind
from its_camera_ai.core.media import StreamRole
from its_camera_ai.core.picture_faults import PictureFault

LOST_AFTER_NS = 3_000_000_000
"""A reconnect that succeeds within this is not worth a human's time."""


class CameraEvents:
    """Turns changes of state into events, each once.

    Args:
        new_event_id: makes an event id from a wall time in ns.
    """

    def __init__(self, new_event_id: Callable[[int], str]) -> None:
        self._new_event_id = new_event_id
        self._online: dict[tuple[str, StreamRole], bool] = {}
        self._recording: dict[str, bool] = {}
        self._generation: dict[tuple[str, StreamRole], int] = {}
        self._faults: dict[str, set[PictureFault]] = {}

    def on_status(self, status: RoleStatus) -> list[Event]:
        """What is new in one heartbeat."""
        events: list[Event] = []
        for stream in status.streams:
            events += self._connection(stream, status.wall_ns)
            if stream.role is StreamRole.MAIN:
                events += self._recorder(stream, status.wall_ns)
        for vision in status.vision:
            events += self._picture(vision, status.wall_ns)
        return events

    def _connection(self, stream: StreamStatus, wall_ns: int) -> list[Event]:
        key = (stream.camera_id, stream.role)
        before = self._online.get(key)
        facts: dict[str, object] = {"stream": str(stream.role)}
        if stream.state is CameraState.ONLINE:
            self._online[key] = True
            known = self._generation.get(key)
            self._generation[key] = stream.generation
            if before:
                if known is not None and known != stream.generation and stream.codec:
                    facts |= {
                        "codec": stream.codec,
                        "width": stream.width,
                        "height": stream.height,
                    }
                    return [self._event(EventKind.STREAM_CHANGED, stream.camera_id, wall_ns, facts)]
                return []
            since_ns = stream.since_wall_ns
            return [self._event(EventKind.CAMERA_CONNECTED, stream.camera_id, since_ns, facts)]
        gone_ns = wall_ns - stream.since_wall_ns
        away = stream.state in (CameraState.RETRYING, CameraState.REFUSED)
        if not away or before is False or gone_ns < LOST_AFTER_NS:
            return []
        self._online[key] = False
        facts["error"] = stream.error
        since_ns = stream.since_wall_ns
        return [self._event(EventKind.CAMERA_LOST, stream.camera_id, since_ns, facts)]

    def _recorder(self, stream: StreamStatus, wall_ns: int) -> list[Event]:
        before = self._recording.get(stream.camera_id)
        if stream.recording_problem and before is not False:
            self._recording[stream.camera_id] = False
            facts: dict[str, object] = {"error": stream.recording_problem}
            return [self._event(EventKind.RECORDING_FAILED, stream.camera_id, wall_ns, facts)]
        if stream.recording:
            self._recording[stream.camera_id] = True
            if before is False:
                return [self._event(EventKind.RECORDING_RESUMED, stream.camera_id, wall_ns, {})]
        return []

    def _picture(self, vision: VisionStatus, wall_ns: int) -> list[Event]:
        """What began and ended; a vision process that does not know yet changes nothing."""
        if vision.faults is None:
            return []
        before = self._faults.get(vision.camera_id, set())
        now = self._faults[vision.camera_id] = set(vision.faults)
        changes = (
            (EventKind.PICTURE_FAULT_BEGAN, now - before),
            (EventKind.PICTURE_FAULT_ENDED, before - now),
        )
        return [
            self._event(kind, vision.camera_id, wall_ns, {"fault": fault.value})
            for kind, faults in changes
            for fault in sorted(faults)
        ]

    def _event(
        self, kind: EventKind, camera_id: str, wall_ns: int, facts: dict[str, object]
    ) -> Event:
        return Event(self._new_event_id(wall_ns), kind, camera_id, wall_ns, wall_ns, None, facts)

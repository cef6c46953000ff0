"""The server's picture of the running system, fed by the bus, read by the routes."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from its_camera_ai.api.status_models import CameraStatus, RoleView, StreamView, VisionView
from its_camera_ai.bus.messages import (
    CameraState,
    RoleStatus,
    StreamStatus,
    TracksMessage,
    VisionStatus,
)
from its_camera_ai.core.cameras import Camera
from its_camera_ai.core.time import NS_PER_S, Clock, iso_utc

STALE_AFTER_S = 5.0
"""Heartbeats come every second; a process silent for longer than this is not believed."""
STALE = "stale"

_ROLES_MAX = 256
_CAMERAS_MAX = 1024
_BAD_FIRST = (
    CameraState.REFUSED,
    CameraState.RETRYING,
    STALE,
    CameraState.CONNECTING,
    CameraState.ENDED,
    CameraState.ONLINE,
    CameraState.DISABLED,
)

TracksListener = Callable[[TracksMessage], None]

T = TypeVar("T")
K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Heard(Generic[T]):
    """A heartbeat, or a part of one, with the age of what it says."""

    value: T
    age_s: float

    @property
    def stale(self) -> bool:
        return self.age_s > STALE_AFTER_S


@dataclass(frozen=True, slots=True)
class Counts:
    """One camera's counts as JSON; ``revision`` rises with every change."""

    value: Mapping[str, Any]
    revision: int


NO_COUNTS = Counts({"lines": {}, "zones": {}}, 0)


class SystemState:
    """What every process last said. Thread-safe; every table is bounded.

    The server role calls ``on_status``, ``on_tracks`` and ``on_counts`` from its own threads.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._roles: OrderedDict[tuple[str, int], tuple[int, RoleStatus]] = OrderedDict()
        self._tracks: OrderedDict[str, TracksMessage] = OrderedDict()
        self._counts: OrderedDict[str, Counts] = OrderedDict()
        self._listeners: dict[str, list[TracksListener]] = {}

    def on_status(self, status: RoleStatus) -> None:
        """A heartbeat; it replaces what the same process said before."""
        with self._lock:
            self._roles[status.role, status.index] = (self._clock.monotonic_ns(), status)
            _trim(self._roles, (status.role, status.index), _ROLES_MAX)

    def on_tracks(self, camera_id: str, message: TracksMessage) -> None:
        """The tracks of one frame; told to those who watch that camera."""
        with self._lock:
            self._tracks[camera_id] = message
            _trim(self._tracks, camera_id, _CAMERAS_MAX)
            listeners = list(self._listeners.get(camera_id, ()))
        for listener in listeners:
            listener(message)

    def on_counts(self, camera_id: str, counts: Mapping[str, Any]) -> None:
        """The camera's counts as of now, in the JSON of the API."""
        with self._lock:
            before = self._counts.get(camera_id, NO_COUNTS)
            if before.value != counts:
                self._counts[camera_id] = Counts(counts, before.revision + 1)
            _trim(self._counts, camera_id, _CAMERAS_MAX)

    @contextmanager
    def listen(self, camera_id: str, listener: TracksListener) -> Iterator[None]:
        """Call ``listener`` for each frame's tracks, from whichever thread brings them."""
        with self._lock:
            self._listeners.setdefault(camera_id, []).append(listener)
        try:
            yield
        finally:
            with self._lock:
                remaining = self._listeners[camera_id]
                remaining.remove(listener)
                if not remaining:
                    del self._listeners[camera_id]

    def counts(self, camera_id: str) -> Counts:
        with self._lock:
            return self._counts.get(camera_id, NO_COUNTS)

    def tracks(self, camera_id: str) -> TracksMessage | None:
        """The newest tracks of a camera."""
        with self._lock:
            return self._tracks.get(camera_id)

    def heartbeats(self) -> list[Heard[RoleStatus]]:
        """The last word of every process, newest last."""
        now_ns = self._clock.monotonic_ns()
        with self._lock:
            heard = list(self._roles.values())
        return [Heard(status, (now_ns - at_ns) / NS_PER_S) for at_ns, status in heard]

    def roles(self) -> list[RoleView]:
        """The table of processes, by name and number."""
        views = [
            RoleView(
                role=beat.value.role,
                index=beat.value.index,
                ready=beat.value.ready,
                stale=beat.stale,
                age_s=round(beat.age_s, 1),
                problems=list(beat.value.problems),
            )
            for beat in self.heartbeats()
        ]
        return sorted(views, key=lambda view: (view.role, view.index))

    def streams(self) -> list[Heard[StreamStatus]]:
        """Every stream once, as the process that spoke last reports it."""
        newest: dict[tuple[str, str], Heard[StreamStatus]] = {}
        for beat in self.heartbeats():
            for stream in beat.value.streams:
                newest[stream.camera_id, stream.role] = Heard(stream, beat.age_s)
        return list(newest.values())

    def vision(self) -> list[Heard[VisionStatus]]:
        """Every camera that is looked at, as the process that spoke last reports it."""
        newest: dict[str, Heard[VisionStatus]] = {}
        for beat in self.heartbeats():
            for vision in beat.value.vision:
                newest[vision.camera_id] = Heard(vision, beat.age_s)
        return list(newest.values())

    def camera_status(self, camera: Camera) -> CameraStatus:
        return self.camera_statuses([camera])[0]

    def camera_statuses(self, cameras: list[Camera]) -> list[CameraStatus]:
        """The condition of each camera, in the order given."""
        streams: dict[str, list[Heard[StreamStatus]]] = {}
        for stream in self.streams():
            streams.setdefault(stream.value.camera_id, []).append(stream)
        vision = {heard.value.camera_id: heard for heard in self.vision()}
        return [
            _camera_status(camera, streams.get(camera.id, []), vision.get(camera.id))
            for camera in cameras
        ]


def _trim(table: OrderedDict[K, V], touched: K, size_max: int) -> None:
    """Move what was touched to the end and drop the longest untouched beyond the bound."""
    if touched in table:
        table.move_to_end(touched)
    while len(table) > size_max:
        table.popitem(last=False)


def _camera_status(
    camera: Camera, streams: list[Heard[StreamStatus]], vision: Heard[VisionStatus] | None
) -> CameraStatus:
    state, since_ns, error = _worst(camera, streams)
    return CameraStatus(
        id=camera.id,
        name=camera.name,
        state=state,
        since=iso_utc(since_ns) if since_ns else None,
        error=error,
        streams=[_stream_view(heard) for heard in sorted(streams, key=lambda h: h.value.role)],
        vision=None if vision is None else _vision_view(vision),
    )


def _worst(camera: Camera, streams: list[Heard[StreamStatus]]) -> tuple[str, int, str]:
    """State, since when (wall ns; 0 unknown) and error of the stream in the worst state."""
    if not camera.enabled:
        return CameraState.DISABLED, 0, ""
    if not streams:
        return STALE, 0, "No ingest process reports this camera; check that the system is running."
    if all(heard.stale for heard in streams):
        return STALE, 0, "The ingest process has fallen silent; its log says why."
    worst = min(streams, key=lambda heard: _BAD_FIRST.index(_state(heard)))
    return _state(worst), worst.value.since_wall_ns, worst.value.error


def _state(heard: Heard[StreamStatus]) -> str:
    return STALE if heard.stale else heard.value.state


def _stream_view(heard: Heard[StreamStatus]) -> StreamView:
    stream = heard.value
    return StreamView(
        role=stream.role.value,
        state=_state(heard),
        codec=stream.codec,
        width=stream.width,
        height=stream.height,
        fps=stream.fps,
        bitrate_bps=stream.bitrate_bps,
        packets=stream.packets,
        reconnects=stream.reconnects,
        recording=stream.recording and not heard.stale,
        recording_mode=stream.recording_mode,
        recording_cause=stream.recording_cause,
        skipped_packets=stream.skipped_packets,
        unrecorded_packets=stream.unrecorded_packets,
        last_packet=iso_utc(stream.last_packet_wall_ns) if stream.last_packet_wall_ns else None,
    )


def _vision_view(heard: Heard[VisionStatus]) -> VisionView:
    vision = heard.value
    return VisionView(
        model=vision.model,
        looks_per_s=0.0 if heard.stale else vision.looks_per_s,
        frames=vision.frames,
        frames_unprocessed=vision.frames_unprocessed,
        unknown=vision.unknown,
        latency_ms_p95=vision.latency_ms_p95,
        faults=None if heard.stale or vision.faults is None else [f.value for f in vision.faults],
        stale=heard.stale,
    )

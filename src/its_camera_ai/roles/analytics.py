"""The analytics thread of the server process: tracks from the bus → everything measured on them."""

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from its_camera_ai.analytics.camera.measurement import CameraMeasurement, Told
from its_camera_ai.analytics.camera.signal_board import SignalBoard
from its_camera_ai.api.state import SystemState
from its_camera_ai.bus.messages import TracksMessage
from its_camera_ai.bus.ports import TracksReceiver
from its_camera_ai.core.cameras import Camera
from its_camera_ai.core.incidents import IncidentStep
from its_camera_ai.core.time import NS_PER_S, Clock
from its_camera_ai.ops.stage_times import StageTimes
from its_camera_ai.roles.incident_holds import IncidentHolds
from its_camera_ai.roles.record_requests import RecordRequests
from its_camera_ai.store.traffic_writer import TrafficWriter

log = structlog.get_logger(__name__)

RECEIVE_S = 0.5
IDLE_NS = NS_PER_S
"""So often cameras of which nothing comes are asked for rows that are due."""
StoredCounts = Callable[[str, int], Mapping[str, Any]]
"""Counts of a camera since a wall time, from the stored events."""


@dataclass(frozen=True, slots=True)
class TrafficSinks:
    """Where goes what was measured; nothing here blocks."""

    events: RecordRequests
    traffic: TrafficWriter
    holds: IncidentHolds


@dataclass(frozen=True, slots=True)
class _Measured:
    camera: Camera
    measurement: CameraMeasurement


class Analytics:
    """Tracks from the bus → counts for the live page; events, incidents and tables for the
    database.

    Counts run from local midnight and are taken up again from the stored events after a restart.

    Attributes:
        opened: incidents since the start, by kind.
    """

    def __init__(
        self,
        receiver: TracksReceiver,
        state: SystemState,
        sinks: TrafficSinks,
        signals: SignalBoard,
        *,
        new_id: Callable[[int], str],
        stored_counts: StoredCounts,
        clock: Clock,
    ) -> None:
        self._receiver = receiver
        self._state = state
        self._sinks = sinks
        self._signals = signals
        self._new_id = new_id
        self._stored_counts = stored_counts
        self._clock = clock
        self._wanted: dict[str, Camera] = {}
        self._measured: dict[str, _Measured] = {}
        self._midnight_ns = _midnight_ns(clock)
        self._idle_ns = 0
        self._stop = threading.Event()
        self.stages = StageTimes()
        self.opened: Counter[str] = Counter()
        self._thread = threading.Thread(target=self._run, name="analytics", daemon=True)

    def start(self) -> None:
        self._thread.start()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def want(self, cameras: list[Camera]) -> None:
        """Measure these cameras' scenes from the next frame on."""
        self._wanted = {c.id: c for c in cameras if c.enabled and c.detect}
        self._sinks.events.want(cameras)

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
                for known in self._measured.values():
                    known.measurement.count_anew()
            self._idle()
        self._end_all()

    def _take(self, message: TracksMessage) -> None:
        self._state.on_tracks(message.camera_id, message)
        camera = self._wanted.get(message.camera_id)
        if camera is None:
            return
        with self.stages.stage("analytics"):
            measurement = self._measurement(camera)
            for reading in message.signals:
                self._signals.tell(camera.id, reading)
            told = measurement.update(message.tracks(), self._signals.of(camera.id))
            for warning in told.warnings:
                log.warning("part of a scene can't be seen", camera=camera.id, problem=warning)
            self._pass_on(told)
            if message.unknown is None:
                self._sinks.events.judged(message.camera_id, message.wall_ns)
            self._state.on_counts(message.camera_id, measurement.counts().to_json())

    def _pass_on(self, told: Told) -> None:
        self._sinks.events.put(told.events)
        self._sinks.traffic.incidents(told.incidents)
        self.opened.update(str(i.kind) for i in told.incidents if i.step is IncidentStep.OPENED)
        self._sinks.holds.take(told.incidents)
        self._sinks.traffic.rows(told.rows)
        self._sinks.traffic.trajectories(told.trajectories)

    def _measurement(self, camera: Camera) -> CameraMeasurement:
        known = self._measured.get(camera.id)
        if known is not None and _measured_of(known.camera) == _measured_of(camera):
            return known.measurement
        if known is not None:
            self._pass_on(known.measurement.finish())
        measurement = CameraMeasurement(
            camera.id,
            camera.scene,
            self._new_id,
            writer=self._new_id(self._clock.wall_ns()),
            wanted_looks_per_s=camera.detect_fps,
        )
        measurement.counts().resume(self._stored_counts(camera.id, self._midnight_ns))
        self._measured[camera.id] = _Measured(camera, measurement)
        return measurement

    def _idle(self) -> None:
        """Rows come due, and cameras go, without a frame."""
        now_ns = self._clock.monotonic_ns()
        if now_ns - self._idle_ns < IDLE_NS:
            return
        self._idle_ns = now_ns
        for camera_id in [c for c in self._measured if c not in self._wanted]:
            self._pass_on(self._measured.pop(camera_id).measurement.finish())
        wall_ns = self._clock.wall_ns()
        for known in self._measured.values():
            self._sinks.traffic.rows(known.measurement.idle(wall_ns))

    def _end_all(self) -> None:
        for known in self._measured.values():
            self._pass_on(known.measurement.finish())
        self._measured.clear()


def _measured_of(camera: Camera) -> tuple[object, ...]:
    """What of a camera makes its measurement begin anew."""
    return (camera.scene, camera.detect_fps)


def _midnight_ns(clock: Clock) -> int:
    """The last local midnight, wall ns."""
    moment = datetime.fromtimestamp(clock.wall_ns() / NS_PER_S).astimezone()
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    return int(midnight.timestamp()) * NS_PER_S

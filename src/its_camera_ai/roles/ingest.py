"""The ingest process: one connection per stream, packets to the recorder and the bus."""

import random
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass

import msgspec
import structlog

from its_camera_ai.bus.messages import RoleStatus, StorageStatus, StreamStatus
from its_camera_ai.bus.ports import IngestReceiver, PacketPublisher
from its_camera_ai.core.camera_url import CameraUrl
from its_camera_ai.core.cameras import Camera
from its_camera_ai.core.errors import RetryableError
from its_camera_ai.core.media import Packet, StreamRole
from its_camera_ai.core.site_facts import SiteFacts
from its_camera_ai.core.time import Clock
from its_camera_ai.recorder.checking.recovery import reconcile
from its_camera_ai.recorder.checking.repair import Repaired
from its_camera_ai.recorder.writing.recorder import Recorder
from its_camera_ai.recorder.writing.recording_gate import GateFigures
from its_camera_ai.recorder.writing.recording_modes import RecordingModes
from its_camera_ai.recorder.writing.recording_storage import RecordingStorage
from its_camera_ai.store.segments import SegmentRepository
from its_camera_ai.video.pipeline import Sink, StreamPipeline
from its_camera_ai.video.stream import CameraStream

log = structlog.get_logger(__name__)

STOP_TIMEOUT_S = 8.0
RECORDERS_STOP_S = 5.0
"""For all recorders together: a disk that hangs must not hang the process."""


class FanOut:
    """One socket shared by many capture threads. The socket never blocks: each subscriber has a
    bounded queue of its own, and notices by the packets' numbers what it lost."""

    def __init__(self, publisher: PacketPublisher) -> None:
        self._publisher = publisher
        self._lock = threading.Lock()

    def put(self, packet: Packet) -> None:
        with self._lock:
            self._publisher.publish(packet)

    def end_connection(self) -> None:
        """Subscribers learn it from the next generation."""

    def close(self) -> None:
        with self._lock:
            self._publisher.close()


@dataclass(slots=True)
class _Running:
    camera: Camera
    pipelines: list[StreamPipeline]
    recorder: Recorder | None
    is_leaving: bool = False


class Ingest:
    """Runs the pipelines that the wanted cameras need, and only restarts those that changed.

    Args:
        storage: recorded to; started and closed with this.
        segments: gives the index; raises ``RetryableError`` while the database is away.
        words: what vision and the server say of the cameras; without it nothing is known of them,
            and whatever waits for something to happen is recorded.
    """

    def __init__(
        self,
        *,
        publisher: PacketPublisher,
        segments: Callable[[], SegmentRepository],
        storage: RecordingStorage,
        segment_s: float,
        clock: Clock,
        rng: random.Random,
        words: IngestReceiver | None = None,
    ) -> None:
        self._fan_out = FanOut(publisher)
        self._segments = segments
        self._storage = storage
        self._segment_s = segment_s
        self._clock = clock
        self._rng = rng
        self._running: dict[str, _Running] = {}
        self._lock = threading.Lock()
        storage.start()
        self._modes = RecordingModes(storage.index, words, clock)

    def be_at(self, facts: SiteFacts) -> None:
        """Where the site is; schedules go by it."""
        self._modes.be_at(facts)

    def want(self, cameras: list[Camera]) -> None:
        """Start, stop and restart pipelines until exactly these cameras run."""
        wanted = {c.id: c for c in cameras if c.enabled}
        leaving = [
            r
            for i, r in self._running.items()
            if _capture_of(wanted.get(i)) != _capture_of(r.camera)
        ]
        self._stop(leaving)
        new = [camera for camera in wanted.values() if camera.id not in self._running]
        for camera in new:
            self._start(camera)
        for camera in wanted.values():
            self._modes.follow(camera)
        if any(camera.record for camera in new):
            # in its own thread: neither a large index nor a slow disk may hold up a camera
            ids = [camera.id for camera in new if camera.record]
            threading.Thread(
                target=self._reconcile, args=(ids,), name="reconcile", daemon=True
            ).start()

    def _reconcile(self, camera_ids: list[str]) -> None:
        for camera_id in camera_ids:
            try:
                done = reconcile(self._storage.volume, self._segments(), camera_id)
            except RetryableError as error:
                log.warning("recordings were not checked", camera=camera_id, problem=str(error))
            else:
                if done != Repaired():
                    log.info("recordings were checked", camera=camera_id, **asdict(done))

    def _start(self, camera: Camera) -> None:
        recorder = None
        if camera.record:
            recorder = Recorder(
                self._storage.volume,
                self._modes.index,
                segment_s=self._segment_s,
                activity=self._modes.activity,
            )
        pipelines = []
        for role, url in camera.streams:
            sinks: list[Sink] = [self._fan_out]
            if recorder is not None and role is StreamRole.MAIN:
                sinks.insert(0, self._modes.gate(camera, recorder))

            def open_stream(
                wait: Callable[[float], bool],
                role: StreamRole = role,
                url: CameraUrl = url,
            ) -> CameraStream:
                return CameraStream(camera, role, url, clock=self._clock, wait=wait)

            pipelines.append(
                StreamPipeline(
                    camera.id,
                    role,
                    open_stream,
                    sinks,
                    clock=self._clock,
                    rng=self._rng,
                    once=not url.is_live and not camera.loop,
                )
            )
        with self._lock:
            self._running[camera.id] = _Running(camera, pipelines, recorder)
        for pipeline in pipelines:
            pipeline.start()

    def _stop(self, leaving: list[_Running]) -> None:
        """Stop intake everywhere first, then finish the files."""
        for running in leaving:
            running.is_leaving = True
            for pipeline in running.pipelines:
                pipeline.request_stop()
        for running in leaving:
            for pipeline in running.pipelines:
                if not pipeline.join(STOP_TIMEOUT_S):
                    log.warning("a capture thread is still blocked", camera=running.camera.id)
        recorders = [r.recorder for r in leaving if r.recorder is not None]
        for recorder in recorders:
            recorder.request_close(RECORDERS_STOP_S)
        until_s = time.monotonic() + RECORDERS_STOP_S
        for recorder in recorders:
            recorder.join(until_s - time.monotonic())
        for running in leaving:
            self._modes.forget(running.camera.id)
            with self._lock:
                del self._running[running.camera.id]

    def close(self) -> None:
        self._stop(list(self._running.values()))
        self._modes.close()
        self._storage.close()
        self._fan_out.close()

    def status(self, bare: RoleStatus) -> RoleStatus:
        with self._lock:
            running = list(self._running.values())
        if not self._modes.alive:
            raise RuntimeError("the thread that hears what cameras see has died")
        streams: list[StreamStatus] = []
        problems: list[str] = []
        for entry in running:
            for pipeline in entry.pipelines:
                status = pipeline.status()
                recorder = entry.recorder
                if recorder is not None and status.role is StreamRole.MAIN:
                    figures = recorder.told()
                    gate = self._modes.figures(entry.camera.id) or GateFigures()
                    status = msgspec.structs.replace(
                        status,
                        skipped_packets=gate.skipped_packets,
                        recording_mode=str(gate.mode),
                        recording_cause=str(gate.cause),
                        recorded_packets=figures.recorded_packets,
                        unrecorded_packets=figures.unrecorded_packets,
                        recording=figures.recording and bool(gate.cause),
                        recording_problem=figures.problem,
                    )
                    if figures.problem:
                        problems.append(figures.problem)
                    if not recorder.alive and not entry.is_leaving:
                        raise RuntimeError(f"the recorder of {entry.camera.id} has died")
                streams.append(status)
        storage = self._storage.status()
        if storage.problem:
            problems.append(storage.problem)
        return msgspec.structs.replace(
            bare,
            streams=streams,
            problems=problems,
            counters=self._counters(storage),
            storage=storage,
        )

    def _counters(self, storage: StorageStatus) -> dict[str, float]:
        return {
            "index_rows_waiting": float(self._storage.rows_waiting),
            "evicted_files": float(storage.evicted_files),
            "evicted_bytes": float(storage.evicted_bytes),
        }


def _capture_of(camera: Camera | None) -> object:
    """What a change of must restart the capture; lines and zones must not."""
    if camera is None:
        return None
    return (
        camera.main,
        camera.sub,
        camera.record,
        camera.rtsp_transport,
        camera.loop,
        camera.paced,
    )

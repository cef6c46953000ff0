"""The vision process: decodes, watches for motion, looks where it matters, follows what it saw."""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

import cv2
import msgspec
import numpy as np
import structlog

from its_camera_ai.bus.messages import RoleStatus, TracksMessage, VisionStatus
from its_camera_ai.bus.ports import Bus, PacketSubscriber, TracksSender
from its_camera_ai.core.cameras import Camera
from its_camera_ai.core.media import MediaKind, Packet
from its_camera_ai.core.time import NS_PER_MS, NS_PER_S, Clock
from its_camera_ai.core.tracks import FrameTracks, Unknown
from its_camera_ai.ops.stage_times import StageTimes
from its_camera_ai.tracking.tracker import Tracker
from its_camera_ai.video.decoder import Frame, VideoDecoder
from its_camera_ai.vision.detector import Detector, DetectorModel
from its_camera_ai.vision.motion import MotionGate
from its_camera_ai.vision.scheduler import LookScheduler

log = structlog.get_logger(__name__)

LATE_NS = 2 * NS_PER_S
"""A picture older than this is only decoded: catching up comes before looking."""
UNKNOWN_AFTER_S = 2.0
"""An active camera that was not looked at for so long is reported as unknown."""
RECEIVE_S = 0.5


@dataclass(slots=True)
class _Figures:
    frames: int = 0
    frames_unprocessed: int = 0
    motion_frames: int = 0
    looks: int = 0
    unknown: int = 0
    latencies_ms: deque[float] = field(default_factory=lambda: deque(maxlen=400))


class Eye:
    """One camera: a thread that decodes every packet and passes every picture by the motion gate.

    Looking itself is done by the detector threads, through ``look``.
    """

    def __init__(
        self,
        camera: Camera,
        subscriber: PacketSubscriber,
        detector: Detector,
        tracker: Tracker,
        board: "LookBoard",
        sender: Callable[[TracksMessage], bool],
        stages: StageTimes,
        model_name: str,
        *,
        clock: Clock,
    ) -> None:
        self.camera = camera
        self._subscriber = subscriber
        self._detector = detector
        self._tracker = tracker
        self._board = board
        self._send = sender
        self._stages = stages
        self._model_name = model_name
        self._clock = clock
        self._figures = _Figures()
        self._decoder: VideoDecoder | None = None
        self._gate: MotionGate | None = None
        self._gate_size_wh = (0, 0)
        self._generation = -1
        self._tracker_lock = threading.Lock()
        self._last_told_ns = clock.monotonic_ns()
        self._active = False
        self._lost = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"eye/{camera.id}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def request_stop(self) -> None:
        self._stop.set()

    def join(self) -> None:
        self._thread.join(5 * RECEIVE_S)

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def _run(self) -> None:
        try:
            while not self._stop.is_set():
                packet = self._subscriber.receive(RECEIVE_S)
                if packet is not None and packet.kind is MediaKind.VIDEO:
                    self._take(packet)
        finally:
            self._subscriber.close()

    def _take(self, packet: Packet) -> None:
        if packet.info.generation != self._generation or self._decoder is None:
            self._board.withdraw(self.camera.id)
            with self._tracker_lock:
                self._tracker.reset()
            self._generation = packet.info.generation
            self._decoder = VideoDecoder(packet.info)
        since_s = time.thread_time()
        frames = self._decoder.decode(packet)
        self._stages.add("decode", since_s)
        for frame in frames:
            self._see(frame)

    def _see(self, frame: Frame) -> None:
        self._figures.frames += 1
        if self._clock.wall_ns() - frame.wall_ns > LATE_NS:
            self._figures.frames_unprocessed += 1
            return
        since_s = time.thread_time()
        if self._gate is None or self._gate_size_wh != frame.size_wh:
            self._gate, self._gate_size_wh = MotionGate(frame.size_wh), frame.size_wh
        motion = self._gate.update(frame.luma(), frame.pts_ns)
        self._stages.add("motion", since_s)
        self._figures.motion_frames += motion.active
        self._active = motion.active or self._active
        if self._subscriber.lost != self._lost:
            self._lost = self._subscriber.lost
            self._tell_unknown(frame, Unknown.PACKET_LOSS)
        self._board.offer(self.camera.id, frame, motion=motion.active)
        self._say_if_unknown(frame)

    def _say_if_unknown(self, frame: Frame) -> None:
        """Unknown is not empty: an active camera that gets no looks is told as such."""
        waited_s = (self._clock.monotonic_ns() - self._last_told_ns) / NS_PER_S
        if self._active and waited_s > UNKNOWN_AFTER_S and not self._board.is_idle(self.camera.id):
            self._tell_unknown(frame, Unknown.OVERLOAD)

    def _tell_unknown(self, frame: Frame, reason: Unknown) -> None:
        with self._tracker_lock:
            tracks = self._tracker.skip(frame.pts_ns, frame.wall_ns, frame.size_wh, reason)
        self._figures.unknown += 1
        self._tell(tracks)

    def look(self, frame: Frame) -> bool:
        """Detect, track, tell. Called by one detector thread at a time.

        Returns:
            True if something is being followed now.
        """
        since_s = time.thread_time()
        picture = frame.bgr()
        since_s = self._stages.add("convert", since_s)
        try:
            detections = self._detector.detect(picture, frame.pts_ns)
        except Exception:  # a detector that fails on one picture must not end the others
            log.exception("the detector failed", camera=self.camera.id)
            self._tell_unknown(frame, Unknown.DETECTOR_DOWN)
            return True
        since_s = self._stages.add("detect", since_s)
        with self._tracker_lock:
            tracks = self._tracker.update(detections, frame.pts_ns, frame.wall_ns, frame.size_wh)
        self._stages.add("track", since_s)
        self._figures.looks += 1
        self._active = len(tracks) > 0
        self._tell(tracks)
        self._figures.latencies_ms.append((self._clock.wall_ns() - frame.wall_ns) / NS_PER_MS)
        return self._active

    def _tell(self, tracks: FrameTracks) -> None:
        self._last_told_ns = self._clock.monotonic_ns()
        message = TracksMessage.of(self.camera.id, self._generation, tracks)
        rate = self._board.granted(self.camera.id)
        self._send(msgspec.structs.replace(message, looks_per_s=rate))

    def status(self) -> VisionStatus:
        figures = self._figures
        latencies = list(figures.latencies_ms)
        return VisionStatus(
            self.camera.id,
            self._model_name,
            frames=figures.frames,
            frames_unprocessed=figures.frames_unprocessed,
            motion_frames=figures.motion_frames,
            looks=figures.looks,
            unknown=figures.unknown,
            looks_per_s=self._board.granted(self.camera.id),
            latency_ms_p95=float(np.percentile(latencies, 95)) if latencies else 0.0,
            packets_lost=self._subscriber.lost,
        )


class LookBoard:
    """The newest picture of each camera, and the threads that take them in the scheduler's order.

    Holds one picture per camera: a newer one replaces the older, nothing queues up.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._scheduler = LookScheduler()
        self._changed = threading.Condition()
        self._eyes: dict[str, Eye] = {}
        self._pictures: dict[str, Frame] = {}
        self._in_flight: dict[str, bool] = {}
        self._stopping = False
        self._threads: list[threading.Thread] = []

    def start(self, threads: int) -> None:
        for number in range(threads):
            thread = threading.Thread(target=self._work, name=f"detector/{number}", daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self) -> None:
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(5.0)

    @property
    def alive(self) -> bool:
        """False if a detector thread died of something unforeseen."""
        return all(thread.is_alive() for thread in self._threads)

    def add(self, eye: Eye) -> None:
        with self._changed:
            self._eyes[eye.camera.id] = eye
            self._scheduler.add(eye.camera.id, eye.camera.detect_fps, self._now_s())

    def remove(self, camera_id: str) -> None:
        with self._changed:
            self._scheduler.remove(camera_id)
            self._eyes.pop(camera_id, None)
            self._pictures.pop(camera_id, None)

    def offer(self, camera_id: str, frame: Frame, *, motion: bool) -> None:
        with self._changed:
            if camera_id not in self._eyes:
                return
            self._pictures[camera_id] = frame
            if camera_id in self._in_flight:
                self._in_flight[camera_id] |= motion
                return
            self._scheduler.offer(camera_id, self._now_s(), motion=motion)
            self._changed.notify()

    def withdraw(self, camera_id: str) -> None:
        """The stream began anew: a picture from before is not to be looked at any more."""
        with self._changed:
            self._pictures.pop(camera_id, None)
            self._scheduler.withdraw(camera_id)

    def granted(self, camera_id: str) -> float:
        with self._changed:
            return self._scheduler.granted(camera_id)

    def is_idle(self, camera_id: str) -> bool:
        """True if the camera waits because nothing happens, not because time is short."""
        with self._changed:
            return self._scheduler.is_idle(camera_id)

    def _now_s(self) -> float:
        return self._clock.monotonic_ns() / NS_PER_S

    def _work(self) -> None:
        while True:
            with self._changed:
                camera_id = self._scheduler.pick(self._now_s())
                if self._stopping:
                    return
                if camera_id is None:
                    self._changed.wait(min(self._scheduler.wait_s(self._now_s()), 0.5))
                    continue
                eye, frame = self._eyes[camera_id], self._pictures.pop(camera_id)
                self._in_flight[camera_id] = False
            followed = eye.look(frame)
            with self._changed:
                motion = self._in_flight.pop(camera_id, False)
                self._scheduler.set_live_tracks(camera_id, followed)
                if camera_id in self._pictures:
                    self._scheduler.offer(camera_id, self._now_s(), motion=motion)
                self._changed.notify()


class Vision:
    """Runs an eye for each wanted camera, and the detector threads that they share.

    Args:
        next_track_id: the first id that a camera's new tracker may use.
    """

    def __init__(
        self,
        bus: Bus,
        model: DetectorModel,
        *,
        detector_threads: int,
        next_track_id: Callable[[str], int],
        clock: Clock,
    ) -> None:
        self._bus = bus
        self._model = model
        self._next_track_id = next_track_id
        self._clock = clock
        self._stages = StageTimes()
        self._board = LookBoard(clock)
        self._sender: TracksSender = bus.tracks_sender()
        self._sender_lock = threading.Lock()
        self._unsent = 0
        self._eyes: dict[str, Eye] = {}
        self._lock = threading.Lock()
        cv2.setNumThreads(1)  # the cores are shared out by camera and detector threads already
        self._board.start(detector_threads)

    def want(self, cameras: list[Camera]) -> None:
        """Watch exactly these cameras; only what changed is restarted."""
        wanted = {c.id: c for c in cameras if c.enabled and c.detect}
        for camera_id, eye in list(self._eyes.items()):
            camera = wanted.get(camera_id)
            if camera is None or _seen_of(camera) != _seen_of(eye.camera):
                self._remove(eye)
        for camera in wanted.values():
            if camera.id not in self._eyes:
                self._add(camera)

    def _add(self, camera: Camera) -> None:
        eye = Eye(
            camera,
            self._bus.packet_subscriber([(camera.id, camera.detect_role)]),
            self._model.open(camera.id),
            Tracker(next_id=self._next_track_id(camera.id)),
            self._board,
            self._send,
            self._stages,
            self._model.info.name,
            clock=self._clock,
        )
        with self._lock:
            self._eyes[camera.id] = eye
        self._board.add(eye)
        eye.start()

    def _remove(self, eye: Eye) -> None:
        eye.request_stop()
        self._board.remove(eye.camera.id)
        eye.join()
        with self._lock:
            del self._eyes[eye.camera.id]

    def _send(self, message: TracksMessage) -> bool:
        with self._sender_lock:
            sent = self._sender.send(message)
            self._unsent += not sent
        return sent

    def close(self) -> None:
        for eye in self._eyes.values():
            eye.request_stop()
        self._board.stop()
        for eye in list(self._eyes.values()):
            eye.join()
        self._sender.close()
        self._model.close()

    def status(self, bare: RoleStatus) -> RoleStatus:
        with self._lock:
            eyes = list(self._eyes.values())
        dead = [eye.camera.id for eye in eyes if not eye.alive]
        if dead or not self._board.alive:
            raise RuntimeError(f"threads have died: {', '.join(dead) or 'detector'}")
        return msgspec.structs.replace(
            bare,
            vision=[eye.status() for eye in eyes],
            busy_s=self._stages.snapshot(),
            counters={"tracks_unsent": float(self._unsent)},
        )


def _seen_of(camera: Camera) -> object:
    """What a change of must restart the eye."""
    return (camera.main, camera.sub, camera.detect_fps)

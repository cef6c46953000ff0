"""One camera's way through vision: packets → pictures → motion → looks → tracks → told."""

import threading
import time
from bisect import bisect_left
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec
import numpy as np

from its_camera_ai.bus.messages import (
    LATENCY_BOUNDS_MS,
    ActivityMessage,
    TracksMessage,
    VisionStatus,
)
from its_camera_ai.bus.ports import PacketSubscriber
from its_camera_ai.core.cameras import Camera
from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.core.media import MediaKind, Packet
from its_camera_ai.core.time import NS_PER_MS, NS_PER_S, Clock
from its_camera_ai.core.tracks import FrameTracks, Unknown
from its_camera_ai.ops.stage_times import StageTimes
from its_camera_ai.roles.road_watch import RoadWatch
from its_camera_ai.tracking.tracker import Tracker
from its_camera_ai.video.decoder import Frame, VideoDecoder
from its_camera_ai.vision.activity_fold import ActivityFold
from its_camera_ai.vision.attention import FULL_LOOK_S, Attention
from its_camera_ai.vision.camera_health import CameraHealth
from its_camera_ai.vision.detector import Detector, DetectorModel
from its_camera_ai.vision.look_batch import Look, LookResult
from its_camera_ai.vision.look_board import LookBoard
from its_camera_ai.vision.model_source import LookOutcome, ModelSource
from its_camera_ai.vision.motion import MotionGate
from its_camera_ai.vision.regions import RegionPlanner, region_sizes

LATE_NS = 2 * NS_PER_S
"""A picture older than this is only decoded: catching up comes before looking."""
OBJECT_MIN_PX = 16.0
RECEIVE_S = 0.5


@dataclass(slots=True)
class _Figures:
    frames: int = 0
    frames_unprocessed: int = 0
    motion_frames: int = 0
    looks: int = 0
    looks_full: int = 0
    areas: int = 0
    unknown: int = 0
    latencies_ms: deque[float] = field(default_factory=lambda: deque(maxlen=400))
    latency_counts: list[int] = field(default_factory=lambda: [0] * (len(LATENCY_BOUNDS_MS) + 1))
    latency_sum_ms: float = 0.0
    detections: Counter[str] = field(default_factory=Counter)

    def took(self, latency_ms: float) -> None:
        """One picture's tracks were told so long after it was taken."""
        self.latencies_ms.append(latency_ms)
        self.latency_counts[bisect_left(LATENCY_BOUNDS_MS, latency_ms)] += 1
        self.latency_sum_ms += latency_ms


class Eye:
    """One camera: a thread that decodes every packet and passes every picture by the motion gate.

    Looking itself is done by the board's threads, through ``prepare`` and ``take``.

    Args:
        activity: told each second of the camera, a second or two after it ended.
        road: told every picture.
        full_look_s: the whole frame is looked at this often at the least; 0 is always.
        object_min_px: height of the smallest wanted object in a frame.
    """

    def __init__(
        self,
        camera: Camera,
        subscriber: PacketSubscriber,
        models: ModelSource,
        tracker: Tracker,
        board: LookBoard[Frame],
        sender: Callable[[TracksMessage], bool],
        stages: StageTimes,
        *,
        clock: Clock,
        activity: Callable[[ActivityMessage], object],
        road: RoadWatch,
        full_look_s: float = FULL_LOOK_S,
        object_min_px: float = OBJECT_MIN_PX,
    ) -> None:
        self.camera = camera
        self._subscriber = subscriber
        self._models = models
        self._tracker = tracker
        self._board = board
        self._send = sender
        self._tell_activity = activity
        self._road = road
        self._stages = stages
        self._clock = clock
        self._object_min_px = object_min_px
        self._figures = _Figures()
        self._decoder: VideoDecoder | None = None
        self._gate: MotionGate | None = None
        self._gate_size_wh = (0, 0)
        self._health = CameraHealth()
        self._generation = -1
        self._lost = 0
        # what the camera's own thread and the detector threads share, and the order of what is told
        self._lock = threading.Lock()
        self._attention = Attention(full_look_s=full_look_s)
        self._activity = ActivityFold()
        self._model: DetectorModel | None = None
        self._detector: Detector | None = None
        self._planner: RegionPlanner | None = None
        self._planner_size_wh = (0, 0)
        # frames of one decoder share a converter
        self._convert_lock = threading.Lock()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"eye/{camera.id}", daemon=True)

    @property
    def camera_id(self) -> str:
        return self.camera.id

    @property
    def wanted_looks_per_s(self) -> float:
        return self.camera.detect_fps

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
                    self.feed(packet)
        finally:
            self._subscriber.close()

    def feed(self, packet: Packet) -> None:
        """Take the next coded picture; called by the thread of ``start``."""
        if packet.info.generation != self._generation or self._decoder is None:
            self._board.withdraw(self.camera.id)
            with self._lock:
                self._tracker.reset()
                self._attention.reset()
                self._generation = packet.info.generation
            self._decoder = VideoDecoder(packet.info)
        with self._stages.stage("decode"):
            frames = self._decoder.decode(packet)
        for frame in frames:
            self._see(frame)

    def _see(self, frame: Frame) -> None:
        self._figures.frames += 1
        if self._clock.wall_ns() - frame.wall_ns > LATE_NS:
            self._figures.frames_unprocessed += 1
            return
        with self._stages.stage("motion"):
            if self._gate is None or self._gate_size_wh != frame.size_wh:
                self._gate, self._gate_size_wh = MotionGate(frame.size_wh), frame.size_wh
            with self._convert_lock:
                luma = frame.luma()
            motion = self._gate.update(luma, frame.pts_ns)
        with self._stages.stage("health"):
            self._health.update(luma, frame.pts_ns, self._clock.wall_ns())
            self._road.saw_luma(luma, frame.pts_ns)
        self._figures.motion_frames += motion.active
        lost = self._subscriber.lost != self._lost
        self._lost = self._subscriber.lost
        with self._lock:
            self._attention.saw(motion, frame.pts_ns)
            told = self._activity.saw(motion.boxes, frame.size_wh, frame.wall_ns)
            if lost:
                self._attention.demand_full()
                self._tell_unknown(frame, Unknown.PACKET_LOSS)
        for second in told:
            self._tell_activity(ActivityMessage(self.camera.id, second))
        self._board.offer(self.camera.id, frame, motion=motion.active)
        unknown = self._board.unknown(self.camera.id)
        if unknown is not None:  # unknown is not empty: whoever gets no looks is told as such
            with self._lock:
                self._tell_unknown(frame, unknown)

    def prepare(self, picture: Frame) -> Look:
        """What to look at in this picture, with the model that looks at this camera now."""
        model = self._models.model_of(self.camera.id)
        since_s = time.thread_time()
        with self._convert_lock:
            frame_bgr = picture.bgr()
        since_s = self._stages.add("convert", since_s)
        with self._lock:
            if self._road.reads_lamps:
                self._road.saw_picture(frame_bgr, picture.pts_ns, picture.wall_ns)
            if model is not self._model or self._detector is None:
                self._detector = model.open(self.camera.id)
                self._model = model
                self._planner = None
            if self._planner is None or self._planner_size_wh != picture.size_wh:
                self._planner = self._plan_for(model, picture.size_wh)
                self._planner_size_wh = picture.size_wh
                self._attention.demand_full()
            plan = self._attention.take(self._planner, picture.pts_ns)
            look = Look(
                self.camera.id,
                model,
                self._detector,
                frame_bgr,
                picture.pts_ns,
                picture.wall_ns,
                plan,
                self._attention.tracks_at(picture.pts_ns),
                self._generation,
            )
        self._stages.add("plan", since_s)
        return look

    def _plan_for(self, model: DetectorModel, size_wh: tuple[int, int]) -> RegionPlanner:
        sizes = () if model.areas is None else region_sizes(model.areas)
        return RegionPlanner(size_wh, model.info.input_wh, sizes, object_min_px=self._object_min_px)

    def fail(self, picture: Frame) -> None:
        """No model could be asked: the picture is unknown."""
        with self._lock:
            self._attention.demand_full()
            self._tell_unknown(picture, Unknown.DETECTOR_DOWN)

    def take(self, look: Look, result: LookResult) -> bool:
        """Track, tell. True if something that moves is being followed now."""
        self._models.looked(LookOutcome(look.camera_id, look.model, result.seconds, result.found))
        since_s = time.thread_time()
        with self._lock:
            if look.generation != self._generation:
                return False  # the stream began anew meanwhile; nothing of before may be mixed in
            tracks = self._track(look, result)
            self._attention.follow(tracks)
            follows = self._attention.follows
            if tracks.unknown is None:
                self._activity.looked(tracks)
            self._tell(tracks)
        self._stages.add("track", since_s)
        self._figures.took((self._clock.wall_ns() - look.wall_ns) / NS_PER_MS)
        return follows

    def _track(self, look: Look, result: LookResult) -> FrameTracks:
        when = look.pts_ns, look.wall_ns, look.frame_wh
        if result.found is None:
            self._attention.demand_full()
            self._figures.unknown += 1
            return self._tracker.skip(*when, Unknown.DETECTOR_DOWN)
        self._figures.looks += 1
        self._figures.looks_full += look.plan.is_full
        self._figures.areas += len(look.plan.areas)
        self._figures.detections.update(
            ObjectClass(c).label for c in result.found.class_id.tolist()
        )
        looked_xyxy = None if look.plan.is_full else look.plan.looked_xyxy()
        return self._tracker.update(result.found, *when, looked_xyxy=looked_xyxy)

    def _tell_unknown(self, frame: Frame, reason: Unknown) -> None:
        self._figures.unknown += 1
        self._tell(self._tracker.skip(frame.pts_ns, frame.wall_ns, frame.size_wh, reason))

    def _tell(self, tracks: FrameTracks) -> None:
        self._board.told(self.camera.id)
        message = TracksMessage.of(self.camera.id, self._generation, tracks)
        told = msgspec.structs.replace(
            message,
            looks_per_s=self._board.granted(self.camera.id),
            signals=self._road.signals,
            calibration_doubt=self._road.calibration_doubt,
        )
        self._send(told)

    def status(self) -> VisionStatus:
        figures = self._figures
        latencies = list(figures.latencies_ms)
        return VisionStatus(
            self.camera.id,
            self._models.model_of(self.camera.id).info.name,
            frames=figures.frames,
            frames_unprocessed=figures.frames_unprocessed,
            motion_frames=figures.motion_frames,
            looks=figures.looks,
            looks_full=figures.looks_full,
            areas=figures.areas,
            unknown=figures.unknown,
            looks_per_s=self._board.granted(self.camera.id),
            latency_ms_p95=float(np.percentile(latencies, 95)) if latencies else 0.0,
            latency_counts=list(figures.latency_counts),
            latency_sum_ms=figures.latency_sum_ms,
            detections=dict(figures.detections),
            packets_lost=self._subscriber.lost,
            faults=None if (faults := self._health.faults()) is None else list(faults),
        )

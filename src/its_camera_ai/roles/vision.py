"""The vision process: an eye for each camera, and the detector threads that they share."""

import functools
import threading
from collections.abc import Callable

import cv2
import msgspec

from its_camera_ai.bus.messages import ActivityMessage, RoleStatus, TracksMessage
from its_camera_ai.bus.ports import Bus, IngestSender, TracksSender
from its_camera_ai.core.cameras import Camera
from its_camera_ai.core.time import Clock
from its_camera_ai.ops.stage_times import StageTimes
from its_camera_ai.roles.eye import OBJECT_MIN_PX, Eye
from its_camera_ai.roles.road_watch import LandmarkShelf, RoadWatch
from its_camera_ai.tracking.tracker import Tracker
from its_camera_ai.video.decoder import Frame
from its_camera_ai.vision.attention import FULL_LOOK_S
from its_camera_ai.vision.look_board import BATCH_WAIT_S, HUNG_AFTER_S, LookBoard
from its_camera_ai.vision.model_source import ModelSource


class Vision:
    """Runs an eye for each wanted camera, and the detector threads that they share.

    Args:
        models: asked before every look, told after it.
        batch_max: areas of several cameras in one call of the network; 0 as the model finds best.
        batch_wait_s: so long a look waits for company at the most.
        full_look_s: whole frames are looked at this often at the least; 0 is always.
        object_min_px: height of the smallest wanted object in a frame.
        hung_after_s: a detector call that takes longer makes this process one to be restarted.
        landmarks: where the looks of calibrated cameras' landmarks are kept.
        next_track_id: the first id that a camera's new tracker may use.
    """

    def __init__(
        self,
        bus: Bus,
        models: ModelSource,
        *,
        detector_threads: int,
        next_track_id: Callable[[str], int],
        clock: Clock,
        landmarks: LandmarkShelf,
        batch_max: int = 0,
        batch_wait_s: float = BATCH_WAIT_S,
        full_look_s: float = FULL_LOOK_S,
        object_min_px: float = OBJECT_MIN_PX,
        hung_after_s: float = HUNG_AFTER_S,
    ) -> None:
        self._bus = bus
        self._models = models
        self._next_track_id = next_track_id
        self._clock = clock
        self._landmarks = landmarks
        self._stages = StageTimes()
        self._full_look_s = full_look_s
        self._object_min_px = object_min_px
        self._board: LookBoard[Frame] = LookBoard(
            threads=detector_threads,
            clock=clock,
            batch_max=batch_max,
            batch_wait_s=batch_wait_s,
            hung_after_s=hung_after_s,
            booked=functools.partial(self._stages.add, "detect"),
        )
        self._sender: TracksSender = bus.tracks_sender()
        self._ingest: IngestSender = bus.ingest_sender()
        self._sender_lock = threading.Lock()
        self._unsent = 0
        self._eyes: dict[str, Eye] = {}
        self._lock = threading.Lock()
        cv2.setNumThreads(1)  # the cores are shared out by camera and detector threads already
        self._board.start()

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
            self._models,
            Tracker(next_id=self._next_track_id(camera.id)),
            self._board,
            self._send,
            self._stages,
            clock=self._clock,
            activity=self._tell_activity,
            road=RoadWatch(camera.id, camera.scene, self._landmarks),
            full_look_s=self._full_look_s,
            object_min_px=self._object_min_px,
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

    def _tell_activity(self, message: ActivityMessage) -> None:
        with self._sender_lock:  # what can't be sent stays unknown, and is recorded
            self._ingest.send(message)

    def close(self) -> None:
        for eye in self._eyes.values():
            eye.request_stop()
        self._board.stop()
        for eye in list(self._eyes.values()):
            eye.join()
        self._sender.close()
        self._ingest.close()
        self._models.close()

    def status(self, bare: RoleStatus) -> RoleStatus:
        """For the heartbeat.

        Raises:
            RuntimeError: a thread has died or a detector hangs; without heartbeats the supervisor
                restarts this process.
        """
        with self._lock:
            eyes = list(self._eyes.values())
        dead = [eye.camera.id for eye in eyes if not eye.alive]
        if dead:
            raise RuntimeError(f"threads have died: {', '.join(dead)}")
        if problem := self._board.problem():
            raise RuntimeError(problem)
        return msgspec.structs.replace(
            bare,
            vision=[eye.status() for eye in eyes],
            models=self._models.statuses(),
            busy_s=self._stages.snapshot(),
            counters={"tracks_unsent": float(self._unsent), **self._board.figures()},
        )


def _seen_of(camera: Camera) -> object:
    """What a change of must restart the eye."""
    scene = camera.scene
    return (camera.main, camera.sub, camera.detect_fps, scene.signals, scene.calibration)

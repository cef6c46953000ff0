"""The gates of all cameras, and what vision and the server tell them."""

import threading

import structlog

from its_camera_ai.bus.messages import (
    ActivityMessage,
    IngestMessage,
    JudgedMessage,
    RecordRequest,
)
from its_camera_ai.bus.ports import IngestReceiver
from its_camera_ai.core.cameras import Camera
from its_camera_ai.core.recording import RecordingPlan
from its_camera_ai.core.site_facts import SiteFacts
from its_camera_ai.core.time import Clock
from its_camera_ai.recorder.files.segment_index import SegmentIndex
from its_camera_ai.recorder.writing.activity_book import ActivityBook
from its_camera_ai.recorder.writing.patient_index import PatientIndex
from its_camera_ai.recorder.writing.recording_gate import GateFigures, PacketSink, RecordingGate
from its_camera_ai.recorder.writing.recording_schedule import RecordingSchedule

log = structlog.get_logger(__name__)

RECEIVE_S = 0.5


class RecordingModes:
    """Listens in a thread of its own.

    Args:
        index: gets the rows of closed files, complete with what vision saw.
        words: of vision and the server; None where nobody speaks, and so everything is unknown.

    Attributes:
        activity: for the recorders.
        index: for the recorders.
    """

    def __init__(self, index: SegmentIndex, words: IngestReceiver | None, clock: Clock) -> None:
        self._book = ActivityBook()
        self.activity = self._book.of
        self.index = PatientIndex(index, self._book, clock)
        self._words = words
        self._facts = SiteFacts()
        self._lock = threading.Lock()
        self._gates: dict[str, tuple[Camera, RecordingGate]] = {}
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="recording-modes", daemon=True)
        if words is not None:
            self._thread.start()

    def be_at(self, facts: SiteFacts) -> None:
        """The site is there from now on."""
        with self._lock:
            if facts == self._facts:
                return
            self._facts = facts
            for camera, gate in self._gates.values():
                gate.follow(self._schedule(camera))

    def gate(self, camera: Camera, recorder: PacketSink) -> RecordingGate:
        """A gate for a camera that begins."""
        with self._lock:
            gate = RecordingGate(recorder, self._schedule(camera))
            self._gates[camera.id] = (camera, gate)
        return gate

    def follow(self, camera: Camera) -> None:
        """The camera's plan may be another one; what runs goes on."""
        with self._lock:
            known = self._gates.get(camera.id)
            if known is None or known[0].recording == camera.recording:
                return
            self._gates[camera.id] = (camera, known[1])
            known[1].follow(self._schedule(camera))

    def forget(self, camera_id: str) -> None:
        """The camera ends."""
        with self._lock:
            known = self._gates.pop(camera_id, None)
        if known is not None:
            known[1].close()
        self._book.forget(camera_id)

    def figures(self, camera_id: str) -> GateFigures | None:
        with self._lock:
            known = self._gates.get(camera_id)
        return None if known is None else known[1].figures

    @property
    def alive(self) -> bool:
        """False if the thread died of something unforeseen."""
        return self._words is None or self._thread.is_alive() or self._stop.is_set()

    def close(self) -> None:
        """After the recorders, before the index."""
        self._stop.set()
        if self._words is not None:
            self._thread.join(5 * RECEIVE_S)
            self._words.close()
        self.index.close()

    def _schedule(self, camera: Camera) -> RecordingSchedule:
        try:
            return RecordingSchedule(camera.recording, self._facts)
        except (ValueError, KeyError, NotImplementedError, OSError) as error:
            # checked when it was stored, but by other versions of the tables of zones and holidays
            log.error(
                "a schedule can't be used, everything is recorded: apply the site file again",
                camera=camera.id,
                problem=str(error),
            )
            return RecordingSchedule(RecordingPlan(), SiteFacts())

    def _run(self) -> None:
        assert self._words is not None  # noqa: S101  started only with one
        while not self._stop.is_set():
            message = self._words.receive(RECEIVE_S)
            if message is not None:
                self.hear(message)
            self.index.tick()

    def hear(self, message: IngestMessage) -> None:
        """One word about one camera."""
        with self._lock:
            known = self._gates.get(message.camera_id)
        if known is None:
            return  # not recorded here
        gate = known[1]
        match message:
            case ActivityMessage():
                self._book.hear(message.camera_id, message.second)
                gate.saw(message.second)
            case JudgedMessage():
                gate.judged(message.until_wall_ns)
            case RecordRequest():
                gate.ask(message.since_wall_ns, message.until_wall_ns)

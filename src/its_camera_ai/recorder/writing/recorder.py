"""Packets of one stream to segments, in a thread of its own that only waits for the disk."""

import functools
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace

import structlog

from its_camera_ai.core.errors import CameraUnsupported, StorageUnavailable
from its_camera_ai.core.ids import new_id
from its_camera_ai.core.media import Packet
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.recorder.files.segment_index import SegmentIndex
from its_camera_ai.recorder.volumes.volume import Volume
from its_camera_ai.recorder.writing.fragments import END_OF_FILE, Fragment, FragmentCutter
from its_camera_ai.recorder.writing.stream_files import ActivityOf, StreamFiles

log = structlog.get_logger(__name__)

QUEUE_BYTES_MAX = 64 * 1024 * 1024
RETRY_S = 1.0
SILENT_AFTER_S = 5.0
"""A disk that did not answer for so long is told as a problem."""


def nothing_seen(camera_id: str, since_wall_ns: int, until_wall_ns: int) -> None:
    """Where nobody looks."""


@dataclass(slots=True)
class RecorderFigures:
    """Counters since the start, read by the status thread."""

    recorded_packets: int = 0
    unrecorded_packets: int = 0
    recording: bool = False
    problem: str = ""


class Recorder:
    """Records one stream.

    The capture thread calls ``put``, which never touches the disk; whole fragments wait in a queue
    bounded by bytes. If the disk stays away for longer than the queue lasts, the oldest fragments
    are given up and counted in ``figures.unrecorded_packets``; nothing else is ever lost.

    Args:
        volume: segments go to ``<root>/<camera>/<role>/<date>/<time>_<id>.mp4``.
        index: told about each closed segment.
        segment_s: a new file begins at the first key frame after this many seconds.
        activity: asked at the end of each segment.
    """

    def __init__(
        self,
        volume: Volume,
        index: SegmentIndex,
        *,
        segment_s: float = 20.0,
        activity: ActivityOf = nothing_seen,
        make_id: Callable[[int], str] = new_id,
    ) -> None:
        self._volume = volume
        self._cutter = FragmentCutter(int(segment_s * NS_PER_S))
        self._files = StreamFiles(volume, index, activity=activity, make_id=make_id)
        self.figures = RecorderFigures()
        self._queue: deque[Fragment] = deque()
        self._queued_bytes = 0
        self._in_hand: Fragment | None = None
        self._asked_s: float | None = None  # since when the disk has not answered
        self._changed = threading.Condition()
        self._closing = False
        self._give_up_s = 0.0
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """False if the thread died of something unforeseen: the process must then be restarted."""
        return self._thread.is_alive()

    def told(self) -> RecorderFigures:
        """The figures as another thread sees them: this one can't tell that it waits."""
        since_s = self._asked_s
        silent_s = 0.0 if since_s is None else time.monotonic() - since_s
        if silent_s < SILENT_AFTER_S:
            return self.figures
        problem = (
            f"The disk of {self._volume.root} has not answered for {silent_s:.0f} s: check the "
            "disk, or the network and server of the share. Recording goes on by itself as soon as "
            "it answers."
        )
        return replace(self.figures, recording=False, problem=problem)

    def put(self, packet: Packet) -> None:
        """Take one packet. Called by the capture thread; costs no I/O."""
        self._queue_up(self._cutter.put(packet))

    def end_connection(self) -> None:
        """The camera is gone for now: put what there is on disk and close the file."""
        self._queue_up(self._cutter.end_connection())
        self._queue_up(END_OF_FILE)

    def close(self, timeout_s: float = 10.0) -> None:
        """Finish what waits and the file; gives up after the time-out if the disk does not obey."""
        self.request_close(timeout_s)
        self.join(timeout_s)

    def request_close(self, timeout_s: float = 10.0) -> None:
        """As ``close``, without waiting."""
        self._queue_up(self._cutter.end())
        with self._changed:
            self._closing = True
            self._give_up_s = time.monotonic() + 0.8 * timeout_s
            self._changed.notify()

    def join(self, timeout_s: float) -> None:
        """Wait for the end after ``request_close``, but no longer than that for the disk."""
        self._thread.join(max(timeout_s, 0.0))
        if self._thread.is_alive():
            with self._changed:
                lost = sum(len(fragment.packets) for fragment in self._queue)
            log.error("the disk does not answer: what waits for it is lost", packets=lost)

    def _queue_up(self, fragment: Fragment | None) -> None:
        if fragment is None:
            return
        with self._changed:
            self._queue.append(fragment)
            self._queued_bytes += fragment.size_bytes
            self._drop_what_is_too_much()
            self._changed.notify()

    def _drop_what_is_too_much(self) -> None:
        """Give up the oldest fragments, but for the one that is just being written [5]."""
        oldest = 1 if self._queue[0] is self._in_hand else 0
        while self._queued_bytes > QUEUE_BYTES_MAX and len(self._queue) > oldest + 1:
            lost = self._queue[oldest]
            del self._queue[oldest]
            self._queued_bytes -= lost.size_bytes
            self.figures.unrecorded_packets += len(lost.packets)
            # what follows lost its beginning: it starts a file of its own at its key frame
            self._queue[oldest] = replace(self._queue[oldest], begins_segment=True)

    def _run(self) -> None:
        while (fragment := self._next()) is not None:
            done = self._tried(functools.partial(self._write, fragment))
            with self._changed:
                self._in_hand = None
                if done:
                    self._queue.popleft()
                    self._queued_bytes -= fragment.size_bytes
                elif self._is_given_up():
                    self.figures.unrecorded_packets += sum(len(f.packets) for f in self._queue)
                    break
                else:
                    self._changed.wait(RETRY_S)
        while not self._tried(self._files.close) and not self._is_given_up():
            with self._changed:
                self._changed.wait(RETRY_S)
        self._files.abandon()

    def _next(self) -> Fragment | None:
        """The oldest fragment, once there is one; None at the end."""
        with self._changed:
            while not self._queue and not self._closing:
                self._changed.wait()
            self._in_hand = self._queue[0] if self._queue else None
            return self._in_hand

    def _is_given_up(self) -> bool:
        return self._closing and time.monotonic() > self._give_up_s

    def _tried(self, work: Callable[[], None]) -> bool:
        """True if it is done, or can never be; False if it is to be tried again."""
        self._asked_s = time.monotonic()
        try:
            work()
        except StorageUnavailable as error:
            if not self.figures.problem:
                log.error("recording failed", problem=str(error))
            self.figures.problem, self.figures.recording = str(error), False
            return False
        except CameraUnsupported as error:
            self.figures.problem, self.figures.recording = str(error), False
            return True
        finally:
            self._asked_s = None
        if self.figures.problem:
            log.info("recording goes on")
        self.figures.problem = ""
        return True

    def _write(self, fragment: Fragment) -> None:
        try:
            written = self._files.write(fragment)
        except CameraUnsupported:
            self.figures.unrecorded_packets += len(fragment.packets)
            raise
        self.figures.recorded_packets += written.recorded
        self.figures.unrecorded_packets += written.unrecorded
        self.figures.recording = written.recorded > 0

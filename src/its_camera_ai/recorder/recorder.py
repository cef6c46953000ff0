"""Packets of one stream to segments, in a thread of its own that only waits for the disk."""

import errno
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

import structlog

from its_camera_ai.core.activity import SegmentActivity
from its_camera_ai.core.errors import CameraUnsupported, StorageUnavailable
from its_camera_ai.core.ids import new_id
from its_camera_ai.core.media import MediaKind, Packet
from its_camera_ai.core.segments import Segment
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.recorder.recovery import take_up
from its_camera_ai.recorder.segment_file import SegmentWriter
from its_camera_ai.recorder.volume import Volume

log = structlog.get_logger(__name__)

FRAGMENT_NS = NS_PER_S
QUEUE_BYTES_MAX = 64 * 1024 * 1024
RETRY_S = 1.0
OFFSET_STEP_NS = 20_000_000


class SegmentIndex(Protocol):
    """Where closed segments are announced. Must never block or raise."""

    def add(self, segment: Segment) -> None: ...


ActivityOf = Callable[[str, int, int], SegmentActivity | None]
"""What vision saw of a camera between two wall times; must never block or raise."""


def nothing_seen(camera_id: str, since_wall_ns: int, until_wall_ns: int) -> None:
    """Where nobody looks."""


@dataclass(slots=True)
class RecorderFigures:
    """Counters since the start, read by the status thread."""

    recorded_packets: int = 0
    unrecorded_packets: int = 0
    recording: bool = False
    problem: str = ""


@dataclass(frozen=True, slots=True)
class _Fragment:
    packets: list[Packet]
    begins_segment: bool
    size_bytes: int


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
        self._index = index
        self._activity = activity
        self._last_hash: str | None = None  # None: what an earlier run left is not taken up yet
        self._segment_ns = int(segment_s * NS_PER_S)
        self._make_id = make_id
        self.figures = RecorderFigures()
        self._open_packets: list[Packet] = []
        self._open_begins = False
        self._segment_start: Packet | None = None
        self._queue: deque[_Fragment] = deque()
        self._queued_bytes = 0
        self._changed = threading.Condition()
        self._closing = False
        self._give_up_s = 0.0
        self._writer: SegmentWriter | None = None
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self._thread.start()

    @property
    def alive(self) -> bool:
        """False if the thread died of something unforeseen: the process must then be restarted."""
        return self._thread.is_alive()

    def put(self, packet: Packet) -> None:
        """Take one packet. Called by the capture thread; costs no I/O."""
        if packet.kind is MediaKind.VIDEO and (packet.is_key or self._fragment_is_long(packet)):
            self._seal()
            if packet.is_key and self._segment_is_due(packet):
                self._segment_start = packet
                self._open_begins = True
        start = self._segment_start
        if start is None or start.info.generation != packet.info.generation:
            return  # nothing can be decoded before the generation's first key frame
        self._open_packets.append(packet)

    def _fragment_is_long(self, packet: Packet) -> bool:
        return bool(self._open_packets) and (
            packet.dts_ns - self._open_packets[0].dts_ns >= FRAGMENT_NS
        )

    def _segment_is_due(self, key: Packet) -> bool:
        start = self._segment_start
        return (
            start is None
            or start.info.generation != key.info.generation
            or key.pts_ns - start.pts_ns >= self._segment_ns
            or abs(key.wall_offset_ns - start.wall_offset_ns) >= OFFSET_STEP_NS
        )

    def _seal(self) -> None:
        if not self._open_packets:
            return
        size = sum(len(p.data) for p in self._open_packets)
        fragment = _Fragment(self._open_packets, self._open_begins, size)
        self._open_packets, self._open_begins = [], False
        with self._changed:
            self._queue.append(fragment)
            self._queued_bytes += size
            while self._queued_bytes > QUEUE_BYTES_MAX and len(self._queue) > 1:
                self._give_up(self._queue.popleft())
            self._changed.notify()

    def _give_up(self, fragment: _Fragment) -> None:
        self._queued_bytes -= fragment.size_bytes
        self.figures.unrecorded_packets += len(fragment.packets)
        if self._queue and not self._queue[0].begins_segment:
            # what follows lost its beginning: it starts a file of its own at its key frame
            following = self._queue[0]
            self._queue[0] = _Fragment(following.packets, True, following.size_bytes)

    def end_connection(self) -> None:
        """The camera is gone for now: put what there is on disk and close the file."""
        self._seal()
        self._segment_start = None
        with self._changed:
            self._queue.append(_Fragment([], True, 0))
            self._changed.notify()

    def close(self, timeout_s: float = 10.0) -> None:
        """Finish what waits and the file; gives up after the time-out if the disk does not obey."""
        self._seal()
        with self._changed:
            self._closing = True
            self._give_up_s = time.monotonic() + 0.8 * timeout_s
            self._changed.notify()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._queue and not self._closing:
                    self._changed.wait()
                if not self._queue:
                    break
                fragment = self._queue[0]
            if self._write(fragment):
                with self._changed:
                    if self._queue and self._queue[0] is fragment:
                        self._queue.popleft()
                        self._queued_bytes -= fragment.size_bytes
            elif self._closing and time.monotonic() > self._give_up_s:
                self.figures.unrecorded_packets += sum(len(f.packets) for f in self._queue)
                break
            else:
                with self._changed:
                    self._changed.wait(RETRY_S)
        self._close_writer()

    def _write(self, fragment: _Fragment) -> bool:
        try:
            self._volume.check()
            if fragment.begins_segment or self._writer is None:
                self._close_writer()
                if not fragment.packets:
                    return True
                self._writer = self._begin(fragment)
                if self._writer is None:
                    self.figures.unrecorded_packets += len(fragment.packets)
                    return True
            self.figures.recorded_packets += self._writer.append(fragment.packets)
        except StorageUnavailable as error:
            if _is_full(error) and self._volume.make_room(fragment.size_bytes):
                return self._write(fragment)
            if not self.figures.problem:
                log.error("recording failed", problem=str(error))
            self.figures.problem, self.figures.recording = str(error), False
            return False
        except CameraUnsupported as error:
            self.figures.problem, self.figures.recording = str(error), False
            self.figures.unrecorded_packets += len(fragment.packets)
            return True
        if self.figures.problem:
            log.info("recording goes on")
        self.figures.problem, self.figures.recording = "", True
        return True

    def _begin(self, fragment: _Fragment) -> SegmentWriter | None:
        """A new file from the fragment's first key frame; None if it holds none."""
        first = next((p for p in fragment.packets if p.is_key and p.kind is MediaKind.VIDEO), None)
        if first is None:
            return None
        self._take_up(first)
        media_id = self._make_id(first.wall_ns)
        moment = datetime.fromtimestamp(first.wall_ns / NS_PER_S, tz=UTC)
        name = f"{moment:%H-%M-%S}-{moment.microsecond // 1000:03d}_{media_id[-12:]}.mp4"
        stream = self._volume.root / first.info.camera_id / first.info.role
        path = stream / f"{moment:%Y-%m-%d}" / name
        return SegmentWriter(self._volume.disk, path, first.info, first, media_id)

    def _take_up(self, first: Packet) -> None:
        if self._last_hash is None:
            taken = take_up(self._volume, first.info.camera_id, first.info.role)
            self._last_hash = taken.last_hash
            for segment in taken.segments:
                self._index.add(segment)

    def _close_writer(self) -> None:
        writer, self._writer = self._writer, None
        if writer is None:
            return
        camera_id, begin_ns, end_ns = writer.span
        try:
            segment = writer.close(
                self._volume.root,
                previous_hash=self._last_hash or "",
                activity=self._activity(camera_id, begin_ns, end_ns),
            )
        except StorageUnavailable as error:
            self._last_hash = None  # before the next file begins, this one is taken up and closed
            self.figures.problem = str(error)
            log.error("a segment could not be closed", problem=str(error))
        else:
            self._last_hash = segment.content_hash
            self._index.add(segment)


def _is_full(error: StorageUnavailable) -> bool:
    cause = error.__cause__
    return isinstance(cause, OSError) and cause.errno in (errno.ENOSPC, errno.EDQUOT)

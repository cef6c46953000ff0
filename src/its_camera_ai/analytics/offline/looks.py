"""A file's pictures, each looked at, in order: one thread decodes, several detect."""

import threading
from array import array
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, Full, Queue
from typing import NoReturn

import numpy as np
import numpy.typing as npt

from its_camera_ai.analytics.offline.window import Thinning, Window
from its_camera_ai.core.detections import Detections
from its_camera_ai.core.errors import ConfigInvalid, InputUnreadable
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.video.decoder import Frame
from its_camera_ai.video.files import VideoFile
from its_camera_ai.vision.detector import DetectorModel

_AHEAD_BYTES_MAX = 256 * 1024 * 1024
"""Decoded pictures waiting for a detector; very large pictures wait in smaller numbers."""
_POLL_S = 0.1
STATEFUL_FAMILY = "moving"
"""Of the detector without a network: it sees what moves, with its shadow, and remembers."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the file was read when a picture was reached.

    Attributes:
        read: pictures of the window so far.
        lost: coded pictures of the window so far that could not be decoded.
    """

    read: int
    lost: int


@dataclass(frozen=True, slots=True, eq=False)
class Look:
    """One picture and what is in it.

    Attributes:
        number: of the picture in the file, from 1.
        pts_ns: its stream time. size_wh: pixels.
        picture: (H, W, 3) BGR uint8; not to be changed, a detector may still hold it.
        detections: None for a picture that is damaged and was not looked at.
        progress: up to this picture and including it.
    """

    number: int
    pts_ns: int
    size_wh: tuple[int, int]
    picture: npt.NDArray[np.uint8]
    detections: Detections | None
    progress: Progress


@dataclass(frozen=True, slots=True, eq=False)
class _Pending:
    """A look whose detections may still be on their way."""

    number: int
    pts_ns: int
    size_wh: tuple[int, int]
    picture: npt.NDArray[np.uint8]
    found: "Future[Detections] | None"
    progress: Progress

    def look(self) -> Look:
        detections = None if self.found is None else self.found.result()
        return Look(self.number, self.pts_ns, self.size_wh, self.picture, detections, self.progress)


@dataclass(frozen=True, slots=True)
class _Failed:
    error: BaseException


class Looks:
    """Iterate once; ``close`` or leaving the ``with`` block stops the threads.

    A network without memory is asked from several threads at once (ONNX Runtime frees the
    interpreter); a detector with memory sees the pictures one after the other. Either way the
    looks come in the order of the file.

    Args:
        video: an open file, read from its beginning.
        model: what looks.
        window: which pictures.
        workers: detector threads for a model without memory.
        stop: set from outside to read no further.

    Attributes:
        times_ns: stream time of every picture read so far, from the beginning of the file; the
            picture's number less one is its index.
        total: after the last look: how much of the window was read.
    """

    def __init__(
        self,
        video: VideoFile,
        model: DetectorModel,
        window: Window,
        *,
        workers: int,
        stop: threading.Event | None = None,
    ) -> None:
        self._video = video
        self._detector = model.open("file")
        self._window = window
        self._workers = 1 if model.info.family == STATEFUL_FAMILY else max(1, workers)
        self.times_ns = array("q")
        self.total = Progress(0, 0)
        self._stop = stop or threading.Event()
        self._halt = threading.Event()
        self._queue: Queue[_Pending | _Failed | Progress] = Queue(self._ahead())
        self._pool = ThreadPoolExecutor(self._workers, thread_name_prefix="detect")
        self._thread = threading.Thread(target=self._read_all, name="decode", daemon=True)

    def _ahead(self) -> int:
        info = self._video.info.video
        picture_bytes = max(1, info.width * info.height * 3)
        return max(1, min(2 * self._workers + 2, _AHEAD_BYTES_MAX // picture_bytes))

    def __iter__(self) -> Iterator[Look]:
        self._thread.start()
        while True:
            match self._queue.get():
                case _Pending() as pending:
                    yield pending.look()
                case _Failed(error):
                    raise error
                case Progress() as total:
                    self.total = total
                    return

    def __enter__(self) -> "Looks":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Stop reading and wait for the threads."""
        self._halt.set()
        if self._thread.ident is not None:
            self._thread.join()
        self._pool.shutdown(cancel_futures=True)
        while True:
            try:
                self._queue.get_nowait()
            except Empty:
                return

    def _read_all(self) -> None:
        try:
            self._put(self._read())
        except BaseException as error:  # noqa: BLE001  carried over to the thread that iterates
            self._put(_Failed(error))

    def _read(self) -> Progress:
        thinning = Thinning(self._window.fps)
        read = lost_before = 0
        for frame in self._video.frames():
            if self._window.ended_at(frame.pts_ns) or self._stop.is_set():
                break
            self.times_ns.append(frame.pts_ns)
            if self._window.begins_after(frame.pts_ns):
                lost_before = self._video.undecodable_packets
                continue
            read += 1
            if thinning.takes(frame.pts_ns):
                lost = self._video.undecodable_packets - lost_before
                if not self._put(self._submit(frame, Progress(read, lost))):
                    break
        return Progress(read, self._video.undecodable_packets - lost_before)

    def _submit(self, frame: Frame, progress: Progress) -> _Pending:
        picture = frame.bgr()
        damaged = frame.picture.is_corrupt
        found = None
        if not damaged:
            found = self._pool.submit(self._detector.detect, picture, frame.pts_ns)
        number = len(self.times_ns)
        return _Pending(number, frame.pts_ns, frame.size_wh, picture, found, progress)

    def _put(self, item: _Pending | _Failed | Progress) -> bool:
        """False if nobody wants to know any more."""
        while not self._halt.is_set():
            try:
                self._queue.put(item, timeout=_POLL_S)
            except Full:
                continue
            return True
        return False


def refuse_nothing_seen(path: Path, times_ns: "array[int]", window: Window) -> NoReturn:
    """Why there was not one look.

    Args:
        times_ns: of the pictures that were read.

    Raises:
        InputUnreadable: none was read.
        ConfigInvalid: the window begins after the last one.
    """
    if not times_ns:
        raise InputUnreadable(
            f"{path}: not one picture of it can be decoded; the file is damaged. Try 'ffprobe' "
            "on it, or record it again."
        )
    raise ConfigInvalid(
        f"{path} has no picture after --start {window.start_s:g}: its last one is at "
        f"{times_ns[-1] / NS_PER_S:.2f} s. Choose an earlier start."
    )

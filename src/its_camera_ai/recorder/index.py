"""The way from closed files to index rows: in the background, retried, and healed at start-up."""

import os
import threading
from collections import deque
from collections.abc import Callable
from pathlib import Path

import structlog

from its_camera_ai.core.errors import RetryableError
from its_camera_ai.core.ids import new_id
from its_camera_ai.core.segments import Segment
from its_camera_ai.recorder.segment_file import (
    PART_SUFFIX,
    measure,
    read_description,
)
from its_camera_ai.store.files import sync_folder
from its_camera_ai.store.segments import SegmentRepository

log = structlog.get_logger(__name__)

RETRY_S = 2.0
WAITING_MAX = 10_000
QUARANTINE = ".quarantine"


class BackgroundIndex:
    """Writes index rows in its own thread, so that a locked or dead database holds up nothing.

    Rows wait in memory while the database is away. Should they be lost too, ``heal`` finds the
    files at the next start.

    Args:
        repository: gives the index; raises ``RetryableError`` while the database is away.
    """

    def __init__(self, repository: Callable[[], SegmentRepository]) -> None:
        self._repository = repository
        self._waiting: deque[Segment] = deque(maxlen=WAITING_MAX)
        self._changed = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="segment-index", daemon=True)
        self._thread.start()

    def add(self, segment: Segment) -> None:
        with self._changed:
            self._waiting.append(segment)
            self._changed.notify()

    @property
    def waiting(self) -> int:
        """Rows that the database has not taken yet."""
        return len(self._waiting)

    def close(self, timeout_s: float = 5.0) -> None:
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._waiting and not self._closing:
                    self._changed.wait()
                if not self._waiting:
                    return
                segment = self._waiting[0]
            try:
                self._repository().put(segment)
            except RetryableError as error:
                if self._closing:
                    return
                log.warning("the index waits for the database", problem=str(error))
                with self._changed:
                    self._changed.wait(RETRY_S)
                continue
            with self._changed:
                self._waiting.popleft()


def heal(media_root: Path, repository: SegmentRepository, camera_id: str) -> list[Segment]:
    """Index what a crash left unindexed; repair cut-off tails; quarantine what is no recording.

    Call it before the camera's recorder starts. Files are never deleted.

    Returns:
        The segments that were found and indexed.
    """
    known = repository.known_paths(camera_id)
    healed: list[Segment] = []
    for path in sorted((media_root / camera_id).rglob("*.mp4*")):
        if path.relative_to(media_root).as_posix() in known:
            continue  # before the disk is asked: at start-up nearly all are known
        if path.is_symlink() or not path.is_file():
            continue
        segment = _repaired(media_root, path)
        if segment is not None:
            repository.put(segment)
            healed.append(segment)
    return healed


def _repaired(media_root: Path, path: Path) -> Segment | None:
    with path.open("rb") as file:
        description = read_description(file)
        length = measure(file) if description is not None else None
    if description is None or length is None or length.frames == 0:
        _quarantine(media_root, path)
        return None
    if length.size_bytes < path.stat().st_size:
        log.warning("cut a torn tail off a recording", path=str(path))
        with path.open("rb+") as file:
            file.truncate(length.size_bytes)
            os.fsync(file.fileno())
    if path.name.endswith(PART_SUFFIX):
        path = path.rename(path.with_name(path.name.removesuffix(PART_SUFFIX)))
        sync_folder(path.parent)
    return description.segment(path.relative_to(media_root).as_posix(), length)


def _quarantine(media_root: Path, path: Path) -> None:
    folder = media_root / QUARANTINE
    folder.mkdir(exist_ok=True)
    target = folder / f"{new_id(path.stat().st_mtime_ns)}_{path.name}"
    path.rename(target)
    log.warning("put an unreadable file into quarantine", path=str(path), now=str(target))

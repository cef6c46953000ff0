"""Takes up what a crash left: closes the files that were in the making, brings the index in step.

Nothing is deleted: a torn tail is cut, what can't be read goes into quarantine [6].
"""

import errno
from collections.abc import Callable
from dataclasses import asdict, dataclass

import structlog

from its_camera_ai.core.jobs import Daily, JobResult, Schedule
from its_camera_ai.core.media import StreamRole
from its_camera_ai.core.segments import Segment
from its_camera_ai.recorder.checking.check import Depth, check
from its_camera_ai.recorder.checking.closing import close_left, newest_hash
from its_camera_ai.recorder.checking.repair import Repaired, Repairs
from its_camera_ai.recorder.files.media_tree import is_folder
from its_camera_ai.recorder.files.segment_file import OPEN_FOLDER, unavailable
from its_camera_ai.recorder.volumes.volume import Volume
from its_camera_ai.store.segments import SegmentRepository

log = structlog.get_logger(__name__)

_OF_ALL = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}
"""Errors that hold up all files alike, so that leaving one out helps nothing."""


@dataclass(frozen=True, slots=True)
class TakenUp:
    """What a stream's recorder goes on from.

    Attributes:
        segments: files that were in the making, now closed; to be indexed.
        last_hash: content hash of the stream's newest closed file; empty without one.
    """

    segments: list[Segment]
    last_hash: str


def take_up(volume: Volume, camera_id: str, role: StreamRole) -> TakenUp:
    """Close what an earlier run left open. Costs reading those files, however many others lie by.

    A file that can't be read or written is left as it is: it must not keep the camera from being
    recorded.

    Raises:
        StorageUnavailable: the volume can't be read or written.
    """
    disk, stream = volume.disk, volume.root / camera_id / role
    segments: list[Segment] = []
    try:
        last_hash = newest_hash(disk, stream)
        try:
            left = [entry.name for entry in disk.entries(stream / OPEN_FOLDER) if entry.is_file]
        except FileNotFoundError:
            left = []
        for name in sorted(left):
            try:
                closed = close_left(volume, stream / OPEN_FOLDER / name, last_hash)
            except OSError as error:
                if error.errno in _OF_ALL:
                    raise
                log.error("could not be taken up", path=name, problem=error.strerror)
                continue
            if closed is not None:
                segments.append(closed)
                last_hash = closed.content_hash
    except OSError as error:
        raise unavailable(stream, error) from error
    return TakenUp(segments, last_hash)


def reconcile(
    volume: Volume,
    repository: SegmentRepository,
    camera_id: str = "",
    *,
    stopped: Callable[[], bool] = lambda: False,
) -> Repaired:
    """Bring the index in step with the closed files of a camera, or of all.

    Names are compared, so 100,000 files take a second or two; only what the index lacks is read.

    Raises:
        StorageUnavailable: the volume can't be read, or is not the one that is wanted.
        DatabaseUnavailable: the index can't be read or changed.
    """
    volume.check()
    repairs = Repairs(volume, repository)
    try:
        check(
            volume.disk,
            volume.root,
            repository,
            depth=Depth.NAMES,
            camera_id=camera_id,
            on_finding=repairs.take,
            stopped=stopped,
        )
    except OSError as error:
        raise unavailable(volume.root, error) from error
    return repairs.finish()


class Recheck:
    """The job that brings the index in step each night, also for cameras that are no more: nobody
    else takes up what those left open, or what a start could not read."""

    def __init__(self, volume: Volume, repository: SegmentRepository) -> None:
        self._volume = volume
        self._repository = repository

    @property
    def name(self) -> str:
        return "recheck"

    @property
    def schedule(self) -> Schedule:
        return Daily(4, 30)

    def run(self, stopped: Callable[[], bool]) -> JobResult:
        """See ``take_up`` and ``reconcile``."""
        closed = 0
        for camera_id, role in _streams(self._volume):
            found = take_up(self._volume, camera_id, role).segments
            closed += len(self._repository.adopt(found))
        done = reconcile(self._volume, self._repository, stopped=stopped)
        done.closed += closed
        changed = done.quarantined or done.marked_missing or done.marked_damaged
        return JobResult({name: float(n) for name, n in asdict(done).items()}, audit=bool(changed))


def _streams(volume: Volume) -> list[tuple[str, StreamRole]]:
    """The streams that have a folder.

    Raises:
        StorageUnavailable: the volume can't be read, or is not the one that is wanted.
    """
    volume.check()
    try:
        return [
            (camera.name, role)
            for camera in volume.disk.entries(volume.root)
            for role in StreamRole
            if camera.is_folder and is_folder(volume.disk, volume.root, f"{camera.name}/{role}")
        ]
    except OSError as error:
        raise unavailable(volume.root, error) from error

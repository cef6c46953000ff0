"""One stream's files: fragments in, closed segments out. Whoever calls waits for the disk."""

import errno
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog

from its_camera_ai.core.activity import SegmentActivity
from its_camera_ai.core.errors import StorageUnavailable
from its_camera_ai.core.media import MediaKind, Packet
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.recorder.checking.recovery import take_up
from its_camera_ai.recorder.files.segment_file import SegmentLost, SegmentWriter
from its_camera_ai.recorder.files.segment_index import SegmentIndex
from its_camera_ai.recorder.volumes.volume import Volume
from its_camera_ai.recorder.writing.fragments import Fragment

log = structlog.get_logger(__name__)

FILE_TRIES_MAX = 10
"""A file that fails so often in a row, on a disk that otherwise answers, is set aside."""
MAKE_ROOM_TRIES_MAX = 8


ActivityOf = Callable[[str, int, int], SegmentActivity | None]
"""What vision saw of a camera between two wall times; must never block or raise."""


@dataclass(frozen=True, slots=True)
class Written:
    """How many packets of a fragment are on disk now, and how many never will be."""

    recorded: int
    unrecorded: int


class StreamFiles:
    """Writes one stream's segments, one after the other, each linked to the one before.

    Args:
        volume: segments go to ``<root>/<camera>/<role>/<date>/<time>_<id>.mp4``.
        index: told about each closed segment.
        activity: asked at the end of each segment.
        make_id: gives a segment's id from the wall time of its first picture.
    """

    def __init__(
        self,
        volume: Volume,
        index: SegmentIndex,
        *,
        activity: ActivityOf,
        make_id: Callable[[int], str],
    ) -> None:
        self._volume = volume
        self._index = index
        self._activity = activity
        self._make_id = make_id
        self._last_hash: str | None = None  # None: what an earlier run left is not taken up yet
        self._writer: SegmentWriter | None = None
        self._begun_by: Fragment | None = None
        self._failures = 0
        self._takes = volume.takes

    def write(self, fragment: Fragment) -> Written:
        """Put a fragment on disk, in a new file where it begins one.

        Raises:
            StorageUnavailable: nothing of it is on disk; call again with the same fragment.
            CameraUnsupported: it can't be recorded at all.
        """
        with self._failing_file_set_aside():
            for _ in range(MAKE_ROOM_TRIES_MAX):
                try:
                    return self._write(fragment)
                except StorageUnavailable as error:
                    if not (_is_full(error) and self._volume.make_room(fragment.size_bytes)):
                        raise
            return self._write(fragment)

    @contextmanager
    def _failing_file_set_aside(self) -> Iterator[None]:
        """One bad file must not hold up what comes: it is left where it is, to be taken up later.
        A disk that is full, read-only or away holds up all files alike; then waiting is right."""
        try:
            yield
            self._failures = 0
        except SegmentLost as error:
            log.error("a recording was lost in the making", problem=str(error))
            self.abandon()
            raise
        except StorageUnavailable as error:
            self._failures = 0 if self._writer is None or _is_of_all(error) else self._failures + 1
            if self._failures >= FILE_TRIES_MAX and self._disk_answers():
                log.error("a recording is set aside, a new one begins", problem=str(error))
                self.abandon()
            raise

    def _disk_answers(self) -> bool:
        try:
            self._volume.disk.sync_folder(self._volume.root)
        except OSError:
            return False
        return True

    def _write(self, fragment: Fragment) -> Written:
        self._keep_to_the_volume()
        # a fragment that is tried again finds the file that it began
        if self._writer is None or (fragment.begins_segment and self._begun_by is not fragment):
            self._close()
            self._writer = self._begin(fragment)
            self._begun_by = fragment
        if self._writer is None:
            return Written(0, len(fragment.packets))
        recorded = self._writer.append(fragment.packets)
        wanted = sum(map(self._writer.carries, fragment.packets))
        return Written(recorded, wanted - recorded)

    def _keep_to_the_volume(self) -> None:
        """Handles are let go of when the volume is, so that it can be unmounted, and when it came
        back, since they would still point to where it was."""
        try:
            self._volume.check()
        except StorageUnavailable:
            self._let_go()
            raise
        if self._volume.takes != self._takes:
            self._takes = self._volume.takes
            self._let_go()

    def _let_go(self) -> None:
        if self._writer is not None:
            self._writer.let_go()

    def _begin(self, fragment: Fragment) -> SegmentWriter | None:
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
        return SegmentWriter(
            self._volume.disk, path, first.info, first, media_id, beside=fragment.packets
        )

    def _take_up(self, first: Packet) -> None:
        if self._last_hash is None:
            taken = take_up(self._volume, first.info.camera_id, first.info.role)
            self._last_hash = taken.last_hash
            for segment in taken.segments:
                self._index.add(segment)

    def close(self) -> None:
        """Close the open file, if there is one.

        Raises:
            StorageUnavailable: call again.
        """
        with self._failing_file_set_aside():
            self._close()

    def _close(self) -> None:
        writer = self._writer
        if writer is None:
            return
        if writer.is_empty:
            self._writer = None
            writer.discard()
            return
        camera_id, begin_ns, end_ns = writer.span
        segment = writer.close(
            self._volume.root,
            previous_hash=self._last_hash or "",
            activity=self._activity(camera_id, begin_ns, end_ns),
        )
        self._writer = None
        self._last_hash = segment.content_hash
        self._index.add(segment)

    def abandon(self) -> None:
        """Leave the open file as it is: whoever starts next takes it up."""
        writer, self._writer, self._failures = self._writer, None, 0
        self._last_hash = None
        if writer is not None:
            writer.let_go()


def _is_of_all(error: StorageUnavailable) -> bool:
    cause = error.__cause__
    return _is_full(error) or (isinstance(cause, OSError) and cause.errno == errno.EROFS)


def _is_full(error: StorageUnavailable) -> bool:
    cause = error.__cause__
    return isinstance(cause, OSError) and cause.errno in (errno.ENOSPC, errno.EDQUOT)

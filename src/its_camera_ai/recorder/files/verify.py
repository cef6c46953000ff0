"""Compares the content of a recording with its hash [16]."""

from collections.abc import Callable
from dataclasses import dataclass

import structlog

from its_camera_ai.core.disk import ReadableFile
from its_camera_ai.core.errors import RecordingGone, StorageUnavailable
from its_camera_ai.core.segments import Segment, SegmentState
from its_camera_ai.recorder.files.media import Media
from its_camera_ai.recorder.files.segment_format import DIGEST_BYTES
from its_camera_ai.recorder.files.segment_reading import hash_of_part, read_seal

log = structlog.get_logger(__name__)


class ReadFailed(StorageUnavailable):
    """The disk failed to read a file: it may be one bad sector, or the whole disk."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a comparison found.

    Attributes:
        reason: for people; empty if the file is good.
    """

    state: SegmentState
    reason: str = ""


def nothing(size_bytes: int) -> None:
    """Read as fast as it goes."""


def verify(media: Media, segment: Segment, *, spend: Callable[[int], None] = nothing) -> Verdict:
    """Read a recording whole. What seems damaged is read twice, so that a memory or a cable that
    errs now and then accuses no file.

    Args:
        spend: called with the bytes of each piece before it is read; may wait, and may raise.

    Raises:
        RecordingArchived: it can't be read without being restored.
        ReadFailed: the disk can't read it.
        StorageUnavailable: its tier can't be reached.
    """
    found = _verify_once(media, segment, spend)
    if found.state is SegmentState.DAMAGED:
        again = _verify_once(media, segment, spend)
        if again.state is SegmentState.GOOD:
            log.warning("a recording read wrong once: check memory and cables", id=segment.id)
        return again
    return found


def _verify_once(media: Media, segment: Segment, spend: Callable[[int], None]) -> Verdict:
    try:
        file = media.open(segment)
    except RecordingGone:
        return Verdict(SegmentState.MISSING, "its file is not there")
    try:
        reason = _difference(_Spending(file, spend), segment)
    except OSError as error:
        raise ReadFailed(
            f"The recording {segment.path} can't be read "
            f"({(error.strerror or 'unknown error').lower()}): check its disk, such as with "
            "smartctl, and replace the disk if it counts errors."
        ) from error
    finally:
        file.close()
    return Verdict(SegmentState.DAMAGED, reason) if reason else Verdict(SegmentState.GOOD)


def _difference(file: ReadableFile, segment: Segment) -> str:
    if file.size_bytes != segment.size_bytes:
        return f"it has {file.size_bytes} bytes instead of {segment.size_bytes}"
    sealed = read_seal(file)
    if sealed is None or sealed[1] != segment.content_hash:
        return "its seal is not the one that was written"
    if sealed[0].damaged:
        return "it was damaged before it was closed"
    digest = hash_of_part(file, file.size_bytes - DIGEST_BYTES).hexdigest()
    return "" if digest == segment.content_hash else "its content changed after it was sealed"


class _Spending:
    """A file whose reading is told before it is done."""

    def __init__(self, file: ReadableFile, spend: Callable[[int], None]) -> None:
        self._file = file
        self._spend = spend

    @property
    def size_bytes(self) -> int:
        return self._file.size_bytes

    def read(self, size_bytes: int, at: int) -> bytes:
        self._spend(min(size_bytes, self._file.size_bytes))
        return self._file.read(size_bytes, at)

    def close(self) -> None:
        self._file.close()

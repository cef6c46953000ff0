"""Closes files that whoever wrote them could not close: after a crash, or a power cut."""

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import structlog

from its_camera_ai.core.disk import Disk, ReadableFile, WritableFile
from its_camera_ai.core.segments import Segment
from its_camera_ai.recorder.checking.quarantine import quarantine
from its_camera_ai.recorder.files.media_tree import belongs_to, exists, in_the_making, place_of
from its_camera_ai.recorder.files.segment_format import (
    DIGEST_BYTES,
    Description,
    Seal,
    seal_head,
    segment_of,
)
from its_camera_ai.recorder.files.segment_reading import (
    hash_of_part,
    measure,
    read_description,
    read_seal,
)
from its_camera_ai.recorder.volumes.volume import Volume

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Ending:
    """How a file ends, or is to end.

    Attributes:
        seal_bytes: to be written behind ``keep_bytes``; empty if the file has its seal.
    """

    description: Description
    seal: Seal
    digest: str
    keep_bytes: int
    seal_bytes: bytes

    @property
    def size_bytes(self) -> int:
        return self.keep_bytes + len(self.seal_bytes)


def close_left(volume: Volume, path: Path, previous_hash: str) -> Segment | None:
    """Close one file as far as it is whole, and give it its place if it has none yet [7].

    Run twice, or killed in between, it comes to the same end.

    Args:
        path: of a file in the making, or of one in its place that has no seal.
        previous_hash: of the segment before it, if the file does not say.

    Returns:
        None if it is in use, held nothing yet and is gone, or is no recording and in quarantine.

    Raises:
        OSError: it could not be read or written; it stays what it was.
    """
    disk = volume.disk
    relative = path.relative_to(volume.root).as_posix()
    try:
        lock = disk.edit(path)
    except BlockingIOError:
        return None  # another process is writing it
    try:
        file = disk.open_beneath(volume.root, relative)
        try:
            ending = _ending(file, previous_hash)
            is_bare = ending is None and in_the_making(relative) and _is_bare(file)
        finally:
            file.close()
        if is_bare:
            disk.unlink(path)
            disk.sync_folder(path.parent)
            return None
        place = "" if ending is None else _place(ending.description, relative)
        if ending is None or not place or (place != relative and exists(disk, volume.root / place)):
            quarantine(volume, path)
            return None
        _write(lock, ending, path)
        if place != relative:
            _move(disk, path, volume.root / place)
    finally:
        with suppress(OSError):
            lock.close()
    return segment_of(
        ending.description,
        ending.seal,
        path=place,
        size_bytes=ending.size_bytes,
        content_hash=ending.digest,
    )


def _ending(file: ReadableFile, previous_hash: str) -> _Ending | None:
    description, sealed = read_description(file), read_seal(file)
    if description is None:
        return None
    if sealed is not None:
        whole = hash_of_part(file, file.size_bytes - DIGEST_BYTES)
        if whole.hexdigest() == sealed[1]:
            return _Ending(description, *sealed, file.size_bytes, b"")
    length = measure(file)
    if length.frames == 0:
        return None
    hashed = hash_of_part(file, length.size_bytes)
    seal = Seal(
        length.duration_ns, length.frames, previous_hash, repaired=True, damaged=length.damaged
    )
    return _sealed(description, seal, hashed, length.size_bytes)


def _is_bare(file: ReadableFile) -> bool:
    """Whether nothing came to be written but the head: whoever made it was cut off at once."""
    length = measure(file)
    return length.frames == 0 and length.size_bytes == file.size_bytes


def _sealed(
    description: Description, seal: Seal, hashed: "hashlib._Hash", keep_bytes: int
) -> _Ending:
    head = seal_head(seal)
    hashed.update(head)
    return _Ending(description, seal, hashed.hexdigest(), keep_bytes, head + hashed.digest())


def _place(description: Description, relative: str) -> str:
    """Where the file belongs; empty if it lies in another stream's folder."""
    if not in_the_making(relative):
        return relative if belongs_to(relative, description) else ""
    if relative.split("/")[:2] != [description.camera_id, description.role]:
        return ""
    with suppress(ValueError, OverflowError, OSError):  # a time that no calendar has
        return place_of(
            description.camera_id, description.role, description.start_wall_ns, description.id
        )
    return ""


def _write(lock: WritableFile, ending: _Ending, path: Path) -> None:
    if ending.seal_bytes:
        log.info("closing a recording that was cut off", path=str(path))
        lock.truncate(ending.keep_bytes)
        lock.write([ending.seal_bytes])
    lock.sync()  # also of a file whose seal is there: it may be in memory only


def _move(disk: Disk, path: Path, target: Path) -> None:
    disk.make_folder(target.parent)
    disk.rename(path, target)
    disk.sync_folder(target.parent)
    disk.sync_folder(path.parent)


def newest_hash(disk: Disk, stream: Path) -> str:
    """Content hash of the newest closed file of a stream; empty without one.

    Raises:
        OSError: a folder can't be read.
    """
    for day in sorted(_names(disk, stream, folders=True), reverse=True):
        for name in sorted(_names(disk, stream / day), reverse=True):
            found = _hash_of(disk, stream / day / name)
            if found:
                return found
    return ""


def _hash_of(disk: Disk, path: Path) -> str:
    try:
        file = disk.open(path)
        try:
            found = read_seal(file)
        finally:
            file.close()
    except OSError as error:  # one bad file must not keep a camera from recording
        log.warning("a recording can't be read", path=str(path), problem=error.strerror)
        return ""
    return "" if found is None else found[1]


def _names(disk: Disk, folder: Path, *, folders: bool = False) -> list[str]:
    try:
        entries = disk.entries(folder)
    except FileNotFoundError:
        return []
    return [
        e.name
        for e in entries
        if not e.name.startswith(".") and (e.is_folder if folders else e.is_file)
    ]

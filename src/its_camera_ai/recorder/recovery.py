"""Takes up what a crash left: closes the files that were in the making, indexes what is not.

Nothing is deleted: a torn tail is cut, what can't be read goes into quarantine [6].
"""

from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import structlog

from its_camera_ai.core.disk import Disk
from its_camera_ai.core.ids import new_id
from its_camera_ai.core.media import StreamRole
from its_camera_ai.core.segments import Segment
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.recorder.segment_file import OPEN_FOLDER, PART_SUFFIX, unavailable
from its_camera_ai.recorder.segment_format import Description, Seal, seal_head, segment_of
from its_camera_ai.recorder.segment_reading import (
    hash_of_part,
    measure,
    read_description,
    read_seal,
)
from its_camera_ai.recorder.volume import Volume
from its_camera_ai.store.segments import SegmentRepository

log = structlog.get_logger(__name__)

QUARANTINE = ".quarantine"


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

    Raises:
        StorageUnavailable: the volume can't be read or written.
    """
    disk, stream = volume.disk, volume.root / camera_id / role
    segments: list[Segment] = []
    try:
        last_hash = _newest_hash(disk, stream)
        for name in sorted(_files(disk, stream / OPEN_FOLDER)):
            closed = _closed(volume, stream / OPEN_FOLDER / name, last_hash)
            if closed is not None:
                segments.append(closed)
                last_hash = closed.content_hash
    except OSError as error:
        raise unavailable(stream, error) from error
    return TakenUp(segments, last_hash)


def _newest_hash(disk: Disk, stream: Path) -> str:
    with suppress(FileNotFoundError):
        days = sorted(e.name for e in disk.entries(stream) if e.is_folder and e.name[0] != ".")
        for day in reversed(days):
            for name in sorted(_files(disk, stream / day), reverse=True):
                file = disk.open(stream / day / name)
                try:
                    found = read_seal(file)
                finally:
                    file.close()
                if found is not None:
                    return found[1]
    return ""


def _files(disk: Disk, folder: Path) -> list[str]:
    try:
        return [entry.name for entry in disk.entries(folder) if entry.is_file]
    except FileNotFoundError:
        return []


def _closed(volume: Volume, part: Path, previous_hash: str) -> Segment | None:
    """One file in the making, closed as far as it is whole; None if it is none or in use."""
    disk = volume.disk
    try:
        lock = disk.edit(part)
    except BlockingIOError:
        return None  # another process is writing it
    try:
        file = disk.open(part)
        try:
            description, sealed = read_description(file), read_seal(file)
            length = measure(file)
            hashed = hash_of_part(file, length.size_bytes)
            if file.size_bytes > length.size_bytes and sealed is None:
                log.warning("cut a torn tail off a recording", path=str(part))
        finally:
            file.close()
        if description is None or length.frames == 0:
            quarantine(volume, part)
            return None
        if sealed is not None and sealed[0].frames == length.frames:
            seal, head = sealed[0], seal_head(sealed[0])
        else:
            seal = Seal(length.duration_ns, length.frames, previous_hash, repaired=True)
            head = seal_head(seal)
        hashed.update(head)
        lock.truncate(length.size_bytes)
        lock.write([head, hashed.digest()])
        lock.sync()
        return _placed(
            volume, part, description, seal, hashed.hexdigest(), length.size_bytes + len(head) + 32
        )
    finally:
        lock.close()


def _placed(
    volume: Volume, part: Path, description: Description, seal: Seal, digest: str, size_bytes: int
) -> Segment:
    moment = datetime.fromtimestamp(description.start_wall_ns / NS_PER_S, tz=UTC)
    folder = part.parents[1] / f"{moment:%Y-%m-%d}"
    path = folder / part.name.removesuffix(PART_SUFFIX)
    volume.disk.make_folder(folder)
    volume.disk.rename(part, path)
    volume.disk.sync_folder(folder)
    volume.disk.sync_folder(part.parent)
    return segment_of(
        description,
        seal,
        path=path.relative_to(volume.root).as_posix(),
        size_bytes=size_bytes,
        content_hash=digest,
    )


def reconcile(volume: Volume, repository: SegmentRepository, camera_id: str) -> list[Segment]:
    """Index the closed files of a camera that the index lacks.

    Returns:
        The segments that were found and indexed.
    """
    found: list[Segment] = []
    disk, camera = volume.disk, volume.root / camera_id
    known = repository.known_paths(camera_id)
    for role in StreamRole:
        try:
            days = [e.name for e in disk.entries(camera / role) if e.is_folder]
        except FileNotFoundError:
            continue
        for day in sorted(days):
            if day == OPEN_FOLDER:
                continue
            for name in sorted(_files(disk, camera / role / day)):
                path = camera / role / day / name
                relative = path.relative_to(volume.root).as_posix()
                if relative in known:
                    continue  # before the disk is asked: nearly all are known
                segment = _read(volume, path)
                if segment is None:
                    quarantine(volume, path)
                else:
                    repository.put(segment)
                    found.append(segment)
    return found


def _read(volume: Volume, path: Path) -> Segment | None:
    file = volume.disk.open(path)
    try:
        description, sealed = read_description(file), read_seal(file)
        if description is None or sealed is None:
            return None
        return segment_of(
            description,
            sealed[0],
            path=path.relative_to(volume.root).as_posix(),
            size_bytes=file.size_bytes,
            content_hash=sealed[1],
        )
    finally:
        file.close()


def quarantine(volume: Volume, path: Path) -> None:
    """Put a file that is no recording aside; it is never deleted."""
    folder = volume.root / QUARANTINE
    volume.disk.make_folder(folder)
    target = folder / f"{new_id(0)[-12:]}_{path.name}"
    volume.disk.rename(path, target)
    volume.disk.sync_folder(folder)
    volume.disk.sync_folder(path.parent)
    log.warning("put an unreadable file into quarantine", path=str(path), now=str(target))

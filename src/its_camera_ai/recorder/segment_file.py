"""One recording file: fragmented MP4 that describes itself and is playable at every moment.

Layout: ``ftyp moov uuid (moof mdat)*``. The ``uuid`` box says whose recording it is and how its
stream time maps onto wall time, so the index can be rebuilt from the files alone.
"""

import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO
from uuid import UUID

import msgspec

from its_camera_ai.core.errors import StorageUnavailable
from its_camera_ai.core.media import MediaKind, Packet, StreamInfo, StreamRole
from its_camera_ai.core.segments import Segment
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.store.files import sync_folder
from its_camera_ai.video.fmp4 import VIDEO_TIMESCALE, Buffer, FragmentMuxer, box

DESCRIPTION_UUID = UUID("6b0e6d3e-5f0c-4c0a-9d43-8f2b6f6a1d57").bytes
PART_SUFFIX = ".part"
_IOV_MAX = 1024  # pieces per gathering write, Linux
_DESCRIPTION_BYTES_MAX = 64 * 1024
_MOOF_BYTES_MAX = 16 * 1024 * 1024


class Description(msgspec.Struct, frozen=True):
    """What the ``uuid`` box holds, as JSON."""

    id: str
    camera_id: str
    role: StreamRole
    generation: int
    start_wall_ns: int
    start_pts_ns: int
    codec: str
    width: int
    height: int
    has_audio: bool
    version: int = 1

    def segment(self, path: str, length: "Length") -> Segment:
        return Segment(
            self.id,
            self.camera_id,
            self.role,
            path,
            self.start_wall_ns,
            self.start_pts_ns,
            length.duration_ns,
            length.size_bytes,
            length.frames,
            self.codec,
            self.width,
            self.height,
            self.has_audio,
            self.generation,
        )


@dataclass(frozen=True, slots=True)
class Length:
    """How much a file holds up to its last whole fragment."""

    duration_ns: int
    frames: int
    size_bytes: int


class SegmentWriter:
    """Appends whole fragments, each synced to the disk before the call returns.

    The file is called ``….mp4.part`` until ``close`` gives it its name.

    Args:
        path: the final absolute path; its folder is made.
        first: the key frame that begins the segment.
        media_id: the new segment's id.

    Raises:
        StorageUnavailable: the folder can't be written; what to do is in the text.
    """

    def __init__(self, path: Path, info: StreamInfo, first: Packet, media_id: str) -> None:
        self._path = path
        self._part = path.with_name(path.name + PART_SUFFIX)
        self._muxer = FragmentMuxer(info, audio=True)
        self._base_ns = first.dts_ns
        self._end_ns = first.pts_ns
        self._frames = 0
        self.description = Description(
            media_id,
            info.camera_id,
            info.role,
            info.generation,
            first.wall_ns,
            first.pts_ns,
            info.video.codec,
            info.video.width,
            info.video.height,
            self._muxer.has_audio,
        )
        head = self._muxer.init + box(
            b"uuid", DESCRIPTION_UUID, msgspec.json.encode(self.description)
        )
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._fd = os.open(self._part, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o640)
        except OSError as error:
            raise unavailable(path.parent, error) from error
        self._size = 0
        try:
            self._append([head])
        except StorageUnavailable:
            os.close(self._fd)
            self._part.unlink(missing_ok=True)
            raise

    def append(self, packets: Sequence[Packet]) -> int:
        """Write one fragment and sync it.

        Returns:
            How many packets of it are now on disk (sound from before the first picture is not).
        """
        kept = [p for p in packets if p.dts_ns >= self._base_ns]
        if not self._muxer.has_audio:
            kept = [p for p in kept if p.kind is MediaKind.VIDEO]
        if kept:
            self._append(self._muxer.pieces(kept, self._base_ns))
        video = [p for p in kept if p.kind is MediaKind.VIDEO]
        self._frames += len(video)
        for packet in video:
            self._end_ns = max(self._end_ns, packet.pts_ns + packet.duration_ns)
        return len(kept)

    def _append(self, pieces: list[Buffer]) -> None:
        """All of it or, after the error, none of it: a torn tail is cut off again."""
        size = sum(map(len, pieces))
        try:
            _write_all(self._fd, pieces)
            os.fdatasync(self._fd)
        except OSError as error:
            with suppress(OSError):  # a disk that is gone can't be tidied; the repair cuts it later
                os.ftruncate(self._fd, self._size)
                os.lseek(self._fd, self._size, os.SEEK_SET)
            raise unavailable(self._path.parent, error) from error
        self._size += size

    def close(self, media_root: Path) -> Segment:
        """Sync, give the file its name, sync the folder; then, and only then, it may be indexed."""
        try:
            os.fsync(self._fd)
            self._part.rename(self._path)
            sync_folder(self._path.parent)
        except OSError as error:
            raise unavailable(self._path.parent, error) from error
        finally:
            os.close(self._fd)
        length = Length(self._end_ns - self.description.start_pts_ns, self._frames, self._size)
        return self.description.segment(self._path.relative_to(media_root).as_posix(), length)


def _write_all(fd: int, pieces: list[Buffer]) -> None:
    """Gathering writes, begun again where the system wrote less than asked."""
    for start in range(0, len(pieces), _IOV_MAX):
        group = pieces[start : start + _IOV_MAX]
        wanted = sum(map(len, group))
        written = os.writev(fd, group)
        if written < wanted:
            rest = memoryview(b"".join(group))[written:]
            while rest:
                rest = rest[os.write(fd, rest) :]


def unavailable(folder: Path, error: OSError) -> StorageUnavailable:
    """A disk's error in words that say what to do."""
    reason = (error.strerror or "unknown error").lower()
    return StorageUnavailable(
        f"Recording to {folder} failed ({reason}): free space on the disk, or correct the "
        "folder's rights or mount. Recording goes on by itself as soon as it can."
    )


def read_description(file: BinaryIO) -> Description | None:
    """The self-description of a recording, or None if the file has none that is whole."""
    for kind, start, size in _boxes(file):
        if kind == b"uuid" and 24 < size <= _DESCRIPTION_BYTES_MAX:
            file.seek(start + 8)
            if file.read(16) != DESCRIPTION_UUID:
                continue
            try:
                return msgspec.json.decode(file.read(size - 24), type=Description)
            except msgspec.DecodeError:
                return None
        if kind == b"moof":
            return None
    return None


def measure(file: BinaryIO) -> Length:
    """Walk the fragments up to the last one that is whole."""
    first_ticks, end_ticks, frames, good = None, 0, 0, 0
    pending: tuple[int, int, int] | None = None
    for kind, start, size in _boxes(file):
        if kind == b"moof":
            file.seek(start)
            pending = _video_run(file.read(min(size, _MOOF_BYTES_MAX)))
            continue
        if kind == b"mdat" and pending is not None:
            begin, end, count = pending
            first_ticks = begin if first_ticks is None else first_ticks
            end_ticks, frames = max(end_ticks, end), frames + count
            pending = None
        good = start + size
    duration = (end_ticks - (first_ticks or 0)) * NS_PER_S // VIDEO_TIMESCALE
    return Length(duration, frames, good)


def _boxes(file: BinaryIO) -> list[tuple[bytes, int, int]]:
    """(type, start, size) of the whole top-level boxes; ends at the first torn one."""
    file.seek(0, os.SEEK_END)
    total, position = file.tell(), 0
    found: list[tuple[bytes, int, int]] = []
    while position + 8 <= total:
        file.seek(position)
        head = file.read(8)
        size = int.from_bytes(head[:4], "big")
        if size < 8 or position + size > total:
            break
        found.append((head[4:], position, size))
        position += size
    return found


def _video_run(moof: bytes) -> tuple[int, int, int]:
    """(first decoding time, end, pictures) of track 1 in one moof that we wrote, in ticks."""
    at = moof.find(b"traf")
    while at >= 0:
        traf = moof[at - 4 : at - 4 + int.from_bytes(moof[at - 4 : at], "big")]
        header, decode_time, run = traf.find(b"tfhd"), traf.find(b"tfdt"), traf.find(b"trun")
        if int.from_bytes(traf[header + 8 : header + 12], "big") == 1:
            begin = int.from_bytes(traf[decode_time + 8 : decode_time + 16], "big")
            count = int.from_bytes(traf[run + 8 : run + 12], "big")
            samples = traf[run + 16 : run + 16 + 16 * count]
            length = sum(
                int.from_bytes(samples[i : i + 4], "big") for i in range(0, len(samples), 16)
            )
            return begin, begin + length, count
        at = moof.find(b"traf", at + 4)
    return 0, 0, 0

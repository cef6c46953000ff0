"""Reads one recording for export: in one pass over its bytes it is hashed and its samples found."""

import hashlib
import struct
from collections.abc import Callable
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from its_camera_ai.core.disk import ReadableFile
from its_camera_ai.core.errors import RecordingArchived, RecordingGone
from its_camera_ai.core.segments import Segment
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.recorder.files.media import Media
from its_camera_ai.recorder.files.segment_format import DIGEST_BYTES, parse_seal

Ticks = npt.NDArray[np.int64]
_CHUNK_BYTES = 4 * 1024 * 1024
_BOX_BYTES_MAX = 64 * 1024 * 1024
_TRUN_FLAGS = 0xF01
_NOT_SYNC = 0x0001_0000


class Verification(StrEnum):
    """What reading a recording against its seal and the index gave.

    A time-lapse does not read recordings of which it shows no picture.
    """

    SOUND = "sound"
    UNSEALED = "unsealed"
    DAMAGED = "damaged"
    MISSING = "missing"
    ARCHIVED = "archived"
    UNREAD = "not read"

    @property
    def usable(self) -> bool:
        return self in (Verification.SOUND, Verification.UNSEALED)


@dataclass(frozen=True, slots=True, eq=False)
class Samples:
    """The samples of one track in decoding order; every array is (N,).

    Attributes:
        dts, pts, duration: in the track's ticks.
        size, at: bytes, and their place in the file.
        key: decoding can start here.
    """

    dts: Ticks
    pts: Ticks
    duration: Ticks
    size: Ticks
    at: Ticks
    key: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.dts)


@dataclass(frozen=True, slots=True, eq=False)
class SourceTrack:
    """One track of a recording.

    Attributes:
        timescale: ticks per second.
        entry: its sample entry box, with the decoder's configuration.
    """

    timescale: int
    entry: bytes
    samples: Samples


@dataclass(frozen=True, slots=True, eq=False)
class Source:
    """A recording that was read, and found to be what its seal says."""

    segment: Segment
    video: SourceTrack
    audio: SourceTrack | None
    verification: Verification

    @property
    def first_pts(self) -> int:
        """Ticks of the picture that ``segment.start_wall_ns`` belongs to."""
        return int(self.video.samples.pts[0])

    def wall_ns(self, pts: int) -> int:
        """When the picture with this stamp was taken."""
        ns = (pts - self.first_pts) * NS_PER_S // self.video.timescale
        return self.segment.start_wall_ns + ns


class SourceUnusable(Exception):
    """A recording that may not be used, and why."""

    def __init__(self, verification: Verification, detail: str) -> None:
        super().__init__(detail)
        self.verification = verification
        self.detail = detail


def read_source(media: Media, segment: Segment, check: Callable[[], None]) -> Source:
    """Read all of a recording, compare it with its seal and the index, and list its samples.

    Args:
        check: called for each piece that is read; raises to stop.

    Raises:
        SourceUnusable: damaged, missing, or in an archive.
        StorageUnavailable: its tier can't be reached now.
    """
    try:
        file = media.open(segment)
    except RecordingGone as error:
        raise SourceUnusable(Verification.MISSING, "the file is not there") from error
    except RecordingArchived as error:
        raise SourceUnusable(Verification.ARCHIVED, "it must be restored first") from error
    try:
        return _Reading(file, segment, check).source()
    except OSError as error:
        raise SourceUnusable(
            Verification.DAMAGED, f"it can't be read ({error.strerror or 'error'})"
        ) from error
    except (struct.error, ValueError, IndexError, KeyError) as error:
        raise SourceUnusable(Verification.DAMAGED, "its structure is broken") from error
    finally:
        file.close()


class _Reading:
    """One pass over a file."""

    def __init__(self, file: ReadableFile, segment: Segment, check: Callable[[], None]) -> None:
        self._bytes = _HashedBytes(file, check)
        self._segment = segment
        self._headers: dict[int, tuple[bytes, int, bytes]] = {}
        self._runs: dict[int, list[Samples]] = {}
        self._tail = b""

    def source(self) -> Source:
        while self._bytes.left >= 8:
            self._box()
        verification = self._verified()
        video = self._track(b"vide")
        if video is None or not len(video.samples):
            raise SourceUnusable(Verification.DAMAGED, "it holds no picture")
        return Source(self._segment, video, self._track(b"soun"), verification)

    def _box(self) -> None:
        at = self._bytes.at
        head = self._bytes.take(8)
        size, kind = int.from_bytes(head[:4], "big"), head[4:]
        if size < 8 or size - 8 > self._bytes.left:
            raise SourceUnusable(Verification.DAMAGED, "it was cut off")
        if kind in (b"moov", b"moof", b"uuid") and size <= _BOX_BYTES_MAX:
            body = self._bytes.take(size - 8)
            if kind == b"moov":
                self._moov(body)
            elif kind == b"moof":
                self._moof(body, at)
            else:
                self._tail = head + body
        else:
            self._bytes.skip(size - 8)

    def _verified(self) -> Verification:
        """Content, seal and index must all say the same."""
        known, sealed = self._segment.content_hash, parse_seal(self._tail)
        if not known and sealed is None:
            return Verification.UNSEALED
        found = self._bytes.digest()
        if sealed is None:
            raise SourceUnusable(Verification.DAMAGED, "its seal is gone")
        if sealed[1] != found:
            raise SourceUnusable(Verification.DAMAGED, "its content does not match its seal")
        if known and known != found:
            raise SourceUnusable(Verification.DAMAGED, "it is another file than the index knows")
        return Verification.SOUND

    def _moov(self, moov: bytes) -> None:
        for trak in _all(moov, b"trak"):
            mdia = _one(trak, b"mdia")
            table = _one(_one(mdia, b"minf"), b"stbl")
            number = int.from_bytes(_one(trak, b"tkhd")[12:16], "big")
            timescale = int.from_bytes(_one(mdia, b"mdhd")[12:16], "big")
            handler = _one(mdia, b"hdlr")[8:12]
            self._headers[number] = (handler, timescale, _one(table, b"stsd")[8:])

    def _moof(self, moof: bytes, moof_at: int) -> None:
        for traf in _all(moof, b"traf"):
            number = int.from_bytes(_one(traf, b"tfhd")[4:8], "big")
            begin = int.from_bytes(_one(traf, b"tfdt")[4:12], "big")
            run = _one(traf, b"trun")
            flags, count, offset = struct.unpack_from(">IIi", run)
            if flags & 0xFF_FFFF != _TRUN_FLAGS:
                raise ValueError("samples are listed in a form that is not ours")
            table = np.frombuffer(run, ">u4", count * 4, 12).reshape(-1, 4).astype(np.int64)
            ends = begin + np.cumsum(table[:, 0])
            dts = ends - table[:, 0]
            places = moof_at + offset + np.cumsum(table[:, 1]) - table[:, 1]
            composition = table[:, 3].astype(np.uint32).view(np.int32).astype(np.int64)
            key = table[:, 2] & _NOT_SYNC == 0
            self._runs.setdefault(number, []).append(
                Samples(dts, dts + composition, table[:, 0], table[:, 1], places, key)
            )

    def _track(self, handler: bytes) -> SourceTrack | None:
        for number, (kind, timescale, entry) in self._headers.items():
            if kind == handler and number in self._runs and timescale > 0:
                return SourceTrack(timescale, entry, joined(self._runs[number]))
        return None


def joined(parts: list[Samples]) -> Samples:
    """Several runs of one track as one."""
    arrays: Any = (
        np.concatenate([getattr(part, field.name) for part in parts]) for field in fields(Samples)
    )
    return Samples(*arrays)


class _HashedBytes:
    """A file from its begin to its end, hashed but for its last 32 bytes."""

    def __init__(self, file: ReadableFile, check: Callable[[], None]) -> None:
        self._file = file
        self._check = check
        self._size = file.size_bytes
        self._hash = hashlib.sha256()
        self._fetched = 0
        self._buffer = memoryview(b"")

    @property
    def at(self) -> int:
        return self._fetched - len(self._buffer)

    @property
    def left(self) -> int:
        return self._size - self.at

    def take(self, size: int) -> bytes:
        pieces = [self._buffer[:size]]
        self._buffer = self._buffer[size:]
        missing = size - len(pieces[0])
        while missing > 0:
            self._fetch()
            piece = self._buffer[:missing]
            self._buffer = self._buffer[len(piece) :]
            missing -= len(piece)
            pieces.append(piece)
        return b"".join(pieces)

    def skip(self, size: int) -> None:
        while size > len(self._buffer):
            size -= len(self._buffer)
            self._fetch()
        self._buffer = self._buffer[size:]

    def digest(self) -> str:
        return self._hash.hexdigest()

    def _fetch(self) -> None:
        self._check()
        piece = memoryview(self._file.read(_CHUNK_BYTES, self._fetched))
        if not piece:
            raise SourceUnusable(Verification.DAMAGED, "it became shorter while it was read")
        hashed = max(0, min(len(piece), self._size - DIGEST_BYTES - self._fetched))
        self._hash.update(piece[:hashed])
        self._fetched += len(piece)
        self._buffer = piece


def _all(payload: bytes, kind: bytes) -> list[bytes]:
    """The payloads of the boxes of one type, in order."""
    found, at = [], 0
    while at + 8 <= len(payload):
        size = int.from_bytes(payload[at : at + 4], "big")
        if size < 8 or at + size > len(payload):
            raise ValueError("a box leads beyond its parent")
        if payload[at + 4 : at + 8] == kind:
            found.append(payload[at + 8 : at + size])
        at += size
    return found


def _one(payload: bytes, kind: bytes) -> bytes:
    return _all(payload, kind)[0]

"""Reads recording files: what they say, how far they are whole, whether their content is sound."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from its_camera_ai.core.disk import ReadableFile
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.recorder.files.segment_format import (
    CHECK_BYTES,
    DIGEST_BYTES,
    TEXT_BYTES_MAX,
    Description,
    Seal,
    check_holds,
    parse_description,
    parse_seal,
    seal_size,
)
from its_camera_ai.video.fmp4 import VIDEO_TIMESCALE

HEAD_BYTES = 8192
TAIL_BYTES = 4096
_CHUNK_BYTES = 1024 * 1024
_MOOF_BYTES_MAX = 256 * 1024
_FRAGMENT_BYTES_MAX = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Length:
    """How much a file holds up to its last whole and sound fragment.

    Attributes:
        frames: of the sound fragments.
        size_bytes: what is to be kept: all but a torn tail.
        damaged: it is not torn, which costs a tail, but damaged inside: sound fragments, or what
            looks like some, lie behind one that is not. Then all is to be kept.
    """

    duration_ns: int
    frames: int
    size_bytes: int
    damaged: bool = False


def read_description(file: ReadableFile) -> Description | None:
    """The self-description of a recording, or None if the file has none that is whole."""
    head = file.read(HEAD_BYTES, 0)
    for kind, start, size in boxes(file):
        if kind == b"uuid" and 24 < size <= TEXT_BYTES_MAX:
            inside = head[start + 8 : start + size]
            payload = inside if len(inside) == size - 8 else file.read(size - 8, start + 8)
            found = parse_description(payload)
            if found is not None:
                return found
        if kind == b"moof":
            return None
    return None


def read_seal(file: ReadableFile) -> tuple[Seal, str] | None:
    """The seal of a closed file and its content hash; None for one that was never closed."""
    tail = file.read(TAIL_BYTES, max(0, file.size_bytes - TAIL_BYTES))
    size = seal_size(tail)
    if size == 0 or size > file.size_bytes:
        return None
    whole = tail[-size:] if size <= len(tail) else file.read(size, file.size_bytes - size)
    return parse_seal(whole)


def content_hash(file: ReadableFile) -> str:
    """SHA-256 of all but the last 32 bytes, in hex; equals the seal's if the file is sound."""
    return _hash_until(file, file.size_bytes - DIGEST_BYTES).hexdigest()


def hash_of_part(file: ReadableFile, size_bytes: int) -> "hashlib._Hash":
    """SHA-256 of the first bytes, to go on with."""
    return _hash_until(file, size_bytes)


def _hash_until(file: ReadableFile, end: int) -> "hashlib._Hash":
    digest = hashlib.sha256()
    at = 0
    while at < end:
        piece = file.read(min(_CHUNK_BYTES, end - at), at)
        if not piece:
            break
        digest.update(piece)
        at += len(piece)
    return digest


def measure(file: ReadableFile) -> Length:
    """Walk the fragments up to the last one that is whole, and sound by its check."""
    first_ticks: int | None = None
    end_ticks, frames, good, unsound, damaged = 0, 0, 0, 0, False
    begin = moof_bytes = 0
    for kind, start, size in boxes(file):
        if kind == b"moof":
            begin, moof_bytes = start, size
        elif moof_bytes == 0:
            good = start + size  # ftyp, moov, description
        elif kind == b"free":
            payload = file.read(min(size, CHECK_BYTES) - 8, start + 8)
            if start - begin > _FRAGMENT_BYTES_MAX:
                break
            if not check_holds(payload, [file.read(start - begin, begin)]):
                unsound += 1
                continue
            run = video_run(file.read(moof_bytes, begin))
            if run.pictures:
                first_ticks = run.begin if first_ticks is None else first_ticks
                end_ticks, frames = max(end_ticks, run.end), frames + run.pictures
            good, damaged = start + size, unsound > 0
        elif kind != b"mdat":
            break
    # each fragment is synced before the next is begun: a power cut tears one at the most
    if damaged or _fragments_in(file, good) > 1:
        return Length(_ns(end_ticks, first_ticks), frames, file.size_bytes, damaged=True)
    return Length(_ns(end_ticks, first_ticks), frames, good)


def _ns(end_ticks: int, first_ticks: int | None) -> int:
    return (end_ticks - (first_ticks or 0)) * NS_PER_S // VIDEO_TIMESCALE


def _fragments_in(file: ReadableFile, begin: int) -> int:
    """How many fragments seem to begin in the rest of a file, whatever lies around them."""
    found, at = 0, begin
    while at < file.size_bytes:
        piece = file.read(_CHUNK_BYTES + _MOOF_BYTES_MAX, at)
        place = piece.find(b"moof", 4)
        while 0 <= place < _CHUNK_BYTES + 4:
            size = int.from_bytes(piece[place - 4 : place], "big")
            follows = piece[place + size : place + size + 4]
            found += 8 < size <= _MOOF_BYTES_MAX - 8 and follows == b"mdat"
            place = piece.find(b"moof", place + 4)
        at += _CHUNK_BYTES
    return found


def boxes(file: ReadableFile) -> Iterator[tuple[bytes, int, int]]:
    """(type, start, size) of the whole top-level boxes; ends at the first torn one."""
    position = 0
    while position + 8 <= file.size_bytes:
        head = file.read(8, position)
        size = int.from_bytes(head[:4], "big")
        if len(head) < 8 or size < 8 or position + size > file.size_bytes:
            break
        yield head[4:], position, size
        position += size


@dataclass(frozen=True, slots=True)
class VideoRun:
    """The pictures of one fragment, in ticks of the video time scale."""

    begin: int
    end: int
    pictures: int


def video_run(moof: bytes) -> VideoRun:
    """Track 1 in one moof that we wrote; no pictures where it has only sound."""
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
            return VideoRun(begin, begin + length, count)
        at = moof.find(b"traf", at + 4)
    return VideoRun(0, 0, 0)

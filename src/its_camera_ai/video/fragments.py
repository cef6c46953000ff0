"""One fragment of an MP4 file: its samples, and the same fragment at another time.

Reads what our own muxer writes and what FFmpeg's does (ISO/IEC 14496-12, 8.8). The bytes may come
from anywhere: every size and count is checked against what is there.
"""

import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from its_camera_ai.video.fmp4 import box

SAMPLES_MAX = 100_000
"""In one fragment; no honest one comes near."""
BOXES_MAX = 1000

_NOT_SYNC = 0x0001_0000
_KEY_FLAGS = 0x0200_0000
_BASE_OFFSET, _DESCRIPTION, _DURATION, _SIZE, _FLAGS = 0x1, 0x2, 0x8, 0x10, 0x20  # of tfhd
_DATA_OFFSET, _FIRST_FLAGS = 0x1, 0x4  # of trun
_ROW = ((0x100, "I"), (0x200, "I"), (0x400, "I"), (0x800, "i"))


@dataclass(frozen=True, slots=True)
class Defaults:
    """What a track's samples have where the fragment says nothing."""

    duration: int = 0
    size: int = 0
    flags: int = 0


@dataclass(frozen=True, slots=True)
class Sample:
    """One coded picture or piece of sound; times in ticks of its track.

    Attributes:
        offset: of its bytes, from the beginning of the fragment.
        pts: when it is shown.
    """

    offset: int
    size: int
    dts: int
    pts: int
    duration: int
    is_key: bool


@dataclass(frozen=True, slots=True)
class Run:
    """The samples of one track in decoding order; ``end`` is that of the last one, in ticks.

    Attributes:
        decode_time_at: where in the ``moof`` the 64-bit decode time stands.
    """

    track: int
    decode_time: int
    decode_time_at: int
    end: int
    samples: tuple[Sample, ...]


def children(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """(type, first byte of the payload, end) of the boxes in ``data[start:end]``.

    Raises:
        ValueError: one does not fit, or there are more than ``BOXES_MAX``.
    """
    for _ in range(BOXES_MAX):
        if start == end:
            return
        if start + 8 > end:
            break
        size = int.from_bytes(data[start : start + 4], "big")
        if size < 8 or start + size > end:
            break
        yield data[start + 4 : start + 8], start + 8, start + size
        start += size
    raise ValueError("a box does not fit into the one around it")


def read_runs(moof: bytes, defaults: Mapping[int, Defaults]) -> tuple[Run, ...]:
    """The runs of a whole ``moof`` box, head included.

    Raises:
        ValueError: it is damaged, or of a form that neither muxer writes.
    """
    try:
        return tuple(
            _traf(moof, start, end, defaults)
            for kind, start, end in children(moof, 8, len(moof))
            if kind == b"traf"
        )
    except struct.error:
        raise ValueError("a box of the fragment is cut off") from None


def _traf(moof: bytes, start: int, end: int, defaults: Mapping[int, Defaults]) -> Run:
    track, default = 0, Defaults()
    decode_time = decode_time_at = -1
    dts = 0
    samples: list[Sample] = []
    for kind, at, stop in children(moof, start, end):
        payload = moof[at:stop]
        if kind == b"tfhd":
            track, default = _tfhd(payload, defaults)
        elif kind == b"tfdt":
            if payload[:1] != b"\x01":
                raise ValueError("a decode time of 32 bits can't be moved")
            decode_time, decode_time_at = struct.unpack_from(">Q", payload, 4)[0], at + 4
            dts = decode_time
        elif kind == b"trun":
            after = samples[-1].offset + samples[-1].size if samples else 0
            for sample in _trun(payload, dts, after, default, SAMPLES_MAX - len(samples)):
                samples.append(sample)
                dts = sample.dts + sample.duration
    if track == 0 or decode_time_at < 0:
        raise ValueError("a track of the fragment has no head or no time")
    return Run(track, decode_time, decode_time_at, dts, tuple(samples))


def _tfhd(payload: bytes, defaults: Mapping[int, Defaults]) -> tuple[int, Defaults]:
    flags = int.from_bytes(payload[1:4], "big")
    (track,) = struct.unpack_from(">I", payload, 4)
    if flags & _BASE_OFFSET:
        raise ValueError("a fragment that counts from the file's beginning can't be moved")
    known = defaults.get(track, Defaults())
    values = {_DURATION: known.duration, _SIZE: known.size, _FLAGS: known.flags}
    at = 8 + (4 if flags & _DESCRIPTION else 0)
    for flag in values:
        if flags & flag:
            (values[flag],) = struct.unpack_from(">I", payload, at)
            at += 4
    return track, Defaults(values[_DURATION], values[_SIZE], values[_FLAGS])


def _trun(
    payload: bytes, dts: int, after: int, default: Defaults, samples_max: int
) -> Iterator[Sample]:
    flags = int.from_bytes(payload[1:4], "big")
    (count,) = struct.unpack_from(">I", payload, 4)
    if count > samples_max:
        raise ValueError(f"a fragment claims {count} samples")
    at, offset, first_flags = 8, after, None
    if flags & _DATA_OFFSET:
        (offset,) = struct.unpack_from(">i", payload, at)
        at += 4
    if flags & _FIRST_FLAGS:
        (first_flags,) = struct.unpack_from(">I", payload, at)
        at += 4
    present = [flag for flag, _ in _ROW if flags & flag]
    row = struct.Struct(">" + "".join(code for flag, code in _ROW if flags & flag))
    if row.size * count != len(payload) - at:
        raise ValueError("a table of samples is cut off")
    rows = row.iter_unpack(payload[at:]) if row.size else iter([()] * count)
    for number, values in enumerate(rows):
        of = dict(zip(present, values, strict=True))
        size = of.get(0x200, default.size)
        duration = of.get(0x100, default.duration)
        own = of.get(0x400, default.flags)
        if first_flags is not None and number == 0:
            own = first_flags
        pts = dts + of.get(0x800, 0)
        yield Sample(offset, size, dts, pts, duration, not own & _NOT_SYNC)
        offset += size
        dts += duration


def retimed(moof: bytes, runs: Sequence[Run], shift: Mapping[int, int], sequence: int) -> bytes:
    """The ``moof`` at another time; its size stays.

    Args:
        shift: ticks to add, by track; a time before 0 becomes 0.
        sequence: its new number, taken modulo 2³².
    """
    changed = bytearray(moof)
    for kind, start, end in children(moof, 8, len(moof)):
        if kind == b"mfhd" and end - start >= 8:
            struct.pack_into(">I", changed, start + 4, sequence & 0xFFFF_FFFF)
    for run in runs:
        time = max(run.decode_time + shift.get(run.track, 0), 0)
        struct.pack_into(">Q", changed, run.decode_time_at, time)
    return bytes(changed)


def stills(track: int, sequence: int, pictures: Sequence[Sample]) -> bytes:
    """``moof`` and head of the ``mdat`` for a fragment of key frames alone.

    Args:
        pictures: at least one, each with the time and duration that it is to have; their bytes
            follow one after the other, so that ``offset`` counts for nothing.
    """
    table = b"".join(
        struct.pack(">IIIi", max(p.duration, 1), p.size, _KEY_FLAGS, p.pts - p.dts)
        for p in pictures
    )

    def moof(offset: int) -> bytes:
        return box(
            b"moof",
            box(b"mfhd", bytes(4), struct.pack(">I", sequence & 0xFFFF_FFFF)),
            box(
                b"traf",
                box(b"tfhd", b"\x00\x02\x00\x00", struct.pack(">I", track)),
                box(b"tfdt", b"\x01\x00\x00\x00", struct.pack(">Q", max(pictures[0].dts, 0))),
                box(b"trun", b"\x01\x00\x0f\x01", struct.pack(">Ii", len(pictures), offset), table),
            ),
        )

    payload_bytes = sum(p.size for p in pictures)
    head = moof(len(moof(0)) + 8)
    return head + struct.pack(">I4s", 8 + payload_bytes, b"mdat")

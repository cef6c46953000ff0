"""Exact edges: only the first and the last group of pictures are coded anew, all else is copied.

H.264 lets one track carry several parameter sets, told apart by number. The pictures that are coded
anew get sets with a number of their own beside the camera's, so the decoder's one configuration
holds both, no sample has to be touched, and every player changes over at a key frame as it does
within any stream. (Several sample entries in one track confuse some players; parameter sets within
the samples would change the copied ones.)
"""

import struct
from dataclasses import dataclass, field

import numpy as np
from av.video.frame import VideoFrame

from its_camera_ai.recorder.exporting.coding import (
    ENTRY_HEAD_BYTES,
    CodedPicture,
    Coding,
    PictureDecoder,
    PictureEncoder,
    SampleReader,
    configuration,
    decoded,
)
from its_camera_ai.recorder.exporting.timeline import Row
from its_camera_ai.video.fmp4 import box

EDGE_S_MAX = 60
"""A longer group of pictures is not coded anew for the sake of its edge."""
_EDGE_CRF = 16
_PLAIN_FORMATS = ("yuv420p", "yuvj420p")
_PROFILES = {66: "baseline", 77: "main"}
_IDR, _SLICE = 5, 1


class EdgesNotExact(Exception):
    """The edges have to stay on key frames, and why."""


@dataclass(frozen=True, slots=True)
class ExactCut:
    """What is copied, and what is coded anew before and after.

    Attributes:
        begin, end: samples of the row that are copied, ``[begin, end)``; none if equal.
        head, tail: pictures in the row's time.
        delay: ticks by which decoding comes before showing in the copied samples.
        entry: the sample entry that all can be decoded with.
    """

    begin: int
    end: int
    head: list[CodedPicture] = field(default_factory=list)
    tail: list[CodedPicture] = field(default_factory=list)
    delay: int = 0
    entry: bytes = b""


def exact_cut(row: Row, codec: str, since: int, until: int, reader: SampleReader) -> ExactCut:
    """The cut whose first and last picture are the first and last of ``[since, until)``, in ticks.

    Raises:
        EdgesNotExact: this recording has to be cut at key frames.
        OSError: reading failed.
    """
    pts = row.samples.pts
    keys = np.flatnonzero(row.samples.key)
    before = keys[pts[keys] <= since]
    anchor = int(before[-1]) if len(before) else int(keys[0])
    inside = np.flatnonzero((pts >= since) & (pts < until))
    if not len(inside):
        raise EdgesNotExact("no picture lies within the span")
    clean = not bool((pts[anchor:] < since).any())
    begin = anchor if clean else _entry_point(row, codec, anchor, since, until, reader)
    last = int(inside[-1]) + 1
    end = max(last, begin)
    if end > begin and bool((pts[begin:end] >= until).any()):
        later = keys[(keys >= begin) & (keys < end)]
        end = _last_entry_point(row, codec, later, begin, reader)
    if clean and end == last:
        return ExactCut(begin, end, entry=row.entry)
    if codec != "h264":
        raise EdgesNotExact("pictures in H.265 are never coded anew for an edge")
    return _coded(row, (anchor, begin, end, last), (since, until), reader)


def _entry_point(
    row: Row, codec: str, anchor: int, since: int, until: int, reader: SampleReader
) -> int:
    """The first key frame after ``anchor`` from which on all can be decoded on its own; the end of
    what is wanted where there is none."""
    pts = row.samples.pts
    keys = np.flatnonzero(row.samples.key)
    for key in keys[keys > anchor].tolist():
        if pts[key] >= until:
            break
        if _stands_alone(row, codec, key, reader) and pts[key] >= since:
            return int(key)
    wanted = np.flatnonzero(pts < until)
    return int(wanted[-1]) + 1


def _last_entry_point(
    row: Row, codec: str, keys: "np.typing.NDArray[np.int64]", begin: int, reader: SampleReader
) -> int:
    for key in keys[::-1].tolist():
        if _stands_alone(row, codec, key, reader):
            return int(key)
    return begin


def _stands_alone(row: Row, codec: str, key: int, reader: SampleReader) -> bool:
    """An IDR picture, and none that is decoded later is shown before it."""
    if bool((row.samples.pts[key:] < row.samples.pts[key]).any()):
        return False
    return codec != "h264" or _is_idr(reader.read(row, key))


def _is_idr(sample: bytes) -> bool:
    at = 0
    while at + 5 <= len(sample):
        kind = sample[at + 4] & 0x1F
        if kind in (_IDR, _SLICE):
            return kind == _IDR
        at += 4 + int.from_bytes(sample[at : at + 4], "big")
    return False


def _coded(
    row: Row, places: tuple[int, int, int, int], span: tuple[int, int], reader: SampleReader
) -> ExactCut:
    anchor, begin, end, last = places
    since, until = span
    record = configuration(row.entry)
    if record[4] & 3 != 3:
        raise EdgesNotExact("the recording frames its pictures in an unusual way")
    coding = _coding_like(row, record)
    head = _code(row, (anchor, begin), (since, until), reader, coding)
    tail = _code(row, (end, last), (since, until), reader, coding) if end < last else _Coded()
    whole = head.record or tail.record
    entry = row.entry if not whole else _with_sets(row.entry, record, whole)
    copied = end > begin
    delay = int(row.samples.pts[begin] - row.samples.dts[begin]) if copied else 0
    return ExactCut(begin, end, head.pictures, tail.pictures, delay, entry)


@dataclass(frozen=True, slots=True)
class _Coded:
    pictures: list[CodedPicture] = field(default_factory=list)
    record: bytes = b""


def _code(
    row: Row,
    samples: tuple[int, int],
    span: tuple[int, int],
    reader: SampleReader,
    coding: Coding,
) -> _Coded:
    begin, end = samples
    if begin >= end:
        return _Coded()
    length = int(row.samples.pts[begin:end].max() - row.samples.pts[begin:end].min())
    if length > EDGE_S_MAX * row.timescale:
        raise EdgesNotExact(f"its key frames are more than {EDGE_S_MAX} s apart")
    encoder: PictureEncoder | None = None
    pictures: list[CodedPicture] = []
    for frame, pts in decoded(row, begin, end, reader, PictureDecoder("h264", row.entry)):
        if not span[0] <= pts < span[1]:
            continue
        encoder = encoder or _encoder_for(frame, coding)
        pictures += encoder.encode(frame, pts)
    if encoder is None:
        return _Coded()
    return _Coded(pictures + encoder.flush(), encoder.record)


def _encoder_for(frame: VideoFrame, coding: Coding) -> PictureEncoder:
    if frame.format.name not in _PLAIN_FORMATS or frame.interlaced_frame:
        raise EdgesNotExact("its pictures are interlaced or have more than 8 bits")
    return PictureEncoder(frame, coding)


def _coding_like(row: Row, record: bytes) -> Coding:
    used = _set_numbers(record)
    free = next((number for number in range(31, -1, -1) if number not in used), None)
    if free is None:
        raise EdgesNotExact("the recording uses all numbers of parameter sets")
    lengths = row.samples.duration[row.samples.duration > 0]
    fps = row.timescale / float(np.median(lengths)) if len(lengths) else 25.0
    profile = _PROFILES.get(record[1], "high")
    return Coding(fps, _EDGE_CRF, key_interval=10_000, profile=profile, parameter_id=free)


def _sets(record: bytes) -> tuple[list[bytes], list[bytes], bytes]:
    """SPS, PPS, and what follows them in an ``avcC`` record."""
    at = 6
    found: list[list[bytes]] = []
    counts = [record[5] & 31]
    for turn in range(2):
        units = []
        for _ in range(counts[turn]):
            (size,) = struct.unpack_from(">H", record, at)
            units.append(record[at + 2 : at + 2 + size])
            at += 2 + size
        found.append(units)
        if turn == 0:
            counts.append(record[at])
            at += 1
    return found[0], found[1], record[at:]


def _set_numbers(record: bytes) -> set[int]:
    sps, pps, _ = _sets(record)
    return {_first_number(unit[4:]) for unit in sps} | {_first_number(unit[1:]) for unit in pps}


def _first_number(payload: bytes) -> int:
    """The Exp-Golomb number that these bytes begin with (ITU-T H.264, 9.1)."""
    bits = "".join(f"{byte:08b}" for byte in payload[:8])
    zeros = bits.index("1")
    return int(bits[zeros : 2 * zeros + 1], 2) - 1


def _with_sets(entry: bytes, record: bytes, more: bytes) -> bytes:
    """The sample entry with the parameter sets of a second record beside its own."""
    sps, pps, rest = _sets(record)
    more_sps, more_pps, _ = _sets(more)
    sps, pps = [*sps, *more_sps], [*pps, *more_pps]
    level = max(record[3], more[3])
    joined = record[:3] + bytes((level, record[4], 0xE0 | len(sps)))
    joined += b"".join(struct.pack(">H", len(unit)) + unit for unit in sps)
    joined += bytes((len(pps),))
    joined += b"".join(struct.pack(">H", len(unit)) + unit for unit in pps) + rest
    head, at = entry[8:ENTRY_HEAD_BYTES], ENTRY_HEAD_BYTES
    boxes = b""
    while at + 8 <= len(entry):
        size = int.from_bytes(entry[at : at + 4], "big")
        inner = entry[at : at + size]
        boxes += box(b"avcC", joined) if inner[4:8] == b"avcC" else inner
        at += max(size, 8)
    return box(entry[4:8], head, boxes)

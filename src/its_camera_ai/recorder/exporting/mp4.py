"""Writes MP4 that plays everywhere: one table of all samples in front (ISO/IEC 14496-12), then the
samples as they were recorded. Written from begin to end, so that nothing has to be moved."""

import struct
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from its_camera_ai.core.disk import ReadableFile, WritableFile
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.recorder.exporting.source import Ticks
from its_camera_ai.video.fmp4 import box

MOVIE_TIMESCALE = 90_000
_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x4000_0000)
_EPOCH_1904_S = 2_082_844_800
_COPY_BYTES = 4 * 1024 * 1024
_UINT32_MAX = 0xFFFF_FFFF

Opener = Callable[[], ReadableFile]


@dataclass(frozen=True, slots=True)
class Chunk:
    """Samples that lie one after another in a file.

    Attributes:
        source: what they are read from; equal numbers are the same file.
        at, size_bytes: where in it.
        samples: how many.
        begin_s: decoding time of the first; chunks of all tracks are written in its order.
    """

    source: int
    at: int
    size_bytes: int
    samples: int
    begin_s: float


@dataclass(frozen=True, slots=True, eq=False)
class OutTrack:
    """One track to write.

    Attributes:
        entry: the sample entry box.
        dts, pts, size: per sample, ticks and bytes; ``dts`` strictly rises.
        last_duration: ticks that the last sample lasts.
        keys: indices of samples at which decoding can start; None where all are.
        size_wh: pixels; zeros for sound.
    """

    timescale: int
    entry: bytes
    dts: Ticks
    pts: Ticks
    size: Ticks
    last_duration: int
    keys: Ticks | None
    chunks: Sequence[Chunk]
    size_wh: tuple[int, int] = (0, 0)

    @property
    def begin_s(self) -> float:
        return float(self.pts.min()) / self.timescale

    @property
    def length_ticks(self) -> int:
        """From the first picture to the end of the last, as shown."""
        return int(self.pts.max() - self.pts.min()) + self.last_duration


def write_mp4(
    file: WritableFile,
    tracks: Sequence[OutTrack],
    sources: Sequence[Opener],
    start_wall_ns: int,
    step: Callable[[int], None],
) -> None:
    """Write the whole file and sync it.

    Args:
        file: new and empty.
        sources: opens what chunks are read from, by ``Chunk.source``.
        start_wall_ns: told as the movie's creation time.
        step: called with the bytes written since; may raise to stop.

    Raises:
        OSError: reading or writing failed.
    """
    order = sorted(
        (
            (chunk.begin_s, number, i)
            for number, track in enumerate(tracks)
            for i, chunk in enumerate(track.chunks)
        )
    )
    payload = sum(chunk.size_bytes for track in tracks for chunk in track.chunks)
    ftyp = box(b"ftyp", b"isom", struct.pack(">I", 512), b"isom", b"iso2", b"avc1", b"mp41")
    places = [[0] * len(track.chunks) for track in tracks]
    head = len(ftyp) + len(_moov(tracks, places, start_wall_ns, wide=True)) + 16
    wide = head + payload > _UINT32_MAX
    at = len(ftyp) + len(_moov(tracks, places, start_wall_ns, wide=wide)) + 16
    for _, number, i in order:
        places[number][i] = at
        at += tracks[number].chunks[i].size_bytes
    moov = _moov(tracks, places, start_wall_ns, wide=wide)
    mdat = struct.pack(">I4sQ", 1, b"mdat", 16 + payload)
    file.write([ftyp, moov, mdat])
    step(len(ftyp) + len(moov) + 16)
    _copy(file, (tracks[number].chunks[i] for _, number, i in order), sources, step)
    file.sync()


def _copy(
    file: WritableFile,
    chunks: Iterable[Chunk],
    sources: Sequence[Opener],
    step: Callable[[int], None],
) -> None:
    opened: ReadableFile | None = None
    current = -1
    try:
        for source, at, size in _gathered(chunks):
            if source != current:
                if opened is not None:
                    opened.close()
                    opened = None
                opened, current = sources[source](), source
            assert opened is not None  # noqa: S101  set whenever the source changes
            end = at + size
            while at < end:
                piece = opened.read(min(_COPY_BYTES, end - at), at)
                if not piece:
                    raise OSError("a recording became shorter while it was copied")
                file.write([piece])
                at += len(piece)
                step(len(piece))
    finally:
        if opened is not None:
            opened.close()


def _gathered(chunks: Iterable[Chunk]) -> Iterable[tuple[int, int, int]]:
    """(source, place, size), with neighbours in one file as one."""
    source, at, size = -1, 0, 0
    for chunk in chunks:
        if chunk.source == source and chunk.at == at + size:
            size += chunk.size_bytes
            continue
        if size:
            yield source, at, size
        source, at, size = chunk.source, chunk.at, chunk.size_bytes
    if size:
        yield source, at, size


def _full(kind: bytes, version: int, flags: int, *parts: bytes) -> bytes:
    return box(kind, struct.pack(">I", version << 24 | flags), *parts)


def _moov(
    tracks: Sequence[OutTrack], places: list[list[int]], start_wall_ns: int, *, wide: bool
) -> bytes:
    made = max(0, start_wall_ns // NS_PER_S + _EPOCH_1904_S)
    begin_s = min(track.begin_s for track in tracks)
    length = max(
        round((track.begin_s - begin_s + track.length_ticks / track.timescale) * MOVIE_TIMESCALE)
        for track in tracks
    )
    mvhd = struct.pack(">QQIQIH10x", made, made, MOVIE_TIMESCALE, length, 0x10000, 0x100)
    mvhd += _MATRIX + bytes(24) + struct.pack(">I", len(tracks) + 1)
    return box(
        b"moov",
        _full(b"mvhd", 1, 0, mvhd),
        *(
            _trak(number + 1, track, places[number], begin_s, made, wide=wide)
            for number, track in enumerate(tracks)
        ),
    )


def _trak(
    number: int, track: OutTrack, places: list[int], begin_s: float, made: int, *, wide: bool
) -> bytes:
    width, height = track.size_wh
    shown = round(track.length_ticks / track.timescale * MOVIE_TIMESCALE)
    tkhd = struct.pack(">QQIIQ8xHHHH", made, made, number, 0, shown, 0, 0, 0 if width else 0x100, 0)
    tkhd += _MATRIX + struct.pack(">II", width << 16, height << 16)
    media = int(track.dts[-1] - track.dts[0]) + track.last_duration
    mdhd = struct.pack(">QQIQHH", made, made, track.timescale, media, 0x55C4, 0)
    handler, header = (
        (b"vide", _full(b"vmhd", 0, 1, bytes(8)))
        if width
        else (b"soun", _full(b"smhd", 0, 0, bytes(4)))
    )
    location = box(b"dinf", _full(b"dref", 0, 0, struct.pack(">I", 1), _full(b"url ", 0, 1)))
    name = b"Video\0" if width else b"Sound\0"
    return box(
        b"trak",
        _full(b"tkhd", 1, 3, tkhd),
        _edits(track, begin_s, shown),
        box(
            b"mdia",
            _full(b"mdhd", 1, 0, mdhd),
            _full(b"hdlr", 0, 0, bytes(4), handler, bytes(12), name),
            box(b"minf", header, location, _table(track, places, wide=wide)),
        ),
    )


def _edits(track: OutTrack, begin_s: float, shown: int) -> bytes:
    """A track begins when its first sample was taken, however its decoder is delayed."""
    entries = []
    late = round((track.begin_s - begin_s) * MOVIE_TIMESCALE)
    if late > 0:
        entries.append(struct.pack(">QqI", late, -1, 0x10000))
    entries.append(struct.pack(">QqI", shown, int(track.pts.min() - track.dts[0]), 0x10000))
    return box(b"edts", _full(b"elst", 1, 0, struct.pack(">I", len(entries)), b"".join(entries)))


def _table(track: OutTrack, places: list[int], *, wide: bool) -> bytes:
    durations = np.diff(track.dts, append=track.dts[-1] + track.last_duration)
    parts = [
        _full(b"stsd", 0, 0, struct.pack(">I", 1), track.entry),
        _pairs(b"stts", 0, durations),
    ]
    offsets = track.pts - track.dts
    if offsets.any():
        parts.append(_pairs(b"ctts", 1, offsets))
    if track.keys is not None:
        keys = (track.keys + 1).astype(">u4")
        parts.append(_full(b"stss", 0, 0, struct.pack(">I", len(keys)), keys.tobytes()))
    counts = np.array([chunk.samples for chunk in track.chunks], np.int64)
    starts = np.flatnonzero(np.diff(counts, prepend=-1))
    rows = np.stack([starts + 1, counts[starts], np.ones_like(starts)], 1).astype(">u4")
    parts.append(_full(b"stsc", 0, 0, struct.pack(">I", len(rows)), rows.tobytes()))
    sizes = track.size.astype(">u4").tobytes()
    parts.append(_full(b"stsz", 0, 0, struct.pack(">II", 0, len(track.size)), sizes))
    where = np.array(places, ">u8" if wide else ">u4").tobytes()
    kind = b"co64" if wide else b"stco"
    parts.append(_full(kind, 0, 0, struct.pack(">I", len(places)), where))
    return box(b"stbl", *parts)


def _pairs(kind: bytes, version: int, values: Ticks) -> bytes:
    """How often, and which value: runs of equal ones."""
    starts = np.flatnonzero(np.diff(values, prepend=values[0] - 1))
    counts = np.diff(starts, append=len(values))
    rows = np.stack([counts, values[starts]], 1).astype(">i4")
    return _full(kind, version, 0, struct.pack(">I", len(rows)), rows.tobytes())

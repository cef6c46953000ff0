"""The beginning of a fragmented MP4 file: which tracks there are and how they are coded."""

import struct
from collections.abc import Mapping
from dataclasses import dataclass, field

from its_camera_ai.core.media import MediaKind, TrackInfo
from its_camera_ai.video.fmp4 import box
from its_camera_ai.video.fragments import Defaults, children

HEAD_BYTES_MAX = 1024 * 1024

_VISUAL = {
    b"avc1": ("h264", b"avcC"),
    b"avc3": ("h264", b"avcC"),
    b"hvc1": ("hevc", b"hvcC"),
    b"hev1": ("hevc", b"hvcC"),
    b"av01": ("av1", b"av1C"),
}
_VISUAL_ENTRY_BYTES = 78
_KINDS = {b"vide": MediaKind.VIDEO, b"soun": MediaKind.AUDIO}
_TIMESCALE_MAX = 10_000_000


@dataclass(frozen=True, slots=True)
class MovieTrack:
    """One track.

    Attributes:
        timescale: ticks per second.
        info: codec, decoder configuration and size of a picture track; None of another.
    """

    number: int
    kind: MediaKind
    timescale: int
    info: TrackInfo | None = None


@dataclass(frozen=True, slots=True)
class MovieHead:
    """What stands before the first fragment.

    Attributes:
        init: ``ftyp`` and ``moov``, as a player wants them first.
        video: the picture track.
        others: sound.
    """

    init: bytes = field(repr=False)
    video: MovieTrack
    others: tuple[MovieTrack, ...]
    defaults: Mapping[int, Defaults]

    @property
    def timescales(self) -> dict[int, int]:
        """Ticks per second by track."""
        return {track.number: track.timescale for track in (self.video, *self.others)}

    def without_sound(self) -> bytes:
        """``init`` for a stream of the pictures alone: a player waits for sound that it was told
        of."""
        result = b""
        for kind, start, end in children(self.init, 0, len(self.init)):
            if kind != b"moov":
                result += self.init[start - 8 : end]
                continue
            kept = [
                self._without_others(kind, self.init[start:end])
                for kind, start, end in children(self.init, start, end)
            ]
            result += box(b"moov", *kept)
        return result

    def _without_others(self, kind: bytes, payload: bytes) -> bytes:
        number = self.video.number
        if kind == b"trak":
            return box(kind, payload) if _track_number(payload) == number else b""
        if kind == b"mvex":
            kept = (
                box(inner, payload[start:end])
                for inner, start, end in children(payload, 0, len(payload))
                if inner != b"trex"
                or int.from_bytes(payload[start + 4 : start + 8], "big") == number
            )
            return box(kind, *kept)
        return box(kind, payload)


def read_head(init: bytes) -> MovieHead:
    """The head from the bytes of its ``ftyp`` and ``moov``.

    Raises:
        ValueError: it is damaged, or has not one picture track of a known codec.
    """
    tracks: list[MovieTrack] = []
    defaults: dict[int, Defaults] = {}
    try:
        for kind, start, end in children(init, 0, len(init)):
            if kind != b"moov":
                continue
            for inner, at, stop in children(init, start, end):
                if inner == b"trak":
                    tracks += _track(init[at:stop])
                elif inner == b"mvex":
                    defaults |= _defaults(init[at:stop])
    except (struct.error, IndexError):
        raise ValueError("the file's head is cut off") from None
    video = [t for t in tracks if t.kind is MediaKind.VIDEO]
    if len(video) != 1 or len({t.number for t in tracks}) != len(tracks):
        raise ValueError("the file has not exactly one picture track")
    return MovieHead(init, video[0], tuple(t for t in tracks if t is not video[0]), defaults)


def _track_number(trak: bytes) -> int:
    for kind, start, _ in children(trak, 0, len(trak)):
        if kind == b"tkhd":
            (number,) = struct.unpack_from(">I", trak, start + (20 if trak[start] == 1 else 12))
            return int(number)
    return 0


def _track(trak: bytes) -> list[MovieTrack]:
    """The track; none if it is neither pictures nor sound."""
    number, timescale, handler, entry, fourcc = _track_number(trak), 0, b"", b"", b""
    for kind, start, end in _mdia(trak):
        if kind == b"mdhd":
            (timescale,) = struct.unpack_from(">I", trak, start + (20 if trak[start] == 1 else 12))
        elif kind == b"hdlr":
            handler = trak[start + 8 : start + 12]
        elif kind == b"stsd":
            fourcc, at, stop = next(children(trak, start + 8, end), (b"", 0, 0))
            entry = trak[at:stop]
    if handler not in _KINDS:
        return []
    if number == 0 or not 0 < timescale <= _TIMESCALE_MAX:
        raise ValueError("a track has no number or no time scale")
    media = _KINDS[handler]
    info = _visual(fourcc, entry) if media is MediaKind.VIDEO else None
    return [MovieTrack(number, media, timescale, info)]


def _mdia(trak: bytes) -> list[tuple[bytes, int, int]]:
    """The boxes of a track's ``mdia``, ``minf`` and ``stbl``, those first that lie highest."""
    found = []
    around = (0, len(trak))
    for wanted in (b"mdia", b"minf", b"stbl"):
        inner = None
        for kind, start, end in children(trak, *around):
            if kind == wanted:
                inner = start, end
            else:
                found.append((kind, start, end))
        if inner is None:
            raise ValueError("a track lacks its description")
        around = inner
    return [*found, *children(trak, *around)]


def _visual(fourcc: bytes, entry: bytes) -> TrackInfo:
    if fourcc not in _VISUAL:
        raise ValueError(f"pictures coded as {fourcc!r} can't be shown")
    codec, config = _VISUAL[fourcc]
    width, height = struct.unpack_from(">HH", entry, 24)
    for kind, start, end in children(entry, _VISUAL_ENTRY_BYTES, len(entry)):
        if kind == config:
            return TrackInfo(MediaKind.VIDEO, codec, entry[start:end], width, height)
    raise ValueError("the picture track has no decoder configuration")


def _defaults(mvex: bytes) -> dict[int, Defaults]:
    found = {}
    for kind, start, _ in children(mvex, 0, len(mvex)):
        if kind == b"trex":
            track, _, duration, size, flags = struct.unpack_from(">IIIII", mvex, start + 4)
            found[track] = Defaults(duration, size, flags)
    return found

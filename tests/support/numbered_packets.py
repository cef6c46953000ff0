"""Packets that carry their number in their bytes, and the numbers found again in recording files.

The reader here knows nothing of the product's own: it follows ISO/IEC 14496-12 alone.
"""

import functools
import itertools
import random
import struct
from collections.abc import Iterator

import msgspec

from its_camera_ai.core.camera_url import CameraUrl
from its_camera_ai.core.media import MediaKind, Packet, StreamInfo, StreamRole, TrackInfo
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.video.demux import Demuxer
from tests.support.clips import ClipSpec, make_clip

WALL_NS = 1_700_000_000 * NS_PER_S
_FILLER = random.Random(7).randbytes(1 << 16)


@functools.cache
def tracks() -> tuple[TrackInfo, TrackInfo]:
    """Video and sound as a real encoder describes them."""
    clip = make_clip(ClipSpec(frames=150, gop=25, audio=True))
    with Demuxer(CameraUrl.parse(str(clip))) as demuxer:
        assert demuxer.audio is not None
        return demuxer.video, demuxer.audio


class NumberedStream:
    """A camera without end: 25 pictures a second, and sound that comes a little late.

    Args:
        rng: decides the distance of key frames, the sizes, and whether there is sound.
        first_seq: the number of the first packet; the following count on.
    """

    def __init__(
        self,
        camera_id: str,
        rng: random.Random,
        *,
        generation: int = 1,
        first_seq: int = 1,
        start_ns: int = WALL_NS,
    ) -> None:
        video, audio = tracks()
        has_audio = rng.random() < 0.5
        self._rng = rng
        self._gop = rng.choice((12, 25, 50, 75))
        self._late_ns = rng.randrange(NS_PER_S // 2) if has_audio else 0
        self.info = StreamInfo(
            camera_id, StreamRole.MAIN, generation, video, audio if has_audio else None
        )
        self._first_seq = first_seq
        self._start_ns = start_ns

    def packets(self) -> Iterator[Packet]:
        """In the order in which a camera sends them."""
        seqs = itertools.count(self._first_seq)
        tick_ns = NS_PER_S // 25
        sound = None if self.info.audio is None else self._sound()
        waiting = next(sound) if sound else None
        for picture in itertools.count():
            dts_ns = self._start_ns + picture * tick_ns
            while sound and waiting is not None and waiting.dts_ns + self._late_ns < dts_ns:
                yield self._numbered(waiting, next(seqs))
                waiting = next(sound)
            is_key = picture % self._gop == 0
            size = self._rng.randrange(2000, 12000) if is_key else self._rng.randrange(40, 900)
            head = struct.pack(">IB", size + 9, 0x65 if is_key else 0x41)
            yield self._numbered(
                Packet(self.info, MediaKind.VIDEO, 0, dts_ns, dts_ns, tick_ns, 0, is_key, head),
                next(seqs),
                size,
            )

    def _sound(self) -> Iterator[Packet]:
        assert self.info.audio is not None
        step_ns = 1024 * NS_PER_S // self.info.audio.sample_rate
        for frame in itertools.count():
            dts_ns = self._start_ns + frame * step_ns
            yield Packet(self.info, MediaKind.AUDIO, 0, dts_ns, dts_ns, step_ns, 0, True, b"")

    @staticmethod
    def _numbered(bare: Packet, seq: int, size: int = 60) -> Packet:
        return msgspec.structs.replace(bare, seq=seq, data=bare.data + payload(seq, size))


def payload(seq: int, size: int) -> bytes:
    """A number, and as many bytes as wanted that follow from it."""
    at = seq * 7919 % (len(_FILLER) - size)
    return struct.pack(">Q", seq) + _FILLER[at : at + size]


def seqs_in(content: bytes) -> list[int]:
    """The sorted numbers of all packets in a recording file, each compared byte by byte with what
    was sent."""
    found: list[int] = []
    moof_at = 0
    for kind, start, end in _boxes(content, 0, len(content)):
        if kind == b"moof":
            moof_at = start
            for inner, traf, traf_end in _boxes(content, start + 8, end):
                if inner == b"traf":
                    found += _seqs_of(content, moof_at, traf + 8, traf_end)
    return sorted(found)


def _seqs_of(content: bytes, moof_at: int, begin: int, end: int) -> Iterator[int]:
    track = 0
    for kind, at, _ in _boxes(content, begin, end):
        if kind == b"tfhd":
            (track,) = struct.unpack_from(">I", content, at + 12)
        if kind == b"trun":
            count, offset = struct.unpack_from(">Ii", content, at + 12)
            position = moof_at + offset
            for i in range(count):
                (size,) = struct.unpack_from(">I", content, at + 20 + 16 * i + 4)
                sample = content[position + (5 if track == 1 else 0) : position + size]
                (seq,) = struct.unpack_from(">Q", sample)
                assert sample == payload(seq, len(sample) - 8), f"packet {seq} is not as sent"
                yield seq
                position += size


def _boxes(content: bytes, begin: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    at = begin
    while at + 8 <= end:
        size, kind = struct.unpack_from(">I4s", content, at)
        assert size >= 8, f"a torn box at {at}"
        assert at + size <= end, f"a torn box at {at}"
        yield kind, at, at + size
        at += size

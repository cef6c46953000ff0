"""Files that a recorder or an importer must survive: cut off, corrupt, empty, lying about time."""

import random
from collections.abc import Callable
from pathlib import Path

import av

from tests.support.clips import SAMPLE_RATE, ClipSpec, cached, make_clip, tone_frames

_TS_PACKET = 188
_TICKS_PER_S = 90_000
_HUGE = ClipSpec(size_wh=(7680, 4320), frames=1, gop=1, noise=0)


def truncated(share: float = 0.6, spec: ClipSpec | None = None) -> Path:
    """The first ``share`` of a clip's bytes; an MP4 of this kind has lost its index."""
    source = make_clip(spec)
    data = source.read_bytes()
    return cached(
        f"truncated-{share}-{source.name}",
        lambda path: _write(path, data[: int(len(data) * share)]),
    )


def corrupt(flips: int = 200, spec: ClipSpec | None = None) -> Path:
    """A clip with bytes of its coded pictures changed; the index is whole."""
    source = make_clip(spec)
    data = bytearray(source.read_bytes())
    body = data.index(b"mdat") + 4
    end = data.index(b"moov") if data.index(b"moov") > body else len(data)
    dice = random.Random(flips)
    for _ in range(flips):
        data[dice.randrange(body + 2000, end)] ^= dice.randrange(1, 256)
    return cached(f"corrupt-{flips}-{source.name}", lambda path: _write(path, bytes(data)))


def zero_length() -> Path:
    """An empty file that is called a video."""
    return cached("zero-length.mp4", lambda path: _write(path, b""))


def not_a_video() -> Path:
    """Plain text that is called a video."""
    return cached("not-a-video.mp4", lambda path: _write(path, b"This is no video.\n" * 500))


def wrong_extension(spec: ClipSpec | None = None) -> Path:
    """A sound MP4 that is called a text file."""
    source = make_clip(spec)
    return cached(f"{source.stem}.txt", lambda path: _write(path, source.read_bytes()))


def audio_only(duration_s: float = 2.0) -> Path:
    """An MP4 with nothing but an AAC tone."""

    def make(path: Path) -> None:
        with av.open(str(path), "w") as container:
            tone = container.add_stream("aac", rate=SAMPLE_RATE, layout="mono")
            for frame in tone_frames(duration_s):
                container.mux(tone.encode(frame))
            container.mux(tone.encode(None))

    return cached(f"audio-only-{duration_s}.mp4", make)


def eight_k() -> Path:
    """One H.264 picture of 7680 × 4320."""
    return make_clip(_HUGE)


def jumping(at: int, jump_s: float, spec: ClipSpec | None = None) -> Path:
    """From picture ``at`` on all time stamps are ``jump_s`` later (earlier where negative)."""
    return _retimed(
        f"jump-{at}-{jump_s}",
        spec,
        lambda stamps: [
            t + (round(jump_s * _TICKS_PER_S) if i >= at else 0) for i, t in enumerate(stamps)
        ],
    )


def repeating(at: int, count: int, spec: ClipSpec | None = None) -> Path:
    """``count`` pictures from ``at`` on carry the time stamp of picture ``at``."""
    return _retimed(
        f"repeat-{at}-{count}",
        spec,
        lambda stamps: [stamps[at] if at <= i < at + count else t for i, t in enumerate(stamps)],
    )


def _retimed(name: str, spec: ClipSpec | None, retime: Callable[[list[int]], list[int]]) -> Path:
    """A clip without B pictures as MPEG-TS, its time stamps (90 kHz) rewritten.

    No muxer writes time that runs backward, so the stamps are changed in the finished file.
    """
    source = make_clip(spec)

    def make(path: Path) -> None:
        with av.open(str(source)) as given, av.open(str(path), "w", format="mpegts") as made:
            template = made.add_stream_from_template(given.streams.video[0])
            for packet in given.demux(video=0):
                if packet.size:
                    packet.stream = template
                    made.mux_one(packet)
        data = bytearray(path.read_bytes())
        places = _stamp_places(data)
        for place, stamp in zip(places, retime([_stamp(data, p) for p in places]), strict=True):
            _set_stamp(data, place, stamp)
        path.write_bytes(data)

    return cached(f"{name}-{source.stem}.ts", make)


def _stamp_places(data: bytes | bytearray) -> list[int]:
    """Where the PTS of each picture stands in a transport stream (ISO/IEC 13818-1 §2.4.3)."""
    places = []
    for start in range(0, len(data), _TS_PACKET):
        begins_unit = data[start + 1] & 0x40
        adaptation = data[start + 4] + 1 if data[start + 3] & 0x20 else 0
        pes = start + 4 + adaptation
        if begins_unit and data[pes : pes + 4] == b"\x00\x00\x01\xe0":
            if data[pes + 7] >> 6 != 0b10:
                raise ValueError("The clip has B pictures; re-timing needs one without.")
            places.append(pes + 9)
    return places


def _stamp(data: bytes | bytearray, place: int) -> int:
    b = data[place : place + 5]
    return (b[0] >> 1 & 7) << 30 | b[1] << 22 | b[2] >> 1 << 15 | b[3] << 7 | b[4] >> 1


def _set_stamp(data: bytearray, place: int, stamp: int) -> None:
    data[place : place + 5] = bytes(
        (
            0x21 | (stamp >> 30 & 7) << 1,
            stamp >> 22 & 0xFF,
            (stamp >> 15 & 0x7F) << 1 | 1,
            stamp >> 7 & 0xFF,
            (stamp & 0x7F) << 1 | 1,
        )
    )


def _write(path: Path, data: bytes) -> None:
    path.write_bytes(data)

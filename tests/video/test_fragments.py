"""Fragments: what our muxer and FFmpeg's write is read back; damage is refused, never followed."""

import io
import struct

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from its_camera_ai.core.media import MediaKind, Packet
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.video.fmp4 import VIDEO_TIMESCALE, FragmentMuxer, box, ticks
from its_camera_ai.video.fragments import (
    SAMPLES_MAX,
    Defaults,
    Sample,
    children,
    read_runs,
    retimed,
    stills,
)
from its_camera_ai.video.movie_head import read_head
from tests.support.clips import ClipSpec, make_clip
from tests.support.recordings import camera_packets

SPEC = ClipSpec(frames=50, gop=25, b_frames=2, audio=True)
START_NS = 1_700_000_000 * NS_PER_S


def first_fragment() -> tuple[list[Packet], bytes]:
    items = [p for p in camera_packets(SPEC, start_ns=START_NS) if p.dts_ns < START_NS + NS_PER_S]
    return items, FragmentMuxer(items[0].info, audio=True).fragment(items, START_NS)


def split(fragment: bytes) -> tuple[bytes, bytes]:
    """``moof`` and the rest."""
    size = int.from_bytes(fragment[:4], "big")
    return fragment[:size], fragment[size:]


def test_our_own_fragment_is_read_back() -> None:
    items, fragment = first_fragment()
    moof, _ = split(fragment)
    video, sound = read_runs(moof, {})
    pictures = [p for p in items if p.kind is MediaKind.VIDEO]
    assert [s.dts for s in video.samples] == [
        ticks(p.dts_ns - START_NS, VIDEO_TIMESCALE) for p in pictures
    ]
    assert [s.pts for s in video.samples] == [
        ticks(p.pts_ns - START_NS, VIDEO_TIMESCALE) for p in pictures
    ]
    assert [s.is_key for s in video.samples] == [p.is_key for p in pictures]
    tones = [p for p in items if p.kind is MediaKind.AUDIO]
    assert [fragment[s.offset : s.offset + s.size] for s in sound.samples] == [
        p.data for p in tones
    ]
    assert video.end == video.samples[-1].dts + video.samples[-1].duration


@pytest.mark.parametrize(
    "flags",
    [
        pytest.param("frag_keyframe+empty_moov+default_base_moof", id="defaults"),
        pytest.param("frag_keyframe+empty_moov+default_base_moof+cmaf", id="cmaf"),
    ],
)
def test_a_fragment_of_ffmpeg_is_read(flags: str) -> None:
    file = io.BytesIO()
    with (
        av.open(str(make_clip(SPEC))) as source,
        av.open(file, "w", format="mp4", options={"movflags": flags}) as target,
    ):
        stream = source.streams.video[0]
        copied = target.add_stream_from_template(stream)
        wanted = []
        for packet in source.demux(stream):
            if packet.dts is not None:
                wanted.append((bytes(packet), packet.is_keyframe))
                packet.stream = copied
                target.mux(packet)
    data = file.getvalue()
    init, found = b"", []
    for kind, start, end in children(data, 0, len(data)):
        if kind in (b"ftyp", b"moov"):
            init += data[start - 8 : end]
        elif kind == b"moof":
            (run,) = read_runs(data[start - 8 : end], read_head(init).defaults)
            at = start - 8
            found += [(data[at + s.offset : at + s.offset + s.size], s.is_key) for s in run.samples]
    assert found == wanted


def test_another_time_changes_nothing_else() -> None:
    _, fragment = first_fragment()
    moof, _ = split(fragment)
    runs = read_runs(moof, {})
    moved = retimed(moof, runs, {1: 5 * 90_000, 2: 7}, 2**32 + 9)
    assert len(moved) == len(moof)
    again = read_runs(moved, {})
    assert again[0].decode_time == runs[0].decode_time + 5 * 90_000
    assert again[1].decode_time == runs[1].decode_time + 7
    assert struct.unpack_from(">I", moved, moved.index(b"mfhd") + 8) == (9,)
    assert retimed(moved, again, {1: -5 * 90_000, 2: -7}, 1) == moof


def test_no_time_before_the_beginning() -> None:
    moof, _ = split(first_fragment()[1])
    runs = read_runs(retimed(moof, read_runs(moof, {}), {1: -(10**12)}, 1), {})
    assert runs[0].decode_time == 0


def test_stills_are_a_fragment_of_key_frames() -> None:
    pictures = [Sample(0, 3, 10, 10, 90, True), Sample(0, 5, 100, 100, 50, True)]
    head = stills(1, 4, pictures)
    moof, rest = split(head + b"abcdefgh")
    (run,) = read_runs(moof, {})
    whole = head + b"abcdefgh"
    assert [whole[s.offset : s.offset + s.size] for s in run.samples] == [b"abc", b"defgh"]
    assert [(s.dts, s.pts, s.duration, s.is_key) for s in run.samples] == [
        (10, 10, 90, True),
        (100, 100, 50, True),
    ]
    assert int.from_bytes(rest[:4], "big") == len(rest)


def trun(flags: int, count: int, body: bytes = b"") -> bytes:
    return box(b"trun", struct.pack(">II", 0x0100_0000 | flags, count), body)


def moof_of(run: bytes, *, tfhd_flags: int = 0x02_0000, time_version: int = 1) -> bytes:
    time = struct.pack(">IQ", time_version << 24, 0)
    head = box(b"tfhd", struct.pack(">II", tfhd_flags, 1))
    return box(b"moof", box(b"traf", head, box(b"tfdt", time), run))


@pytest.mark.parametrize(
    "moof",
    [
        pytest.param(moof_of(trun(0, 2**32 - 1)), id="four billion samples of no bytes"),
        pytest.param(moof_of(trun(0, SAMPLES_MAX + 1)), id="one too many"),
        pytest.param(moof_of(trun(0x100, 3, bytes(8))), id="table cut off"),
        pytest.param(moof_of(trun(0x100, 1, bytes(8))), id="table too long"),
        pytest.param(moof_of(trun(0, 0), tfhd_flags=1), id="counts from the file"),
        pytest.param(moof_of(trun(0, 0), time_version=0), id="32-bit time"),
        pytest.param(box(b"moof", box(b"traf", trun(0, 0))), id="no head of the track"),
        pytest.param(box(b"moof", box(b"traf", box(b"tfhd", b"\0\0"))), id="head cut off"),
        pytest.param(box(b"moof", struct.pack(">I4s", 99, b"traf")), id="a box too large"),
        pytest.param(box(b"moof", struct.pack(">I4s", 0, b"traf")), id="a box of nothing"),
        pytest.param(box(b"moof", b"\0\0\0"), id="half a head"),
        pytest.param(box(b"moof", box(b"free") * 1001), id="boxes without end"),
    ],
)
def test_what_can_not_be_is_refused(moof: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  any of them will do, the text is not shown
        read_runs(moof, {})


def test_samples_without_a_table_have_the_defaults() -> None:
    (run,) = read_runs(moof_of(trun(0, 3)), {1: Defaults(40, 7, 0x0101_0000)})
    assert [(s.dts, s.size, s.is_key) for s in run.samples] == [
        (0, 7, False),
        (40, 7, False),
        (80, 7, False),
    ]


@given(st.data())
def test_no_damage_is_followed(data: st.DataObject) -> None:
    moof, _ = split(first_fragment()[1])
    damaged = bytearray(moof)
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(st.integers(8, len(moof) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(8, len(moof)))
    for wanted in (bytes(damaged), moof[:cut]):
        try:
            runs = read_runs(wanted, {})
        except ValueError:
            continue
        assert len(retimed(wanted, runs, {1: 1, 2: 1}, 1)) == len(wanted)

"""Our fragments against two independent readers: FFmpeg's library and the ffmpeg program."""

import subprocess
from pathlib import Path

import av
import pytest

from its_camera_ai.core.camera_url import CameraUrl
from its_camera_ai.core.errors import CameraUnsupported
from its_camera_ai.core.media import MediaKind, Packet, StreamInfo, StreamRole, TrackInfo
from its_camera_ai.video import nal
from its_camera_ai.video.decoder import VideoDecoder
from its_camera_ai.video.demux import Demuxer
from its_camera_ai.video.fmp4 import FragmentMuxer
from its_camera_ai.video.stamps import with_stamps
from tests.support.clips import ClipSpec, make_clip, numbers_in

SPECS = [
    pytest.param(ClipSpec(), id="h264"),
    pytest.param(ClipSpec(b_frames=2), id="h264 with B-frames"),
    pytest.param(ClipSpec(codec="hevc"), id="h265"),
    pytest.param(ClipSpec(audio=True), id="h264 with sound"),
    pytest.param(ClipSpec(codec="hevc", audio=True, b_frames=2), id="h265, B-frames, sound"),
    pytest.param(ClipSpec(vfr=True), id="variable frame rate"),
]


def packets_of(path: Path) -> list[Packet]:
    with Demuxer(CameraUrl.parse(str(path))) as demuxer:
        info = StreamInfo("c", StreamRole.MAIN, 1, demuxer.video, demuxer.audio)
        return [
            Packet(
                info,
                raw.kind,
                i,
                raw.pts_ns or 0,
                raw.dts_ns or 0,
                raw.duration_ns,
                0,
                raw.is_key,
                raw.data,
            )
            for i, raw in enumerate(with_stamps(demuxer.packets()))
        ]


def as_annex_b(packets: list[Packet]) -> list[Packet]:
    """The same stream as a camera sends it: start codes, parameter sets before key frames."""
    first = packets[0].info
    sets = _sets_of(first.video)
    video = TrackInfo(
        first.video.kind,
        first.video.codec,
        nal.annex_b(sets),
        first.video.width,
        first.video.height,
    )
    info = StreamInfo("c", StreamRole.MAIN, 1, video, first.audio)
    return [
        Packet(
            info,
            p.kind,
            p.seq,
            p.pts_ns,
            p.dts_ns,
            p.duration_ns,
            0,
            p.is_key,
            _start_codes(p.data) if p.kind is MediaKind.VIDEO else p.data,
        )
        for p in packets
    ]


def _start_codes(data: bytes) -> bytes:
    out, at = b"", 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        out += b"\x00\x00\x00\x01" + data[at + 4 : at + 4 + size]
        at += 4 + size
    return out


def _sets_of(video: TrackInfo) -> tuple[bytes, ...]:
    record, found = video.extradata, []
    if video.codec == "h264":
        at = 6
        for counted in (record[5] & 0x1F, None):
            count = counted if counted is not None else record[at]
            at += counted is None
            for _ in range(count):
                size = int.from_bytes(record[at : at + 2], "big")
                found.append(record[at + 2 : at + 2 + size])
                at += 2 + size
        return tuple(found)
    at = 23
    for _ in range(record[22]):
        count = int.from_bytes(record[at + 1 : at + 3], "big")
        at += 3
        for _ in range(count):
            size = int.from_bytes(record[at : at + 2], "big")
            found.append(record[at + 2 : at + 2 + size])
            at += 2 + size
    return tuple(f for f in found if nal.nal_type("hevc", f) in (32, 33, 34))


def muxed(
    packets: list[Packet], tmp_path: Path, per_fragment: int = 10
) -> tuple[Path, FragmentMuxer]:
    muxer = FragmentMuxer(packets[0].info, audio=True)
    base = min(p.dts_ns for p in packets)
    parts = [muxer.init]
    starts = range(0, len(packets), per_fragment)
    parts += [muxer.fragment(packets[i : i + per_fragment], base) for i in starts]
    path = tmp_path / "out.mp4"
    path.write_bytes(b"".join(parts))
    return path, muxer


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("annex_b", [False, True], ids=["as in the file", "as a camera sends it"])
@pytest.mark.parametrize("per_fragment", [1, 10])
def test_every_picture_comes_back_at_its_time(
    spec: ClipSpec, annex_b: bool, per_fragment: int, tmp_path: Path
) -> None:
    clip = make_clip(spec)
    packets = packets_of(clip)
    path, muxer = muxed(as_annex_b(packets) if annex_b else packets, tmp_path, per_fragment)
    assert numbers_in(path) == numbers_in(clip)
    with av.open(str(clip)) as a, av.open(str(path)) as b:
        wanted = [f.time for f in a.decode(video=0)]
        got = [f.time for f in b.decode(video=0)]
    offset = got[0] - wanted[0]
    assert max(abs(g - w - offset) for g, w in zip(got, wanted, strict=True)) < 1e-4
    assert muxer.has_audio is spec.audio
    if spec.audio:
        with av.open(str(clip)) as a, av.open(str(path)) as b:
            assert sum(f.samples for f in b.decode(audio=0)) == sum(
                f.samples for f in a.decode(audio=0)
            )


def test_the_ffmpeg_program_reads_it_without_a_complaint(ffmpeg: Path, tmp_path: Path) -> None:
    for spec in (ClipSpec(audio=True), ClipSpec(codec="hevc", b_frames=2)):
        path, _ = muxed(as_annex_b(packets_of(make_clip(spec))), tmp_path)
        done = subprocess.run(
            [ffmpeg, "-v", "warning", "-xerror", "-i", path, "-f", "null", "-"],
            capture_output=True,
            text=True,
        )
        assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("spec", [ClipSpec(), ClipSpec(codec="hevc")], ids=["h264", "hevc"])
def test_our_configuration_record_says_what_ffmpeg_s_says(spec: ClipSpec) -> None:
    info = packets_of(make_clip(spec))[0].info.video
    theirs = nal.decoder_config(info.codec, info.extradata)
    ours = nal.decoder_config(info.codec, nal.annex_b(_sets_of(info)))
    assert ours.codecs == theirs.codecs
    length = 4 if info.codec == "h264" else 13  # profile, compatibility, constraints, level
    assert ours.record[:length] == theirs.record[:length]


@pytest.mark.parametrize(
    ("codec", "extradata"),
    [
        pytest.param("h264", b"", id="no parameter sets"),
        pytest.param("h264", b"\0\0\0\1\x67\x64\x00\x1f", id="SPS without PPS"),
        pytest.param("hevc", b"\0\0\0\1\x40\x01\0\0\1\x42\x01\0\0\1\x44\x01", id="empty sets"),
        pytest.param("mjpeg", b"", id="another codec"),
    ],
)
def test_what_can_not_be_packed_is_refused(codec: str, extradata: bytes) -> None:
    info = StreamInfo("c", StreamRole.MAIN, 1, TrackInfo(MediaKind.VIDEO, codec, extradata, 64, 48))
    with pytest.raises(CameraUnsupported):
        FragmentMuxer(info)


def test_start_codes_become_lengths() -> None:
    data = b"\0\0\0\1\x67abc\0\0\1\x68d\0\0\0\1\x65efg"
    assert b"".join(nal.length_prefixed(data)) == b"\0\0\0\4\x67abc\0\0\0\2\x68d\0\0\0\4\x65efg"


def test_decoder_keeps_going_over_garbage() -> None:
    packets = packets_of(make_clip(ClipSpec(frames=30, gop=10)))
    decoder = VideoDecoder(packets[0].info)
    frames = 0
    for i, packet in enumerate(packets):
        data = b"\xff" * 20 if i == 5 else packet.data
        frames += len(
            decoder.decode(
                Packet(
                    packet.info,
                    packet.kind,
                    i,
                    packet.pts_ns,
                    packet.dts_ns,
                    1,
                    0,
                    packet.is_key,
                    data,
                )
            )
        )
    frames += len(decoder.flush())
    assert decoder.errors == 1
    assert frames >= 28

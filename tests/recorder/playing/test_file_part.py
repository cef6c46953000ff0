"""Parts of files as a player gets them: every frame once, in order, in one time without a seam."""

import io
import itertools
from collections.abc import Iterator
from pathlib import Path

import av
import pytest

from its_camera_ai.core.errors import RecordingDamaged, RecordingGone
from its_camera_ai.core.media import MediaKind, Packet
from its_camera_ai.core.segments import Segment
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.recorder.playing.file_part import PIECE_BYTES, Trim
from its_camera_ai.recorder.playing.fragment_table import read_table
from its_camera_ai.recorder.playing.played_file import PlayedFile
from its_camera_ai.store.disk import RealDisk
from its_camera_ai.video.fragments import children
from tests.support.clips import ClipSpec, luma
from tests.support.pattern import read_number
from tests.support.recordings import camera_packets, record

START_NS = 1_700_000_000 * NS_PER_S
CLIPS = [
    pytest.param(ClipSpec(frames=150, gop=25, audio=True), id="h264 with sound"),
    pytest.param(ClipSpec(frames=150, gop=25, b_frames=2), id="B-frames"),
    pytest.param(ClipSpec(frames=150, gop=25, codec="hevc", audio=True), id="h265 with sound"),
    pytest.param(ClipSpec(frames=100, gop=50), id="fragments without key frames"),
]


def opened(root: Path, segments: list[Segment]) -> Iterator[PlayedFile]:
    for segment in segments:
        file = RealDisk().open(root / segment.path)
        yield PlayedFile(segment, file, read_table(file))


@pytest.mark.parametrize("spec", CLIPS)
def test_files_one_after_the_other_are_one_stream(spec: ClipSpec, tmp_path: Path) -> None:
    items = camera_packets(spec, start_ns=START_NS)
    segments = record(tmp_path, items)
    assert len(segments) >= 2
    data = b""
    for played in opened(tmp_path, segments):
        part = played.part(Trim())
        body = b"".join(part.pieces())
        assert len(body) == part.size_bytes
        data += body if data else played.table.head.init + body
    with av.open(io.BytesIO(data)) as container:
        for kind, stream in (
            ("video", container.streams.video),
            ("audio", container.streams.audio),
        ):
            if stream:
                assert_the_same_packets(items, MediaKind(kind), data)
        frames = list(container.decode(video=0))
    assert [read_number(luma(frame)) for frame in frames] == list(range(spec.frames))
    steps = {round((b.pts - a.pts) * a.time_base * 1000) for a, b in itertools.pairwise(frames)}
    assert steps == {1000 // spec.fps}


def assert_the_same_packets(items: list[Packet], kind: MediaKind, data: bytes) -> None:
    """The packets that were recorded, each at its stream time to a tick."""
    wanted = [p for p in items if p.kind is kind and p.dts_ns >= items[0].dts_ns]
    with av.open(io.BytesIO(data)) as container:
        stream = next(s for s in container.streams if s.type == kind)
        tick_ns = float(stream.time_base) * NS_PER_S
        got = [(p.dts * tick_ns, p.size) for p in container.demux(stream) if p.dts is not None]
    wanted_first = next(p for p in items if p.is_key and p.kind is MediaKind.VIDEO)
    wanted = [p for p in wanted if p.dts_ns >= wanted_first.dts_ns]
    assert len(got) == len(wanted)
    for (dts_ns, _), packet in zip(got, wanted, strict=True):
        assert dts_ns == pytest.approx(packet.dts_ns, abs=1.5 * tick_ns)


def test_numbers_of_fragments_rise_over_files(tmp_path: Path) -> None:
    segments = record(tmp_path, camera_packets(ClipSpec(frames=150, gop=25), start_ns=START_NS))
    numbers = []
    for played in opened(tmp_path, segments):
        body = b"".join(played.part(Trim()).pieces())
        for kind, start, end in children(body, 0, len(body)):
            if kind == b"moof":
                at = body.index(b"mfhd", start, end) + 8
                numbers.append(int.from_bytes(body[at : at + 4], "big"))
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize("spec", CLIPS[:3])
@pytest.mark.parametrize(
    ("trim", "first", "last"),
    [
        pytest.param(Trim(), 0, 149, id="whole"),
        pytest.param(Trim(since=90_000), 25, 149, id="from the second"),
        pytest.param(Trim(until=180_000), 0, 49, id="to the third"),
        pytest.param(Trim(90_000, 180_000), 25, 49, id="one group"),
        pytest.param(Trim(until=10**9), 0, 149, id="beyond the end"),
    ],
)
def test_part_of_a_file(spec: ClipSpec, trim: Trim, first: int, last: int, tmp_path: Path) -> None:
    segments = record(tmp_path, camera_packets(spec, start_ns=START_NS), segment_s=600)
    (played,) = opened(tmp_path, segments)
    part = played.part(trim)
    body = b"".join(part.pieces())
    assert len(body) == part.size_bytes
    with av.open(io.BytesIO(played.table.head.init + body)) as container:
        numbers = [read_number(luma(frame)) for frame in container.decode(video=0)]
    assert numbers == list(range(first, last + 1))


@pytest.mark.parametrize("spec", CLIPS)
def test_key_frames_alone_fill_the_same_time(spec: ClipSpec, tmp_path: Path) -> None:
    segments = record(tmp_path, camera_packets(spec, start_ns=START_NS))
    data = b""
    for played in opened(tmp_path, segments):
        part = played.part(Trim())
        body = b"".join(part.key_pieces())
        assert len(body) == part.key_size_bytes()
        data += body if data else played.table.head.without_sound() + body
    with av.open(io.BytesIO(data)) as container:
        assert not container.streams.audio
        packets = [p for p in container.demux(video=0) if p.dts is not None]
        stream = container.streams.video[0]
        ends = [float((p.pts + p.duration) * stream.time_base) for p in packets]
        begins = [float(p.pts * stream.time_base) for p in packets]
    assert ends[:-1] == pytest.approx(begins[1:], abs=1e-4)
    last = segments[-1]
    end_s = (last.start_pts_ns + last.duration_ns) / NS_PER_S
    assert ends[-1] == pytest.approx(end_s, abs=1e-4)
    with av.open(io.BytesIO(data)) as container:
        numbers = [read_number(luma(frame)) for frame in container.decode(video=0)]
    assert numbers == list(range(0, spec.frames, spec.gop))


def test_a_part_without_pictures_is_refused(tmp_path: Path) -> None:
    segments = record(tmp_path, camera_packets(ClipSpec(frames=50, gop=25), start_ns=START_NS))
    (played,) = opened(tmp_path, segments)
    for trim in (Trim(since=10**9), Trim(until=0), Trim(180_000, 90_000)):
        with pytest.raises(RecordingGone, match="no pictures"):
            played.part(trim)


@pytest.mark.parametrize("keys", [False, True], ids=["all", "keys"])
def test_damage_ends_it_before_anything_wrong_is_given(keys: bool, tmp_path: Path) -> None:
    segments = record(
        tmp_path, camera_packets(ClipSpec(frames=100, gop=25), start_ns=START_NS), segment_s=600
    )
    (played,) = opened(tmp_path, segments)
    sound = played.part(Trim())
    whole = b"".join(sound.key_pieces() if keys else sound.pieces())
    path = tmp_path / segments[0].path
    data = bytearray(path.read_bytes())
    hurt = played.table.fragments[2]
    data[hurt.offset + hurt.key_at + 50] ^= 4
    path.write_bytes(data)
    part, got = played.part(Trim()), bytearray()
    with pytest.raises(RecordingDamaged):
        got.extend(gathered(part.key_pieces() if keys else part.pieces(), got))
    assert whole.startswith(bytes(got))
    assert 0 < len(got) < len(whole)


def gathered(pieces: Iterator[bytes], into: bytearray) -> bytes:
    """Keeps what came before an error."""
    for piece in pieces:
        into += piece
    return b""


def test_no_piece_is_large(tmp_path: Path) -> None:
    spec = ClipSpec(size_wh=(1280, 720), frames=50, gop=50, bitrate_bps=20_000_000, noise=1.0)
    segments = record(tmp_path, camera_packets(spec, start_ns=START_NS), segment_s=600)
    (played,) = opened(tmp_path, segments)
    sizes = [len(piece) for piece in played.part(Trim()).pieces()]
    assert max(sizes) <= PIECE_BYTES < sum(sizes)

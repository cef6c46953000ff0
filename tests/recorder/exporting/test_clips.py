"""Clips: bit by bit what was recorded, cut where asked, playable everywhere."""

import subprocess
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import av
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from its_camera_ai.core.media import MediaKind, Packet
from its_camera_ai.core.segments import Segment
from its_camera_ai.core.time import NS_PER_MS, NS_PER_S
from its_camera_ai.recorder.exporting.plan import Span, gaps, groups
from its_camera_ai.recorder.exporting.source import SourceUnusable, Verification, read_source
from its_camera_ai.recorder.exporting.timeline import timeline
from its_camera_ai.recorder.files.segment_format import segment_of
from its_camera_ai.recorder.files.segment_reading import read_description, read_seal
from its_camera_ai.store.disk import RealDisk
from tests.recorder.export_support import clip_plan, flipped, media_of, record, span, written
from tests.recorder.support import packets
from tests.support.clips import ClipSpec, numbers_in

PLAIN = ClipSpec(frames=150, gop=25, audio=True)  # 6 s, a key frame each second
B_FRAMES = ClipSpec(frames=150, gop=25, b_frames=2)
HEVC = ClipSpec(frames=150, gop=25, codec="hevc")
VFR = ClipSpec(frames=100, gop=25, vfr=True)
SPECS = [
    pytest.param(PLAIN, id="h264 with sound"),
    pytest.param(B_FRAMES, id="B-frames"),
    pytest.param(HEVC, id="h265"),
    pytest.param(VFR, id="variable frame rate"),
]


def samples(path: Path, kind: str = "video") -> list[bytes]:
    with av.open(str(path)) as container:
        stream = next(s for s in container.streams if s.type == kind)
        return [bytes(p) for p in container.demux(stream) if p.size]


def recorded_samples(items: Sequence[Packet], kind: MediaKind = MediaKind.VIDEO) -> list[bytes]:
    return [p.data for p in items if p.kind is kind]


def assert_ffmpeg_is_content(path: Path) -> None:
    """FFmpeg's own program decodes every picture and says nothing."""
    command = ["ffmpeg", "-v", "warning", "-xerror", "-i", str(path), "-f", "null", "-"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("spec", SPECS)
def test_a_whole_clip_holds_every_packet_bit_by_bit(spec: ClipSpec, tmp_path: Path) -> None:
    items = packets(spec)
    segments = record(tmp_path / "m", items)
    assert len(segments) >= 3
    plan = clip_plan(tmp_path / "m", segments, span(-1, 60))
    clip = written(plan, tmp_path / "clip.mp4")
    assert samples(clip) == recorded_samples(items)
    assert numbers_in(clip) == list(range(spec.frames))
    assert plan.clip.frames == spec.frames
    assert_ffmpeg_is_content(clip)
    if spec.audio:
        assert (
            samples(clip, "audio")
            == recorded_samples(items, MediaKind.AUDIO)[: len(samples(clip, "audio"))]
        )


def test_the_table_stands_in_front(tmp_path: Path) -> None:
    segments = record(tmp_path / "m", packets(PLAIN))
    clip = written(clip_plan(tmp_path / "m", segments, span(0, 6)), tmp_path / "clip.mp4")
    content = clip.read_bytes()
    assert content[4:8] == b"ftyp"
    assert content.index(b"moov") < content.index(b"mdat")


@pytest.mark.parametrize("spec", SPECS[:3])
def test_key_frame_edges_are_never_later_and_never_earlier(spec: ClipSpec, tmp_path: Path) -> None:
    segments = record(tmp_path / "m", packets(spec))
    plan = clip_plan(tmp_path / "m", segments, span(1.42, 4.5))
    clip = written(plan, tmp_path / "clip.mp4")
    numbers = numbers_in(clip)
    assert numbers == list(range(25, 25 + len(numbers)))
    assert plan.clip.first_wall_ns <= span(1.42, 0).since_ns
    assert plan.clip.end_wall_ns >= span(0, 4.5).until_ns
    assert plan.clip.treatment == "copied"
    assert_ffmpeg_is_content(clip)


@pytest.mark.parametrize(
    ("since_s", "until_s"),
    [
        pytest.param(1.42, 4.5, id="between key frames"),
        pytest.param(0.0, 4.5, id="from the first picture"),
        pytest.param(2.0, 3.0, id="on key frames"),
        pytest.param(2.2, 2.7, id="within one group"),
        pytest.param(5.3, 60.0, id="to the end"),
        pytest.param(1.96, 2.04, id="two pictures across a border of files"),
    ],
)
@pytest.mark.parametrize("spec", [SPECS[0], SPECS[1]])
def test_exact_edges(spec: ClipSpec, since_s: float, until_s: float, tmp_path: Path) -> None:
    items = packets(spec)
    segments = record(tmp_path / "m", items)
    delay_s = (items[0].pts_ns - items[0].dts_ns) / NS_PER_S  # picture 0 is shown so late
    asked = span(since_s + delay_s, until_s + delay_s)
    plan = clip_plan(tmp_path / "m", segments, asked, exact=True)
    clip = written(plan, tmp_path / "clip.mp4")
    wanted = [n for n in range(150) if round(since_s * 25, 6) <= n < until_s * 25]
    assert numbers_in(clip) == wanted
    assert_ffmpeg_is_content(clip)


def test_inside_exact_edges_all_is_copied(tmp_path: Path) -> None:
    items = packets(PLAIN)
    segments = record(tmp_path / "m", items)
    plan = clip_plan(tmp_path / "m", segments, span(1.42, 4.5), exact=True)
    clip = written(plan, tmp_path / "clip.mp4")
    assert plan.clip.treatment == "copied, edges coded anew"
    head = 50 - 36  # pictures 36 to 49 come before the key frame 50
    assert samples(clip)[head:] == recorded_samples(items)[50:113]


@given(first=st.integers(0, 99), count=st.integers(1, 60))
@settings(
    max_examples=15,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_exact_span(first: int, count: int, tmp_path: Path) -> None:
    root = tmp_path / "m"
    if not root.exists():
        record(root, packets(ClipSpec(frames=100, gop=20, b_frames=1)))
    items = packets(ClipSpec(frames=100, gop=20, b_frames=1))
    segments = _segments_of(root)
    begin = items[0].pts_ns + first * NS_PER_S // 25
    asked = Span(begin - NS_PER_MS, begin + count * NS_PER_S // 25 - NS_PER_MS)
    plan = clip_plan(root, segments, asked, exact=True)
    clip = tmp_path / "clip.mp4"
    clip.unlink(missing_ok=True)
    assert numbers_in(written(plan, clip)) == list(range(first, min(first + count, 100)))


def _segments_of(root: Path) -> list[Segment]:
    """The rows of a folder, from its files."""
    found = []
    for path in sorted(root.rglob("*.mp4")):
        file = RealDisk().open(path)
        description, sealed = read_description(file), read_seal(file)
        assert description is not None
        assert sealed is not None
        found.append(
            segment_of(
                description,
                sealed[0],
                path=path.relative_to(root).as_posix(),
                size_bytes=file.size_bytes,
                content_hash=sealed[1],
            )
        )
        file.close()
    return found


def test_h265_keeps_its_key_frames_and_says_so(tmp_path: Path) -> None:
    segments = record(tmp_path / "m", packets(HEVC))
    plan = clip_plan(tmp_path / "m", segments, span(1.42, 4.5), exact=True)
    clip = written(plan, tmp_path / "clip.mp4")
    assert numbers_in(clip)[0] == 25
    assert plan.clip.treatment == "copied"
    assert "H.265" in plan.clip.remarks[0]


def test_sound_stays_with_its_pictures(tmp_path: Path) -> None:
    segments = record(tmp_path / "m", packets(PLAIN))
    plan = clip_plan(tmp_path / "m", segments, span(1.42, 4.5))
    with av.open(str(written(plan, tmp_path / "clip.mp4"))) as container:
        video, audio = container.streams.video[0], container.streams.audio[0]
        first = {s.type: next(iter(container.decode(s))) for s in (video, audio)}
        assert first["video"].time == 0
        assert 0 <= first["audio"].time < 0.025
        assert audio.duration * audio.time_base == pytest.approx(3.52, abs=0.03)
    silent = clip_plan(tmp_path / "m", segments, span(1.42, 4.5), sound=False)
    assert [t.size_wh[0] > 0 for t in silent.tracks] == [True]


def test_times_in_the_file_are_wall_times(tmp_path: Path) -> None:
    """Also where the wall clock was corrected by some milliseconds between two files."""
    items = [
        structs.replace(p, wall_offset_ns=0 if n < 75 else 60 * NS_PER_MS)
        for n, p in enumerate(packets(ClipSpec(frames=150, gop=25)))
    ]
    segments = record(tmp_path / "m", items)
    plan = clip_plan(tmp_path / "m", segments, span(0, 60))
    with av.open(str(written(plan, tmp_path / "clip.mp4"))) as container:
        shown = sorted(p.pts * p.time_base for p in container.demux(video=0) if p.size)
    for packet, at in zip(items, shown, strict=True):
        assert plan.clip.first_wall_ns + round(at * NS_PER_S) == pytest.approx(
            packet.wall_ns, abs=NS_PER_MS
        )


def test_a_clock_that_was_set_back_a_little_never_turns_pictures_round(tmp_path: Path) -> None:
    items = [
        structs.replace(p, wall_offset_ns=0 if n < 50 else -1500 * NS_PER_MS)
        for n, p in enumerate(packets(ClipSpec(frames=150, gop=25)))
    ]
    segments = record(tmp_path / "m", items)
    plan = clip_plan(tmp_path / "m", segments, span(-60, 60))
    clip = written(plan, tmp_path / "clip.mp4")
    assert numbers_in(clip) == list(range(150))
    assert_ffmpeg_is_content(clip)


def test_groups_end_at_gaps_and_changes_and_before_they_grow_too_large(tmp_path: Path) -> None:
    one = record(tmp_path / "m", packets(ClipSpec(frames=100, gop=25)))[0]
    second = NS_PER_S

    def at(start_s: float, **changes: object) -> Segment:
        start = one.start_wall_ns + round(start_s * second)
        moved = replace(one, start_wall_ns=start, duration_ns=2 * second, size_bytes=10)
        return replace(moved, **changes)  # type: ignore[arg-type]  # real fields

    row = [
        at(0),
        at(2),
        at(5.9),  # 1.9 s later: a picture that stands longer
        at(10),  # 2.1 s later: a gap
        at(12, width=640),
        at(14, width=640, codec="hevc"),
        at(16, width=640, codec="hevc", has_audio=True),
    ]
    found = groups(row, bytes_max=None, span_ns_max=None)
    assert [len(group) for group in found] == [3, 1, 1, 1, 1]
    assert [len(g) for g in groups(row[:3], bytes_max=20, span_ns_max=None)] == [2, 1]
    assert [len(g) for g in groups(row[:3], bytes_max=None, span_ns_max=5 * second)] == [2, 1]


def test_times_that_came_twice_are_told_apart(tmp_path: Path) -> None:
    """The clock was set back by an hour: the recordings of both hours lie over one another."""
    one = record(tmp_path, packets(ClipSpec(frames=50, gop=25)))[0]
    twice = [
        replace(
            one,
            id=f"{turn}-{n}",
            start_wall_ns=one.start_wall_ns + n * 2 * NS_PER_S + turn * NS_PER_S,
            duration_ns=2 * NS_PER_S,
            content_hash=f"{turn}-{n}",
            previous_hash=f"{turn}-{n - 1}",
        )
        for n in range(5)
        for turn in (0, 1)
    ]
    found = groups(twice, bytes_max=None, span_ns_max=None)
    assert [[s.id[0] for s in group] for group in found] == [["0"] * 5, ["1"] * 5]


@pytest.mark.parametrize(
    ("covered", "expected"),
    [
        pytest.param([(0, 10)], [], id="none"),
        pytest.param([], [(0, 10)], id="all"),
        pytest.param([(2, 4), (6, 12)], [(0, 2), (4, 6)], id="before and within"),
        pytest.param([(-5, 4), (3, 5)], [(5, 10)], id="overlap and end"),
        pytest.param([(0, 5), (5.1, 10)], [], id="too short to see"),
    ],
)
def test_gaps(covered: list[tuple[float, float]], expected: list[tuple[int, int]]) -> None:
    spans = [Span(round(a * NS_PER_S), round(b * NS_PER_S)) for a, b in covered]
    found = gaps(Span(0, 10 * NS_PER_S), spans)
    assert [(g.since_ns // NS_PER_S, g.until_ns // NS_PER_S) for g in found] == expected


def test_every_flipped_bit_of_a_recording_is_found(tmp_path: Path) -> None:
    segment = record(tmp_path, packets(ClipSpec(frames=50, gop=25)))[0]
    path = tmp_path / segment.path
    size = path.stat().st_size
    media = media_of(tmp_path)
    for at in [*range(0, size, max(1, size // 60)), size - 1, size - 32, size - 33, size - 40]:
        with flipped(path, at, at % 8), pytest.raises(SourceUnusable):
            read_source(media, segment, lambda: None)
    assert read_source(media, segment, lambda: None).verification is Verification.SOUND


@pytest.mark.parametrize(
    ("spoil", "finding"),
    [
        pytest.param(lambda path: path.unlink(), Verification.MISSING, id="missing"),
        pytest.param(
            lambda path: path.write_bytes(path.read_bytes()[:-500]), Verification.DAMAGED, id="cut"
        ),
        pytest.param(lambda path: path.write_bytes(b""), Verification.DAMAGED, id="empty"),
        pytest.param(lambda path: path.write_bytes(b"\0" * 5000), Verification.DAMAGED, id="zeros"),
    ],
)
def test_what_is_no_whole_recording_is_not_used(
    spoil: object, finding: Verification, tmp_path: Path
) -> None:
    segment = record(tmp_path, packets(ClipSpec(frames=50, gop=25)))[0]
    spoil(tmp_path / segment.path)  # type: ignore[operator]  # one of the functions above
    with pytest.raises(SourceUnusable) as caught:
        read_source(media_of(tmp_path), segment, lambda: None)
    assert caught.value.verification is finding


def test_another_sound_file_in_its_place_is_not_used(tmp_path: Path) -> None:
    one, other = record(tmp_path, packets(ClipSpec(frames=100, gop=25)))[:2]
    (tmp_path / one.path).write_bytes((tmp_path / other.path).read_bytes())
    with pytest.raises(SourceUnusable, match="another file than the index knows"):
        read_source(media_of(tmp_path), one, lambda: None)


def test_the_timeline_keeps_the_distance_of_recordings(tmp_path: Path) -> None:
    segments = record(tmp_path, packets(ClipSpec(frames=150, gop=25)))
    media = media_of(tmp_path)
    shifted = [
        replace(s, start_wall_ns=s.start_wall_ns + n * NS_PER_S) for n, s in enumerate(segments)
    ]
    sources = [
        replace(read_source(media, s, lambda: None), segment=m)
        for s, m in zip(segments, shifted, strict=True)
    ]
    line = timeline(sources)
    firsts = [line.wall_ns(int(line.video.samples.pts[n])) for n in (0, 50, 100)]
    assert [round((f - firsts[0]) / NS_PER_S, 3) for f in firsts] == [0, 3, 6]

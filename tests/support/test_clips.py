"""Test clips are what they say, and damaged ones are damaged as they say."""

from itertools import pairwise
from pathlib import Path

import av
import pytest
from av.error import InvalidDataError

from tests.support import damaged_clips
from tests.support.clips import ClipSpec, encode_pattern, make_clip, numbers_in


@pytest.mark.parametrize(
    "spec",
    [
        pytest.param(ClipSpec(), id="h264"),
        pytest.param(ClipSpec(codec="hevc"), id="hevc"),
        pytest.param(ClipSpec(b_frames=2), id="b-frames"),
        pytest.param(ClipSpec(audio=True), id="audio"),
        pytest.param(ClipSpec(vfr=True), id="vfr"),
        pytest.param(ClipSpec(first_number=65_500), id="high numbers"),
        pytest.param(ClipSpec(suffix=".mkv"), id="matroska"),
    ],
)
def test_every_picture_carries_its_number(spec: ClipSpec) -> None:
    clip = make_clip(spec)
    with av.open(str(clip)) as container:
        video = container.streams.video[0]
        assert video.codec_context.name == spec.codec
        assert (video.width, video.height) == spec.size_wh
        assert len(container.streams.audio) == spec.audio
        keys = [p.is_keyframe for p in container.demux(video) if p.size]
    assert [i for i, key in enumerate(keys) if key] == list(range(0, spec.frames, spec.gop))
    first = spec.first_number
    assert numbers_in(clip) == [n % 65_536 for n in range(first, first + spec.frames)]


def test_vfr_clip_slows_down_in_the_middle() -> None:
    spec = ClipSpec(vfr=True, frames=50)
    with av.open(str(make_clip(spec))) as container:
        times = [float(p.pts * p.time_base) for p in container.demux(video=0) if p.size]
    gaps = [round(b - a, 3) for a, b in pairwise(times)]
    assert gaps == [0.04] * 25 + [0.08] * 24


def test_encoded_again_it_shows_the_same_pictures(tmp_path: Path) -> None:
    """Not the same bytes: the encoder now and then takes another way to the same pictures. Whoever
    compares bytes takes the one file of the cache."""
    spec = ClipSpec(frames=30)
    again = tmp_path / "again.mp4"
    encode_pattern(spec, again)
    assert numbers_in(again) == numbers_in(make_clip(spec))
    assert _places(again) == _places(make_clip(spec))


def _places(clip: Path) -> list[tuple[int | None, bool]]:
    with av.open(str(clip)) as container:
        return [(p.pts, p.is_keyframe) for p in container.demux(video=0) if p.size]


@pytest.mark.parametrize(
    "make",
    [damaged_clips.truncated, damaged_clips.zero_length, damaged_clips.not_a_video],
    ids=lambda make: make.__name__,
)
def test_unreadable_files_are_refused_by_a_demuxer(make: object) -> None:
    with pytest.raises(InvalidDataError):
        av.open(str(make()))  # type: ignore[operator] # one of the functions above


def test_corrupt_clip_keeps_its_index_and_loses_pictures() -> None:
    with av.open(str(damaged_clips.corrupt())) as container:
        packets = [p for p in container.demux(video=0) if p.size]
    assert len(packets) == ClipSpec().frames
    assert damaged_clips.corrupt().read_bytes() != make_clip().read_bytes()


def test_audio_only_has_no_video() -> None:
    with av.open(str(damaged_clips.audio_only())) as container:
        assert len(container.streams.video) == 0
        assert len(container.streams.audio) == 1


def test_wrong_extension_is_still_a_video() -> None:
    clip = damaged_clips.wrong_extension()
    assert clip.suffix == ".txt"
    assert numbers_in(clip) == list(range(75))


def test_eight_k_is_one_large_picture() -> None:
    with av.open(str(damaged_clips.eight_k())) as container:
        assert [(f.width, f.height) for f in container.decode(video=0)] == [(7680, 4320)]


@pytest.mark.parametrize(
    ("clip", "gaps"),
    [
        pytest.param(damaged_clips.jumping(30, 10.0), [3600, 903_600, 3600], id="forward"),
        pytest.param(damaged_clips.jumping(30, -1.0), [3600, -86_400, 3600], id="backward"),
        pytest.param(damaged_clips.repeating(30, 3), [3600, 3600, 0, 0, 10_800], id="repeat"),
    ],
)
def test_time_stamps_lie_as_asked(clip: Path, gaps: list[int]) -> None:
    with av.open(str(clip)) as container:
        stamps = [p.pts for p in container.demux(video=0) if p.size]
    found = [b - a for a, b in pairwise(stamps)]
    assert found[28 : 28 + len(gaps)] == gaps
    assert numbers_in(clip) == list(range(75))

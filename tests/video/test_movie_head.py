"""The head of a movie: its tracks, and the same without sound."""

import io

import av
import pytest
from hypothesis import given
from hypothesis import strategies as st

from its_camera_ai.core.media import MediaKind
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.video.fmp4 import FragmentMuxer, box
from its_camera_ai.video.movie_head import read_head
from tests.support.clips import ClipSpec
from tests.support.recordings import camera_packets

CLIPS = [
    pytest.param(ClipSpec(frames=50, gop=25, audio=True), id="h264 with sound"),
    pytest.param(ClipSpec(frames=50, gop=25, codec="hevc"), id="h265"),
    pytest.param(ClipSpec(frames=25, gop=25, size_wh=(322, 182)), id="odd size"),
]


def init_of(spec: ClipSpec) -> tuple[bytes, bytes]:
    items = camera_packets(spec, start_ns=NS_PER_S)
    muxer = FragmentMuxer(items[0].info, audio=True)
    return muxer.init, muxer.fragment(items, items[0].dts_ns)


@pytest.mark.parametrize("spec", CLIPS)
def test_tells_the_tracks(spec: ClipSpec) -> None:
    head = read_head(init_of(spec)[0])
    assert head.video.info is not None
    assert (head.video.info.codec, head.video.info.width, head.video.info.height) == (
        spec.codec,
        *spec.size_wh,
    )
    assert [t.kind for t in head.others] == ([MediaKind.AUDIO] if spec.audio else [])
    assert head.timescales == ({1: 90_000, 2: 48_000} if spec.audio else {1: 90_000})


@pytest.mark.parametrize("spec", CLIPS)
def test_without_sound_a_player_hears_of_none(spec: ClipSpec) -> None:
    init, fragment = init_of(spec)
    silent = read_head(init).without_sound()
    assert read_head(silent).others == ()
    with av.open(io.BytesIO(silent + fragment)) as container:
        assert [s.type for s in container.streams] == ["video"]
        assert container.streams.video[0].codec_context.name == spec.codec


@pytest.mark.parametrize(
    "init",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(box(b"ftyp", b"iso5"), id="no movie"),
        pytest.param(box(b"moov"), id="no tracks"),
        pytest.param(box(b"moov", box(b"trak")), id="an empty track"),
        pytest.param(
            box(b"moov", box(b"trak", box(b"mdia", box(b"mdia", box(b"mdia"))))), id="nested"
        ),
    ],
)
def test_what_is_no_movie_is_refused(init: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011  any of them will do, the text is not shown
        read_head(init)


def test_two_picture_tracks_are_refused() -> None:
    init, _ = init_of(ClipSpec(frames=50, gop=25, audio=True))
    start = init.index(b"trak") - 4
    trak = init[start : start + int.from_bytes(init[start : start + 4], "big")]
    moov = init.index(b"moov") - 4
    twice = box(b"moov", init[moov + 8 :], trak)
    with pytest.raises(ValueError, match="not exactly one"):
        read_head(init[:moov] + twice)


@given(st.data())
def test_no_damage_is_followed(data: st.DataObject) -> None:
    init, _ = init_of(ClipSpec(frames=50, gop=25, audio=True))
    damaged = bytearray(init)
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(st.integers(0, len(init) - 1))] = data.draw(st.integers(0, 255))
    try:
        head = read_head(bytes(damaged))
        head.without_sound()
    except ValueError:
        return
    assert head.video.number

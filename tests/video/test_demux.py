"""Every kind of bad input ends in one clear error of the right kind."""

import itertools
import json
from pathlib import Path

import pytest

from its_camera_ai.core.camera_url import CameraUrl
from its_camera_ai.core.errors import (
    CameraRefused,
    CameraTimeout,
    CameraUnreachable,
    CameraUnsupported,
    InputUnreadable,
    ItscamError,
)
from its_camera_ai.video import demux, nal
from its_camera_ai.video.demux import Demuxer
from its_camera_ai.video.files import open_video
from tests.support import damaged_clips
from tests.support.access_units import packet_file
from tests.support.clips import ClipSpec, luma, make_clip
from tests.support.pattern import read_number
from tests.support.raw_rtsp import Behaviour


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demux, "OPEN_TIMEOUT_S", 1.5)
    monkeypatch.setattr(demux, "READ_TIMEOUT_S", 0.5)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        pytest.param(damaged_clips.zero_length, "0 bytes", id="zero length"),
        pytest.param(damaged_clips.not_a_video, "no readable video", id="text file"),
        pytest.param(damaged_clips.audio_only, "no picture", id="audio only"),
        pytest.param(lambda: Path("/nowhere/x.mp4"), "does not exist", id="missing"),
        pytest.param(lambda: Path("/tmp"), "is a folder", id="folder"),  # noqa: S108 - any folder
    ],
)
def test_files_that_are_no_video(make, says: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(InputUnreadable, match=says):
        open_video(make())


def test_a_video_with_a_wrong_name_is_read() -> None:
    with open_video(damaged_clips.wrong_extension()) as video:
        assert sum(1 for _ in video.frames()) == 75


def test_a_damaged_file_costs_only_damaged_pictures() -> None:
    with open_video(damaged_clips.corrupt()) as video:
        frames = list(video.frames())
    assert 40 <= len(frames) <= 75
    times = [f.pts_ns for f in frames]
    assert times == sorted(times)


def test_a_large_picture_is_read() -> None:
    with open_video(damaged_clips.eight_k()) as video:
        frame = next(iter(video.frames()))
    assert frame.size_wh == (7680, 4320)
    assert frame.bgr(size_wh=(640, 360)).shape == (360, 640, 3)


def test_frames_carry_their_own_time() -> None:
    with open_video(make_clip(ClipSpec(vfr=True, b_frames=2))) as video:
        frames = list(video.frames())
    assert [read_number(f.luma()) for f in frames] == list(range(75))
    steps = {round((b.pts_ns - a.pts_ns) / 1e6) for a, b in itertools.pairwise(frames)}
    assert steps == {40, 80}


@pytest.mark.parametrize(
    ("behaviour", "kind"),
    [
        pytest.param(Behaviour.SILENT, CameraTimeout, id="never answers"),
        pytest.param(Behaviour.HANG_AFTER_DESCRIBE, CameraTimeout, id="hangs after DESCRIBE"),
        pytest.param(Behaviour.UNAUTHORISED, CameraRefused, id="401"),
        pytest.param(Behaviour.NOT_FOUND, CameraRefused, id="404"),
        pytest.param(Behaviour.GARBAGE, ItscamError, id="no RTSP at all"),
        pytest.param(Behaviour.NO_VIDEO, ItscamError, id="sound only"),
    ],
)
def test_cameras_that_fail(raw_rtsp_server, behaviour: Behaviour, kind: type[Exception]) -> None:  # type: ignore[no-untyped-def]
    server = raw_rtsp_server(behaviour)
    url = CameraUrl.parse(server.url(login="bob:canary-secret"))
    with pytest.raises(kind) as caught, Demuxer(url) as demuxer:
        list(demuxer.packets())
    assert "canary-secret" not in str(caught.value)
    assert "bob:***" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "kind", "says"),
    [
        ("rtsp://no-such-host.invalid/1", CameraUnreachable, "not known to the name server"),
        ("rtsp://127.0.0.1:9/1", CameraUnreachable, "nothing listens on port 9"),
        ("http://127.0.0.1:9/1", CameraUnreachable, "nothing listens on port 9"),
    ],
    ids=["unknown name", "rtsp refused", "http refused"],
)
def test_cameras_that_are_not_there(text: str, kind: type[Exception], says: str) -> None:
    with pytest.raises(kind, match=says):
        Demuxer(CameraUrl.parse(text))


def test_a_page_is_no_camera(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("<html>router</html>")
    with pytest.raises(InputUnreadable):
        Demuxer(CameraUrl.parse(str(page)))


@pytest.mark.parametrize("codec", ["h264", "hevc"])
def test_a_stream_that_ends_before_a_slice_ends_with_its_last_picture(
    codec: str, tmp_path: Path
) -> None:
    """A camera that goes away within an access unit: FFmpeg's parser hands out what it had."""
    clip = make_clip(ClipSpec(codec=codec))
    header, _, stream = packet_file(clip).read_bytes().partition(b"\n")
    sizes = [packet["size"] for packet in json.loads(header)["packets"]]
    key = list(nal.split_annex_b(stream[: sizes[0]]))
    slice_at = next(i for i, u in enumerate(key) if nal.holds_picture(codec, nal.annex_b((u,))))
    assert slice_at >= 2, "parameter sets come first"
    cut = tmp_path / f"cut.{codec}"
    for units in range(slice_at + 1):
        cut.write_bytes(stream + nal.annex_b(tuple(key[:units])))
        with Demuxer(CameraUrl.parse(str(cut))) as demuxer:
            packets = list(demuxer.packets())
        assert [len(p.data) for p in packets] == sizes
        assert all(nal.parameter_sets(codec, p.data) for p in packets if p.is_key)


def test_motion_jpeg_over_http_is_told_as_not_copyable(mjpeg_server) -> None:  # type: ignore[no-untyped-def]
    with Demuxer(CameraUrl.parse(mjpeg_server().url())) as demuxer:
        assert (demuxer.video.codec, demuxer.copyable) == ("mjpeg", False)


def test_playlists_cannot_reach_other_files(tmp_path: Path) -> None:
    """FFmpeg's own tricks (concat lists, protocols in playlists) end at the allow-list."""
    secret = make_clip(ClipSpec())
    listing = tmp_path / "list.m3u8"
    listing.write_text(
        f"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nconcat:{secret}\n#EXT-X-ENDLIST\n"
    )
    with pytest.raises((InputUnreadable, CameraUnsupported)):
        list(Demuxer(CameraUrl.parse(str(listing))).packets())


def test_luma_helper_reads_what_the_frame_gives() -> None:
    with open_video(make_clip(ClipSpec(frames=30))) as video:
        frame = next(iter(video.frames()))
    assert (luma(frame.picture) == frame.luma()).all()

"""The RTSP twin is a camera: it serves, refuses, and fails as it is told."""

import itertools
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import pytest
from av.error import ExitError, HTTPNotFoundError, HTTPUnauthorizedError, InvalidDataError

from tests.support.clips import ClipSpec, luma, make_clip, numbers_in
from tests.support.pattern import read_number
from tests.support.raw_rtsp import Behaviour, RawRtspServer
from tests.support.rtsp import Mount, RtspServer
from tests.support.waiting import wait_until

pytestmark = pytest.mark.rtsp

Start = Callable[..., RtspServer]
FRAMES = 50
_PATIENCE = 500  # pictures to wait for what was commanded
_OPTIONS = {"timeout": "3000000", "analyzeduration": "300000", "probesize": "200000"}


def connect(url: str, transport: str = "tcp") -> av.container.InputContainer:
    return av.open(url, options={"rtsp_transport": transport, **_OPTIONS}, timeout=(3.0, 1.0))


def pictures(container: av.container.InputContainer) -> Iterator[tuple[int | None, int | None]]:
    """PTS (90 kHz) and painted number of picture after picture."""
    for packet in container.demux(video=0):
        for frame in packet.decode():
            yield packet.pts, read_number(luma(frame))


def first_numbers(url: str, count: int, transport: str = "tcp") -> list[int | None]:
    with connect(url, transport) as container:
        return [number for _, (_, number) in zip(range(count), pictures(container), strict=False)]


@pytest.mark.parametrize("transport", ["tcp", "udp"])
@pytest.mark.parametrize(
    ("spec", "auth"),
    [
        pytest.param(ClipSpec(frames=FRAMES), "none", id="h264 open"),
        pytest.param(ClipSpec(frames=FRAMES, codec="hevc"), "basic", id="hevc basic"),
        pytest.param(ClipSpec(frames=FRAMES, audio=True), "digest", id="h264+aac digest"),
        pytest.param(ClipSpec(frames=FRAMES, b_frames=2), "none", id="h264 b-frames"),
    ],
)
def test_serves_every_picture_in_order(
    rtsp_server: Start, spec: ClipSpec, auth: str, transport: str
) -> None:
    server = rtsp_server(Mount("cam", make_clip(spec), auth))
    with connect(server.url("cam"), transport) as container:
        assert len(container.streams.audio) == spec.audio
    count = FRAMES + 15  # once round the loop
    numbers = first_numbers(server.url("cam"), count, transport)
    start = numbers[0]
    assert start is not None
    assert start % spec.gop == 0
    assert numbers == [(start + i) % FRAMES for i in range(count)]


def test_sound_comes_beside_the_picture_and_in_its_time(rtsp_server: Start) -> None:
    server = rtsp_server(Mount("cam", make_clip(ClipSpec(audio=True))))
    last_s = {"video": 0.0, "audio": 0.0}
    with connect(server.url("cam")) as container:
        for packet in container.demux():
            if packet.pts is not None:
                last_s[packet.stream.type] = float(packet.pts * packet.time_base)
            if last_s["video"] > 1:
                break
    assert last_s["audio"] == pytest.approx(last_s["video"], abs=0.3)


@pytest.mark.parametrize("auth", ["basic", "digest"])
@pytest.mark.parametrize("login", [("", ""), ("viewer", "wrong"), ("nobody", "view-pass")])
def test_refuses_strangers(rtsp_server: Start, auth: str, login: tuple[str, str]) -> None:
    server = rtsp_server(Mount("cam", make_clip(), auth))
    with pytest.raises(HTTPUnauthorizedError):
        connect(server.url("cam", user=login[0], password=login[1]))


def test_unknown_mount_is_not_found(rtsp_server: Start) -> None:
    server = rtsp_server(Mount("cam", make_clip()))
    with pytest.raises(HTTPNotFoundError):
        connect(server.url("cam") + "era")


def test_two_viewers_see_the_same_stream(rtsp_server: Start) -> None:
    server = rtsp_server(Mount("cam", make_clip()))
    with connect(server.url("cam")) as first, connect(server.url("cam")) as second:
        # the second came in mid-stream and begins with a key frame
        numbers = next(n for _, n in pictures(second) if n is not None)
        assert numbers in {n for _, (_, n) in zip(range(60), pictures(first), strict=False)}
    assert server.stats("cam")["sessions"] == 1


def test_stream_goes_on_for_the_next_viewer(rtsp_server: Start) -> None:
    server = rtsp_server(Mount("cam", make_clip()))
    assert first_numbers(server.url("cam"), 5)[0] == 0
    assert first_numbers(server.url("cam"), 5)[0] == 25


def test_freeze_is_seen_as_silence_and_thaw_as_a_gap(rtsp_server: Start) -> None:
    server = rtsp_server(Mount("cam", make_clip()))
    url = server.url("cam")
    with connect(url) as container:
        seen = pictures(container)
        next(seen)
        server.freeze("cam")
        with pytest.raises(ExitError):
            for _ in seen:
                pass
    server.thaw("cam")
    assert len(first_numbers(url, 3)) == 3


def test_hang_is_seen_as_silence(rtsp_server: Start) -> None:
    server = rtsp_server(Mount("cam", make_clip()))
    with connect(server.url("cam")) as container:
        seen = pictures(container)
        next(seen)
        server.hang()
        with pytest.raises(ExitError):
            for _ in seen:
                pass
        server.resume()


def test_kill_ends_the_stream_and_restart_serves_again_on_the_same_port(
    rtsp_server: Start,
) -> None:
    server = rtsp_server(Mount("cam", make_clip()))
    url = server.url("cam")
    with connect(url) as container:
        seen = pictures(container)
        next(seen)
        server.kill()
        assert len(list(seen)) < FRAMES  # what was buffered, then the end, no exception
    with pytest.raises(ConnectionRefusedError):
        connect(url)
    server.start()
    assert server.url("cam") == url
    assert first_numbers(url, 3) == [0, 1, 2]


def _after(server: RtspServer, command: Callable[[], None], odd: int = 1) -> list[int]:
    """Steps of the PTS from the command on, until ``odd`` of them were irregular and 10 more."""
    steps: list[int] = []
    with connect(server.url("cam")) as container:
        command()
        stamps = (pts for pts, _ in pictures(container) if pts is not None)
        for before, after in itertools.pairwise(stamps):
            steps.append(after - before)
            if len(steps) - 10 > _PATIENCE or sum(s != 3600 for s in steps[:-10]) == odd:
                break
    return [step for step in steps if step != 3600]


def test_skip_leaves_pictures_out_and_time_goes_on(rtsp_server: Start) -> None:
    server = rtsp_server(Mount("cam", make_clip()))
    assert _after(server, lambda: server.skip("cam", 3)) == [4 * 3600]
    assert server.stats("cam")["skipped"] == 3


@pytest.mark.parametrize("seconds", [100.0, -0.2], ids=["forward", "backward"])
def test_jump_moves_the_time_stamps_only(rtsp_server: Start, seconds: float) -> None:
    server = rtsp_server(Mount("cam", make_clip()))
    found = _after(server, lambda: server.jump("cam", seconds))
    assert found == [3600 + round(seconds * 90_000)]
    assert server.stats("cam")["skipped"] == 0


def test_repeat_gives_one_time_to_several_pictures(rtsp_server: Start) -> None:
    server = rtsp_server(Mount("cam", make_clip()))
    assert _after(server, lambda: server.repeat("cam", 3), odd=4) == [0, 0, 0, 4 * 3600]


def test_corrupt_changes_coded_bytes_and_nothing_else(rtsp_server: Start) -> None:
    server = rtsp_server(Mount("cam", make_clip(ClipSpec(frames=FRAMES))))
    with connect(server.url("cam")) as container:
        packets = container.demux(video=0)
        whole = [bytes(p) for _, p in zip(range(FRAMES), packets, strict=False)]
        server.corrupt("cam", 5)
        damaged = [bytes(p) for _, p in zip(range(FRAMES), packets, strict=False)]
    # the same pictures one loop later; the stream's very first also has the parameter sets
    assert [len(p) for p in damaged[1:]] == [len(p) for p in whole[1:]]
    assert sum(a != b for a, b in zip(whole[1:], damaged[1:], strict=True)) == 5


def test_switch_changes_the_size_in_mid_stream(rtsp_server: Start) -> None:
    other = make_clip(ClipSpec(size_wh=(160, 120), first_number=1000))
    server = rtsp_server(Mount("cam", make_clip()))
    with connect(server.url("cam")) as container:
        server.switch("cam", other)
        frames = container.decode(video=0)
        small = next(f for f in frames if f.width == 160)
        assert read_number(luma(small)) == 1000


def test_switch_of_the_codec_throws_viewers_out(rtsp_server: Start) -> None:
    server = rtsp_server(Mount("cam", make_clip()))
    with connect(server.url("cam")) as container:
        server.switch("cam", make_clip(ClipSpec(codec="hevc")))
        assert len(list(pictures(container))) < FRAMES
    with connect(server.url("cam")) as container:
        assert container.streams.video[0].codec_context.name == "hevc"


def test_numbers_are_readable_after_a_stream_copy(
    rtsp_server: Start, ffmpeg: Path, tmp_path: Path
) -> None:
    server = rtsp_server(Mount("cam", make_clip()))
    copy = tmp_path / "copy.mp4"
    command = [ffmpeg, "-v", "error", "-rtsp_transport", "tcp", "-i", server.url("cam")]
    subprocess.run([*command, "-c", "copy", "-t", "2", copy], check=True, timeout=30)
    numbers = numbers_in(copy)
    assert numbers == list(range(len(numbers)))
    assert len(numbers) > 40


def test_unknown_commands_are_refused(rtsp_server: Start) -> None:
    server = rtsp_server(Mount("cam", make_clip()))
    with pytest.raises(KeyError):
        server.freeze("other")
    with pytest.raises(RuntimeError, match="unknown command"):
        server._command("cam", "explode")


@pytest.mark.parametrize(
    ("behaviour", "error"),
    [
        pytest.param(Behaviour.UNAUTHORISED, HTTPUnauthorizedError, id="unauthorised"),
        pytest.param(Behaviour.NOT_FOUND, HTTPNotFoundError, id="not found"),
        # an open that runs out of time is told as invalid data, not as an exit
        pytest.param(Behaviour.SILENT, InvalidDataError, id="silent"),
        pytest.param(Behaviour.HANG_AFTER_DESCRIBE, InvalidDataError, id="hang after describe"),
        pytest.param(Behaviour.GARBAGE, InvalidDataError, id="garbage"),
    ],
)
def test_broken_cameras_break_as_they_say(
    raw_rtsp_server: Callable[[Behaviour], RawRtspServer],
    behaviour: Behaviour,
    error: type[Exception],
) -> None:
    server = raw_rtsp_server(behaviour)
    with pytest.raises(error):
        av.open(server.url(), options={"rtsp_transport": "tcp"}, timeout=(0.5, 0.5))
    wait_until(lambda: server.connections, "a connection")

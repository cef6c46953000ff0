"""Sources that are no RTSP: files, motion JPEG, the simulator, a device that is not there."""

import itertools
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from its_camera_ai.core.camera_url import CameraUrl
from its_camera_ai.core.cameras import Camera
from its_camera_ai.core.errors import CameraStreamEnded, CameraTimeout, CameraUnreachable
from its_camera_ai.core.media import Packet, StreamRole
from its_camera_ai.core.time import NS_PER_S, SystemClock
from its_camera_ai.video import demux
from its_camera_ai.video.decoder import VideoDecoder
from its_camera_ai.video.fmp4 import FragmentMuxer
from its_camera_ai.video.probe import probe
from its_camera_ai.video.stream import CameraStream
from tests.support import damaged_clips
from tests.support.clips import ClipSpec, make_clip
from tests.support.pattern import read_number
from tests.support.waiting import wait_until


def packets_of(url: str, **options: object):  # type: ignore[no-untyped-def]
    camera = replace(Camera("cam", CameraUrl.parse(url)), **options)  # type: ignore[arg-type]
    stop = threading.Event()
    clock = SystemClock()
    stream = CameraStream(camera, StreamRole.MAIN, camera.main, clock=clock, wait=stop.wait)
    return stream.connect(stop)


def numbers(packets: list[Packet]) -> list[int | None]:
    decoder = VideoDecoder(packets[0].info)
    frames = [f for p in packets for f in decoder.decode(p)] + decoder.flush()
    return [read_number(f.luma()) for f in frames]


def rising(packets: list[Packet]) -> bool:
    return all(a.dts_ns < b.dts_ns for a, b in itertools.pairwise(packets))


def test_a_file_once_as_fast_as_it_can_be_read() -> None:
    clip = make_clip(ClipSpec(frames=75))
    packets = list(packets_of(str(clip), paced=False))
    assert numbers(packets) == list(range(75))
    assert rising(packets)


def test_a_file_in_a_loop_goes_on_in_time() -> None:
    clip = make_clip(ClipSpec(frames=75))
    packets = list(itertools.islice(packets_of(str(clip), paced=False, loop=True), 200))
    assert numbers(packets) == [i % 75 for i in range(200)]
    assert rising(packets)
    span_s = (packets[-1].pts_ns - packets[0].pts_ns) / NS_PER_S
    assert span_s == pytest.approx(199 / 25, abs=0.05)


def test_a_paced_file_keeps_its_own_clock() -> None:
    clip, clock = make_clip(ClipSpec(frames=75)), SystemClock()
    start = clock.monotonic_ns()
    arrivals = [clock.monotonic_ns() - start for _ in itertools.islice(packets_of(str(clip)), 40)]
    assert arrivals[-1] >= 39 * NS_PER_S // 25 - NS_PER_S // 50, "never ahead of its clock"


def test_another_codec_is_encoded_anew_picture_by_picture(mjpeg_server) -> None:  # type: ignore[no-untyped-def]
    server = mjpeg_server()
    packets = list(itertools.islice(packets_of(server.url()), 20))
    assert packets[0].info.video.codec == "h264"
    assert rising(packets)
    seen = [n for n in numbers(packets) if n is not None]
    assert len(seen) >= 18
    assert seen == sorted(seen)
    FragmentMuxer(packets[0].info)  # it can be recorded and shown


def test_a_stalled_motion_jpeg_camera_is_a_time_out(mjpeg_server, monkeypatch) -> None:  # type: ignore[no-untyped-def]
    monkeypatch.setattr(demux, "READ_TIMEOUT_S", 0.5)
    server = mjpeg_server()
    packets = packets_of(server.url())
    next(packets)
    server.stall()
    with pytest.raises((CameraTimeout, CameraStreamEnded)):
        list(packets)


def test_the_simulator_is_a_camera() -> None:
    packets = list(itertools.islice(packets_of("sim://courtyard?fps=30&size=320x180"), 25))
    assert packets[0].is_key
    assert (packets[0].info.video.width, packets[0].info.video.height) == (320, 180)
    assert rising(packets)
    decoder = VideoDecoder(packets[0].info)
    assert sum(len(decoder.decode(p)) for p in packets) >= 24


def test_a_device_that_is_not_there() -> None:
    with pytest.raises(CameraUnreachable, match="plugged in"):
        next(packets_of("/dev/video99"))


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda: damaged_clips.jumping(30, 3600.0), id="jumps ahead"),
        pytest.param(lambda: damaged_clips.jumping(30, -1.0), id="goes back"),
        pytest.param(lambda: damaged_clips.repeating(30, 5), id="repeats"),
    ],
)
def test_bad_stamps_in_a_file(make) -> None:  # type: ignore[no-untyped-def]
    packets = list(packets_of(str(make()), paced=False))
    assert len(packets) >= 70
    assert rising(packets)
    assert packets[-1].pts_ns - packets[0].pts_ns < 60 * NS_PER_S


def test_stopping_a_waiting_source_is_quick() -> None:
    camera = Camera("cam", CameraUrl.parse("sim://courtyard?fps=1&size=64x64"))
    stop = threading.Event()
    clock = SystemClock()
    stream = CameraStream(camera, StreamRole.MAIN, camera.main, clock=clock, wait=stop.wait)
    seen: list[Packet] = []
    thread = threading.Thread(target=lambda: seen.extend(stream.connect(stop)))
    thread.start()
    wait_until(lambda: stream.info, "the first picture")
    stop.set()
    thread.join(5)
    assert not thread.is_alive()


def test_probe_measures(tmp_path: Path) -> None:
    report = probe(
        CameraUrl.parse(str(make_clip(ClipSpec(gop=50, frames=150)))), clock=SystemClock()
    )
    assert report.fps == pytest.approx(25, rel=0.01)
    assert report.key_interval_s == pytest.approx(2.0, abs=0.01)
    assert report.stamped == 1.0
    assert report.clock_rate is None
    assert report.notes == ()


def test_probe_notes_what_to_change() -> None:
    clip = make_clip(ClipSpec(codec="hevc", gop=500, frames=75, audio=True))
    notes = " ".join(probe(CameraUrl.parse(str(clip)), clock=SystemClock()).notes)
    assert "H.265" in notes
    assert "key-frame" in notes

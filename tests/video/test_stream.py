"""A camera's stream over a real RTSP server, with everything that goes wrong on the way."""

import itertools
import random
import threading
from dataclasses import replace

import pytest

from its_camera_ai.bus.messages import CameraState
from its_camera_ai.core.camera_url import CameraUrl
from its_camera_ai.core.cameras import Camera
from its_camera_ai.core.errors import CameraStreamEnded, CameraTimeout
from its_camera_ai.core.media import MediaKind, Packet, StreamRole
from its_camera_ai.core.time import NS_PER_S, SystemClock
from its_camera_ai.video import demux
from its_camera_ai.video.decoder import VideoDecoder
from its_camera_ai.video.pipeline import StreamPipeline
from its_camera_ai.video.stream import CameraStream
from tests.support.clips import ClipSpec, make_clip
from tests.support.pattern import read_number
from tests.support.rtsp import Mount
from tests.support.waiting import wait_until

pytestmark = pytest.mark.rtsp
CLIP = ClipSpec(frames=100, gop=25)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demux, "READ_TIMEOUT_S", 0.7)


def stream_of(url: str, **options: object) -> CameraStream:
    camera = replace(Camera("cam", CameraUrl.parse(url)), **options)  # type: ignore[arg-type]
    stop = threading.Event()
    return CameraStream(camera, StreamRole.MAIN, camera.main, clock=SystemClock(), wait=stop.wait)


def take(stream: CameraStream, count: int) -> list[Packet]:
    packets = stream.connect(threading.Event())
    found = [p for p in itertools.islice(packets, count * 3) if p.kind is MediaKind.VIDEO][:count]
    packets.close()  # type: ignore[attr-defined]
    return found


def numbers(packets: list[Packet]) -> list[int | None]:
    decoder, found = VideoDecoder(packets[0].info), []
    for packet in packets:
        if packet.info.generation != packets[0].info.generation:
            break
        found += [read_number(f.luma()) for f in decoder.decode(packet)]
    return found


class Collector:
    """A sink that remembers."""

    def __init__(self) -> None:
        self.packets: list[Packet] = []
        self.ends = 0

    def put(self, packet: Packet) -> None:
        self.packets.append(packet)

    def end_connection(self) -> None:
        self.ends += 1


@pytest.mark.parametrize(
    ("transport", "codec", "audio", "auth"),
    [
        pytest.param("tcp", "h264", False, "none", id="H.264 over TCP"),
        pytest.param("udp", "h264", True, "none", id="H.264 and sound over UDP"),
        pytest.param("tcp", "hevc", True, "digest", id="H.265 and sound over TCP, digest"),
        pytest.param("udp", "hevc", False, "basic", id="H.265 over UDP, basic"),
    ],
)
def test_streams(rtsp_server, transport: str, codec: str, audio: bool, auth: str) -> None:  # type: ignore[no-untyped-def]
    clip = make_clip(replace(CLIP, codec=codec, audio=audio))
    server = rtsp_server(Mount("cam", clip, auth=auth))
    login = {"user": "viewer", "password": "view-pass"} if auth != "none" else {}
    packets = take(stream_of(server.url("cam", **login), rtsp_transport=transport), 60)
    assert len(packets) == 60
    assert packets[0].info.video.codec == codec
    assert (packets[0].info.audio is not None) is audio
    assert all(a.dts_ns < b.dts_ns for a, b in itertools.pairwise(packets))
    start = next(i for i, p in enumerate(packets) if p.is_key)
    seen = numbers(packets[start:])
    assert len(seen) >= 20
    assert all((b - a) % 100 == 1 for a, b in itertools.pairwise(seen))
    span_s = (packets[-1].pts_ns - packets[start].pts_ns) / NS_PER_S
    assert span_s == pytest.approx((59 - start) / 25, abs=0.1)


def test_a_stream_that_is_only_recorded_is_read_in_gulps_and_loses_nothing(rtsp_server) -> None:  # type: ignore[no-untyped-def]
    server = rtsp_server(Mount("cam", make_clip(CLIP)))
    stream = stream_of(server.url("cam"), sub=CameraUrl.parse(server.url("cam")))
    packets = take(stream, 75)
    start = next(i for i, p in enumerate(packets) if p.is_key)
    seen = numbers(packets[start:])
    assert all((b - a) % 100 == 1 for a, b in itertools.pairwise(seen))
    late_ns = max(p.wall_ns for p in packets) - SystemClock().wall_ns()
    assert late_ns < 0, "no picture is dated in the future"
    span_s = (packets[-1].pts_ns - packets[start].pts_ns) / NS_PER_S
    assert span_s == pytest.approx((74 - start) / 25, abs=0.1)


def test_a_killed_server_is_a_stream_that_ended(rtsp_server) -> None:  # type: ignore[no-untyped-def]
    server = rtsp_server(Mount("cam", make_clip(CLIP)))
    packets = stream_of(server.url("cam")).connect(threading.Event())
    next(packets)
    server.kill()
    with pytest.raises((CameraStreamEnded, CameraTimeout)):
        list(packets)


def test_a_frozen_camera_is_a_time_out(rtsp_server) -> None:  # type: ignore[no-untyped-def]
    server = rtsp_server(Mount("cam", make_clip(CLIP)))
    packets = stream_of(server.url("cam")).connect(threading.Event())
    next(packets)
    server.hang()
    with pytest.raises(CameraTimeout):
        list(packets)


@pytest.mark.parametrize("seconds", [3600.0, -3600.0])
def test_jumping_stamps_do_not_reach_stream_time(rtsp_server, seconds: float) -> None:  # type: ignore[no-untyped-def]
    server = rtsp_server(Mount("cam", make_clip(CLIP)))
    stream = stream_of(server.url("cam"))
    packets = stream.connect(threading.Event())
    before = [next(packets) for _ in range(20)]
    server.jump("cam", seconds)
    after = [next(packets) for _ in range(60)]
    span_s = (after[-1].pts_ns - before[0].pts_ns) / NS_PER_S
    assert span_s < 10
    assert all(a.dts_ns < b.dts_ns for a, b in itertools.pairwise(before + after))


def test_repeated_stamps_still_rise(rtsp_server) -> None:  # type: ignore[no-untyped-def]
    server = rtsp_server(Mount("cam", make_clip(CLIP)))
    packets = stream_of(server.url("cam")).connect(threading.Event())
    before = [next(packets) for _ in range(10)]
    server.repeat("cam", 10)
    after = [next(packets) for _ in range(30)]
    assert all(a.dts_ns < b.dts_ns for a, b in itertools.pairwise(before + after))


def test_another_resolution_in_mid_stream_is_a_new_generation(rtsp_server) -> None:  # type: ignore[no-untyped-def]
    server = rtsp_server(Mount("cam", make_clip(CLIP)))
    packets = stream_of(server.url("cam")).connect(threading.Event())
    first = next(packets)
    server.switch("cam", make_clip(replace(CLIP, size_wh=(640, 480), first_number=0)))
    changed = next(p for p in packets if p.info.generation != first.info.generation)
    assert changed.is_key
    assert (changed.info.video.width, changed.info.video.height) == (640, 480)
    assert len(numbers([changed, *itertools.islice(packets, 20)])) >= 10


def test_a_pipeline_reconnects_and_harms_no_other(rtsp_server) -> None:  # type: ignore[no-untyped-def]
    steady = rtsp_server(Mount("cam", make_clip(CLIP)))
    failing = rtsp_server(Mount("cam", make_clip(CLIP)))
    runs = [running(steady.url("cam")), running(failing.url("cam"))]
    (calm, calm_sink), (shaken, shaken_sink) = runs
    wait_until(lambda: len(calm_sink.packets) > 20 and len(shaken_sink.packets) > 20, "both online")
    failing.kill()
    wait_until(lambda: shaken.status().state is CameraState.RETRYING, "the loss to be noticed")
    assert shaken.status().error
    failing.start()
    count = len(shaken_sink.packets)
    wait_until(lambda: len(shaken_sink.packets) > count + 20, "the camera to be back", 40)
    assert shaken.status().state is CameraState.ONLINE
    assert shaken.status().reconnects >= 1
    assert shaken_sink.ends >= 1
    generations = {p.info.generation for p in shaken_sink.packets}
    assert len(generations) >= 2
    assert calm.status().reconnects == 0
    video = [p for p in calm_sink.packets if p.kind is MediaKind.VIDEO]
    gaps = [b.pts_ns - a.pts_ns for a, b in itertools.pairwise(video)]
    assert max(gaps) < NS_PER_S // 5, "the other camera lost nothing"
    for pipeline, sink in runs:
        pipeline.request_stop()
        assert pipeline.join(5)
        assert [p.seq for p in sink.packets] == list(range(1, len(sink.packets) + 1))


def running(url: str) -> tuple[StreamPipeline, Collector]:
    sink = Collector()
    camera = Camera("cam", CameraUrl.parse(url))

    def open_stream(wait):  # type: ignore[no-untyped-def]
        return CameraStream(camera, StreamRole.MAIN, camera.main, clock=SystemClock(), wait=wait)

    pipeline = StreamPipeline(
        "cam", StreamRole.MAIN, open_stream, [sink], clock=SystemClock(), rng=random.Random(3)
    )
    pipeline.start()
    return pipeline, sink

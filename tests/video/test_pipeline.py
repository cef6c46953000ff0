"""A stream's pipeline: it never gives up, whatever its camera does."""

import random
import threading
from collections.abc import Callable, Iterator

import pytest

from its_camera_ai.bus.messages import CameraState
from its_camera_ai.core.errors import CameraRefused, CameraTimeout
from its_camera_ai.core.media import MediaKind, Packet, StreamInfo, StreamRole, TrackInfo
from its_camera_ai.core.time import SystemClock
from its_camera_ai.video.pipeline import StreamPipeline
from tests.support.waiting import wait_until

INFO = StreamInfo("cam", StreamRole.MAIN, 1, TrackInfo(MediaKind.VIDEO, "h264", b"s", 64, 48))


class Script:
    """A stream whose connections are told beforehand: how many packets, and how each ends."""

    def __init__(self, *acts: tuple[int, Exception | None]) -> None:
        self.info: StreamInfo | None = INFO
        self.jumps = 0
        self._acts = list(acts)
        self._seq = 0
        self.connections = 0

    def connect(self, stop: threading.Event) -> Iterator[Packet]:
        self.connections += 1
        count, end = self._acts.pop(0) if self._acts else (1_000_000, None)
        for _ in range(count):
            if stop.is_set():
                return
            self._seq += 1
            yield Packet(INFO, MediaKind.VIDEO, self._seq, self._seq, self._seq, 1, 0, True, b"x")
            stop.wait(0.001)
        if end is not None:
            raise end


class Sink:
    def __init__(self) -> None:
        self.seen: list[int] = []
        self.ends = 0

    def put(self, packet: Packet) -> None:
        self.seen.append(packet.seq)

    def end_connection(self) -> None:
        self.ends += 1


def started(script: Script, *, once: bool = False) -> tuple[StreamPipeline, Sink]:
    sink = Sink()

    def open_stream(_wait: Callable[[float], bool]) -> Script:
        return script

    pipeline = StreamPipeline(
        "cam",
        StreamRole.MAIN,
        open_stream,
        [sink],
        clock=SystemClock(),
        rng=random.Random(2),
        once=once,
    )
    pipeline.start()
    return pipeline, sink


@pytest.mark.parametrize(
    ("error", "state"),
    [
        pytest.param(CameraTimeout("silent"), CameraState.RETRYING, id="timeout"),
        pytest.param(CameraRefused("401"), CameraState.REFUSED, id="refused"),
        pytest.param(ValueError("a bug"), CameraState.RETRYING, id="something unforeseen"),
    ],
)
def test_every_failure_is_told_and_tried_again(error: Exception, state: CameraState) -> None:
    script = Script((5, error), (0, error), (0, error), (5, None))
    pipeline, sink = started(script)
    wait_until(lambda: pipeline.status().state is state, "the failure to be told")
    assert pipeline.status().error
    wait_until(lambda: len(sink.seen) == 10, "the camera to be back")
    pipeline.request_stop()
    assert pipeline.join(5)
    assert sink.ends >= 3
    assert script.connections >= 4
    assert pipeline.status().reconnects >= 3


def test_a_camera_that_is_back_shows_no_error() -> None:
    pipeline, sink = started(Script((3, CameraTimeout("silent"))))
    wait_until(lambda: len(sink.seen) > 10, "the camera to be back")
    status = pipeline.status()
    assert (status.state, status.error) == (CameraState.ONLINE, "")
    assert status.reconnects == 1
    pipeline.request_stop()
    assert pipeline.join(5)


def test_a_file_played_once_ends() -> None:
    pipeline, sink = started(Script((7, None)), once=True)
    wait_until(lambda: not pipeline.alive, "the end")
    assert pipeline.status().state is CameraState.ENDED
    assert sink.seen == list(range(1, 8))
    assert sink.ends == 1

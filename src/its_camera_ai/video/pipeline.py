"""Keeps one stream of a camera connected, for ever, and hands its packets on."""

import random
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import structlog

from its_camera_ai.bus.messages import CameraState, StreamStatus
from its_camera_ai.core.backoff import Backoff
from its_camera_ai.core.errors import ItscamError, RetryableError, UserError
from its_camera_ai.core.media import MediaKind, Packet, StreamInfo, StreamRole
from its_camera_ai.core.time import NS_PER_S, Clock

log = structlog.get_logger(__name__)

STABLE_S = 30.0
RATE_SAMPLES = 6
"""Rates are taken over so many heartbeats."""


class Stream(Protocol):
    """What ``CameraStream`` offers; a twin in tests."""

    info: StreamInfo | None

    @property
    def jumps(self) -> int: ...

    def connect(self, stop: threading.Event) -> Iterator[Packet]: ...


class Sink(Protocol):
    """Takes packets of one stream. Must not block."""

    def put(self, packet: Packet) -> None: ...

    def end_connection(self) -> None: ...


class StreamPipeline:
    """One thread that connects, hands on, and reconnects.

    Args:
        camera_id, role: for the status and the log.
        open_stream: makes the stream, given an interruptible sleep.
        sinks: get every packet, in order, recorder first.
        once: a file that is not looped: its end is the end.
    """

    def __init__(
        self,
        camera_id: str,
        role: StreamRole,
        open_stream: Callable[[Callable[[float], bool]], Stream],
        sinks: Sequence[Sink],
        *,
        clock: Clock,
        rng: random.Random,
        once: bool = False,
    ) -> None:
        self._camera_id = camera_id
        self._role = role
        self._sinks = sinks
        self._clock = clock
        self._backoff = Backoff(rng)
        self._once = once
        self._stop = threading.Event()
        self._stream = open_stream(self._stop.wait)
        self._state = CameraState.CONNECTING
        self._since_wall_ns = int(clock.wall_ns())
        self._error = ""
        self._packets = 0
        self._reconnects = 0
        self._last_packet_wall_ns = 0
        self._pictures = 0
        self._bytes = 0
        self._samples: deque[tuple[int, int, int]] = deque(maxlen=RATE_SAMPLES)
        self._thread = threading.Thread(target=self._run, name=f"{camera_id}/{role}", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def request_stop(self) -> None:
        """Ask the thread to end; ``join`` waits for it."""
        self._stop.set()

    def join(self, timeout_s: float) -> bool:
        """True if the thread has ended (a blocked read ends after its own time-out)."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    def _run(self) -> None:
        while not self._stop.is_set():
            self._enter(CameraState.CONNECTING)
            connected_ns = self._clock.monotonic_ns()
            try:
                for packet in self._stream.connect(self._stop):
                    self._hand_on(packet)
                self._end()
                if self._once or self._stop.is_set():
                    self._enter(CameraState.ENDED)
                    return
            except ItscamError as error:
                self._end()
                self._failed(error)
            except Exception as error:  # a bug in one camera's way must not take the others along
                log.exception("camera stream broke", camera=self._camera_id)
                self._end()
                self._failed(
                    RetryableError(
                        f"Something unforeseen went wrong ({type(error).__name__}); it is tried "
                        "again. The log of the ingest process has the details."
                    )
                )
            if self._clock.monotonic_ns() - connected_ns >= STABLE_S * NS_PER_S:
                self._backoff.reset()
            self._reconnects += 1
            self._stop.wait(self._backoff.next_s())

    def _failed(self, error: ItscamError) -> None:
        refused = isinstance(error, UserError)
        if str(error) != self._error:
            log.warning(
                "camera stream failed",
                camera=self._camera_id,
                stream=str(self._role),
                problem=str(error),
            )
        self._error = str(error)
        self._enter(CameraState.REFUSED if refused else CameraState.RETRYING)

    def _hand_on(self, packet: Packet) -> None:
        if self._state is not CameraState.ONLINE:
            self._enter(CameraState.ONLINE)
            self._error = ""
            log.info("camera stream connected", camera=self._camera_id, stream=str(self._role))
        for sink in self._sinks:
            sink.put(packet)
        self._packets += 1
        self._pictures += packet.kind is MediaKind.VIDEO
        self._bytes += len(packet.data)
        self._last_packet_wall_ns = int(self._clock.wall_ns())

    def _end(self) -> None:
        for sink in self._sinks:
            sink.end_connection()

    def _enter(self, state: CameraState) -> None:
        if state is not self._state and not (
            # a retry that is under way is no news: the camera is still away
            state is CameraState.CONNECTING and self._error
        ):
            self._state = state
            self._since_wall_ns = int(self._clock.wall_ns())

    def status(self) -> StreamStatus:
        """What is known now. Called once a second, by one thread: rates are over its calls."""
        fps, bitrate_bps = self._rates()
        info = self._stream.info
        return StreamStatus(
            self._camera_id,
            self._role,
            self._state,
            self._since_wall_ns,
            error=self._error,
            codec=info.video.codec if info else "",
            width=info.video.width if info else 0,
            height=info.video.height if info else 0,
            fps=fps,
            bitrate_bps=bitrate_bps,
            packets=self._packets,
            reconnects=self._reconnects,
            generation=info.generation if info else 0,
            last_packet_wall_ns=self._last_packet_wall_ns,
            jumps=self._stream.jumps,
        )

    def _rates(self) -> tuple[float, float]:
        """Pictures and bits per second over the last calls; 0 while the camera is away."""
        if self._state is not CameraState.ONLINE:
            self._samples.clear()
            return 0.0, 0.0
        self._samples.append((self._clock.monotonic_ns(), self._pictures, self._bytes))
        (then_ns, pictures, coded), (now_ns, *_) = self._samples[0], self._samples[-1]
        if now_ns <= then_ns:
            return 0.0, 0.0
        span_s = (now_ns - then_ns) / NS_PER_S
        return (self._pictures - pictures) / span_s, (self._bytes - coded) * 8 / span_s

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
_RATE_WINDOW_NS = 5 * NS_PER_S


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
        self._recent: deque[tuple[int, int, bool]] = deque()
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
        self._last_packet_wall_ns = int(self._clock.wall_ns())
        self._recent.append(
            (self._last_packet_wall_ns, len(packet.data), packet.kind is MediaKind.VIDEO)
        )
        oldest_ns = self._last_packet_wall_ns - _RATE_WINDOW_NS
        while self._recent[0][0] < oldest_ns:
            self._recent.popleft()

    def _end(self) -> None:
        for sink in self._sinks:
            sink.end_connection()
        self._recent.clear()

    def _enter(self, state: CameraState) -> None:
        if state is not self._state and not (
            # a retry that is under way is no news: the camera is still away
            state is CameraState.CONNECTING and self._error
        ):
            self._state = state
            self._since_wall_ns = int(self._clock.wall_ns())

    def status(self) -> StreamStatus:
        """What is known now; called from the status thread."""
        recent = list(self._recent)
        info = self._stream.info
        span_s = max((recent[-1][0] - recent[0][0]) / NS_PER_S, 1e-3) if len(recent) > 1 else 0.0
        return StreamStatus(
            self._camera_id,
            self._role,
            self._state,
            self._since_wall_ns,
            error=self._error,
            codec=info.video.codec if info else "",
            width=info.video.width if info else 0,
            height=info.video.height if info else 0,
            fps=(sum(1 for r in recent if r[2]) - 1) / span_s if span_s else 0.0,
            bitrate_bps=sum(r[1] for r in recent) * 8 / span_s if span_s else 0.0,
            packets=self._packets,
            reconnects=self._reconnects,
            generation=info.generation if info else 0,
            last_packet_wall_ns=self._last_packet_wall_ns,
            jumps=self._stream.jumps,
        )

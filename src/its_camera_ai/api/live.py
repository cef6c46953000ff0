"""Packets from the bus to everyone who watches: one subscription per stream, however many viewers.

Invariants:
1. A viewer never slows another or the hub: ``Viewer.offer`` does not block.
2. What is kept is bounded: per stream the packets since the last key frame, up to
   ``GOP_BYTES_MAX``; per viewer ``VIEWER_BYTES_MAX``; ``VIEWERS_MAX`` viewers in all.
3. The subscriber belongs to the hub's thread alone; joining only marks what is wanted.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import structlog

from its_camera_ai.api.problems import Busy
from its_camera_ai.api.viewer import Viewer
from its_camera_ai.bus.ports import PacketSubscriber
from its_camera_ai.core.media import MediaKind, Packet, StreamRole
from its_camera_ai.core.time import NS_PER_S, Clock

GOP_BYTES_MAX = 8 * 1024 * 1024
LINGER_S = 10.0
"""How long a stream stays subscribed after its last viewer left."""
FRESH_S = 5.0
"""A picture that came longer ago is not shown to a new viewer as if it were live."""
VIEWERS_MAX = 64
_RECEIVE_S = 0.05
_RESTART_S = 1.0

StreamKey = tuple[str, StreamRole]


@dataclass(eq=False)
class _Channel:
    """One stream with its viewers and the packets since its last key frame."""

    viewers: list[Viewer] = field(default_factory=list)
    gop: list[Packet] = field(default_factory=list)
    gop_bytes: int = 0
    arrived_ns: int = 0  # monotonic, of the last packet
    left_ns: int = 0  # monotonic, when the last viewer left

    def keep(self, packet: Packet) -> None:
        if packet.is_key:
            self.gop = []
            self.gop_bytes = 0
        elif not self.gop:
            return
        self.gop.append(packet)
        self.gop_bytes += len(packet.data)
        if self.gop_bytes > GOP_BYTES_MAX:
            self.gop = []  # a later viewer then waits for the next key frame
            self.gop_bytes = 0


class LiveHub:
    """Subscribes a stream while someone watches it and hands its packets to all viewers.

    Args:
        subscriber_factory: makes the bus end; called in the hub's own thread.
        clock: for the linger time.
        viewers_max: beyond it ``join`` refuses.
    """

    def __init__(
        self,
        subscriber_factory: Callable[[], PacketSubscriber],
        clock: Clock,
        *,
        viewers_max: int = VIEWERS_MAX,
    ) -> None:
        self._subscriber_factory = subscriber_factory
        self._clock = clock
        self._viewers_max = viewers_max
        self._changed = threading.Condition()
        self._channels: dict[StreamKey, _Channel] = {}
        self._stopping = False
        self._thread: threading.Thread | None = None
        self._log = structlog.get_logger(__name__)

    def start(self) -> None:
        """Begin; calling it again while it runs does nothing."""
        if self._thread is None:
            self._stopping = False
            self._thread = threading.Thread(target=self._run, name="live-hub", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Close every viewer and wait for the thread."""
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        with self._changed:
            viewers = [v for channel in self._channels.values() for v in channel.viewers]
        for viewer in viewers:
            viewer.close()

    @contextmanager
    def join(self, camera_id: str, role: StreamRole, wake: Callable[[], None]) -> Iterator[Viewer]:
        """Watch a stream for the length of a ``with`` block.

        The viewer begins with the packets since the last key frame, where the hub has them.

        Raises:
            Busy: as many viewers watch as this server allows, or it is shutting down.
        """
        viewer = Viewer(wake)
        with self._changed:
            if self._stopping or self.viewer_count >= self._viewers_max:
                raise Busy(
                    f"This server shows at most {self._viewers_max} live pictures at a time; "
                    "close one and try again."
                )
            channel = self._channels.setdefault((camera_id, role), _Channel())
            channel.viewers.append(viewer)
            age_ns = self._clock.monotonic_ns() - channel.arrived_ns
            if age_ns <= FRESH_S * NS_PER_S:
                viewer.offer(channel.gop)
            self._changed.notify_all()
        try:
            yield viewer
        finally:
            with self._changed:
                channel.viewers.remove(viewer)
                channel.left_ns = self._clock.monotonic_ns()

    @property
    def viewer_count(self) -> int:
        return sum(len(channel.viewers) for channel in list(self._channels.values()))

    def viewers_by_camera(self) -> dict[str, int]:
        """How many watch each camera now."""
        with self._changed:
            counts: dict[str, int] = {}
            for (camera_id, _), channel in self._channels.items():
                counts[camera_id] = counts.get(camera_id, 0) + len(channel.viewers)
            return counts

    def subscribed(self) -> frozenset[StreamKey]:
        """The streams that are kept flowing, watched or lingering."""
        with self._changed:
            return frozenset(self._channels)

    def _run(self) -> None:
        while not self._stopping:
            try:
                self._pump()
            except Exception as error:  # noqa: BLE001 - a broken bus must not end live view for good
                self._log.warning("live_hub_restarts", error=type(error).__name__, text=str(error))
                with self._changed:
                    self._changed.wait_for(lambda: self._stopping, _RESTART_S)

    def _pump(self) -> None:
        """Read one subscriber until the hub stops or the subscriber breaks."""
        self._wait_for_work()
        if self._stopping:
            return
        subscriber = self._subscriber_factory()
        subscribed: set[StreamKey] = set()
        try:
            while not self._stopping:
                wanted = self._wanted()
                for key in wanted - subscribed:
                    subscriber.subscribe(*key)
                for key in subscribed - wanted:
                    subscriber.unsubscribe(*key)
                subscribed = wanted
                if not wanted:
                    self._wait_for_work()
                    continue
                packet = subscriber.receive(_RECEIVE_S)
                if packet is not None and packet.kind is MediaKind.VIDEO:
                    self._hand_out(packet)
        finally:
            subscriber.close()

    def _wait_for_work(self) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._stopping or bool(self._channels))

    def _wanted(self) -> set[StreamKey]:
        """The streams to be subscribed; forgets those whose linger time is over."""
        now_ns = self._clock.monotonic_ns()
        with self._changed:
            for key, channel in list(self._channels.items()):
                if not channel.viewers and now_ns - channel.left_ns > LINGER_S * NS_PER_S:
                    del self._channels[key]
            return set(self._channels)

    def _hand_out(self, packet: Packet) -> None:
        with self._changed:
            channel = self._channels.get((packet.info.camera_id, packet.info.role))
            if channel is None:
                return
            channel.arrived_ns = self._clock.monotonic_ns()
            channel.keep(packet)
            viewers = list(channel.viewers)
            for viewer in viewers:
                viewer.offer((packet,))

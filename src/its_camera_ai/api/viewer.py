"""One viewer's mailbox of packets: bounded, and never a brake for anyone else."""

import threading
from collections import deque
from collections.abc import Callable, Iterable

from its_camera_ai.core.media import Packet

VIEWER_BYTES_MAX = 16 * 1024 * 1024
VIEWER_PACKETS_MAX = 900
"""What may wait for one viewer: about 30 s at 30 fps; the bytes are shared between viewers."""


class Viewer:
    """A queue that the hub fills and one consumer empties.

    When the consumer is too slow, what waits longest is skipped, up to a key frame.

    Args:
        wake: called after packets came or the viewer was closed, from the hub's thread.

    Attributes:
        skipped: packets this viewer did not get because it was too slow.
        closed: the hub has stopped; nothing more will come.
    """

    def __init__(
        self,
        wake: Callable[[], None],
        *,
        bytes_max: int = VIEWER_BYTES_MAX,
        packets_max: int = VIEWER_PACKETS_MAX,
    ) -> None:
        self._wake = wake
        self._bytes_max = bytes_max
        self._packets_max = packets_max
        self._lock = threading.Lock()
        self._packets: deque[Packet] = deque()
        self._bytes = 0
        self._waits_for_key = True
        self.skipped = 0
        self.closed = False

    def offer(self, packets: Iterable[Packet]) -> None:
        """Hub's side: queue what fits; never blocks."""
        with self._lock:
            for packet in packets:
                self._queue(packet)
        self._wake()

    def _queue(self, packet: Packet) -> None:
        size_bytes = len(packet.data)
        if not self._has_room(size_bytes):
            self._make_room(packet)
        fits = self._has_room(size_bytes)
        if not fits or (self._waits_for_key and not packet.is_key):
            self._waits_for_key = self._waits_for_key or not fits
            self.skipped += 1
            return
        self._waits_for_key = False
        self._packets.append(packet)
        self._bytes += size_bytes

    def _has_room(self, size_bytes: int) -> bool:
        return (
            self._bytes + size_bytes <= self._bytes_max and len(self._packets) < self._packets_max
        )

    def _make_room(self, packet: Packet) -> None:
        """Skip to the newest key frame: the packet itself, one that waits, or one still to come."""
        keys = [i for i, waiting in enumerate(self._packets) if waiting.is_key]
        kept_from = keys[-1] if keys and keys[-1] > 0 and not packet.is_key else None
        dropped = len(self._packets) if kept_from is None else kept_from
        for _ in range(dropped):
            self._bytes -= len(self._packets.popleft().data)
        self.skipped += dropped
        if kept_from is None:
            self._waits_for_key = True
        elif not self._has_room(len(packet.data)):
            self._make_room(packet)

    def take(self, packets_max: int = VIEWER_PACKETS_MAX) -> list[Packet]:
        """Consumer's side: what has come so far, oldest first; may be nothing."""
        with self._lock:
            count = min(packets_max, len(self._packets))
            taken = [self._packets.popleft() for _ in range(count)]
            self._bytes -= sum(len(packet.data) for packet in taken)
            return taken

    @property
    def waiting_bytes(self) -> int:
        return self._bytes

    def close(self) -> None:
        """Hub's side: nothing more will come."""
        self.closed = True
        self._wake()

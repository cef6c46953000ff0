"""The last packets of a stream, whole groups of pictures at a time."""

from collections import deque
from dataclasses import dataclass, field

from its_camera_ai.core.media import MediaKind, Packet


@dataclass(slots=True)
class _Group:
    """A key frame and what follows it up to the next."""

    key: Packet
    packets: list[Packet] = field(default_factory=list)
    size_bytes: int = 0


class PacketRing:
    """Holds what may still be asked for, and no less.

    Every packet held can be decoded: each group begins with its key frame. What comes before the
    first key frame, or after a change of generation before the next, is not taken.
    """

    def __init__(self) -> None:
        self._groups: deque[_Group] = deque()
        self.size_bytes = 0

    def __len__(self) -> int:
        return sum(len(group.packets) for group in self._groups)

    @property
    def since_wall_ns(self) -> int | None:
        """Wall time of the oldest key frame; None if nothing is held."""
        return self._groups[0].key.wall_ns if self._groups else None

    def put(self, packet: Packet) -> bool:
        """Hold a packet; False if it can't be decoded and is not taken."""
        if packet.kind is MediaKind.VIDEO and packet.is_key:
            self._groups.append(_Group(packet))
        elif not self._groups or self._groups[-1].key.info.generation != packet.info.generation:
            return False
        group = self._groups[-1]
        group.packets.append(packet)
        group.size_bytes += len(packet.data)
        self.size_bytes += len(packet.data)
        return True

    def forget_before(self, wall_ns: int) -> int:
        """Let go of the groups that end before a moment; one key frame at or before it stays.

        Returns:
            how many packets went.
        """
        gone = 0
        while len(self._groups) > 1 and self._groups[1].key.wall_ns <= wall_ns:
            gone += self._drop()
        return gone

    def take_from(self, wall_ns: int) -> tuple[list[Packet], int]:
        """Give up everything: the packets from the last key frame at or before a moment on (all of
        them if there is none), and how many lay before it."""
        gone = self.forget_before(wall_ns)
        packets = [packet for group in self._groups for packet in group.packets]
        self._groups.clear()
        self.size_bytes = 0
        return packets, gone

    def clear(self) -> int:
        """Let go of everything; returns how many packets that were."""
        gone = len(self)
        self._groups.clear()
        self.size_bytes = 0
        return gone

    def _drop(self) -> int:
        group = self._groups.popleft()
        self.size_bytes -= group.size_bytes
        return len(group.packets)

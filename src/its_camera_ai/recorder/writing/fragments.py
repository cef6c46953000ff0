"""Cuts a stream's packets into fragments, the unit of durability, and says where files begin."""

from dataclasses import dataclass

from its_camera_ai.core.media import MediaKind, Packet
from its_camera_ai.core.time import NS_PER_S

FRAGMENT_NS = NS_PER_S
SOUND_ALONE_NS = NS_PER_S * 3 // 2
"""Pictures may stop while the sound goes on: then it is sound that ends a fragment."""
NOMINAL_NS_MAX = 2 * NS_PER_S
"""Time stamps may stand still: then a fragment ends by how long its pictures should last."""
OFFSET_STEP_NS = 20_000_000


@dataclass(frozen=True, slots=True)
class Fragment:
    """Packets that are written and synced together; without packets, the end of a file."""

    packets: list[Packet]
    begins_segment: bool
    size_bytes: int


END_OF_FILE = Fragment([], True, 0)


class FragmentCutter:
    """Gathers packets until a key frame or a second has passed [4].

    Args:
        segment_ns: a new file begins at the first key frame after this time.
    """

    def __init__(self, segment_ns: int) -> None:
        self._segment_ns = segment_ns
        self._packets: list[Packet] = []
        self._first_dts_ns: dict[MediaKind, int] = {}
        self._nominal_ns = 0
        self._begins = False
        self._start: Packet | None = None

    def put(self, packet: Packet) -> Fragment | None:
        """Take one packet; gives the fragment that it ended, if it ended one."""
        ended = self.end() if self._is_due(packet) else None
        if packet.is_key and packet.kind is MediaKind.VIDEO and self._segment_is_due(packet):
            self._start = packet
            self._begins = True
        start = self._start
        if start is not None and start.info.generation == packet.info.generation:
            self._packets.append(packet)
            self._first_dts_ns.setdefault(packet.kind, packet.dts_ns)
            if packet.kind is MediaKind.VIDEO:
                self._nominal_ns += packet.duration_ns
        # else: nothing can be decoded before the generation's first key frame
        return ended

    def end(self) -> Fragment | None:
        """What was gathered up to now, if there is any."""
        if not self._packets:
            return None
        fragment = Fragment(self._packets, self._begins, sum(len(p.data) for p in self._packets))
        self._packets, self._begins = [], False
        self._first_dts_ns, self._nominal_ns = {}, 0
        return fragment

    def end_connection(self) -> Fragment | None:
        """The same, and what comes next begins a new file."""
        fragment = self.end()
        self._start = None
        return fragment

    def _is_due(self, packet: Packet) -> bool:
        # each kind by its own stamps: sound may be far behind the pictures, or ahead
        passed_ns = packet.dts_ns - self._first_dts_ns.get(packet.kind, packet.dts_ns)
        if packet.kind is MediaKind.AUDIO:
            return passed_ns >= SOUND_ALONE_NS
        return packet.is_key or passed_ns >= FRAGMENT_NS or self._nominal_ns >= NOMINAL_NS_MAX

    def _segment_is_due(self, key: Packet) -> bool:
        start = self._start
        return (
            start is None
            or start.info.generation != key.info.generation
            or key.pts_ns - start.pts_ns >= self._segment_ns
            or abs(key.wall_offset_ns - start.wall_offset_ns) >= OFFSET_STEP_NS
        )

"""From a camera's own time stamps to stream time and wall time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from its_camera_ai.core.time import NS_PER_MS, NS_PER_S

JUMP_NS = 5 * NS_PER_S
"""A step of the camera's time stamps away from real time by more than this is no jitter."""
WINDOW_NS = 30 * NS_PER_S
OFFSET_STEP_NS = 20 * NS_PER_MS


@dataclass(frozen=True, slots=True)
class Stamp:
    """A packet's place in time; see ``core.media.Packet``."""

    pts_ns: int
    dts_ns: int
    wall_offset_ns: int


class Arrival(NamedTuple):
    """A packet's own decoding time, and the moment it came on both clocks."""

    raw_dts_ns: int
    wall_ns: int
    monotonic_ns: int


class StreamClock:
    """Stamps the packets of one live stream, across reconnects.

    ``begin`` comes before the first ``stamp`` and at every reconnect. Stream time starts at the
    wall time of the first packet and advances by the camera's stamps.
    Where these jump, repeat, run backwards or begin anew (a reconnect), it goes on by the time
    that really passed, so it strictly rises for as long as the process lives.

    The wall-clock mapping follows the smallest delay (a packet can come late, never early), down at
    once and up after each window of 30 s, in steps of at least 20 ms. That takes out the packets
    that lay in buffers while connecting, network jitter, and the drift of the camera's crystal.
    Windows end at the same moments for all streams of a process, so that a camera's two streams
    follow a step of the machine's clock together.
    It changes only with packets that may begin a file: the pictures of one file then have one
    mapping, and a moment of wall time leads to the very picture that was given it.
    """

    def __init__(self) -> None:
        self._raw_to_stream_ns = 0
        self._last_raw_ns = 0
        self._last_dts_ns = 0
        self._last_monotonic_ns = 0
        self._wall_offset_ns = 0
        self._told_offset_ns: int | None = None
        self._delay_min_ns: int | None = None
        self._window_end_ns = 0
        self._last_dts_by_kind: dict[object, int] = {}
        self.jumps = 0

    def begin(self, first: Sequence[Arrival]) -> None:
        """A new connection: its raw stamps have nothing to do with those before.

        Args:
            first: arrivals of its first moments, at least one. The first packets often lay in
                buffers while the connection was made; the promptest of these dates them all.
        """
        self._begin(first)
        self._told_offset_ns = None

    def _begin(self, first: Sequence[Arrival]) -> None:
        start = first[0]
        self._raw_to_stream_ns = min(a.wall_ns - a.raw_dts_ns for a in first)
        if self._last_dts_ns:
            passed_ns = max(start.monotonic_ns - self._last_monotonic_ns, NS_PER_MS)
            self._raw_to_stream_ns = self._last_dts_ns + passed_ns - start.raw_dts_ns
        self._last_raw_ns, self._last_monotonic_ns = start.raw_dts_ns, start.monotonic_ns
        self._wall_offset_ns = min(a.wall_ns - a.raw_dts_ns - self._raw_to_stream_ns for a in first)
        self._delay_min_ns = None
        self._window_end_ns = (start.monotonic_ns // WINDOW_NS + 2) * WINDOW_NS

    def stamp(
        self, raw_pts_ns: int, arrival: Arrival, *, kind: object = None, may_turn: bool = True
    ) -> Stamp:
        """Place one packet.

        Args:
            raw_pts_ns: the camera's presentation time, of the same origin as ``arrival``'s.
            arrival: its decoding time, and when it came.
            kind: video or audio; decoding times strictly rise within each.
            may_turn: the wall-clock mapping may be another from this packet on.
        """
        passed_ns = arrival.monotonic_ns - self._last_monotonic_ns
        if abs(arrival.raw_dts_ns - self._last_raw_ns - passed_ns) > JUMP_NS:
            self.jumps += 1
            self._begin([arrival])
        dts_ns = arrival.raw_dts_ns + self._raw_to_stream_ns
        pts_ns = raw_pts_ns + self._raw_to_stream_ns
        previous = self._last_dts_by_kind.get(kind)
        if previous is not None and dts_ns <= previous:
            dts_ns = previous + NS_PER_MS
        self._last_dts_by_kind[kind] = dts_ns
        self._last_raw_ns = arrival.raw_dts_ns
        self._last_dts_ns = max(self._last_dts_ns, dts_ns)
        self._last_monotonic_ns = arrival.monotonic_ns
        self._follow_wall(dts_ns, arrival.wall_ns, arrival.monotonic_ns)
        if may_turn or self._told_offset_ns is None:
            self._told_offset_ns = self._wall_offset_ns
        return Stamp(max(pts_ns, dts_ns), dts_ns, self._told_offset_ns)

    def _follow_wall(self, dts_ns: int, wall_ns: int, monotonic_ns: int) -> None:
        delay_ns = wall_ns - dts_ns
        if delay_ns <= self._wall_offset_ns - OFFSET_STEP_NS:
            self._wall_offset_ns = delay_ns  # no packet comes before it was made
        if self._delay_min_ns is None or delay_ns < self._delay_min_ns:
            self._delay_min_ns = delay_ns
        if monotonic_ns >= self._window_end_ns:
            if abs(self._delay_min_ns - self._wall_offset_ns) >= OFFSET_STEP_NS:
                self._wall_offset_ns = self._delay_min_ns
            self._delay_min_ns = None
            self._window_end_ns = (monotonic_ns // WINDOW_NS + 1) * WINDOW_NS

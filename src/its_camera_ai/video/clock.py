"""From a camera's own time stamps to stream time and wall time."""

from dataclasses import dataclass

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


class StreamClock:
    """Stamps the packets of one live stream, across reconnects.

    Stream time starts at the wall time of the first packet and advances by the camera's stamps.
    Where these jump, repeat, run backwards or begin anew (a reconnect), it goes on by the time
    that really passed, so it strictly rises for as long as the process lives.

    The wall-clock mapping follows the smallest delay (a packet can come late, never early), down at
    once and up after each window of 30 s, in steps of at least 20 ms. That takes out the packets
    that lay in buffers while connecting, network jitter, and the drift of the camera's crystal.
    """

    def __init__(self) -> None:
        self._raw_to_stream_ns: int | None = None
        self._last_raw_ns = 0
        self._last_dts_ns = 0
        self._last_monotonic_ns = 0
        self._wall_offset_ns = 0
        self._delay_min_ns: int | None = None
        self._window_end_ns = 0
        self._last_dts_by_kind: dict[object, int] = {}
        self.jumps = 0

    def begin(self) -> None:
        """A new connection: its raw stamps have nothing to do with those before."""
        if self._raw_to_stream_ns is not None:
            self._raw_to_stream_ns = None

    def stamp(
        self,
        raw_pts_ns: int,
        raw_dts_ns: int,
        *,
        wall_ns: int,
        monotonic_ns: int,
        kind: object = None,
    ) -> Stamp:
        """Place one packet.

        Args:
            raw_pts_ns, raw_dts_ns: the camera's stamps, from any origin.
            wall_ns, monotonic_ns: the moment of arrival on both clocks.
            kind: video or audio; decoding times strictly rise within each.
        """
        if self._raw_to_stream_ns is None:
            self._anchor(raw_dts_ns, wall_ns, monotonic_ns)
        else:
            passed_ns = monotonic_ns - self._last_monotonic_ns
            if abs(raw_dts_ns - self._last_raw_ns - passed_ns) > JUMP_NS:
                self.jumps += 1
                self._anchor(raw_dts_ns, wall_ns, monotonic_ns)
        assert self._raw_to_stream_ns is not None  # noqa: S101  set by _anchor just above
        dts_ns = raw_dts_ns + self._raw_to_stream_ns
        pts_ns = raw_pts_ns + self._raw_to_stream_ns
        previous = self._last_dts_by_kind.get(kind)
        if previous is not None and dts_ns <= previous:
            dts_ns = previous + NS_PER_MS
        self._last_dts_by_kind[kind] = dts_ns
        pts_ns = max(pts_ns, dts_ns)
        self._last_raw_ns = raw_dts_ns
        self._last_dts_ns = max(self._last_dts_ns, dts_ns)
        self._last_monotonic_ns = monotonic_ns
        self._follow_wall(dts_ns, wall_ns, monotonic_ns)
        return Stamp(pts_ns, dts_ns, self._wall_offset_ns)

    def _anchor(self, raw_ns: int, wall_ns: int, monotonic_ns: int) -> None:
        if self._last_dts_ns:
            passed_ns = max(monotonic_ns - self._last_monotonic_ns, NS_PER_MS)
            stream_ns = self._last_dts_ns + passed_ns
        else:
            stream_ns = wall_ns
        self._raw_to_stream_ns = stream_ns - raw_ns
        self._wall_offset_ns = wall_ns - stream_ns
        self._delay_min_ns = None
        self._window_end_ns = monotonic_ns + WINDOW_NS

    def _follow_wall(self, dts_ns: int, wall_ns: int, monotonic_ns: int) -> None:
        delay_ns = wall_ns - dts_ns
        if delay_ns <= self._wall_offset_ns - OFFSET_STEP_NS:
            # no packet comes before it was made: the first ones lay in a buffer while we connected
            self._wall_offset_ns = delay_ns
        if self._delay_min_ns is None or delay_ns < self._delay_min_ns:
            self._delay_min_ns = delay_ns
        if monotonic_ns >= self._window_end_ns:
            if abs(self._delay_min_ns - self._wall_offset_ns) >= OFFSET_STEP_NS:
                self._wall_offset_ns = self._delay_min_ns
            self._delay_min_ns = None
            self._window_end_ns = monotonic_ns + WINDOW_NS

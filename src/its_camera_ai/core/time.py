"""Time as the system means it: stream time, wall time, and the port for clocks.

Stream time (``pts_ns``) is a presentation time stamp in integer nanoseconds. For a file it is the
file's own PTS; for a live camera it starts at the wall time of the first packet and from there
advances by the camera's PTS only, so durations never depend on when a packet happened to arrive.
Wall time (``wall_ns``) is UTC in nanoseconds since 1970-01-01.
"""

import time
from datetime import UTC, datetime
from typing import NewType, Protocol

WallTime = NewType("WallTime", int)
"""UTC, ns since the epoch."""

NS_PER_S = 1_000_000_000
NS_PER_MS = 1_000_000


class Clock(Protocol):
    """Port for time. ``SystemClock`` is the real one; the simulator brings a twin."""

    def wall_ns(self) -> WallTime:
        """UTC now, ns since the epoch; may step."""
        ...

    def monotonic_ns(self) -> int:
        """A clock that never steps, ns from an arbitrary origin."""
        ...


class SystemClock:
    """The machine's own clocks."""

    def wall_ns(self) -> WallTime:
        return WallTime(time.time_ns())

    def monotonic_ns(self) -> int:
        return time.monotonic_ns()


def iso_utc(wall_ns: int) -> str:
    """RFC 3339 text in UTC with millisecond precision.

    >>> iso_utc(1_700_000_000_123_000_000)
    '2023-11-14T22:13:20.123Z'
    """
    moment = datetime.fromtimestamp(wall_ns // NS_PER_MS / 1000, tz=UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_iso_utc(text: str) -> WallTime:
    """Wall time from RFC 3339 text; a time without a zone is taken as UTC.

    Raises:
        ValueError: the text is no date and time.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return WallTime(round(moment.timestamp() * 1_000_000) * 1000)

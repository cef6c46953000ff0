"""The minutes that are still being filled."""

from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from its_camera_ai.core.intervals import LATE_S, Place, Tally
from its_camera_ai.core.time import NS_PER_S

MINUTE_NS = 60 * NS_PER_S
LATE_NS = round(LATE_S * NS_PER_S)
AHEAD_NS = 2 * MINUTE_NS
"""A fact of a time so far after the newest look is a mistake of a clock."""
Floats = npt.NDArray[np.float64]


@dataclass(slots=True, eq=False)
class LaneSums:
    """Of all lanes, L of them, as in ``core.intervals.Tally``.

    Attributes:
        looked_s: time in which places on the ground were known.
        detector_s: (D,) time during which each detector was covered.
        line_s: (K,) time during which each line was covered in one of its lanes.
    """

    looked_s: float
    vehicle_s: Floats
    vehicle_m: Floats
    queue_m_s: Floats
    queue_max_m: Floats
    queued_s: Floats
    detector_s: Floats
    line_s: Floats

    @classmethod
    def none(cls, lanes: int, detectors: int, lines: int) -> "LaneSums":
        a, b, c, d, e = np.zeros((5, lanes))
        return cls(0.0, a, b, c, d, e, np.zeros(detectors), np.zeros(lines))


@dataclass(slots=True, eq=False)
class Minute:
    """One minute.

    Attributes:
        facts: what was counted, by place.
        looked_s, rate_s, wanted_s: as in ``core.intervals.Tally``, of all places but lanes.
        looked: the spans of wall time that were looked at, in order, ns.
    """

    start_ns: int
    lanes: LaneSums
    facts: dict[Place, Tally] = field(default_factory=dict)
    looked_s: float = 0.0
    rate_s: float = 0.0
    wanted_s: float = 0.0
    looked: list[tuple[int, int]] = field(default_factory=list)

    @property
    def end_ns(self) -> int:
        return self.start_ns + MINUTE_NS

    def saw(self, since_ns: int, until_ns: int, share_s: float) -> None:
        """This span was looked at; ``share_s`` is its length in stream time."""
        self.looked_s += share_s
        if self.looked and self.looked[-1][1] >= since_ns:
            since_ns = self.looked.pop()[0]
        self.looked.append((since_ns, until_ns))

    def tally(self, place: Place) -> Tally:
        return self.facts.setdefault(place, Tally())


class Minutes:
    """Open minutes by their begin. A minute closes ``LATE_S`` after its end and never opens again;
    what comes for it later is told as late."""

    def __init__(self, new_sums: Callable[[], LaneSums]) -> None:
        """
        Args:
            new_sums: makes room for the lanes of a minute.
        """
        self._new_sums = new_sums
        self._open: dict[int, Minute] = {}
        self._closed_ns = 0
        self._newest_ns = 0

    @property
    def closed_ns(self) -> int:
        """Everything before has been given out."""
        return self._closed_ns

    def heard(self, wall_ns: int) -> None:
        """A picture of this moment came."""
        self._newest_ns = max(self._newest_ns, wall_ns)

    def at(self, wall_ns: int) -> Minute | None:
        """The open minute of this moment; None if it is closed, or absurdly far ahead."""
        start = wall_ns // MINUTE_NS * MINUTE_NS
        minute = self._open.get(start)
        if minute is None and self._closed_ns <= start <= self._newest_ns + AHEAD_NS:
            minute = self._open[start] = Minute(start, self._new_sums())
        return minute

    def split(self, since_ns: int, until_ns: int) -> list[tuple[Minute, float, float]]:
        """A span of time cut at the ends of minutes: the minute and its part of the span, from and
        to as shares 0–1. Parts in closed minutes are left out."""
        whole = until_ns - since_ns
        parts = []
        start = since_ns
        while start < until_ns:
            end = min(until_ns, (start // MINUTE_NS + 1) * MINUTE_NS)
            minute = self.at(start)
            if minute is not None:
                parts.append((minute, (start - since_ns) / whole, (end - since_ns) / whole))
            start = end
        return parts

    def due(self, now_wall_ns: int) -> list[Minute]:
        """Close and give out all that ended ``LATE_S`` ago, in order."""
        closed = (now_wall_ns - LATE_NS) // MINUTE_NS * MINUTE_NS
        if closed <= self._closed_ns:
            return []
        self._closed_ns = closed
        return [self._open.pop(start) for start in sorted(self._open) if start < closed]

    def rest(self) -> list[Minute]:
        """Give out all that is open, also what has not ended; nothing of them comes in again."""
        if self._open:
            self._closed_ns = max(self._closed_ns, max(self._open) + MINUTE_NS)
        minutes = [self._open[start] for start in sorted(self._open)]
        self._open.clear()
        return minutes

    def begin_anew(self) -> list[Minute]:
        """The clock was set back: give out all that is open, and let earlier times come in."""
        minutes = self.rest()
        self._closed_ns = self._newest_ns = 0
        return minutes

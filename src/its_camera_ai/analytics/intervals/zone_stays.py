"""Who was in a zone when, so that a minute's presence can be summed up at its end."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from its_camera_ai.core.time import NS_PER_S

N = TypeVar("N", int, float)
Spans = list[tuple[int, int]]
STAYS_MAX = 10_000
"""Stays in one zone at once; far more than a picture holds."""


class ZoneStays:
    """The visits of one zone, open and ended."""

    def __init__(self) -> None:
        self._open: dict[int, int] = {}
        self._ended: Spans = []

    def entered(self, track_id: int, wall_ns: int) -> None:
        self._open[track_id] = wall_ns
        if len(self._open) > STAYS_MAX:
            del self._open[next(iter(self._open))]

    def left(self, track_id: int, wall_ns: int, dwell_s: float) -> None:
        """The visit is over; one whose entry was not told began ``dwell_s`` earlier."""
        entered = self._open.pop(track_id, wall_ns - round(dwell_s * NS_PER_S))
        if entered < wall_ns:
            self._ended.append((entered, wall_ns))

    def joined(self, before: int, now: int) -> None:
        """The track ``before`` goes on as ``now``."""
        if before in self._open:
            self._open.setdefault(now, self._open.pop(before))

    def forget(self, before_ns: int) -> None:
        """Visits that ended before then are not asked for any more."""
        self._ended = [stay for stay in self._ended if stay[1] > before_ns]

    def sums(
        self, since_ns: int, until_ns: int, looked: Sequence[tuple[int, int]]
    ) -> tuple[float, float]:
        """In this span, as far as it was looked at: the time with at least one visit, and the sum
        over all visits, s.

        Args:
            looked: spans of wall time, in order, not overlapping.
        """
        stays = [*self._ended, *((entered, until_ns) for entered in self._open.values())]
        stays = [(max(a, since_ns), min(b, until_ns)) for a, b in stays]
        stays = sorted((a, b) for a, b in stays if a < b)
        all_ns = sum(_shared_ns([stay], looked) for stay in stays)
        return _shared_ns(union(stays), looked) / NS_PER_S, all_ns / NS_PER_S


def union(spans: Iterable[tuple[N, N]]) -> list[tuple[N, N]]:
    """Spans sorted by their begin → the same time without overlap.

    >>> union([(0, 5), (3, 8), (9, 10)])
    [(0, 8), (9, 10)]
    """
    joined: list[tuple[N, N]] = []
    for since, until in spans:
        if joined and since <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], until))
        else:
            joined.append((since, until))
    return joined


def _shared_ns(spans: Sequence[tuple[int, int]], others: Sequence[tuple[int, int]]) -> int:
    return sum(max(0, min(b, d) - max(a, c)) for a, b in spans for c, d in others)

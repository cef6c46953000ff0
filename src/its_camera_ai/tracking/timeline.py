"""Whether a frame comes after the one before, by stream time alone."""

from enum import Enum

from its_camera_ai.core.time import NS_PER_S

_ADOPT_AFTER_NS = NS_PER_S
"""A stream that goes on from an earlier time for this long has begun again (a looped file, a
camera that set its clock back); until then its frames are taken as stragglers."""


class Place(Enum):
    """What to do with a frame."""

    NEXT = "next"
    STALE = "stale"
    RESTARTED = "restarted"


class Timeline:
    """Follows one stream's time; duplicates and stragglers are told apart from a new beginning."""

    __slots__ = ("_behind_first", "_behind_last", "last_ns")

    def __init__(self) -> None:
        self.last_ns: int | None = None
        self._behind_first = 0
        self._behind_last: int | None = None

    def place(self, pts_ns: int) -> Place:
        """Judge the next frame's time; after ``RESTARTED`` it is the first of a new stretch."""
        if self.last_ns is None or pts_ns > self.last_ns:
            self.last_ns = pts_ns
            self._behind_last = None
            return Place.NEXT
        if pts_ns == self.last_ns:
            return Place.STALE
        if self._behind_last is None or pts_ns < self._behind_last:
            self._behind_first = pts_ns
        self._behind_last = pts_ns
        if pts_ns - self._behind_first < _ADOPT_AFTER_NS:
            return Place.STALE
        self.last_ns = pts_ns
        self._behind_last = None
        return Place.RESTARTED

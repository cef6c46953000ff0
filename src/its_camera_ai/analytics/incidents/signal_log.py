"""What the signal heads showed, also where a reading came late."""

from bisect import bisect_right, insort
from collections.abc import Mapping

from its_camera_ai.core.signals import SignalReading, SignalState
from its_camera_ai.core.time import NS_PER_S

_KEPT_S = 600.0


class SignalLog:
    """The readings of every head in order of the time from which they hold."""

    def __init__(self) -> None:
        self._log: dict[str, list[tuple[int, SignalState]]] = {}
        self._told: dict[str, SignalReading] = {}

    def update(self, readings: Mapping[str, SignalReading], wall_ns: int) -> None:
        """Take in the present readings; one for an earlier moment takes its place there."""
        for head, reading in readings.items():
            if self._told.get(head) == reading:
                continue
            self._told[head] = reading
            log = self._log.setdefault(head, [])
            log[:] = [entry for entry in log if entry[0] != reading.wall_ns]
            insort(log, (reading.wall_ns, reading.state))
            oldest = wall_ns - int(_KEPT_S * NS_PER_S)
            while len(log) > 1 and log[1][0] < oldest:
                del log[0]

    def state_at(self, head: str, wall_ns: int) -> SignalState:
        """``UNKNOWN`` before the first reading, or without any."""
        at = self._index(head, wall_ns)
        return self._log[head][at][1] if at >= 0 else SignalState.UNKNOWN

    def lasted_s(self, head: str, wall_ns: int) -> float:
        """How long that state had been on without a break; 0 if it is not known."""
        at = self._index(head, wall_ns)
        if at < 0:
            return 0.0
        log = self._log[head]
        while at > 0 and log[at - 1][1] is log[at][1]:
            at -= 1
        return (wall_ns - log[at][0]) / NS_PER_S

    def _index(self, head: str, wall_ns: int) -> int:
        return bisect_right(self._log.get(head, []), wall_ns, key=lambda entry: entry[0]) - 1

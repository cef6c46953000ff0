"""Headways and gaps at lines, lane by lane."""

from collections import deque
from dataclasses import dataclass

from its_camera_ai.core.road import Direction
from its_camera_ai.core.time import NS_PER_S

_REMEMBERED = 16


@dataclass(frozen=True, slots=True)
class Passing:
    """One vehicle over a line.

    Attributes:
        pts_ns: when its anchor passed.
        front_ns: when its front passed; None where that is not known.
        clear_s: how long its body took to pass, length over speed; None where either is unknown.
    """

    pts_ns: int
    front_ns: int | None
    clear_s: float | None


class Headways:
    """The last vehicles at every line, by direction and lane.

    Headway: time between the fronts of successive vehicles past a point (HCM); where a front is
    not known, between the same points of both boxes. Gap: from the rear of the one before to the
    front, headway − length / speed of the one before.
    """

    def __init__(self) -> None:
        self._passed: dict[tuple[str, Direction, str], deque[Passing]] = {}
        self._blind_ns: deque[tuple[int, int]] = deque(maxlen=_REMEMBERED)

    def blind(self, since_ns: int, until_ns: int) -> None:
        """Nobody looked in between: one may have passed unseen, so nothing is measured across."""
        self._blind_ns.append((since_ns, until_ns))

    def forget(self) -> None:
        """Another stretch of the stream begins."""
        self._passed.clear()
        self._blind_ns.clear()

    def add(
        self, line: str, direction: Direction, lane: str, passing: Passing
    ) -> tuple[float | None, float | None]:
        """Headway and gap in s behind the vehicle before; None where there is none.

        Passages that are decided late are put in order of their time.
        """
        passed = self._passed.setdefault((line, direction, lane), deque(maxlen=_REMEMBERED))
        before = max(
            (p for p in passed if p.pts_ns < passing.pts_ns), key=lambda p: p.pts_ns, default=None
        )
        passed.append(passing)
        if before is None or self._was_blind(before.pts_ns, passing.pts_ns):
            return None, None
        if before.front_ns is None or passing.front_ns is None:
            return (passing.pts_ns - before.pts_ns) / NS_PER_S, None
        headway_s = (passing.front_ns - before.front_ns) / NS_PER_S
        if headway_s <= 0:  # side by side: they are not one behind the other
            return None, None
        gap_s = None if before.clear_s is None else headway_s - before.clear_s
        return headway_s, gap_s if gap_s is not None and gap_s >= 0 else None

    def _was_blind(self, since_ns: int, until_ns: int) -> bool:
        return any(since_ns < end and begin < until_ns for begin, end in self._blind_ns)

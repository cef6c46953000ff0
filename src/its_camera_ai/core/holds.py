"""Holds: spans of recordings that nothing may delete, move to slow storage or compress."""

from dataclasses import dataclass
from enum import StrEnum


class HoldKind(StrEnum):
    """Why it is held: an operator's lock, a legal hold, an incident that is still open."""

    LOCK = "lock"
    LEGAL = "legal"
    INCIDENT = "incident"


@dataclass(frozen=True, slots=True)
class Hold:
    """One hold.

    Attributes:
        camera_id: None holds every camera.
        since_wall_ns, until_wall_ns: what recorded moments it covers, ``[since, until)``.
        reason: in the words of whoever set it.
        author: the account; ``system`` for incidents.
        released_wall_ns: None while it holds.
    """

    id: str
    kind: HoldKind
    camera_id: str | None
    since_wall_ns: int
    until_wall_ns: int
    reason: str
    author: str
    created_wall_ns: int
    released_wall_ns: int | None = None
    released_by: str = ""

    def covers(self, camera_id: str, since_wall_ns: int, until_wall_ns: int) -> bool:
        """Whether it holds a moment of this span; a released hold holds nothing."""
        return (
            self.released_wall_ns is None
            and self.camera_id in (None, camera_id)
            and self.since_wall_ns < until_wall_ns
            and since_wall_ns < self.until_wall_ns
        )

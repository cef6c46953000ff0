"""States of traffic lights."""

from dataclasses import dataclass
from enum import StrEnum


class SignalState(StrEnum):
    """What a signal head shows. ``UNKNOWN`` is never taken for red or green."""

    RED = "red"
    RED_YELLOW = "red_yellow"
    YELLOW = "yellow"
    GREEN = "green"
    DARK = "dark"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class SignalReading:
    """One head at one moment.

    Attributes:
        head: id of the ``core.road.SignalHead``.
        wall_ns: UTC; from then on it holds.
    """

    head: str
    state: SignalState
    wall_ns: int

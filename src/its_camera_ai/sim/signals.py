"""A fixed-time signal plan: phases in turn, each green, yellow and a clearance when all is red."""

from dataclasses import dataclass
from enum import StrEnum

YELLOW_S, CLEARANCE_S = 3.0, 2.0


class Aspect(StrEnum):
    RED = "red"
    YELLOW = "yellow"
    GREEN = "green"


@dataclass(frozen=True, slots=True)
class Phase:
    name: str
    green_s: float

    @property
    def length_s(self) -> float:
        return self.green_s + YELLOW_S + CLEARANCE_S


class SignalPlan:
    """Which phase has green, and since when."""

    def __init__(self, phases: tuple[Phase, ...], offset_s: float = 0.0) -> None:
        self._phases = phases
        self.cycle_s = sum(phase.length_s for phase in phases)
        self._at_s = offset_s % self.cycle_s

    def step(self, dt_s: float) -> None:
        self._at_s = (self._at_s + dt_s) % self.cycle_s

    def began(self, name: str) -> float:
        """Seconds since this phase's last green began."""
        start = 0.0
        for phase in self._phases:
            if phase.name == name:
                return (self._at_s - start) % self.cycle_s
            start += phase.length_s
        raise KeyError(name)

    def aspect(self, name: str) -> Aspect:
        green_s = next(phase.green_s for phase in self._phases if phase.name == name)
        since = self.began(name)
        if since < green_s:
            return Aspect.GREEN
        return Aspect.YELLOW if since < green_s + YELLOW_S else Aspect.RED

"""How congested a place is: four states from density, speed or share of the free-flow speed.

Each table names its source. A state changes only when the measures have called for it for a while,
and a better one only when they are better by a margin; unknown moments leave it as it is.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import IntEnum

from its_camera_ai.analytics.measures.plausible import MAX_SPEED_KMH, checked_one


class Congestion(IntEnum):
    """Ordered: a higher number is worse."""

    FREE = 0
    DENSE = 1
    HEAVY = 2
    JAM = 3

    @property
    def label(self) -> str:
        """``free``, ``dense``, ``heavy``, ``jam``."""
        return self.name.lower()


Bounds = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class CongestionTable:
    """Where each state begins; the worst of the known measures decides.

    Attributes:
        density_vpkm: veh/km for each lane from which on it is dense, heavy, a jam; None: not used.
        speed_kmh: the same, below which. speed_ratio: the same for speed over free-flow speed.
    """

    name: str
    source: str
    density_vpkm: Bounds | None = None
    speed_kmh: Bounds | None = None
    speed_ratio: Bounds | None = None

    def __post_init__(self) -> None:
        falling: Sequence[Bounds | None] = (self.speed_kmh, self.speed_ratio)
        if self.density_vpkm is not None and list(self.density_vpkm) != sorted(self.density_vpkm):
            raise ValueError(f"Table '{self.name}': densities must rise from dense to jam.")
        for bounds in falling:
            if bounds is not None and list(bounds) != sorted(bounds, reverse=True):
                raise ValueError(f"Table '{self.name}': speeds must fall from dense to jam.")

    def state(
        self,
        *,
        density_vpkm: float | None = None,
        speed_kmh: float | None = None,
        free_flow_kmh: float | None = None,
        margin: float = 0.0,
    ) -> Congestion | None:
        """The state of this instant; None where nothing that the table uses is known.

        Args:
            density_vpkm: veh/km for each lane, None while unknown.
            speed_kmh: space-mean speed, None while unknown or with nobody there.
            free_flow_kmh: of this place, above 0; None where it is not known.
            margin: 0.1 moves every bound by 10 % towards free traffic: what it takes to get better.
        """
        states = []
        if density_vpkm is not None and self.density_vpkm is not None:
            density = checked_one(density_vpkm, "density (veh/km)")
            states.append(sum(density >= bound * (1 - margin) for bound in self.density_vpkm))
        if speed_kmh is not None:
            speed = checked_one(speed_kmh, "speed (km/h)", high=MAX_SPEED_KMH)
            if self.speed_kmh is not None:
                states.append(sum(speed < bound * (1 + margin) for bound in self.speed_kmh))
            if self.speed_ratio is not None and free_flow_kmh:
                ratio = speed / free_flow_kmh
                states.append(sum(ratio < bound * (1 + margin) for bound in self.speed_ratio))
        return Congestion(max(states)) if states else None


DENSITY_AND_SPEED = CongestionTable(
    "density-and-speed",
    "bounds of 30, 50, 80 vehicles and 40, 25, 10 km/h as commonly set in traffic management; the "
    "vehicles are taken for each km of lane",
    density_vpkm=(30.0, 50.0, 80.0),
    speed_kmh=(40.0, 25.0, 10.0),
)
"""The default. Where the limit is 30 km/h or below, traffic is never free by it: use a ratio."""

LEVEL_OF_SERVICE = CongestionTable(
    "level-of-service",
    "HCM densities of freeways and multilane highways: dense from above C, heavy from above D, "
    "jam from above E (F)",
    density_vpkm=(16.2, 21.7, 28.0),
)
"""Vehicles are taken as passenger cars; multiply by the mix's factor before."""

SPEED_RATIO = CongestionTable(
    "speed-ratio",
    "HCM urban streets, travel speed over free-flow speed: below 67 % (C), 50 % (D), 30 % (F)",
    speed_ratio=(0.67, 0.50, 0.30),
)

TABLES = {table.name: table for table in (DENSITY_AND_SPEED, LEVEL_OF_SERVICE, SPEED_RATIO)}
"""By name, for a site's settings."""


@dataclass(frozen=True, slots=True)
class Hysteresis:
    """How reluctantly a state changes, in stream time."""

    worse_after_s: float = 30.0
    better_after_s: float = 60.0
    margin: float = 0.1

    def __post_init__(self) -> None:
        if min(self.worse_after_s, self.better_after_s, self.margin) < 0:
            raise ValueError("The times and the margin of a hysteresis must not be negative.")


@dataclass(frozen=True, slots=True)
class CongestionState:
    """Where a place stands.

    Attributes:
        now: None before the first known moment. since_s: stream time at which it began to hold.
        next: the state that is being called for. next_since_s: since when without a break.
    """

    now: Congestion | None = None
    since_s: float = 0.0
    next: Congestion | None = None
    next_since_s: float = 0.0


def step(
    before: CongestionState,
    now_s: float,
    table: CongestionTable = DENSITY_AND_SPEED,
    *,
    density_vpkm: float | None = None,
    speed_kmh: float | None = None,
    free_flow_kmh: float | None = None,
    hysteresis: Hysteresis = Hysteresis(),
) -> CongestionState:
    """The state a moment later. With nothing known it is the same as before.

    Args:
        now_s: stream time, not falling.
    """

    def called_for(margin: float) -> Congestion | None:
        return table.state(
            density_vpkm=density_vpkm,
            speed_kmh=speed_kmh,
            free_flow_kmh=free_flow_kmh,
            margin=margin,
        )

    called = called_for(0.0)
    if called is None:
        return before
    if before.now is None:
        return CongestionState(called, now_s)
    if called < before.now:  # better, but is it by the margin?
        strict = called_for(hysteresis.margin)
        called = before.now if strict is None else min(before.now, strict)
    if called == before.now:
        return replace(before, next=None, next_since_s=now_s)
    worse = called > before.now
    if before.next is None or (before.next > before.now) != worse:
        return replace(before, next=called, next_since_s=now_s)
    wait_s = hysteresis.worse_after_s if worse else hysteresis.better_after_s
    # of several that were called for meanwhile, the one closest to the present state held all along
    held = min(before.next, called) if worse else max(before.next, called)
    if now_s - before.next_since_s >= wait_s:
        return CongestionState(held, before.next_since_s)
    return replace(before, next=held)

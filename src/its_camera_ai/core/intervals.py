"""Interval tables: what was measured at a place in a span of time, in a form that adds up."""

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum

import msgspec

from its_camera_ai.core.road import Direction

LENGTHS_S = (60, 300, 900, 3600)
LATE_S = 15.0
"""A fact that comes later than this after its interval is counted apart, not in a row."""


class PlaceKind(StrEnum):
    LINE = "line"
    """Direction set; all lanes together, and one row more for each lane (``lane``)."""
    LANE = "lane"
    """Measures along the lane: Edie's, queue, presence."""
    ZONE = "zone"
    GATE = "gate"
    """Travel times."""
    MOVEMENT = "movement"
    """Also pairs without a name (``north:in>south:out``) and ``unassigned``."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where a row was measured.

    Attributes:
        id: of the line, lane, zone, gate or movement.
        direction: of a line, else None.
        lane: id of the lane at a line; empty for all lanes together.
    """

    kind: PlaceKind
    id: str
    direction: Direction | None = None
    lane: str = ""


class Moments(msgspec.Struct, array_like=True, gc=False):
    """Sums of a sample, from which mean, harmonic mean and variance follow; they add up.

    Attributes:
        n: how many. total, squares, inverses: Σx, Σx², Σ1/x.
        inverse_n: how many of them are in ``inverses`` (x > 0).
    """

    # A struct: tables are read by the ten thousand rows, six of these in each.

    n: int = 0
    total: float = 0.0
    squares: float = 0.0
    inverses: float = 0.0
    inverse_n: int = 0

    def add(self, x: float) -> None:
        self.n += 1
        self.total += x
        self.squares += x * x
        if x > 0:
            self.inverses += 1 / x
            self.inverse_n += 1

    def take(self, other: "Moments") -> None:
        self.n += other.n
        self.total += other.total
        self.squares += other.squares
        self.inverses += other.inverses
        self.inverse_n += other.inverse_n


@dataclass(slots=True)
class Tally:
    """Everything measured at one place in one interval. Two neighbouring intervals add up to the
    longer one (``take``); nothing in here is a mean.

    Attributes:
        volume: by class label. length_classes: by ``LengthClass``.
        fhwa: expected number by FHWA-13 group; fractions add up to the vehicles with a group.
        speed: km/h of vehicles with a valid speed. speed_bins: whole km/h (floor) → vehicles.
        speed_invalid: passages without a valid speed.
        headway, gap: s. dwell: s, of visits that ended. travel: s, of trips that ended.
        delay: s per vehicle against free flow.
        present_s: Σ time during which at least one vehicle covered the place (occupancy).
        vehicle_s, vehicle_m: Edie's Σ time and Σ distance within the place.
        queue_m_s: ∫ queue length dt. queue_max_m: the longest. queued_s: time with a queue.
        looked_s: time that was known. rate_s: ∫ granted looks per second dt.
        wanted_s: ∫ wanted looks per second dt.
        late: facts that came too late for their row; they are in none.
    """

    volume: Counter[str] = field(default_factory=Counter)
    length_classes: Counter[str] = field(default_factory=Counter)
    fhwa: dict[int, float] = field(default_factory=dict)
    speed: Moments = field(default_factory=Moments)
    speed_bins: Counter[int] = field(default_factory=Counter)
    speed_invalid: int = 0
    headway: Moments = field(default_factory=Moments)
    gap: Moments = field(default_factory=Moments)
    dwell: Moments = field(default_factory=Moments)
    travel: Moments = field(default_factory=Moments)
    delay: Moments = field(default_factory=Moments)
    present_s: float = 0.0
    vehicle_s: float = 0.0
    vehicle_m: float = 0.0
    queue_m_s: float = 0.0
    queue_max_m: float = 0.0
    queued_s: float = 0.0
    looked_s: float = 0.0
    rate_s: float = 0.0
    wanted_s: float = 0.0
    late: int = 0

    @property
    def total(self) -> int:
        """Vehicles, people and all else that passed."""
        return self.volume.total()

    def take(self, other: "Tally") -> None:
        """Add what another interval, or another place, holds."""
        self.volume.update(other.volume)
        self.length_classes.update(other.length_classes)
        self.speed_bins.update(other.speed_bins)
        for group, number in other.fhwa.items():
            self.fhwa[group] = self.fhwa.get(group, 0.0) + number
        for name in ("speed", "headway", "gap", "dwell", "travel", "delay"):
            mine: Moments = getattr(self, name)
            mine.take(getattr(other, name))
        self.queue_max_m = max(self.queue_max_m, other.queue_max_m)
        for name in _SUMS:
            setattr(self, name, getattr(self, name) + getattr(other, name))


_SUMS = (
    "speed_invalid",
    "present_s",
    "vehicle_s",
    "vehicle_m",
    "queue_m_s",
    "queued_s",
    "looked_s",
    "rate_s",
    "wanted_s",
    "late",
)


@dataclass(frozen=True, slots=True)
class IntervalRow:
    """One row of an interval table.

    Attributes:
        start_wall_ns: UTC, a whole multiple of the length since the epoch.
        length_s: one of ``LENGTHS_S``.
        length_m: of a lane or gate, for densities; 0 where it has none.
        writer: the run of a process that measured it; empty for the sum of all of them.
    """

    camera_id: str
    place: Place
    start_wall_ns: int
    length_s: int
    tally: Tally
    length_m: float = 0.0
    writer: str = ""

    @property
    def missing_share(self) -> float:
        """0–1, the part of the interval that was not looked at."""
        return min(1.0, max(0.0, 1 - self.tally.looked_s / self.length_s))

    @property
    def granted_share(self) -> float:
        """Granted over wanted looks per second, 0–1; 0 where none were wanted."""
        wanted = self.tally.wanted_s
        return min(1.0, self.tally.rate_s / wanted) if wanted > 0 else 0.0

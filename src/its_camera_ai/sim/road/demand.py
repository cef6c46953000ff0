"""Days and weeks of demand: the shape of a week, holidays, rain, incidents and chance.

It feeds a road world (``Demand.factor``) or, without moving a single vehicle, gives volumes and
speeds of a detector for months (``Demand.series``).
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from its_camera_ai.core.errors import ConfigInvalid

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

_HOUR_S = 3600
WEEKDAY = (
    0.10, 0.07, 0.05, 0.06, 0.12, 0.34, 0.72, 1.00, 0.93, 0.68, 0.62, 0.64,
    0.69, 0.68, 0.72, 0.83, 0.97, 1.00, 0.83, 0.58, 0.42, 0.33, 0.25, 0.16,
)  # fmt: skip
SATURDAY = (
    0.16, 0.12, 0.09, 0.07, 0.08, 0.12, 0.20, 0.31, 0.45, 0.58, 0.68, 0.72,
    0.72, 0.68, 0.65, 0.63, 0.62, 0.60, 0.54, 0.44, 0.36, 0.31, 0.28, 0.23,
)  # fmt: skip
SUNDAY = (
    0.18, 0.13, 0.10, 0.07, 0.06, 0.07, 0.10, 0.15, 0.24, 0.36, 0.47, 0.53,
    0.54, 0.53, 0.54, 0.57, 0.61, 0.62, 0.57, 0.47, 0.37, 0.28, 0.20, 0.13,
)  # fmt: skip
"""Share of the busiest hour by hour of the day, local time: an ordinary commuter road. Holidays are
like Sundays."""
SUMMER = 0.06
"""Half the swing over a year, highest in June."""
DAY_SD, DAY_MEMORY = 0.05, 0.5
"""From day to day: spread of the level, and how much of it the next day keeps."""
STEP_SD, STEP_MEMORY_S = 0.04, 1800.0
"""Within the day: spread beyond chance, and how long it lasts."""
RAIN_PER_DAY, RAIN_MEAN_S, RAIN_LESS, RAIN_SLOWER = 0.5, 5400.0, 0.06, 0.10
INCIDENT_PER_WEEK, INCIDENT_MEAN_S, INCIDENT_CAPACITY = 1.0, 2700.0, 0.45
"""What is left of the capacity while an incident lasts."""


@dataclass(frozen=True, slots=True, eq=False)
class DemandSeries:
    """One detector's intervals, one after the other.

    Attributes:
        start_wall_ns: (K,) UTC. step_s: length of an interval.
        volume: (K,) vehicles. speed_kmh: (K,) their mean; NaN where nobody passed.
        expected: (K,) mean volume of this interval, without chance, rain, incidents.
        holiday, rain, incident: (K,).
    """

    start_wall_ns: npt.NDArray[np.int64]
    step_s: int
    volume: npt.NDArray[np.int64]
    speed_kmh: Floats
    expected: Floats
    holiday: Bools
    rain: Bools
    incident: Bools


class Demand:
    """One road's demand.

    Args:
        start: local midnight of the first day. days: how many there are.
        busiest_per_hour: mean flow of the busiest hour. capacity_per_hour: no more can pass.
        free_kmh: speed on an empty road.

    Raises:
        ConfigInvalid: there is no day, or no flow.
    """

    def __init__(
        self,
        start: date,
        days: int,
        seed: int,
        *,
        timezone: str = "Europe/Berlin",
        busiest_per_hour: float = 1500.0,
        capacity_per_hour: float = 2000.0,
        free_kmh: float = 60.0,
        holidays: frozenset[date] = frozenset(),
    ) -> None:
        if days < 1 or not 0 < busiest_per_hour <= capacity_per_hour:
            raise ConfigInvalid(
                "Demand needs at least a day, and a flow above 0 and within the capacity."
            )
        self._zone = ZoneInfo(timezone)
        self._busiest, self._capacity, self._free = busiest_per_hour, capacity_per_hour, free_kmh
        self._holidays = holidays
        self._begin = datetime.combine(start, datetime.min.time(), self._zone).astimezone(UTC)
        last = datetime.combine(start + timedelta(days), datetime.min.time(), self._zone)
        self.length_s = round((last.astimezone(UTC) - self._begin).total_seconds())
        self._rng = np.random.default_rng(seed)
        level = np.zeros(days + 2)
        for k in range(1, len(level)):
            kept = DAY_MEMORY * level[k - 1]
            level[k] = kept + DAY_SD * np.sqrt(1 - DAY_MEMORY**2) * self._rng.normal()
        self._day_level = np.exp(level[1:])
        self._rain = self._spells(RAIN_PER_DAY / 86_400, RAIN_MEAN_S)
        self._incidents = self._spells(INCIDENT_PER_WEEK / (7 * 86_400), INCIDENT_MEAN_S)

    @property
    def start_wall_ns(self) -> int:
        return round(self._begin.timestamp()) * 1_000_000_000

    def factor(self, since_s: float) -> float:
        """Share of the busiest hour's flow at this moment, with the day's level and rain; for
        ``RoadSpec.demand``, with seconds since the start."""
        local = (self._begin + timedelta(seconds=since_s)).astimezone(self._zone)
        day = min(max(int(since_s // 86_400), 0), len(self._day_level) - 1)
        wet = bool(_within(np.array([since_s]), self._rain)[0])
        return self._shape(local) * float(self._day_level[day]) * (1 - RAIN_LESS * wet)

    def from_moment(self, since_s: float) -> Callable[[float], float]:
        """``factor`` for a road world that begins so long after the start."""
        return lambda now_s: self.factor(since_s + now_s)

    def series(self, step_s: int = 900) -> DemandSeries:
        """All intervals of this length. Called again, it gives another draw of chance over the
        same days, rain and incidents."""
        since = np.arange(0, self.length_s - step_s + 1, step_s)
        locals_ = [
            (self._begin + timedelta(seconds=int(s) + step_s / 2)).astimezone(self._zone)
            for s in since
        ]
        expected = np.array([self._shape(t) for t in locals_]) * self._busiest * step_s / _HOUR_S
        middle = (since + step_s / 2).astype(np.float64)
        rain, blocked = _within(middle, self._rain), _within(middle, self._incidents)
        day = np.minimum(since // 86_400, len(self._day_level) - 1)
        wanted = (
            expected
            * self._day_level[day]
            * (1 - RAIN_LESS * rain)
            * self._wander(step_s, len(since))
        )
        room = self._capacity * step_s / _HOUR_S * np.where(blocked, INCIDENT_CAPACITY, 1.0)
        served, queue = _served(wanted, room)
        volume = np.minimum(self._rng.poisson(served), np.ceil(room).astype(np.int64))
        return DemandSeries(
            self.start_wall_ns + since * 1_000_000_000,
            step_s,
            volume,
            self._speeds(served / room, queue / room, rain, volume),
            expected,
            np.array([t.date() in self._holidays for t in locals_]),
            rain,
            blocked,
        )

    def _shape(self, local: datetime) -> float:
        """Of an ordinary year: by the hour, straight from one hour's middle to the next."""
        at = local.hour + local.minute / 60 + local.second / 3600 - 0.5
        hour = int(np.floor(at))
        share = at - hour
        before = self._profile(local.date() - timedelta(days=hour < 0))[hour % 24]
        after = self._profile(local.date() + timedelta(days=hour + 1 > 23))[(hour + 1) % 24]
        year = 1 + SUMMER * np.cos(2 * np.pi * (local.timetuple().tm_yday - 172) / 365.25)
        return float((before + (after - before) * share) * year)

    def _profile(self, day: date) -> tuple[float, ...]:
        if day in self._holidays or day.weekday() == 6:
            return SUNDAY
        return SATURDAY if day.weekday() == 5 else WEEKDAY

    def _spells(self, per_s: float, mean_s: float) -> Floats:
        """(K, 2) beginnings and ends, s."""
        count = int(self._rng.poisson(per_s * self.length_s))
        begin = np.sort(self._rng.uniform(0, self.length_s, count))
        return np.column_stack([begin, begin + self._rng.exponential(mean_s, count)])

    def _wander(self, step_s: int, count: int) -> Floats:
        keeps = np.exp(-step_s / STEP_MEMORY_S)
        noise = self._rng.normal(size=count)
        level, now = np.empty(count), float(noise[0])
        for k in range(count):
            now = keeps * now + np.sqrt(1 - keeps**2) * float(noise[k])
            level[k] = now
        wander: Floats = np.exp(STEP_SD * level)
        return wander

    def _speeds(
        self, load: Floats, queue: Floats, rain: Bools, volume: npt.NDArray[np.int64]
    ) -> Floats:
        """Slower with load (the curve of the U.S. Bureau of Public Roads, 0.15·x⁴) and with what
        waits upstream; the mean of ``volume`` vehicles has its own chance."""
        free = self._free * (1 - RAIN_SLOWER * rain)
        mean = free / (1 + 0.15 * load**4) / (1 + 2.0 * queue)
        chance = self._rng.normal(size=len(load)) * 0.12 * mean / np.sqrt(np.maximum(volume, 1))
        speeds: Floats = np.where(volume > 0, np.maximum(mean + chance, 3.0), np.nan)
        return speeds


def _within(times: Floats, spells: Floats) -> Bools:
    """(K,) whether a time lies in one of the spells."""
    after = times[:, None] >= spells[:, 0]
    return np.asarray((after & (times[:, None] < spells[:, 1])).any(axis=1))


def _served(wanted: Floats, room: Floats) -> tuple[Floats, Floats]:
    """What passes in each interval and what waits after it: a bottleneck with a queue."""
    served, queue = np.empty_like(wanted), np.empty_like(wanted)
    waiting = 0.0
    for k, (want, most) in enumerate(zip(wanted.tolist(), room.tolist(), strict=True)):
        served[k] = min(want + waiting, most)
        waiting = queue[k] = want + waiting - served[k]
    return served, queue

"""The past of one measure at one place, and its time as a week of slots in local time."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from enum import StrEnum
from math import inf

import numpy as np
import numpy.typing as npt

from its_camera_ai.analytics.measures.plausible import MAX_SPEED_KMH, checked

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

DAY_S = 86_400
WEEK_DAYS = 7
SUNDAY = 6
_ANSCOMBE = 3 / 8


class Quantity(StrEnum):
    """What the numbers are; decides the scale on which they are modelled."""

    VOLUME = "volume"
    """Vehicles in an interval. Modelled on Anscombe's scale ``2√(x + 3/8)``, on which the noise of
    a count has variance 1 whatever its mean (F. J. Anscombe, Biometrika 1948)."""
    SPEED = "speed"
    """km/h; modelled as it is."""

    def scaled(self, values: Floats) -> Floats:
        """To the modelled scale; NaN stays."""
        return 2 * np.sqrt(values + _ANSCOMBE) if self is Quantity.VOLUME else values

    def unscaled(self, scaled: Floats) -> Floats:
        """Back. What lies below 0 on the modelled scale is 0: no forecast counts below it."""
        above = np.maximum(scaled, 0.0)
        if self is Quantity.VOLUME:
            above = np.maximum((above / 2) ** 2 - _ANSCOMBE, 0.0)
        return above


@dataclass(frozen=True, slots=True, eq=False)
class History:
    """Equal intervals without a break; an unknown one is NaN.

    Attributes:
        start_wall_ns: UTC start of the first, a whole multiple of the step since the epoch.
        step_s: length of an interval; a day holds a whole number of them, at most one an hour long.
        values: (N,) ≥ 0 or NaN.

    Raises:
        MeasureInvalid: a value that can't be.
        ValueError: a step that does not divide an hour, or a start beside it.
    """

    start_wall_ns: int
    step_s: int
    values: Floats
    quantity: Quantity = Quantity.VOLUME

    def __post_init__(self) -> None:
        if self.step_s < 1 or 3600 % self.step_s or self.start_wall_ns % (self.step_s * 10**9):
            raise ValueError("A history's step must divide an hour, and its start be a multiple.")
        high = MAX_SPEED_KMH if self.quantity is Quantity.SPEED else inf
        known = self.values[~np.isnan(self.values)]
        checked(known, str(self.quantity), high=high)

    def __len__(self) -> int:
        return len(self.values)

    @property
    def end_wall_ns(self) -> int:
        """UTC end of the last interval; from here on everything is future."""
        return self.start_wall_ns + len(self) * self.step_s * 10**9

    @property
    def known(self) -> int:
        """How many intervals are known."""
        return int(np.count_nonzero(~np.isnan(self.values)))

    @property
    def steps_per_day(self) -> int:
        return DAY_S // self.step_s

    def first(self, count: int) -> "History":
        """Only the first so many intervals."""
        return History(self.start_wall_ns, self.step_s, self.values[:count], self.quantity)


@dataclass(frozen=True, slots=True, eq=False)
class Slots:
    """Where each interval lies in the local week.

    Attributes:
        week: (N,) number of the local week, from Monday; only differences mean something.
        slot: (N,) 0 … 7·steps_per_day − 1, from Monday 00:00 local time. A holiday lies on a
            Sunday. When clocks go back, an hour's slots come twice; when they go forward, not.
        day: (N,) ordinal of the local date.
    """

    week: Ints
    slot: Ints
    day: Ints


def slots_of(
    history: History, zone: tzinfo, holidays: Collection[date] = (), *, more: int = 0
) -> Slots:
    """Of all intervals of a history, and of ``more`` that follow it."""
    count = len(history) + more
    found = np.empty((3, count), np.int64)
    free = {day.toordinal() for day in holidays}
    start_s = history.start_wall_ns // 10**9
    for k in range(count):
        local = datetime.fromtimestamp(start_s + k * history.step_s, UTC).astimezone(zone)
        day = local.toordinal()
        week, weekday = divmod(day - 1, WEEK_DAYS)  # ordinal 1 was a Monday
        weekday = SUNDAY if day in free else weekday
        second = local.hour * 3600 + local.minute * 60 + local.second
        found[:, k] = week, weekday * history.steps_per_day + second // history.step_s, day
    return Slots(found[0], found[1], found[2])

"""Days as people at a place mean them: 23 or 25 hours long where the clocks change."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.time import NS_PER_S

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAYS_MAX = 3660
"""The longest list of days that is made at once: ten years."""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """``[since, until)``, UTC."""

    since_wall_ns: int
    until_wall_ns: int

    @property
    def length_s(self) -> float:
        return (self.until_wall_ns - self.since_wall_ns) / NS_PER_S


def time_zone(name: str) -> ZoneInfo:
    """
    Raises:
        ConfigInvalid: there is no such zone.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # OSError: the name of a folder
        raise ConfigInvalid(
            f"There is no time zone '{name}'; write it as in Europe/Berlin, or UTC."
        ) from None


def local_day(day: date, zone: ZoneInfo) -> Span:
    """From this day's first moment to the next day's.

    >>> local_day(date(2024, 3, 31), ZoneInfo("Europe/Berlin")).length_s / 3600
    23.0
    """
    return Span(_midnight_ns(day, zone), _midnight_ns(day + timedelta(days=1), zone))


def local_days(first: date, last: date, zone: ZoneInfo) -> list[tuple[date, Span]]:
    """Every day from the first to the last, both included.

    Raises:
        ConfigInvalid: the last lies before the first, or there are more than ten years of them.
    """
    count = (last - first).days + 1
    if not 1 <= count <= DAYS_MAX:
        raise ConfigInvalid(
            f"From {first} to {last} there are {count} days; ask for 1 to {DAYS_MAX}."
        )
    days = (first + timedelta(days=k) for k in range(count))
    return [(day, local_day(day, zone)) for day in days]


def _midnight_ns(day: date, zone: ZoneInfo) -> int:
    """Where a time change skips midnight, the moment of the change; where midnight comes twice,
    the first one."""
    midnight = datetime(day.year, day.month, day.day, tzinfo=zone)
    return (midnight.astimezone(UTC) - _EPOCH) // timedelta(microseconds=1) * 1000

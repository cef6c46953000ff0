"""Which mode a camera is recorded in at a moment: rules by weekday, holiday, clock and sun.

All is decided on the local clock of the site: a rule from 22:00 to 06:00 holds whenever a clock on
the wall there shows a time between the two. So an hour that is left out in spring is left out, and
the one that comes twice in autumn counts both times.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo

import holidays as public_holidays
from astral import Observer, SunDirection
from astral.sun import elevation, time_of_transit

from its_camera_ai.core.recording import (
    DayMoment,
    Holidays,
    RecordingMode,
    RecordingPlan,
    RecordingRule,
    Sun,
    Weekday,
)
from its_camera_ai.core.site_facts import UTC_NAME, SiteFacts
from its_camera_ai.core.time import NS_PER_S

HORIZON_DAYS = 2
"""So far ahead a change of mode is looked for; what holds longer is asked again then."""

_DAY = timedelta(days=1)
_WEEKDAYS = tuple(Weekday)
_ZENITH = {
    Sun.DAWN: (96.0, SunDirection.RISING),
    Sun.SUNRISE: (90.833, SunDirection.RISING),
    Sun.SUNSET: (90.833, SunDirection.SETTING),
    Sun.DUSK: (96.0, SunDirection.SETTING),
}
"""Degrees from straight above; the upper edge of the sun with refraction, and civil twilight."""


@dataclass(frozen=True, slots=True)
class ModeSpan:
    """One mode without a break.

    Attributes:
        since_wall_ns: the moment that was asked for; the mode may hold longer.
        until_wall_ns: when another mode follows, or in two days, when it is to be asked again.
    """

    mode: RecordingMode
    since_wall_ns: int
    until_wall_ns: int


class RecordingSchedule:
    """A plan at a place.

    A rule for which the facts do not suffice is passed over.
    """

    def __init__(self, plan: RecordingPlan, facts: SiteFacts) -> None:
        self.plan = plan
        lacking = {index for index, _ in facts.lacking(plan)}
        self._rules = tuple(r for i, r in enumerate(plan.rules) if i not in lacking)
        self._zone: tzinfo = ZoneInfo(facts.time_zone or UTC_NAME)
        self._holidays = _holidays_of(facts.holidays)
        self._place = (
            None
            if facts.latitude is None or facts.longitude is None
            else (facts.latitude, facts.longitude)
        )

    def mode_at(self, wall_ns: int) -> RecordingMode:
        """The mode of the first rule that matches, else the plan's own."""
        return self._mode(self._clock_at(wall_ns))

    def span_at(self, wall_ns: int) -> ModeSpan:
        """The mode at a moment, and until when it holds."""
        mode = self.mode_at(wall_ns)
        horizon_ns = wall_ns + HORIZON_DAYS * 86_400 * NS_PER_S
        if self._rules:
            for change_ns in self._borders(wall_ns, horizon_ns):
                if self.mode_at(change_ns) is not mode:
                    return ModeSpan(mode, wall_ns, change_ns)
        return ModeSpan(mode, wall_ns, horizon_ns)

    def _mode(self, clock: datetime) -> RecordingMode:
        for rule in self._rules:
            if any(start <= clock < end for start, end in self._spans(rule, clock.date())):
                return rule.mode
        return self.plan.mode

    def _clock_at(self, wall_ns: int) -> datetime:
        """What a clock at the site shows, without its zone; to the microsecond, rounded down."""
        moment = datetime.fromtimestamp(wall_ns // NS_PER_S, UTC).astimezone(self._zone)
        return moment.replace(tzinfo=None, fold=0) + timedelta(
            microseconds=wall_ns % NS_PER_S // 1000
        )

    def _spans(self, rule: RecordingRule, day: date) -> Iterator[tuple[datetime, datetime]]:
        """The rule's spans that may hold a moment of a day, as the clock shows them."""
        for begins in (day - 2 * _DAY, day - _DAY, day, day + _DAY):
            if self._is_on(rule, begins):
                if rule.start is None or rule.end is None:
                    yield _midnight(begins), _midnight(begins + _DAY)
                else:
                    ends = begins + _DAY if rule.over_midnight else begins
                    yield self._moment(rule.start, begins), self._moment(rule.end, ends)

    def _is_on(self, rule: RecordingRule, day: date) -> bool:
        if rule.weekdays and _WEEKDAYS[day.weekday()] not in rule.weekdays:
            return False
        if rule.holidays is Holidays.ANY or self._holidays is None:
            return True
        return (day in self._holidays) is (rule.holidays is Holidays.ONLY)

    def _moment(self, moment: DayMoment, day: date) -> datetime:
        offset = timedelta(minutes=moment.minutes)
        if moment.sun is None or self._place is None:
            return _midnight(day) + offset
        return _sun(*self._place, self._zone, moment.sun, day) + offset

    def _borders(self, since_ns: int, until_ns: int) -> list[int]:
        """Wall times in ``(since, until]`` at which a rule may begin or end, in order."""
        found = {
            border_ns
            for clock in self._clock_borders(since_ns, until_ns)
            for border_ns in self._walls(clock)
        }
        found.update(self._clock_changes(since_ns, until_ns))
        return sorted(border for border in found if since_ns < border <= until_ns)

    def _clock_borders(self, since_ns: int, until_ns: int) -> Iterator[datetime]:
        day, last = self._clock_at(since_ns).date(), self._clock_at(until_ns).date()
        while day <= last:
            for rule in self._rules:
                for span in self._spans(rule, day):
                    yield from span
            day += _DAY

    def _walls(self, clock: datetime) -> Iterator[int]:
        """The one or two moments at which the clock shows this; rounded up to whole µs."""
        for fold in (0, 1):
            moment = clock.replace(tzinfo=self._zone, fold=fold).astimezone(UTC)
            since_epoch = moment - datetime(1970, 1, 1, tzinfo=UTC)
            yield since_epoch // timedelta(microseconds=1) * 1000

    def _clock_changes(self, since_ns: int, until_ns: int) -> Iterator[int]:
        """When the clock is put forward or back; to the second."""
        step_s = 3600
        at_s, end_s = since_ns // NS_PER_S, until_ns // NS_PER_S + 1
        while at_s < end_s:
            if self._offset(at_s) != self._offset(at_s + step_s):
                low, high = at_s, at_s + step_s
                while high - low > 1:
                    middle = (low + high) // 2
                    if self._offset(middle) == self._offset(low):
                        low = middle
                    else:
                        high = middle
                yield high * NS_PER_S
            at_s += step_s

    def _offset(self, wall_s: int) -> timedelta | None:
        return datetime.fromtimestamp(wall_s, self._zone).utcoffset()


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time())


def _holidays_of(place: str) -> public_holidays.HolidayBase | None:
    country, _, part = place.partition("-")
    return public_holidays.country_holidays(country, subdiv=part or None) if country else None


@lru_cache(maxsize=4096)
def _sun(latitude: float, longitude: float, zone: tzinfo, sun: Sun, day: date) -> datetime:
    """When the clock shows a moment of the sun: of the daylight round this day's noon, so that a
    sunset may come after midnight.

    Where the sun stays up all day, it rises with the day and sets with its end; where it stays
    down, it rises and sets at noon: the day is empty, and one night ends as the next begins.
    """
    observer = Observer(latitude, longitude)
    zenith, direction = _ZENITH[sun]
    about = datetime.combine(day, time(6 if sun.is_morning else 18))
    # the library counts days by UTC: far from Greenwich the one meant is a neighbour of this one
    found = [
        moment.astimezone(zone).replace(tzinfo=None, fold=0)
        for near in (day - _DAY, day, day + _DAY)
        if (moment := _transit(observer, near, zenith, direction)) is not None
    ]
    nearest = min(found, key=lambda clock: abs(clock - about), default=None)
    if nearest is not None and abs(nearest - about) < _DAY / 2:
        return nearest
    noon = datetime.combine(day, time(12), UTC) - timedelta(hours=longitude / 15)
    if 90 - elevation(observer, noon, with_refraction=False) > zenith:
        return datetime.combine(day, time(12))
    return _midnight(day) if sun.is_morning else _midnight(day + _DAY)


def _transit(
    observer: Observer, day: date, zenith: float, direction: SunDirection
) -> datetime | None:
    try:
        return time_of_transit(observer, day, zenith, direction, with_refraction=False)
    except ValueError:  # the sun does not pass this height on that day
        return None

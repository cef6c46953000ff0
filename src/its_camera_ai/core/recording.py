"""What of a camera is recorded, and when."""

import re
from dataclasses import dataclass
from enum import StrEnum

from its_camera_ai.core.errors import ConfigInvalid

PRE_ROLL_S_MAX = 60.0
POST_ROLL_S_MAX = 600.0
SUN_OFFSET_MIN_MAX = 720
_DAY_MIN = 24 * 60
_CLOCK = re.compile(r"([01]?\d|2[0-4]):([0-5]\d)", re.ASCII)
_SUN = re.compile(r"(dawn|sunrise|sunset|dusk)(?:([+-])(\d{1,3}))?", re.ASCII)


class RecordingMode(StrEnum):
    """``motion``, ``objects`` and ``events`` record what happens, with time before and after."""

    CONTINUOUS = "continuous"
    MOTION = "motion"
    OBJECTS = "objects"
    EVENTS = "events"
    OFF = "off"

    @property
    def waits(self) -> bool:
        """Whether something has to happen for it to record."""
        return self not in (RecordingMode.CONTINUOUS, RecordingMode.OFF)


class Weekday(StrEnum):
    MON = "mon"
    TUE = "tue"
    WED = "wed"
    THU = "thu"
    FRI = "fri"
    SAT = "sat"
    SUN = "sun"


class Holidays(StrEnum):
    """What a rule makes of public holidays."""

    ANY = "any"
    ONLY = "only"
    EXCEPT = "except"


class Sun(StrEnum):
    """Moments of the sun; dawn and dusk are civil (6° below the horizon)."""

    DAWN = "dawn"
    SUNRISE = "sunrise"
    SUNSET = "sunset"
    DUSK = "dusk"

    @property
    def is_morning(self) -> bool:
        return self in (Sun.DAWN, Sun.SUNRISE)


@dataclass(frozen=True, slots=True)
class DayMoment:
    """A moment of a day, by the clock or by the sun.

    Attributes:
        minutes: since midnight on the clock, 0–1440; with ``sun`` the offset from it.
    """

    minutes: int
    sun: Sun | None = None

    @classmethod
    def parse(cls, text: str) -> "DayMoment":
        """From ``22:00``, ``24:00``, ``sunset`` or ``sunrise-30`` (minutes).

        Raises:
            ConfigInvalid: none of these.

        >>> DayMoment.parse("sunset+45").minutes
        45
        """
        if clock := _CLOCK.fullmatch(text):
            minutes = int(clock[1]) * 60 + int(clock[2])
            if minutes <= _DAY_MIN:
                return cls(minutes)
        if sun := _SUN.fullmatch(text):
            offset = int(sun[3] or 0) * (-1 if sun[2] == "-" else 1)
            if abs(offset) <= SUN_OFFSET_MIN_MAX:
                return cls(offset, Sun(sun[1]))
        raise ConfigInvalid(
            "must be a time such as 22:00, or dawn, sunrise, sunset or dusk, with minutes such as "
            f"sunset+45 (at most {SUN_OFFSET_MIN_MAX})"
        )

    def __str__(self) -> str:
        """
        >>> str(DayMoment.parse("7:05")), str(DayMoment.parse("dawn-10"))
        ('07:05', 'dawn-10')
        """
        if self.sun is None:
            return f"{self.minutes // 60:02d}:{self.minutes % 60:02d}"
        return f"{self.sun}{self.minutes:+d}" if self.minutes else str(self.sun)


@dataclass(frozen=True, slots=True)
class RecordingRule:
    """When another mode than the plan's own holds.

    A rule over midnight belongs to the day on which it begins: its weekdays and holidays are asked
    for that day.

    Attributes:
        weekdays: empty is every day.
        start, end: both None is the whole day.
    """

    mode: RecordingMode
    weekdays: tuple[Weekday, ...] = ()
    holidays: Holidays = Holidays.ANY
    start: DayMoment | None = None
    end: DayMoment | None = None

    def __post_init__(self) -> None:
        if (self.start is None) != (self.end is None):
            raise ConfigInvalid("has only one of 'start' and 'end'; give both, or none for all day")
        if self.start is not None and self.start == self.end:
            raise ConfigInvalid("begins when it ends; leave 'start' and 'end' out for all day")

    @property
    def over_midnight(self) -> bool:
        """Whether ``end`` is a moment of the day after.

        Where the sun moves past the other moment (an evening rule on a day on which the sun sets
        after its end), the rule is empty on that day instead of turning round.
        """
        start, end = self.start, self.end
        if start is None or end is None:
            return False
        if start.sun is None and end.sun is None:
            return end.minutes <= start.minutes
        if start.sun is not None and end.sun is not None:
            order = list(Sun)
            return (order.index(end.sun), end.minutes) <= (order.index(start.sun), start.minutes)
        if end.sun is not None:
            return end.sun.is_morning and start.minutes >= _DAY_MIN // 2
        return not start.sun.is_morning and end.minutes <= _DAY_MIN // 2  # type: ignore[union-attr]  # one of the two is the sun, and it is not the end

    @property
    def moments(self) -> tuple[DayMoment, ...]:
        return tuple(m for m in (self.start, self.end) if m is not None)


@dataclass(frozen=True, slots=True)
class RecordingPlan:
    """How a camera is recorded.

    Attributes:
        mode: where no rule matches.
        rules: the first that matches holds.
        pre_roll_s: recorded before what happened, 0–60.
        post_roll_s: recorded after the last thing that happened, 0–600.
        objects: classes that count in mode ``objects``, such as ``person``; empty is every class.
        events: kinds that count in mode ``events``, such as ``line_crossed``; empty is every kind.
        lines, zones: only events of these lines and zones count; both empty is every event.
    """

    mode: RecordingMode = RecordingMode.CONTINUOUS
    rules: tuple[RecordingRule, ...] = ()
    pre_roll_s: float = 5.0
    post_roll_s: float = 10.0
    objects: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    lines: tuple[str, ...] = ()
    zones: tuple[str, ...] = ()

    @property
    def modes(self) -> frozenset[RecordingMode]:
        """Every mode that may hold at some time."""
        return frozenset({self.mode, *(rule.mode for rule in self.rules)})

    def wants_event(self, kind: str, detail: dict[str, object]) -> bool:
        """Whether an event is one to record in mode ``events``."""
        if self.events and kind not in self.events:
            return False
        if not self.lines and not self.zones:
            return True
        return detail.get("line") in self.lines or detail.get("zone") in self.zones

    def wants_objects(self, counts: dict[str, int]) -> bool:
        """Whether something of this is to be recorded in mode ``objects``."""
        return any(
            n > 0 and (not self.objects or label in self.objects) for label, n in counts.items()
        )

"""Schedules: one mode at every moment, and the next change where it is said to be."""

import math
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from its_camera_ai.core.recording import (
    DayMoment,
    Holidays,
    RecordingMode,
    RecordingPlan,
    RecordingRule,
    Sun,
    Weekday,
)
from its_camera_ai.core.site_facts import SiteFacts
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.recorder.writing.recording_schedule import HORIZON_DAYS, RecordingSchedule

BERLIN = SiteFacts("Europe/Berlin", 52.52, 13.4, "DE-BE")
CONTINUOUS, MOTION, OFF = RecordingMode.CONTINUOUS, RecordingMode.MOTION, RecordingMode.OFF


def wall_ns(text: str, zone: str = "Europe/Berlin", fold: int = 0) -> int:
    moment = datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)
    return round(moment.timestamp()) * NS_PER_S


def rule(start: str = "", end: str = "", mode: RecordingMode = MOTION, **more: object):  # type: ignore[no-untyped-def]
    moments = {"start": DayMoment.parse(start), "end": DayMoment.parse(end)} if start else {}
    return RecordingRule(mode, **moments, **more)  # type: ignore[arg-type]  # real fields


def schedule(*rules: RecordingRule, facts: SiteFacts = BERLIN) -> RecordingSchedule:
    return RecordingSchedule(RecordingPlan(CONTINUOUS, rules), facts)


@pytest.mark.parametrize(
    ("made", "moment", "mode"),
    [
        pytest.param(rule("08:00", "18:00"), "2026-05-04 08:00", MOTION, id="at its start"),
        pytest.param(rule("08:00", "18:00"), "2026-05-04 07:59:59", CONTINUOUS, id="before"),
        pytest.param(rule("08:00", "18:00"), "2026-05-04 18:00", CONTINUOUS, id="at its end"),
        pytest.param(rule("22:00", "06:00"), "2026-05-04 23:00", MOTION, id="before midnight"),
        pytest.param(rule("22:00", "06:00"), "2026-05-05 05:59", MOTION, id="after midnight"),
        pytest.param(rule("00:00", "24:00"), "2026-05-05 00:00", MOTION, id="all of a day"),
        pytest.param(rule("20:00", "24:00"), "2026-05-05 00:00", CONTINUOUS, id="until midnight"),
        pytest.param(
            rule("22:00", "06:00", weekdays=(Weekday.FRI,)), "2026-05-09 03:00", MOTION,
            id="Friday's night on Saturday",
        ),
        pytest.param(
            rule("22:00", "06:00", weekdays=(Weekday.FRI,)), "2026-05-08 03:00", CONTINUOUS,
            id="Thursday's night on Friday",
        ),
        pytest.param(rule(holidays=Holidays.ONLY), "2026-05-01 12:00", MOTION, id="on a holiday"),
        pytest.param(rule(holidays=Holidays.ONLY), "2026-05-04 12:00", CONTINUOUS, id="on none"),
        pytest.param(
            rule(holidays=Holidays.ONLY), "2026-03-08 12:00", MOTION, id="a holiday of Berlin alone"
        ),
        pytest.param(
            rule(holidays=Holidays.EXCEPT), "2026-05-01 12:00", CONTINUOUS, id="holiday excepted"
        ),
        pytest.param(
            rule("22:00", "06:00", holidays=Holidays.ONLY), "2026-05-02 05:00", MOTION,
            id="a holiday's night lasts into the next day",
        ),
        pytest.param(rule("sunset", "sunrise"), "2026-06-21 21:20", CONTINUOUS, id="evening"),
        pytest.param(rule("sunset", "sunrise"), "2026-06-21 21:45", MOTION, id="summer night"),
        pytest.param(rule("sunset", "sunrise"), "2026-12-21 16:05", MOTION, id="winter afternoon"),
        pytest.param(rule("sunset+60", "dawn-15"), "2026-12-21 16:05", CONTINUOUS, id="offset"),
        pytest.param(rule("16:00", "sunset"), "2026-06-21 20:00", MOTION, id="clock till sun"),
        pytest.param(
            rule("16:00", "sunset"), "2026-12-21 16:30", CONTINUOUS, id="sun set before the clock"
        ),
        pytest.param(rule("sunset", "22:00"), "2026-12-21 21:59", MOTION, id="sun till clock"),
        pytest.param(rule("sunset", "02:00"), "2026-06-22 01:59", MOTION, id="sun till the night"),
        pytest.param(rule("22:00", "sunrise"), "2026-06-22 04:00", MOTION, id="night till sunrise"),
        pytest.param(rule("04:00", "sunrise"), "2026-12-21 08:00", MOTION, id="morning"),
        pytest.param(rule("sunrise", "08:00"), "2026-12-21 08:10", CONTINUOUS, id="too dark"),
    ],
)  # fmt: skip
def test_when_a_rule_holds(made: RecordingRule, moment: str, mode: RecordingMode) -> None:
    assert schedule(made).mode_at(wall_ns(moment)) is mode


def test_the_first_rule_that_matches_wins() -> None:
    made = schedule(rule("08:00", "10:00", OFF), rule("06:00", "12:00"))
    modes = [made.mode_at(wall_ns(f"2026-05-04 {hour:02d}:00")) for hour in range(5, 13)]
    assert modes == [CONTINUOUS, MOTION, MOTION, OFF, OFF, MOTION, MOTION, CONTINUOUS]


def test_the_hour_that_is_left_out_in_spring() -> None:
    made = schedule(rule("02:30", "04:00"))
    span = made.span_at(wall_ns("2026-03-29 01:00"))
    assert (span.mode, span.until_wall_ns) == (CONTINUOUS, wall_ns("2026-03-29 03:00"))
    after = made.span_at(span.until_wall_ns)
    assert (after.mode, after.until_wall_ns) == (MOTION, wall_ns("2026-03-29 04:00"))
    left_out = schedule(rule("02:10", "02:50"))
    assert left_out.span_at(wall_ns("2026-03-29 01:00")).until_wall_ns == wall_ns(
        "2026-03-30 02:10"
    )


def test_the_hour_that_comes_twice_in_autumn() -> None:
    made = schedule(rule("02:00", "02:30"))
    changes, at_ns = [], wall_ns("2026-10-25 01:00")
    for _ in range(4):
        at_ns = made.span_at(at_ns).until_wall_ns
        changes.append(at_ns)
    twice = [("02:00", 0), ("02:30", 0), ("02:00", 1), ("02:30", 1)]
    assert changes == [wall_ns(f"2026-10-25 {clock}", fold=fold) for clock, fold in twice]


def test_a_night_is_as_long_as_the_clock_says_also_when_it_is_changed() -> None:
    made = schedule(rule("22:00", "06:00"))
    for evening, hours in (("2026-03-28", 7), ("2026-10-24", 9), ("2026-05-04", 8)):
        start_ns = wall_ns(f"{evening} 22:00")
        span = made.span_at(start_ns)
        assert span.mode is MOTION
        assert (span.until_wall_ns - start_ns) / NS_PER_S == hours * 3600


TROMSO = SiteFacts("Europe/Oslo", 69.65, 18.96)


@pytest.mark.parametrize(
    ("made", "moment", "mode"),
    [
        pytest.param(rule("sunrise", "sunset"), "2026-06-21 00:30", MOTION, id="midnight sun"),
        pytest.param(rule("sunset", "sunrise"), "2026-06-21 00:30", CONTINUOUS, id="no night"),
        pytest.param(rule("sunrise", "sunset"), "2026-12-21 12:00", CONTINUOUS, id="no day"),
        pytest.param(rule("sunset", "sunrise"), "2026-12-21 11:59", MOTION, id="night before noon"),
        pytest.param(rule("sunset", "sunrise"), "2026-12-21 12:00", MOTION, id="night from noon"),
        pytest.param(rule("dawn", "dusk"), "2026-12-21 11:00", MOTION, id="twilight all the same"),
    ],
)
def test_polar_day_and_night(made: RecordingRule, moment: str, mode: RecordingMode) -> None:
    assert schedule(made, facts=TROMSO).mode_at(wall_ns(moment, "Europe/Oslo")) is mode


def solstice_s(facts: SiteFacts, day: str) -> tuple[float, float]:
    """Sunrise and sunset of a solstice, Unix time, by the sunrise equation with that day's
    declination (±23.44°) and equation of time (−1.9 min in June, +1.9 min in December)."""
    assert facts.latitude is not None
    assert facts.longitude is not None
    in_june = "-06-" in day
    declination = math.radians(23.44 if in_june else -23.44)
    latitude = math.radians(facts.latitude)
    cosine = (math.sin(math.radians(-0.833)) - math.sin(latitude) * math.sin(declination)) / (
        math.cos(latitude) * math.cos(declination)
    )
    half_day_s = math.degrees(math.acos(cosine)) * 240
    midnight = datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()
    noon_s = midnight + 43_200 - facts.longitude * 240 - (-1.9 if in_june else 1.9) * 60
    return noon_s - half_day_s, noon_s + half_day_s


@pytest.mark.parametrize("day", ["2026-06-21", "2026-12-21"])
@pytest.mark.parametrize(
    "facts",
    [
        pytest.param(BERLIN, id="Berlin"),
        pytest.param(SiteFacts("Pacific/Auckland", -36.85, 174.76), id="Auckland"),
        pytest.param(SiteFacts("Pacific/Kiritimati", 1.9, -157.4), id="14 hours ahead"),
        pytest.param(SiteFacts("Pacific/Honolulu", 21.3, -157.8), id="Honolulu"),
        pytest.param(SiteFacts("Asia/Shanghai", 43.8, 87.6), id="two hours off its clock"),
    ],
)
def test_the_sun_is_that_of_the_place(facts: SiteFacts, day: str) -> None:
    made = schedule(rule("sunrise", "sunset"), facts=facts)
    zone = facts.time_zone
    rises_s, sets_s = solstice_s(facts, day)
    # the formula counts days by Greenwich; the sun comes again a day later
    noon_ns = wall_ns(f"{day} 12:00", zone)
    off_s = round((noon_ns / NS_PER_S - (rises_s + sets_s) / 2) / 86_400) * 86_400
    day_span = made.span_at(noon_ns)
    assert day_span.mode is MOTION
    assert abs(day_span.until_wall_ns / NS_PER_S - (sets_s + off_s)) < 120
    night = made.span_at(wall_ns(f"{day} 00:10", zone))
    assert night.mode is CONTINUOUS
    assert abs(night.until_wall_ns / NS_PER_S - (rises_s + off_s)) < 120


def test_a_sunset_after_midnight_ends_the_day_before() -> None:
    made = schedule(rule("12:00", "sunset"), facts=SiteFacts("Atlantic/Reykjavik", 64.1, -21.9))
    assert made.mode_at(wall_ns("2026-06-22 00:01", "UTC")) is MOTION
    assert made.mode_at(wall_ns("2026-06-22 00:10", "UTC")) is CONTINUOUS


def test_rules_that_need_more_than_is_known_are_passed_over() -> None:
    made = schedule(rule("00:00", "24:00"), rule(mode=OFF), facts=SiteFacts())
    assert made.mode_at(0) is OFF


clocks = st.integers(0, 1440).map(DayMoment)
suns = st.builds(DayMoment, st.integers(-120, 120), st.sampled_from(Sun))
moments = clocks | suns


@st.composite
def rules(draw: st.DrawFn) -> RecordingRule:
    start, end = draw(moments), draw(moments)
    whole = draw(st.booleans()) or start == end
    return RecordingRule(
        draw(st.sampled_from(RecordingMode)),
        tuple(draw(st.sets(st.sampled_from(Weekday), max_size=4))),
        draw(st.sampled_from(Holidays)),
        None if whole else start,
        None if whole else end,
    )


places = st.sampled_from(
    [
        BERLIN,
        SiteFacts("Europe/Oslo", 69.65, 18.96, "NO"),
        SiteFacts("Australia/Lord_Howe", -31.5, 159.1, "AU"),  # half an hour of summer time
        SiteFacts("Pacific/Auckland", -36.8, 174.8, "NZ"),
        SiteFacts("America/Havana", 23.1, -82.4, "CU"),  # changes its clocks at midnight
        SiteFacts("UTC", 0.0, 0.0, "GB"),
    ]
)
days = st.dates(date(2025, 1, 1), date(2027, 12, 31)) | st.sampled_from(
    [date(2026, 3, 29), date(2026, 10, 25), date(2026, 4, 5), date(2026, 3, 8), date(2026, 11, 1)]
)


@settings(max_examples=60)
@given(st.lists(rules(), max_size=4), places, days, st.integers(0, 86_400), st.data())
def test_one_mode_at_every_moment_and_the_next_change_is_right(
    made: list[RecordingRule], facts: SiteFacts, day: date, second: int, data: st.DataObject
) -> None:
    plan = RecordingPlan(RecordingMode.CONTINUOUS, tuple(made))
    plans = RecordingSchedule(plan, facts)
    midnight = datetime(day.year, day.month, day.day, tzinfo=UTC)
    at_ns = round((midnight + timedelta(seconds=second)).timestamp()) * NS_PER_S
    span = plans.span_at(at_ns)
    assert span.mode in plan.modes
    assert at_ns < span.until_wall_ns <= at_ns + HORIZON_DAYS * 86_400 * NS_PER_S
    within = data.draw(st.lists(st.integers(at_ns, span.until_wall_ns - 1), max_size=20))
    for moment_ns in [*within, span.until_wall_ns - 1]:
        assert plans.mode_at(moment_ns) is span.mode
    if span.until_wall_ns < at_ns + HORIZON_DAYS * 86_400 * NS_PER_S:
        assert plans.mode_at(span.until_wall_ns) is not span.mode

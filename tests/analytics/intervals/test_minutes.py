"""Minutes that are being filled: which of them takes a fact, and when they close."""

import pytest

from its_camera_ai.analytics.intervals.minutes import LATE_NS, MINUTE_NS, LaneSums, Minutes
from its_camera_ai.core.time import NS_PER_S

BEGIN_NS = 1_699_999_980 * NS_PER_S


@pytest.fixture
def minutes() -> Minutes:
    made = Minutes(lambda: LaneSums.none(1, 1, 1))
    made.heard(BEGIN_NS)
    return made


def test_a_span_is_cut_at_every_end_of_a_minute(minutes: Minutes) -> None:
    parts = minutes.split(BEGIN_NS + MINUTE_NS // 2, BEGIN_NS + 3 * MINUTE_NS)
    assert [minute.start_ns - BEGIN_NS for minute, _, _ in parts] == [0, MINUTE_NS, 2 * MINUTE_NS]
    assert [part[1:] for part in parts] == [
        (0, pytest.approx(0.2)),
        (pytest.approx(0.2), pytest.approx(0.6)),
        (pytest.approx(0.6), 1),
    ]


def test_a_closed_minute_stays_closed(minutes: Minutes) -> None:
    first = minutes.at(BEGIN_NS)
    assert first is not None
    assert minutes.due(BEGIN_NS + MINUTE_NS + LATE_NS - 1) == []
    assert minutes.due(BEGIN_NS + MINUTE_NS + LATE_NS) == [first]
    assert minutes.at(BEGIN_NS + 5) is None
    assert minutes.split(BEGIN_NS + 5, BEGIN_NS + 9) == []
    assert minutes.at(BEGIN_NS + MINUTE_NS) is not None


def test_minutes_are_given_out_in_order(minutes: Minutes) -> None:
    for number in (2, 0, 1):
        minutes.at(BEGIN_NS + number * MINUTE_NS)
    given = minutes.due(BEGIN_NS + 2 * MINUTE_NS + LATE_NS)
    assert [minute.start_ns for minute in given] == [BEGIN_NS, BEGIN_NS + MINUTE_NS]
    assert [minute.start_ns for minute in minutes.rest()] == [BEGIN_NS + 2 * MINUTE_NS]
    assert minutes.at(BEGIN_NS + 2 * MINUTE_NS) is None


def test_a_time_far_after_the_newest_picture_has_no_minute(minutes: Minutes) -> None:
    assert minutes.at(BEGIN_NS + 2 * MINUTE_NS) is not None
    assert minutes.at(BEGIN_NS + 3 * MINUTE_NS) is None
    minutes.heard(BEGIN_NS + MINUTE_NS)
    assert minutes.at(BEGIN_NS + 3 * MINUTE_NS) is not None


def test_after_a_new_beginning_earlier_times_come_in(minutes: Minutes) -> None:
    minutes.at(BEGIN_NS)
    assert len(minutes.begin_anew()) == 1
    minutes.heard(BEGIN_NS - 60 * MINUTE_NS)
    assert minutes.at(BEGIN_NS - 60 * MINUTE_NS) is not None


def test_looked_spans_that_meet_are_one(minutes: Minutes) -> None:
    minute = minutes.at(BEGIN_NS)
    assert minute is not None
    for since, until in ((0, 5), (5, 9), (20, 30)):
        minute.saw(BEGIN_NS + since, BEGIN_NS + until, 1.0)
    assert minute.looked == [(BEGIN_NS, BEGIN_NS + 9), (BEGIN_NS + 20, BEGIN_NS + 30)]
    assert minute.looked_s == 3.0

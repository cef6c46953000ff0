"""Interval tables: whatever is asked adds up, has no holes, and is stored once."""

import random
from collections.abc import Callable
from datetime import date
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from sqlalchemy import func, select

from its_camera_ai.core.errors import ConfigInvalid, StateInvalid
from its_camera_ai.core.interval_store import (
    Added,
    Gap,
    GapReason,
    IntervalRetention,
    IntervalStore,
)
from its_camera_ai.core.intervals import LENGTHS_S, IntervalRow, Moments, Place, PlaceKind, Tally
from its_camera_ai.core.local_days import Span, local_day
from its_camera_ai.core.road import Direction
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.store import intervals as store
from its_camera_ai.store.database import Database
from its_camera_ai.store.intervals import IntervalRepository
from its_camera_ai.store.traffic_schema import interval_writers, intervals

GATE = Place(PlaceKind.LINE, "gate", Direction.IN)
YARD = Place(PlaceKind.ZONE, "yard")
MINUTE_NS, HOUR_NS = 60 * NS_PER_S, 3600 * NS_PER_S
BEGIN_NS = 1_699_999_200 * NS_PER_S  # on an hour
SUMS = ("present_s", "vehicle_s", "vehicle_m", "queue_m_s", "queued_s", "looked_s", "rate_s")


@pytest.fixture
def repository(database: Database) -> IntervalRepository:
    return IntervalRepository(database)


def counted(cars: int, looked_s: float = 60.0) -> Tally:
    tally = Tally(looked_s=looked_s, rate_s=10 * looked_s, wanted_s=600.0)
    tally.volume["car"] = cars
    return tally


def row(
    minute: int, cars: int = 1, writer: str = "w", place: Place = GATE, camera: str = "cam"
) -> IntervalRow:
    start = BEGIN_NS + minute * MINUTE_NS
    return IntervalRow(camera, place, start, 60, counted(cars), writer=writer)


def busy(rng: random.Random) -> Tally:
    """Numbers of every kind, also those that binary fractions can't hold."""
    tally = Tally(late=rng.randrange(3), speed_invalid=rng.randrange(4))
    for _ in range(rng.randrange(12)):
        tally.volume[rng.choice(("car", "bus", "person"))] += 1
        tally.length_classes[rng.choice(("short", "long"))] += 1
        group = rng.randrange(1, 14)
        tally.fhwa[group] = tally.fhwa.get(group, 0.0) + rng.random()
        tally.speed_bins[rng.randrange(130)] += 1
        for moments in (tally.speed, tally.headway, tally.gap, tally.dwell, tally.travel):
            moments.add(rng.choice((0.0, rng.uniform(0, 100))))
    for name in SUMS:
        setattr(tally, name, rng.uniform(0, 60))
    tally.queue_max_m = rng.uniform(0, 90)
    tally.wanted_s = 600.0
    return tally


def whole(tallies: list[Tally]) -> Tally:
    total = Tally()
    for tally in tallies:
        total.take(tally)
    return total


def assert_same(one: Tally, other: Tally) -> None:
    """Numbers of vehicles exactly, sums to 1e-9."""
    assert {k: v for k, v in one.volume.items() if v} == dict(other.volume.items())
    assert one.length_classes == other.length_classes
    assert one.speed_bins == other.speed_bins
    assert one.fhwa == pytest.approx(other.fhwa, rel=1e-9)
    assert (one.late, one.speed_invalid) == (other.late, other.speed_invalid)
    assert one.queue_max_m == other.queue_max_m
    for name in SUMS:
        assert getattr(one, name) == pytest.approx(getattr(other, name), rel=1e-9)
    for name in ("speed", "headway", "gap", "dwell", "travel", "delay"):
        mine: Moments = getattr(one, name)
        theirs: Moments = getattr(other, name)
        assert (mine.n, mine.inverse_n) == (theirs.n, theirs.inverse_n)
        for part in ("total", "squares", "inverses"):
            assert getattr(mine, part) == pytest.approx(getattr(theirs, part), rel=1e-9)


def test_it_is_a_store_as_the_port_wants_it(repository: IntervalRepository) -> None:
    port: IntervalStore = repository
    assert port.places() == []


@pytest.mark.parametrize("seed", range(5))
def test_sums_of_all_lengths_are_the_same(repository: IntervalRepository, seed: int) -> None:
    """Rows in any order, of several writers, handed in twice, with minutes missing."""
    rng = random.Random(seed)
    rows = [
        IntervalRow("cam", GATE, BEGIN_NS + m * MINUTE_NS, 60, busy(rng), writer=w)
        for m in range(180)
        for w in "ab"
        if rng.random() < 0.7
    ]
    rng.shuffle(rows)
    for start in range(0, len(rows), 37):
        repository.add(rows[max(0, start - 9) : start + 37])
    tables = [
        repository.table("cam", GATE, length_s, BEGIN_NS, BEGIN_NS + 3 * HOUR_NS)
        for length_s in LENGTHS_S
    ]
    assert [len(table.rows) for table in tables] == [180, 36, 12, 3]
    total = whole([item.tally for item in rows])
    for table in tables:
        assert_same(whole([item.tally for item in table.rows]), total)
    hour = [r.tally for r in tables[0].rows[60:120]]
    assert_same(tables[3].rows[1].tally, whole(hour))
    assert_same(whole([r.tally for r in tables[2].rows[4:8]]), whole(hour))


def test_the_same_row_again_changes_nothing(repository: IntervalRepository) -> None:
    assert repository.add([row(0, 3), row(1, 4)]) == Added(2)
    assert repository.add([row(0, 3), row(1, 4)]) == Added(0, 2)
    (first, second) = repository.table("cam", GATE, 60, BEGIN_NS, BEGIN_NS + 2 * MINUTE_NS).rows
    assert (first.tally.total, second.tally.total) == (3, 4)
    assert repository.table("cam", GATE, 3600, BEGIN_NS, BEGIN_NS + 1).rows[0].tally.total == 7


def test_a_row_of_the_same_writer_replaces_and_one_of_another_adds(
    repository: IntervalRepository,
) -> None:
    repository.add([row(0, 3)])
    assert repository.add([row(0, 5)]) == Added(1)
    assert repository.add([row(0, 2, writer="after the restart")]) == Added(1)
    for length_s in LENGTHS_S:
        table = repository.table("cam", GATE, length_s, BEGIN_NS, BEGIN_NS + 1)
        assert table.rows[0].tally.total == 7
        assert table.rows[0].writer == ""


def test_only_hours_that_are_touched_are_summed_up(
    repository: IntervalRepository, database: Database
) -> None:
    repository.add([row(minute) for minute in range(120)])

    def bodies() -> dict[tuple[int, int], bytes]:
        with database.read() as connection:
            return {(r.length_s, r.start_ns): r.body for r in connection.execute(select(intervals))}

    before = bodies()
    repository.add([row(61, 9)])
    after = bodies()
    changed = {key for key in after if after[key] != before[key]}
    hour = BEGIN_NS + HOUR_NS
    assert changed == {(60, hour + MINUTE_NS), (300, hour), (900, hour), (3600, hour)}


def test_places_are_told_apart_by_all_that_they_are(repository: IntervalRepository) -> None:
    places = [
        GATE,
        Place(PlaceKind.LINE, "gate", Direction.OUT),
        Place(PlaceKind.LINE, "gate", Direction.IN, "left"),
        Place(PlaceKind.ZONE, "gate"),
    ]
    repository.add([row(0, number, place=p) for number, p in enumerate(places)])
    repository.add([row(0, 9, camera="other")])
    found = {
        place: repository.table("cam", place, 60, BEGIN_NS, BEGIN_NS + 1).rows[0].tally.total
        for camera, place in repository.places("cam")
    }
    assert found == {place: number for number, place in enumerate(places)}
    assert ("other", GATE) in repository.places()
    tables = repository.tables("cam", 60, BEGIN_NS, BEGIN_NS + 1, kinds=[PlaceKind.LINE])
    assert [table.place for table in tables] == sorted(
        places[:3], key=lambda p: (str(p.direction), p.lane)
    )


def test_numbers_of_places_outlive_a_process(
    repository: IntervalRepository, database: Database
) -> None:
    repository.add([row(0, 1)])
    again = IntervalRepository(database)
    assert again.table("cam", GATE, 60, BEGIN_NS, BEGIN_NS + 1).rows[0].tally.total == 1
    again.add([row(1, 1), row(1, 1, writer="x")])
    assert repository.table("cam", GATE, 300, BEGIN_NS, BEGIN_NS + 1).rows[0].tally.total == 3
    with database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(interval_writers)) == 2


def test_every_interval_has_a_row_and_gaps_have_a_name(repository: IntervalRepository) -> None:
    dark = IntervalRow("cam", GATE, BEGIN_NS + 4 * MINUTE_NS, 60, counted(0, 0.0), writer="w")
    repository.add([row(2), row(3), dark])
    table = repository.table("cam", GATE, 60, BEGIN_NS, BEGIN_NS + 7 * MINUTE_NS)
    assert [r.start_wall_ns for r in table.rows] == [BEGIN_NS + m * MINUTE_NS for m in range(7)]
    assert [r.missing_share for r in table.rows] == [1, 1, 0, 0, 1, 1, 1]

    def gap(since: int, until: int, reason: GapReason) -> Gap:
        return Gap(BEGIN_NS + since * MINUTE_NS, BEGIN_NS + until * MINUTE_NS, reason)

    assert table.gaps == (
        gap(0, 2, GapReason.NOT_MEASURED),
        gap(4, 5, GapReason.NOT_LOOKED),
        gap(5, 7, GapReason.NOT_MEASURED),
    )


def test_a_place_that_never_had_a_row_is_unknown_and_not_empty(
    repository: IntervalRepository,
) -> None:
    table = repository.table("cam", YARD, 900, BEGIN_NS, BEGIN_NS + HOUR_NS)
    assert [r.missing_share for r in table.rows] == [1] * 4
    assert [gap.reason for gap in table.gaps] == [GapReason.NOT_MEASURED]


@pytest.mark.parametrize(
    ("since_s", "until_s", "starts"),
    [
        pytest.param(0, 180, [0, 60, 120], id="on minutes"),
        pytest.param(1, 180, [60, 120], id="begun before is left out"),
        pytest.param(0, 121, [0, 60, 120], id="that begin before the end"),
        pytest.param(0, 0, [], id="nothing"),
        pytest.param(120, 0, [], id="backwards"),
    ],
)
def test_intervals_that_begin_in_the_span(
    repository: IntervalRepository, since_s: int, until_s: int, starts: list[int]
) -> None:
    table = repository.table(
        "cam", GATE, 60, BEGIN_NS + since_s * NS_PER_S, BEGIN_NS + until_s * NS_PER_S
    )
    assert [(r.start_wall_ns - BEGIN_NS) // NS_PER_S for r in table.rows] == starts


def test_pages_join_without_a_seam(repository: IntervalRepository) -> None:
    repository.add([row(minute, minute) for minute in range(10)])
    since: int | None = BEGIN_NS
    sizes, cars = [], []
    while since is not None:
        table = repository.table("cam", GATE, 60, since, BEGIN_NS + 10 * MINUTE_NS, limit=4)
        sizes.append(len(table.rows))
        cars += [r.tally.total for r in table.rows]
        since = table.next_since_wall_ns
    assert sizes == [4, 4, 2]
    assert cars == list(range(10))


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda r: r.table("c", GATE, 61, 0, 1), id="no such length"),
        pytest.param(lambda r: r.table("c", GATE, 60, 0, 1, limit=0), id="limit"),
        pytest.param(lambda r: r.totals("c", GATE, [Span(0, NS_PER_S)]), id="half a minute"),
        pytest.param(
            lambda r: r.days("c", GATE, date(2024, 1, 1), date(2024, 1, 2), "Mars"), id="zone"
        ),
        pytest.param(
            lambda r: r.days("c", GATE, date(2024, 1, 2), date(2024, 1, 1), "UTC"), id="backwards"
        ),
    ],
)
def test_questions_that_make_no_sense(
    repository: IntervalRepository, ask: Callable[[IntervalRepository], object]
) -> None:
    with pytest.raises(ConfigInvalid):
        ask(repository)


@pytest.mark.parametrize(
    "bad",
    [
        pytest.param(IntervalRow("c", GATE, BEGIN_NS, 300, Tally(), writer="w"), id="length"),
        pytest.param(IntervalRow("c", GATE, BEGIN_NS + 1, 60, Tally(), writer="w"), id="begin"),
        pytest.param(IntervalRow("c", GATE, BEGIN_NS, 60, Tally()), id="writer"),
    ],
)
def test_rows_that_nobody_measured_are_refused(
    repository: IntervalRepository, bad: IntervalRow
) -> None:
    with pytest.raises(ValueError, match="1-minute rows of a named writer"):
        repository.add([row(0), bad])
    assert repository.places() == []


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        pytest.param("Europe/Berlin", date(2024, 3, 31), 23, id="spring"),
        pytest.param("Europe/Berlin", date(2024, 10, 27), 25, id="autumn"),
        pytest.param("Asia/Kolkata", date(2024, 5, 5), 24, id="half an hour off"),
        pytest.param("Australia/Lord_Howe", date(2024, 10, 6), 23.5, id="half an hour of change"),
    ],
)
def test_a_local_day_is_as_long_as_it_was(
    repository: IntervalRepository, zone: str, day: date, hours: float
) -> None:
    span = local_day(day, ZoneInfo(zone))
    before, after = span.since_wall_ns - MINUTE_NS, span.until_wall_ns
    inside = (span.since_wall_ns, span.since_wall_ns + 7 * HOUR_NS, after - MINUTE_NS)
    repository.add(
        [
            IntervalRow("cam", GATE, ns, 60, counted(1), writer="w")
            for ns in (*inside, before, after)
        ]
    )
    (total,) = repository.days("cam", GATE, day, day, zone)
    assert total.day == day
    assert total.span.length_s / 3600 == hours
    assert total.tally.total == 3
    assert total.missing_share == pytest.approx(1 - 3 / (hours * 60))


def test_totals_need_not_begin_on_the_hour(repository: IntervalRepository) -> None:
    repository.add([row(minute, minute) for minute in range(200)])
    span = Span(BEGIN_NS + 3 * MINUTE_NS, BEGIN_NS + 157 * MINUTE_NS)
    (total,) = repository.totals("cam", GATE, [span])
    assert total.tally.total == sum(range(3, 157))


def keep(days: float) -> IntervalRetention:
    return IntervalRetention({60: days, 300: 10, 900: 10, 3600: None})


def test_short_rows_go_first_and_in_whole_hours(
    repository: IntervalRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "BATCH_ROWS", 7)
    repository.add([row(minute) for minute in range(150)])
    now = BEGIN_NS + 24 * HOUR_NS + 100 * MINUTE_NS
    assert repository.forget(keep(1), now, dry_run=True) == {60: 60, 300: 0, 900: 0}
    assert repository.forget(keep(1), now, stopped=lambda: True) == {60: 0, 300: 0, 900: 0}
    assert repository.forget(keep(1), now) == {60: 60, 300: 0, 900: 0}
    table = repository.table("cam", GATE, 60, BEGIN_NS, BEGIN_NS + 3 * HOUR_NS)
    assert [r.tally.total for r in table.rows] == [0] * 60 + [1] * 90 + [0] * 30
    hours = repository.table("cam", GATE, 3600, BEGIN_NS, BEGIN_NS + 3 * HOUR_NS)
    assert [r.tally.total for r in hours.rows] == [60, 60, 30]


def test_what_comes_after_its_hour_was_forgotten_spoils_no_sum(
    repository: IntervalRepository,
) -> None:
    repository.add([row(minute) for minute in range(60)])
    repository.forget(keep(1), BEGIN_NS + 26 * HOUR_NS)
    assert repository.add([row(5, 50, writer="x"), row(130)]) == Added(1, 0, 1)
    hour = repository.table("cam", GATE, 3600, BEGIN_NS, BEGIN_NS + 1).rows[0]
    assert hour.tally.total == 60


def test_a_shorter_retention_later_does_not_open_the_past_again(
    repository: IntervalRepository,
) -> None:
    repository.forget(keep(1), BEGIN_NS + 30 * HOUR_NS)
    repository.forget(keep(5), BEGIN_NS + 30 * HOUR_NS)
    assert repository.add([row(0)]) == Added(0, 0, 1)


@pytest.mark.parametrize(
    "days",
    [
        pytest.param({60: 9, 300: 9, 900: 9}, id="one is missing"),
        pytest.param({60: 9, 300: 8, 900: 9, 3600: None}, id="longer ones go first"),
        pytest.param({60: 0.5, 300: 8, 900: 9, 3600: None}, id="less than a day"),
        pytest.param({60: None, 300: 8, 900: 9, 3600: None}, id="for ever and then not"),
    ],
)
def test_retention_that_makes_no_sense(days: dict[int, float | None]) -> None:
    with pytest.raises(ConfigInvalid):
        IntervalRetention(days)


def test_numbers_of_numpy_are_stored_like_others(repository: IntervalRepository) -> None:
    tally = counted(2)
    tally.vehicle_s = np.float64(1.5)
    tally.speed.add(np.float32(50.25))  # type: ignore[arg-type]  that is what is tried
    repository.add([IntervalRow("cam", GATE, BEGIN_NS, 60, tally, writer="w")])
    found = repository.table("cam", GATE, 60, BEGIN_NS, BEGIN_NS + 1).rows[0].tally
    assert (found.vehicle_s, found.speed.total) == (1.5, 50.25)


def test_a_damaged_row_says_so(repository: IntervalRepository, database: Database) -> None:
    repository.add([row(0)])
    for body, words in ((b"\x93", "damaged"), (b"\x91\x63", "layout 99")):
        with database.write(True) as connection:
            connection.execute(intervals.update().values(body=body))
        table = repository.table("cam", GATE, 60, BEGIN_NS, BEGIN_NS + 1)
        with pytest.raises(StateInvalid, match=words):
            list(table.rows)

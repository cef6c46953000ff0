"""One row a minute for every place: what is counted where, and what is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from its_camera_ai.analytics.intervals.book import UNASSIGNED, IntervalBook
from its_camera_ai.core.events import Event, EventKind
from its_camera_ai.core.intervals import LATE_S, IntervalRow, Place, PlaceKind
from its_camera_ai.core.road import Direction, LineSide
from its_camera_ai.core.road_users import (
    GateRun,
    LengthClass,
    Passage,
    RoadFrame,
    SpeedEstimate,
    Trip,
    VehicleFacts,
)
from its_camera_ai.core.scene import Scene
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.core.tracks import Unknown
from tests.analytics.intervals.street import (
    BEGIN_NS,
    CAR,
    EAST,
    PLANE,
    SCENE,
    STOP,
    Vehicle,
    frame,
    seconds,
)

OUT = Place(PlaceKind.LINE, "stop", Direction.OUT)
OUT_EAST = Place(PlaceKind.LINE, "stop", Direction.OUT, "east")
LANE = Place(PlaceKind.LANE, "east")
ZONE = Place(PlaceKind.ZONE, "square")
MINUTE_NS = 60 * NS_PER_S


def wall(second: float) -> int:
    return BEGIN_NS + round(second * NS_PER_S)


def new_book(scene: Scene = SCENE) -> IntervalBook:
    return IntervalBook("cam", scene, PLANE, writer="w")


def rows_of(book: IntervalBook, place: Place) -> list[IntervalRow]:
    """All that was measured there, by time."""
    return [row for row in book.due(0, final=True) if row.place == place]


def passage(
    second: float, line: str = "stop", track_id: int = 7, lane: str = "east", **more: object
) -> Passage:
    ns = round(second * NS_PER_S)
    return Passage("cam", line, Direction.OUT, ns, BEGIN_NS + ns, track_id, CAR, lane, **more)  # type: ignore[arg-type]


def drive(book: IntervalBook, *moments: list[float], **how: object) -> None:
    for part in moments:
        for second in part:
            book.frame(frame(second, **how), 10.0)  # type: ignore[arg-type]


def test_every_place_has_a_row_though_nothing_happened() -> None:
    book = new_book()
    drive(book, seconds(0, 60))
    rows = book.due(wall(60 + LATE_S))
    names = [(row.place.id, row.place.direction, row.place.lane) for row in rows]
    assert len(names) == len(set(names)) == 4 + 4 + 2 + 1 + 1 + 2
    assert {row.place.kind for row in rows} == set(PlaceKind)
    assert all(row.tally.total == 0 and row.missing_share == 0 for row in rows)
    assert all(row.granted_share == pytest.approx(1) for row in rows)
    assert {row.start_wall_ns for row in rows} == {BEGIN_NS}
    assert {row.writer for row in rows} == {"w"}
    assert book.due(wall(60 + LATE_S)) == []


def test_a_row_comes_out_when_nothing_can_be_late_any_more_and_once() -> None:
    book = new_book()
    drive(book, seconds(0, 70))
    assert book.due(wall(60 + LATE_S) - 1) == []
    assert len(book.due(wall(60 + LATE_S))) == 14
    assert len(book.due(wall(120 + LATE_S))) == 14  # the ten seconds of the next one
    assert book.due(wall(600)) == []


@pytest.mark.parametrize(
    ("looks", "looked_s"),
    [
        pytest.param(seconds(0, 60), 60, id="all the time"),
        pytest.param(seconds(0, 60, 0.5), 60, id="an idle camera, every 2 s"),
        pytest.param([*seconds(0, 20), *seconds(30, 60)], 50, id="10 s without a picture"),
        pytest.param([*seconds(0, 20), *seconds(22.5, 60)], 60, id="2.5 s are bridged"),
        pytest.param(seconds(15.5, 60), 44.5, id="from 15.5 s on"),
        pytest.param([0.0], 0, id="a single picture"),
    ],
)
def test_time_is_known_between_looks(looks: list[float], looked_s: float) -> None:
    book = new_book()
    drive(book, looks)
    book.passage(passage(looks[0]))  # so that there is a row
    (row,) = [row for row in rows_of(book, OUT) if row.start_wall_ns == BEGIN_NS]
    assert row.tally.looked_s == pytest.approx(looked_s, abs=1e-9)
    assert row.missing_share == pytest.approx(1 - looked_s / 60)


def test_frames_that_were_not_looked_at_are_missing_time_on_both_sides() -> None:
    book = new_book()
    for second in seconds(0, 60):
        unknown = Unknown.OVERLOAD if 20 <= second <= 30 else None
        book.frame(frame(second, unknown=unknown, looks_per_s=4.0), 8.0)
    (row,) = [row for row in rows_of(book, LANE) if row.start_wall_ns == BEGIN_NS]
    assert row.tally.looked_s == pytest.approx(60 - 10.2)
    assert row.tally.rate_s == pytest.approx(240)
    assert row.granted_share == pytest.approx(0.5)


def test_a_frame_interval_is_cut_at_the_end_of_the_minute() -> None:
    book = new_book()
    drive(book, [58.5, 60.25])
    first, second = rows_of(book, OUT)
    assert first.tally.looked_s == pytest.approx(1.5)
    assert second.tally.looked_s == pytest.approx(0.25)
    assert (first.start_wall_ns, second.start_wall_ns) == (BEGIN_NS, BEGIN_NS + MINUTE_NS)


def test_a_passage_counts_at_its_line_its_lane_and_both_together() -> None:
    book = new_book()
    drive(book, seconds(0, 30))
    van = VehicleFacts("truck", 0.9, 6.0, 0.3, LengthClass.MEDIUM, {5: 0.7, 3: 0.3})
    speed = SpeedEstimate(52.4, 51, 54)
    ns = round(12.5 * NS_PER_S)
    book.passage(
        Passage("cam", "stop", Direction.OUT, ns, wall(12.5), 7, van, "east", speed, "", 2.5, 2.0)
    )
    rows = {row.place: row.tally for row in book.due(0, final=True)}
    for place in (OUT, OUT_EAST, LANE):
        tally = rows[place]
        assert tally.volume == {"truck": 1}
        assert tally.length_classes == {"medium": 1}
        assert tally.fhwa == {5: 0.7, 3: 0.3}
        assert tally.speed_bins == {52: 1}
        assert (tally.speed.n, tally.speed.total, tally.speed_invalid) == (1, 52.4, 0)
        assert tally.headway.total == 2.5
        assert tally.gap.total == 2.0
    assert rows[Place(PlaceKind.LINE, "stop", Direction.IN)].total == 0
    assert rows[Place(PlaceKind.LINE, "middle", Direction.OUT, "east")].total == 0


@pytest.mark.parametrize(
    "kmh",
    [
        pytest.param(None, id="none"),
        pytest.param(-3.0, id="negative"),
        pytest.param(812.0, id="beyond a car"),
        pytest.param(float("nan"), id="no number"),
    ],
)
def test_impossible_speeds_are_counted_as_invalid(kmh: float | None) -> None:
    book = new_book()
    drive(book, [0.0])
    speed = None if kmh is None else SpeedEstimate(kmh, kmh, kmh)
    book.passage(passage(1, speed=speed, headway_s=-1.0, gap_s=float("nan")))
    (row,) = rows_of(book, OUT)
    assert row.tally.total == 1
    assert row.tally.speed_invalid == 1
    assert row.tally.speed.n == row.tally.headway.n == row.tally.gap.n == 0
    assert not row.tally.speed_bins


def test_a_lane_that_the_scene_did_not_expect_gets_rows_from_then_on() -> None:
    book = new_book()
    drive(book, seconds(0, 60))
    wrong_way = Place(PlaceKind.LINE, "stop", Direction.OUT, "west")
    assert wrong_way not in [row.place for row in book.due(wall(60 + LATE_S))]
    drive(book, seconds(60.1, 130))
    book.passage(passage(61, lane="west"))
    totals = [row.tally.total for row in rows_of(book, wrong_way)]
    assert totals == [1, 0]


@pytest.mark.parametrize(
    ("told_at", "counted"),
    [
        pytest.param(59.9, 1, id="at once"),
        pytest.param(60 + LATE_S - 0.1, 1, id="just in time"),
        pytest.param(60 + LATE_S + 0.1, 0, id="too late"),
    ],
)
def test_late_facts_land_in_their_own_minute_or_are_told_as_late(
    told_at: float, counted: int
) -> None:
    book = new_book()
    rows: list[IntervalRow] = []
    told = False
    for second in seconds(0, 180):
        book.frame(frame(second), 10.0)
        if second >= told_at and not told:
            told = True
            book.passage(passage(30.0))
        rows += book.due(wall(second))
    rows += book.due(0, final=True)
    mine = [row for row in rows if row.place == OUT]
    assert [row.tally.total for row in mine[:2]] == [counted, 0]
    assert sum(row.tally.late for row in mine) == 1 - counted


@given(
    st.lists(
        st.tuples(st.floats(0, 170), st.floats(0, 40)),  # when it was, how much later it is told
        max_size=25,
    )
)
@settings(max_examples=25)
def test_every_fact_is_in_its_minute_or_told_as_late_and_never_both(
    facts: list[tuple[float, float]],
) -> None:
    book = new_book()
    waiting = sorted((when + delay, when) for when, delay in facts)
    rows: list[IntervalRow] = []
    expected = [0, 0, 0]
    for second in seconds(0, 240, 1):
        book.frame(frame(second), 10.0)
        while waiting and waiting[0][0] <= second:
            _, when = waiting.pop(0)
            minute = int(when // 60)
            expected[minute] += second < 60 * (minute + 1) + LATE_S + 1
            book.passage(passage(when))
        rows += book.due(wall(second))
    rows += book.due(0, final=True)
    mine = [row.tally for row in rows if row.place == OUT]
    assert [tally.total for tally in mine[:3]] == expected
    assert sum(tally.total + tally.late for tally in mine) == len(facts)


def test_a_fact_from_the_far_future_makes_no_row() -> None:
    book = new_book()
    drive(book, seconds(0, 5))
    book.passage(passage(86_400))
    (row,) = rows_of(book, OUT)
    assert row.tally.total == 0
    assert row.tally.late == 1


def test_trips_count_by_movement_by_pair_and_unassigned() -> None:
    book = new_book()
    drive(book, seconds(0, 40))
    entry, leave = LineSide("middle", Direction.OUT), LineSide("stop", Direction.OUT)
    back = LineSide("stop", Direction.IN)
    for side0, side1, name in (
        (entry, leave, "through"),
        (back, entry, ""),
        (entry, None, ""),
        (None, leave, ""),
    ):
        book.trip(Trip("cam", 1, CAR, side0, side1, wall(3), wall(10), name))
    rows = {row.place: row.tally for row in book.due(0, final=True)}
    assert rows[Place(PlaceKind.MOVEMENT, "through")].travel.total == 7.0
    assert rows[Place(PlaceKind.MOVEMENT, "stop:in>middle:out")].total == 1
    assert rows[Place(PlaceKind.MOVEMENT, UNASSIGNED)].volume == {"car": 2}


def test_a_gate_has_travel_times_speeds_and_the_length_they_came_from() -> None:
    book = new_book()
    drive(book, seconds(0, 40))
    book.gate(GateRun("cam", "trap", 3, CAR, wall(1), wall(4.5), 3.5, SpeedEstimate(36, 35, 37)))
    (row,) = rows_of(book, Place(PlaceKind.GATE, "trap"))
    assert row.tally.travel.total == 3.5
    assert row.tally.speed.total == 36
    assert row.length_m == pytest.approx(35)


def visit(second: float, track_id: int, dwell_s: float | None = None) -> Event:
    kind = EventKind.ZONE_ENTERED if dwell_s is None else EventKind.ZONE_LEFT
    detail: dict[str, object] = {"zone": "square", "class": "person"}
    if dwell_s is not None:
        detail["dwell_s"] = dwell_s
    ns = round(second * NS_PER_S)
    return Event(f"{second}", kind, "cam", ns, BEGIN_NS + ns, track_id, detail)


def test_a_zone_has_visits_stays_and_the_time_with_anybody_in_it() -> None:
    book = new_book()
    drive(book, seconds(0, 50))
    book.visit(visit(10, 1))
    book.visit(visit(20, 2))
    book.visit(visit(30, 1, 20.0))
    book.joined(2, 9)  # the track broke and goes on
    drive(book, seconds(50.1, 100))
    book.visit(visit(70, 9, 50.0))
    first, second = rows_of(book, ZONE)
    assert first.tally.volume == {"person": 2}
    assert first.tally.dwell.total == 20.0
    assert first.tally.present_s == pytest.approx(50)
    assert first.tally.vehicle_s == pytest.approx(20 + 40)
    assert second.tally.volume == {}
    assert second.tally.dwell.total == 50.0
    assert second.tally.present_s == second.tally.vehicle_s == pytest.approx(10)


def test_nobody_is_in_a_zone_while_nobody_looks() -> None:
    book = new_book()
    drive(book, seconds(0, 20), seconds(40, 60))
    book.visit(visit(10, 1))
    book.visit(visit(50, 1, 40.0))
    first = rows_of(book, ZONE)[0]
    assert first.tally.looked_s == pytest.approx(40)
    assert first.tally.present_s == pytest.approx(20)


def test_other_events_and_zones_are_nobodys_visit() -> None:
    book = new_book()
    drive(book, seconds(0, 5))
    book.visit(Event("a", EventKind.LINE_CROSSED, "cam", 0, wall(1), 1, {"zone": "square"}))
    book.visit(Event("b", EventKind.ZONE_ENTERED, "cam", 0, wall(1), 1, {"zone": "elsewhere"}))
    assert all(row.tally.total == 0 for row in book.due(0, final=True))


def test_a_clock_that_is_set_back_begins_a_new_part() -> None:
    book = new_book()
    drive(book, seconds(0, 90))
    book.passage(passage(10))
    rows = book.due(wall(90))
    for second in seconds(90, 130):  # an hour earlier
        now = frame(second)
        back = RoadFrame(
            **{  # type: ignore[arg-type]
                name: getattr(now, name) for name in RoadFrame.__dataclass_fields__
            }
            | {"wall_ns": now.wall_ns - 3600 * NS_PER_S}
        )
        book.frame(back, 10.0)
    early = passage(100)
    book.passage(Passage("cam", "stop", Direction.OUT, early.pts_ns, wall(100 - 3600), 8, CAR))
    rows += book.due(0, final=True)
    mine = sorted(
        ((row.start_wall_ns - BEGIN_NS) // MINUTE_NS, row.writer, row.tally.total)
        for row in rows
        if row.place == OUT
    )
    assert mine == [(-59, "w/2", 1), (-58, "w/2", 0), (0, "w", 1), (1, "w", 0)]
    assert sum(row.tally.looked_s for row in rows if row.place == OUT) == pytest.approx(130)


def test_stale_frames_and_a_stream_that_begins_anew_count_no_time() -> None:
    book = new_book()
    drive(book, seconds(0, 10), [9.0, 5.0])
    again = frame(2.0)
    restarted = RoadFrame(
        **{name: getattr(again, name) for name in RoadFrame.__dataclass_fields__}  # type: ignore[arg-type]
        | {"wall_ns": wall(20)}
    )
    book.frame(restarted, 10.0)
    assert rows_of(book, OUT)[0].tally.looked_s == pytest.approx(10)


def test_a_day_without_a_picture_makes_no_rows() -> None:
    book = new_book()
    drive(book, seconds(0, 5), seconds(86_400, 86_405))
    starts = [(row.start_wall_ns - BEGIN_NS) // MINUTE_NS for row in rows_of(book, OUT)]
    assert starts == [0, 1440]


def test_sums_of_a_drive_through_the_street() -> None:
    """A car at 10 m/s through 80 m of lane, from 1 s to 9 s, over a detector 75 m along."""
    book = new_book()
    car = Vehicle(1, 0.0, 10.0)
    drive(book, seconds(0, 9.9), vehicles=[car])
    book.passage(passage(8.5, track_id=1))
    rows = {row.place: row for row in book.due(0, final=True)}
    lane = rows[LANE]
    assert lane.length_m == pytest.approx(80)
    assert lane.tally.vehicle_s == pytest.approx(8)
    assert lane.tally.vehicle_m == pytest.approx(80)
    assert lane.tally.present_s == pytest.approx(0.4)
    assert lane.tally.delay.n == 1
    assert lane.tally.delay.total == pytest.approx(0, abs=1e-9)
    assert rows[OUT].tally.present_s == pytest.approx(0.4)
    assert rows[OUT_EAST].tally.present_s == pytest.approx(0.4)
    assert rows[Place(PlaceKind.LANE, "west")].tally.vehicle_s == 0


def test_the_delay_at_the_stop_line_goes_to_the_movement_that_began_there() -> None:
    book = new_book()
    slow = Vehicle(1, 5.0, 2.5)  # over the stop line at 32 s, in the lane since 2 s; 7.5 s at 36
    drive(book, seconds(0, 35), vehicles=[slow])
    book.passage(passage(32, track_id=1))
    sides = LineSide("stop", Direction.OUT), LineSide("middle", Direction.OUT)
    book.trip(Trip("cam", 1, CAR, sides[0], sides[1], wall(32), wall(35)))
    rows = {row.place: row.tally for row in book.due(0, final=True)}
    assert rows[LANE].delay.total == pytest.approx(30 - 7.5)
    assert rows[Place(PlaceKind.MOVEMENT, "stop:out>middle:out")].delay.total == pytest.approx(22.5)


def test_a_queue_is_held_from_look_to_look_and_through_time_that_nobody_knows() -> None:
    book = new_book()
    waiting = [Vehicle(k, 91.0 - 7.0 * k, 0.0) for k in (1, 2, 3)]
    drive(book, seconds(0, 10))
    drive(book, seconds(10.5, 30), vehicles=waiting)
    book.frame(frame(30.5, unknown=Unknown.DETECTOR_DOWN), 10.0)
    drive(book, seconds(31, 40), vehicles=waiting)
    (row,) = [r for r in rows_of(book, LANE) if r.start_wall_ns == BEGIN_NS]
    queue_m = 7.0 * 2 + 4.0
    assert row.tally.queue_max_m == pytest.approx(queue_m)
    assert row.tally.queued_s == pytest.approx(19.5 + 9.0)
    assert row.tally.queue_m_s == pytest.approx(queue_m * (19.5 + 9.0))


def test_while_the_calibration_is_in_doubt_lanes_are_unknown_and_lines_are_not() -> None:
    book = new_book()
    good, bad = Vehicle(1, 30.0, 0.0), Vehicle(1, 30.0, 0.0, valid=False)
    drive(book, seconds(0, 20), vehicles=[good])
    drive(book, seconds(20.1, 40), vehicles=[bad])
    rows = {row.place: row for row in book.due(0, final=True)}
    assert rows[OUT].tally.looked_s == pytest.approx(40)
    assert rows[LANE].tally.looked_s == pytest.approx(20)
    assert rows[LANE].tally.vehicle_s == pytest.approx(20)


def test_without_a_calibration_lanes_count_vehicles_and_no_metres() -> None:
    book = IntervalBook("cam", Scene((STOP,), lanes=(EAST,)), None, writer="w")
    car = Vehicle(1, 30.0, 0.0, valid=False)
    drive(book, seconds(0, 20), vehicles=[car])
    book.passage(passage(5, track_id=1))
    (row,) = rows_of(book, LANE)
    assert row.length_m == 0
    assert row.tally.total == 1
    assert row.tally.vehicle_s == pytest.approx(20)
    assert row.tally.vehicle_m == row.tally.present_s == row.tally.queue_max_m == 0
    assert row.tally.looked_s == pytest.approx(20)


def test_sums_of_a_day_of_minutes_are_those_of_the_whole() -> None:
    """Vehicles at random: cutting at minutes loses and doubles nothing."""
    rng = np.random.default_rng(5)
    cars = [
        Vehicle(k, -10.0 * k, float(rng.uniform(8, 30)), length_m=float(rng.uniform(3, 12)))
        for k in range(1, 60)
    ]
    book = new_book()
    moments = np.sort(rng.choice(seconds(0, 200), 1000, replace=False))
    for second in [0.0, *moments, 200.0]:
        book.frame(frame(float(second), cars), 10.0)
    rows = rows_of(book, LANE)
    assert len(rows) == 4
    through = [v for v in cars if v.at(200) > 90]
    time_s = sum(80 / v.mps for v in through)
    time_s += sum((v.at(200) - 10) / v.mps for v in cars if 10 < v.at(200) <= 90)
    distance_m = 80.0 * len(through)
    distance_m += sum(v.at(200) - 10 for v in cars if 10 < v.at(200) <= 90)
    assert sum(row.tally.vehicle_s for row in rows) == pytest.approx(time_s, rel=1e-9)
    assert sum(row.tally.vehicle_m for row in rows) == pytest.approx(distance_m, rel=1e-9)

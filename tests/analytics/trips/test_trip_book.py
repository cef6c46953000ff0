"""One road user, one trip: what is its entry, what its exit, and what is told beside them."""

from collections import Counter

import pytest

from its_camera_ai.analytics.trips import trip_book
from its_camera_ai.analytics.trips.trip_book import CAME_BACK, NO_ENTRY, NO_EXIT, SETTLE_S, TripBook
from its_camera_ai.core.road_users import Trip
from its_camera_ai.core.scene import Line, Scene
from tests.analytics.trips.junction import CAR, JUNCTION, WALL_NS, S, passage, side

END_S = 60


def book_of(crossings: list[tuple[str, float]], scene: Scene = JUNCTION) -> TripBook:
    book = TripBook("cam", scene)
    for text, at_s in crossings:
        book.passage(passage(text, at_s))
    return book


def trips_of(crossings: list[tuple[str, float]], scene: Scene = JUNCTION) -> list[Trip]:
    return book_of(crossings, scene).ended(1, CAR, WALL_NS + END_S * S)


@pytest.mark.parametrize(
    ("crossings", "entry", "leave", "movement", "more"),
    [
        (["north:in", "south:out"], "north:in", "south:out", "north-T", []),
        (["north:in", "east:out"], "north:in", "east:out", "north-L", []),
        (["north:in", "north:out"], "north:in", "north:out", "", []),
        (
            ["north:in", "north:out", "north:in", "west:out"],
            "north:in",
            "west:out",
            "north-R",
            ["north:out", "north:in"],
        ),
        (
            ["north:in", "south:out", "south:in", "south:out"],
            "north:in",
            "south:out",
            "north-T",
            ["south:out", "south:in"],
        ),
        (
            ["east:in", "west:out", "west:in", "west:out", "south:in"],
            "east:in",
            "west:out",
            "east-T",
            ["west:out", "west:in", "south:in"],
        ),
        (["south:out"], None, "south:out", "", []),
        (["north:in"], "north:in", None, "", []),
        (["south:out", "north:in"], "north:in", None, "", ["south:out"]),
        (["north:in", "north:in"], "north:in", None, "", ["north:in"]),
    ],
    ids=[
        "through",
        "left",
        "U-turn",
        "to and fro at the entry",
        "to and fro at the exit",
        "to and fro, then in again",
        "appeared inside",
        "vanished inside",
        "one left, another came, one id",
        "in twice",
    ],
)
def test_entry_and_exit(
    crossings: list[str], entry: str | None, leave: str | None, movement: str, more: list[str]
) -> None:
    (trip,) = trips_of([(text, 10.0 * k) for k, text in enumerate(crossings)])
    assert trip.entry == (entry and side(entry))
    assert trip.exit == (leave and side(leave))
    assert trip.movement == movement
    assert [str(where) for where in trip.more] == more
    missing = [NO_ENTRY] * (entry is None) + [NO_EXIT] * (leave is None)
    assert trip.problem == "; ".join(missing)
    assert (trip.travel_s is None) == bool(missing)


def test_times_of_a_whole_trip_are_those_of_its_crossings() -> None:
    (trip,) = trips_of([("north:in", 3.0), ("south:out", 9.5)])
    assert (trip.entered_wall_ns - WALL_NS, trip.left_wall_ns - WALL_NS) == (3 * S, 9.5 * S)
    assert trip.travel_s == 6.5


@pytest.mark.parametrize(
    ("crossing", "entered_s", "left_s"),
    [(("north:in", 3.0), 3, END_S), (("south:out", 4.0), 4, 4)],
    ids=["no exit", "no entry"],
)
def test_times_of_half_a_trip_are_what_is_known(
    crossing: tuple[str, float], entered_s: int, left_s: int
) -> None:
    (trip,) = trips_of([crossing])
    assert (trip.entered_wall_ns, trip.left_wall_ns) == (
        WALL_NS + entered_s * S,
        WALL_NS + left_s * S,
    )


def test_crossings_told_late_are_put_in_order_of_time() -> None:
    (trip,) = trips_of([("south:out", 9.0), ("north:in", 2.0)])
    assert trip.movement == "north-T"


def test_a_track_that_goes_on_under_another_id_is_one_trip() -> None:
    book = book_of([("north:in", 1.0)])
    book.joined(1, 2)
    book.passage(passage("south:out", 8.0, track_id=2))
    assert book.ended(1, CAR, WALL_NS) == []
    (trip,) = book.ended(2, CAR, WALL_NS)
    assert (trip.movement, trip.track_id) == ("north-T", 2)


def test_joined_after_the_crossing_of_the_same_frame() -> None:
    book = book_of([("north:in", 1.0)])
    book.passage(passage("south:out", 8.0, track_id=2))
    book.joined(1, 2)
    (trip,) = book.ended(2, CAR, WALL_NS)
    assert trip.movement == "north-T"


def test_joining_one_that_crossed_nothing_makes_no_trip() -> None:
    book = book_of([])
    book.joined(1, 2)
    assert book.ended(2, CAR, WALL_NS) == []


def test_a_trip_is_made_once() -> None:
    book = book_of([("north:in", 1.0), ("south:out", 8.0)])
    assert len(book.ended(1, CAR, WALL_NS)) == 1
    assert book.ended(1, CAR, WALL_NS) == []


def test_lines_that_no_movement_names_make_no_trip() -> None:
    scene = Scene((*JUNCTION.lines, Line("zebra", ((0, 0), (1, 1)))), movements=JUNCTION.movements)
    assert len(trips_of([("zebra:in", 1.0), ("north:out", 0.5)], scene)) == 1
    assert trips_of([("zebra:in", 1.0)], scene) == []


@pytest.mark.parametrize(
    ("lines", "expected"),
    [(("a",), []), (("a", "b"), [("a:in", "b:in")])],
    ids=["one line", "two lines"],
)
def test_without_movements_two_lines_make_a_way(
    lines: tuple[str, ...], expected: list[tuple[str, str]]
) -> None:
    scene = Scene(tuple(Line(n, ((0, 0.1), (1, 0.9))) for n in lines))
    trips = trips_of([("a:in", 1.0), ("b:in", 2.0)], scene)
    assert [(str(trip.entry), str(trip.exit)) for trip in trips] == expected


@pytest.mark.parametrize(
    ("crossings", "movements"),
    [
        (["east:in", "west:out", "west:in", "east:out"], ["east-T", "west-T"]),
        (["east:in", "west:out", "south:in", "north:out", "north:in", "west:out"],
         ["east-T", "south-T", "north-R"]),
        (["east:in", "west:out", "west:in", "west:out", "south:in", "north:out"],
         ["east-T", "south-T"]),
        (["east:in", "east:out", "east:in", "west:out"], ["east-T"]),
        (["east:in", "west:out", "west:in", "west:out"], ["east-T"]),
    ],
    ids=[
        "turned beyond the far line",
        "three",
        "to and fro between",
        "to and fro before",
        "to and fro after",
    ],
)  # fmt: skip
def test_a_second_whole_movement_is_a_trip_of_its_own(
    crossings: list[str], movements: list[str]
) -> None:
    trips = trips_of([(text, 4.0 * k) for k, text in enumerate(crossings)])
    assert [trip.movement for trip in trips] == movements
    told = [trip.entry for trip in trips] + [trip.exit for trip in trips]
    told += [where for trip in trips for where in trip.more]
    assert Counter(map(str, told)) == Counter(crossings)


def due(book: TripBook, at_s: float) -> list[Trip]:
    return book.due(WALL_NS + round(at_s * S), lambda _: CAR)


def test_a_complete_trip_is_told_while_its_road_user_is_still_in_sight() -> None:
    book = book_of([("north:in", 1.0), ("south:out", 8.0)])
    assert due(book, 8.0 + SETTLE_S - 0.1) == []
    (trip,) = due(book, 8.0 + SETTLE_S)
    assert (trip.movement, trip.left_wall_ns - WALL_NS) == ("north-T", 8 * S)
    assert due(book, 60.0) == []
    assert book.ended(1, CAR, WALL_NS) == []


def test_to_and_fro_in_time_is_one_trip() -> None:
    book = book_of([("north:in", 1.0), ("south:out", 8.0)])
    book.passage(passage("south:in", 14.0))
    assert due(book, 20.0) == []
    book.passage(passage("south:out", 22.0))
    (trip,) = due(book, 40.0)
    assert (trip.left_wall_ns - WALL_NS, trip.movement) == (22 * S, "north-T")


@pytest.mark.parametrize("text", ["north:in", "south:in"])
def test_half_a_trip_waits_for_its_end(text: str) -> None:
    """A vehicle may stand for minutes between the lines."""
    book = book_of([(text, 1.0)])
    assert due(book, 600.0) == []
    assert len(book.ended(1, CAR, WALL_NS)) == 1


def test_what_follows_a_trip_that_was_told() -> None:
    """Another whole movement is a trip; anything else is named as what came after."""
    book = book_of([("north:in", 1.0), ("south:out", 8.0), ("south:in", 14.0)])
    (first,) = due(book, 30.0)
    assert (first.movement, first.more) == ("north-T", ())
    book.passage(passage("east:out", 50.0))
    book.joined(1, 2)
    (second,) = due(book, 90.0)
    assert (second.movement, second.track_id) == ("south-R", 2)
    book.passage(passage("east:in", 100.0, track_id=2))
    book.passage(passage("east:out", 101.0, track_id=2))
    (rest,) = book.ended(2, CAR, WALL_NS)
    assert (rest.entry, rest.exit, rest.movement, rest.problem) == (None, None, "", CAME_BACK)
    assert [str(where) for where in rest.more] == ["east:in", "east:out"]


def test_those_under_way_can_be_ended_at_the_end_of_the_input() -> None:
    book = book_of([("north:in", 1.0)])
    book.passage(passage("east:in", 2.0, track_id=5))
    trips = [trip for i in book.under_way() for trip in book.ended(i, CAR, WALL_NS)]
    assert [str(trip.entry) for trip in trips] == ["north:in", "east:in"]
    assert book.under_way() == ()


def test_memory_is_bounded_where_nobody_ends_trips(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trip_book, "OPEN_MAX", 5)
    book = TripBook("cam", JUNCTION)
    for track_id in range(1, 21):
        book.passage(passage("north:in", track_id, track_id))
    assert (len(book.under_way()), book.dropped) == (5, 15)
    assert book.under_way()[-1] == 20

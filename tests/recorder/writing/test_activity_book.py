"""What vision told, by spans: bounded, and unknown where nothing was told."""

from its_camera_ai.core.activity import CELLS_BYTES, SecondOfActivity
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.recorder.writing.activity_book import CAMERAS_MAX, KEPT_S, ActivityBook

CELL = b"\x80" + bytes(CELLS_BYTES - 1)


def second(at_s: int, *, moving: bool = False, **objects: int) -> SecondOfActivity:
    cells = CELL if moving else bytes(CELLS_BYTES)
    return SecondOfActivity(at_s * NS_PER_S, 10, cells, objects or None)


def test_a_span_with_an_unknown_second() -> None:
    book = ActivityBook()
    for told in (second(10, moving=True, car=2), second(11, car=1, person=3), second(13)):
        book.hear("cam", told)
    found = book.of("cam", round(10.4 * NS_PER_S), round(13.2 * NS_PER_S))
    assert found is not None
    assert (found.first_second_ns, found.seconds) == (10 * NS_PER_S, 4)
    assert (found.known_s, found.moving_s) == (3, 1)
    assert found.objects == {"car": 2, "person": 3}
    assert found.known().tolist() == [True, True, False, True]
    assert found.cells()[0, 0, 0]
    assert found.cells().sum() == 1
    assert found.anywhen == CELL


def test_an_end_on_a_whole_second_does_not_touch_the_next() -> None:
    book = ActivityBook()
    book.hear("cam", second(10))
    found = book.of("cam", 10 * NS_PER_S, 11 * NS_PER_S)
    assert found is not None
    assert (found.seconds, found.known_s) == (1, 1)


def test_of_what_nobody_spoke_nothing_is_known() -> None:
    book = ActivityBook()
    assert book.of("cam", 0, 20 * NS_PER_S) is None
    assert not book.knows("cam", 0)
    book.hear("cam", second(100))
    assert book.of("cam", 0, 20 * NS_PER_S) is None
    assert book.knows("cam", 110 * NS_PER_S)
    assert not book.knows("cam", 111 * NS_PER_S)
    book.forget("cam")
    assert not book.knows("cam", 100 * NS_PER_S)


def test_it_is_bounded() -> None:
    book = ActivityBook()
    for at_s in range(KEPT_S + 50):
        book.hear("cam", second(at_s))
    found = book.of("cam", 0, 100 * NS_PER_S)
    assert found is not None
    assert found.known_s == 50
    for number in range(CAMERAS_MAX + 10):
        book.hear(f"other-{number}", second(5))
    assert not book.knows(f"other-{CAMERAS_MAX + 5}", 5 * NS_PER_S)
    assert book.of("cam", 0, 2**62) is not None, "a span of any length costs no more than it may"

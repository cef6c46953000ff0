"""The order of files, what is one recording, and where the gaps are."""

import random

import pytest

from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.recorder.playing.timeline import GapReason, gaps, goes_on, in_order, stretches
from its_camera_ai.store.segment_list import ListedSegment
from tests.recorder.listed import WALL_NS, listed, moved


def seconds(wall_ns: int) -> float:
    return (wall_ns - WALL_NS) / NS_PER_S


def spans(found: list[ListedSegment]) -> list[tuple[float, float, int]]:
    return [(seconds(s.since_ns), seconds(s.until_ns), s.files) for s in stretches(found)]


def test_files_in_a_row_are_one_stretch() -> None:
    files = [listed(n) for n in range(5)]
    assert spans(files) == [(0, 100, 5)]
    assert stretches(files)[0].size_bytes == sum(f.size_bytes for f in files)
    assert gaps(files, WALL_NS, WALL_NS + 100 * NS_PER_S) == []


@pytest.mark.parametrize(
    ("second", "joined"),
    [
        pytest.param(listed(1), True, id="at once"),
        pytest.param(moved(listed(1), pts_s=0.2, wall_s=0.2), True, id="a late frame"),
        pytest.param(moved(listed(1), pts_s=-0.01), True, id="a little early"),
        pytest.param(moved(listed(1), pts_s=0.3, wall_s=0.3), False, id="a hole"),
        pytest.param(moved(listed(1), pts_s=-1), False, id="an overlap"),
        pytest.param(listed(1, generation=8), False, id="another connection"),
        pytest.param(listed(2), False, id="a file is missing"),
        pytest.param(moved(listed(1), wall_s=-30), True, id="only the clock was set back"),
    ],
)
def test_what_goes_on(second: ListedSegment, joined: bool) -> None:
    assert goes_on(listed(0), second) is joined


def test_a_slow_camera_has_no_holes_between_its_frames() -> None:
    slow = listed(0, frames=20, duration_ns=19 * NS_PER_S)
    assert goes_on(slow, listed(1))
    assert spans([slow, listed(1, frames=20)]) == [(0, 40, 2)]


def test_a_clock_that_is_set_back_ends_a_stretch_and_mixes_nothing() -> None:
    before = [listed(n) for n in range(3)]
    after = [moved(listed(n), wall_s=-50) for n in range(3, 6)]
    shuffled = [*before, *after]
    random.Random(5).shuffle(shuffled)
    ordered = in_order(shuffled)
    assert ordered == [*before, *after]
    assert spans(ordered) == [(0, 60, 3), (10, 70, 3)]
    assert gaps(ordered, WALL_NS, WALL_NS + 70 * NS_PER_S) == []


def test_connections_follow_each_other_by_their_beginning() -> None:
    first = [listed(n, generation=90) for n in range(2)]
    second = [listed(n, generation=3) for n in range(2, 4)]
    assert in_order([*second, *first]) == [*first, *second]


def test_gaps_say_why() -> None:
    files = [
        listed(1),
        listed(2, state="damaged"),
        listed(3),
        listed(4, state="missing"),
        listed(7, generation=8),
    ]
    found = gaps(files, WALL_NS, WALL_NS + 180 * NS_PER_S)
    assert [(seconds(g.since_ns), seconds(g.until_ns), g.reason) for g in found] == [
        (0, 20, GapReason.NOT_RECORDED),
        (40, 60, GapReason.DAMAGED),
        (80, 100, GapReason.MISSING),
        (100, 140, GapReason.NOT_RECORDED),
        (160, 180, GapReason.NOT_RECORDED),
    ]
    assert spans(files) == [(20, 40, 1), (60, 80, 1), (140, 160, 1)]


def test_gaps_end_with_the_span() -> None:
    found = gaps([listed(1, state="damaged")], WALL_NS + 30 * NS_PER_S, WALL_NS + 35 * NS_PER_S)
    assert [(seconds(g.since_ns), seconds(g.until_ns)) for g in found] == [(30, 35)]
    assert len(gaps([], WALL_NS, WALL_NS + NS_PER_S)) == 1

"""Searches: what moved where and when, against a plain reading of the same seconds."""

import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from its_camera_ai.core.activity import (
    GRID_WH,
    SecondOfActivity,
    SegmentActivity,
    cells_touched,
)
from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.geometry import points_in_polygon
from its_camera_ai.core.media import StreamRole
from its_camera_ai.core.segments import Segment
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.recorder.playing import motion_search
from its_camera_ai.recorder.playing.motion_search import MotionQuery, MotionSearch, parse_area
from its_camera_ai.store import activity_rows
from its_camera_ai.store.activity_rows import ActivityRows
from its_camera_ai.store.database import Database, open_database
from its_camera_ai.store.migration import migrate
from its_camera_ai.store.segments import SegmentRepository

LEFT = ((0.0, 0.0), (0.5, 0.0), (0.5, 1.0), (0.0, 1.0))
RIGHT = ((0.5, 0.0), (1.0, 0.0), (1.0, 1.0), (0.5, 1.0))
START_S = 1_700_000_000


@pytest.fixture
def database(tmp_path: Path) -> Database:
    made = open_database(f"sqlite:///{tmp_path / 'db.sqlite'}")
    migrate(made)
    yield made
    made.close()


def cell(x: int, y: int) -> bytes:
    grid = np.zeros((GRID_WH[1], GRID_WH[0]), bool)
    grid[y, x] = True
    return np.packbits(grid).tobytes()


IN_LEFT, IN_RIGHT, STILL = cell(3, 5), cell(28, 5), bytes(72)


class Archive:
    """Files of some seconds each; a second is a cell mask, or None if nobody saw it."""

    def __init__(self, database: Database) -> None:
        self._segments = SegmentRepository(database)
        self.search = MotionSearch(ActivityRows(database))
        self._count = 0
        self.at_s = START_S

    def add(
        self, *seconds: bytes | None, looked: bool = True, skip_s: int = 0, **objects: int
    ) -> None:
        self.at_s += skip_s
        told = [
            None
            if cells is None
            else SecondOfActivity(at_s * NS_PER_S, 10, cells, objects if looked else None)
            for at_s, cells in enumerate(seconds, self.at_s)
        ]
        self._count += 1
        self._segments.put(
            Segment(
                f"{self._count:06}", "cam", StreamRole.MAIN, f"{self._count}.mp4",
                self.at_s * NS_PER_S, 0, len(seconds) * NS_PER_S, 1, 1, "h264", 1, 1, False, 1,
                activity=SegmentActivity.of(self.at_s * NS_PER_S, told),
            )
        )  # fmt: skip
        self.at_s += len(seconds)

    def find(self, **query: object) -> list[tuple[int, int]]:
        return spans(self.ask(**query).spans)

    def ask(self, **query: object) -> motion_search.MotionFound:
        options = {
            "since_wall_ns": 0, "until_wall_ns": 2**62, "newest_first": False, **query
        }  # fmt: skip
        return self.search.find(MotionQuery("cam", **options))  # type: ignore[arg-type]  # real fields


def spans(found: tuple[motion_search.MovedSpan, ...]) -> list[tuple[int, int]]:
    """Seconds from the start."""
    return [
        (s.since_wall_ns // NS_PER_S - START_S, s.until_wall_ns // NS_PER_S - START_S)
        for s in found
    ]


@pytest.fixture
def archive(database: Database) -> Archive:
    return Archive(database)


def test_where_and_when(archive: Archive) -> None:
    archive.add(STILL, IN_LEFT, IN_LEFT, STILL, STILL)
    archive.add(STILL, STILL, IN_RIGHT, STILL, STILL, IN_LEFT)
    assert archive.find(area=LEFT) == [(1, 3), (10, 11)]
    assert archive.find(area=RIGHT) == [(7, 8)]
    assert archive.find() == [(1, 3), (7, 11)]
    assert archive.find(newest_first=True) == [(7, 11), (1, 3)]
    assert archive.find(newest_first=True, limit=1, area=LEFT) == [(10, 11)], "last changed"


def test_a_span_goes_over_the_borders_of_files(archive: Archive) -> None:
    archive.add(STILL, STILL, IN_LEFT)
    archive.add(IN_LEFT, STILL)
    archive.add(STILL, IN_LEFT, STILL)
    (span,) = archive.ask(area=LEFT).spans
    assert spans((span,)) == [(2, 7)]
    assert span.moving_s == 3


def test_short_spans_are_left_out(archive: Archive) -> None:
    archive.add(IN_LEFT, STILL, STILL, STILL, IN_LEFT, IN_LEFT, IN_LEFT)
    assert archive.find(min_s=2) == [(4, 7)]


def test_only_within_the_span_that_was_asked_for(archive: Archive) -> None:
    archive.add(*[IN_LEFT] * 10)
    since_ns, until_ns = (START_S + 3) * NS_PER_S, (START_S + 5) * NS_PER_S
    assert archive.find(since_wall_ns=since_ns, until_wall_ns=until_ns) == [(3, 5)]


def test_unknown_is_told_apart(archive: Archive) -> None:
    archive.add(STILL, None, None, STILL)
    archive.add(None, None)
    archive.add(STILL, STILL, skip_s=100)
    found = archive.ask()
    assert not found.spans
    told = [(a // NS_PER_S - START_S, b // NS_PER_S - START_S) for a, b in found.unknown]
    assert told == [(1, 3), (4, 6)], "a gap between files is no recording, and not unknown"
    assert found.unknown_s == 4


def test_by_class(archive: Archive) -> None:
    archive.add(IN_LEFT, STILL, STILL, STILL, car=1)
    archive.add(IN_LEFT, STILL, STILL, STILL, person=2, car=1)
    archive.add(IN_LEFT, STILL, STILL, STILL, looked=False)
    assert archive.find(classes=("person",)) == [(4, 5)]
    assert archive.find(classes=("person", "car")) == [(0, 1), (4, 5)]
    found = archive.ask(classes=("bus",))
    assert not found.spans
    assert found.unknown_s == 4, "nobody looked for objects in the last file"


def test_damaged_activity_is_unknown(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    archive.add(IN_LEFT, IN_LEFT)
    pages = ActivityRows.pages

    def damaged(self: ActivityRows, *args: object, **options: object) -> object:
        for page in pages(self, *args, **options):  # type: ignore[arg-type]  # passed on
            yield [
                (start, end, packed[:40] + bytes(9) + packed[49:]) for start, end, packed in page
            ]

    monkeypatch.setattr(ActivityRows, "pages", damaged)
    found = archive.ask()
    assert not found.spans
    assert found.unknown_s == 2


@pytest.mark.parametrize("newest_first", [True, False], ids=["newest first", "oldest first"])
def test_pages_join_to_the_whole_answer(archive: Archive, newest_first: bool) -> None:
    rng = random.Random(7)
    for _ in range(300):
        archive.add(*[rng.choice([STILL, STILL, STILL, IN_LEFT, None]) for _ in range(5)])
    whole = archive.ask(area=LEFT, newest_first=newest_first, limit=1000)
    assert whole.next_wall_ns is None
    assert whole.segments == 300
    paged, limits, unknown = [], (0, 2**62), 0.0
    for _ in range(200):
        page = archive.ask(
            area=LEFT, newest_first=newest_first, limit=7,
            since_wall_ns=limits[0], until_wall_ns=limits[1],
        )  # fmt: skip
        paged += page.spans
        unknown += page.unknown_s
        if page.next_wall_ns is None:
            break
        limits = (limits[0], page.next_wall_ns) if newest_first else (page.next_wall_ns, limits[1])
    assert tuple(paged) == whole.spans
    assert unknown == pytest.approx(whole.unknown_s)
    assert len(paged) > 50


def test_a_search_ends_after_so_many_files(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(150):
        archive.add(STILL, STILL)
    archive.add(IN_LEFT, STILL)
    monkeypatch.setattr(motion_search, "SEGMENTS_MAX", 60)
    monkeypatch.setattr(activity_rows, "PAGE", 20)
    found = archive.ask()
    assert found.next_wall_ns is not None
    assert not found.spans
    again = archive.ask(since_wall_ns=found.next_wall_ns)
    while again.next_wall_ns is not None:
        again = archive.ask(since_wall_ns=again.next_wall_ns)
    assert spans(again.spans) == [(300, 301)]


@pytest.mark.parametrize(
    "text",
    [
        "0,0 1,0",
        "0,0 1,0 2,1",
        "0,0 1,0 nan,1",
        "0,0 1,0 x,1",
        "0,0 1,0 1",
        "0.5,0.5 0.5,0.5 0.5,0.5",
        " ".join(["0,0"] * 101),
    ],
)
def test_what_is_no_area(text: str) -> None:
    with pytest.raises(ConfigInvalid, match="area: write the corners"):
        parse_area(text)


def test_a_polygon_within_one_cell_touches_it_alone() -> None:
    grid = cells_touched(parse_area("0.51,0.51 0.52,0.51 0.515,0.52"))
    assert grid.sum() == 1
    assert grid[9, 16]


def test_halves_touch_their_own_cells_only() -> None:
    assert cells_touched(LEFT)[:, :16].all()
    assert not cells_touched(LEFT)[:, 16:].any()
    assert (cells_touched(RIGHT) == ~cells_touched(LEFT)).all()


coordinates = st.floats(0, 1, allow_subnormal=False)


@given(st.lists(st.tuples(coordinates, coordinates), min_size=3, max_size=8))
def test_every_point_of_a_polygon_lies_in_a_touched_cell(area: list[tuple[float, float]]) -> None:
    grid = cells_touched(area)
    points = np.random.default_rng(1).random((400, 2))
    inside = points[points_in_polygon(points, np.array(area))]
    for x, y in inside:
        assert grid[int(y * GRID_WH[1]), int(x * GRID_WH[0])]

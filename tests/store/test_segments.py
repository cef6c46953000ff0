from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, event

from its_camera_ai.core.activity import SegmentActivity
from its_camera_ai.core.media import StreamRole
from its_camera_ai.core.segments import Segment, SegmentState, Tier
from its_camera_ai.store.database import Database
from its_camera_ai.store.schema import segments
from its_camera_ai.store.segments import SegmentRepository

MAIN, SUB = StreamRole.MAIN, StreamRole.SUB


def segment(number: int, *, camera_id: str = "north", role: StreamRole = MAIN) -> Segment:
    """The ``number``-th of ten nanoseconds each."""
    return Segment(
        id=f"{camera_id}-{role}-{number:04}",
        camera_id=camera_id,
        role=role,
        path=f"{camera_id}/{role}/{number}.mp4",
        start_wall_ns=number * 10,
        start_pts_ns=number * 10 - 3,
        duration_ns=10,
        size_bytes=2**40,
        frames=250,
        codec="h264",
        width=1920,
        height=1080,
        has_audio=True,
        generation=2,
    )


@pytest.fixture
def repository(database: Database) -> SegmentRepository:
    made = SegmentRepository(database)
    for number in range(5):
        made.put(segment(number))
    made.put(segment(2, role=SUB))
    made.put(segment(3, camera_id="south"))
    return made


def test_a_segment_comes_back_as_it_was(repository: SegmentRepository) -> None:
    assert repository.get("north-main-0003") == segment(3)
    assert repository.get("nothing") is None


def test_putting_again_overwrites(repository: SegmentRepository) -> None:
    repository.put(segment(3))
    longer = replace(segment(3), duration_ns=12, frames=300)
    repository.put(longer)
    assert repository.get(longer.id) == longer
    assert longer in repository.find("north", MAIN, since_wall_ns=41, until_wall_ns=42)


def test_a_file_has_one_row(repository: SegmentRepository) -> None:
    found_again = replace(segment(3), id="rebuilt")
    repository.put(found_again)
    assert repository.get("north-main-0003") is None
    assert repository.find("north", MAIN)[3] == found_again


@pytest.mark.parametrize(
    ("since", "until", "limit", "numbers"),
    [
        pytest.param(None, None, 100, [0, 1, 2, 3, 4], id="all, oldest first"),
        pytest.param(None, None, 2, [0, 1], id="limited"),
        pytest.param(19, None, 100, [1, 2, 3, 4], id="since lies in one"),
        pytest.param(20, None, 100, [2, 3, 4], id="since is where one ends"),
        pytest.param(None, 20, 100, [0, 1], id="until is where one starts"),
        pytest.param(None, 21, 100, [0, 1, 2], id="until lies in one"),
        pytest.param(23, 24, 100, [2], id="within one"),
        pytest.param(50, 90, 100, [], id="after all"),
    ],
)
def test_find(
    repository: SegmentRepository,
    since: int | None,
    until: int | None,
    limit: int,
    numbers: list[int],
) -> None:
    assert repository.find("north", MAIN, since, until, limit) == [segment(n) for n in numbers]


def test_find_in_all_roles(repository: SegmentRepository) -> None:
    assert len(repository.find("north", since_wall_ns=20, until_wall_ns=30)) == 2


def test_latest(repository: SegmentRepository) -> None:
    assert repository.latest("north", MAIN) == segment(4)
    assert repository.latest("north", SUB) == segment(2, role=SUB)
    assert repository.latest("south", SUB) is None


HOUR_NS = 3600 * 10**9


@pytest.mark.parametrize(
    ("since", "until", "numbers"),
    [
        pytest.param(20, 30, [-1, 2], id="a long one lies around"),
        pytest.param(5 * HOUR_NS, 5 * HOUR_NS + 1, [-1], id="only the long one"),
        pytest.param(11 * HOUR_NS, None, [], id="after it"),
        pytest.param(0, 5, [-1, 0], id="both begin"),
    ],
)
def test_segments_of_many_hours_are_found_too(
    repository: SegmentRepository, since: int, until: int | None, numbers: list[int]
) -> None:
    long = replace(segment(0), id="long", path="long", duration_ns=10 * HOUR_NS)
    repository.put(long)
    wanted = [long if number == -1 else segment(number) for number in numbers]
    found = repository.find("north", MAIN, since, until)
    assert sorted(found, key=lambda s: s.id) == sorted(wanted, key=lambda s: s.id)
    assert found == sorted(found, key=lambda s: (s.end_wall_ns, s.id))


@given(
    spans=st.lists(
        st.tuples(st.integers(0, 40), st.sampled_from([0, 1, 3, HOUR_NS, HOUR_NS + 1])),
        max_size=12,
    ),
    since=st.none() | st.integers(-1, 45),
    length=st.none() | st.integers(0, 10),
    limit=st.integers(1, 15),
    page_rows=st.integers(1, 4),
)
@settings(max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_find_and_each_are_what_a_search_of_all_is(
    database: Database,
    spans: list[tuple[int, int]],
    since: int | None,
    length: int | None,
    limit: int,
    page_rows: int,
) -> None:
    repository = SegmentRepository(database)
    with database.write(durable=False) as connection:
        connection.execute(delete(segments))
    stored = [
        replace(segment(n), start_wall_ns=start, duration_ns=duration)
        for n, (start, duration) in enumerate(spans)
    ]
    repository.put_many(stored)
    until = None if since is None or length is None else since + length
    wanted = sorted(
        (
            s
            for s in stored
            if (since is None or s.end_wall_ns > since)
            and (until is None or s.start_wall_ns < until)
        ),
        key=lambda s: (s.end_wall_ns, s.id),
    )
    assert repository.find("north", MAIN, since, until, limit) == wanted[:limit]
    assert list(repository.each("north", MAIN, since, until, page_rows=page_rows)) == wanted


def test_many_are_put_at_once(database: Database) -> None:
    repository = SegmentRepository(database)
    repository.put_many([])
    repository.put_many([segment(n) for n in range(1200)])
    again = [replace(segment(n), frames=1) for n in range(600, 1300)]
    repository.put_many(again)
    assert repository.find("north", limit=2000) == [segment(n) for n in range(600)] + again


def test_a_path_belongs_to_the_last_that_was_put(repository: SegmentRepository) -> None:
    renamed = [replace(segment(n), id=f"new-{n}") for n in range(5)]
    repository.put_many(renamed)
    assert repository.find("north", MAIN) == renamed


@pytest.mark.parametrize("page_rows", [1, 2, 3, 100])
def test_files_come_in_order_of_their_paths(repository: SegmentRepository, page_rows: int) -> None:
    repository.put(replace(segment(7), id="w", path="north/w.mp4", tier=Tier.WARM))
    every = list(repository.by_path(page_rows=page_rows))
    assert [f.path for f in every] == sorted(f.path for f in every)
    assert len(every) == 7
    assert [f.path for f in repository.by_path("north/sub/")] == ["north/sub/2.mp4"]
    assert [f.id for f in repository.by_path(tier=Tier.WARM)] == ["w"]
    first = every[0]
    assert first == (
        "north-main-0000",
        "north/main/0.mp4",
        2**40,
        "",
        "good",
    )


def test_streams_and_links(repository: SegmentRepository) -> None:
    assert repository.streams() == [("north", MAIN), ("north", SUB), ("south", MAIN)]
    links = list(repository.links("north", MAIN, page_rows=2))
    assert [link.start_wall_ns for link in links] == [0, 10, 20, 30, 40]
    assert list(repository.links("west", MAIN)) == []


def test_known_files(repository: SegmentRepository) -> None:
    repository.discard([segment(1).id], reason="x", now_wall_ns=1)
    paths = [f"north/main/{n}.mp4" for n in (0, 1, 9)]
    assert repository.known(paths) == {"north/main/0.mp4", "north/main/1.mp4"}
    assert repository.known(paths, garbage_too=False) == {"north/main/0.mp4"}
    assert repository.known(paths, Tier.COLD) == set()


def test_the_longest_unverified_come_first(repository: SegmentRepository) -> None:
    for number, wall_ns in [(0, 30), (1, 10), (2, 20)]:
        repository.judge([(segment(number), SegmentState.GOOD)], wall_ns)
    found = repository.longest_unverified(10)
    assert [s.verified_wall_ns for s in found] == [0, 0, 0, 0, 10, 20, 30]
    assert len(repository.longest_unverified(10, before_wall_ns=11)) == 5
    assert repository.longest_unverified(10, tier=Tier.COLD) == []


def test_marks(repository: SegmentRepository) -> None:
    repository.mark([segment(1).id, "nothing"], SegmentState.MISSING)
    repository.mark([], SegmentState.DAMAGED)
    assert repository.get(segment(1).id) == replace(segment(1), state=SegmentState.MISSING)


def seen(known_s: int) -> SegmentActivity:
    return SegmentActivity(0, 10, known_s, 0, {}, b"")


@pytest.mark.parametrize(
    ("known", "found", "kept"),
    [
        pytest.param(None, {}, {}, id="new"),
        pytest.param({"verified_wall_ns": 5}, {}, {"verified_wall_ns": 5}, id="verified"),
        pytest.param(
            {"verified_wall_ns": 5}, {"content_hash": "x"}, {"content_hash": "x"}, id="another"
        ),
        pytest.param(
            {"state": SegmentState.DAMAGED}, {}, {"state": SegmentState.DAMAGED}, id="damaged"
        ),
        pytest.param({"state": SegmentState.MISSING}, {}, {}, id="was missing"),
        pytest.param({"activity": seen(9)}, {}, {"activity": seen(9)}, id="activity"),
        pytest.param(
            {"activity": seen(9)},
            {"activity": seen(8)},
            {"activity": seen(9)},
            id="fuller row",
        ),
        pytest.param(
            {"activity": seen(8)},
            {"activity": seen(9)},
            {"activity": seen(9)},
            id="fuller file",
        ),
        pytest.param({"path": "elsewhere"}, {}, None, id="a copy"),
        pytest.param(
            {"path": "elsewhere", "state": SegmentState.MISSING}, {}, {}, id="the copy that is left"
        ),
        pytest.param({"tier": Tier.WARM}, {}, {}, id="the recording disk wins"),
        pytest.param({}, {"tier": Tier.WARM}, None, id="another tier does not"),
        pytest.param(
            {"state": SegmentState.MISSING},
            {"tier": Tier.WARM},
            {"tier": Tier.WARM},
            id="unless that one is missing",
        ),
    ],
)
def test_adopt(
    database: Database,
    known: dict[str, object] | None,
    found: dict[str, object],
    kept: dict[str, object] | None,
) -> None:
    repository = SegmentRepository(database)
    if known is not None:
        repository.put(replace(segment(1), **known))  # type: ignore[arg-type]  # real fields
    item = replace(segment(1), **found)  # type: ignore[arg-type]  # real fields
    wanted = [] if kept is None else [replace(segment(1), **kept)]  # type: ignore[arg-type]
    assert repository.adopt([item]) == wanted
    if wanted:
        assert repository.get(segment(1).id) == wanted[0]


QUESTIONS: dict[str, Callable[[SegmentRepository], object]] = {
    "span": lambda r: r.find("north", MAIN, 10, 20),
    "from then on": lambda r: r.find("north", MAIN, 10),
    "pages": lambda r: list(r.each("north", MAIN, 10, 20, page_rows=1)),
    "latest": lambda r: r.latest("north", MAIN),
    "by path": lambda r: list(r.by_path("north/", page_rows=2)),
    "links": lambda r: list(r.links("north", MAIN, page_rows=2)),
    "known": lambda r: r.known(["north/main/1.mp4"]),
    "streams": lambda r: r.streams(),
    "unverified": lambda r: r.longest_unverified(3, before_wall_ns=9),
}


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_million_rows_are_neither_searched_through_nor_sorted(
    database: Database, repository: SegmentRepository, question: str
) -> None:
    asked: list[tuple[str, object]] = []

    def remember(
        connection: object, cursor: object, statement: str, parameters: object, *_: object
    ) -> None:
        asked.append((statement, parameters))

    with database.read() as connection:
        engine = connection.engine
    event.listen(engine, "before_cursor_execute", remember)
    QUESTIONS[question](repository)
    event.remove(engine, "before_cursor_execute", remember)
    selects = [(text, values) for text, values in asked if text.startswith("SELECT")]
    assert selects
    with database.read() as connection:
        for text, values in selects:
            plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", values).all()
            steps = [str(row[3]) for row in plan]
            assert not any(step.startswith("SCAN segments") for step in steps[1:]), steps
            assert "USE TEMP B-TREE FOR ORDER BY" not in steps, steps
            assert "INDEX" in steps[0], steps

from dataclasses import replace

import pytest

from its_camera_ai.core.media import StreamRole
from its_camera_ai.core.segments import Segment
from its_camera_ai.store.database import Database
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

"""The index in brief: the same rows as the repository's, their activity, their neighbours."""

from dataclasses import replace

import pytest

from its_camera_ai.core.activity import SegmentActivity
from its_camera_ai.core.media import StreamRole
from its_camera_ai.core.segments import Segment, SegmentState, Tier
from its_camera_ai.store.database import Database
from its_camera_ai.store.segment_list import ListedSegment, SegmentList
from its_camera_ai.store.segments import SegmentRepository

MAIN = StreamRole.MAIN
ACTIVITY = SegmentActivity(0, 1, 1, 1, {"car": 2}, b"x")
FIRST = Segment(
    id="1",
    camera_id="gate",
    role=MAIN,
    path="1.mp4",
    start_wall_ns=100,
    start_pts_ns=7,
    duration_ns=50,
    size_bytes=9,
    frames=3,
    codec="hevc",
    width=640,
    height=360,
    has_audio=True,
    generation=4,
    content_hash="ab",
    original_hash="cd",
    tier=Tier.WARM,
    state=SegmentState.DAMAGED,
)
SECOND = replace(FIRST, id="2", path="2.mp4", start_wall_ns=200, activity=ACTIVITY)
SUB = replace(FIRST, id="3", path="3.mp4", role=StreamRole.SUB)


@pytest.fixture
def listed(database: Database) -> SegmentList:
    SegmentRepository(database).put_many([SECOND, FIRST, SUB])
    return SegmentList(database)


def test_says_what_the_row_says(listed: SegmentList) -> None:
    (found, _) = listed.find("gate", MAIN, 0, 1000, 10)
    for name in ListedSegment._fields:
        assert getattr(found, name) == getattr(FIRST, name)


@pytest.mark.parametrize(
    ("since", "until", "ids"),
    [
        pytest.param(0, 100, [], id="ends at its beginning"),
        pytest.param(0, 101, ["1"], id="ends within"),
        pytest.param(149, 150, ["1"], id="its last moment"),
        pytest.param(150, 200, [], id="between"),
        pytest.param(0, 10**30, ["1", "2"], id="beyond what a column holds"),
    ],
)
def test_spans(listed: SegmentList, since: int, until: int, ids: list[str]) -> None:
    assert [s.id for s in listed.find("gate", MAIN, since, until, 10)] == ids


def test_no_more_than_asked(listed: SegmentList) -> None:
    assert len(listed.find("gate", MAIN, 0, 1000, 1)) == 1


def test_activity_where_there_is_some(listed: SegmentList) -> None:
    ((start_ns, end_ns, packed),) = listed.activity("gate", MAIN, 0, 1000, 10)
    assert (start_ns, end_ns) == (200, 250)
    assert packed


def test_neighbours(listed: SegmentList) -> None:
    assert [listed.before("gate", MAIN, ns) for ns in (149, 150, 999)] == [None, 150, 250]
    assert [listed.after("gate", MAIN, ns) for ns in (0, 100, 200)] == [100, 200, None]
    assert listed.before("yard", MAIN, 10**30) is None

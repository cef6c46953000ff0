"""Sums over the index, and what was not recorded."""

from dataclasses import replace

import pytest

from its_camera_ai.core.segments import SegmentState, Tier
from its_camera_ai.store.database import Database
from its_camera_ai.store.segments import SegmentRepository
from its_camera_ai.store.storage_figures import Gap, Holding, StorageFigures, Verified
from tests.store.test_segments import SUB, segment


@pytest.fixture
def repository(database: Database) -> SegmentRepository:
    """North: 0-30 and 50-60 on the disk, 100-110 archived; south: 30-40."""
    made = SegmentRepository(database)
    made.put_many([segment(n) for n in (0, 1, 2, 5)])
    made.put(replace(segment(10), tier=Tier.COLD))
    made.put(replace(segment(3, role=SUB), size_bytes=1))
    made.put(segment(3, camera_id="south"))
    return made


def test_holdings(repository: SegmentRepository, database: Database) -> None:
    repository.mark([segment(0).id], SegmentState.DAMAGED)
    repository.mark([segment(1).id], SegmentState.MISSING)
    size = 2**40
    assert StorageFigures(database).holdings() == [
        Holding("north", Tier.COLD, 1, size, 100, 110, 0, 0),
        Holding("north", Tier.HOT, 4, 3 * size + 1, 0, 60, 1, 1),
        Holding("south", Tier.HOT, 1, size, 30, 40, 0, 0),
    ]


def test_verified(repository: SegmentRepository, database: Database) -> None:
    repository.judge([(segment(0), SegmentState.GOOD), (segment(1), SegmentState.GOOD)], 70)
    repository.judge([(segment(2), SegmentState.DAMAGED)], 90)
    assert StorageFigures(database).verified() == [
        Verified(Tier.HOT, 3, 70),
        Verified(Tier.COLD, 1, None),
    ]


def test_an_empty_index(database: Database) -> None:
    figures = StorageFigures(database)
    assert (figures.holdings(), figures.verified(), figures.garbage()) == ([], [], (0, 0))
    assert figures.gaps("north", 0, 100, longer_than_ns=0) == []


@pytest.mark.parametrize(
    ("since", "until", "longer_than", "gaps"),
    [
        pytest.param(0, 200, 0, [(30, 50), (60, 100)], id="all"),
        pytest.param(0, 200, 20, [(60, 100)], id="only the longer one"),
        pytest.param(25, 55, 0, [(30, 50)], id="in a window"),
        pytest.param(31, 49, 0, [], id="in a gap there is nothing to compare with"),
        pytest.param(0, 30, 0, [], id="none"),
    ],
)
def test_gaps(
    repository: SegmentRepository,
    database: Database,
    since: int,
    until: int,
    longer_than: int,
    gaps: list[tuple[int, int]],
) -> None:
    found = StorageFigures(database).gaps("north", since, until, longer_than_ns=longer_than)
    assert found == [Gap(*span) for span in gaps]


def test_a_segment_within_another_makes_no_gap(database: Database) -> None:
    repository = SegmentRepository(database)
    repository.put(replace(segment(0), duration_ns=100))
    repository.put(segment(2))
    repository.put(segment(10))
    assert StorageFigures(database).gaps("north", 0, 200, longer_than_ns=0) == []


def test_what_is_missing_was_not_recorded(
    repository: SegmentRepository, database: Database
) -> None:
    repository.mark([segment(1).id], SegmentState.MISSING)
    found = StorageFigures(database).gaps("north", 0, 40, longer_than_ns=0)
    assert found == [Gap(10, 20)]

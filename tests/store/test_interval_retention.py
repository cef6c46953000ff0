"""The keeper of interval tables: one number of days for all lengths."""

import pytest

from its_camera_ai.core.intervals import IntervalRow, Place, PlaceKind, Tally
from its_camera_ai.core.retention import NS_PER_DAY, Action, Reason, RetentionOrder, Subject
from its_camera_ai.core.retention import Tally as RetentionTally
from its_camera_ai.core.retention_matrix import DataClass, RetentionRule
from its_camera_ai.core.storage_policy import StoragePolicy
from its_camera_ai.store.database import Database
from its_camera_ai.store.interval_retention import IntervalKeeper
from its_camera_ai.store.intervals import IntervalRepository

LANE = Place(PlaceKind.LANE, "east")
NOW_NS = 1_799_971_200 * 10**9  # on an hour
DELETED = Subject(DataClass.TRAFFIC_TABLES, Action.DELETED, Reason.AGE)


def policy(days: float | None) -> StoragePolicy:
    return StoragePolicy({DataClass.TRAFFIC_TABLES: RetentionRule(days)})


@pytest.fixture
def repository(database: Database) -> IntervalRepository:
    made = IntervalRepository(database)
    ages = (1, 9, 11, 39, 41, 119, 121)
    made.add(
        [
            IntervalRow(
                "cam", LANE, NOW_NS - days * NS_PER_DAY, 60, Tally(looked_s=60.0), writer="w"
            )
            for days in ages
        ]
    )
    return made


def kept(repository: IntervalRepository, length_s: int) -> int:
    """Rows of this length that are still there."""
    since = NOW_NS - 200 * NS_PER_DAY
    table = repository.table("cam", LANE, length_s, since, NOW_NS, limit=100_000)
    span_ns = sum(gap.until_wall_ns - gap.since_wall_ns for gap in table.gaps)
    return len(table.rows) - span_ns // (length_s * 10**9)


def test_longer_rows_stay_longer(repository: IntervalRepository) -> None:
    keeper = IntervalKeeper(repository)
    for dry_run in (True, False):
        tally = RetentionTally()
        keeper.work(RetentionOrder(policy(10), NOW_NS, dry_run=dry_run), tally)
        # of minutes those beyond 10 days, of 5 minutes beyond 40, of 15 minutes beyond 120
        assert tally.amounts[DELETED].count == 5 + 3 + 1
    assert [kept(repository, length_s) for length_s in (300, 900, 3600)] == [4, 6, 7]
    again = RetentionTally()
    keeper.work(RetentionOrder(policy(10), NOW_NS), again)
    assert not again.amounts


@pytest.mark.parametrize(
    "order",
    [
        pytest.param(RetentionOrder(policy(None), NOW_NS), id="for ever"),
        pytest.param(
            RetentionOrder(policy(10), NOW_NS, classes=frozenset({DataClass.ALERTS})),
            id="another class",
        ),
    ],
)
def test_nothing_to_do(repository: IntervalRepository, order: RetentionOrder) -> None:
    tally = RetentionTally()
    IntervalKeeper(repository).work(order, tally)
    assert not tally.amounts

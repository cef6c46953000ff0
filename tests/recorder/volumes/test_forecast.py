import pytest

from its_camera_ai.core.disk import Space
from its_camera_ai.core.media import StreamRole
from its_camera_ai.core.retention_matrix import DataClass, RetentionRule
from its_camera_ai.core.segments import Segment, SegmentState, Tier
from its_camera_ai.core.storage_policy import Quota, StoragePolicy
from its_camera_ai.recorder.volumes.forecast import Forecast, forecast, growth_of
from its_camera_ai.store.daily_bytes import DAY_NS, CameraHistory, DailyBytes
from its_camera_ai.store.database import open_database
from its_camera_ai.store.migration import migrate
from its_camera_ai.store.segments import SegmentRepository

TODAY = 20_000
NOW_NS = TODAY * DAY_NS + DAY_NS // 2
GB = 10**9


def policy(days: float | None, **others: object) -> StoragePolicy:
    rules = {
        name: RetentionRule(days if name is DataClass.RAW_VIDEO else None)
        for name in (DataClass.RAW_VIDEO,)
    }
    return StoragePolicy(retention=rules, **others)  # type: ignore[arg-type]


def camera(
    camera_id: str, per_day: int, *, days: int = 10, hot: int | None = None
) -> CameraHistory:
    first = (TODAY - days) * DAY_NS
    by_day = {TODAY - i: per_day for i in range(1, min(days, 8))} | {TODAY: per_day // 2}
    return CameraHistory(camera_id, per_day * days if hot is None else hot, first, by_day)


def look(
    cameras: list[CameraHistory], wanted: StoragePolicy, free: int, **more: object
) -> Forecast:
    space = Space(10_000 * GB, free)
    return forecast(cameras, wanted, space, 0, has_warm=bool(more), now_wall_ns=NOW_NS)


@pytest.mark.parametrize(
    ("history", "mean", "low", "high", "measured"),
    [
        pytest.param(camera("a", 10), 10, 10, 10, 7, id="a week"),
        pytest.param(
            CameraHistory("a", 0, (TODAY - 3) * DAY_NS, {TODAY - 3: 4, TODAY - 1: 8}),
            4, 0, 8, 3, id="a day without recordings counts",
        ),
        pytest.param(
            CameraHistory("a", 0, TODAY * DAY_NS, {TODAY: 6}), 12, 6, 24, 0.5, id="half a day"
        ),
        pytest.param(
            CameraHistory("a", 0, NOW_NS - DAY_NS // 48, {TODAY: 6}), 0, 0, 0, 0, id="minutes"
        ),
        pytest.param(CameraHistory("a", 50), 0, 0, 0, 0, id="nothing lately"),
        pytest.param(
            CameraHistory("a", 0, (TODAY - 2) * DAY_NS + 1, {TODAY - 2: 1, TODAY - 1: 8, TODAY: 3}),
            4.8, 2.4, 9.6, 2.5, id="a day that began late is not whole",
        ),
    ],
)  # fmt: skip
def test_growth(
    history: CameraHistory, mean: float, low: float, high: float, measured: float
) -> None:
    growth, days = growth_of(history, NOW_NS)
    assert (growth.mean, growth.low, growth.high) == pytest.approx((mean, low, high))
    assert days == pytest.approx(measured)


def test_a_disk_that_is_large_enough() -> None:
    ahead = look([camera("a", 10 * GB), camera("b", 20 * GB)], policy(30), 800 * GB)
    assert ahead.full_in_days == pytest.approx((800 / 30,) * 3)
    assert ahead.usable_bytes == 1100 * GB
    assert ahead.holds_days == pytest.approx((1100 / 30,) * 3)
    assert ahead.policy_bytes == pytest.approx(900 * GB)
    assert ahead.keeps_policy is True
    assert ahead.breach_in_days is None
    assert not ahead.is_rough


def test_a_disk_that_is_too_small_says_when() -> None:
    ahead = look([camera("a", 10 * GB), camera("b", 20 * GB)], policy(30), 300 * GB)
    assert ahead.keeps_policy is False
    assert ahead.breach_in_days == pytest.approx(10)


def test_a_camera_that_came_to_its_end_grows_no_more() -> None:
    """The first keeps 30 days at 10 GB and has 25; the second has nothing of its 30 × 10 yet."""
    cameras = [camera("a", 10 * GB, hot=250 * GB), camera("b", 10 * GB, hot=0)]
    ahead = look(cameras, policy(30), 200 * GB)
    # 450 GB are usable: 5 days at 20 GB a day reach 350, the other 100 take 10 days
    assert ahead.breach_in_days == pytest.approx(15)


@pytest.mark.parametrize(
    ("wanted", "keeps", "breach"),
    [
        pytest.param(policy(None), False, 30, id="for ever"),
        pytest.param(policy(20), True, None, id="short enough"),
        pytest.param(policy(90, total=Quota(max_days=20)), True, None, id="total days"),
        pytest.param(policy(90, total=Quota(max_bytes=200 * GB)), False, 10, id="total bytes"),
        pytest.param(policy(90, cameras={"a": Quota(max_days=20)}), True, None, id="own days"),
        pytest.param(
            policy(None, cameras={"a": Quota(max_bytes=300 * GB)}), True, None, id="own bytes"
        ),
    ],
)
def test_limits(wanted: StoragePolicy, keeps: bool, breach: float | None) -> None:
    ahead = look([camera("a", 10 * GB)], wanted, 300 * GB)
    assert ahead.keeps_policy is keeps
    assert ahead.breach_in_days == (None if breach is None else pytest.approx(breach))


def test_what_leaves_for_a_slower_tier_is_not_kept_here() -> None:
    assert look([camera("a", 10 * GB)], policy(90), 300 * GB).keeps_policy is False
    assert look([camera("a", 10 * GB)], policy(90), 300 * GB, has_warm=True).keeps_policy is True


def test_nothing_recorded_says_nothing() -> None:
    ahead = look([CameraHistory("a", 5 * GB)], policy(30), GB)
    assert (ahead.keeps_policy, ahead.full_in_days, ahead.breach_in_days) == (None, None, None)


def test_the_index_by_day(tmp_path) -> None:  # type: ignore[no-untyped-def]
    database = open_database(f"sqlite:///{tmp_path / 'db.sqlite'}")
    migrate(database)
    repository = SegmentRepository(database)
    rows = [
        ("a", TODAY - 1, 100, Tier.HOT, SegmentState.GOOD),
        ("a", TODAY - 1, 50, Tier.WARM, SegmentState.GOOD),
        ("a", TODAY, 25, Tier.HOT, SegmentState.DAMAGED),
        ("a", TODAY, 9, Tier.HOT, SegmentState.MISSING),
        ("b", TODAY - 30, 7, Tier.HOT, SegmentState.GOOD),
    ]
    for number, (camera_id, day, size, tier, state) in enumerate(rows):
        start_ns = day * DAY_NS + number
        repository.put(
            Segment(
                f"s{number}", camera_id, StreamRole.MAIN, f"{number}.mp4", start_ns, 0, 5, size, 1,
                "h264", 1, 1, False, 1, tier=tier, state=state,
            )
        )  # fmt: skip
    found = DailyBytes(database).since((TODAY - 7) * DAY_NS)
    database.close()
    first_ns = (TODAY - 1) * DAY_NS
    assert found == [
        CameraHistory("a", 125, first_ns, {TODAY - 1: 150, TODAY: 25}),
        CameraHistory("b", 7, 0, {}),
    ]

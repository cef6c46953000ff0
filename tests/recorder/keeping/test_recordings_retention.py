"""Which recordings go: by age, activity and quota; never what is held; dry runs tell the truth."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert

from its_camera_ai.core.activity import SegmentActivity
from its_camera_ai.core.media import StreamRole
from its_camera_ai.core.retention import (
    NS_PER_DAY,
    Action,
    Amount,
    Reason,
    RetentionOrder,
    Subject,
    Tally,
)
from its_camera_ai.core.retention_matrix import DataClass, RetentionRule, WithoutArchive
from its_camera_ai.core.segments import Segment, SegmentState, Tier
from its_camera_ai.core.storage_policy import Quota, StoragePolicy, TierPolicy
from its_camera_ai.recorder.keeping import recordings_retention
from its_camera_ai.recorder.keeping.recordings_retention import RecordingsKeeper
from its_camera_ai.recorder.keeping.retention_plan import RetentionPlan
from its_camera_ai.store import schema
from its_camera_ai.store.aged_segments import AgedSegments
from its_camera_ai.store.database import Database, open_database
from its_camera_ai.store.migration import migrate
from its_camera_ai.store.segments import SegmentRepository

NOW_NS = 1_800_000_000_000_000_000
CAMERAS = ("east", "north")
RAW, QUIET = DataClass.RAW_VIDEO, DataClass.QUIET_VIDEO
MOTION, OBJECT = DataClass.MOTION_VIDEO, DataClass.OBJECT_VIDEO
SEEN = {
    RAW: SegmentActivity(0, 20, 19, 0, {}, b""),  # a second was not seen: it may hold anything
    QUIET: SegmentActivity(0, 20, 20, 0, {}, b""),
    MOTION: SegmentActivity(0, 20, 20, 3, {}, b""),
    OBJECT: SegmentActivity(0, 20, 20, 3, {"car": 1}, b""),
}


@dataclass
class Site:
    """A database with recordings, and what runs over it."""

    database: Database

    def __post_init__(self) -> None:
        self.segments = SegmentRepository(self.database)
        self.index = AgedSegments(self.database)
        self.numbers = itertools.count(1)

    def clear(self) -> None:
        with self.database.write(False) as connection:
            for table in (schema.segments, schema.garbage, schema.holds):
                connection.execute(delete(table))

    def record(
        self,
        days_old: float,
        size_bytes: int = 100,
        *,
        camera_id: str = "north",
        data_class: DataClass = RAW,
        tier: Tier = Tier.HOT,
        state: SegmentState = SegmentState.GOOD,
    ) -> str:
        """A segment of 20 s that ended so long ago; returns its id."""
        name = f"{next(self.numbers):06}"
        end_ns = NOW_NS - round(days_old * NS_PER_DAY)
        duration_ns = 20_000_000_000
        self.segments.put(
            Segment(
                id=name,
                camera_id=camera_id,
                role=StreamRole.MAIN,
                path=f"{camera_id}/main/day/{name}.mp4",
                start_wall_ns=end_ns - duration_ns,
                start_pts_ns=0,
                duration_ns=duration_ns,
                size_bytes=size_bytes,
                frames=500,
                codec="h264",
                width=1920,
                height=1080,
                has_audio=False,
                generation=1,
                activity=SEEN[data_class],
                tier=tier,
                state=state,
            )
        )
        return name

    def hold(self, since_days: float, until_days: float, camera_id: str | None = "north") -> None:
        """Hold what was recorded between so many and so many days ago."""
        row = {
            "id": f"hold{next(self.numbers)}",
            "kind": "legal",
            "camera_id": camera_id,
            "since_ns": NOW_NS - round(since_days * NS_PER_DAY),
            "until_ns": NOW_NS - round(until_days * NS_PER_DAY),
            "reason": "",
            "author": "",
            "created_ns": 0,
            "released_ns": None,
            "released_by": "",
        }
        with self.database.write(False) as connection:
            connection.execute(insert(schema.holds), [row])

    def work(
        self,
        policy: StoragePolicy,
        *,
        dry_run: bool = False,
        has_archive: bool = False,
        ages: bool = True,
        classes: frozenset[DataClass] | None = None,
    ) -> Tally:
        keeper = RecordingsKeeper(self.index, self.segments, has_archive=has_archive, ages=ages)
        tally = Tally()
        keeper.work(RetentionOrder(policy, NOW_NS, dry_run, classes), tally)
        return tally

    def left(self) -> set[str]:
        return {s.id for c in CAMERAS for s in self.segments.find(c, limit=10_000)}


@pytest.fixture(scope="module")
def only_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder: Path = tmp_path_factory.mktemp("retention")
    database = open_database(f"sqlite:///{folder}/site.db")
    migrate(database)
    yield Site(database)
    database.close()


@pytest.fixture
def site(only_site: Site) -> Site:
    only_site.clear()
    return only_site


def rules(**days: float | None) -> StoragePolicy:
    """A policy without an archive, with these ages by class."""
    return StoragePolicy({DataClass(name): RetentionRule(age) for name, age in days.items()})


def test_what_is_older_than_its_class_goes(site: Site) -> None:
    kept = [
        site.record(89.9),
        site.record(6.9, data_class=QUIET),
        site.record(29, data_class=OBJECT),
    ]
    site.record(90.1)
    site.record(7.1, data_class=QUIET)
    site.record(14.1, data_class=MOTION)
    tally = site.work(rules(raw_video=90, quiet_video=7, motion_video=14, object_video=30))
    assert site.left() == set(kept)
    assert {s.data_class: a.count for s, a in tally.amounts.items()} == {
        RAW: 1,
        QUIET: 1,
        MOTION: 1,
    }


def test_what_was_not_wholly_seen_counts_as_active(site: Site) -> None:
    unseen = site.record(8, data_class=RAW)
    site.record(8, data_class=QUIET)
    site.work(rules(raw_video=90, quiet_video=7))
    assert site.left() == {unseen}


ARCHIVING = RetentionRule(90, archive_first=True, archive_days=180)


@pytest.mark.parametrize(
    ("without_archive", "has_archive", "left"),
    [
        pytest.param(WithoutArchive.DELETE, True, {"waits", "cold"}, id="an archive"),
        pytest.param(WithoutArchive.DELETE, False, {"cold"}, id="none, so it goes"),
        pytest.param(WithoutArchive.KEEP, False, {"waits", "cold"}, id="none, and it shall stay"),
    ],
)
def test_what_is_to_be_archived_first(
    site: Site, without_archive: WithoutArchive, has_archive: bool, left: set[str]
) -> None:
    names = {
        site.record(100, tier=Tier.WARM): "waits",
        site.record(200, tier=Tier.COLD): "cold",
        site.record(271, tier=Tier.COLD): "ended",
        site.record(271, tier=Tier.HOT): "never moved",
    }
    policy = StoragePolicy({RAW: replace(ARCHIVING, without_archive=without_archive)})
    tally = site.work(policy, has_archive=has_archive)
    assert {names[i] for i in site.left()} == left
    waiting = tally.amounts.get(Subject(RAW, Action.KEPT, Reason.AWAITS_ARCHIVE, "north"))
    assert waiting == (Amount(1, 100) if "waits" in left else None)


def test_an_archive_that_nothing_ever_reaches_is_none(site: Site) -> None:
    site.record(100)
    policy = StoragePolicy({RAW: ARCHIVING}, tiers=TierPolicy(cold_after_days=None))
    site.work(policy, has_archive=True)
    assert site.left() == set()


def test_a_hold_keeps_and_is_told(site: Site) -> None:
    held = site.record(100)
    site.record(110)
    site.hold(101, 99)
    tally = site.work(rules(raw_video=90))
    assert site.left() == {held}
    assert tally.amounts == {
        Subject(RAW, Action.DELETED, Reason.AGE, "north"): Amount(1, 100),
        Subject(RAW, Action.KEPT, Reason.HELD, "north"): Amount(1, 100),
    }


@pytest.mark.parametrize(
    ("policy", "left", "reason"),
    [
        pytest.param(
            StoragePolicy(cameras={"north": Quota(max_bytes=250)}),
            {"n1", "n2", "e1", "e2", "e3"},
            Reason.CAMERA_BYTES,
            id="bytes of a camera",
        ),
        pytest.param(
            StoragePolicy(total=Quota(max_bytes=350)),
            {"n1", "n2", "e1"},
            Reason.TOTAL_BYTES,
            id="bytes of all",
        ),
        pytest.param(
            StoragePolicy(cameras={"north": Quota(max_days=2)}),
            {"n1", "e1", "e2", "e3"},
            Reason.CAMERA_DAYS,
            id="days of a camera",
        ),
        pytest.param(
            StoragePolicy(total=Quota(max_days=3)), {"n1", "n2", "e1"}, Reason.TOTAL_DAYS,
            id="days of all",
        ),
    ],
)  # fmt: skip
def test_quotas_take_the_oldest(
    site: Site, policy: StoragePolicy, left: set[str], reason: Reason
) -> None:
    names = {}
    for number in (1, 2, 3):
        names[site.record(number + 0.1)] = f"n{number}"
        names[site.record(number * 2 + 0.2, camera_id="east")] = f"e{number}"
    tally = site.work(policy, ages=False)
    assert {names[i] for i in site.left()} == left
    assert {s.reason for s in tally.amounts} == {reason}


def test_a_clock_that_ran_ahead_hides_nothing_from_a_quota(site: Site) -> None:
    site.record(-400)
    site.work(StoragePolicy(total=Quota(max_bytes=50)))
    assert site.left() == set()


def test_only_the_classes_that_were_asked_for(site: Site) -> None:
    kept = {site.record(100), site.record(95, data_class=MOTION)}
    site.record(100, data_class=QUIET)
    policy = replace(rules(quiet_video=7, motion_video=9), total=Quota(max_bytes=1))
    site.work(policy, classes=frozenset({QUIET}))
    assert site.left() == kept


def test_it_stops_between_batches_and_goes_on(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recordings_retention, "BATCH_SEGMENTS", 4)
    for _ in range(10):
        site.record(100)
    asked = itertools.count()
    order = RetentionOrder(rules(raw_video=90), NOW_NS, stopped=lambda: next(asked) >= 2)
    RecordingsKeeper(site.index, site.segments, has_archive=False).work(order, Tally())
    assert len(site.left()) == 2
    assert site.work(rules(raw_video=90)).total(Action.DELETED).count == 2
    assert site.left() == set()


segments_of_a_site = st.lists(
    st.fixed_dictionaries(
        {
            "days_old": st.floats(-3, 40).map(lambda x: round(x, 2)),
            "size_bytes": st.integers(1, 100),
            "camera_id": st.sampled_from(CAMERAS),
            "data_class": st.sampled_from([RAW, OBJECT, MOTION, QUIET]),
            "tier": st.sampled_from(list(Tier)),
            "state": st.sampled_from([SegmentState.GOOD, SegmentState.GOOD, SegmentState.MISSING]),
        }
    ),
    max_size=25,
)
holds_of_a_site = st.lists(
    st.tuples(st.floats(0, 40), st.floats(0, 5), st.sampled_from([*CAMERAS, None])), max_size=3
)
quotas = st.builds(
    Quota,
    max_bytes=st.none() | st.integers(1, 900),
    max_days=st.none() | st.floats(1, 30),
)
activity_days = st.none() | st.floats(1, 10)
policies = st.builds(
    lambda archive, own, total, quota: StoragePolicy(
        {
            RAW: RetentionRule(
                20, archive_first=archive, archive_days=10 if archive else 0
            ),
            **{c: RetentionRule(d) for c, d in zip((OBJECT, MOTION, QUIET), own, strict=True)},
        },
        total=total,
        cameras={"north": quota},
        tiers=TierPolicy(1, 10),
    ),
    st.booleans(),
    st.tuples(activity_days, activity_days, activity_days),
    quotas,
    quotas,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(segments_of_a_site, holds_of_a_site, policies, st.booleans())
def test_any_site(  # type: ignore[no-untyped-def]
    only_site: Site, recorded, held_spans, policy: StoragePolicy, has_archive: bool
) -> None:
    site = only_site
    site.clear()
    for fields in recorded:
        site.record(**fields)
    for since, length, camera_id in held_spans:
        site.hold(since, since - length, camera_id)
    before = {s.id: s for c in CAMERAS for s in site.segments.find(c, limit=100)}
    holds = _holds(site)
    dry = site.work(policy, dry_run=True, has_archive=has_archive)
    assert site.left() == set(before)
    order = RetentionOrder(policy, NOW_NS)
    doomed = [
        item.segment
        for item in RetentionPlan(site.index, order, has_archive=has_archive).doomed()
        if not item.segment.held
    ]
    done = site.work(policy, has_archive=has_archive)
    left = site.left()

    assert done.amounts == dry.amounts
    gone = [before[i] for i in before.keys() - left]
    assert len({s.id for s in doomed}) == len(doomed)
    assert {s.id for s in doomed} == {s.id for s in gone}
    assert not [s for s in gone if _covered(s, holds)]
    free = [before[i] for i in left if not _covered(before[i], holds)]
    for camera_id, quota in (("north", policy.quota("north")), (None, policy.total)):
        _assert_quota(quota, [s for s in free if camera_id in (None, s.camera_id)], [
            before[i] for i in left if camera_id in (None, before[i].camera_id)
        ])  # fmt: skip
    assert site.work(policy, has_archive=has_archive).total(Action.DELETED).count == 0


def _assert_quota(quota: Quota, free: list[Segment], left: list[Segment]) -> None:
    """It is met, or all that nothing protects is gone."""
    if quota.max_days is not None:
        assert all(s.end_wall_ns >= NOW_NS - round(quota.max_days * NS_PER_DAY) for s in free)
    if quota.max_bytes is not None:
        there = [s for s in free if s.state is not SegmentState.MISSING]
        used = sum(s.size_bytes for s in left if s.state is not SegmentState.MISSING)
        assert used <= quota.max_bytes or not there


def _holds(site: Site) -> list[tuple[str | None, int, int]]:
    with site.database.read() as connection:
        return [
            (row.camera_id, row.since_ns, row.until_ns)
            for row in connection.execute(schema.holds.select())
        ]


def _covered(segment: Segment, holds: list[tuple[str | None, int, int]]) -> bool:
    return any(
        camera_id in (None, segment.camera_id)
        and since < until
        and since < segment.end_wall_ns
        and until > segment.start_wall_ns
        for camera_id, since, until in holds
    )


def test_a_quota_goes_no_further_than_needed(site: Site) -> None:
    """Of each camera the oldest go, and one fewer would not do."""
    for days in range(1, 30):
        site.record(days, 10, camera_id=CAMERAS[days % 2])
    site.work(StoragePolicy(total=Quota(max_bytes=95)), ages=False)
    assert len(site.left()) == 9
    ages = [NOW_NS - s.end_wall_ns for c in CAMERAS for s in site.segments.find(c)]
    assert max(ages) == 9 * NS_PER_DAY

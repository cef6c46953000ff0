"""Recordings go to slower tiers, to a real folder and a real S3 service; nothing is ever lost."""

import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from its_camera_ai.core.errors import StorageUnavailable
from its_camera_ai.core.segments import SegmentState, Tier
from its_camera_ai.core.storage_policy import TierPolicy
from its_camera_ai.sim.clock import SimulatedClock
from its_camera_ai.store.database import Database, open_database
from its_camera_ai.store.disk import RealDisk
from its_camera_ai.store.folder_store import FolderStore
from its_camera_ai.store.media_store import MediaStore
from its_camera_ai.store.migration import migrate
from its_camera_ai.store.s3_access import StorageClass
from its_camera_ai.store.s3_store import S3Store
from its_camera_ai.store.schema import holds, moves
from tests.support.s3_twin import S3Twin
from tests.support.swift import BUCKET, Swift
from tests.support.tiers import FAST, NOW_NS, TieredSite, sealed

MB = 1_000_000


def never() -> bool:
    return False


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = open_database(f"sqlite:///{tmp_path}/site.db")
    migrate(made)
    yield made
    made.close()


def folder(root: Path) -> FolderStore:
    root.mkdir()
    return FolderStore(RealDisk(), root)


@pytest.fixture(params=["folder", "s3"])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Mapping[Tier, MediaStore]:
    """A warm and a cold tier."""
    if request.param == "folder":
        return {tier: folder(tmp_path / tier) for tier in (Tier.WARM, Tier.COLD)}
    swift: Swift = request.getfixturevalue("swift")
    return {
        tier: S3Store(swift.access(), BUCKET, f"{tmp_path.name}/{tier}")
        for tier in (Tier.WARM, Tier.COLD)
    }


@pytest.fixture
def site(database: Database, tmp_path: Path, stores: Mapping[Tier, MediaStore]) -> TieredSite:
    return TieredSite(database, tmp_path / "hot", stores)


@pytest.fixture
def nas(database: Database, tmp_path: Path) -> TieredSite:
    """A site with a warm folder alone."""
    return TieredSite(database, tmp_path / "hot", {Tier.WARM: folder(tmp_path / "nas")})


def hold(database: Database, since_ns: int, until_ns: int) -> None:
    with database.write(durable=True) as connection:
        connection.execute(
            insert(holds),
            [
                {
                    "id": "h",
                    "kind": "legal",
                    "camera_id": None,
                    "since_ns": since_ns,
                    "until_ns": until_ns,
                    "reason": "",
                    "author": "ann",
                    "created_ns": 0,
                    "released_ns": None,
                    "released_by": "",
                }
            ],
        )


def test_by_age_to_warm_and_cold(site: TieredSite) -> None:
    young, week, old = site.record(1, 6.9), site.record(2, 7.1), site.record(3, 90.1)
    result = site.mover().run(never)
    assert [site.tier(s) for s in (young, week, old)] == [Tier.HOT, Tier.WARM, Tier.COLD]
    assert result.figures["moved_files"] == 2
    assert result.figures["moved_bytes"] == 4000
    assert result.audit
    assert result.problem == ""
    site.collect()
    site.assert_consistent([young, week, old])


def test_on_to_cold_with_time(site: TieredSite) -> None:
    segment = site.record(1, 8)
    site.mover().run(never)
    site.clock.advance(83 * 86_400)
    result = site.mover().run(never)
    assert site.tier(segment) is Tier.COLD
    assert result.figures["moved_files"] == 1
    site.collect()
    site.assert_consistent([segment])
    assert site.mover().run(never).audit is False


@pytest.mark.parametrize(
    ("there", "policy", "expected"),
    [
        pytest.param((), FAST, ["hot", "hot", "hot"], id="no slower tier"),
        pytest.param(("warm",), FAST, ["hot", "warm", "warm"], id="warm alone"),
        pytest.param(("cold",), FAST, ["hot", "hot", "cold"], id="cold alone"),
        pytest.param(
            ("warm", "cold"),
            replace(FAST, warm_after_days=None),
            ["hot", "hot", "cold"],
            id="never warm",
        ),
        pytest.param(
            ("warm", "cold"),
            replace(FAST, cold_after_days=None),
            ["hot", "warm", "warm"],
            id="never cold",
        ),
        pytest.param(
            ("warm", "cold"),
            replace(FAST, warm_after_days=0, cold_after_days=0),
            ["cold", "cold", "cold"],
            id="at once",
        ),
    ],
)
def test_what_the_policy_says(
    database: Database,
    tmp_path: Path,
    there: tuple[str, ...],
    policy: TierPolicy,
    expected: list[str],
) -> None:
    slower = {Tier(name): folder(tmp_path / name) for name in there}
    site = TieredSite(database, tmp_path / "hot", slower, policy=policy)
    made = [site.record(1, 1), site.record(2, 8), site.record(3, 91)]
    site.mover().run(never)
    assert [str(site.tier(s)) for s in made] == expected
    site.collect()
    site.assert_consistent(made)


def test_beyond_its_quota_the_hot_tier_gives_its_oldest(nas: TieredSite) -> None:
    nas.policy = replace(FAST, hot_max_bytes=4500)
    made = [nas.record(number, age) for number, age in enumerate((5, 4, 3, 2, 1))]
    nas.mover().run(never)
    assert [nas.tier(s) for s in made] == [Tier.WARM] * 3 + [Tier.HOT] * 2


def test_what_is_held_stays(nas: TieredSite) -> None:
    free, held = nas.record(1, 30), nas.record(2, 20)
    hold(nas.database, held.start_wall_ns + 5, held.start_wall_ns + 6)
    nas.mover().run(never)
    assert nas.tier(free) is Tier.WARM
    assert nas.tier(held) is Tier.HOT


def test_what_is_held_moves_where_the_policy_says_so(site: TieredSite) -> None:
    site.policy = replace(FAST, move_held=True)
    held = site.record(1, 91)
    hold(site.database, held.start_wall_ns, held.end_wall_ns)
    site.mover().run(never)
    assert site.tier(held) is Tier.COLD
    site.collect()
    site.assert_consistent([held])


def test_what_is_held_never_goes_where_it_must_be_restored(
    database: Database, tmp_path: Path
) -> None:
    with S3Twin() as twin:
        archive = S3Store(twin.access(), "footage", storage_class=StorageClass.DEEP_ARCHIVE)
        slower = {Tier.WARM: folder(tmp_path / "nas"), Tier.COLD: archive}
        policy = replace(FAST, move_held=True)
        site = TieredSite(database, tmp_path / "hot", slower, policy=policy)
        free, held = site.record(1, 91), site.record(2, 92)
        hold(database, held.start_wall_ns, held.end_wall_ns)
        site.mover().run(never)
        assert (site.tier(free), site.tier(held)) == (Tier.COLD, Tier.WARM)
        assert list(twin.objects) == [free.path]


def test_a_hold_that_comes_during_the_copy_wins(nas: TieredSite) -> None:
    segment = nas.record(1, 30)

    class Slow(FolderStore):
        def put(self, path: str, *rest: object, **options: object) -> None:
            super().put(path, *rest, **options)  # type: ignore[arg-type]  # passed through
            hold(nas.database, segment.start_wall_ns, segment.end_wall_ns)

    nas.media.stores[Tier.WARM] = Slow(RealDisk(), nas.hot.parent / "nas")  # type: ignore[index]  # a dict
    result = nas.mover().run(never)
    assert nas.tier(segment) is Tier.HOT
    assert result.figures["moved_files"] == 0
    nas.collect()
    assert nas.files(Tier.HOT) == [segment.path]


def test_what_leaves_the_index_during_the_copy_leaves_no_copy(nas: TieredSite) -> None:
    segment = nas.record(1, 30)

    class Slow(FolderStore):
        def put(self, path: str, *rest: object, **options: object) -> None:
            super().put(path, *rest, **options)  # type: ignore[arg-type]  # passed through
            nas.segments.discard([segment.id], reason="retention", now_wall_ns=NOW_NS)

    nas.media.stores[Tier.WARM] = Slow(RealDisk(), nas.hot.parent / "nas")  # type: ignore[index]  # a dict
    assert nas.mover().run(never).figures["given_up_files"] == 1
    nas.collect()
    assert nas.files(Tier.HOT) == nas.files(Tier.WARM) == []


def test_one_that_is_compressed_during_the_copy_stays_as_it_became(nas: TieredSite) -> None:
    segment = nas.record(1, 30)
    content = sealed(1500, seed=7)
    smaller = replace(segment, size_bytes=1500, content_hash=sha256(content[:-32]).hexdigest())

    class Slow(FolderStore):
        def put(self, path: str, *rest: object, **options: object) -> None:
            super().put(path, *rest, **options)  # type: ignore[arg-type]  # passed through
            (nas.hot / path).write_bytes(content)
            nas.segments.put(smaller)

    plain = nas.media.stores[Tier.WARM]
    nas.media.stores[Tier.WARM] = Slow(RealDisk(), nas.hot.parent / "nas")  # type: ignore[index]  # a dict
    nas.mover().run(never)
    assert nas.segments.get(segment.id) == smaller
    nas.media.stores[Tier.WARM] = plain  # type: ignore[index]  # a dict
    nas.mover().run(never)
    nas.collect()
    assert nas.segments.get(segment.id) == replace(smaller, tier=Tier.WARM)
    assert (nas.hot.parent / "nas" / segment.path).read_bytes() == content
    assert nas.files(Tier.HOT) == []


def flip_a_bit(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)


def cut_its_end(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


def lie_about_its_hash(path: Path) -> None:
    path.write_bytes(sealed(path.stat().st_size, seed=99))


@pytest.mark.parametrize("damage", [flip_a_bit, cut_its_end, lie_about_its_hash])
def test_damaged_ones_are_never_moved_as_good(site: TieredSite, damage: object) -> None:
    bad, good = site.record(1, 30), site.record(2, 20)
    damage(site.hot / bad.path)  # type: ignore[operator]  # one of those above
    result = site.mover().run(never)
    assert (site.tier(bad), site.tier(good)) == (Tier.HOT, Tier.WARM)
    stored = site.segments.get(bad.id)
    assert stored is not None
    assert stored.state is SegmentState.DAMAGED
    assert result.figures["damaged_files"] == 1
    assert "1 damaged recordings were not moved" in result.problem
    assert site.files(Tier.WARM) == [good.path]
    assert site.mover().run(never).figures["damaged_files"] == 0


def test_a_missing_one_is_told(nas: TieredSite) -> None:
    gone, good = nas.record(1, 30), nas.record(2, 20)
    (nas.hot / gone.path).unlink()
    result = nas.mover().run(never)
    stored = nas.segments.get(gone.id)
    assert stored is not None
    assert stored.state is SegmentState.MISSING
    assert result.figures["missing_files"] == 1
    assert nas.tier(good) is Tier.WARM


def test_those_of_before_there_were_seals_move_too(site: TieredSite) -> None:
    segment = replace(site.record(1, 30), content_hash="")
    site.segments.put(segment)
    site.mover().run(never)
    assert site.tier(segment) is Tier.WARM
    site.collect()
    site.assert_consistent([segment])


def test_a_copy_that_was_finished_but_not_switched_is_used(site: TieredSite) -> None:
    segment = site.record(1, 30)
    site.moves.begin([segment], Tier.WARM, NOW_NS)
    file = site.media.open(segment)
    site.media.store(Tier.WARM).put(segment.path, file)
    file.close()
    site.mover().run(never)
    site.collect()
    site.assert_consistent([segment])
    with site.database.read() as connection:
        assert connection.execute(select(moves)).all() == []


def test_a_copy_whose_recording_is_gone_is_collected(site: TieredSite) -> None:
    segment = site.record(1, 30)
    site.moves.begin([segment], Tier.WARM, NOW_NS)
    file = site.media.open(segment)
    site.media.store(Tier.WARM).put(segment.path, file)
    file.close()
    site.segments.discard([segment.id], reason="retention", now_wall_ns=NOW_NS)
    site.mover().run(never)
    site.collect()
    assert site.files(Tier.HOT) == site.files(Tier.WARM) == []


def test_a_copy_begun_for_another_tier_is_collected(site: TieredSite) -> None:
    segment = site.record(1, 91)
    site.moves.begin([segment], Tier.WARM, NOW_NS)
    file = site.media.open(segment)
    site.media.store(Tier.WARM).put(segment.path, file)
    file.close()
    site.mover().run(never)
    assert site.tier(segment) is Tier.COLD
    site.collect()
    site.assert_consistent([segment])


def test_while_the_old_copy_is_to_be_removed_nothing_is_moved_there(nas: TieredSite) -> None:
    """Else the collector could remove the new copy."""
    segment = nas.record(1, 30)
    nas.moves.begin([segment], Tier.WARM, NOW_NS)
    nas.segments.discard([segment.id], reason="retention", now_wall_ns=NOW_NS)
    nas.moves.settle(NOW_NS)
    nas.segments.put(segment)  # found again by a rebuild of the index
    nas.mover().run(never)
    assert nas.tier(segment) is Tier.HOT
    nas.collect()
    nas.mover().run(never)
    assert nas.tier(segment) is Tier.WARM


class AwayStore:
    """A place that can't be reached at times."""

    def __init__(self, store: MediaStore) -> None:
        self._store = store
        self.away = False
        self.tries = 0

    def __getattr__(self, name: str) -> object:
        if name == "at_once":
            return True
        if name == "put":
            self.tries += 1
        if self.away:
            raise StorageUnavailable("The share is away: mount it.")
        return getattr(self._store, name)


def test_a_tier_that_is_away_for_a_day_loses_nothing(database: Database, tmp_path: Path) -> None:
    store = AwayStore(folder(tmp_path / "nas"))
    site = TieredSite(database, tmp_path / "hot", {Tier.WARM: store})  # type: ignore[dict-item]  # by __getattr__
    mover = site.mover()
    made = [site.record(number, 8 + number) for number in range(20)]
    store.away = True
    for run in range(288):
        result = mover.run(never)
        assert "The share is away: mount it." in result.problem
        assert "20 recordings (0.0 GB) wait in the hot tier for the warm one" in result.problem
        assert result.figures["moved_files"] == 0, run
        site.clock.advance(300)
    assert store.tries < 35
    store.away = False
    site.collect()
    site.assert_consistent(made)
    site.clock.advance(3600)
    result = mover.run(never)
    assert result.problem == ""
    assert result.figures["moved_files"] == 20
    site.collect()
    site.assert_consistent(made)


def test_a_tier_that_goes_away_in_the_middle(database: Database, tmp_path: Path) -> None:
    store = AwayStore(folder(tmp_path / "nas"))
    site = TieredSite(database, tmp_path / "hot", {Tier.WARM: store})  # type: ignore[dict-item]  # by __getattr__
    made = [site.record(number, 8 + number) for number in range(20)]
    rng = random.Random(5)
    mover = site.mover()
    while any(site.tier(s) is Tier.HOT for s in made):
        wanted = store.tries + rng.randint(1, 6)

        def stopped(wanted: int = wanted) -> bool:
            store.away = store.tries >= wanted
            return False

        mover.run(stopped)
        store.away = False
        site.clock.advance(3600)
        site.collect()
        for segment in made:
            assert site.content(segment) == sealed(segment.size_bytes, int(segment.id))
    site.assert_consistent(made)


def test_no_place_for_a_tier_that_has_recordings(nas: TieredSite) -> None:
    segment = nas.record(1, 30)
    nas.mover().run(never)
    moved = nas.segments.get(segment.id)
    assert moved is not None
    alone = TieredSite(nas.database, nas.hot, {})
    with pytest.raises(StorageUnavailable, match="set ITSCAM_WARM_STORE"):
        alone.media.open(moved)


def test_stopping_ends_between_and_within_files(site: TieredSite) -> None:
    made = [site.record(number, 8 + number, 6 * MB) for number in range(3)]
    asked = 0

    def stopped() -> bool:
        nonlocal asked
        asked += 1
        return asked > 5

    site.mover().run(stopped)
    assert Tier.HOT in [site.tier(s) for s in made]
    site.collect()
    asked = -10_000
    site.mover().run(stopped)
    site.collect()
    site.assert_consistent(made)


def test_the_rate_is_kept(database: Database, tmp_path: Path) -> None:
    clock = SimulatedClock(NOW_NS)
    site = TieredSite(
        database,
        tmp_path / "hot",
        {Tier.WARM: folder(tmp_path / "nas")},
        clock=clock,
        policy=replace(FAST, move_bytes_per_s=MB),
    )
    for number in range(4):
        site.record(number, 8, 2 * MB)
    site.mover(sleep=clock.advance).run(never)
    assert clock.monotonic_ns() / 1e9 == pytest.approx(8, abs=0.5)

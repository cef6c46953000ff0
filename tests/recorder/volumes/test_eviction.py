"""What goes when space must be made: the oldest, never what is held, whatever names say."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from its_camera_ai.core.errors import StorageUnavailable
from its_camera_ai.core.holds import Hold, HoldKind
from its_camera_ai.core.storage_policy import Quota, StoragePolicy
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.recorder.volumes.camera_quotas import CameraQuotas
from its_camera_ai.recorder.volumes.camera_usage import CameraUsage
from its_camera_ai.recorder.volumes.eviction import Evicted, Evictor
from its_camera_ai.sim.clock import SimulatedClock
from its_camera_ai.store.disk import RealDisk
from its_camera_ai.store.hold_mirror import FILE_NAME, FOLDER, HoldMirror
from tests.recorder.footage_support import START_NS, STEP_NS, plant


def hold(camera_id: str | None, since_ns: int, until_ns: int) -> Hold:
    return Hold(f"h{since_ns}", HoldKind.LEGAL, camera_id, since_ns, until_ns, "case", "ann", 1)


def evictor(root: Path, **options: object) -> Evictor:
    mirror = HoldMirror(RealDisk(), root)
    clock = SimulatedClock(wall_ns=START_NS)
    defaults: dict[str, object] = {"check": lambda: None, "clock": clock}
    return Evictor(RealDisk(), root, mirror, **(defaults | options))  # type: ignore[arg-type]


def files(n: int) -> Callable[[Evicted], bool]:
    return lambda done: len(done.paths) >= n


EVERYTHING = files(10**6)


@pytest.fixture
def planted(tmp_path: Path) -> list[Path]:
    """Six files of camera a and b in turn, oldest first."""
    return [plant(tmp_path, "ab"[i % 2], START_NS + i * STEP_NS) for i in range(6)]


def test_the_oldest_go_first_and_no_more_than_needed(tmp_path: Path, planted: list[Path]) -> None:
    done = evictor(tmp_path).evict(files(2))
    assert [tmp_path / path for path in done.paths] == planted[:2]
    assert [path.exists() for path in planted] == [False] * 2 + [True] * 4
    assert done.size_bytes == 2000
    assert (done.oldest_wall_ns, done.newest_wall_ns) == (START_NS, START_NS + STEP_NS)
    assert done.by_camera == {"a": 1000, "b": 1000}


def test_it_goes_on_where_it_was_and_finds_what_came(tmp_path: Path, planted: list[Path]) -> None:
    evict = evictor(tmp_path).evict
    evict(files(5))
    newer = plant(tmp_path, "c", START_NS + 10 * STEP_NS)
    done = evict(files(2))
    assert [tmp_path / path for path in done.paths] == [planted[5], newer]
    assert evict(files(1)).paths == []


@pytest.mark.parametrize(
    ("camera", "since", "until", "kept"),
    [
        pytest.param("a", 0, 1, [0], id="its first moment"),
        pytest.param("a", 19, 20, [0], id="its last moment"),
        pytest.param("a", -50, 0, [], id="before it"),
        pytest.param("b", 0, 60, [1], id="only of its camera"),
        pytest.param(None, 0, 120, [0, 1, 2, 3, 4, 5], id="of every camera"),
        pytest.param("c", 0, 10**6, [], id="another camera"),
    ],
)
def test_what_is_held_stays(
    tmp_path: Path,
    planted: list[Path],
    camera: str | None,
    since: int,
    until: int,
    kept: list[int],
) -> None:
    span = START_NS + since * NS_PER_S, START_NS + until * NS_PER_S
    HoldMirror(RealDisk(), tmp_path).write([hold(camera, *span)])
    done = evictor(tmp_path).evict(EVERYTHING)
    assert [i for i, path in enumerate(planted) if path.exists()] == kept
    assert done.passed_by >= len(kept)


def test_a_lying_name_does_not_unlock_evidence(tmp_path: Path) -> None:
    """Renamed, or moved to another camera's folder: what the file says of itself counts."""
    old_ns, held_ns = START_NS - 10**15, START_NS
    renamed = plant(tmp_path, "a", old_ns, told_start_ns=held_ns)
    moved = plant(tmp_path, "z", held_ns, told_camera="a")
    unreadable = plant(tmp_path, "a", old_ns - STEP_NS)
    unreadable.write_bytes(b"no recording")
    free = plant(tmp_path, "a", old_ns - 2 * STEP_NS)
    HoldMirror(RealDisk(), tmp_path).write([hold("a", held_ns, held_ns + NS_PER_S)])
    evictor(tmp_path).evict(EVERYTHING)
    assert renamed.exists()
    assert moved.exists()
    assert unreadable.exists()
    assert not free.exists()


def test_a_damaged_list_of_holds_holds_everything(tmp_path: Path, planted: list[Path]) -> None:
    mirror = tmp_path / FOLDER / FILE_NAME
    mirror.parent.mkdir()
    mirror.write_bytes(b'{"holds": [')
    with pytest.raises(StorageUnavailable, match="nothing may be deleted"):
        evictor(tmp_path).evict(EVERYTHING)
    assert all(path.exists() for path in planted)


def test_another_volume_is_never_touched(tmp_path: Path, planted: list[Path]) -> None:
    def swapped() -> None:
        raise StorageUnavailable("another volume; mount the right one")

    with pytest.raises(StorageUnavailable, match="another volume"):
        evictor(tmp_path, check=swapped).evict(EVERYTHING)
    assert all(path.exists() for path in planted)


def test_a_stopped_process_with_the_lock_holds_up_nothing(
    tmp_path: Path, planted: list[Path]
) -> None:
    with HoldMirror(RealDisk(), tmp_path).locked():
        assert len(evictor(tmp_path).evict(files(1)).paths) == 1
    assert not planted[0].exists()


def test_a_hold_that_ends_frees_what_it_held(tmp_path: Path, planted: list[Path]) -> None:
    mirror = HoldMirror(RealDisk(), tmp_path)
    mirror.write([hold(None, START_NS, START_NS + 10**12)])
    evict = evictor(tmp_path).evict
    assert evict(files(1)).paths == []
    mirror.write([])
    assert [tmp_path / path for path in evict(files(1)).paths] == planted[:1]


@pytest.mark.parametrize(
    ("quota", "first"),
    [
        pytest.param(Quota(), "a", id="none: the oldest"),
        pytest.param(Quota(max_bytes=2500), "b", id="too much"),
        pytest.param(Quota(max_bytes=3000), "a", id="just enough"),
        pytest.param(Quota(max_days=1.0), "b", id="too old"),
        pytest.param(Quota(max_days=10.0), "a", id="young enough"),
    ],
)
def test_a_camera_beyond_its_quota_loses_first(tmp_path: Path, quota: Quota, first: str) -> None:
    plant(tmp_path, "a", START_NS)
    for i in range(3):
        plant(tmp_path, "b", START_NS + (i + 1) * STEP_NS)
    clock = SimulatedClock(wall_ns=START_NS + 2 * 86_400 * NS_PER_S)
    usage = CameraUsage(RealDisk(), tmp_path)
    usage.count(lambda: False)
    policy = StoragePolicy(cameras={"b": quota})
    quotas = CameraQuotas(usage, lambda: policy, clock)
    done = evictor(tmp_path, losing_first=quotas.losing_first).evict(files(1))
    assert done.paths[0].startswith(f"{first}/")


def test_usage_follows_files_and_is_counted_anew(tmp_path: Path, planted: list[Path]) -> None:
    usage = CameraUsage(RealDisk(), tmp_path)
    assert usage.by_camera() is None
    usage.note("a", 500)
    usage.count(lambda: False)
    assert usage.by_camera() == {"a": 3000, "b": 3000}
    usage.note("a", 500)
    usage.note("b", -9000)
    assert usage.by_camera() == {"a": 3500, "b": 0}
    planted[0].unlink()
    usage.count(lambda: False)
    assert usage.by_camera() == {"a": 2000, "b": 3000}


@pytest.mark.parametrize("seed", range(20))
def test_whatever_is_held_survives(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    recordings = {
        plant(tmp_path, camera, START_NS + i * STEP_NS + rng.randrange(NS_PER_S)): (camera, i)
        for camera in "abc"
        for i in range(30)
    }
    holds = []
    for number in range(rng.randrange(1, 5)):
        since_ns = START_NS + rng.randrange(600) * NS_PER_S + number
        until_ns = since_ns + rng.randrange(1, 200) * NS_PER_S
        holds.append(hold(rng.choice(["a", "b", None]), since_ns, until_ns))
    HoldMirror(RealDisk(), tmp_path).write(holds)
    wanted = rng.randrange(1, 90)
    evictor(tmp_path).evict(files(wanted))
    gone = {path: key for path, key in recordings.items() if not path.exists()}
    for camera, i in gone.values():
        span = START_NS + i * STEP_NS + NS_PER_S, START_NS + (i + 1) * STEP_NS
        assert not any(h.covers(camera, *span) for h in holds)
    free = [
        (i, camera, path)
        for path, (camera, i) in recordings.items()
        if not any(
            h.covers(
                camera, START_NS + i * STEP_NS - 10**9, START_NS + (i + 1) * STEP_NS + 4 * 10**9
            )
            for h in holds
        )
    ]
    assert len(gone) >= min(wanted, len(free))
    kept_free = [i for i, _, path in free if path.exists()]
    if kept_free and gone:
        assert max(i for _, i in gone.values()) <= min(kept_free) + 1, "the oldest went first"

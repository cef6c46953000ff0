"""Free space is kept, levels are told once, and what is held is never the price."""

import errno
from pathlib import Path

import pytest

from its_camera_ai.core.errors import ConfigInvalid, StorageUnavailable
from its_camera_ai.core.holds import Hold, HoldKind
from its_camera_ai.core.storage_policy import Quota, StoragePolicy
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.recorder.volumes.camera_quotas import CameraQuotas
from its_camera_ai.recorder.volumes.camera_usage import CameraUsage
from its_camera_ai.recorder.volumes.eviction import Evictor
from its_camera_ai.recorder.volumes.reserve import Reserve, level_of
from its_camera_ai.recorder.volumes.space import MARGIN_BYTES, SpaceKeeper
from its_camera_ai.sim.clock import SimulatedClock
from its_camera_ai.store.hold_mirror import HoldMirror
from tests.recorder.footage_support import START_NS, STEP_NS, SmallDisk, plant
from tests.support.hanging_disk import HangingDisk

UNIT = 200_000


class Dropped:
    def __init__(self) -> None:
        self.paths: list[str] = []

    def drop(self, paths: list[str]) -> None:
        self.paths += paths


class Rig:
    """A disk of 100 units with 50 recordings of one."""

    def __init__(
        self, root: Path, *, reserve: str = "2M", policy: StoragePolicy | None = None
    ) -> None:
        self.root = root
        self.disk = SmallDisk(root, 100 * UNIT)
        self.clock = SimulatedClock(wall_ns=START_NS)
        self.files = [
            plant(root, "ab"[i % 2], START_NS + i * STEP_NS, size_bytes=UNIT) for i in range(50)
        ]
        self.mirror = HoldMirror(self.disk, root)
        self.dropped = Dropped()
        self.usage = CameraUsage(self.disk, root)
        wanted = policy or StoragePolicy()
        quotas = CameraQuotas(self.usage, lambda: wanted, self.clock)
        evictor = Evictor(
            self.disk,
            root,
            self.mirror,
            check=self.check,
            losing_first=quotas.losing_first,
            clock=self.clock,
        )
        self.wrong_volume = False
        self.keeper = SpaceKeeper(
            self.disk,
            root,
            evictor,
            check=self.check,
            reserve=Reserve.parse(reserve),
            bytes_per_s=lambda: 0.0,
            dropping=self.dropped,
            usage=self.usage,
            quotas=quotas,
            clock=self.clock,
        )

    def check(self) -> None:
        if self.wrong_volume:
            raise StorageUnavailable("another volume; mount the right one")

    def left(self) -> list[int]:
        return [i for i, path in enumerate(self.files) if path.exists()]

    def hold_all(self) -> None:
        everything = Hold("h", HoldKind.LEGAL, None, 0, 2**62, "case", "ann", 1)
        self.mirror.write([everything])


def test_nothing_is_removed_while_there_is_room(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.keeper.look()
    assert len(rig.left()) == 50
    figures = rig.keeper.figures()
    assert (figures.total_bytes, figures.free_bytes) == (100 * UNIT, 50 * UNIT)
    assert (figures.level, figures.problem) == (0, "")


def test_an_outsider_that_fills_the_disk_costs_the_oldest(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.disk.taken_bytes = 48 * UNIT
    rig.keeper.look()
    assert rig.left() == list(range(8, 50)), "just as many as the reserve of 10 units needs"
    figures = rig.keeper.figures()
    assert (figures.evicted_files, figures.evicted_bytes) == (8, 8 * UNIT)
    assert figures.evicted_newest_wall_ns == pytest.approx(START_NS + 7 * STEP_NS, abs=NS_PER_S)
    assert figures.free_bytes >= figures.reserve_bytes
    assert [rig.root / path for path in rig.dropped.paths] == rig.files[:8]
    rig.keeper.look()
    assert rig.keeper.figures().evicted_files == 8


def test_a_recorder_gets_its_room_at_once(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.disk.taken_bytes = 50 * UNIT
    assert rig.keeper.make_room(20 * UNIT)
    assert rig.disk.space(tmp_path).free_bytes >= 20 * UNIT + MARGIN_BYTES


def test_full_with_space_left_costs_a_few_files(tmp_path: Path) -> None:
    """Out of inodes, or a quota of the file system: the figures of space say nothing of it."""
    rig = Rig(tmp_path)
    assert rig.keeper.make_room(1000)
    assert 0 < 50 - len(rig.left()) <= 16


def test_all_that_is_left_is_held(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.hold_all()
    rig.disk.taken_bytes = 50 * UNIT
    with pytest.raises(StorageUnavailable, match="everything left on it is held") as caught:
        rig.keeper.make_room(1000)
    assert isinstance(caught.value.__cause__, OSError)
    assert caught.value.__cause__.errno == errno.ENOSPC
    rig.keeper.look()
    figures = rig.keeper.figures()
    assert figures.protected_only
    assert "Release holds" in figures.problem
    assert len(rig.left()) == 50
    rig.mirror.write([])
    rig.keeper.look()
    assert rig.keeper.figures().problem == ""
    assert not rig.keeper.figures().protected_only


def test_nothing_of_ours_is_left(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.disk.taken_bytes = 200 * UNIT
    rig.keeper.look()
    rig.keeper.look()
    assert rig.left() == []
    assert "full of other things" in rig.keeper.figures().problem


def test_another_volume_is_left_alone(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.disk.taken_bytes = 50 * UNIT
    rig.wrong_volume = True
    rig.keeper.look()
    assert len(rig.left()) == 50
    assert "another volume" in rig.keeper.figures().problem
    with pytest.raises(StorageUnavailable, match="another volume"):
        rig.keeper.make_room(1)


def test_the_quota_of_the_site_is_kept(tmp_path: Path) -> None:
    rig = Rig(tmp_path, policy=StoragePolicy(total=Quota(max_bytes=40 * UNIT)))
    rig.keeper.look()
    assert len(rig.left()) == 50, "not before it was counted"
    rig.usage.count(lambda: False)
    rig.keeper.look()
    assert rig.left() == list(range(10, 50))
    rig.usage.note("a", 2 * UNIT)
    rig.keeper.look()
    assert len(rig.left()) == 38


def test_a_disk_that_hangs_is_told_by_others(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.keeper.look()
    hanging = HangingDisk("space")
    hanging.hang()
    rig.keeper._disk = hanging  # type: ignore[assignment]  # its share's server is gone
    rig.keeper.start()
    assert hanging.waiting.wait(10)
    assert rig.keeper.figures().problem == ""
    rig.clock.advance(60)
    assert "has not answered for 60 s" in rig.keeper.figures().problem
    hanging.answer()
    rig.keeper.close()
    assert rig.keeper.alive


@pytest.mark.parametrize(
    ("text", "total", "rate", "reserve"),
    [
        pytest.param("", 10**12, 0, 20 * 10**9, id="2 %"),
        pytest.param("", 10**12, 10**9, 60 * 10**9, id="a minute of all cameras"),
        pytest.param("", 10**12, 10**11, 200 * 10**9, id="at most a fifth"),
        pytest.param("5%", 10**12, 10**9, 50 * 10**9, id="a share"),
        pytest.param("800M", 10**12, 10**9, 800 * 10**6, id="megabytes"),
        pytest.param("1.5T", 10**13, 0, 15 * 10**11, id="terabytes"),
        pytest.param("20G", 10**10, 0, 5 * 10**9, id="never more than half"),
    ],
)
def test_reserve(text: str, total: int, rate: float, reserve: int) -> None:
    assert Reserve.parse(text).of(total, rate) == reserve


@pytest.mark.parametrize(
    "text", ["5", "%", "-5%", "60%", "0G", "5X", "lots", "nan%", "1e9T", "infG"]
)
def test_a_reserve_that_makes_no_sense(text: str) -> None:
    with pytest.raises(ConfigInvalid, match="20G"):
        Reserve.parse(text)


def test_levels_rise_at_once_and_fall_late() -> None:
    level, told = 0, []
    for used in (69, 70, 69, 67.1, 66.9, 84, 85, 95, 100, 93, 91, 83, 81, 50):
        level = level_of(1100, 1100 - used * 10, 100, level)  # type: ignore[arg-type]
        told.append(level)
    assert told == [0, 70, 70, 70, 0, 70, 85, 95, 95, 95, 85, 85, 70, 0]

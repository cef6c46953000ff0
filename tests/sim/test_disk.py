"""The twin of the disk: it keeps what was synced, and may lose everything else."""

import errno
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from its_camera_ai.sim.disk import SimulatedDisk
from its_camera_ai.sim.failing_disk import FailingDisk, Fault

ROOT = Path("/media")
TRIES = 200


def disk_with_file(content: bytes = b"synced") -> tuple[SimulatedDisk, Path]:
    disk, path = SimulatedDisk(ROOT), ROOT / "a" / "file"
    disk.make_folder(path.parent)
    file = disk.create(path)
    file.write([content])
    file.sync()
    disk.sync_folder(path.parent)
    file.close()
    return disk, path


def after_cuts(made: Callable[[], SimulatedDisk]) -> list[dict[Path, bytes]]:
    """What is found after each of many cuts of the same disk."""
    return [made().power_cut(random.Random(seed)).files() for seed in range(TRIES)]


def test_what_was_synced_is_always_there() -> None:
    for found in after_cuts(lambda: disk_with_file()[0]):
        assert found == {ROOT / "a" / "file": b"synced"}


def test_content_that_was_not_synced_is_lost_kept_torn_and_reordered() -> None:
    def made() -> SimulatedDisk:
        disk, path = disk_with_file(b"")
        file = disk.edit(path)
        file.write([b"x" * 5000])
        file.write([b"y" * 5000])
        return disk

    contents = [next(iter(found.values())) for found in after_cuts(made)]
    whole = b"x" * 5000 + b"y" * 5000
    assert b"" in contents, "lost"
    assert whole in contents, "kept"
    assert bytes(5000) + b"y" * 5000 in contents, "the later write kept, the earlier one zeros"
    assert any(c and c == bytes(len(c)) for c in contents), "the length alone"
    assert any(c == whole[: len(c)] and len(c) % 512 and c for c in contents), "torn at a byte"
    assert any(0 < c.count(b"x") < 5000 and c.count(b"y") for c in contents), "torn by sectors"
    assert all(a in (0, b) for c in contents for a, b in zip(c, whole, strict=False)), (
        "nothing is made up"
    )


def test_a_synced_part_outlives_what_came_after_it() -> None:
    def made() -> SimulatedDisk:
        disk, path = disk_with_file(b"synced")
        disk.edit(path).write([b"!" * 2000])
        return disk

    assert all(found[ROOT / "a" / "file"].startswith(b"synced") for found in after_cuts(made))


@pytest.mark.parametrize("synced", [False, True], ids=["unsynced", "synced"])
def test_names(synced: bool) -> None:
    def made() -> SimulatedDisk:
        disk, path = disk_with_file()
        disk.make_folder(ROOT / "b")
        disk.rename(path, ROOT / "b" / "file")
        if synced:
            disk.sync_folder(ROOT / "b")
        return disk

    places = [set(found) for found in after_cuts(made)]
    assert {ROOT / "b" / "file"} in places
    assert ({ROOT / "a" / "file"} in places) is not synced
    assert all(len(names) == 1 for names in places), "a rename happens whole or not at all"


def test_a_new_name_is_lost_without_the_sync_of_its_folder() -> None:
    def made() -> SimulatedDisk:
        disk = SimulatedDisk(ROOT)
        file = disk.create(ROOT / "file")
        file.write([b"x"])
        file.sync()
        return disk

    assert {len(found) for found in after_cuts(made)} == {0, 1}


def test_a_failed_sync_loses_what_a_later_one_does_not_bring_back() -> None:
    disk, path = disk_with_file(b"")
    file = disk.edit(path)
    file.write([b"lost"])
    file.lose_unsynced()
    file.write([b"kept"])
    file.sync()
    file.close()
    assert disk.power_cut(random.Random(0)).files()[path] == bytes(4) + b"kept"


def test_the_power_goes_at_the_wanted_call() -> None:
    disk, path = disk_with_file()
    file = disk.edit(path)
    disk.cut_in(2, "sync")
    file.sync()
    file.write([b"1"])
    with pytest.raises(OSError, match="power"):
        file.sync()
    assert disk.gone
    with pytest.raises(OSError, match="power"):
        disk.size(path)
    after = disk.power_cut(random.Random(1))
    after.edit(path).close()  # locks did not outlive the process that held them


def test_a_full_disk_takes_what_fits() -> None:
    disk = SimulatedDisk(ROOT, capacity_bytes=100)
    file = disk.create(ROOT / "file")
    disk.others_bytes = 90
    with pytest.raises(OSError, match="No space") as caught:
        file.write([b"x" * 30])
    assert caught.value.errno == errno.ENOSPC
    assert disk.size(ROOT / "file") == 10
    assert disk.space(ROOT).free_bytes == 0
    disk.others_bytes = 0
    file.write([b"x" * 30])
    assert disk.size(ROOT / "file") == 40


def test_locks() -> None:
    disk, path = disk_with_file()
    file = disk.edit(path)
    with pytest.raises(BlockingIOError):
        disk.edit(path)
    file.close()
    disk.edit(path).close()


@pytest.mark.parametrize("fault", list(Fault), ids=lambda f: f.name)
def test_a_call_fails_once_and_is_booked_where_it_was_made(fault: Fault) -> None:
    inner, path = disk_with_file()
    disk = FailingDisk(inner)
    file = disk.edit(path)
    disk.fail(lambda site: site.call == "write", fault, after=1)
    file.write([b"first"])
    with pytest.raises(OSError, match="Errno"):
        file.write([b"second"])
    file.write([b"third"])
    torn = b"sec" if fault is Fault.SHORT else b""
    assert inner.files()[path] == b"syncedfirst" + torn + b"third"
    (failed,) = disk.failed
    assert (failed.path, failed.call) == ("test_disk.py", "write")
    assert len([site for site in disk.sites if site.call == "write"]) == 3


def test_it_can_be_laid_out_for_other_programs(tmp_path: Path) -> None:
    disk, _ = disk_with_file()
    disk.lay_out(tmp_path)
    assert (tmp_path / "a" / "file").read_bytes() == b"synced"

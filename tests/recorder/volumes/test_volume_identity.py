"""Which volume is recorded to: only the right one, left at once, taken up again by itself."""

import errno
import itertools
import shutil
from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from its_camera_ai.core.disk import Bytes, WritableFile
from its_camera_ai.core.errors import ConfigInvalid, StorageUnavailable
from its_camera_ai.recorder.volumes.adoption import adopt, inspect
from its_camera_ai.recorder.volumes.expected_volume import FILE_NAME, ExpectedVolumeFile
from its_camera_ai.recorder.volumes.volume_identity import (
    FOLDER,
    MARKER,
    VolumeIdentity,
    VolumeMarker,
    prepare_volume,
)
from its_camera_ai.sim.clock import SimulatedClock
from its_camera_ai.store.disk import RealDisk

CLOCK = SimulatedClock(wall_ns=1_700_000_000_000_000_000)


class Machine:
    """A data folder, and a place where volumes are mounted."""

    def __init__(self, folder: Path) -> None:
        self.data, self.root = folder / "data", folder / "media"
        self.elsewhere = folder / "elsewhere"
        self.elsewhere.mkdir(parents=True)
        self.data.mkdir()
        self.numbers = itertools.count(1)

    @property
    def expected(self) -> ExpectedVolumeFile:
        return ExpectedVolumeFile(RealDisk(), self.data)

    def new_id(self) -> str:
        return f"{next(self.numbers):08}-id"

    def prepare(self) -> None:
        prepare_volume(RealDisk(), self.root, self.expected, new_id=self.new_id, clock=CLOCK)

    def adopt(self) -> VolumeMarker:
        return adopt(RealDisk(), self.root, self.expected, new_id=self.new_id, clock=CLOCK)

    def identity(self, *, claims: bool = True) -> VolumeIdentity:
        return VolumeIdentity(RealDisk(), self.root, self.expected, clock=CLOCK, claims=claims)

    def record_once(self) -> str:
        """A run of the recording process; what it noticed."""
        identity = self.identity()
        identity.check()
        identity.close()
        return identity.notice

    def unmount(self) -> Path:
        away = self.elsewhere / f"v{next(self.numbers)}"
        self.root.rename(away)
        self.root.mkdir()
        return away

    def mount(self, volume: Path) -> None:
        shutil.rmtree(self.root)
        volume.rename(self.root)

    @property
    def marker(self) -> VolumeMarker:
        text = (self.root / FOLDER / MARKER).read_bytes()
        return msgspec.json.decode(text, type=VolumeMarker)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    made = Machine(tmp_path)
    made.prepare()
    return made


def refused(identity: VolumeIdentity, why: str) -> str:
    with pytest.raises(StorageUnavailable, match=why) as caught:
        identity.check()
    return str(caught.value)


def test_a_new_site_marks_its_empty_folder(machine: Machine) -> None:
    identity = machine.identity()
    identity.check()
    identity.check()
    assert identity.takes == 1
    assert identity.notice == ""
    assert machine.marker.epoch == 2, "raised by the process that records"
    machine.prepare()
    assert machine.marker.epoch == 2, "preparing again changes nothing"


@pytest.mark.parametrize("kept", ["north/main", ".quarantine", "letters"])
def test_a_new_site_refuses_a_folder_that_holds_something(tmp_path: Path, kept: str) -> None:
    fresh = Machine(tmp_path)
    (fresh.root / kept).mkdir(parents=True)
    with pytest.raises(ConfigInvalid, match="itscam storage adopt"):
        fresh.prepare()
    assert not (fresh.data / FILE_NAME).exists()


def test_a_site_that_is_older_than_the_marks_goes_on(tmp_path: Path) -> None:
    old = Machine(tmp_path)
    (old.root / "north" / "main").mkdir(parents=True)
    prepare_volume(
        RealDisk(), old.root, old.expected, new_id=old.new_id, clock=CLOCK, ran_before=True
    )
    old.record_once()


def test_a_marked_folder_is_no_folder_of_an_older_site(machine: Machine) -> None:
    (machine.data / FILE_NAME).unlink()
    with pytest.raises(ConfigInvalid, match="itscam storage adopt"):
        prepare_volume(
            RealDisk(),
            machine.root,
            machine.expected,
            new_id=machine.new_id,
            clock=CLOCK,
            ran_before=True,
        )


def test_a_fresh_file_system_is_empty(tmp_path: Path) -> None:
    fresh = Machine(tmp_path)
    (fresh.root / "lost+found").mkdir(parents=True)
    fresh.prepare()
    fresh.identity().check()


def test_unmounted_is_left_at_once_and_taken_up_again(machine: Machine) -> None:
    identity = machine.identity()
    identity.check()
    away = machine.unmount()
    text = refused(identity, "not mounted")
    assert str(machine.root) in text
    assert list(machine.root.iterdir()) == [], "nothing is written where the disk is missing"
    machine.mount(away)
    identity.check()
    assert identity.takes == 2


def test_the_folder_itself_is_missing(machine: Machine) -> None:
    identity = machine.identity()
    shutil.rmtree(machine.root)
    refused(identity, "mount")


def test_a_folder_of_other_things_is_refused(machine: Machine) -> None:
    identity = machine.identity()
    machine.unmount()
    (machine.root / "holiday.jpg").write_bytes(b"x")
    refused(identity, "lacks the mark")


def test_a_swapped_volume_is_refused(machine: Machine, tmp_path: Path) -> None:
    identity = machine.identity()
    identity.check()
    other = Machine(tmp_path / "other")
    other.numbers = itertools.count(500)
    other.prepare()
    own = machine.unmount()
    machine.mount(other.root)
    text = refused(identity, "another volume")
    assert "itscam storage adopt" in text
    assert other.new_id() not in text
    shutil.move(machine.root, tmp_path / "gone")
    machine.root.mkdir()
    machine.mount(own)
    identity.check()


def test_a_volume_that_another_site_took_over_is_refused(machine: Machine) -> None:
    identity = machine.identity()
    identity.check()
    identity.close()
    thief = Machine(machine.data.parent / "thief")
    thief.root = machine.root
    thief.numbers = itertools.count(700)
    thief.adopt()
    refused(identity, "taken over by another site")
    machine.adopt()
    identity.check()


def test_an_older_copy_is_refused_until_it_is_adopted(machine: Machine) -> None:
    machine.record_once()
    copy = machine.elsewhere / "copy"
    shutil.copytree(machine.root, copy)
    identity = machine.identity()
    identity.check()  # a later start
    identity.advance()
    identity.close()
    machine.unmount()
    machine.mount(copy)
    text = refused(identity, "older copy")
    assert "rebuild-index" in text
    identity.close()
    assert machine.adopt().epoch > 3
    identity.check()


def test_an_older_data_folder_is_taken_and_told(machine: Machine) -> None:
    machine.record_once()
    backup = (machine.data / FILE_NAME).read_bytes()
    for _ in range(3):
        machine.record_once()
    (machine.data / FILE_NAME).write_bytes(backup)
    assert "rebuild-index" in machine.record_once()
    assert machine.record_once() == "", "told once"


@pytest.mark.parametrize("crash_after", [0, 1, 2], ids=["announced", "marked", "confirmed"])
def test_a_crash_while_the_epoch_rises_is_no_older_copy(
    machine: Machine, crash_after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine.record_once()
    left = crash_after
    whole = RealDisk.rename

    def dying(disk: RealDisk, source: Path, target: Path) -> None:
        nonlocal left
        whole(disk, source, target)
        if left == 0:
            raise KeyboardInterrupt
        left -= 1

    with monkeypatch.context() as patch:
        patch.setattr(RealDisk, "rename", dying)
        with pytest.raises(KeyboardInterrupt):
            machine.record_once()
    assert machine.record_once() == ""


def test_two_processes_do_not_share_a_folder(machine: Machine) -> None:
    first, second = machine.identity(), machine.identity()
    first.check()
    refused(second, "Another process records")
    machine.identity(claims=False).check()
    first.close()
    second.check()


def test_one_that_only_looks_changes_nothing(machine: Machine) -> None:
    before = (machine.marker, (machine.data / FILE_NAME).read_bytes())
    identity = machine.identity(claims=False)
    identity.check()
    assert (machine.marker, (machine.data / FILE_NAME).read_bytes()) == before
    machine.record_once()
    identity.check()


@pytest.mark.parametrize("damage", [b"", b"{", b"\x00\x00\x00", b'{"volume_id": 3}'])
def test_a_damaged_mark_is_refused(machine: Machine, damage: bytes) -> None:
    identity = machine.identity()
    identity.check()
    (machine.root / FOLDER / MARKER).write_bytes(damage)
    refused(identity, "damaged")
    identity.close()
    machine.adopt()
    identity.check()


def test_a_damaged_expectation_is_refused(machine: Machine) -> None:
    (machine.data / FILE_NAME).write_bytes(b"[]")
    refused(machine.identity(), "backup")


class _Refusing(RealDisk):
    """Refuses to write with an error of its own."""

    def __init__(self, code: int) -> None:
        super().__init__()
        self.code = code

    def create(self, path: Path) -> WritableFile:  # type: ignore[override]
        if not path.name.endswith(".lock"):
            raise OSError(self.code, "refused")
        return super().create(path)

    def edit(self, path: Path) -> WritableFile:  # type: ignore[override]
        if self.code == errno.EROFS:
            raise OSError(self.code, "Read-only file system")
        return super().edit(path)


def test_read_only_is_told(machine: Machine) -> None:
    disk = _Refusing(errno.EROFS)
    identity = VolumeIdentity(disk, machine.root, machine.expected, clock=CLOCK, claims=True)
    text = refused(identity, "read-only")
    assert "remount,rw" in text


def test_a_full_disk_does_not_stop_the_start(machine: Machine) -> None:
    disk = _Refusing(errno.ENOSPC)
    full_data = ExpectedVolumeFile(disk, machine.data)
    for expected in (full_data, machine.expected):
        identity = VolumeIdentity(disk, machine.root, expected, clock=CLOCK, claims=True)
        identity.check()
        identity.close()
        assert machine.marker.epoch == 1
    machine.record_once()


def test_what_can_be_adopted(machine: Machine) -> None:
    found = inspect(RealDisk(), machine.root, machine.expected)
    assert found.is_own
    assert found.names == ()
    machine.unmount()
    (machine.root / "north").mkdir()
    found = inspect(RealDisk(), machine.root, machine.expected)
    assert not found.is_own
    assert found.marker is None
    assert found.names == ("north",)


def test_a_volume_in_use_is_not_adopted(machine: Machine) -> None:
    identity = machine.identity()
    identity.check()
    with pytest.raises(StorageUnavailable, match="Another process records"):
        machine.adopt()


def test_a_site_that_lost_its_data_folder_adopts_its_recordings(machine: Machine) -> None:
    machine.record_once()
    shutil.rmtree(machine.data)
    machine.data.mkdir()
    with pytest.raises(ConfigInvalid):
        machine.prepare()
    volume_id = machine.marker.volume_id
    assert machine.adopt().volume_id == volume_id
    machine.prepare()
    machine.record_once()


def test_checking_is_cheap_while_nothing_changes(machine: Machine) -> None:
    calls: list[str] = []

    class Counting(RealDisk):
        def create(self, path: Path) -> WritableFile:  # type: ignore[override]
            calls.append("create")
            return super().create(path)

        def entries(self, folder: Path) -> Sequence[Bytes]:  # type: ignore[override]
            calls.append("entries")
            return super().entries(folder)  # type: ignore[return-value]

    identity = VolumeIdentity(Counting(), machine.root, machine.expected, clock=CLOCK, claims=True)
    identity.check()
    calls.clear()
    for _ in range(5):
        identity.check()
    assert calls == []

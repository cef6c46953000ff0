import errno
import threading
from pathlib import Path

import pytest

from its_camera_ai.core.errors import StorageUnavailable
from its_camera_ai.core.holds import Hold, HoldKind
from its_camera_ai.store.disk import RealDisk, RealFile
from its_camera_ai.store.hold_mirror import FILE_NAME, FOLDER, HoldMirror

HOLD = Hold("h1", HoldKind.LOCK, "gate", 100, 200, "a reason", "ann", 5)


@pytest.fixture
def mirror(tmp_path: Path) -> HoldMirror:
    return HoldMirror(RealDisk(), tmp_path)


def test_what_is_written_is_read(mirror: HoldMirror) -> None:
    everywhere = Hold("h2", HoldKind.LEGAL, None, 0, 10, "case 12", "root", 6)
    mirror.write([HOLD, everywhere])
    assert mirror.read().holds == (HOLD, everywhere)
    mirror.write([])
    assert mirror.read().holds == ()


def test_no_file_means_no_holds(mirror: HoldMirror) -> None:
    found = mirror.read()
    assert not found.holds
    assert not found.problem
    assert not found.covers("gate", 0, 2**60)


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda text: b"", id="empty"),
        pytest.param(lambda text: text[:-9], id="cut"),
        pytest.param(lambda text: text.replace(b"gate", b"gaze"), id="altered"),
        pytest.param(lambda text: text.replace(b'"holds":[', b'"holds":[{},'), id="shape"),
        pytest.param(lambda text: b"\x00" * len(text), id="zeros"),
    ],
)
def test_a_damaged_mirror_holds_everything(mirror: HoldMirror, tmp_path: Path, damage) -> None:  # type: ignore[no-untyped-def]
    mirror.write([HOLD])
    path = tmp_path / FOLDER / FILE_NAME
    path.write_bytes(damage(path.read_bytes()))
    found = mirror.read()
    assert "nothing may be deleted" in found.problem
    assert found.covers("anything", 0, 1)


def test_a_folder_in_its_place_holds_everything(mirror: HoldMirror, tmp_path: Path) -> None:
    (tmp_path / FOLDER / FILE_NAME).mkdir(parents=True)
    assert mirror.read().covers("anything", 0, 1)


@pytest.mark.parametrize(
    ("camera", "since", "until", "held"),
    [
        pytest.param("gate", 199, 300, True, id="its last moment"),
        pytest.param("gate", 200, 300, False, id="after"),
        pytest.param("gate", 50, 100, False, id="before"),
        pytest.param("gate", 50, 101, True, id="its first moment"),
        pytest.param("yard", 100, 200, False, id="another camera"),
    ],
)
def test_what_a_hold_covers(
    mirror: HoldMirror, camera: str, since: int, until: int, held: bool
) -> None:
    mirror.write([HOLD])
    assert mirror.read().covers(camera, since, until) is held


def test_a_crash_before_the_rename_leaves_the_old_one(mirror: HoldMirror, tmp_path: Path) -> None:
    mirror.write([HOLD])
    (tmp_path / FOLDER / (FILE_NAME + ".new")).write_bytes(b"half of it")
    assert mirror.read().holds == (HOLD,)
    mirror.write([])
    assert mirror.read().holds == ()


def test_one_at_a_time(tmp_path: Path) -> None:
    waits: list[float] = []
    mine, theirs = (
        HoldMirror(RealDisk(), tmp_path),
        HoldMirror(RealDisk(), tmp_path, wait=waits.append),
    )
    with mine.locked(), pytest.raises(StorageUnavailable, match="try again"), theirs.locked(1.0):
        pass
    assert sum(waits) == pytest.approx(1.0, abs=0.03)
    with theirs.locked():
        pass


def test_the_lock_is_passed_on(tmp_path: Path) -> None:
    entered = threading.Event()
    first_waits = threading.Event()
    mirror = HoldMirror(RealDisk(), tmp_path)
    other = HoldMirror(RealDisk(), tmp_path, wait=lambda _: first_waits.set())

    def work() -> None:
        with other.locked(1e9):
            entered.set()

    thread = threading.Thread(target=work)
    with mirror.locked():
        thread.start()
        assert first_waits.wait(10)
        assert not entered.is_set()
    thread.join(10)
    assert entered.is_set()


class FullDisk(RealDisk):
    """Full once ``is_full``: only what a file that is removed took can be written again."""

    is_full, room_bytes = False, 0

    def unlink(self, path: Path) -> None:
        self.room_bytes += path.stat().st_size
        super().unlink(path)

    def create(self, path: Path) -> RealFile:
        made = super().create(path)
        if self.is_full and self.room_bytes < 1000:
            made.close()
            path.unlink()
            raise OSError(errno.ENOSPC, "No space left on device")
        return made


def test_holds_end_also_on_a_full_disk(tmp_path: Path) -> None:
    disk = FullDisk()
    mirror = HoldMirror(disk, tmp_path)
    mirror.write([HOLD])
    disk.is_full = True
    mirror.write([])
    assert mirror.read().holds == ()


def test_a_full_disk_without_the_spare_room_is_told(tmp_path: Path) -> None:
    disk = FullDisk()
    disk.is_full = True
    with pytest.raises(StorageUnavailable, match="can't be written"):
        HoldMirror(disk, tmp_path).write([HOLD])


def test_a_folder_that_can_not_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / FOLDER).write_bytes(b"a file lies in its place")
    mirror = HoldMirror(RealDisk(), tmp_path)
    with pytest.raises(StorageUnavailable, match="can't be written"):
        mirror.write([HOLD])
    with pytest.raises(StorageUnavailable, match="can't be written"), mirror.locked():
        pass

"""A tier in a folder: no way out of it, and what is put there is whole."""

import contextlib
import os
import random
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from its_camera_ai.core.errors import RecordingGone, StorageUnavailable
from its_camera_ai.sim.disk import SimulatedDisk
from its_camera_ai.store.disk import RealDisk, RealFile, RealReading
from its_camera_ai.store.folder_store import FolderStore
from its_camera_ai.store.media_store import sha256_of
from tests.support.sources import Held


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A media root with one recording, and a secret beside it."""
    (tmp_path / "secret").write_bytes(b"secret")
    root = tmp_path / "media"
    (root / "gate/main").mkdir(parents=True)
    (root / "gate/main/1.mp4").write_bytes(bytes(range(100)))
    return root


def store(root: Path) -> FolderStore:
    return FolderStore(RealDisk(), root)


def content(root: Path, path: str) -> bytes:
    file = store(root).open(path)
    try:
        return file.read(file.size_bytes + 1, 0)
    finally:
        file.close()


def plant_file_link(root: Path) -> None:
    (root / "gate/main/link.mp4").symlink_to(root.parent / "secret")


def plant_folder_link(root: Path) -> None:
    (root / "gate/link").symlink_to(root.parent)


def plant_inner_link(root: Path) -> None:
    (root / "gate/main/link.mp4").symlink_to("1.mp4")


def plant_fifo(root: Path) -> None:
    os.mkfifo(root / "gate/main/link.mp4")


def plant_nothing(root: Path) -> None: ...


WAYS_OUT = [
    pytest.param(plant_nothing, "gate/main/2.mp4", id="missing"),
    pytest.param(plant_nothing, "gate/main", id="a folder"),
    pytest.param(plant_nothing, "../secret", id="parent"),
    pytest.param(plant_nothing, "gate/../../secret", id="parent inside"),
    pytest.param(plant_nothing, "gate/./main/1.mp4", id="dot"),
    pytest.param(plant_nothing, "/etc/hostname", id="absolute"),
    pytest.param(plant_nothing, "", id="empty"),
    pytest.param(plant_nothing, "gate//main/1.mp4", id="empty part"),
    pytest.param(plant_nothing, "gate/main/1.mp4\0", id="NUL"),
    pytest.param(plant_nothing, "gate/main/1.mp4/x", id="a file as folder"),
    pytest.param(plant_nothing, "x" * 5000, id="too long a name"),
    pytest.param(plant_file_link, "gate/main/link.mp4", id="link to a secret"),
    pytest.param(plant_inner_link, "gate/main/link.mp4", id="link inside the root"),
    pytest.param(plant_folder_link, "gate/link/secret", id="folder link"),
    pytest.param(plant_fifo, "gate/main/link.mp4", id="pipe"),
]


@pytest.mark.parametrize(("plant", "relative"), WAYS_OUT)
def test_gone(root: Path, plant: Callable[[Path], None], relative: str) -> None:
    plant(root)
    with pytest.raises(RecordingGone, match="no longer on the disk"):
        store(root).open(relative)


@pytest.mark.parametrize(("plant", "relative"), WAYS_OUT)
def test_nothing_outside_is_deleted(
    root: Path, plant: Callable[[Path], None], relative: str
) -> None:
    plant(root)
    with contextlib.suppress(RecordingGone):
        store(root).delete(relative)
    assert (root.parent / "secret").read_bytes() == b"secret"
    assert content(root, "gate/main/1.mp4") == bytes(range(100))


@pytest.fixture(scope="module")
def nested(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A root in which ``a``, ``b`` and ``a/b`` name things, beside a file of the same names."""
    outside = tmp_path_factory.mktemp("outside")
    (outside / "b").write_bytes(b"secret")
    root = outside / "a"
    (root / "a").mkdir(parents=True)
    (root / "a/b").write_bytes(b"recording")
    (root / "b").write_bytes(b"recording")
    return root


@given(relative=st.text(alphabet="./ab\\\0", max_size=12))
def test_no_path_leads_out(nested: Path, relative: str) -> None:
    try:
        assert content(nested, relative) == b"recording"
    except RecordingGone:
        return


def test_descriptors_are_given_back(root: Path) -> None:
    (root / "gate/main/link.mp4").symlink_to("1.mp4")
    before = len(list(Path("/proc/self/fd").iterdir()))
    for relative in ("gate/main/2.mp4", "gate/main/link.mp4", "gate/main", "nothing/1.mp4"):
        with pytest.raises(RecordingGone):
            store(root).open(relative)
    store(root).open("gate/main/1.mp4").close()
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_root_that_is_not_mounted_is_told_apart(tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable, match="mount its disk"):
        store(tmp_path / "nowhere").open("gate/main/1.mp4")


def test_a_day_that_is_over_leaves_no_folder(root: Path) -> None:
    made = store(root)
    made.put("gate/main/2026-01-01/1.mp4", Held(b"x"))
    made.put("gate/main/2026-01-01/2.mp4", Held(b"x"))
    made.delete("gate/main/2026-01-01/1.mp4")
    assert (root / "gate/main/2026-01-01").is_dir()
    made.delete("gate/main/2026-01-01/2.mp4")
    assert not (root / "gate/main/2026-01-01").exists()


def test_a_folder_that_is_removed_just_before_a_file_is_made_in_it(root: Path) -> None:
    class Collected(RealDisk):
        removed = False

        def create(self, path: Path) -> RealFile:
            if not self.removed:
                self.removed = True
                path.parent.rmdir()
            return super().create(path)

    made = FolderStore(Collected(), root)
    made.put("gate/main/2026-01-01/1.mp4", Held(b"x"))
    assert made.size("gate/main/2026-01-01/1.mp4") == 1


def test_a_disk_that_changes_what_is_written_is_found_out(root: Path) -> None:
    class Lying(RealDisk):
        def rename(self, source: Path, target: Path) -> None:
            raise AssertionError("it was taken for good")

        def open_beneath(self, root: Path, relative: str) -> RealReading:
            path = root / relative
            if path.suffix == ".moving":
                path.write_bytes(b"y" + path.read_bytes()[1:])
            return super().open_beneath(root, relative)

    with pytest.raises(StorageUnavailable, match="reads back differently"):
        FolderStore(Lying(), root).put("gate/main/2.mp4", Held(b"xx"))
    assert [path.name for path in (root / "gate/main").iterdir()] == ["1.mp4"]


@pytest.mark.parametrize("seed", range(3))
def test_a_power_cut_at_any_call_leaves_all_or_nothing(seed: int) -> None:
    """What was acknowledged is there; a draft is nobody's file and the next put removes it."""
    content, folder = b"x" * 1_200_000, Path("/nas")
    for cut in range(1, 100):
        disk = SimulatedDisk(folder)
        disk.cut_in(cut)
        acknowledged = True
        try:
            FolderStore(disk, folder).put("gate/main/1.mp4", Held(content))
        except (StorageUnavailable, OSError):
            acknowledged = False
        after = FolderStore(disk.power_cut(random.Random(seed)), folder)
        there = after.size("gate/main/1.mp4")
        assert there in ((len(content),) if acknowledged else (None, len(content))), cut
        if there is not None:
            assert sha256_of(after.open("gate/main/1.mp4")) == sha256_of(Held(content)), cut
        after.put("gate/main/1.mp4", Held(content))
        assert list(after.paths()) == ["gate/main/1.mp4"]
        if acknowledged:
            return
    pytest.fail("it never came to an end")

"""A share that is not mounted is refused, not written into its mount point."""

from pathlib import Path

import pytest

from its_camera_ai.core.errors import RecordingGone, StorageUnavailable
from its_camera_ai.core.segments import Tier
from its_camera_ai.recorder.volumes.tier_identity import TierIdentity
from its_camera_ai.store.disk import RealDisk
from its_camera_ai.store.folder_store import FolderStore
from its_camera_ai.store.media_store import sha256_of
from tests.support.sources import Held

PATH = "gate/main/2026-01-01/1.mp4"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """An empty share, mounted."""
    made = tmp_path / "nas"
    made.mkdir()
    return made


def identity(root: Path, *, begins: bool = True) -> TierIdentity:
    known = root.parent / "data/tiers/warm.json"
    new_id = (lambda: f"id of {root.name}") if begins else None
    return TierIdentity(RealDisk(), root, Tier.WARM, known, new_id=new_id)


def store(root: Path, *, begins: bool = True) -> FolderStore:
    return FolderStore(RealDisk(), root, check=identity(root, begins=begins).check)


def unmount(root: Path) -> None:
    """Only the empty mount point is left."""
    root.rename(root.with_name("unmounted"))
    root.mkdir()


def mount(root: Path) -> None:
    root.rmdir()
    root.with_name("unmounted").rename(root)


def test_an_unmounted_share_is_refused_and_left_empty(root: Path) -> None:
    store(root).put(PATH, Held(b"x"))
    unmount(root)
    for made in (store(root), store(root, begins=False)):
        for call in (
            lambda made=made: made.put(PATH, Held(b"y")),
            lambda made=made: made.open(PATH),
            lambda made=made: made.size(PATH),
            lambda made=made: made.delete(PATH),
            lambda made=made: list(made.paths()),
        ):
            with pytest.raises(StorageUnavailable, match="is not mounted, or another one is"):
                call()
    assert list(root.iterdir()) == []
    mount(root)
    assert store(root).size(PATH) == 1
    with pytest.raises(RecordingGone):
        store(root).open("gate/main/2026-01-01/2.mp4")


def test_unmounted_while_a_file_is_written(root: Path) -> None:
    made = store(root)
    made.put(PATH, Held(b"x"))

    def go_away(at: int) -> None:
        if at == 0 and not root.with_name("unmounted").exists():
            unmount(root)

    with pytest.raises(StorageUnavailable):
        made.put(PATH, Held(b"yy", go_away), sha256=sha256_of(Held(b"yy")))
    mount_point = [path for path in root.rglob("*") if path.is_file()]
    assert mount_point == []


def test_another_share_is_refused(root: Path) -> None:
    store(root).put(PATH, Held(b"x"))
    other = root.with_name("other")
    other.mkdir()
    (other / ".itscam").mkdir()
    (other / ".itscam/tier.json").write_text('{"tier_id": "strange"}')
    unmount(root)
    root.rmdir()
    other.rename(root)
    with pytest.raises(StorageUnavailable, match="holds another tier"):
        store(root).open(PATH)


def test_a_folder_with_something_in_it_is_no_new_tier(root: Path) -> None:
    (root / "holiday.jpg").touch()
    with pytest.raises(StorageUnavailable, match="name an empty folder with ITSCAM_WARM_STORE"):
        identity(root).check()


def test_a_new_data_folder_goes_on_with_a_tier_that_is_marked(root: Path) -> None:
    store(root).put(PATH, Held(b"x"))
    (root.parent / "data/tiers/warm.json").unlink()
    store(root).put(PATH, Held(b"yy"))
    assert store(root).size(PATH) == 2
    unmount(root)
    with pytest.raises(StorageUnavailable):
        identity(root).check()


def test_those_that_only_read_begin_nothing(root: Path) -> None:
    with pytest.raises(StorageUnavailable, match="not in use yet"):
        identity(root, begins=False).check()
    assert list(root.iterdir()) == []


def test_a_folder_that_is_not_there(root: Path) -> None:
    root.rmdir()
    with pytest.raises(StorageUnavailable, match="mount its disk or share"):
        identity(root).check()


@pytest.mark.parametrize("text", ["", "{}", "x" * 1000])
def test_a_damaged_mark(root: Path, text: str) -> None:
    identity(root).check()
    (root / ".itscam/tier.json").write_text(text)
    with pytest.raises(StorageUnavailable, match="is damaged"):
        identity(root).check()

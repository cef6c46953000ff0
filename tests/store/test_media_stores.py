"""What every place of a tier does, over a real folder and a real S3 service."""

import hashlib
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from its_camera_ai.core.errors import RecordingGone
from its_camera_ai.store.disk import RealDisk
from its_camera_ai.store.folder_store import FolderStore
from its_camera_ai.store.media_store import MediaStore
from its_camera_ai.store.s3_store import S3Store
from tests.support.sources import Held, breaking, random_bytes
from tests.support.swift import BUCKET, QUICK, Swift

PATH = "gate/main/2026-01-01/00-00-00-000_0123456789ab.mp4"
PART = QUICK.part_bytes


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> MediaStore:
    """An empty store."""
    if request.param == "folder":
        root = tmp_path / "nas"
        root.mkdir()
        return FolderStore(RealDisk(), root)
    swift: Swift = request.getfixturevalue("swift")
    return S3Store(swift.access(), BUCKET, f"site/{tmp_path.name}")


def content(store: MediaStore, path: str = PATH) -> bytes:
    file = store.open(path)
    try:
        return file.read(file.size_bytes + 1, 0)
    finally:
        file.close()


@pytest.mark.parametrize(
    "size_bytes",
    [
        pytest.param(0, id="nothing"),
        pytest.param(1, id="one byte"),
        pytest.param(2_000_000, id="one request"),
        pytest.param(PART, id="one whole part"),
        pytest.param(PART + 1, id="a part and a byte"),
        pytest.param(2 * PART + 12_345, id="three parts"),
    ],
)
def test_what_is_put_is_read(store: MediaStore, size_bytes: int) -> None:
    wanted = random_bytes(size_bytes)
    store.put(PATH, Held(wanted))
    assert store.size(PATH) == size_bytes
    assert content(store) == wanted
    assert list(store.paths()) == [PATH]


def test_any_place_can_be_read(store: MediaStore) -> None:
    wanted = random_bytes(3_000_000)
    store.put(PATH, Held(wanted))
    rng = random.Random(7)
    file = store.open(PATH)
    for _ in range(50):
        at, size_bytes = rng.randrange(3_100_000), rng.choice([1, 8192, 300_000, 2_000_000])
        assert file.read(size_bytes, at) == wanted[at : at + size_bytes], (at, size_bytes)
    assert file.read(0, 5) == b""
    file.close()


def test_a_file_is_replaced_whole(store: MediaStore) -> None:
    store.put(PATH, Held(b"the first"))
    store.put(PATH, Held(b"another one"))
    assert content(store) == b"another one"


@pytest.mark.parametrize("broken_at", [0, 1, PART, 2 * PART])
def test_a_source_that_breaks_leaves_nothing(store: MediaStore, broken_at: int) -> None:
    source = breaking(random_bytes(2 * PART + 1000), broken_at)
    digest = hashlib.sha256(random_bytes(2 * PART + 1000)).hexdigest()
    with pytest.raises(OSError, match="the disk broke"):
        store.put(PATH, source, sha256=digest)
    assert store.size(PATH) is None
    assert list(store.paths()) == []


@pytest.mark.parametrize("size_bytes", [1000, 2 * PART])
def test_a_source_that_is_not_what_was_promised_is_not_kept(
    store: MediaStore, size_bytes: int
) -> None:
    store.put(PATH, Held(b"the first"))
    with pytest.raises(OSError, match="changed while it was read"):
        store.put(PATH, Held(random_bytes(size_bytes)), sha256="0" * 64)
    assert content(store) == b"the first"


class Stopped(Exception):
    """What a mover raises when it is to end."""


def test_whatever_the_source_raises_goes_through(store: MediaStore) -> None:
    def stop(_at: int) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        store.put(PATH, Held(random_bytes(2 * PART), stop), sha256="0" * 64)
    assert store.size(PATH) is None


def test_lists_a_folder(store: MediaStore) -> None:
    paths = [f"gate/main/2026-01-0{day}/{n}.mp4" for day in (1, 2) for n in range(3)]
    paths.append("gate2/main/2026-01-01/0.mp4")
    for path in paths:
        store.put(path, Held(b"x"))
    assert sorted(store.paths()) == paths
    assert sorted(store.paths("gate")) == paths[:6]
    assert sorted(store.paths("gate/main/2026-01-02")) == paths[3:6]
    assert list(store.paths("nowhere")) == []


def test_deleting(store: MediaStore) -> None:
    store.put(PATH, Held(b"x"))
    store.delete(PATH)
    store.delete(PATH)
    assert store.size(PATH) is None
    with pytest.raises(RecordingGone, match="no longer"):
        store.open(PATH)


@pytest.mark.parametrize("path", ["../x", "/etc/hostname", "a/../../b", "a//b", "", "a/\0"])
@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda store, path: store.open(path), id="open"),
        pytest.param(lambda store, path: store.delete(path), id="delete"),
        pytest.param(lambda store, path: store.put(path, Held(b"x")), id="put"),
    ],
)
def test_no_path_leads_out(
    store: MediaStore, ask: Callable[[MediaStore, str], object], path: str
) -> None:
    with pytest.raises(RecordingGone):
        ask(store, path)

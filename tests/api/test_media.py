"""Recording files: byte ranges, and no way out of the media root."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from its_camera_ai.api.media import ByteRange, open_media, parse_range
from its_camera_ai.api.problems import Gone, RangeUnsatisfiable
from its_camera_ai.core.errors import StorageUnavailable

SIZE = 1000


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        pytest.param("bytes=0-0", (0, 0), id="first byte"),
        pytest.param("bytes=0-", (0, 999), id="all, open"),
        pytest.param("bytes=0-999", (0, 999), id="all, closed"),
        pytest.param("bytes=500-", (500, 999), id="second half"),
        pytest.param("bytes=990-5000", (990, 999), id="end beyond the file"),
        pytest.param("bytes=-1", (999, 999), id="last byte"),
        pytest.param("bytes=-5000", (0, 999), id="suffix longer than the file"),
        pytest.param("Bytes = 1-2", (1, 2), id="case and spaces"),
        pytest.param("bytes=-0", RangeUnsatisfiable, id="empty suffix"),
        pytest.param("bytes=1000-", RangeUnsatisfiable, id="begins at the end"),
        pytest.param("bytes=1000-1001", RangeUnsatisfiable, id="wholly behind"),
        pytest.param("bytes=0-1,5-6", None, id="several: ignored"),
        pytest.param("bytes=5-4", None, id="backwards: invalid, ignored"),
        pytest.param("bytes=-", None, id="no numbers"),
        pytest.param("bytes=", None, id="nothing"),
        pytest.param("bytes", None, id="no equals sign"),
        pytest.param("items=0-1", None, id="another unit"),
        pytest.param("bytes=0x1-2", None, id="hexadecimal"),
        pytest.param("bytes=+1-2", None, id="sign"),
        pytest.param("bytes=١-٢", None, id="other digits"),
        pytest.param("bytes=" + "9" * 5000 + "-", None, id="a number too long to be meant"),
    ],
)
def test_range(header: str, expected: object) -> None:
    if expected is RangeUnsatisfiable:
        with pytest.raises(RangeUnsatisfiable) as refused:
            parse_range(header, SIZE)
        assert refused.value.headers == {"Content-Range": "bytes */1000"}
    else:
        found = parse_range(header, SIZE)
        assert (found and (found.first, found.last)) == expected


@given(st.text(max_size=30), st.integers(0, 10_000))
def test_any_range_lies_in_the_file(spec: str, size_bytes: int) -> None:
    try:
        found = parse_range(f"bytes={spec}", size_bytes)
    except RangeUnsatisfiable:
        return
    if found is not None:
        assert 0 <= found.first <= found.last < size_bytes


@pytest.mark.parametrize("header", ["bytes=0-", "bytes=-1", "bytes=0-0"])
def test_an_empty_file_has_no_range(header: str) -> None:
    with pytest.raises(RangeUnsatisfiable):
        parse_range(header, 0)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A media root with one recording, and a secret beside it."""
    (tmp_path / "secret").write_bytes(b"secret")
    root = tmp_path / "media"
    (root / "gate/main").mkdir(parents=True)
    (root / "gate/main/1.mp4").write_bytes(bytes(range(100)))
    return root


async def read(root: Path, relative: str, part: ByteRange | None = None) -> bytes:
    opened = open_media(root, relative)
    part = part or ByteRange(0, opened.size_bytes - 1)
    return b"".join([piece async for piece in opened.send(part)])


async def test_reads_what_is_there(root: Path) -> None:
    assert await read(root, "gate/main/1.mp4") == bytes(range(100))
    assert await read(root, "gate/main/1.mp4", ByteRange(98, 99)) == b"bc"


async def test_a_file_that_shrinks_ends_early(root: Path) -> None:
    opened = open_media(root, "gate/main/1.mp4")
    os.truncate(root / "gate/main/1.mp4", 10)
    assert len([p async for p in opened.send(ByteRange(0, 99))]) == 1


def plant_file_link(root: Path) -> None:
    (root / "gate/main/link.mp4").symlink_to(root.parent / "secret")


def plant_folder_link(root: Path) -> None:
    (root / "gate/link").symlink_to(root.parent)


def plant_inner_link(root: Path) -> None:
    (root / "gate/main/link.mp4").symlink_to("1.mp4")


def plant_fifo(root: Path) -> None:
    os.mkfifo(root / "gate/main/link.mp4")


def plant_nothing(root: Path) -> None: ...


@pytest.mark.parametrize(
    ("plant", "relative"),
    [
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
    ],
)
def test_gone(root: Path, plant: object, relative: str) -> None:
    plant(root)  # type: ignore[operator]  # one of the planters above
    with pytest.raises(Gone, match="no longer on the disk"):
        open_media(root, relative)


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
async def test_no_path_leads_out(nested: Path, relative: str) -> None:
    try:
        assert await read(nested, relative) == b"recording"
    except Gone:
        return


def test_descriptors_are_given_back(root: Path) -> None:
    (root / "gate/main/link.mp4").symlink_to("1.mp4")
    before = len(list(Path("/proc/self/fd").iterdir()))
    for relative in ("gate/main/2.mp4", "gate/main/link.mp4", "gate/main", "nothing/1.mp4"):
        with pytest.raises(Gone):
            open_media(root, relative)
    open_media(root, "gate/main/1.mp4").close()
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_a_root_that_is_not_mounted_is_told_apart(tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable, match="mount its disk"):
        open_media(tmp_path / "nowhere", "gate/main/1.mp4")

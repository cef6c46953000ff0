"""Recording files: byte ranges, and descriptors that are given back."""

import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from its_camera_ai.api.media import ByteRange, MediaFile, parse_range
from its_camera_ai.api.problems import RangeUnsatisfiable
from its_camera_ai.store.disk import RealDisk

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
def recording(tmp_path: Path) -> Path:
    path = tmp_path / "1.mp4"
    path.write_bytes(bytes(range(100)))
    return path


async def test_reads_what_is_there(recording: Path) -> None:
    for part in (ByteRange(0, 99), ByteRange(98, 99)):
        opened = MediaFile(RealDisk().open(recording))
        assert opened.size_bytes == 100
        sent = b"".join([piece async for piece in opened.send(part)])
        assert sent == bytes(range(part.first, part.last + 1))


async def test_a_file_that_shrinks_ends_early(recording: Path) -> None:
    opened = MediaFile(RealDisk().open(recording))
    os.truncate(recording, 10)
    assert len([p async for p in opened.send(ByteRange(0, 99))]) == 1


def test_an_answer_that_was_never_sent_gives_its_descriptor_back(recording: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    opened = MediaFile(RealDisk().open(recording))
    del opened
    assert len(list(Path("/proc/self/fd").iterdir())) == before

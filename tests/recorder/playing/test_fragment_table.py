"""Tables of fragments: complete for whole files, cut at damage, bounded for hostile ones."""

import struct
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from its_camera_ai.core.errors import RecordingDamaged
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.recorder.playing.fragment_table import (
    FRAGMENTS_MAX,
    Fragment,
    FragmentTable,
    read_fragment,
    read_table,
)
from its_camera_ai.store.disk import RealDisk
from its_camera_ai.video.fmp4 import box
from tests.support.clips import ClipSpec
from tests.support.recordings import camera_packets, record

SPEC = ClipSpec(frames=100, gop=25, audio=True, b_frames=2)
START_NS = 1_700_000_000 * NS_PER_S


class Bytes:
    """A readable file in memory that counts what is read."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.read_bytes = 0

    @property
    def size_bytes(self) -> int:
        return len(self._data)

    def read(self, size_bytes: int, at: int) -> bytes:
        piece = self._data[at : at + size_bytes]
        self.read_bytes += len(piece)
        return piece

    def close(self) -> None: ...


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A recording of 4 s."""
    root = tmp_path_factory.mktemp("media")
    (segment,) = record(root, camera_packets(SPEC, start_ns=START_NS), segment_s=60)
    return (root / segment.path).read_bytes()


def test_a_whole_file(whole: bytes) -> None:
    file = Bytes(whole)
    table = read_table(file)
    assert sum(f.pictures for f in table.fragments) == 100
    assert len(table.keys) == 4
    keys = [table.fragments[n].key_pts or 0 for n in table.keys]
    assert [k - table.first_pts for k in keys] == [0, 90_000, 180_000, 270_000]
    assert all(f.check for f in table.fragments)
    for fragment in table.fragments:
        read = read_fragment(file, fragment)
        assert read[4:8] == b"moof"
        assert len(read) == fragment.size_bytes


def test_little_is_read_of_a_large_file(tmp_path: Path) -> None:
    spec = ClipSpec(size_wh=(1280, 720), frames=100, gop=25, bitrate_bps=8_000_000, noise=1.0)
    (segment,) = record(tmp_path, camera_packets(spec, start_ns=START_NS), segment_s=60)
    file = Bytes((tmp_path / segment.path).read_bytes())
    read_table(file)
    assert file.read_bytes < file.size_bytes / 20


def test_ends_where_the_file_is_cut(whole: bytes) -> None:
    fragments = read_table(Bytes(whole)).fragments
    last = fragments[-1]
    for size in (last.offset + 1, last.offset + last.size_bytes - 1):
        assert read_table(Bytes(whole[:size])).fragments == fragments[:-1]


def test_ends_at_a_fragment_that_makes_no_sense(whole: bytes) -> None:
    fragments = read_table(Bytes(whole)).fragments
    damaged = bytearray(whole)
    damaged[fragments[2].offset + 8] ^= 0xFF  # the size of a box in it
    assert read_table(Bytes(bytes(damaged))).fragments == fragments[:2]


def test_damaged_pictures_are_not_given(whole: bytes) -> None:
    fragment = read_table(Bytes(whole)).fragments[1]
    damaged = bytearray(whole)
    damaged[fragment.offset + fragment.size_bytes - 1] ^= 1
    with pytest.raises(RecordingDamaged, match="damaged"):
        read_fragment(Bytes(bytes(damaged)), fragment)
    with pytest.raises(RecordingDamaged, match="damaged"):
        read_fragment(Bytes(whole[: fragment.offset + fragment.size_bytes - 1]), fragment)


def test_a_file_of_before_there_were_checks(whole: bytes) -> None:
    old = whole[: read_table(Bytes(whole)).fragments[0].offset]
    for fragment in read_table(Bytes(whole)).fragments:
        old += whole[fragment.offset : fragment.offset + fragment.size_bytes]
    table = read_table(Bytes(old))
    assert [f.check for f in table.fragments] == [b""] * len(table.fragments)
    read_fragment(Bytes(old), table.fragments[-1])


def only_head(whole: bytes) -> bytes:
    return whole[: read_table(Bytes(whole)).fragments[0].offset]


HOSTILE: list[object] = [
    pytest.param(lambda whole: b"", id="empty"),
    pytest.param(lambda whole: bytes(10_000), id="zeros"),
    pytest.param(lambda whole: b"\0\0\0\x08free" * 10_000, id="small boxes"),
    pytest.param(only_head, id="no fragment"),
    pytest.param(lambda whole: whole[:20], id="half a head"),
    pytest.param(
        lambda whole: struct.pack(">I4s", 2**31, b"moov") + bytes(100), id="a head too large"
    ),
    pytest.param(
        lambda whole: only_head(whole) + box(b"moof", box(b"mfhd", bytes(8))) + box(b"mdat"),
        id="a fragment of no track",
    ),
    pytest.param(
        lambda whole: only_head(whole) + struct.pack(">I4s", 1, b"moof") + bytes(8),
        id="a size of 64 bits",
    ),
]


@pytest.mark.parametrize("made", HOSTILE)
def test_what_is_no_recording_is_refused(whole: bytes, made: Callable[[bytes], bytes]) -> None:
    file = Bytes(made(whole))
    with pytest.raises(RecordingDamaged):
        read_table(file)
    assert file.read_bytes <= 2 * max(file.size_bytes, 4096)


def test_a_sample_outside_its_fragment_ends_the_table(whole: bytes) -> None:
    first = read_table(Bytes(whole)).fragments[0]
    moof = bytearray(whole[first.offset : first.offset + first.moof_bytes])
    at = moof.index(b"trun") + 12  # the data offset
    struct.pack_into(">i", moof, at, 2**30)
    damaged = whole[: first.offset] + bytes(moof) + whole[first.offset + first.moof_bytes :]
    with pytest.raises(RecordingDamaged):
        read_table(Bytes(damaged))


def test_the_number_of_boxes_is_bounded(whole: bytes) -> None:
    endless = only_head(whole) + b"\0\0\0\x08free" * (4 * FRAGMENTS_MAX)
    first = read_table(Bytes(whole)).fragments[0]
    behind = whole[first.offset : first.offset + first.size_bytes]
    with pytest.raises(RecordingDamaged):
        read_table(Bytes(endless + behind))


@given(st.data())
def test_no_damage_is_followed(whole: bytes, data: st.DataObject) -> None:
    damaged = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 4))):
        damaged[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    try:
        table = read_table(Bytes(bytes(damaged)))
    except RecordingDamaged:
        return
    assert_inside(table, len(whole))


def assert_inside(table: FragmentTable, size_bytes: int) -> None:
    def inside(fragment: Fragment) -> bool:
        return (
            fragment.moof_bytes < fragment.size_bytes
            and fragment.offset + fragment.size_bytes <= size_bytes
            and fragment.key_at + fragment.key_bytes <= fragment.size_bytes
        )

    assert all(inside(fragment) for fragment in table.fragments)
    assert table.fragments[0].key_pts is not None


def test_reads_through_the_real_disk(whole: bytes, tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(whole)
    file = RealDisk().open(tmp_path / "a.mp4")
    assert read_table(file) == read_table(Bytes(whole))
    file.close()

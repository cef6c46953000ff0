"""Where fragments and files begin."""

from dataclasses import replace

import msgspec
import pytest

from its_camera_ai.core.media import MediaKind, Packet
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.recorder.writing.fragments import Fragment, FragmentCutter
from tests.recorder.support import packets
from tests.support.clips import ClipSpec

PLAIN = ClipSpec(frames=150, gop=25)


def cut(items: list[Packet], segment_s: float = 2.0) -> list[Fragment]:
    cutter = FragmentCutter(round(segment_s * NS_PER_S))
    found = [f for p in items if (f := cutter.put(p)) is not None]
    last = cutter.end()
    return found if last is None else [*found, last]


@pytest.mark.parametrize(
    ("spec", "sizes"),
    [
        pytest.param(PLAIN, [25] * 6, id="a key frame a second"),
        pytest.param(replace(PLAIN, gop=10), [10] * 15, id="key frames more often"),
        pytest.param(replace(PLAIN, gop=60), [25, 25, 10] * 2 + [25, 5], id="less often"),
    ],
)
def test_a_fragment_ends_at_a_key_frame_or_after_a_second(spec: ClipSpec, sizes: list[int]) -> None:
    items = packets(spec)
    fragments = cut(items)
    assert [len(f.packets) for f in fragments] == sizes
    assert [p for f in fragments for p in f.packets] == items
    assert [f.size_bytes for f in fragments] == [
        sum(len(p.data) for p in f.packets) for f in fragments
    ]


def test_a_file_begins_at_the_first_key_frame_after_its_length() -> None:
    begins = [f.begins_segment for f in cut(packets(PLAIN))]
    assert begins == [True, False, True, False, True, False]


def test_a_moved_wall_clock_begins_a_file() -> None:
    items = packets(PLAIN)
    moved = [
        msgspec.structs.replace(p, wall_offset_ns=25_000_000) if i >= 30 else p
        for i, p in enumerate(items)
    ]
    begins = [f.begins_segment for f in cut(moved, segment_s=60)]
    assert begins == [True, False, True, False, False, False], "at the next key frame"


def test_after_the_end_of_a_connection_nothing_counts_until_a_key_frame() -> None:
    items = packets(PLAIN)
    cutter = FragmentCutter(60 * NS_PER_S)
    for packet in items[:10]:
        assert cutter.put(packet) is None
    ended = cutter.end_connection()
    assert ended is not None
    assert len(ended.packets) == 10
    found = [f for p in items[12:] if (f := cutter.put(p)) is not None]
    assert found[0].begins_segment
    assert found[0].packets[0] is items[25]


def test_sound_far_from_the_pictures_cuts_nothing_small() -> None:
    items = packets(ClipSpec(frames=150, gop=25, audio=True))
    behind = [
        p
        if p.kind is MediaKind.VIDEO
        else msgspec.structs.replace(p, dts_ns=p.dts_ns - 60 * NS_PER_S)
        for p in items
    ]
    assert len(cut(behind)) <= len(cut(items)) + 1

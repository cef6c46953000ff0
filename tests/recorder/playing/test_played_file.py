"""Frames of a recording in time: every one is found, by wall time and by stream time."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from its_camera_ai.core.errors import RecordingDamaged
from its_camera_ai.core.media import MediaKind, Packet
from its_camera_ai.core.segments import Segment
from its_camera_ai.core.time import NS_PER_MS, NS_PER_S
from its_camera_ai.recorder.playing.fragment_table import read_table
from its_camera_ai.recorder.playing.played_file import PlayedFile
from its_camera_ai.store.disk import RealDisk
from tests.support.clips import ClipSpec, luma
from tests.support.pattern import read_number
from tests.support.recordings import camera_packets, record

START_NS = 1_700_000_000 * NS_PER_S + 123_456_789
OFFSET_NS = -41 * NS_PER_MS
CLIPS = [
    pytest.param(ClipSpec(frames=75, gop=25), id="h264"),
    pytest.param(ClipSpec(frames=75, gop=25, b_frames=2, audio=True), id="B-frames and sound"),
    pytest.param(ClipSpec(frames=75, gop=25, codec="hevc", b_frames=2), id="h265"),
    pytest.param(ClipSpec(frames=60, gop=20, vfr=True), id="variable frame rate"),
    pytest.param(ClipSpec(frames=50, gop=50), id="fragments without key frames"),
]


def open_file(root: Path, segment: Segment) -> PlayedFile:
    file = RealDisk().open(root / segment.path)
    return PlayedFile(segment, file, read_table(file))


@pytest.fixture
def played(
    request: pytest.FixtureRequest, tmp_path: Path
) -> Iterator[tuple[PlayedFile, list[Packet]]]:
    items = camera_packets(request.param, start_ns=START_NS, wall_offset_ns=OFFSET_NS)
    (segment,) = record(tmp_path, items, segment_s=600)
    made = open_file(tmp_path, segment)
    pictures = sorted(
        (p for p in items if p.kind is MediaKind.VIDEO), key=lambda packet: packet.pts_ns
    )
    yield made, pictures
    made.close()


@pytest.mark.parametrize("played", CLIPS, indirect=True)
def test_every_frame_is_found_by_its_own_time(played: tuple[PlayedFile, list[Packet]]) -> None:
    made, pictures = played
    for index, packet in enumerate(pictures):
        by_wall = made.frame_at(packet.wall_ns)
        assert by_wall.index == index
        assert made.frame_at_pts(packet.pts_ns) == by_wall
        assert by_wall.wall_ns == pytest.approx(packet.wall_ns, abs=6_000)
        assert by_wall.pts_ns - by_wall.wall_ns == -OFFSET_NS
        assert made.frame_at(packet.wall_ns + 20 * NS_PER_MS).index == index


@pytest.mark.parametrize("played", CLIPS, indirect=True)
def test_the_picture_is_that_very_frame(played: tuple[PlayedFile, list[Packet]]) -> None:
    made, pictures = played
    for index in (0, 1, 24, 25, 26, len(pictures) - 1):
        place = made.frame_at(pictures[index].wall_ns)
        assert read_number(luma(made.picture(place).picture)) == index


@pytest.mark.parametrize("played", CLIPS, indirect=True)
def test_steps_lead_through_the_whole_file(played: tuple[PlayedFile, list[Packet]]) -> None:
    made, pictures = played
    forwards, at_ns = [], made.segment.start_wall_ns
    while at_ns is not None:
        place = made.frame_at(at_ns)
        forwards.append(place.index)
        at_ns = made.neighbours(place)[1]
    assert forwards == list(range(len(pictures)))
    backwards, at_ns = [], made.segment.end_wall_ns - 1
    while at_ns is not None:
        place = made.frame_at(at_ns)
        backwards.append(place.index)
        at_ns = made.neighbours(place)[0]
    assert backwards == forwards[::-1]


@pytest.mark.parametrize("played", CLIPS[:1], indirect=True)
def test_outside_the_file_its_first_and_last_frame(
    played: tuple[PlayedFile, list[Packet]],
) -> None:
    made, _ = played
    assert made.frame_at(made.segment.start_wall_ns - NS_PER_S).index == 0
    assert made.frame_at(made.segment.end_wall_ns + NS_PER_S).index == 74


@pytest.mark.parametrize("played", CLIPS[:1], indirect=True)
@pytest.mark.parametrize(
    ("after_s", "key"),
    [(-9, 0), (0, 0), (0.4, 0), (0.6, 1), (1.0, 1), (1.6, 2), (2.9, 2), (99, 2)],
)
def test_the_nearest_key_frame(
    played: tuple[PlayedFile, list[Packet]], after_s: float, key: int
) -> None:
    made, pictures = played
    number = made.key_near(made.segment.start_wall_ns + round(after_s * NS_PER_S))
    assert made.key_wall_ns(number) == pytest.approx(pictures[25 * key].wall_ns, abs=6_000)
    assert read_number(luma(made.key_picture(number).picture)) == 25 * key


@pytest.mark.parametrize("played", CLIPS[1:2], indirect=True)
def test_key_frames_around(played: tuple[PlayedFile, list[Packet]]) -> None:
    made, pictures = played
    keys = [made.wall_ns(made.table.fragments[n].key_pts or 0) for n in made.table.keys]
    assert made.keys_around(keys[0]) == (None, keys[1])
    assert made.keys_around(keys[1]) == (keys[0], keys[2])
    assert made.keys_around(keys[2]) == (keys[1], None)
    assert made.keys_around(pictures[30].wall_ns) == (keys[1], keys[2])


@pytest.mark.parametrize("played", CLIPS[:1], indirect=True)
@pytest.mark.parametrize(
    ("since_s", "until_s", "expected"),
    [
        pytest.param(-1, 9, (None, None), id="all"),
        pytest.param(0.5, 9, (None, None), id="inside the first group"),
        pytest.param(1.0, 9, (90_000, None), id="at a key frame"),
        pytest.param(1.5, 9, (90_000, None), id="after a key frame"),
        pytest.param(-1, 2.0, (None, 180_000), id="until a key frame"),
        pytest.param(-1, 1.9, (None, 180_000), id="until before one"),
        pytest.param(1.2, 1.3, (90_000, 180_000), id="within one group"),
        pytest.param(2.5, 9, (180_000, None), id="within the last"),
    ],
)
def test_trimmed_to_key_frames(
    played: tuple[PlayedFile, list[Packet]],
    since_s: float,
    until_s: float,
    expected: tuple[int | None, int | None],
) -> None:
    made, _ = played
    begin_ns = made.segment.start_wall_ns
    trim = made.trim(begin_ns + round(since_s * NS_PER_S), begin_ns + round(until_s * NS_PER_S))
    assert (trim.since, trim.until) == expected
    first_ns, end_ns = made.extent_ns(trim)
    assert first_ns == (trim.since or 0) * NS_PER_S // 90_000
    assert end_ns == (270_000 if trim.until is None else trim.until) * NS_PER_S // 90_000


def test_a_damaged_picture_is_an_error(tmp_path: Path) -> None:
    items = camera_packets(ClipSpec(frames=75, gop=25), start_ns=START_NS)
    (segment,) = record(tmp_path, items, segment_s=600)
    made = open_file(tmp_path, segment)
    hurt = made.table.fragments[1]
    path = tmp_path / segment.path
    data = bytearray(path.read_bytes())
    data[hurt.offset + hurt.size_bytes - 9] ^= 0x10
    path.write_bytes(data)
    assert made.picture(made.frame_at(items[3].wall_ns)).size_wh == (320, 240)
    with pytest.raises(RecordingDamaged, match="damaged"):
        made.picture(made.frame_at(items[30].wall_ns))
    made.close()


def test_the_file_is_closed_with_the_object(tmp_path: Path) -> None:
    (segment,) = record(tmp_path, camera_packets(ClipSpec(frames=25), start_ns=START_NS))
    before = len(list(Path("/proc/self/fd").iterdir()))
    made = open_file(tmp_path, segment)
    part = made.part(made.trim(segment.start_wall_ns, segment.end_wall_ns))
    del made
    assert b"".join(part.pieces())  # the part keeps the file open
    del part
    assert len(list(Path("/proc/self/fd").iterdir())) == before

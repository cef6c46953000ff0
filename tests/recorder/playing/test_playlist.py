"""Playlists as RFC 8216 wants them: a segment per file, discontinuities where there are any."""

import re

import pytest

from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.recorder.playing.file_part import Trim
from its_camera_ai.recorder.playing.playlist import Edge, PlaylistWish, playlist, version_of
from its_camera_ai.store.segment_list import ListedSegment
from tests.recorder.listed import WALL_NS, listed, moved

WISH = PlaylistWish(WALL_NS, WALL_NS + 100 * NS_PER_S)


def lines(files: list[ListedSegment], wish: PlaylistWish = WISH, **edges: Edge) -> list[str]:
    text = playlist(files, {name.replace("_", "-"): e for name, e in edges.items()}, wish)
    assert text.endswith("\n")
    return text.splitlines()


def starting(found: list[str], tag: str) -> list[str]:
    return [line.removeprefix(tag) for line in found if line.startswith(tag)]


def test_five_files_of_one_recording() -> None:
    found = lines([listed(n) for n in range(5)])
    assert found[0] == "#EXTM3U"
    assert starting(found, "#EXT-X-TARGETDURATION:") == ["20"]
    assert starting(found, "#EXT-X-PLAYLIST-TYPE:") == ["VOD"]
    assert found[-1] == "#EXT-X-ENDLIST"
    assert starting(found, "#EXTINF:") == ["20.000000,"] * 5
    assert len(starting(found, "#EXT-X-MAP:")) == 1
    assert "#EXT-X-DISCONTINUITY" not in found
    assert not starting(found, "#EXT-X-DATERANGE")
    assert starting(found, "#EXT-X-PROGRAM-DATE-TIME:")[:2] == [
        "2026-05-28T20:26:40.000Z",
        "2026-05-28T20:27:00.000Z",
    ]
    assert starting(found, "../../recordings/id-3/") == ["hls/media.m4s?v=3000000000000000"]


def test_every_file_lasts_until_the_next_begins() -> None:
    files = [moved(listed(n), pts_s=n * 0.003, wall_s=n * 0.003) for n in range(4)]
    assert starting(lines(files), "#EXTINF:") == ["20.003000,"] * 3 + ["20.000000,"]


def test_milliseconds_in_date_times() -> None:
    files = [moved(listed(0), wall_s=0.789999)]
    assert starting(lines(files), "#EXT-X-PROGRAM-DATE-TIME:") == ["2026-05-28T20:26:40.789Z"]


@pytest.mark.parametrize(
    ("second", "discontinuity", "map_again"),
    [
        pytest.param(listed(1), False, False, id="nothing changes"),
        pytest.param(listed(1, generation=8), True, True, id="another connection"),
        pytest.param(listed(2), True, False, id="a gap"),
        pytest.param(listed(1, codec="hevc"), True, True, id="another codec"),
        pytest.param(listed(1, has_audio=True), True, True, id="sound begins"),
        pytest.param(listed(1, original_hash="a" * 64), True, True, id="compressed"),
        pytest.param(moved(listed(1), wall_s=-9), False, False, id="the clock was set"),
    ],
)
def test_discontinuities(second: ListedSegment, discontinuity: bool, map_again: bool) -> None:
    found = lines([listed(0), second])
    assert ("#EXT-X-DISCONTINUITY" in found) is discontinuity
    assert len(starting(found, "#EXT-X-MAP:")) == 1 + map_again


def test_compressed_files_have_a_head_each_and_no_seam() -> None:
    found = lines([listed(n, original_hash="a" * 64) for n in range(3)])
    assert len(starting(found, "#EXT-X-MAP:")) == 3
    assert "#EXT-X-DISCONTINUITY" not in found


def test_damaged_files_are_gaps_that_say_so() -> None:
    found = lines([listed(0), listed(1, state="damaged"), listed(2)])
    assert starting(found, "#EXT-X-DATERANGE:") == [
        (
            'ID="gap-1780000020000",CLASS="its-camera-ai.gap",START-DATE="2026-05-28T20:27:00.000Z",'
            'DURATION=20.000,X-REASON="damaged"'
        ),
        (
            'ID="gap-1780000060000",CLASS="its-camera-ai.gap",START-DATE="2026-05-28T20:27:40.000Z",'
            'DURATION=40.000,X-REASON="not_recorded"'
        ),
    ]
    assert found.count("#EXT-X-DISCONTINUITY") == 1
    assert not starting(found, "../../recordings/id-1/")


def test_edges_are_trimmed() -> None:
    wish = PlaylistWish(WALL_NS + 7 * NS_PER_S, WALL_NS + 51 * NS_PER_S)
    found = lines(
        [listed(n) for n in range(3)],
        wish,
        id_0=Edge(Trim(since=540_000), 6 * NS_PER_S, 20 * NS_PER_S),
        id_2=Edge(Trim(until=1_080_000), 0, 12 * NS_PER_S),
    )
    assert starting(found, "#EXTINF:") == ["14.000000,", "20.000000,", "12.000000,"]
    assert starting(found, "#EXT-X-PROGRAM-DATE-TIME:")[0] == "2026-05-28T20:26:46.000Z"
    assert starting(found, "#EXT-X-START:") == ["TIME-OFFSET=1.000,PRECISE=YES"]
    names = starting(found, "../../recordings/")
    assert names[0].endswith("&from=540000")
    assert names[2].endswith("&to=1080000")


def test_key_frames_alone() -> None:
    found = lines([listed(0)], PlaylistWish(WISH.since_ns, WISH.until_ns, keys_only=True))
    assert starting(found, "../../recordings/id-0/hls/keys.m4s?v=")
    assert "/hls/keys-init.mp4?v=" in starting(found, "#EXT-X-MAP:")[0]


def test_a_growing_list_only_gets_longer() -> None:
    wish = PlaylistWish(WISH.since_ns, WISH.until_ns, growing=True)
    files = [listed(n) for n in range(4)]
    shorter, longer = lines(files[:3], wish), lines(files, wish)
    assert starting(shorter, "#EXT-X-PLAYLIST-TYPE:") == ["EVENT"]
    assert "#EXT-X-ENDLIST" not in longer
    assert longer[: len(shorter)] == shorter
    assert not starting(shorter, "#EXT-X-DATERANGE")  # what is to come is no gap


def test_every_address_is_relative_and_holds_no_secret() -> None:
    found = lines([listed(n) for n in range(3)])
    for line in found:
        if not line.startswith("#"):
            assert re.fullmatch(r"\.\./\.\./recordings/id-\d/hls/media\.m4s\?v=[0-9a-f]{16}", line)


def test_the_version_of_a_file_without_hash_is_its_size() -> None:
    assert version_of("", 255) == "ff"

"""A span of recordings as a strip of small pictures in one."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from its_camera_ai.core.errors import ItscamError
from its_camera_ai.core.media import StreamRole
from its_camera_ai.recorder.playing.playback import Playback
from its_camera_ai.recorder.playing.thumbnails import Picture, Thumbnails, size_for
from its_camera_ai.recorder.playing.timeline import unshown
from its_camera_ai.store.segment_list import ListedSegment
from its_camera_ai.store.segments import SegmentRepository

COUNT_MAX = 200
WIDTH_PX_MAX = 320
SPRITE_WIDTH_PX_MAX = 4096
"""Browsers of small devices draw no wider pictures."""


@dataclass(frozen=True, slots=True)
class Strip:
    """Small pictures in rows from the top left.

    Attributes:
        sprite: (H, W, 3) BGR.
        tile_wh: of one picture.
        frames_ns: per picture the wall time of its frame; None, and black, where there is none.
    """

    sprite: Picture
    columns: int
    tile_wh: tuple[int, int]
    instants_ns: tuple[int, ...]
    frames_ns: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class StripWish:
    """What is asked for: ``count`` instants, each in the middle of its part of the span."""

    since_ns: int
    until_ns: int
    count: int
    width_px: int

    @property
    def instants_ns(self) -> tuple[int, ...]:
        span_ns = self.until_ns - self.since_ns
        return tuple(
            self.since_ns + (2 * i + 1) * span_ns // (2 * self.count) for i in range(self.count)
        )


def make_strip(
    playback: Playback,
    thumbnails: Thumbnails,
    segments: SegmentRepository,
    camera_id: str,
    role: StreamRole,
    wish: StripWish,
) -> Strip:
    """Decode one key frame per instant: the nearest one of the file that holds it.

    Raises:
        NothingRecorded: nothing of the span can be shown.
        ConfigInvalid: the span holds too many files.
    """
    listed = [
        s
        for s in playback.files(camera_id, role, wish.since_ns, wish.until_ns)
        if unshown(s) is None
    ]
    if not listed:
        raise playback.nothing(camera_id, role, wish.since_ns, wish.until_ns)
    tile_wh = size_for(wish.width_px, (listed[-1].width, listed[-1].height))
    columns = min(wish.count, max(SPRITE_WIDTH_PX_MAX // tile_wh[0], 1))
    rows = -(-wish.count // columns)
    sprite = np.zeros((rows * tile_wh[1], columns * tile_wh[0], 3), np.uint8)
    frames: list[int | None] = [None] * wish.count
    for segment_id, numbers in _by_file(listed, wish.instants_ns).items():
        segment = segments.get(segment_id)
        if segment is None:
            continue
        try:
            played = playback.open(segment)
        except ItscamError:
            continue  # gone, damaged or away: black
        try:
            for number in numbers:
                at = played.key_near(wish.instants_ns[number])
                left, top = number % columns * tile_wh[0], number // columns * tile_wh[1]
                tile = thumbnails.picture(played, at, tile_wh)
                sprite[top : top + tile_wh[1], left : left + tile_wh[0]] = tile
                frames[number] = played.key_wall_ns(at)
        except ItscamError:
            continue
        finally:
            played.close()
    return Strip(sprite, columns, tile_wh, wish.instants_ns, tuple(frames))


def _by_file(listed: Sequence[ListedSegment], instants_ns: Sequence[int]) -> dict[str, list[int]]:
    """The numbers of the instants that each file holds."""
    by_start = sorted(listed, key=lambda s: s.start_wall_ns)
    starts = [s.start_wall_ns for s in by_start]
    found: dict[str, list[int]] = {}
    for number, instant_ns in enumerate(instants_ns):
        at = bisect_right(starts, instant_ns) - 1
        if at >= 0 and instant_ns < by_start[at].end_wall_ns:
            found.setdefault(by_start[at].id, []).append(number)
    return found

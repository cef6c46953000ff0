"""HLS media playlists of recordings (RFC 8216, draft-pantos-hls-rfc8216bis).

One media segment per recording file. A gap is a discontinuity whose next segment has its own
``EXT-X-PROGRAM-DATE-TIME``, and an ``EXT-X-DATERANGE`` that says how long it is and why: hls.js,
Safari and FFmpeg then play on behind it at once and know the right time of day. ``EXT-X-GAP``
would make the gap part of the media time, hours of it, through which a player steps or waits.
"""

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from its_camera_ai.core.time import NS_PER_MS, NS_PER_S, iso_utc
from its_camera_ai.recorder.playing.file_part import Trim
from its_camera_ai.recorder.playing.timeline import Gap, gaps, goes_on, unshown
from its_camera_ai.store.segment_list import ListedSegment

GAP_CLASS = "its-camera-ai.gap"
_VERSION = 7


@dataclass(frozen=True, slots=True)
class Edge:
    """What is shown of a file that the range's beginning or end lies in.

    Attributes:
        since_ns, until_ns: after the file's first picture.
    """

    trim: Trim
    since_ns: int
    until_ns: int


@dataclass(frozen=True, slots=True)
class PlaylistWish:
    """What a playlist is asked for.

    Attributes:
        keys_only: key frames alone, each shown until the next one.
        growing: more may follow; the player loads the playlist again.
    """

    since_ns: int
    until_ns: int
    keys_only: bool = False
    growing: bool = False


class _Part(NamedTuple):
    """One media segment.

    Attributes:
        joined: it follows on the one before without a hole.
    """

    segment: ListedSegment
    start_wall_ns: int
    duration_ns: int
    trim: Trim
    joined: bool


def playlist(
    ordered: Sequence[ListedSegment], edges: Mapping[str, Edge], wish: PlaylistWish
) -> str:
    """The text of a playlist.

    Args:
        ordered: files in order, see ``timeline.in_order``; at least one that can be shown.
        edges: by segment id, of the files at the range's edges.
    """
    parts = _parts(ordered, edges)
    longest_ns = max(part.duration_ns for part in parts)
    ahead_s = (wish.since_ns - parts[0].start_wall_ns) / NS_PER_S
    lines = [
        "#EXTM3U",
        f"#EXT-X-VERSION:{_VERSION}",
        f"#EXT-X-TARGETDURATION:{max(-(-longest_ns // NS_PER_S), 1)}",
        f"#EXT-X-PLAYLIST-TYPE:{'EVENT' if wish.growing else 'VOD'}",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-INDEPENDENT-SEGMENTS",
        f"#EXT-X-START:TIME-OFFSET={max(ahead_s, 0.0):.3f},PRECISE=YES",
    ]
    waiting = deque(gaps(ordered, wish.since_ns, wish.until_ns))
    for part, text in zip(parts, _segments(parts, wish.keys_only), strict=True):
        # each gap before what follows it: a list that grows may change nothing that it said
        while waiting and waiting[0].since_ns < part.start_wall_ns:
            lines.append(_date_range(waiting.popleft()))
        lines.append(text)
    if not wish.growing:
        lines += [*map(_date_range, waiting), "#EXT-X-ENDLIST"]
    return "\n".join(lines) + "\n"


def version_of(content_hash: str, size_bytes: int) -> str:
    """Names the content of a file in URLs: what is cached under it never changes."""
    return content_hash[:16] or f"{size_bytes:x}"


def _parts(ordered: Sequence[ListedSegment], edges: Mapping[str, Edge]) -> list[_Part]:
    """Each file lasts until the next one begins where they are one recording, so that no error
    of rounding adds up over a day."""
    parts: list[_Part] = []
    whole, joined = Trim(), False
    for segment, following in pairwise([*ordered, None]):
        assert segment is not None  # noqa: S101  only the last one is
        goes_further = following is not None and goes_on(segment, following)
        if unshown(segment) is None:
            edge = edges.get(segment.id)
            trim = whole if edge is None else edge.trim
            begin_ns = 0 if edge is None else edge.since_ns
            end_ns = segment.duration_ns if edge is None else edge.until_ns
            if following is not None and goes_further and trim.until is None:
                end_ns = following.start_pts_ns - segment.start_pts_ns
            start_ns = segment.start_wall_ns + begin_ns
            parts.append(_Part(segment, start_ns, max(end_ns - begin_ns, 1), trim, joined))
            joined = goes_further
        else:
            joined = False
    return parts


def _segments(parts: Sequence[_Part], keys_only: bool) -> Iterator[str]:
    name, init = ("keys.m4s", "keys-init.mp4") if keys_only else ("media.m4s", "init.mp4")
    previous: ListedSegment | None = None
    for own, start_wall_ns, duration_ns, trim, joined in parts:
        alike = previous is not None and _coded_alike(previous, own)
        tags = ""
        if previous is not None and not (joined and alike):
            tags = "#EXT-X-DISCONTINUITY\n"
        if previous is None or not alike or _has_own_init(previous, own):
            tags += f'#EXT-X-MAP:URI="{_address(own, init)}"\n'
        yield (
            f"{tags}#EXT-X-PROGRAM-DATE-TIME:{_date_time(start_wall_ns)}\n"
            f"#EXTINF:{duration_ns / NS_PER_S:.6f},\n"
            f"{_address(own, name)}{_query(trim)}"
        )
        previous = own


def _date_time(wall_ns: int) -> str:
    """As ``iso_utc``, at a fraction of its cost: a day has thousands."""
    minutes, millis = divmod(wall_ns // NS_PER_MS, 60_000)
    return f"{_minute(minutes)}{millis // 1000:02d}.{millis % 1000:03d}Z"


@lru_cache(maxsize=4096)
def _minute(minutes: int) -> str:
    return iso_utc(minutes * 60 * NS_PER_S)[:17]


def _address(segment: ListedSegment, name: str) -> str:
    version = version_of(segment.content_hash, segment.size_bytes)
    return f"../../recordings/{segment.id}/hls/{name}?v={version}"


def _query(trim: Trim) -> str:
    since = "" if trim.since is None else f"&from={trim.since}"
    return since if trim.until is None else f"{since}&to={trim.until}"


def _coded_alike(one: ListedSegment, other: ListedSegment) -> bool:
    return (
        one.codec == other.codec
        and one.width == other.width
        and one.height == other.height
        and one.has_audio == other.has_audio
        and bool(one.original_hash) == bool(other.original_hash)
    )


def _has_own_init(before: ListedSegment, segment: ListedSegment) -> bool:
    """A generation has one decoder configuration; a compressed file its own."""
    return before.generation != segment.generation or bool(segment.original_hash)


def _date_range(gap: Gap) -> str:
    return (
        f'#EXT-X-DATERANGE:ID="gap-{gap.since_ns // NS_PER_MS}",CLASS="{GAP_CLASS}",'
        f'START-DATE="{iso_utc(gap.since_ns)}",'
        f"DURATION={(gap.until_ns - gap.since_ns) / NS_PER_S:.3f},"
        f'X-REASON="{gap.reason}"'
    )

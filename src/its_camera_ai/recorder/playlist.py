"""HLS media playlists of recordings (RFC 8216, draft-pantos-hls-rfc8216bis).

One media segment per recording file. A gap is a discontinuity whose next segment has its own
``EXT-X-PROGRAM-DATE-TIME``, and an ``EXT-X-DATERANGE`` that says how long it is and why: hls.js,
Safari and FFmpeg then play on behind it at once and know the right time of day. ``EXT-X-GAP``
would make the gap part of the media time, hours of it, through which a player steps or waits.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from its_camera_ai.core.time import NS_PER_MS, NS_PER_S, iso_utc
from its_camera_ai.recorder.file_part import Trim
from its_camera_ai.recorder.timeline import Gap, gaps, goes_on, unshown
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


@dataclass(frozen=True, slots=True)
class _Part:
    """One media segment."""

    segment: ListedSegment
    start_wall_ns: int
    duration_ns: int
    trim: Trim


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
    end_ns = max(s.end_wall_ns for s in ordered) if wish.growing else wish.until_ns
    lines += [_date_range(gap) for gap in gaps(ordered, wish.since_ns, end_ns)]
    lines += _segments(parts, wish.keys_only)
    if not wish.growing:
        lines.append("#EXT-X-ENDLIST")
    return "\n".join(lines) + "\n"


def version_of(content_hash: str, size_bytes: int) -> str:
    """Names the content of a file in URLs: what is cached under it never changes."""
    return content_hash[:16] or f"{size_bytes:x}"


def _parts(ordered: Sequence[ListedSegment], edges: Mapping[str, Edge]) -> list[_Part]:
    """Each file lasts until the next one begins where they are one recording, so that no error
    of rounding adds up over a day."""
    parts = []
    for position, segment in enumerate(ordered):
        if unshown(segment) is not None:
            continue
        edge = edges.get(segment.id, Edge(Trim(), 0, segment.duration_ns))
        length_ns = edge.until_ns
        following = ordered[position + 1] if position + 1 < len(ordered) else None
        if edge.trim.until is None and following is not None and goes_on(segment, following):
            length_ns = following.start_pts_ns - segment.start_pts_ns
        start_ns = segment.start_wall_ns + edge.since_ns
        parts.append(_Part(segment, start_ns, max(length_ns - edge.since_ns, 1), edge.trim))
    return parts


def _segments(parts: Sequence[_Part], keys_only: bool) -> Iterator[str]:
    name, init = ("keys.m4s", "keys-init.mp4") if keys_only else ("media.m4s", "init.mp4")
    previous: ListedSegment | None = None
    for part in parts:
        own = part.segment
        if previous is not None and not (goes_on(previous, own) and _coded_alike(previous, own)):
            yield "#EXT-X-DISCONTINUITY"
        if previous is None or not _same_init(previous, own):
            yield f'#EXT-X-MAP:URI="{_address(own, init)}"'
        yield f"#EXT-X-PROGRAM-DATE-TIME:{iso_utc(part.start_wall_ns)}"
        yield f"#EXTINF:{part.duration_ns / NS_PER_S:.6f},"
        yield _address(own, name) + _query(part.trim)
        previous = own


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


def _same_init(one: ListedSegment, other: ListedSegment) -> bool:
    """A generation has one decoder configuration; a compressed file its own."""
    return (
        one.generation == other.generation and _coded_alike(one, other) and not other.original_hash
    )


def _date_range(gap: Gap) -> str:
    return (
        f'#EXT-X-DATERANGE:ID="gap-{gap.since_ns // NS_PER_MS}",CLASS="{GAP_CLASS}",'
        f'START-DATE="{iso_utc(gap.since_ns)}",'
        f"DURATION={(gap.until_ns - gap.since_ns) / NS_PER_S:.3f},"
        f'X-REASON="{gap.reason}"'
    )

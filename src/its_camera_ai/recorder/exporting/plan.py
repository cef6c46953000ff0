"""Which recordings become one file: cut at real gaps and where the decoder would have to change."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from its_camera_ai.core.segments import Segment
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.recorder.exporting.source import Source

GAP_NS_MAX = 2 * NS_PER_S
"""A longer hole in the time ends a file; a shorter one is a picture that stands longer."""
GAP_NS_TOLD = NS_PER_S // 5
"""Holes from this length on stand in the manifest."""
PART_BYTES_MAX = 3_900_000_000
"""A file of a copy: it fits FAT32, as USB sticks have it."""
PART_NS_MAX = 3600 * NS_PER_S
"""A file that is coded anew: so much at most is done again after a kill."""


@dataclass(frozen=True, slots=True)
class Span:
    """Wall time, ``[since, until)``."""

    since_ns: int
    until_ns: int

    @property
    def length_ns(self) -> int:
        return self.until_ns - self.since_ns


def groups(
    segments: Iterable[Segment], *, bytes_max: int | None, span_ns_max: int | None
) -> list[list[Segment]]:
    """Neighbours that can be one file, by what the index knows of them.

    After a clock was set back, recordings of two times lie over one another; each continues its
    own row.

    Args:
        segments: of one camera and role, by start.
        bytes_max, span_ns_max: a group is cut before it goes beyond.

    Returns:
        Groups by their start.
    """
    found: list[_Group] = []
    growing: list[_Group] = []
    for segment in segments:
        growing = [g for g in growing if g.last.end_wall_ns + GAP_NS_MAX >= segment.start_wall_ns]
        fitting = [
            g
            for g in growing
            if _follows(g.last, segment) and g.has_room(segment, bytes_max, span_ns_max)
        ]
        mine = min(fitting, key=lambda g: g.distance(segment), default=None)
        if mine is None:
            mine = _Group([])
            found.append(mine)
            growing.append(mine)
        mine.segments.append(segment)
        mine.size_bytes += segment.size_bytes
    return [group.segments for group in found]


@dataclass(slots=True)
class _Group:
    segments: list[Segment]
    size_bytes: int = 0

    @property
    def last(self) -> Segment:
        return self.segments[-1]

    def distance(self, segment: Segment) -> tuple[bool, int]:
        """Less is nearer: first of all what the recording itself names as its forerunner."""
        return not _named(self.last, segment), abs(segment.start_wall_ns - self.last.end_wall_ns)

    def has_room(self, segment: Segment, bytes_max: int | None, span_ns_max: int | None) -> bool:
        length_ns = segment.end_wall_ns - self.segments[0].start_wall_ns
        return (bytes_max is None or self.size_bytes + segment.size_bytes <= bytes_max) and (
            span_ns_max is None or length_ns <= span_ns_max
        )


def _follows(before: Segment, after: Segment) -> bool:
    """Close in time, and coded alike. Those that lie over one another are of two times, unless one
    names the other as its forerunner: then a clock was set back a little."""
    distance_ns = after.start_wall_ns - before.end_wall_ns
    back_ns_max = GAP_NS_MAX if _named(before, after) else GAP_NS_TOLD
    return (
        -back_ns_max <= distance_ns <= GAP_NS_MAX
        and (after.codec, after.width, after.height) == (before.codec, before.width, before.height)
        and after.has_audio == before.has_audio
    )


def _named(before: Segment, after: Segment) -> bool:
    return bool(after.previous_hash) and after.previous_hash == before.content_hash


def runs(sources: Iterable[Source | None]) -> Iterator[list[Source]]:
    """Neighbours that can be one file, by what was found in them.

    Args:
        sources: None stands for one that could not be used; no file goes across it.
    """
    run: list[Source] = []
    for source in sources:
        if run and (source is None or not _joins(run[-1], source)):
            yield run
            run = []
        if source is not None:
            run.append(source)
    if run:
        yield run


def _joins(before: Source, after: Source) -> bool:
    return _follows(before.segment, after.segment) and _entries(before) == _entries(after)


def _entries(source: Source) -> tuple[bytes, bytes, int]:
    audio = source.audio
    return (
        source.video.entry,
        audio.entry if audio is not None else b"",
        audio.timescale if audio is not None else 0,
    )


def gaps(asked: Span, covered: Iterable[Span]) -> list[Span]:
    """What is asked for and not covered, but for holes that nobody sees."""
    found = []
    at = asked.since_ns
    for span in sorted(covered, key=lambda s: s.since_ns):
        if span.since_ns - at >= GAP_NS_TOLD:
            found.append(Span(at, min(span.since_ns, asked.until_ns)))
        at = max(at, span.until_ns)
    if asked.until_ns - at >= GAP_NS_TOLD:
        found.append(Span(at, asked.until_ns))
    return [gap for gap in found if gap.length_ns > 0]

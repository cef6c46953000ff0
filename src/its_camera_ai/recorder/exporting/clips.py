"""Clips: MP4 made of recordings without coding them anew."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from its_camera_ai.core.disk import ReadableFile, WritableFile
from its_camera_ai.recorder.exporting.coding import CodedPicture, SampleReader
from its_camera_ai.recorder.exporting.edges import EdgesNotExact, ExactCut, exact_cut
from its_camera_ai.recorder.exporting.mp4 import Chunk, Opener, OutTrack, write_mp4
from its_camera_ai.recorder.exporting.plan import Span
from its_camera_ai.recorder.exporting.source import Source
from its_camera_ai.recorder.exporting.timeline import Row, Timeline, timeline

COPIED = "copied"
EDGES_CODED = "copied, edges coded anew"


@dataclass(frozen=True, slots=True)
class Clip:
    """What became of a span of recordings.

    Attributes:
        first_wall_ns, last_wall_ns: of the first and the last picture.
        end_wall_ns: end of the last picture.
        remarks: what else is to be known.
    """

    first_wall_ns: int
    last_wall_ns: int
    end_wall_ns: int
    frames: int
    codec: str
    size_wh: tuple[int, int]
    has_sound: bool
    treatment: str
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ClipPlan:
    """A clip that can be written: which tracks from which files."""

    clip: Clip
    tracks: list[OutTrack]
    sources: list[Opener]

    @property
    def size_bytes(self) -> int:
        """Of the samples; the tables come on top."""
        return sum(chunk.size_bytes for track in self.tracks for chunk in track.chunks)

    def write(self, file: WritableFile, step: Callable[[int], None]) -> None:
        """Write the MP4.

        Args:
            step: see ``write_mp4``.

        Raises:
            OSError: reading or writing failed.
        """
        write_mp4(file, self.tracks, self.sources, self.clip.first_wall_ns, step)


class MemoryFile:
    """Bytes behind the port to files."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    @property
    def size_bytes(self) -> int:
        return len(self._content)

    def read(self, size_bytes: int, at: int) -> bytes:
        return self._content[at : at + size_bytes]

    def close(self) -> None:
        pass


def plan_clip(
    sources: list[Source],
    openers: Sequence[Opener],
    asked: Span,
    check: Callable[[], None],
    *,
    exact: bool,
    sound: bool,
) -> ClipPlan | None:
    """How to make one clip of neighbouring recordings.

    Without ``exact`` it begins with the key frame at or before ``asked.since_ns`` and ends with the
    last picture before ``asked.until_ns``, and never covers less than was asked.

    Args:
        openers: one for each source.
        check: called now and then; raises to stop.

    Returns:
        None where no picture lies in the span.

    Raises:
        OSError: reading failed.
    """
    line = timeline(sources)
    row = line.video
    since, until = line.ticks(asked.since_ns), line.ticks(asked.until_ns)
    remark, cut = "", None
    if exact:
        reader = SampleReader(openers, check)
        try:
            cut = exact_cut(row, sources[0].segment.codec, since, until, reader)
        except EdgesNotExact as reason:
            remark = f"The edges lie on key frames: {reason}."
        finally:
            reader.close()
    cut = cut or _key_frame_cut(row, since, until)
    if cut is None:
        return None
    return _plan(line, openers, cut, sound=sound, remark=remark)


def _key_frame_cut(row: Row, since: int, until: int) -> ExactCut | None:
    pts = row.samples.pts
    keys = np.flatnonzero(row.samples.key)
    wanted = np.flatnonzero(pts < until)
    if not len(keys) or not len(wanted):
        return None
    before = keys[pts[keys] <= since]
    begin = int(before[-1]) if len(before) else int(keys[0])
    end = int(wanted[-1]) + 1
    return ExactCut(begin, end, entry=row.entry) if end > begin else None


def _plan(
    line: Timeline, openers: Sequence[Opener], cut: ExactCut, *, sound: bool, remark: str
) -> ClipPlan:
    row = _without_leading(line.video.part(cut.begin, cut.end))
    edges = MemoryFile(b"".join(p.data for p in (*cut.head, *cut.tail)))
    video = _video_track(line, row, cut, edge_source=len(openers))
    first, last = int(video.pts.min()), int(video.pts.max())
    end = last + video.last_duration
    tracks = [video]
    if sound and line.audio is not None:
        audio = audio_track(line.audio, first / row.timescale, end / row.timescale)
        tracks += [] if audio is None else [audio]
    segment = line.sources[0].segment
    clip = Clip(
        line.wall_ns(first),
        line.wall_ns(last),
        line.wall_ns(end),
        len(video.pts),
        segment.codec,
        (segment.width, segment.height),
        len(tracks) > 1,
        EDGES_CODED if cut.head or cut.tail else COPIED,
        (remark,) if remark else (),
    )
    return ClipPlan(clip, tracks, [*openers, _opener_of(edges)])


def _opener_of(file: MemoryFile) -> Opener:
    def opened() -> ReadableFile:
        return file

    return opened


def _without_leading(row: Row) -> Row:
    """Pictures that are shown before the first key frame need what stands before it: left out."""
    s = row.samples
    if not len(s):
        return row
    return row.of(np.flatnonzero(s.pts >= s.pts[0]))


def _video_track(line: Timeline, row: Row, cut: ExactCut, *, edge_source: int) -> OutTrack:
    s = row.samples
    head, tail = cut.head, cut.tail
    pts = np.array([*_stamps(head), *s.pts, *_stamps(tail)], np.int64)
    dts = np.array(
        [*(p - cut.delay for p in _stamps(head)), *s.dts, *(p - cut.delay for p in _stamps(tail))],
        np.int64,
    )
    steps = np.arange(len(dts))
    dts = np.maximum.accumulate(dts - steps) + steps  # decoding times rise, whatever the edges
    size = np.array([*_sizes(head), *s.size, *_sizes(tail)], np.int64)
    keys = [p.is_key for p in head] + s.key.tolist() + [p.is_key for p in tail]
    chunks = [
        *_edge_chunks(head, edge_source, 0, cut.delay, row.timescale),
        *row.chunks(),
        *_edge_chunks(tail, edge_source, sum(_sizes(head)), cut.delay, row.timescale),
    ]
    whole = line.video.samples
    last = int(np.flatnonzero(whole.pts == pts.max())[0])
    segment = line.sources[0].segment
    return OutTrack(
        row.timescale,
        cut.entry,
        dts,
        pts,
        size,
        max(1, int(whole.duration[last])),
        None if all(keys) else np.flatnonzero(keys),
        chunks,
        (segment.width, segment.height),
    )


def _stamps(pictures: list[CodedPicture]) -> list[int]:
    return [picture.pts for picture in pictures]


def _sizes(pictures: list[CodedPicture]) -> list[int]:
    return [len(picture.data) for picture in pictures]


def _edge_chunks(
    pictures: list[CodedPicture], source: int, at: int, delay: int, timescale: int
) -> list[Chunk]:
    if not pictures:
        return []
    begin_s = (pictures[0].pts - delay) / timescale
    return [Chunk(source, at, sum(_sizes(pictures)), len(pictures), begin_s)]


def audio_track(row: Row, begin_s: float, end_s: float) -> OutTrack | None:
    """The sound that begins within a span of the timeline; None where there is none."""
    begin = round(begin_s * row.timescale)
    end = round(end_s * row.timescale)
    inside = np.flatnonzero((row.samples.dts >= begin) & (row.samples.dts < end))
    if not len(inside):
        return None
    cut = row.of(inside)
    s = cut.samples
    return OutTrack(
        row.timescale, row.entry, s.dts, s.pts, s.size, int(s.duration[-1]), None, cut.chunks()
    )

"""A part of a recording file as bytes for a player.

Media time in a file begins at 0. What is served carries the stream's own time instead, which goes
on over the borders of files, so that a player shows them without a seam.
"""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass

from its_camera_ai.core.disk import ReadableFile
from its_camera_ai.core.errors import RecordingDamaged, RecordingGone
from its_camera_ai.core.segments import Segment
from its_camera_ai.core.time import NS_PER_MS, NS_PER_S
from its_camera_ai.recorder.playing.fragment_table import Fragment, FragmentTable, read_fragment
from its_camera_ai.video.fmp4 import ticks
from its_camera_ai.video.fragments import Sample, read_runs, retimed, stills

PIECE_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Trim:
    """A part of a file from key frame to key frame, in ticks after its first picture.

    Attributes:
        since: None is the beginning of the file. until: not included; None is its end.
    """

    since: int | None = None
    until: int | None = None


class FilePart:
    """Fragments of a file in stream time; pictures and sound, or the key frames alone.

    Args:
        owner: what must live for as long as the file is read.

    Raises:
        RecordingGone: there is nothing in that part.
    """

    def __init__(
        self,
        segment: Segment,
        table: FragmentTable,
        file: ReadableFile,
        trim: Trim,
        *,
        owner: object = None,
    ) -> None:
        self._owner = owner
        self._file = file
        self._head = table.head
        timescale = table.head.video.timescale
        base_ns = segment.start_pts_ns - table.first_pts * NS_PER_S // timescale
        self._shift = {
            track: ticks(base_ns, scale) for track, scale in table.head.timescales.items()
        }
        self._chosen, end_pts = _between(table, trim)
        last = table.first_pts + ticks(segment.duration_ns, timescale)
        self._end_pts = last if end_pts is None else end_pts

    @property
    def size_bytes(self) -> int:
        return sum(fragment.size_bytes for fragment in self._chosen)

    def pieces(self) -> Iterator[bytes]:
        """The bytes; a fragment is read and compared with its check before any of it is given.

        Raises:
            RecordingDamaged: it is, from here on.
            OSError: it can't be read.
        """
        for fragment in self._chosen:
            whole = read_fragment(self._file, fragment)
            moof = whole[: fragment.moof_bytes]
            try:
                runs = read_runs(moof, self._head.defaults)
            except ValueError:
                raise RecordingDamaged(
                    "The recording changed while it was read; load the playlist again."
                ) from None
            yield retimed(moof, runs, self._shift, self._sequence(fragment.begin))
            yield from _cut(whole, fragment.moof_bytes)

    def _sequence(self, decode_time: int) -> int:
        """A number that rises from fragment to fragment over all files: its time in ms."""
        video = self._head.video
        since_ns = (decode_time + self._shift[video.number]) * NS_PER_S // video.timescale
        return since_ns // NS_PER_MS

    def key_size_bytes(self) -> int:
        """How many bytes ``key_pieces`` gives."""
        return len(self._key_head()) + sum(f.key_bytes for f in self._chosen)

    def key_pieces(self) -> Iterator[bytes]:
        """The key frames alone, as they are coded, each shown until the next one.

        Raises:
            RecordingDamaged: one of them is.
            OSError: the file can't be read.
        """
        yield self._key_head()
        for fragment in self._chosen:
            if fragment.key_pts is not None:
                whole = read_fragment(self._file, fragment)
                yield from _cut(whole[: fragment.key_at + fragment.key_bytes], fragment.key_at)

    def _key_head(self) -> bytes:
        track = self._head.video.number
        shift = self._shift[track]
        keys = [(f.key_pts, f.key_bytes) for f in self._chosen if f.key_pts is not None]
        ends = [*(pts for pts, _ in keys[1:]), self._end_pts]
        pictures = [
            Sample(0, size, pts + shift, pts + shift, end - pts, is_key=True)
            for (pts, size), end in zip(keys, ends, strict=True)
        ]
        return stills(track, self._sequence(keys[0][0]), pictures)


def _between(table: FragmentTable, trim: Trim) -> tuple[tuple[Fragment, ...], int | None]:
    """The fragments, and where the one after them is shown."""
    keys = table.keys
    times = [(table.fragments[n].key_pts or 0) - table.first_pts for n in keys]
    first = 0 if trim.since is None else bisect_left(times, trim.since)
    end = len(keys) if trim.until is None else bisect_left(times, trim.until)
    if first >= end:
        raise RecordingGone("The recording has no pictures in that part; load the playlist again.")
    if end == len(keys):
        return table.fragments[keys[first] :], None
    return table.fragments[keys[first] : keys[end]], table.fragments[keys[end]].key_pts


def _cut(data: bytes, start: int) -> Iterator[bytes]:
    for at in range(start, len(data), PIECE_BYTES):
        yield data[at : at + PIECE_BYTES]

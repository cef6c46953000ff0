"""One recording file as it is played: its frames in stream time and in wall time."""

import weakref
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

from its_camera_ai.core.disk import ReadableFile
from its_camera_ai.core.media import StreamInfo
from its_camera_ai.core.segments import Segment
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.recorder.playing.file_part import FilePart, Trim
from its_camera_ai.recorder.playing.fragment_table import (
    Fragment,
    FragmentTable,
    picture_run,
    read_fragment,
)
from its_camera_ai.video.decoder import Frame
from its_camera_ai.video.fragments import Sample
from its_camera_ai.video.picture_at import Coded, picture_at

TOLERANCE_NS = 20_000
"""A frame counts as shown this much before its time: media time is counted in 90,000ths of a
second, and times in URLs in microseconds."""


@dataclass(frozen=True, slots=True)
class FramePlace:
    """Where one frame stands.

    Attributes:
        index: in order of display, the file's first is 0.
        pts_ns: stream time. wall_ns: UTC.
        key: number of the fragment that decoding begins with.
    """

    segment_id: str
    index: int
    pts_ns: int
    wall_ns: int
    key: int


@dataclass(frozen=True, slots=True)
class _Picture:
    fragment: int
    sample: Sample


class PlayedFile:
    """An open file. All methods may raise ``RecordingDamaged`` where it is and ``OSError``
    where it can't be read.

    Attributes:
        close: to be called; also called when the object is forgotten.
    """

    def __init__(self, segment: Segment, file: ReadableFile, table: FragmentTable) -> None:
        self.segment = segment
        self.table = table
        self._file = file
        self._timescale = table.head.video.timescale
        self._keys = table.keys
        self._key_times = [table.fragments[n].key_pts or 0 for n in self._keys]
        self._known: dict[int, list[_Picture]] = {}
        # by a finalizer, so that an answer whose client left before it began closes it too
        self.close = weakref.finalize(self, file.close)

    def wall_ns(self, pts: int) -> int:
        """Wall time of a presentation time in ticks."""
        return self.segment.start_wall_ns + self._after_start_ns(pts)

    def _after_start_ns(self, pts: int) -> int:
        scaled = (pts - self.table.first_pts) * NS_PER_S
        return (scaled + self._timescale // 2) // self._timescale

    def _pts(self, wall_ns: int) -> int:
        """Ticks of a wall time, a tolerance later."""
        after_ns = wall_ns - self.segment.start_wall_ns + TOLERANCE_NS
        return self.table.first_pts + after_ns * self._timescale // NS_PER_S

    def frame_at(self, wall_ns: int) -> FramePlace:
        """The frame that is shown at a moment: the first one before the file begins."""
        return self._frame(self._pts(wall_ns))

    def frame_at_pts(self, pts_ns: int) -> FramePlace:
        """The frame that is shown at a stream time of the file's generation."""
        after_ns = pts_ns - self.segment.start_pts_ns + TOLERANCE_NS
        return self._frame(self.table.first_pts + after_ns * self._timescale // NS_PER_S)

    def _frame(self, pts: int) -> FramePlace:
        key = max(bisect_right(self._key_times, pts) - 1, 0)
        shown = sorted(p.sample.pts for p in self._pictures(key))
        rank = max(bisect_right(shown, pts) - 1, 0)
        before = sum(f.pictures for f in self.table.fragments[: self._keys[key]])
        before += self._leading(key)
        return self._place(shown[rank], before + rank, self._keys[key])

    def _leading(self, key: int) -> int:
        """Pictures that are coded after a key frame and shown before it."""
        begin = self._key_times[key]
        return sum(s.sample.pts < begin for s in self._samples(self._keys[key])) if key else 0

    def _place(self, pts: int, index: int, key: int) -> FramePlace:
        after_ns = self._after_start_ns(pts)
        start = self.segment
        return FramePlace(
            start.id, index, start.start_pts_ns + after_ns, start.start_wall_ns + after_ns, key
        )

    def neighbours(self, place: FramePlace) -> tuple[int | None, int | None]:
        """Wall times of the frames before and after, where this file has them."""
        own = place.wall_ns
        previous = None if place.index == 0 else self.frame_at(own - 2 * TOLERANCE_NS).wall_ns
        number = self._keys.index(place.key)
        later = [self.wall_ns(p.sample.pts) for p in self._pictures(number)]
        if number + 1 < len(self._keys):
            later.append(self.wall_ns(self._key_times[number + 1]))
        return previous, min((t for t in later if t > own), default=None)

    def _pictures(self, key: int) -> list[_Picture]:
        """The pictures from a key frame to the next one, with those that are coded after that and
        shown before it."""
        first = self._keys[key]
        following = self._keys[key + 1] if key + 1 < len(self._keys) else None
        found = []
        for number in range(first, len(self.table.fragments) if following is None else following):
            found += self._samples(number)
        if following is not None:
            limit = self._key_times[key + 1]
            found += [p for p in self._samples(following) if p.sample.pts < limit]
        begin = self._key_times[key]
        return [p for p in found if key == 0 or p.sample.pts >= begin]

    def _samples(self, number: int) -> list[_Picture]:
        if number not in self._known:
            fragment = self.table.fragments[number]
            moof = self._file.read(fragment.moof_bytes, fragment.offset)
            run = picture_run(moof, self.table.head) if fragment.pictures else None
            self._known[number] = [_Picture(number, s) for s in run.samples] if run else []
        return self._known[number]

    def key_near(self, wall_ns: int) -> int:
        """The number of the fragment whose key frame is nearest to a moment."""
        pts = self._pts(wall_ns)
        at = bisect_left(self._key_times, pts)
        around = range(max(at - 1, 0), min(at + 1, len(self._keys)))
        return self._keys[min(around, key=lambda n: abs(self._key_times[n] - pts))]

    def key_wall_ns(self, number: int) -> int:
        """When the key frame of a fragment is shown."""
        return self.wall_ns(self.table.fragments[number].key_pts or 0)

    def keys_around(self, wall_ns: int) -> tuple[int | None, int | None]:
        """Wall times of the key frames before and after a moment, where this file has them."""
        pts = self._pts(wall_ns)
        slack = 2 * TOLERANCE_NS * self._timescale // NS_PER_S
        before = bisect_left(self._key_times, pts - slack) - 1
        after = bisect_right(self._key_times, pts)
        return (
            self.wall_ns(self._key_times[before]) if before >= 0 else None,
            self.wall_ns(self._key_times[after]) if after < len(self._keys) else None,
        )

    def picture(self, place: FramePlace) -> Frame:
        """Decode one frame from the key frame before it.

        Raises:
            CameraUnsupported: no decoder.
        """
        return picture_at(self._info(), self._coded(self._keys.index(place.key)), place.pts_ns)

    def key_picture(self, number: int) -> Frame:
        """Decode the key frame of a fragment, and nothing else."""
        fragment = self.table.fragments[number]
        data = self._key_bytes(fragment)
        return picture_at(self._info(), [(data, 0, 0)], 0)

    def _info(self) -> StreamInfo:
        video = self.table.head.video.info
        assert video is not None  # noqa: S101  a picture track has it
        own = self.segment
        return StreamInfo(own.camera_id, own.role, own.generation, video)

    def _coded(self, key: int) -> Iterator[Coded]:
        loaded, whole = -1, b""
        for picture in self._pictures(key):
            if picture.fragment != loaded:
                loaded = picture.fragment
                whole = read_fragment(self._file, self.table.fragments[loaded])
            sample = picture.sample
            data = whole[sample.offset : sample.offset + sample.size]
            start_ns = self.segment.start_pts_ns
            yield (
                data,
                start_ns + self._after_start_ns(sample.pts),
                start_ns + self._after_start_ns(sample.dts),
            )

    def _key_bytes(self, fragment: Fragment) -> bytes:
        whole = read_fragment(self._file, fragment)
        return whole[fragment.key_at : fragment.key_at + fragment.key_bytes]

    def trim(self, since_wall_ns: int, until_wall_ns: int) -> Trim:
        """The least part from key frame to key frame that shows all of ``[since, until)``."""
        first = max(bisect_right(self._key_times, self._pts(since_wall_ns)) - 1, 0)
        end = bisect_left(self._key_times, self._pts(until_wall_ns) - 1)
        end = max(end, first + 1)
        begin = self.table.first_pts
        return Trim(
            None if first == 0 else self._key_times[first] - begin,
            None if end >= len(self._keys) else self._key_times[end] - begin,
        )

    def extent_ns(self, trim: Trim) -> tuple[int, int]:
        """Where a part begins and ends, in ns after the file's first picture."""
        begin = self.table.first_pts
        since_ns = self._after_start_ns(begin + (trim.since or 0))
        if trim.until is None:
            return since_ns, max(self.segment.duration_ns, since_ns + 1)
        return since_ns, self._after_start_ns(begin + trim.until)

    def part(self, trim: Trim) -> FilePart:
        """What is between two key frames, as bytes for a player.

        Raises:
            RecordingGone: nothing is.
        """
        return FilePart(self.segment, self.table, self._file, trim, owner=self)

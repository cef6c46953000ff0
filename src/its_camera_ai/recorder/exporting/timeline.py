"""Recordings that become one file, as one row of samples with one time."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.recorder.exporting.mp4 import Chunk
from its_camera_ai.recorder.exporting.source import Samples, Source, SourceTrack, Ticks, joined


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One track of all sources; time 0 is the first picture of the first source.

    Attributes:
        samples: ``at`` is a place in the file of ``source``.
        source: index of the file of each sample, (N,).
    """

    timescale: int
    entry: bytes
    samples: Samples
    source: npt.NDArray[np.int64]

    def part(self, begin: int, end: int) -> "Row":
        """The samples ``[begin, end)``."""
        return self.of(np.arange(begin, end))

    def of(self, which: Ticks) -> "Row":
        """Some of the samples."""
        s = self.samples
        cut = Samples(
            s.dts[which], s.pts[which], s.duration[which], s.size[which], s.at[which], s.key[which]
        )
        return Row(self.timescale, self.entry, cut, self.source[which])

    def chunks(self, first_source: int = 0) -> list[Chunk]:
        """Samples that lie side by side in one file, and were written at once."""
        s = self.samples
        if not len(s):
            return []
        apart = (s.at[1:] != s.at[:-1] + s.size[:-1]) | (self.source[1:] != self.source[:-1])
        begins = np.concatenate([[0], np.flatnonzero(apart) + 1])
        ends = np.append(begins[1:], len(s))
        return [
            Chunk(
                int(self.source[begin]) + first_source,
                int(s.at[begin]),
                int(s.at[end - 1] + s.size[end - 1] - s.at[begin]),
                int(end - begin),
                float(s.dts[begin]) / self.timescale,
            )
            for begin, end in zip(begins.tolist(), ends.tolist(), strict=True)
        ]


@dataclass(frozen=True, slots=True, eq=False)
class Timeline:
    """The tracks of neighbouring sources.

    Attributes:
        origin_wall_ns: wall time of time 0.
    """

    sources: list[Source]
    origin_wall_ns: int
    video: Row
    audio: Row | None

    def ticks(self, wall_ns: int) -> int:
        """The first tick of the video that is not before this wall time."""
        return -((self.origin_wall_ns - wall_ns) * self.video.timescale // NS_PER_S)

    def wall_ns(self, ticks: int) -> int:
        return self.origin_wall_ns + ticks * NS_PER_S // self.video.timescale


def timeline(sources: list[Source]) -> Timeline:
    """Put sources behind one another by their wall times.

    A picture's time in the row is the wall time that it was recorded with. Only where a camera's
    clock was set back a little would pictures collide: those are moved on behind their forerunners
    until the clock has caught up.
    """
    origin = sources[0].segment.start_wall_ns
    shifts: list[int] = []
    end, last_dts = None, None
    for source in sources:
        s = source.video.samples
        scale = source.video.timescale
        shift = (source.segment.start_wall_ns - origin) * scale // NS_PER_S - source.first_pts
        if end is not None and last_dts is not None:
            half = int(s.duration[0]) // 2
            shift = max(shift, end - half - int(s.pts.min()), last_dts + 1 - int(s.dts[0]))
        shifts.append(shift)
        end = int((s.pts + s.duration).max()) + shift
        last_dts = int(s.dts[-1]) + shift
    video = _row([source.video for source in sources], shifts, list(range(len(sources))))
    audio = _audio_row(sources, shifts)
    return Timeline(sources, origin, video, audio)


def _audio_row(sources: list[Source], shifts: list[int]) -> Row | None:
    """Sound keeps its distance to its pictures, unless it would run into what stands before."""
    tracks: list[SourceTrack] = []
    moved: list[int] = []
    numbers: list[int] = []
    end: int | None = None
    for number, (source, shift) in enumerate(zip(sources, shifts, strict=True)):
        track = source.audio
        if track is None or (tracks and track.timescale != tracks[0].timescale):
            continue
        own = shift * track.timescale // source.video.timescale
        if end is not None:
            own = max(own, end - int(track.samples.dts[0]))
        tracks.append(track)
        moved.append(own)
        numbers.append(number)
        end = int(track.samples.dts[-1] + track.samples.duration[-1]) + own
    return _row(tracks, moved, numbers) if tracks else None


def _row(tracks: list[SourceTrack], shifts: list[int], numbers: list[int]) -> Row:
    parts = [
        Samples(
            t.samples.dts + shift,
            t.samples.pts + shift,
            t.samples.duration,
            t.samples.size,
            t.samples.at,
            t.samples.key,
        )
        for t, shift in zip(tracks, shifts, strict=True)
    ]
    source = np.repeat(numbers, [len(part) for part in parts])
    return Row(tracks[0].timescale, tracks[0].entry, joined(parts), source)

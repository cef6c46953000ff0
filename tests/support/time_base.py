"""A camera over hours, with all that is wrong with clocks, recorded and looked up again.

The camera's crystal runs fast, packets are late by differing times, the machine's clock is set
once, and the local time goes through a change of daylight saving time. Boxes are found in frames;
each is looked up in the recordings by its wall time, written as a local time as a person would ask
for it, and by stream time. True is the frame that the box was found in.
"""

import random
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from its_camera_ai.api.times import wall_time
from its_camera_ai.core.media import MediaKind, Packet, StreamInfo, StreamRole
from its_camera_ai.core.segments import Segment, Tier
from its_camera_ai.core.time import NS_PER_MS, NS_PER_S
from its_camera_ai.recorder.files.media import Media
from its_camera_ai.recorder.playing.playback import NothingRecorded, Playback
from its_camera_ai.recorder.volumes.volume import Volume
from its_camera_ai.recorder.writing.recorder import Recorder
from its_camera_ai.store.database import Database
from its_camera_ai.store.disk import RealDisk
from its_camera_ai.store.folder_store import FolderStore
from its_camera_ai.store.segment_list import SegmentList
from its_camera_ai.store.segments import SegmentRepository
from its_camera_ai.video.clock import Arrival, StreamClock
from tests.support.clips import ClipSpec
from tests.support.recordings import camera_packets

Times = npt.NDArray[np.int64]

ZONE = ZoneInfo("Europe/Berlin")
_SETTLE_FRAMES = 15


@dataclass(frozen=True, slots=True)
class Day:
    """What happens.

    Attributes:
        begin: UTC; of the default the local clock goes back an hour after 13 hours.
        drift_ppm: the camera's seconds are that much too short.
        step_s: the machine's clock is set by so much, once, ``step_after_s`` from the beginning.
        sub_every: the sub stream has every so-manyth frame.
        sub_late_s: it connected so much later than the main stream.
    """

    begin: datetime = datetime(2026, 10, 24, 12, tzinfo=UTC)
    length_s: float = 24 * 3600.0
    fps: int = 30
    gop: int = 60
    drift_ppm: float = 100.0
    step_s: float = -0.8
    step_after_s: float = 9 * 3600.0
    sub_every: int = 3
    sub_late_s: float = 11.0
    segment_s: float = 20.0
    seed: int = 1

    @property
    def frames(self) -> int:
        return round(self.length_s * self.fps)


@dataclass(slots=True)
class Stamped:
    """A stream's frames as they were stamped: stream time and wall time, ns."""

    pts_ns: Times
    wall_ns: Times


@dataclass(slots=True)
class Errors:
    """How far from the true frame the found ones were.

    Attributes:
        worst: frames, where a moment happened once and both streams knew of the clock's step.
        twice: boxes at a moment that happened twice, because the clock was set back.
        worst_twice: frames.
        unsettled: boxes while only one of two streams had followed the clock's step.
        worst_unsettled: frames.
    """

    boxes: int = 0
    worst: int = 0
    twice: int = 0
    worst_twice: int = 0
    unsettled: int = 0
    worst_unsettled: int = 0
    not_found: int = 0


@dataclass(slots=True)
class Result:
    """The errors of one day, by how boxes were looked up."""

    by_stream_time: Errors = field(default_factory=Errors)
    by_wall_time: Errors = field(default_factory=Errors)
    of_sub_stream: Errors = field(default_factory=Errors)
    files: int = 0
    unrecorded: int = 0


def stamped(
    day: Day, *, seed: int, every: int = 1, begin: int = 0, key_phase: int = 0
) -> Iterator[tuple[int, int, int, int]]:
    """(frame, stream time, decode time, wall offset) of each frame of a stream, by the clock that
    stamps real cameras.

    Args:
        begin: the first frame; a multiple of ``every``.
        key_phase: its key frames come so many frames earlier.
    """
    rng = random.Random(seed)
    begin_ns = round(day.begin.timestamp()) * NS_PER_S
    step_at_ns = round(day.step_after_s * NS_PER_S)
    own_step_ns = NS_PER_S * every // day.fps  # by the camera's own crystal
    true_step = own_step_ns / (1 + day.drift_ppm / 1e6)
    clock, free_ns = StreamClock(), 0

    def arrival(number: int) -> Arrival:
        nonlocal free_ns
        late_ms = 80.0 if rng.random() < 0.01 else min(2 + rng.expovariate(0.25), 60)
        free_ns = max(free_ns, round(number * true_step + late_ms * NS_PER_MS))
        stepped_ns = round(day.step_s * NS_PER_S) if free_ns >= step_at_ns else 0
        return Arrival(number * own_step_ns, begin_ns + free_ns + stepped_ns, free_ns)

    numbers = range(begin // every, day.frames // every)
    first = {n: arrival(n) for n in numbers[:_SETTLE_FRAMES]}
    clock.begin(list(first.values()))
    for number in numbers:
        came = first.get(number) or arrival(number)
        is_key = (number * every + key_phase) % day.gop == 0
        stamp = clock.stamp(came.raw_dts_ns, came, may_turn=is_key)
        yield number * every, stamp.pts_ns, stamp.dts_ns, stamp.wall_offset_ns


def record_day(day: Day, root: Path) -> tuple[Stamped, list[Segment], int]:
    """The main stream through the real recorder; coded pictures of a few bytes."""
    template = camera_packets(ClipSpec(frames=1, gop=1), start_ns=0)[0].info
    info = StreamInfo("gate", StreamRole.MAIN, 1, template.video)
    index = _Index()
    recorder = Recorder(Volume(RealDisk(), root), index, segment_s=day.segment_s)
    pts, wall = np.zeros(day.frames, np.int64), np.zeros(day.frames, np.int64)
    nominal_ns = NS_PER_S // day.fps
    for number, pts_ns, dts_ns, offset_ns in stamped(day, seed=day.seed):
        pts[number], wall[number] = pts_ns, pts_ns + offset_ns
        is_key = number % day.gop == 0
        data = b"\0\0\0\1\x65ab" if is_key else b"\0\0\0\1\x41ab"
        recorder.put(
            Packet(
                info, MediaKind.VIDEO, number, pts_ns, dts_ns, nominal_ns, offset_ns, is_key, data
            )
        )
    recorder.close(600)
    return Stamped(pts, wall), index.segments, recorder.figures.unrecorded_packets


class _Index:
    def __init__(self) -> None:
        self.segments: list[Segment] = []

    def add(self, segment: Segment) -> None:
        self.segments.append(segment)


def live_day(
    day: Day, root: Path, database: Database, *, boxes: int, around_every: int = 1
) -> Result:
    """Record a day and look up boxes in it: at random, and close together round the step."""
    main, segments, unrecorded = record_day(day, root)
    repository = SegmentRepository(database)
    repository.put_many(segments)
    playback = Playback(
        repository, SegmentList(database), Media({Tier.HOT: FolderStore(RealDisk(), root)})
    )
    lookup = _Lookup(playback, segments, main)
    rng = random.Random(day.seed + 1)
    near_step = round(day.step_after_s * day.fps)
    chosen = {rng.randrange(day.frames) for _ in range(boxes)}
    around = range(near_step - 10 * day.fps, near_step + 65 * day.fps, around_every)
    chosen |= {frame for frame in around if 0 <= frame < day.frames}
    result = Result(files=len(segments), unrecorded=unrecorded)
    for frame in sorted(chosen):
        lookup.by_stream_time(frame, result.by_stream_time)
        lookup.by_wall_time(frame, int(main.wall_ns[frame]), result.by_wall_time, settled=True)
    late = round(day.sub_late_s * day.fps) // day.sub_every * day.sub_every
    sub = stamped(day, seed=day.seed + 2, every=day.sub_every, begin=late, key_phase=day.gop // 2)
    for frame, pts_ns, _, offset_ns in sub:
        if frame in chosen:
            wall_ns = pts_ns + offset_ns
            apart_ns = abs(wall_ns - int(main.wall_ns[frame]))
            settled = apart_ns < abs(day.step_s) * NS_PER_S / 2
            lookup.by_wall_time(frame, wall_ns, result.of_sub_stream, settled=settled)
    return result


class _Lookup:
    """Boxes to frames, as the API does it."""

    def __init__(self, playback: Playback, segments: Sequence[Segment], main: Stamped) -> None:
        self._playback = playback
        self._segments = sorted(segments, key=lambda s: s.start_pts_ns)
        self._starts = [s.start_pts_ns for s in self._segments]
        self._main = main
        falls = np.flatnonzero(np.diff(main.wall_ns) < 0)
        self._repeated: tuple[int, int] | None = None
        if len(falls):
            self._repeated = int(main.wall_ns[falls[0] + 1]), int(main.wall_ns[falls[0]])

    def by_stream_time(self, frame: int, errors: Errors) -> None:
        pts_ns = int(self._main.pts_ns[frame])
        segment = self._segments[bisect_right(self._starts, pts_ns + 1) - 1]
        played = self._playback.open(segment)
        found_ns = played.frame_at_pts(pts_ns).pts_ns
        played.close()
        errors.boxes += 1
        errors.worst = max(errors.worst, abs(self._number(found_ns) - frame))

    def by_wall_time(self, frame: int, wall_ns: int, errors: Errors, *, settled: bool) -> None:
        asked_ns = wall_time("at", local_text(wall_ns))
        assert asked_ns is not None
        errors.boxes += 1
        try:
            segment = self._playback.file_at("gate", StreamRole.MAIN, asked_ns)
        except NothingRecorded as gap:
            near = [ns for ns in (gap.before_ns, gap.after_ns) if ns is not None]
            if not near:
                errors.not_found += 1
                return
            asked_ns = min(near, key=lambda ns: abs(ns - wall_ns))  # as the answer 404 tells
            segment = self._playback.file_at("gate", StreamRole.MAIN, asked_ns)
        played = self._playback.open(segment)
        error = abs(self._number(played.frame_at(asked_ns).pts_ns) - frame)
        played.close()
        repeated = self._repeated
        if repeated is not None and repeated[0] - NS_PER_S <= wall_ns <= repeated[1] + NS_PER_S:
            errors.twice += 1
            errors.worst_twice = max(errors.worst_twice, error)
        elif not settled:
            errors.unsettled += 1
            errors.worst_unsettled = max(errors.worst_unsettled, error)
        else:
            errors.worst = max(errors.worst, error)

    def _number(self, pts_ns: int) -> int:
        """The frame of a stream time, which a file keeps to a 90,000th of a second."""
        return int(np.searchsorted(self._main.pts_ns, pts_ns + NS_PER_MS, side="right")) - 1


def local_text(wall_ns: int) -> str:
    """A moment as a person of that place writes it, to the microsecond, not before it."""
    seconds, rest_ns = divmod(wall_ns, NS_PER_S)
    moment = datetime.fromtimestamp(seconds, ZONE)
    micros = -(-rest_ns // 1000)
    if micros == 1_000_000:
        return local_text((seconds + 1) * NS_PER_S)
    return moment.replace(microsecond=micros).isoformat(timespec="microseconds")

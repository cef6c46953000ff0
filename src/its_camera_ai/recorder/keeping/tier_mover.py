"""Moves recordings to slower storage by age, and when the fast disk holds more than it should."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import structlog

from its_camera_ai.core.disk import ReadableFile
from its_camera_ai.core.errors import (
    ItscamError,
    RecordingArchived,
    RecordingGone,
    StorageUnavailable,
)
from its_camera_ai.core.jobs import Every, JobResult, Schedule
from its_camera_ai.core.retention import NS_PER_DAY
from its_camera_ai.core.segments import Segment, SegmentState, Tier
from its_camera_ai.core.storage_policy import TierPolicy
from its_camera_ai.core.time import NS_PER_S, Clock
from its_camera_ai.recorder.files.media import Media
from its_camera_ai.recorder.files.pace import Pace
from its_camera_ai.recorder.files.segment_format import DIGEST_BYTES
from its_camera_ai.recorder.files.segment_reading import hash_of_part
from its_camera_ai.store.media_store import MediaStore
from its_camera_ai.store.moves import MoveRepository
from its_camera_ai.store.segments import SegmentRepository

log = structlog.get_logger(__name__)

INTERVAL_S = 300.0
BATCH_SEGMENTS = 16
"""Moves that are written down together before the first of them begins."""
AWAY_S = 300.0
AWAY_S_MAX = 3600.0
_STOP_LOOK_S = 0.2


@dataclass(frozen=True, slots=True)
class Leg:
    """One way that recordings go in a run.

    Attributes:
        until_wall_ns: those that ended until then.
        held_too: also what a hold covers.
        excess_bytes: stop after so many; None moves all.
    """

    source: Tier
    target: Tier
    until_wall_ns: int
    held_too: bool
    excess_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class _Away:
    """A tier that can't be reached: failures in a row, and when to try again."""

    failures: int
    again_ns: int
    problem: str


@dataclass(slots=True)
class _Figures:
    moved_files: int = 0
    moved_bytes: int = 0
    damaged_files: int = 0
    missing_files: int = 0
    failed_files: int = 0
    given_up_files: int = 0


class _Stopped(Exception):
    """The run is to end; a copy that is being made is dropped."""


class TierMover:
    """Copies a recording, compares it, switches its row, and leaves the old file to the garbage.

    A recording is read whole and compared with its hash before it goes: what is damaged stays, and
    is told. Held recordings stay, unless the policy lets them move; they never go to where they
    would have to be restored before they can be shown. A tier that can't be reached is tried again
    after 5 minutes, then 10, up to an hour; until then all stays where it is.

    Args:
        media: where the tiers lie; those that are not set get nothing.
        policy: asked at the start of each run.
        sleep: waits so many seconds.
    """

    def __init__(
        self,
        media: Media,
        moves: MoveRepository,
        segments: SegmentRepository,
        policy: Callable[[], TierPolicy],
        *,
        clock: Clock,
        sleep: Callable[[float], None],
    ) -> None:
        self._media = media
        self._moves = moves
        self._segments = segments
        self._policy = policy
        self._clock = clock
        self._sleep = sleep
        self._away: dict[Tier, _Away] = {}

    @property
    def name(self) -> str:
        return "move"

    @property
    def schedule(self) -> Schedule:
        return Every(INTERVAL_S)

    def run(self, stopped: Callable[[], bool]) -> JobResult:
        policy = self._policy()
        done = _Run(self._media, self._moves, self._segments, self._clock)
        done.figures.given_up_files = self._moves.settle(self._clock.wall_ns())
        pace = Pace(
            policy.move_bytes_per_s, clock=self._clock, wait=lambda s: self._wait(s, stopped)
        )
        problems = []
        try:
            for leg in self._legs(policy):
                problem = self._go(leg, done, pace, stopped)
                if problem:
                    problems.append(problem)
        except _Stopped:
            log.info("moving was stopped; it goes on with the next run")
        done.figures.given_up_files += self._moves.settle(self._clock.wall_ns())
        figures = {name: float(getattr(done.figures, name)) for name in _Figures.__slots__}
        return JobResult(
            figures,
            audit=any((done.figures.moved_files, done.figures.damaged_files)),
            problem=" ".join(problems + done.problems()),
        )

    def _legs(self, policy: TierPolicy) -> Iterator[Leg]:
        """What goes where. Read one after another: what an earlier leg moved is seen."""
        now_ns, stores = self._clock.wall_ns(), self._media.stores
        cold_ns = _before(now_ns, policy.cold_after_days) if Tier.COLD in stores else None
        warm_ns = _before(now_ns, policy.warm_after_days) if Tier.WARM in stores else None

        def leg(source: Tier, target: Tier, until_ns: int, excess_bytes: int | None = None) -> Leg:
            held_too = policy.move_held and stores[target].at_once
            return Leg(source, target, until_ns, held_too, excess_bytes)

        if cold_ns is not None:
            yield leg(Tier.HOT, Tier.COLD, cold_ns)
        if warm_ns is not None:
            yield leg(Tier.HOT, Tier.WARM, warm_ns)
        if cold_ns is not None and Tier.WARM in stores:
            yield leg(Tier.WARM, Tier.COLD, cold_ns)
        slower = next((tier for tier in (Tier.WARM, Tier.COLD) if tier in stores), None)
        if policy.hot_max_bytes is not None and slower is not None:
            excess = self._moves.size_bytes(Tier.HOT) - policy.hot_max_bytes
            if excess > 0:
                yield leg(Tier.HOT, slower, now_ns, excess)

    def _go(self, leg: Leg, run: "_Run", pace: Pace, stopped: Callable[[], bool]) -> str:
        """Move all of a leg; what kept it from that, in words."""
        away = self._away.get(leg.target)
        if away is None or self._clock.monotonic_ns() >= away.again_ns:
            try:
                run.leg(leg, pace, stopped)
            except StorageUnavailable as error:
                failures = 1 if away is None else away.failures + 1
                wait_s = min(AWAY_S * 2 ** (failures - 1), AWAY_S_MAX)
                again_ns = self._clock.monotonic_ns() + round(wait_s * NS_PER_S)
                away = self._away[leg.target] = _Away(failures, again_ns, str(error))
                log.warning("a tier is away", tier=str(leg.target), problem=away.problem)
            else:
                self._away.pop(leg.target, None)
                return ""
        files, size_bytes = self._moves.waiting(
            leg.source, leg.until_wall_ns, held_too=leg.held_too
        )
        return (
            f"{away.problem} {files} recordings ({size_bytes / 1e9:.1f} GB) wait in the "
            f"{leg.source} tier for the {leg.target} one; nothing is lost, and it is tried again."
        )

    def _wait(self, seconds: float, stopped: Callable[[], bool]) -> None:
        while seconds > 0:
            if stopped():
                raise _Stopped
            self._sleep(min(seconds, _STOP_LOOK_S))
            seconds -= _STOP_LOOK_S


class _Run:
    """One run's moves and figures."""

    def __init__(
        self, media: Media, moves: MoveRepository, segments: SegmentRepository, clock: Clock
    ) -> None:
        self.figures = _Figures()
        self._media = media
        self._moves = moves
        self._segments = segments
        self._clock = clock

    def problems(self) -> list[str]:
        found = self.figures
        texts = [
            (found.damaged_files, "damaged recordings were not moved; look at them"),
            (found.missing_files, "recordings are missing from their tier"),
            (found.failed_files, "recordings could not be read and stay where they are"),
        ]
        return [f"{count} {text} ('itscam storage fsck')." for count, text in texts if count]

    def leg(self, leg: Leg, pace: Pace, stopped: Callable[[], bool]) -> None:
        """
        Raises:
            StorageUnavailable: one of the two tiers can't be reached.
            _Stopped: the run is to end.
        """
        target, last = self._media.store(leg.target), None
        moved_bytes = 0
        while leg.excess_bytes is None or moved_bytes < leg.excess_bytes:
            batch = self._moves.due(
                leg.source,
                leg.target,
                leg.until_wall_ns,
                held_too=leg.held_too,
                after=last,
                limit=BATCH_SEGMENTS,
            )
            if not batch:
                return
            self._moves.begin(batch, leg.target, self._clock.wall_ns())
            for segment in batch:
                if leg.excess_bytes is not None and moved_bytes >= leg.excess_bytes:
                    return
                if self._move(segment, leg, target, pace, stopped):
                    moved_bytes += segment.size_bytes
            last = batch[-1]

    def _move(
        self,
        segment: Segment,
        leg: Leg,
        target: MediaStore,
        pace: Pace,
        stopped: Callable[[], bool],
    ) -> bool:
        """Move one; False if it stays, for a reason that is counted."""
        if stopped():
            raise _Stopped
        try:
            file = self._media.open(segment)
        except RecordingGone:
            self._mark(segment, SegmentState.MISSING)
            return False
        except RecordingArchived as error:
            return self._failed(segment, error)
        try:
            sha256 = _sound(file, segment)
            if not sha256:
                self._mark(segment, SegmentState.DAMAGED)
                return False
            target.put(segment.path, _Paced(file, pace, stopped), sha256=sha256)
        except OSError as error:
            return self._failed(segment, error)
        finally:
            file.close()
        now_ns = self._clock.wall_ns()
        if not self._moves.switch(segment, leg.target, now_ns, held_too=leg.held_too):
            return False
        self.figures.moved_files += 1
        self.figures.moved_bytes += segment.size_bytes
        return True

    def _mark(self, segment: Segment, state: SegmentState) -> None:
        log.error("a recording was not moved", segment=segment.id, path=segment.path, found=state)
        self._segments.mark([segment.id], state)
        if state is SegmentState.MISSING:
            self.figures.missing_files += 1
        else:
            self.figures.damaged_files += 1

    def _failed(self, segment: Segment, error: OSError | ItscamError) -> bool:
        log.error("a recording was not moved", segment=segment.id, problem=str(error))
        self.figures.failed_files += 1
        return False


def _sound(file: ReadableFile, segment: Segment) -> str:
    """SHA-256 of the whole file, in hex; empty if its content is not what the index says."""
    if file.size_bytes != segment.size_bytes:
        return ""
    if not segment.content_hash:  # of before there were seals
        return hash_of_part(file, file.size_bytes).hexdigest()
    digest = hash_of_part(file, file.size_bytes - DIGEST_BYTES)
    seal = file.read(DIGEST_BYTES, file.size_bytes - DIGEST_BYTES)
    if digest.hexdigest() != segment.content_hash or digest.digest() != seal:
        return ""
    digest.update(seal)
    return digest.hexdigest()


class _Paced:
    """A file that is read no faster than the pace, and no further once the run is to end."""

    def __init__(self, file: ReadableFile, pace: Pace, stopped: Callable[[], bool]) -> None:
        self._file = file
        self._pace = pace
        self._stopped = stopped

    @property
    def size_bytes(self) -> int:
        return self._file.size_bytes

    def read(self, size_bytes: int, at: int) -> bytes:
        if self._stopped():
            raise _Stopped
        piece = self._file.read(size_bytes, at)
        self._pace.spend(len(piece))
        return piece

    def close(self) -> None:
        self._file.close()


def _before(now_wall_ns: int, days: float | None) -> int | None:
    return None if days is None else now_wall_ns - round(days * NS_PER_DAY)

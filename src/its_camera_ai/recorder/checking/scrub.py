"""Reads all recordings again and again in the background, to find damage before someone needs
them [16]."""

from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

from its_camera_ai.core.errors import RecordingArchived
from its_camera_ai.core.jobs import Every, JobResult, Schedule
from its_camera_ai.core.segments import Segment, SegmentState, Tier
from its_camera_ai.core.time import NS_PER_S, Clock, iso_utc
from its_camera_ai.recorder.files.media import Media
from its_camera_ai.recorder.files.pace import Pace
from its_camera_ai.recorder.files.verify import ReadFailed, verify
from its_camera_ai.store.segments import SegmentRepository

log = structlog.get_logger(__name__)

INTERVAL_S = 60.0
RUN_S = 900.0
"""A run ends after this and goes on at the next: its figures shall be seen meanwhile."""
AGAIN_S = 30 * 86_400.0
BATCH = 32
READ_FAILURES_MAX = 3
"""So many in a row are not a few bad sectors: the disk itself fails or is away."""
TIERS = (Tier.HOT, Tier.WARM)


@dataclass(slots=True)
class _Run:
    looked: list[tuple[Segment, SegmentState]] = field(default_factory=list)
    unread: list[Segment] = field(default_factory=list)
    verified_files: int = 0
    verified_bytes: int = 0
    damaged_files: int = 0
    missing_files: int = 0
    first_bad: str = ""


class _Stopped(Exception):
    """The run is to end; the file that is being read is begun anew by the next run."""


class Scrub:
    """The job. What was compared the longest time ago comes first; each file comes again after 30
    days. Resumable: what was compared is kept every few files.

    Args:
        media: the archive tier is never read: it would cost money, or hours.
        bytes_per_s: asked at the start of each run; it reads no faster than this, so that
            recording has the disk, and not at all at 0.
        wait: sleeps so many seconds.
    """

    def __init__(
        self,
        repository: SegmentRepository,
        media: Media,
        *,
        clock: Clock,
        wait: Callable[[float], None],
        bytes_per_s: Callable[[], float],
        again_s: float = AGAIN_S,
        run_s: float = RUN_S,
    ) -> None:
        self._repository = repository
        self._media = media
        self._clock = clock
        self._wait = wait
        self._bytes_per_s = bytes_per_s
        self._again_ns = int(again_s * NS_PER_S)
        self._run_ns = int(run_s * NS_PER_S)

    @property
    def name(self) -> str:
        return "scrub"

    @property
    def schedule(self) -> Schedule:
        return Every(INTERVAL_S)

    def run(self, stopped: Callable[[], bool]) -> JobResult:
        """Compare what is due, for a quarter of an hour at the most.

        Raises:
            StorageUnavailable: a tier can't be reached or its disk fails; nothing is called
                damaged because of that.
            DatabaseUnavailable: what was found could not be kept.
        """
        rate = self._bytes_per_s()
        if rate <= 0:
            return JobResult()
        run = _Run()
        until_ns = self._clock.monotonic_ns() + self._run_ns

        def over() -> bool:
            return stopped() or self._clock.monotonic_ns() >= until_ns

        try:
            for tier in TIERS:
                if tier in self._media.stores:
                    self._scrub(tier, run, rate, over)
        except _Stopped:
            pass
        finally:
            self._keep(run)
        return JobResult(
            {
                "verified_files": run.verified_files,
                "verified_bytes": run.verified_bytes,
                "damaged_files": run.damaged_files,
                "missing_files": run.missing_files,
            },
            audit=bool(run.damaged_files or run.missing_files),
            problem=evidence_problem(self._repository) or _problem(run),
        )

    def _scrub(self, tier: Tier, run: _Run, rate: float, over: Callable[[], bool]) -> None:
        before_ns = self._clock.wall_ns() - self._again_ns
        pace = Pace(rate, clock=self._clock, wait=self._wait)

        def spend(size_bytes: int) -> None:
            if over():
                raise _Stopped
            pace.spend(size_bytes)

        left_out: set[str] = set()
        while not over():
            batch = self._repository.longest_unverified(
                BATCH + len(left_out), tier=tier, before_wall_ns=before_ns
            )
            batch = [segment for segment in batch if segment.id not in left_out]
            if not batch:
                self._settle(tier, run, spend)
                return
            for segment in batch:
                if not self._look(segment, run, spend):
                    left_out.add(segment.id)
            self._keep(run)

    def _look(self, segment: Segment, run: _Run, spend: Callable[[int], None]) -> bool:
        """False if nothing can be said of it now."""
        try:
            verdict = verify(self._media, segment, spend=spend)
        except RecordingArchived:
            return False
        except ReadFailed as error:
            run.unread.append(segment)
            if len(run.unread) >= READ_FAILURES_MAX:
                run.unread = []
                raise
            log.warning("a recording can't be read", problem=str(error))
            return False
        if verdict.state is SegmentState.GOOD:
            # the disk reads others: those before were bad sectors
            for bad in run.unread:
                self._note(bad, SegmentState.DAMAGED, "the disk can't read it", run)
            run.unread = []
        self._note(segment, verdict.state, verdict.reason, run)
        return True

    def _settle(self, tier: Tier, run: _Run, spend: Callable[[int], None]) -> None:
        """Nothing is due any more: whether the last ones are to blame, or their disk, is told by
        any other file."""
        unread = {segment.id for segment in run.unread}
        others = self._repository.longest_unverified(READ_FAILURES_MAX, tier=tier)
        other = next((segment for segment in others if segment.id not in unread), None)
        if unread and other is not None:
            self._look(other, run, spend)

    def _note(self, segment: Segment, state: SegmentState, reason: str, run: _Run) -> None:
        run.looked.append((segment, state))
        run.verified_files += 1
        run.verified_bytes += segment.size_bytes
        if state is SegmentState.GOOD or state is segment.state:
            return
        if state is SegmentState.DAMAGED:
            run.damaged_files += 1
        else:
            run.missing_files += 1
        run.first_bad = run.first_bad or f"{_named(segment)}: {reason}"
        log.error("a recording is not as it was", path=segment.path, state=state, reason=reason)

    def _keep(self, run: _Run) -> None:
        looked, run.looked = run.looked, []
        self._repository.judge(looked, self._clock.wall_ns())


def _problem(run: _Run) -> str:
    if not run.first_bad:
        return ""
    return (
        f"{run.damaged_files + run.missing_files} recordings were found damaged or missing (the "
        f"first: {run.first_bad}). They are kept and no longer played. Check the disk, such as "
        "with smartctl; list them all with: itscam storage fsck"
    )


def evidence_problem(repository: SegmentRepository) -> str:
    """The loudest there is: recordings that someone holds are not as they were; empty if none."""
    count, first = repository.held_in_doubt()
    if first is None:
        return ""
    return (
        f"EVIDENCE IS DAMAGED: {count} held recordings are damaged or missing (the first: "
        f"{_named(first)}). Change nothing on this disk; make a copy of it now, look for another "
        "copy of the file in backups and exports, and check the disk with smartctl."
    )


def _named(segment: Segment) -> str:
    return f"{segment.camera_id}, {iso_utc(segment.start_wall_ns)}, {segment.path}"

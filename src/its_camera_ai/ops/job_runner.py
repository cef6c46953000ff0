"""Runs recurring jobs, each in a thread of its own, never twice at a time."""

import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import Protocol

import structlog

from its_camera_ai.bus.messages import JobStatus
from its_camera_ai.core.errors import ItscamError, RetryableError
from its_camera_ai.core.jobs import Every, Job, JobResult, Schedule
from its_camera_ai.core.time import NS_PER_S, Clock
from its_camera_ai.store.job_runs import JobRun

log = structlog.get_logger(__name__)

LOOK_S = 1.0
FIRST_AFTER_S = 10.0
"""Jobs that run often wait so long after a start: cameras come first."""
RETRY_S = 900.0
"""A daily job that failed is tried again after this."""


class Runs(Protocol):
    """Where runs are kept over restarts."""

    def get(self, name: str) -> JobRun | None: ...

    def started(self, name: str, wall_ns: int) -> None: ...

    def succeeded(self, name: str, wall_ns: int, figures: Mapping[str, float]) -> None: ...

    def failed(self, name: str, wall_ns: int, problem: str) -> None: ...


Audited = Callable[[str, Mapping[str, float]], None]
"""Told of each run that changed what an auditor will ask for: the job and its figures."""


def next_run_wall_ns(
    schedule: Schedule, last: JobRun | None, started_wall_ns: int, zone: tzinfo | None
) -> int:
    """When a job is due next.

    Args:
        last: its last run, if there was one.
        started_wall_ns: when this process began.
        zone: of the site; None is the machine's own.

    A daily job that was missed (the site was off, or the run failed or died) is due at once, or
    ``RETRY_S`` after the last try.
    """
    if isinstance(schedule, Every):
        begun = started_wall_ns + int(min(FIRST_AFTER_S, schedule.interval_s) * NS_PER_S)
        if last is None:
            return begun
        since = last.finished_wall_ns or last.started_wall_ns
        return max(begun, since + int(schedule.interval_s * NS_PER_S))
    succeeded_ns = last.succeeded_wall_ns if last is not None else None
    if last is None or succeeded_ns is None:
        tried_ns = last.started_wall_ns + int(RETRY_S * NS_PER_S) if last is not None else 0
        before = _daily_after(schedule.hour, schedule.minute, started_wall_ns, zone)
        return max(before, tried_ns) if last is None else tried_ns
    due_ns = _daily_after(schedule.hour, schedule.minute, succeeded_ns, zone)
    if last.started_wall_ns > succeeded_ns:  # tried since, in vain
        due_ns = max(due_ns, last.started_wall_ns + int(RETRY_S * NS_PER_S))
    return due_ns


def _daily_after(hour: int, minute: int, wall_ns: int, zone: tzinfo | None) -> int:
    """The first moment after ``wall_ns`` at which the local clock shows that time."""
    moment = datetime.fromtimestamp(wall_ns / NS_PER_S).astimezone(zone)
    day = moment.replace(hour=hour, minute=minute, second=0, microsecond=0)
    while day.timestamp() * NS_PER_S <= wall_ns:
        day += timedelta(days=1)
        if zone is None:  # the machine's own offset may change over night
            day = day.replace(tzinfo=None).astimezone()
    return int(day.timestamp()) * NS_PER_S


@dataclass(slots=True)
class _Figures:
    runs: int = 0
    failures: int = 0
    running: bool = False
    duration_s: float = 0.0
    succeeded_wall_ns: int = 0
    problem: str = ""
    totals: Counter[str] = field(default_factory=Counter)


class JobRunner:
    """Runs each job when it is due, one thread per job.

    Args:
        runs: kept over restarts; raises ``RetryableError`` while the database is away, which
            postpones the job.
        audited: told of runs whose result says that they are to be audited.
        zone: gives the site's time zone, for daily jobs; None is the machine's own.
    """

    def __init__(
        self,
        jobs: Sequence[Job],
        runs: Runs,
        *,
        audited: Audited,
        clock: Clock,
        zone: Callable[[], tzinfo | None] = lambda: None,
    ) -> None:
        self._runs = runs
        self._audited = audited
        self._clock = clock
        self._zone = zone
        self._started_wall_ns = int(clock.wall_ns())
        self._figures = {job.name: _Figures() for job in jobs}
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=self._follow, args=(job,), name=f"job/{job.name}", daemon=True)
            for job in jobs
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    @property
    def alive(self) -> bool:
        """False if a thread died of something unforeseen: the process must then be restarted."""
        return all(thread.is_alive() for thread in self._threads)

    def close(self, timeout_s: float = 8.0) -> None:
        """Ask all jobs to stop and wait for them; one that does not obey is left behind."""
        self._stop.set()
        until_ns = self._clock.monotonic_ns() + int(timeout_s * NS_PER_S)
        for thread in self._threads:
            thread.join(max(0.0, (until_ns - self._clock.monotonic_ns()) / NS_PER_S))

    def status(self) -> list[JobStatus]:
        return [
            JobStatus(
                name,
                running=f.running,
                runs=f.runs,
                failures=f.failures,
                duration_s=f.duration_s,
                succeeded_wall_ns=f.succeeded_wall_ns,
                problem=f.problem,
                totals=dict(f.totals),
            )
            for name, f in self._figures.items()
        ]

    def _follow(self, job: Job) -> None:
        while not self._stop.wait(LOOK_S):
            try:
                last = self._runs.get(job.name)
                if last is not None and last.succeeded_wall_ns is not None:
                    self._figures[job.name].succeeded_wall_ns = last.succeeded_wall_ns
                due_ns = next_run_wall_ns(job.schedule, last, self._started_wall_ns, self._zone())
                if self._clock.wall_ns() >= due_ns:
                    self.run_now(job)
            except RetryableError as error:
                log.warning("a job waits for the database", job=job.name, problem=str(error))

    def run_now(self, job: Job) -> JobResult | None:
        """Run a job in this thread; None if it failed, which is told by the figures.

        Raises:
            RetryableError: the database that keeps the runs can't be reached.
        """
        figures = self._figures[job.name]
        began_ns = self._clock.monotonic_ns()
        self._runs.started(job.name, self._clock.wall_ns())
        figures.running = True
        try:
            result = job.run(self._stop.is_set)
        except ItscamError as error:
            figures.failures += 1
            figures.problem = str(error)
            log.error("a job failed", job=job.name, problem=str(error))
            self._runs.failed(job.name, self._clock.wall_ns(), str(error))
            return None
        finally:
            figures.running = False
            figures.runs += 1
            figures.duration_s = (self._clock.monotonic_ns() - began_ns) / NS_PER_S
        figures.problem = result.problem
        figures.totals.update({name: value for name, value in result.figures.items() if value > 0})
        if result.problem:
            figures.failures += 1
            log.error("a job could not do all", job=job.name, problem=result.problem)
            self._runs.failed(job.name, self._clock.wall_ns(), result.problem)
        else:
            self._runs.succeeded(job.name, self._clock.wall_ns(), result.figures)
        if result.audit:
            self._audited(job.name, result.figures)
        return result

"""The nightly run over all data that has a time to end, and the frequent one over quotas."""

import fcntl
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from its_camera_ai.core.errors import ItscamError, RetryableError, StorageUnavailable
from its_camera_ai.core.jobs import Daily, Every, JobResult, Schedule
from its_camera_ai.core.retention import Action, Keeper, RetentionOrder, Tally
from its_camera_ai.core.retention_matrix import DataClass
from its_camera_ai.core.storage_policy import StoragePolicy
from its_camera_ai.core.time import Clock

log = structlog.get_logger(__name__)

NIGHTLY = Daily(3)
QUOTAS_EVERY = Every(300.0)
LOCK_NAME = "retention.lock"


class RetentionRuns(RetryableError):
    """Another run, from whatever process, is at work."""


@dataclass(frozen=True, slots=True)
class RetentionReport:
    """What a run did, or in a dry run would do.

    Attributes:
        problems: by the keeper's name, what it could not do; the others did their part.
        ended_early: it was asked to stop.
    """

    dry_run: bool
    now_wall_ns: int
    tally: Tally
    problems: dict[str, str] = field(default_factory=dict)
    ended_early: bool = False


class Retention:
    """Ends what is due, one class of data after the other; the failure of one stops no other.

    Catches up by itself: what is due is found by its age, whenever the last run was.

    Args:
        keepers: each looks after its classes.
        policy: asked at the beginning of each run.
        lock: one run at a time over all processes; ``run_lock``.
    """

    def __init__(
        self,
        keepers: Sequence[Keeper],
        policy: Callable[[], StoragePolicy],
        lock: Callable[[], AbstractContextManager[None]],
        clock: Clock,
        *,
        name: str = "retention",
        schedule: Schedule = NIGHTLY,
    ) -> None:
        self._keepers = keepers
        self._policy = policy
        self._lock = lock
        self._clock = clock
        self.name = name
        self.schedule = schedule

    def run(self, stopped: Callable[[], bool]) -> JobResult:
        """One run as a job.

        Raises:
            RetentionRuns: another one is at work, and this one is too rare to be left out.
        """
        try:
            report = self.carry_out(stopped=stopped)
        except RetentionRuns:
            if isinstance(self.schedule, Every):
                return JobResult({"skipped": 1})
            raise
        figures = report.tally.figures()
        problem = " ".join(f"{name}: {text}" for name, text in report.problems.items())
        if report.ended_early and not problem:
            problem = "The run was stopped before its end; it goes on with the next one."
        ended = report.tally.total(
            Action.DELETED, Action.ANONYMISED, Action.AGGREGATED, Action.ARCHIVED
        )
        return JobResult(figures, audit=ended.count > 0, problem=problem)

    def carry_out(
        self,
        *,
        dry_run: bool = False,
        classes: Iterable[DataClass] | None = None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> RetentionReport:
        """Do it now.

        Raises:
            RetentionRuns: another run is at work; not in a dry run, which hinders nobody.
            ConfigInvalid: the stored policy can't be read.
        """
        if dry_run:
            return self._over_all(dry_run, classes, stopped)
        with self._lock():
            return self._over_all(dry_run, classes, stopped)

    def _over_all(
        self, dry_run: bool, classes: Iterable[DataClass] | None, stopped: Callable[[], bool]
    ) -> RetentionReport:
        wanted = None if classes is None else frozenset(classes)
        now_ns = self._clock.wall_ns()
        order = RetentionOrder(self._policy(), now_ns, dry_run, wanted, stopped)
        tally, problems = Tally(), {}
        for keeper in self._keepers:
            if stopped():
                break
            if any(order.wants(data_class) for data_class in keeper.classes):
                try:
                    keeper.work(order, tally)
                except ItscamError as error:
                    log.error("retention could not finish a class", of=keeper.name, why=str(error))
                    problems[keeper.name] = str(error)
        return RetentionReport(dry_run, now_ns, tally, problems, stopped())


@contextmanager
def run_lock(folder: Path) -> Iterator[None]:
    """Held by the one run that is at work; the kernel drops it when the process ends.

    Raises:
        RetentionRuns: another one holds it.
        StorageUnavailable: the folder can't be written.
    """
    try:
        handle = os.open(folder / LOCK_NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StorageUnavailable(
            f"The folder {folder} can't be written ({(error.strerror or 'error').lower()}): free "
            "space on it or correct its rights."
        ) from error
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RetentionRuns(
                "Retention is at work already; wait until it is done, then try again."
            ) from None
        yield
    finally:
        os.close(handle)

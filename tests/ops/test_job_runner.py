"""Recurring jobs: when they are due, what is told of failures, and that none runs twice."""

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from its_camera_ai.core.errors import DatabaseUnavailable, StorageUnavailable
from its_camera_ai.core.jobs import Daily, Every, JobResult, Schedule
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.ops import job_runner
from its_camera_ai.ops.job_runner import JobRunner, next_run_wall_ns
from its_camera_ai.sim.clock import SimulatedClock
from its_camera_ai.store.database import open_database
from its_camera_ai.store.job_runs import JobRun, JobRunRepository
from its_camera_ai.store.migration import migrate
from tests.support.waiting import wait_until

BERLIN = ZoneInfo("Europe/Berlin")


def at(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * NS_PER_S


def iso(wall_ns: int) -> str:
    return datetime.fromtimestamp(wall_ns / NS_PER_S, tz=UTC).isoformat()[:16]


def run(started: str, finished: str | None = None, succeeded: str | None = None) -> JobRun:
    return JobRun("job", at(started), finished and at(finished), succeeded and at(succeeded))


@pytest.mark.parametrize(
    ("schedule", "last", "due"),
    [
        pytest.param(Every(300), None, "2026-03-01T12:00", id="often: soon after the start"),
        pytest.param(
            Every(3600),
            run("2026-03-01T11:30", "2026-03-01T11:40", "2026-03-01T11:40"),
            "2026-03-01T12:40",
            id="often: counted from its end, over a restart",
        ),
        pytest.param(Daily(3), None, "2026-03-02T02:00", id="daily: the next 03:00 of the site"),
        pytest.param(
            Daily(3),
            run("2026-02-28T02:00", "2026-02-28T02:05", "2026-02-28T02:05"),
            "2026-03-01T02:00",
            id="daily: missed today, so at once",
        ),
        pytest.param(
            Daily(3),
            run("2026-03-01T02:00", "2026-03-01T02:05", "2026-02-28T02:05"),
            "2026-03-01T02:15",
            id="daily: failed, so a quarter of an hour after the try",
        ),
        pytest.param(
            Daily(3), run("2026-03-01T11:58"), "2026-03-01T12:13", id="daily: died in its first run"
        ),
        pytest.param(
            Daily(3),
            run("2026-03-28T02:00", "2026-03-28T02:05", "2026-03-28T02:05"),
            "2026-03-29T01:00",
            id="daily: the night that summer time begins",
        ),
    ],
)
def test_when_a_job_is_due(schedule: Schedule, last: JobRun | None, due: str) -> None:
    found = next_run_wall_ns(schedule, last, at("2026-03-01T12:00"), BERLIN)
    assert iso(found) == due


class Work:
    """A job that does what the test says."""

    name = "work"

    def __init__(self, does: Callable[[], JobResult], schedule: Schedule = Every(0.0)) -> None:  # noqa: B008  a frozen value
        self.does = does
        self.schedule = schedule
        self.inside = 0
        self.most_inside = 0

    def run(self, stopped: Callable[[], bool]) -> JobResult:
        self.inside += 1
        self.most_inside = max(self.most_inside, self.inside)
        try:
            return self.does()
        finally:
            self.inside -= 1


@pytest.fixture
def runs(tmp_path: Path):  # type: ignore[no-untyped-def]
    database = open_database(f"sqlite:///{tmp_path / 'db.sqlite'}")
    migrate(database)
    yield JobRunRepository(database)
    database.close()


def test_results_are_kept_counted_and_audited(runs: JobRunRepository) -> None:
    told: list[tuple[str, Mapping[str, float]]] = []
    clock = SimulatedClock(at("2026-03-01T12:00"))
    job = Work(lambda: JobResult({"deleted_files": 3.0}, audit=True))
    runner = JobRunner([job], runs, audited=lambda n, f: told.append((n, dict(f))), clock=clock)
    runner.run_now(job)
    runner.run_now(job)
    kept = runs.get("work")
    assert kept is not None
    assert (kept.figures, kept.problem) == ({"deleted_files": 3.0}, "")
    assert kept.succeeded_wall_ns == clock.wall_ns()
    assert told == [("work", {"deleted_files": 3.0})] * 2
    status = runner.status()[0]
    assert (status.runs, status.failures, status.totals) == (2, 0, {"deleted_files": 6.0})


def test_a_failure_is_told_and_the_last_success_stays_known(runs: JobRunRepository) -> None:
    def fails() -> JobResult:
        raise StorageUnavailable("the share is away; mount it")

    clock = SimulatedClock(at("2026-03-01T12:00"))
    job = Work(lambda: JobResult({"files": 1.0}))
    runner = JobRunner([job], runs, audited=lambda *_: None, clock=clock)
    runner.run_now(job)
    job.does = fails
    clock.advance(60.0)
    assert runner.run_now(job) is None
    kept = runs.get("work")
    assert kept is not None
    assert kept.problem == "the share is away; mount it"
    assert kept.succeeded_wall_ns == at("2026-03-01T12:00")
    assert kept.figures == {"files": 1.0}
    status = runner.status()[0]
    assert (status.runs, status.failures, status.problem) == (2, 1, kept.problem)


def test_what_was_done_beside_a_failure_is_counted_and_audited(runs: JobRunRepository) -> None:
    told: list[Mapping[str, float]] = []
    clock = SimulatedClock(at("2026-03-01T12:00"))
    job = Work(lambda: JobResult({"deleted": 2.0}, audit=True, problem="events: database is away"))
    runner = JobRunner([job], runs, audited=lambda _, f: told.append(dict(f)), clock=clock)
    assert runner.run_now(job) is not None
    kept, status = runs.get("work"), runner.status()[0]
    assert kept is not None
    assert (kept.problem, kept.succeeded_wall_ns) == ("events: database is away", None)
    assert (status.failures, status.totals) == (1, {"deleted": 2.0})
    assert told == [{"deleted": 2.0}]


def test_jobs_run_beside_each_other_and_stop(
    runs: JobRunRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_runner, "LOOK_S", 0.001)
    monkeypatch.setattr(job_runner, "FIRST_AFTER_S", 0.0)
    held = threading.Event()
    slow = Work(lambda: JobResult({"ended": float(held.wait(20))}))
    slow.name = "slow"
    quick = Work(JobResult)
    runner = JobRunner(
        [slow, quick], runs, audited=lambda *_: None, clock=SimulatedClock(at("2026-03-01T12:00"))
    )
    runner.start()
    wait_until(lambda: runner.status()[1].runs >= 3, "the quick job to run beside the slow one")
    assert runner.status()[0].running
    held.set()
    runner.close()
    assert runner.status()[0].totals == {"ended": float(runner.status()[0].runs)}
    assert (slow.most_inside, quick.most_inside) == (1, 1)


def test_a_database_that_is_away_postpones_a_job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job_runner, "LOOK_S", 0.001)
    monkeypatch.setattr(job_runner, "FIRST_AFTER_S", 0.0)

    class Away:
        asked = 0

        def get(self, name: str) -> JobRun | None:
            self.asked += 1
            if self.asked < 3:
                raise DatabaseUnavailable("locked; wait")
            return None

        def started(self, name: str, wall_ns: int) -> None: ...

        def succeeded(self, name: str, wall_ns: int, figures: Mapping[str, float]) -> None: ...

        def failed(self, name: str, wall_ns: int, problem: str) -> None: ...

    job = Work(JobResult)
    clock = SimulatedClock(at("2026-03-01T12:00"))
    runner = JobRunner([job], Away(), audited=lambda *_: None, clock=clock)
    runner.start()
    wait_until(lambda: runner.status()[0].runs, "the job to run once the database is back")
    assert runner.alive
    runner.close()

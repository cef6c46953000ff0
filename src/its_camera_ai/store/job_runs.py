"""When each recurring job last ran and what came of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row, select, update

from its_camera_ai.store import sqlite
from its_camera_ai.store.database import Database
from its_camera_ai.store.schema import job_runs


@dataclass(frozen=True, slots=True)
class JobRun:
    """The last run of one job.

    Attributes:
        finished_wall_ns: None while it runs, or if it died running.
        succeeded_wall_ns: the last time that a run succeeded; None if none ever did.
        problem: why the last run failed; empty if it did not.
        figures: of the last run that succeeded.
    """

    name: str
    started_wall_ns: int
    finished_wall_ns: int | None = None
    succeeded_wall_ns: int | None = None
    problem: str = ""
    figures: Mapping[str, float] = field(default_factory=dict)


class JobRunRepository:
    """One row per job. Losing the last one to a power cut costs a run more than needed."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def all(self) -> list[JobRun]:
        """Every job that ever ran, by name."""
        with self._database.read() as connection:
            return [_run(r) for r in connection.execute(select(job_runs).order_by(job_runs.c.name))]

    def get(self, name: str) -> JobRun | None:
        with self._database.read() as connection:
            row = connection.execute(select(job_runs).where(job_runs.c.name == name)).one_or_none()
        return None if row is None else _run(row)

    def started(self, name: str, wall_ns: int) -> None:
        """A run begins; what the last one gave stays known."""
        with self._database.write(durable=False) as connection:
            known = update(job_runs).where(job_runs.c.name == name)
            if connection.execute(known.values(started_ns=wall_ns, finished_ns=None)).rowcount:
                return
            row = {"name": name, "started_ns": wall_ns, "problem": "", "result": {}}
            sqlite.upsert(connection, job_runs, [row], key=("name",))

    def succeeded(self, name: str, wall_ns: int, figures: Mapping[str, float]) -> None:
        values = {"succeeded_ns": wall_ns, "problem": "", "result": dict(figures)}
        self._ended(name, wall_ns, values)

    def failed(self, name: str, wall_ns: int, problem: str) -> None:
        self._ended(name, wall_ns, {"problem": problem})

    def _ended(self, name: str, wall_ns: int, values: dict[str, Any]) -> None:
        with self._database.write(durable=False) as connection:
            connection.execute(
                update(job_runs)
                .where(job_runs.c.name == name)
                .values(finished_ns=wall_ns, **values)
            )


def _run(row: Row[Any]) -> JobRun:
    return JobRun(
        row.name, row.started_ns, row.finished_ns, row.succeeded_ns, row.problem, row.result
    )

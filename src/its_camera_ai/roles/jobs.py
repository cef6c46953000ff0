"""The jobs process: recurring work on what is kept, and the making of exports.

A process of its own, because it hashes, copies and encodes for hours: neither cameras nor the
dashboard may feel that.
"""

import threading
from collections.abc import Callable
from typing import Protocol

import msgspec

from its_camera_ai.bus.messages import RoleStatus
from its_camera_ai.ops.job_runner import JobRunner


class Worker(Protocol):
    """Work that waits for orders, such as exports."""

    def run(self, stopped: Callable[[], bool]) -> None:
        """Work until ``stopped`` is true."""
        ...


class Jobs:
    """Runs the jobs and the workers until closed."""

    def __init__(self, runner: JobRunner, workers: dict[str, Worker]) -> None:
        self._runner = runner
        self._stop = threading.Event()
        self._threads = [
            threading.Thread(target=worker.run, args=(self._stop.is_set,), name=name, daemon=True)
            for name, worker in workers.items()
        ]

    def start(self) -> None:
        self._runner.start()
        for thread in self._threads:
            thread.start()

    def status(self, bare: RoleStatus) -> RoleStatus:
        """The process's heartbeat; raises if one of its threads has died."""
        dead = [thread.name for thread in self._threads if not thread.is_alive()]
        if dead or not self._runner.alive:
            raise RuntimeError(f"threads have died: {', '.join(dead) or 'a job'}")
        jobs = self._runner.status()
        problems = [f"{job.name}: {job.problem}" for job in jobs if job.problem]
        return msgspec.structs.replace(bare, jobs=jobs, problems=problems)

    def close(self) -> None:
        self._stop.set()
        self._runner.close()
        for thread in self._threads:
            thread.join(5.0)

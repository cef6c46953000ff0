"""Readiness: required and optional parts apart, each with a time limit, answers kept for a moment.

A required part that fails takes this process out of service (503); an optional one only shows.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import structlog
from anyio import to_thread
from pydantic import BaseModel, Field

from its_camera_ai.core.time import NS_PER_MS, NS_PER_S, Clock

CHECK_TIMEOUT_S = 2.0
RESULT_KEPT_S = 1.0

Status = Literal["ok", "degraded", "failed"]


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check says: a status and one sentence without exception texts."""

    status: Status
    message: str


@dataclass(frozen=True, slots=True)
class Check:
    """One part that is looked at. ``look`` runs in a thread and may raise."""

    name: str
    required: bool
    look: Callable[[], Finding]


class CheckResult(BaseModel):
    """One part's condition."""

    name: str
    required: bool
    status: Status
    response_time_ms: float
    message: str


class Readiness(BaseModel):
    """The whole answer; ``status`` is failed only where a required part failed."""

    status: Status
    timestamp: str = Field(description="RFC 3339, UTC")
    checks: list[CheckResult]


class ReadinessChecks:
    """Runs the checks side by side. A check that hangs is not started a second time.

    Args:
        timeout_s: after which a check counts as failed.
    """

    def __init__(
        self, checks: Sequence[Check], clock: Clock, *, timeout_s: float = CHECK_TIMEOUT_S
    ) -> None:
        self._checks = tuple(checks)
        self._clock = clock
        self._timeout_s = timeout_s
        self._kept: list[CheckResult] = []
        self._kept_ns = 0
        self._lock = asyncio.Lock()
        self._running: dict[str, asyncio.Task[Finding]] = {}
        self._log = structlog.get_logger(__name__)

    async def results(self) -> list[CheckResult]:
        """The results, at most ``RESULT_KEPT_S`` old."""
        async with self._lock:
            now_ns = self._clock.monotonic_ns()
            if not self._kept or now_ns - self._kept_ns >= RESULT_KEPT_S * NS_PER_S:
                self._kept = list(await asyncio.gather(*map(self._result, self._checks)))
                self._kept_ns = self._clock.monotonic_ns()
            return self._kept

    async def _result(self, check: Check) -> CheckResult:
        started_ns = self._clock.monotonic_ns()
        task = self._running.get(check.name)
        if task is None:
            task = asyncio.create_task(to_thread.run_sync(check.look))
            self._running[check.name] = task
        done, _ = await asyncio.wait((task,), timeout=self._timeout_s)
        if not done:
            finding = Finding("failed", f"No answer within {self._timeout_s:g} s.")
        else:
            del self._running[check.name]
            finding = self._outcome(check, task)
        return CheckResult(
            name=check.name,
            required=check.required,
            status=finding.status,
            response_time_ms=round((self._clock.monotonic_ns() - started_ns) / NS_PER_MS, 1),
            message=finding.message,
        )

    def _outcome(self, check: Check, task: "asyncio.Task[Finding]") -> Finding:
        error = task.exception()
        if error is None:
            return task.result()
        self._log.warning(
            "check_failed", check=check.name, error=type(error).__name__, text=str(error)
        )
        return Finding("failed", "Failed; the log holds the reason.")


def overall(results: Sequence[CheckResult]) -> Status:
    """Failed if a required part failed, degraded if anything else is not well."""
    if any(result.required and result.status == "failed" for result in results):
        return "failed"
    return "ok" if all(result.status == "ok" for result in results) else "degraded"

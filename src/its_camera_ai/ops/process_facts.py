"""What a process of any role knows of itself and tells in its heartbeat."""

import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec
import psutil

from its_camera_ai.bus.messages import (
    STAGE_BOUNDS_S,
    BreakerStatus,
    BulkheadStatus,
    RoleStatus,
    StageStatus,
)
from its_camera_ai.core.stage_histograms import StageHistograms
from its_camera_ai.ops.recent_errors import RecentErrors


class ErrorCounts:
    """Errors by kind since the process started. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()

    def add(self, kind: str) -> None:
        """Count one of ``stream``, ``model``, ``database``, ``storage``, ``other``."""
        with self._lock:
            self._counts[kind] += 1

    def snapshot(self) -> dict[str, int]:
        with self._lock:
            return dict(self._counts)


@dataclass(slots=True)
class ProcessFacts:
    """Made once by ``bootstrap`` for its process and handed to whoever adds to it.

    Attributes:
        breakers, bulkheads: asked at every heartbeat.
    """

    stages: StageHistograms = field(default_factory=lambda: StageHistograms(STAGE_BOUNDS_S))
    errors: ErrorCounts = field(default_factory=ErrorCounts)
    recent_errors: RecentErrors = field(default_factory=RecentErrors)
    breakers: list[Callable[[], BreakerStatus]] = field(default_factory=list)
    bulkheads: list[Callable[[], BulkheadStatus]] = field(default_factory=list)

    def add_to(self, status: RoleStatus, process: psutil.Process) -> RoleStatus:
        """The status with these facts. What the role itself counted as errors is added to."""
        errors = Counter(status.errors)
        errors.update(self.errors.snapshot())
        return msgspec.structs.replace(
            status,
            stages=[
                StageStatus(name, counts, sum_s)
                for name, (counts, sum_s) in self.stages.snapshot().items()
            ],
            errors=dict(errors),
            breakers=[tell() for tell in self.breakers],
            bulkheads=[tell() for tell in self.bulkheads],
            recent_errors=self.recent_errors.snapshot(),
            fds=process.num_fds(),
            threads=process.num_threads(),
        )

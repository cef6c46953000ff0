"""Where the CPU time goes."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager


class StageTimes:
    """CPU seconds by stage, summed over threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Book what the block takes, also if it raises."""
        since_s = time.thread_time()
        try:
            yield
        finally:
            self.add(name, since_s)

    def add(self, stage: str, since_s: float) -> float:
        """Book the calling thread's CPU time since ``since_s``; returns the time now."""
        now_s = time.thread_time()
        with self._lock:
            self._seconds[stage] = self._seconds.get(stage, 0.0) + now_s - since_s
        return now_s

    def snapshot(self) -> dict[str, float]:
        with self._lock:
            return dict(self._seconds)

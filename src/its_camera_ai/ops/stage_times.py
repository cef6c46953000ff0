"""Where the CPU time goes."""

import threading
import time


class StageTimes:
    """CPU seconds by stage, summed over threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seconds: dict[str, float] = {}

    @staticmethod
    def now() -> float:
        """The calling thread's CPU time, s; begin a stage with it."""
        return time.thread_time()

    def add(self, stage: str, since_s: float) -> float:
        """Book the calling thread's CPU time since ``since_s``; returns the time now."""
        now_s = time.thread_time()
        with self._lock:
            self._seconds[stage] = self._seconds.get(stage, 0.0) + now_s - since_s
        return now_s

    def snapshot(self) -> dict[str, float]:
        with self._lock:
            return dict(self._seconds)

"""How long the stages of a frame's path take: counts per class of time, for histograms."""

import threading
import time
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

STAGES = (
    "receive",
    "demux",
    "decode",
    "gate",
    "queue",
    "inference",
    "track",
    "analyse",
    "write",
    "fsync",
    "deliver",
)
"""In the order of a frame's way."""


class StageHistograms:
    """Wall times by stage, counted in classes. Thread-safe; one for each process.

    Args:
        bounds_s: upper bounds of the classes, rising; one more class holds the rest.
    """

    def __init__(self, bounds_s: Sequence[float]) -> None:
        self._bounds_s = tuple(bounds_s)
        self._lock = threading.Lock()
        self._counts: dict[str, list[int]] = {}
        self._sums_s: dict[str, float] = {}

    def took(self, stage: str, seconds: float) -> None:
        """One pass through a stage of ``STAGES`` took so long; below 0 counts as 0."""
        seconds = max(seconds, 0.0)
        with self._lock:
            counts = self._counts.get(stage)
            if counts is None:
                counts = self._counts[stage] = [0] * (len(self._bounds_s) + 1)
            counts[bisect_left(self._bounds_s, seconds)] += 1
            self._sums_s[stage] = self._sums_s.get(stage, 0.0) + seconds

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Count the time of the block, also if it raises."""
        since_s = time.perf_counter()
        try:
            yield
        finally:
            self.took(name, time.perf_counter() - since_s)

    def snapshot(self) -> dict[str, tuple[list[int], float]]:
        """Counts per class and the sum in seconds, by stage."""
        with self._lock:
            return {name: (list(c), self._sums_s[name]) for name, c in self._counts.items()}

"""Waiting times between tries."""

import random


class Backoff:
    """Full jitter: the first retry at once, then a random time up to ``base_s`` · 1, 2, 4 …

    Things that failed together (cameras behind one switch) so come back spread over time.
    Source: M. Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015.

    Args:
        rng: seeded in tests.
        base_s: the first ceiling. cap_s: the last one.
    """

    def __init__(self, rng: random.Random, *, base_s: float = 1.0, cap_s: float = 60.0) -> None:
        self._rng = rng
        self._base_s = base_s
        self._cap_s = cap_s
        self._failures = 0

    def next_s(self) -> float:
        """How long to wait before the next try."""
        self._failures += 1
        if self._failures == 1:
            return 0.0
        ceiling = min(self._cap_s, self._base_s * 2.0 ** min(self._failures - 2, 30))
        return self._rng.uniform(0.0, ceiling)

    def reset(self) -> None:
        """It works again: the next failure is a first one."""
        self._failures = 0

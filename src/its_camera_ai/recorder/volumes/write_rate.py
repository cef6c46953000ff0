"""How fast recordings grow."""

import threading
from collections import deque

from its_camera_ai.core.time import NS_PER_S, Clock

WINDOW_S = 3600.0
STEP_S = 30.0
KNOWN_AFTER_S = 60.0


class WriteRate:
    """Bytes a second of all cameras together, over up to the last hour."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._total = 0
        self._marks: deque[tuple[int, int]] = deque([(clock.monotonic_ns(), 0)])
        self._lock = threading.Lock()

    def note(self, size_bytes: int) -> None:
        """So much was written."""
        with self._lock:
            self._total += size_bytes
            now_ns = self._clock.monotonic_ns()
            if now_ns - self._marks[-1][0] >= STEP_S * NS_PER_S:
                self._marks.append((now_ns, self._total))
            while now_ns - self._marks[0][0] > WINDOW_S * NS_PER_S and len(self._marks) > 1:
                self._marks.popleft()

    def bytes_per_s(self) -> float:
        """0 in the first minute."""
        with self._lock:
            since_ns, before = self._marks[0]
            passed_s = (self._clock.monotonic_ns() - since_ns) / NS_PER_S
            return 0.0 if passed_s < KNOWN_AFTER_S else (self._total - before) / passed_s

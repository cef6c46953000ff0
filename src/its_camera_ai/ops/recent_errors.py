"""The last errors that this process logged, for its heartbeat and the operations page."""

import threading
from collections import deque

from its_camera_ai.bus.messages import LoggedError

KEPT_MAX = 10
MESSAGE_CHARS_MAX = 300


class RecentErrors:
    """Keeps the last ``KEPT_MAX`` error lines. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: deque[LoggedError] = deque(maxlen=KEPT_MAX)

    def add(self, error: LoggedError) -> None:
        """Keep one; the oldest goes. The caller has redacted it."""
        with self._lock:
            self._kept.append(error)

    def snapshot(self) -> list[LoggedError]:
        """Oldest first."""
        with self._lock:
            return list(self._kept)

"""The way from closed files to index rows: in the background and retried."""

import threading
from collections import deque
from collections.abc import Callable

import structlog

from its_camera_ai.core.errors import RetryableError
from its_camera_ai.core.segments import Segment
from its_camera_ai.store.segments import SegmentRepository

log = structlog.get_logger(__name__)

RETRY_S = 2.0
WAITING_MAX = 10_000


class BackgroundIndex:
    """Writes index rows in its own thread, so that a locked or dead database holds up nothing.

    Rows wait in memory while the database is away. Should they be lost too, ``recovery.reconcile``
    finds the files.

    Args:
        repository: gives the index; raises ``RetryableError`` while the database is away.
    """

    def __init__(self, repository: Callable[[], SegmentRepository]) -> None:
        self._repository = repository
        self._waiting: deque[Segment] = deque(maxlen=WAITING_MAX)
        self._changed = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="segment-index", daemon=True)
        self._thread.start()

    def add(self, segment: Segment) -> None:
        with self._changed:
            self._waiting.append(segment)
            self._changed.notify()

    @property
    def waiting(self) -> int:
        """Rows that the database has not taken yet."""
        return len(self._waiting)

    def close(self, timeout_s: float = 5.0) -> None:
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._waiting and not self._closing:
                    self._changed.wait()
                if not self._waiting:
                    return
                segment = self._waiting[0]
            try:
                self._repository().put(segment)
            except RetryableError as error:
                if self._closing:
                    return
                log.warning("the index waits for the database", problem=str(error))
                with self._changed:
                    self._changed.wait(RETRY_S)
                continue
            except Exception:  # one row that can't be stored must not hold up all that follow
                log.exception("a recording could not be indexed", path=segment.path)
            with self._changed:
                if self._waiting and self._waiting[0] is segment:
                    self._waiting.popleft()  # it may have been pushed out by newer ones

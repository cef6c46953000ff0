"""The way from closed files to index rows: in the background and retried."""

import threading
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from its_camera_ai.core.errors import RetryableError
from its_camera_ai.core.segments import Segment
from its_camera_ai.core.time import Clock, SystemClock
from its_camera_ai.store.segments import SegmentRepository

log = structlog.get_logger(__name__)

RETRY_S = 2.0
WAITING_MAX = 10_000


@dataclass(frozen=True, slots=True)
class _Dropped:
    """Files that are not there any more."""

    paths: tuple[str, ...]


class BackgroundIndex:
    """Writes index rows in its own thread, so that a locked or dead database holds up nothing.

    Rows wait in memory while the database is away. Should they be lost too, ``recovery.reconcile``
    finds the files.

    Args:
        repository: gives the index; raises ``RetryableError`` while the database is away.
        dropped: called when the database knows all that was dropped; may not raise.
    """

    def __init__(
        self,
        repository: Callable[[], SegmentRepository],
        *,
        clock: Clock | None = None,
        dropped: Callable[[], None] = lambda: None,
    ) -> None:
        self._repository = repository
        self._clock = clock or SystemClock()
        self._dropped = dropped
        self._waiting: deque[Segment | _Dropped] = deque(maxlen=WAITING_MAX)
        self._gone: OrderedDict[str, None] = OrderedDict()
        self._changed = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="segment-index", daemon=True)
        self._thread.start()

    def add(self, segment: Segment) -> None:
        """Announce a closed file, unless it was dropped between its closing and this call."""
        with self._changed:
            if segment.path in self._gone:
                return
            self._waiting.append(segment)
            self._changed.notify()

    def drop(self, paths: list[str]) -> None:
        """These files were removed to make room; what was announced before is stored before, what
        is announced later is not stored at all."""
        with self._changed:
            self._gone.update(dict.fromkeys(paths))
            while len(self._gone) > WAITING_MAX:
                self._gone.popitem(last=False)
            self._waiting.append(_Dropped(tuple(paths)))
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
                item = self._waiting[0]
            try:
                self._store(item)
            except RetryableError as error:
                if self._closing:
                    return
                log.warning("the index waits for the database", problem=str(error))
                with self._changed:
                    self._changed.wait(RETRY_S)
                continue
            except Exception:  # one row that can't be stored must not hold up all that follow
                log.exception("a recording could not be indexed", item=item)
            with self._changed:
                if self._waiting and self._waiting[0] is item:
                    self._waiting.popleft()  # it may have been pushed out by newer ones
                all_dropped = not any(isinstance(other, _Dropped) for other in self._waiting)
            if isinstance(item, _Dropped) and all_dropped:
                self._dropped()

    def _store(self, item: Segment | _Dropped) -> None:
        repository = self._repository()
        if isinstance(item, Segment):
            repository.put(item)
            return
        found = repository.ids_at(item.paths)
        done = repository.discard(found, reason="evicted", now_wall_ns=self._clock.wall_ns())
        if done.held:
            log.error("a held recording was removed", ids=[segment.id for segment in done.held])

"""Events on their way to the database: in batches, in order, from a thread of their own."""

import threading
import time
from collections import deque
from collections.abc import Sequence

import structlog

from its_camera_ai.core.errors import RetryableError
from its_camera_ai.core.events import Event
from its_camera_ai.store.events import EventRepository

log = structlog.get_logger(__name__)

GATHER_S = 0.05
RETRY_S = 1.0
WAITING_MAX = 50_000
BATCH_MAX = 500


class EventWriter:
    """Takes events at once and writes them soon: one durable commit per batch.

    While the database is away events wait, up to 50,000; beyond that the oldest are given up,
    counted and logged. An event is written once however often its batch is tried.
    """

    def __init__(self, repository: EventRepository) -> None:
        self._repository = repository
        self._waiting: deque[Event] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._give_up_s = 0.0
        self.written = 0
        self.given_up = 0
        self._thread = threading.Thread(target=self._run, name="event-writer", daemon=True)
        self._thread.start()

    def put(self, events: Sequence[Event]) -> None:
        if not events:
            return
        with self._changed:
            self._waiting.extend(events)
            while len(self._waiting) > WAITING_MAX:
                lost = self._waiting.popleft()
                self.given_up += 1
                log.error("an event was given up: the database is away for too long", id=lost.id)
            self._changed.notify()

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    def close(self, timeout_s: float = 5.0) -> None:
        """Write what waits, within the time-out."""
        with self._changed:
            self._closing = True
            self._give_up_s = time.monotonic() + 0.8 * timeout_s
            self._changed.notify()
        self._thread.join(timeout_s)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closing)
                if not self._waiting:
                    return
                if not self._closing:
                    self._changed.wait_for(lambda: self._closing, GATHER_S)
                size = min(len(self._waiting), BATCH_MAX)
                batch = [self._waiting.popleft() for _ in range(size)]
            while not self._write(batch):
                if self._closing and time.monotonic() > self._give_up_s:
                    lost = len(batch) + self.waiting
                    log.error("events were lost at shutdown: no database", events=lost)
                    return

    def _write(self, batch: list[Event]) -> bool:
        try:
            self._repository.append(batch)
        except RetryableError as error:
            log.warning("events wait for the database", waiting=self.waiting, problem=str(error))
            with self._changed:
                self._changed.wait(RETRY_S)
            return False
        self.written += len(batch)
        return True

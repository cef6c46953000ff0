"""A thread that writes what is handed to it: in batches, in order, through outages."""

import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

import structlog

from its_camera_ai.core.errors import RetryableError

log = structlog.get_logger(__name__)

T = TypeVar("T")


class BatchWriter(Generic[T]):
    """Takes items at once and writes them soon, one call for each batch.

    While writing fails with a ``RetryableError`` items wait, up to a bound; beyond it the oldest
    are given up, counted and logged. A batch is tried until it succeeds, so ``write`` must bear
    being called again with items that it wrote already.

    Attributes:
        written, given_up: items since the start.
    """

    def __init__(
        self,
        name: str,
        write: Callable[[Sequence[T]], object],
        *,
        waiting_max: int,
        batch_max: int,
        gather_s: float,
        retry_s: float,
        describe: Callable[[T], str],
    ) -> None:
        """
        Args:
            name: what the items are, in the plural, such as ``events``.
            gather_s: how long a batch waits for more. retry_s: pause after a failure.
            describe: an item in a few words, for the log of one that is given up.
        """
        self._name = name
        self._write_batch = write
        self._waiting_max = waiting_max
        self._batch_max = batch_max
        self._gather_s = gather_s
        self._retry_s = retry_s
        self._describe = describe
        self._waiting: deque[T] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._give_up_s = 0.0
        self.written = 0
        self.given_up = 0
        self._thread = threading.Thread(
            target=self._run, name=f"{name.replace(' ', '-')}-writer", daemon=True
        )
        self._thread.start()

    def put(self, items: Sequence[T]) -> None:
        if not items:
            return
        with self._changed:
            self._waiting.extend(items)
            while len(self._waiting) > self._waiting_max:
                lost = self._describe(self._waiting.popleft())
                self.given_up += 1
                log.error(f"{self._name} given up: the database is away for too long", item=lost)  # noqa: G004  the name is a constant of this writer
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
                    self._changed.wait_for(lambda: self._closing, self._gather_s)
                size = min(len(self._waiting), self._batch_max)
                batch = [self._waiting.popleft() for _ in range(size)]
            while not self._write(batch):
                if self._closing and time.monotonic() > self._give_up_s:
                    lost = len(batch) + self.waiting
                    log.error(f"{self._name} lost at shutdown: no database", items=lost)  # noqa: G004  as above
                    return

    def _write(self, batch: list[T]) -> bool:
        try:
            self._write_batch(batch)
        except RetryableError as error:
            log.warning(
                f"{self._name} wait for the database",  # noqa: G004  as above
                waiting=self.waiting,
                problem=str(error),
            )
            with self._changed:
                self._changed.wait(self._retry_s)
            return False
        self.written += len(batch)
        return True

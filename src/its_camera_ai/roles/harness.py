"""What every process has: signals, the tie to its parent, a heartbeat."""

import os
import signal
import sys
import threading
from collections.abc import Callable

import psutil
import structlog

from its_camera_ai.bus.messages import RoleStatus
from its_camera_ai.bus.ports import StatusSender
from its_camera_ai.core.time import Clock
from its_camera_ai.ops.process_facts import ProcessFacts

log = structlog.get_logger(__name__)

HEARTBEAT_S = 1.0


def stop_event(*, tied_to_parent: bool) -> threading.Event:
    """An event that SIGTERM and SIGINT set, and the end of the parent process.

    The parent holds the other end of our standard input; it closes when the parent dies, however
    it dies.
    """
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if tied_to_parent:

        def watch() -> None:
            while os.read(sys.stdin.fileno(), 1024):
                pass
            stop.set()

        threading.Thread(target=watch, name="parent-watch", daemon=True).start()
    return stop


class Heartbeat:
    """Sends a ``RoleStatus`` every second from its own thread.

    Args:
        fill: adds what the role knows to the bare status; an exception in it is a bug that stops
            the heartbeat, so that the supervisor restarts the process.
        facts: what the process knows of itself, told too.
    """

    def __init__(
        self,
        role: str,
        index: int,
        sender: StatusSender,
        fill: Callable[[RoleStatus], RoleStatus],
        *,
        clock: Clock,
        facts: ProcessFacts | None = None,
    ) -> None:
        self._facts = facts or ProcessFacts()
        self._role = role
        self._index = index
        self._sender = sender
        self._fill = fill
        self._clock = clock
        self._process = psutil.Process()
        self._started_wall_ns = int(clock.wall_ns())
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="heartbeat", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            while not self._stop.wait(HEARTBEAT_S):
                status = self._fill(self._bare())
                self._sender.send(self._facts.add_to(status, self._process))
        finally:
            self._sender.close()

    def _bare(self) -> RoleStatus:
        cpu = self._process.cpu_times()
        return RoleStatus(
            self._role,
            self._index,
            self._process.pid,
            int(self._clock.wall_ns()),
            self._started_wall_ns,
            ready=True,
            rss_bytes=self._process.memory_info().rss,
            cpu_s=cpu.user + cpu.system,
        )

    def close(self) -> None:
        self._stop.set()
        self._thread.join(2 * HEARTBEAT_S)

"""Keeps the processes of one machine alive: restarts the dead and the hung, each alone."""

import random
import signal
import subprocess
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import structlog

from its_camera_ai.bus.messages import RoleStatus
from its_camera_ai.core.backoff import Backoff
from its_camera_ai.core.time import NS_PER_S, Clock

log = structlog.get_logger(__name__)

HUNG_AFTER_S = 15.0
START_GRACE_S = 60.0
STABLE_S = 60.0
DRAIN_S = 10.0
DRAIN_TOTAL_S = 28.0


class Process(Protocol):
    """What is used of ``subprocess.Popen``; a twin in tests."""

    pid: int

    def poll(self) -> int | None: ...

    def send_signal(self, sig: int) -> None: ...

    def kill(self) -> None: ...

    def wait(self, timeout: float | None = None) -> int: ...


class StatusHub(Protocol):
    def receive(self, timeout_s: float) -> RoleStatus | None: ...


@dataclass(slots=True)
class Child:
    """One supervised process. Children are started in order and drained in order of ``drain``.

    Attributes:
        role, index: which process; its heartbeats carry the same two.
        argv: how it is started. No secrets: other users can read it.
        drain: stop order at shutdown; intake first.
    """

    role: str
    index: int
    argv: Sequence[str]
    drain: int
    process: Process | None = None
    restarts: int = 0
    started_ns: int = 0
    heard_ns: int | None = None
    due_ns: int = 0
    backoff: Backoff | None = field(default=None, repr=False)


def spawn(argv: Sequence[str]) -> Process:
    """Start a child whose standard input closes when this process dies: it then drains too.

    It has a session of its own: Ctrl-C reaches the supervisor alone, which drains in order.
    """
    return subprocess.Popen(  # noqa: S603  argv is made by us
        list(argv), stdin=subprocess.PIPE, start_new_session=True
    )


class Supervisor:
    """Runs children until ``stop`` is set, then drains them in order.

    A child that exits is restarted at once, then with full-jitter backoff up to 60 s; one whose
    heartbeat is missing for 15 s (60 s after its start) is killed and restarted the same way. The
    others never notice.

    Args:
        children: in the order of their start.
        hub: where heartbeats arrive.
        start: makes a process; ``spawn`` or a twin.
    """

    def __init__(
        self,
        children: Sequence[Child],
        hub: StatusHub,
        *,
        clock: Clock,
        start: Callable[[Sequence[str]], Process] = spawn,
        rng: random.Random | None = None,
    ) -> None:
        self._children = list(children)
        self._hub = hub
        self._clock = clock
        self._start = start
        for child in self._children:
            child.backoff = Backoff(rng or random.Random())  # noqa: S311  jitter, no secret

    def run(self, stop: threading.Event) -> None:
        """Blocks until ``stop`` is set and everything has been drained."""
        for child in self._children:
            self._launch(child)
        while not stop.is_set():
            self.step(heartbeat_wait_s=0.2)
        self._drain()

    def step(self, heartbeat_wait_s: float) -> None:
        """One look at everything: heartbeats, dead children, hung children, due restarts."""
        status = self._hub.receive(heartbeat_wait_s)
        while status is not None:
            self._heard(status)
            status = self._hub.receive(0.0)
        now_ns = self._clock.monotonic_ns()
        for child in self._children:
            if child.process is None:
                if now_ns >= child.due_ns:
                    self._launch(child)
            elif (code := child.process.poll()) is not None:
                log.error("process ended", role=child.role, index=child.index, exit_code=code)
                self._schedule(child)
            elif self._silent_s(child, now_ns) > (
                START_GRACE_S if child.heard_ns is None else HUNG_AFTER_S
            ):
                log.error("process hangs", role=child.role, index=child.index)
                child.process.kill()
                child.process.wait(DRAIN_S)
                self._schedule(child)

    def _heard(self, status: RoleStatus) -> None:
        for child in self._children:
            if (
                child.process is not None
                and child.process.pid == status.pid
                and (child.role, child.index) == (status.role, status.index)
            ):
                child.heard_ns = self._clock.monotonic_ns()

    @staticmethod
    def _silent_s(child: Child, now_ns: int) -> float:
        return (now_ns - (child.heard_ns or child.started_ns)) / NS_PER_S

    def _launch(self, child: Child) -> None:
        child.process = self._start(child.argv)
        child.started_ns = self._clock.monotonic_ns()
        child.heard_ns = None
        log.info("process started", role=child.role, index=child.index, pid=child.process.pid)

    def _schedule(self, child: Child) -> None:
        assert child.backoff is not None  # noqa: S101  set in __init__
        now_ns = self._clock.monotonic_ns()
        if now_ns - child.started_ns >= STABLE_S * NS_PER_S:
            child.backoff.reset()
        wait_s = child.backoff.next_s()
        child.process = None
        child.restarts += 1
        child.due_ns = now_ns + int(wait_s * NS_PER_S)
        log.info("process restarts", role=child.role, index=child.index, in_s=round(wait_s, 1))

    def _drain(self) -> None:
        """Intake stops first, then what feeds on it, the server last; 28 s in all."""
        deadline_ns = self._clock.monotonic_ns() + int(DRAIN_TOTAL_S * NS_PER_S)
        for step in sorted({child.drain for child in self._children}):
            group = [c for c in self._children if c.drain == step and c.process is not None]
            for child in group:
                _signal(child, signal.SIGTERM)
            for child in group:
                left_s = (deadline_ns - self._clock.monotonic_ns()) / NS_PER_S
                _await_end(child, max(min(DRAIN_S, left_s), 0.1))
        log.info("all processes ended")


def _signal(child: Child, number: int) -> None:
    if child.process is not None and child.process.poll() is None:
        child.process.send_signal(number)
        # a stopped process could not act on it
        child.process.send_signal(signal.SIGCONT)


def _await_end(child: Child, timeout_s: float) -> None:
    if child.process is None:
        return
    try:
        child.process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        log.error("process did not drain and was killed", role=child.role, index=child.index)
        child.process.kill()
        child.process.wait(DRAIN_S)

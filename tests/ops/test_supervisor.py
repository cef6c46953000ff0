"""Supervision under a simulated clock: each child alone, with backoff, drained in order."""

import random
import signal
import subprocess
import threading
from collections.abc import Sequence

from its_camera_ai.bus.messages import RoleStatus
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.ops.supervisor import HUNG_AFTER_S, START_GRACE_S, Child, Supervisor
from its_camera_ai.sim.clock import SimulatedClock


class Twin:
    """A process that lives until it is told otherwise."""

    def __init__(self, name: str, pid: int, world: "World") -> None:
        self.name, self.pid, self._world = name, pid, world
        self.code: int | None = None
        self.deaf = False

    def poll(self) -> int | None:
        return self.code

    def send_signal(self, sig: int) -> None:
        self._world.said.append((self.name, signal.Signals(sig).name))
        if sig == signal.SIGTERM and not self.deaf:
            self.code = 0

    def kill(self) -> None:
        self._world.said.append((self.name, "SIGKILL"))
        self.code = -9

    def wait(self, timeout: float | None = None) -> int:
        if self.code is None:
            raise subprocess.TimeoutExpired(self.name, timeout or 0)
        return self.code


class World:
    """Processes, heartbeats and time."""

    def __init__(self) -> None:
        self.clock = SimulatedClock()
        self.started: list[Twin] = []
        self.said: list[tuple[str, str]] = []
        self.silent: set[str] = set()
        self._beats: list[RoleStatus] = []
        children = [
            Child("server", 0, ["server"], drain=2),
            Child("ingest", 0, ["ingest"], drain=0),
            Child("vision", 0, ["vision"], drain=1),
        ]
        self.supervisor = Supervisor(
            children, self, clock=self.clock, start=self.start, rng=random.Random(4)
        )

    def start(self, argv: Sequence[str]) -> Twin:
        self.started.append(Twin(argv[0], 100 + len(self.started), self))
        return self.started[-1]

    def receive(self, timeout_s: float) -> RoleStatus | None:
        return self._beats.pop() if self._beats else None

    def alive(self, name: str) -> Twin:
        return [t for t in self.started if t.name == name][-1]

    def seconds(self, count: int) -> None:
        for _ in range(count):
            self.clock.advance(1.0)
            self._beats = [
                RoleStatus(t.name, 0, t.pid, 0, 0, ready=True)
                for t in self.started
                if t.code is None and t.name not in self.silent
            ]
            self.supervisor.step(0.0)


def up() -> World:
    world = World()
    stop = threading.Event()
    stop.set()
    world.supervisor.run(stop)  # starts everything, then drains at once
    for twin in world.started:
        twin.code = None
    world.said.clear()
    return world


def test_children_start_in_order_and_drain_intake_first() -> None:
    world = World()
    stop = threading.Event()
    stop.set()
    world.supervisor.run(stop)
    assert [t.name for t in world.started] == ["server", "ingest", "vision"]
    assert [n for n, s in world.said if s == "SIGTERM"] == ["ingest", "vision", "server"]


def test_a_dead_child_is_restarted_alone_and_at_once() -> None:
    world = up()
    world.seconds(3)
    world.alive("vision").code = 1
    world.seconds(2)
    assert [t.name for t in world.started] == ["server", "ingest", "vision", "vision"]
    assert world.alive("server").code is None
    assert world.said == []


def test_a_child_that_dies_again_and_again_is_restarted_ever_more_rarely() -> None:
    world = up()
    starts = []
    for _ in range(40):
        before = len(world.started)
        world.alive("vision").code = 1
        for second in range(90):
            world.seconds(1)
            if len(world.started) > before:
                starts.append(second)
                break
    assert len(starts) == 40, "it is retried for ever"
    assert starts[0] <= 1
    assert max(starts) > 20
    assert max(starts) <= 61


def test_a_hung_child_is_killed_and_replaced_the_others_not() -> None:
    world = up()
    world.seconds(5)
    world.silent = {"server"}
    world.seconds(int(HUNG_AFTER_S) + 3)
    assert ("server", "SIGKILL") in world.said
    assert [t.name for t in world.started].count("server") == 2
    assert [t.name for t in world.started].count("ingest") == 1
    assert {name for name, _ in world.said} == {"server"}


def test_a_child_may_take_its_time_to_start() -> None:
    world = up()
    world.silent = {"vision"}
    world.seconds(int(START_GRACE_S) - 2)
    assert world.said == []
    world.seconds(5)
    assert ("vision", "SIGKILL") in world.said


def test_an_old_process_s_heartbeat_does_not_vouch_for_the_new_one() -> None:
    world = up()
    world.seconds(3)
    world.alive("vision").code = 1
    world.seconds(2)
    replaced = world.alive("vision")
    world.silent = {"vision"}
    for _ in range(int(START_GRACE_S) + 5):
        world.seconds(1)
        world._beats = [RoleStatus("vision", 0, replaced.pid - 1, 0, 0, ready=True)]
    assert ("vision", "SIGKILL") in world.said


def test_a_child_that_does_not_drain_is_killed() -> None:
    world = World()
    stop = threading.Event()
    stop.set()
    real = world.start

    def deaf(argv: Sequence[str]) -> Twin:
        twin = real(argv)
        twin.deaf = argv[0] == "ingest"
        return twin

    world.supervisor = Supervisor(
        [Child("ingest", 0, ["ingest"], drain=0), Child("server", 0, ["server"], drain=2)],
        world,
        clock=world.clock,
        start=deaf,
    )
    world.supervisor.run(stop)
    assert ("ingest", "SIGKILL") in world.said
    assert world.said[-2:] == [("server", "SIGTERM"), ("server", "SIGCONT")]
    assert world.clock.monotonic_ns() < 30 * NS_PER_S

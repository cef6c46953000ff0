"""The board's threads, with a clock that can be put forward and networks that wait on command."""

import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pytest

from its_camera_ai.core.time import WallTime
from its_camera_ai.core.tracks import Unknown
from its_camera_ai.vision.detector import AreaLook, DetectorModel
from its_camera_ai.vision.look_batch import Look, LookResult
from its_camera_ai.vision.look_board import LookBoard
from its_camera_ai.vision.regions import LookPlan, PlannedArea
from tests.support.fake_networks import AreaNetwork
from tests.support.waiting import wait_until

PLAN = LookPlan((PlannedArea((0, 0, 64, 48), (640, 384)),), is_full=True)
FRAME = np.zeros((48, 64, 3), np.uint8)


class LeapClock:
    """The machine's clock, with leaps."""

    def __init__(self) -> None:
        self.leap_s = 0.0

    def wall_ns(self) -> WallTime:
        return WallTime(time.time_ns() + round(self.leap_s * 1e9))

    def monotonic_ns(self) -> int:
        return time.monotonic_ns() + round(self.leap_s * 1e9)


class FakeWatcher:
    """One camera; a picture is its number."""

    wanted_looks_per_s = 100.0

    def __init__(self, camera_id: str, model: DetectorModel) -> None:
        self.camera_id = camera_id
        self.model = model
        self.results: list[tuple[int, LookResult]] = []
        self.failed: list[int] = []
        self.on_prepare: Callable[[int], None] = lambda _picture: None
        self.on_take: Callable[[int], None] = lambda _picture: None

    def prepare(self, picture: int) -> Look:
        self.on_prepare(picture)
        model = self.model
        nothing = np.empty((0, 4), np.float32)
        detector = model.open(self.camera_id)
        return Look(self.camera_id, model, detector, FRAME, picture, 0, PLAN, nothing, 0)

    def fail(self, picture: int) -> None:
        self.failed.append(picture)

    def take(self, look: Look, result: LookResult) -> bool:
        self.on_take(look.pts_ns)
        self.results.append((look.pts_ns, result))
        return False


class Gate:
    """Holds the network's calls back until it is opened."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.waiting = threading.Semaphore(0)

    def __call__(self, looks: Sequence[AreaLook]) -> None:
        self.waiting.release()
        assert self.open.wait(20)


Boards = Callable[..., LookBoard[int]]


@pytest.fixture
def clock() -> LeapClock:
    return LeapClock()


@pytest.fixture
def board_of(clock: LeapClock) -> Iterator[Boards]:
    made: list[LookBoard[int]] = []

    def make(threads: int = 1, **options: float) -> LookBoard[int]:
        made.append(LookBoard(threads=threads, clock=clock, **options))  # type: ignore[arg-type]  # a table of mixed kinds
        made[-1].start()
        return made[-1]

    yield make
    for board in made:
        board.stop()


def test_the_newest_picture_is_looked_at_and_none_twice(board_of: Boards) -> None:
    gate = Gate()
    watcher = FakeWatcher("cam", AreaNetwork(before=gate))
    board = board_of()
    board.add(watcher)
    board.offer("cam", 1, motion=True)
    assert gate.waiting.acquire(timeout=20)
    for number in range(2, 50):
        board.offer("cam", number, motion=True)
    gate.open.set()
    wait_until(lambda: len(watcher.results) >= 2, "the second look")
    assert [number for number, _ in watcher.results] == [1, 49]
    board.offer("cam", 50, motion=True)
    wait_until(lambda: len(watcher.results) >= 3, "the third look")
    assert board.figures()["detector_calls"] == 3


def test_due_looks_of_several_cameras_share_a_call(board_of: Boards) -> None:
    gate = Gate()
    network = AreaNetwork(before=gate, batch_max=16)
    watchers = [FakeWatcher(f"cam-{i}", network) for i in range(4)]
    board = board_of(batch_wait_s=0.0)
    for watcher in watchers:
        board.add(watcher)
    board.offer("cam-0", 1, motion=True)
    assert gate.waiting.acquire(timeout=20)
    for watcher in watchers[1:]:
        board.offer(watcher.camera_id, 1, motion=True)
    gate.open.set()
    wait_until(lambda: all(w.results for w in watchers), "all looks")
    sizes = [len(call) for call in network.calls]
    assert sum(sizes) == 4
    assert board.figures()["detector_calls"] == len(sizes)
    assert sizes == [1, 3]


@pytest.mark.parametrize("options", [{"batch_max": 1}, {"batch_max": 0}], ids=["set", "measured"])
def test_one_at_a_time_where_that_is_faster(board_of: Boards, options: dict[str, int]) -> None:
    gate = Gate()
    network = AreaNetwork(before=gate, batch_max=1 if options["batch_max"] == 0 else 16)
    watchers = [FakeWatcher(f"cam-{i}", network) for i in range(3)]
    board = board_of(**options)
    for watcher in watchers:
        board.add(watcher)
        board.offer(watcher.camera_id, 1, motion=True)
    gate.open.set()
    wait_until(lambda: all(w.results for w in watchers), "all looks")
    assert [len(call) for call in network.calls] == [1, 1, 1]


def test_cameras_with_different_models_do_not_mix(board_of: Boards) -> None:
    networks = [AreaNetwork(name="one", batch_max=16), AreaNetwork(name="other", batch_max=16)]
    watchers = [FakeWatcher(n.info.name, n) for n in networks]
    board = board_of()
    for watcher in watchers:
        board.add(watcher)
        board.offer(watcher.camera_id, 1, motion=True)
    wait_until(lambda: all(w.results for w in watchers), "both looks")
    assert [len(n.calls) for n in networks] == [1, 1]


def test_a_camera_that_fails_takes_no_other_along(board_of: Boards) -> None:
    network = AreaNetwork()
    bad, worse, good = (FakeWatcher(name, network) for name in ("bad", "worse", "good"))

    def fail(_picture: int) -> None:
        raise RuntimeError("a bug")

    bad.on_prepare = fail
    worse.on_take = fail
    board = board_of()
    for watcher in (bad, worse, good):
        board.add(watcher)
        board.offer(watcher.camera_id, 1, motion=True)
    wait_until(lambda: bad.failed == [1] and bool(good.results), "the others' looks")
    assert board.problem() == ""
    worse.on_take = lambda _picture: None
    board.offer("worse", 2, motion=True)
    wait_until(lambda: bool(worse.results), "a look at the camera that failed before")


def test_a_hung_call_is_told_and_makes_the_process_one_to_restart(
    board_of: Boards, clock: LeapClock
) -> None:
    gate = Gate()
    hung = FakeWatcher("hung", AreaNetwork(before=gate))
    other = FakeWatcher("other", AreaNetwork())
    board = board_of(threads=2)
    board.add(hung)
    board.add(other)
    board.offer("hung", 1, motion=True)
    assert gate.waiting.acquire(timeout=20)
    clock.leap_s += 3
    assert board.unknown("hung") is Unknown.OVERLOAD
    assert board.problem() == ""
    clock.leap_s += 8
    assert board.unknown("hung") is Unknown.DETECTOR_DOWN
    assert "has not come back for 11 s" in board.problem()
    board.offer("other", 1, motion=True)
    wait_until(lambda: bool(other.results), "the other camera's look by the other thread")
    gate.open.set()
    wait_until(lambda: board.problem() == "", "the call to come back")


def test_with_all_threads_hung_every_active_camera_is_unknown(
    board_of: Boards, clock: LeapClock
) -> None:
    gate = Gate()
    board = board_of()
    network = AreaNetwork(before=gate)
    for name in ("hung", "waits", "idle"):
        board.add(FakeWatcher(name, network))
    board.offer("hung", 1, motion=True)
    assert gate.waiting.acquire(timeout=20)
    board.offer("waits", 1, motion=True)
    board.offer("idle", 1, motion=False)
    clock.leap_s += 11
    assert board.unknown("waits") is Unknown.DETECTOR_DOWN
    assert board.unknown("idle") is None, "nothing happens there"
    board.told("waits")
    assert board.unknown("waits") is None, "it was told just now"
    gate.open.set()


def test_a_picture_that_was_withdrawn_is_not_looked_at(board_of: Boards) -> None:
    gate = Gate()
    network = AreaNetwork(before=gate)
    first, second = FakeWatcher("first", network), FakeWatcher("second", network)
    board = board_of()
    board.add(first)
    board.add(second)
    board.offer("first", 1, motion=True)
    assert gate.waiting.acquire(timeout=20)
    board.offer("second", 1, motion=True)
    board.withdraw("second")
    board.offer("first", 2, motion=True)
    gate.open.set()
    wait_until(lambda: len(first.results) == 2, "the looks that are wanted")
    assert second.results == []


@pytest.mark.skipif(sys.platform != "linux", reason="threads have no priority of their own")
def test_detector_threads_come_after_the_cameras_threads(board_of: Boards) -> None:
    watcher = FakeWatcher("cam", AreaNetwork())
    seen: list[int] = []
    watcher.on_prepare = lambda _picture: seen.append(own_nice())
    board = board_of()
    board.add(watcher)
    board.offer("cam", 1, motion=True)
    wait_until(lambda: seen, "the look")
    assert seen[0] == min(19, own_nice() + 5)


def own_nice() -> int:
    return os.getpriority(os.PRIO_PROCESS, threading.get_native_id())


def test_a_removed_camera_s_look_ends_quietly(board_of: Boards) -> None:
    gate = Gate()
    watcher = FakeWatcher("cam", AreaNetwork(before=gate))
    board = board_of()
    board.add(watcher)
    board.offer("cam", 1, motion=True)
    assert gate.waiting.acquire(timeout=20)
    board.remove("cam")
    board.offer("cam", 2, motion=True)
    gate.open.set()
    wait_until(lambda: bool(watcher.results), "the look under way")
    assert board.granted("cam") == 0
    assert board.problem() == ""

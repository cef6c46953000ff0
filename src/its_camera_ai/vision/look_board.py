"""The newest picture of each camera, and the threads that look at them in the scheduler's order."""

import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

import structlog

from its_camera_ai.core.time import NS_PER_S, Clock
from its_camera_ai.core.tracks import Unknown
from its_camera_ai.vision.look_batch import (
    AREAS_MAX,
    Look,
    LookResult,
    run_looks,
    share_a_batch,
)
from its_camera_ai.vision.scheduler import LookScheduler

log = structlog.get_logger(__name__)

HUNG_AFTER_S = 10.0
"""A detector call that takes longer will not come back: the process must be begun anew."""
BATCH_WAIT_S = 0.005
_IDLE_WAIT_S = 0.5
_NICE = 5

P = TypeVar("P")
R = TypeVar("R")
P_contra = TypeVar("P_contra", contravariant=True)


class Watcher(Protocol[P_contra]):
    """A camera's side of its looks. One thread at a time, but not always the same."""

    @property
    def camera_id(self) -> str: ...

    @property
    def wanted_looks_per_s(self) -> float: ...

    def prepare(self, picture: P_contra) -> Look:
        """What to look at in this picture."""
        ...

    def fail(self, picture: P_contra) -> None:
        """``prepare`` raised: this picture is unknown."""
        ...

    def take(self, look: Look, result: LookResult) -> bool:
        """Track and tell what was found.

        Returns:
            True while something that moves is being followed.
        """
        ...


@dataclass(frozen=True, slots=True, eq=False)
class _Ready(Generic[P]):
    watcher: Watcher[P]
    look: Look
    prepared_in_s: float


class LookBoard(Generic[P]):
    """Holds one picture per camera: a newer one replaces the older, nothing queues up.

    Args:
        threads: that look.
        batch_max: areas of several cameras that go through the network together; 0 takes what the
            model finds best, 1 is one camera at a time.
        batch_wait_s: so long a look waits for company at the most.
        hung_after_s: see ``HUNG_AFTER_S``.
        booked: called after each detector call, in its thread, with that thread's CPU time before.
    """

    def __init__(
        self,
        *,
        threads: int,
        clock: Clock,
        batch_max: int = 0,
        batch_wait_s: float = BATCH_WAIT_S,
        hung_after_s: float = HUNG_AFTER_S,
        booked: Callable[[float], object] = lambda _since_s: None,
    ) -> None:
        self._clock = clock
        self._batch_max = batch_max
        self._batch_wait_s = batch_wait_s
        self._hung_after_s = hung_after_s
        self._booked = booked
        self._scheduler = LookScheduler(workers=threads)
        self._changed = threading.Condition()
        self._watchers: dict[str, Watcher[P]] = {}
        self._pictures: dict[str, P] = {}
        self._calls_began_s: dict[int, float] = {}  # by thread, of the detector calls under way
        self._in_call: dict[str, float] = {}  # by camera
        self._stopping = False
        self._calls = 0
        self._areas = 0
        self._threads = [
            threading.Thread(target=self._work, args=(n,), name=f"detector/{n}", daemon=True)
            for n in range(threads)
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self, timeout_s: float = 5.0) -> None:
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(timeout_s)

    def problem(self) -> str:
        """Why this process should be begun anew; empty if all is well."""
        if not all(thread.is_alive() for thread in self._threads):
            return "a detector thread has died"
        with self._changed:
            now_s = self._now_s()
            longest_s = max((now_s - began for began in self._calls_began_s.values()), default=0.0)
        if longest_s > self._hung_after_s:
            return f"a detector call has not come back for {longest_s:.0f} s"
        return ""

    def figures(self) -> dict[str, float]:
        """For the heartbeat."""
        with self._changed:
            return {
                "detector_calls": float(self._calls),
                "detector_areas": float(self._areas),
                "detector_budget_use": self._scheduler.budget_use,
                "overload_seconds": self._scheduler.overload_s,
            }

    def add(self, watcher: Watcher[P]) -> None:
        with self._changed:
            self._watchers[watcher.camera_id] = watcher
            self._scheduler.add(watcher.camera_id, watcher.wanted_looks_per_s, self._now_s())

    def remove(self, camera_id: str) -> None:
        with self._changed:
            self._scheduler.remove(camera_id)
            self._watchers.pop(camera_id, None)
            self._pictures.pop(camera_id, None)

    def offer(self, camera_id: str, picture: P, *, motion: bool) -> None:
        with self._changed:
            if camera_id not in self._watchers:
                return
            self._pictures[camera_id] = picture
            self._scheduler.offer(camera_id, self._now_s(), motion=motion)
            self._changed.notify()

    def withdraw(self, camera_id: str) -> None:
        """The stream began anew: a picture from before is not to be looked at any more."""
        with self._changed:
            self._pictures.pop(camera_id, None)
            self._scheduler.withdraw(camera_id)

    def granted(self, camera_id: str) -> float:
        """Looks per second that the camera gets now."""
        with self._changed:
            return self._scheduler.granted(camera_id)

    def told(self, camera_id: str) -> None:
        with self._changed:
            self._scheduler.told(camera_id, self._now_s())

    def unknown(self, camera_id: str) -> Unknown | None:
        """Why this camera's frames are to be told as unknown now; None if they are not."""
        with self._changed:
            now_s = self._now_s()
            if not self._scheduler.starved(camera_id, now_s):
                return None
            began_s = self._in_call.get(camera_id)
            if began_s is None and len(self._calls_began_s) == len(self._threads):
                began_s = max(self._calls_began_s.values())
            hung = began_s is not None and now_s - began_s > self._hung_after_s
            return Unknown.DETECTOR_DOWN if hung else Unknown.OVERLOAD

    def _now_s(self) -> float:
        return self._clock.monotonic_ns() / NS_PER_S

    def _work(self, number: int) -> None:
        _come_after_cameras()
        while batch := self._collect():
            while batch:
                first = batch[0].look
                together = [r for r in batch if r is batch[0] or share_a_batch(r.look, first)]
                batch = [r for r in batch if not any(r is other for other in together)]
                self._look(number, together)

    def _collect(self) -> list[_Ready[P]]:
        """The next look, and those of other cameras that fall due in time to share its batch;
        nothing when it is time to stop."""
        first = self._next(None)
        if first is None:
            return []
        batch = [first]
        room = self._room(first.look) - len(first.look.plan.areas)
        until_s = self._now_s() + self._batch_wait_s
        while room > 0 and (another := self._next(until_s)) is not None:
            batch.append(another)
            room -= len(another.look.plan.areas)
        return batch

    def _room(self, look: Look) -> int:
        """Areas that may go through the network together."""
        if look.model.areas is None:
            return 1
        wanted = self._batch_max or look.model.areas.batch_max
        return min(wanted, look.model.areas.batch_max, AREAS_MAX)

    def _next(self, until_s: float | None) -> _Ready[P] | None:
        """Wait for the next look that is due, until then or until it is time to stop."""
        while (picked := self._pick(until_s)) is not None:
            watcher, picture = picked
            began_s = self._now_s()
            try:
                look = watcher.prepare(picture)
                return _Ready(watcher, look, self._now_s() - began_s)
            except Exception:  # a bug in one camera's way must not end the looks of the others
                log.exception("a look could not be prepared", camera=watcher.camera_id)
            _guarded(watcher.camera_id, lambda: watcher.fail(picture))  # noqa: B023  called at once
            self._done(watcher, None, self._now_s() - began_s, live_tracks=True)
        return None

    def _pick(self, until_s: float | None) -> tuple[Watcher[P], P] | None:
        with self._changed:
            while not self._stopping:
                now_s = self._now_s()
                camera_id = self._scheduler.pick(now_s)
                if camera_id is not None:
                    return self._watchers[camera_id], self._pictures.pop(camera_id)
                left_s = _IDLE_WAIT_S if until_s is None else until_s - now_s
                if left_s <= 0:
                    return None
                self._changed.wait(min(self._scheduler.wait_s(now_s), left_s))
            return None

    def _look(self, number: int, batch: Sequence[_Ready[P]]) -> None:
        ids = [ready.watcher.camera_id for ready in batch]
        with self._changed:
            began_s = self._calls_began_s[number] = self._now_s()
            self._in_call.update(dict.fromkeys(ids, began_s))
            self._calls += 1
            self._areas += sum(len(ready.look.plan.areas) for ready in batch)
        since_s = time.thread_time()
        try:
            results = run_looks([ready.look for ready in batch], self._now_s)
        finally:
            self._booked(since_s)
            with self._changed:
                del self._calls_began_s[number]
                for camera_id in ids:
                    self._in_call.pop(camera_id, None)
        for ready, result in zip(batch, results, strict=True):
            self._finish(ready, result)

    def _finish(self, ready: _Ready[P], result: LookResult) -> None:
        watcher, look = ready.watcher, ready.look
        began_s = self._now_s()
        live = _guarded(watcher.camera_id, lambda: watcher.take(look, result))
        seconds = ready.prepared_in_s + result.seconds + self._now_s() - began_s
        learned = look if result.found is not None else None
        self._done(watcher, learned, seconds, live_tracks=bool(live))

    def _done(
        self, watcher: Watcher[P], learned: Look | None, seconds: float, *, live_tracks: bool
    ) -> None:
        """Hand the camera back to the scheduler, with what its look took of this thread's time."""
        with self._changed:
            if self._watchers.get(watcher.camera_id) is watcher:
                self._scheduler.looked(
                    watcher.camera_id,
                    self._now_s(),
                    live_tracks=live_tracks,
                    areas=None if learned is None else learned.inputs(),
                    seconds=seconds,
                )
            self._changed.notify()


def _come_after_cameras() -> None:
    """Let the cameras' threads go first where the cores are busy: every frame is to be decoded and
    gated, whatever there is to look at. Linux alone gives threads a priority of their own."""
    if sys.platform == "linux":
        thread = threading.get_native_id()
        nice = os.getpriority(os.PRIO_PROCESS, thread) + _NICE
        os.setpriority(os.PRIO_PROCESS, thread, min(nice, 19))


def _guarded(camera_id: str, step: Callable[[], R]) -> R | None:
    """A bug in one camera's way must not end the looks of the others."""
    try:
        return step()
    except Exception:  # see above
        log.exception("a look could not be finished", camera=camera_id)
        return None

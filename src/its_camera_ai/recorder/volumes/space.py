"""Keeps space free on the volume that is recorded to, and warns before it runs out.

Independent of the database. Whoever asks for figures never waits for the disk.
"""

import errno
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import structlog

from its_camera_ai.core.disk import Disk
from its_camera_ai.core.errors import StorageUnavailable
from its_camera_ai.core.time import NS_PER_S, Clock
from its_camera_ai.recorder.volumes.camera_quotas import CameraQuotas
from its_camera_ai.recorder.volumes.camera_usage import CameraUsage
from its_camera_ai.recorder.volumes.eviction import BATCH_FILES, Evicted, Evictor
from its_camera_ai.recorder.volumes.reserve import Reserve, level_of

log = structlog.get_logger(__name__)

CHECK_S = 0.5
SILENT_AFTER_S = 5.0
MARGIN_BYTES = 1024 * 1024
"""For the seals and folders that come with a fragment."""
HEADROOM = 4
"""What a recorder that found the disk full gets: so many times what it asked for."""
ROUNDS = 16
"""How often the free space is looked at anew: something may eat it as fast as it is freed."""


@dataclass(frozen=True, slots=True)
class SpaceFigures:
    """What is known of the volume; counters run since the start.

    Attributes:
        level: 0, or the highest of 70, 85 and 95 % of the usable space that is reached.
        evicted_newest_wall_ns: the newest moment that was removed to make room; 0 if none was.
        protected_only: nothing is left that may be removed.
        problem: for people; empty if all is well.
    """

    total_bytes: int = 0
    free_bytes: int = 0
    reserve_bytes: int = 0
    level: int = 0
    evicted_files: int = 0
    evicted_bytes: int = 0
    evicted_oldest_wall_ns: int = 0
    evicted_newest_wall_ns: int = 0
    protected_only: bool = False
    problem: str = ""


class Dropping(Protocol):
    """The index, told what is not there any more. Must never block or raise."""

    def drop(self, paths: list[str]) -> None: ...


class SpaceKeeper:
    """Looks twice a second, and whenever a recorder finds the disk full.

    Args:
        bytes_per_s: what all cameras write at present.
        dropping: told what was removed.
    """

    def __init__(
        self,
        disk: Disk,
        root: Path,
        evictor: Evictor,
        *,
        check: Callable[[], None],
        reserve: Reserve,
        bytes_per_s: Callable[[], float],
        dropping: Dropping,
        usage: CameraUsage,
        quotas: CameraQuotas,
        clock: Clock,
    ) -> None:
        self._disk, self._root = disk, root
        self._evictor = evictor
        self._check = check
        self._reserve = reserve
        self._bytes_per_s = bytes_per_s
        self._dropping = dropping
        self._usage = usage
        self._quotas = quotas
        self._clock = clock
        self._figures = SpaceFigures()
        self._one_at_a_time = threading.Lock()
        self._stop = threading.Event()
        self._asked_ns: int | None = None
        self._freed_ns = -(10**18)
        self._thread = threading.Thread(target=self._keep, name="space-keeper", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self, timeout_s: float = 2.0) -> None:
        """Stop; a disk that hangs is not waited for."""
        self._stop.set()
        if self._thread.is_alive():  # it may never have been started
            self._thread.join(timeout_s)

    @property
    def alive(self) -> bool:
        """False if the thread died of something unforeseen."""
        return self._stop.is_set() or self._thread.is_alive()

    def figures(self) -> SpaceFigures:
        """What was found last; never waits for the disk."""
        asked_ns, figures = self._asked_ns, self._figures
        if asked_ns is None:
            return figures
        silent_s = (self._clock.monotonic_ns() - asked_ns) / NS_PER_S
        if silent_s < SILENT_AFTER_S:
            return figures
        return replace(
            figures,
            problem=f"The disk of {self._root} has not answered for {silent_s:.0f} s: check it, or "
            "the network and server of the share.",
        )

    def make_room(self, wanted_bytes: int) -> bool:
        """Called by a recorder that found the disk full. True if it may try again.

        Raises:
            StorageUnavailable: nothing is left that may be removed; or the volume fails.
        """
        before_ns = self._clock.monotonic_ns()
        with self._one_at_a_time:
            if self._freed_ns >= before_ns:
                return True  # another recorder had it done while this one waited
            # just as much as lets all recorders go on: the keeper's next look does the rest. Full
            # with space left is out of inodes, or a quota of the file system
            freed = self._free(HEADROOM * wanted_bytes + MARGIN_BYTES, files_min=BATCH_FILES // 4)
            if not freed.paths:
                text = self._nothing_left(freed)
                self._figures = replace(self._figures, protected_only=True, problem=text)
                raise StorageUnavailable(text) from OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return True

    def look(self) -> None:
        """Look once, and free what is missing."""
        self._asked_ns = self._clock.monotonic_ns()
        try:
            self._check()
            with self._one_at_a_time:
                self._free(None, over_bytes=self._quotas.over_total_bytes())
        except StorageUnavailable as error:
            self._told(str(error))
        except OSError as error:
            self._told(f"The disk of {self._root} can't be asked ({error.strerror}): check it.")
        finally:
            self._asked_ns = None

    def _told(self, problem: str) -> None:
        if problem != self._figures.problem:
            log.error("space can't be kept free", problem=problem)
        self._figures = replace(self._figures, problem=problem)

    def _free(
        self, wanted_bytes: int | None, *, files_min: int = 0, over_bytes: int = 0
    ) -> Evicted:
        """Remove until so much is free, or the reserve."""
        whole = Evicted()
        for number in range(ROUNDS):
            space = self._disk.space(self._root)
            reserve = self._reserve.of(space.total_bytes, self._bytes_per_s())
            missing = (reserve if wanted_bytes is None else wanted_bytes) - space.free_bytes
            if number == 0:
                missing = max(missing, over_bytes)
            least = max(files_min - len(whole.paths), 0)
            if missing <= 0 and not least:
                self._seen(space.total_bytes, space.free_bytes, reserve, whole)
                break
            part = self._evictor.evict(
                lambda done, missing=missing, least=least: (  # type: ignore[misc]  # bound at once
                    done.size_bytes >= missing and len(done.paths) >= least
                )
            )
            self._account(part, whole)
            if not part.paths:
                self._seen(space.total_bytes, space.free_bytes, reserve, whole)
                break
        return whole

    def _account(self, part: Evicted, whole: Evicted) -> None:
        if part.paths:
            self._freed_ns = self._clock.monotonic_ns()
            log.warning(
                "old recordings were removed to make room",
                files=len(part.paths),
                bytes=part.size_bytes,
            )
            self._dropping.drop(part.paths)
        for camera, size in part.by_camera.items():
            self._usage.note(camera, -size)
        whole.paths += part.paths
        whole.size_bytes += part.size_bytes
        whole.passed_by += part.passed_by
        known = self._figures
        self._figures = replace(
            known,
            evicted_files=known.evicted_files + len(part.paths),
            evicted_bytes=known.evicted_bytes + part.size_bytes,
            evicted_oldest_wall_ns=part.oldest_wall_ns or known.evicted_oldest_wall_ns,
            evicted_newest_wall_ns=max(part.newest_wall_ns, known.evicted_newest_wall_ns),
        )

    def _seen(self, total: int, free: int, reserve: int, done: Evicted) -> None:
        short = free < reserve and not done.paths
        self._figures = replace(
            self._figures,
            total_bytes=total,
            free_bytes=free,
            reserve_bytes=reserve,
            level=level_of(total, free, reserve, self._figures.level),
            protected_only=short,
            problem=self._nothing_left(done) if short else "",
        )

    def _nothing_left(self, done: Evicted) -> str:
        if done.passed_by:
            return (
                f"The disk of {self._root} is full, and everything left on it is held: "
                f"{done.passed_by} recordings. They stay, and recording stops when the last space "
                "is gone. Release holds, take other files off this disk, or add space."
            )
        return (
            f"The disk of {self._root} is full of other things than recordings: nothing is left to "
            "remove. Take other files off this disk, or add space."
        )

    def _keep(self) -> None:
        while not self._stop.wait(CHECK_S):
            self.look()

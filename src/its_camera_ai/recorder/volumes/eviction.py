"""Frees space at once: removes the oldest recordings that nothing protects, without the database.

Which they are is told by folders and names; what is protected, by the mirror of the holds [13].
While there are holds, no name is believed: a file is removed only after its own description says
that no hold covers it.
"""

from collections.abc import Callable, Collection
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from its_camera_ai.core.disk import Disk
from its_camera_ai.core.errors import StorageUnavailable
from its_camera_ai.core.time import NS_PER_S, Clock
from its_camera_ai.recorder.files.footage import Footage, FootageByAge
from its_camera_ai.recorder.files.segment_reading import read_description, read_seal
from its_camera_ai.store.hold_mirror import HoldMirror, MirroredHolds

log = structlog.get_logger(__name__)

BATCH_FILES = 64
"""Between two looks at the free space and at the holds."""
LOOK_ANEW_S = 60.0
LOCK_WAIT_S = 0.25
_UNSURE_NS = 2 * NS_PER_S


@dataclass(slots=True)
class Evicted:
    """What was removed.

    Attributes:
        paths: relative to the root.
        oldest_wall_ns, newest_wall_ns: of the moments that were lost; 0 without any.
        by_camera: bytes.
        passed_by: files that were kept because a hold covers them, or may.
    """

    paths: list[str] = field(default_factory=list)
    size_bytes: int = 0
    oldest_wall_ns: int = 0
    newest_wall_ns: int = 0
    by_camera: dict[str, int] = field(default_factory=dict)
    passed_by: int = 0

    def add(self, footage: Footage, size_bytes: int) -> None:
        self.paths.append(footage.path)
        self.size_bytes += size_bytes
        self.oldest_wall_ns = min(
            self.oldest_wall_ns or footage.start_wall_ns, footage.start_wall_ns
        )
        self.newest_wall_ns = max(self.newest_wall_ns, footage.start_wall_ns)
        camera = footage.camera_id
        self.by_camera[camera] = self.by_camera.get(camera, 0) + size_bytes


LosingFirst = Callable[[FootageByAge, Evicted], Collection[str]]


class Evictor:
    """One at a time: calls must not overlap.

    Args:
        mirror: says what is protected.
        check: raises ``StorageUnavailable`` unless it is the volume that this site records to.
        losing_first: which cameras are beyond their own quota, given what lies there and what was
            removed; theirs goes first, then the oldest of all.
    """

    def __init__(
        self,
        disk: Disk,
        root: Path,
        mirror: HoldMirror,
        *,
        check: Callable[[], None],
        losing_first: LosingFirst = lambda footage, done: (),
        clock: Clock,
    ) -> None:
        self._disk, self._root = disk, root
        self._mirror = mirror
        self._check = check
        self._losing_first = losing_first
        self._clock = clock
        self._queue: FootageByAge | None = None
        self._looked_ns = 0

    def evict(self, enough: Callable[[Evicted], bool]) -> Evicted:
        """Remove files, the oldest first, until it is enough or nothing is left that may go.

        Args:
            enough: asked before each file, with what was removed up to then.

        Raises:
            StorageUnavailable: the volume can't be read or written, or is another one; or the holds
                can't be read, so that nothing may go.
        """
        done = Evicted()
        try:
            fresh = self._look(anew=False)
            while not enough(done):
                if self._batch(done, enough):
                    continue
                if fresh:
                    break  # all that is left is protected
                fresh = self._look(anew=True)
        except OSError as error:
            reason = (error.strerror or "unknown error").lower()
            raise StorageUnavailable(
                f"Old recordings in {self._root} can't be removed ({reason}): correct the folder's "
                "rights or mount, or free space on its disk by hand."
            ) from error
        return done

    def _look(self, *, anew: bool) -> bool:
        """True if the files were listed just now: holds may have ended, others have come."""
        now_ns = self._clock.monotonic_ns()
        if not anew and self._queue and now_ns - self._looked_ns < LOOK_ANEW_S * NS_PER_S:
            return False
        self._queue, self._looked_ns = FootageByAge(self._disk, self._root), now_ns
        return True

    def _batch(self, done: Evicted, enough: Callable[[Evicted], bool]) -> bool:
        """Remove up to ``BATCH_FILES``; False if nothing is left."""
        self._check()
        with ExitStack() as stack:
            with suppress(StorageUnavailable):
                # whoever holds the lock may be stopped or dead; cameras don't wait for it long
                stack.enter_context(self._mirror.locked(LOCK_WAIT_S))
            holds = self._mirror.read()
            if holds.problem:
                raise StorageUnavailable(holds.problem)
            return self._remove(done, enough, holds)

    def _remove(
        self, done: Evicted, enough: Callable[[Evicted], bool], holds: MirroredHolds
    ) -> bool:
        queue, before = self._queue, len(done.paths)
        if queue is None:
            return False
        queue.look_on()
        losing = self._losing_first(queue, done)
        while not enough(done) and len(done.paths) - before < BATCH_FILES:
            footage = (queue.oldest(losing) if losing else None) or queue.oldest()
            if footage is None:
                break
            queue.pass_by(footage)
            if holds.holds and self._is_held(footage, holds):
                done.passed_by += 1
            else:
                self._unlink(footage, done)
        return len(done.paths) > before

    def _unlink(self, footage: Footage, done: Evicted) -> None:
        path = self._root / footage.path
        try:
            size = self._disk.size(path)
            self._disk.unlink(path)
        except FileNotFoundError:
            return  # somebody was faster
        done.add(footage, size)

    def _is_held(self, footage: Footage, holds: MirroredHolds) -> bool:
        start_ns = footage.start_wall_ns
        if holds.covers(footage.camera_id, start_ns, start_ns + 1):
            return True  # before the disk is asked: a name is believed where it protects
        try:
            file = self._disk.open(self._root / footage.path)
        except FileNotFoundError:
            return False
        try:
            told, seal = read_description(file), read_seal(file)
        finally:
            file.close()
        if told is None or seal is None:
            return True  # nobody can say what it shows
        end_ns = told.start_wall_ns + seal[0].duration_ns + _UNSURE_NS
        cameras = {told.camera_id, footage.camera_id}
        return any(holds.covers(camera, told.start_wall_ns, end_ns) for camera in cameras)

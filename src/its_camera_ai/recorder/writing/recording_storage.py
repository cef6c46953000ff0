"""All that the recording process needs of its volume: which it is, its space, and the index."""

import itertools
from collections.abc import Callable
from pathlib import Path

import structlog

from its_camera_ai.bus.messages import StorageStatus
from its_camera_ai.core.disk import Disk
from its_camera_ai.core.errors import StorageUnavailable
from its_camera_ai.core.retention_matrix import DataClass
from its_camera_ai.core.storage_policy import StoragePolicy
from its_camera_ai.core.time import NS_PER_S, Clock
from its_camera_ai.recorder.volumes.camera_quotas import CameraQuotas
from its_camera_ai.recorder.volumes.camera_usage import CameraUsage, CountedIndex
from its_camera_ai.recorder.volumes.eviction import Evictor
from its_camera_ai.recorder.volumes.eviction_journal import EvictionJournal
from its_camera_ai.recorder.volumes.expected_volume import ExpectedVolumeFile
from its_camera_ai.recorder.volumes.outlook import Outlook, outlook
from its_camera_ai.recorder.volumes.reserve import Reserve
from its_camera_ai.recorder.volumes.space import SpaceKeeper
from its_camera_ai.recorder.volumes.survey import Survey
from its_camera_ai.recorder.volumes.volume import Volume
from its_camera_ai.recorder.volumes.volume_identity import FOLDER, VolumeIdentity
from its_camera_ai.recorder.volumes.write_rate import WriteRate
from its_camera_ai.recorder.writing.index import BackgroundIndex
from its_camera_ai.store.hold_mirror import HoldMirror
from its_camera_ai.store.segments import SegmentRepository

log = structlog.get_logger(__name__)

EPOCH_S = 3600.0
JOURNAL_CHUNK = 500


class RecordingStorage:
    """Made once, by the one process that records.

    Attributes:
        volume: for the recorders.
        index: told of each closed segment.

    Args:
        disk, root: where the recordings lie.
        expected: which volume that must be.
        segments: gives the index; raises ``RetryableError`` while the database is away.
        policy: as it was last known.
        has_warm: whether recordings leave this volume for a slower one by age.
    """

    def __init__(
        self,
        disk: Disk,
        root: Path,
        *,
        expected: ExpectedVolumeFile,
        segments: Callable[[], SegmentRepository],
        policy: Callable[[], StoragePolicy],
        reserve: Reserve,
        has_warm: bool,
        clock: Clock,
    ) -> None:
        self._clock, self._policy, self._has_warm = clock, policy, has_warm
        self._identity = VolumeIdentity(disk, root, expected, clock=clock, claims=True)
        self._journal = EvictionJournal(disk, root / FOLDER)
        self._background = BackgroundIndex(segments, clock=clock, dropped=self._journal.clear)
        usage, self._rate = CameraUsage(disk, root), WriteRate(clock)
        self.index = CountedIndex(usage, self._rate, self._background)
        quotas = CameraQuotas(usage, policy, clock)
        evictor = Evictor(
            disk,
            root,
            HoldMirror(disk, root),
            check=self._identity.check,
            losing_first=quotas.losing_first,
            clock=clock,
        )
        self._keeper = SpaceKeeper(
            disk,
            root,
            evictor,
            check=self._checked,
            reserve=reserve,
            bytes_per_s=self._rate.bytes_per_s,
            dropping=self,
            usage=usage,
            quotas=quotas,
            clock=clock,
        )
        self._survey = Survey(disk, root, usage, quotas, check=self._identity.check)
        self.volume = Volume(disk, root, identity=self._identity, make_room=self._keeper.make_room)
        self._was_short = False
        self._journal_taken_up = False
        self._advanced_ns = clock.monotonic_ns()

    def start(self) -> None:
        self._keeper.start()
        self._survey.start()

    def close(self) -> None:
        """After the recorders. Bounded, also where the disk hangs."""
        self._keeper.close(0.5)
        self._survey.close(0.5)
        self._background.close(2.5)

    def release(self) -> None:
        """Give the volume to others; not for a disk that hangs."""
        self._identity.close()

    def drop(self, paths: list[str]) -> None:
        """What was removed to make room: noted on the volume, then told to the index."""
        self._journal.add(paths)
        self._background.drop(paths)

    @property
    def rows_waiting(self) -> int:
        """Of the index, for the database."""
        return self._background.waiting

    def status(self) -> StorageStatus:
        """For the heartbeat; never waits for the disk. Raises RuntimeError if a thread died."""
        if not self._keeper.alive:
            raise RuntimeError("the thread that keeps space free has died")
        figures, ahead = self._keeper.figures(), self._outlook()
        return StorageStatus(
            total_bytes=figures.total_bytes,
            free_bytes=figures.free_bytes,
            reserve_bytes=figures.reserve_bytes,
            level=figures.level,
            bytes_per_s=self._rate.bytes_per_s(),
            evicted_files=figures.evicted_files,
            evicted_bytes=figures.evicted_bytes,
            evicted_oldest_wall_ns=figures.evicted_oldest_wall_ns,
            evicted_newest_wall_ns=figures.evicted_newest_wall_ns,
            protected_only=figures.protected_only,
            problem=figures.problem,
            notice=self._identity.notice,
            full_in_s=ahead.full_in_s,
            keeps_days=ahead.keeps_days,
            policy_days=self._policy_days(),
            is_short=ahead.is_short,
        )

    def _outlook(self) -> Outlook:
        figures = self._keeper.figures()
        ahead = outlook(
            room_bytes=figures.free_bytes - figures.reserve_bytes,
            bytes_per_s=self._rate.bytes_per_s() if figures.total_bytes else 0.0,
            oldest_wall_ns=self._survey.oldest_wall_ns,
            now_wall_ns=self._clock.wall_ns(),
            policy_days=self._policy_days(),
            was_short=self._was_short,
        )
        self._was_short = ahead.is_short
        return ahead

    def _policy_days(self) -> float | None:
        """How long recordings are to stay on this volume; None is for ever."""
        policy = self._policy()
        limits = [policy.rule(DataClass.RAW_VIDEO).keep_days, policy.total.max_days]
        if self._has_warm:
            limits.append(policy.tiers.warm_after_days)
        return min((days for days in limits if days is not None), default=None)

    def _checked(self) -> None:
        """By the keeper's thread, which has the time for what is due now and then."""
        self._identity.check()
        if not self._journal_taken_up:
            self._journal_taken_up = True
            paths = iter(self._journal.paths())
            while chunk := list(itertools.islice(paths, JOURNAL_CHUNK)):
                self._background.drop(chunk)
        self._journal.retry()
        now_ns = self._clock.monotonic_ns()
        if now_ns - self._advanced_ns > EPOCH_S * NS_PER_S:
            self._advanced_ns = now_ns
            try:
                self._identity.advance()
            except StorageUnavailable as error:
                log.warning("the volume's epoch was not raised", problem=str(error))

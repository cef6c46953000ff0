"""Makes old recordings smaller at night, one by one; what is evidence stays as it was recorded.

The order that loses nothing: the smaller file is encoded and proved in memory → what will be
written is noted → the file is written beside the original and read back → the row is switched and
the original becomes garbage. A crash leaves at most a file that the note names; the next run
removes it.
"""

import hashlib
import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo

import msgspec
import structlog

from its_camera_ai.core.errors import ItscamError, RecordingArchived, RecordingGone
from its_camera_ai.core.jobs import Daily, JobResult, Schedule
from its_camera_ai.core.retention import NS_PER_DAY
from its_camera_ai.core.segments import Segment, Tier
from its_camera_ai.core.storage_policy import CompressionPolicy, CompressionStep
from its_camera_ai.core.time import NS_PER_S, Clock
from its_camera_ai.recorder.files.media import Media
from its_camera_ai.recorder.keeping.compression_state import CompressionState, StepState
from its_camera_ai.recorder.keeping.recoding import Recoded, Stopped, Unfit, recode
from its_camera_ai.store.compression import CompressionRepository
from its_camera_ai.video.smaller import codec_name

log = structlog.get_logger(__name__)

SIZE_BYTES_MAX = 256 * 1024 * 1024
"""Larger files stay as they are: they are worked on in memory."""
MEASURED_S = 60.0
"""So much footage tells how fast this machine is."""
MEASURED_FOR_DAYS = 7.0
TIERS = (Tier.HOT, Tier.WARM)
"""Files in the archive stay as they are: fetching them back costs more than they would save."""
_EVER_NS = 2**62
_POLICY_FOR_S = 60.0


@dataclass(frozen=True, slots=True)
class _Limits:
    """When a run ends."""

    stopped: Callable[[], bool]
    clock: Clock
    until_ns: int

    def over(self) -> bool:
        return self.stopped() or self.clock.monotonic_ns() >= self.until_ns


class Compression:
    """The nightly job.

    Args:
        policy: asked at the start of each run, and each minute for the hour at which it begins.
        zone: of the site; None is the machine's own.
    """

    name = "compression"

    def __init__(
        self,
        repository: CompressionRepository,
        media: Media,
        state: CompressionState,
        policy: Callable[[], CompressionPolicy],
        clock: Clock,
        *,
        zone: tzinfo | None = None,
    ) -> None:
        self._repository = repository
        self._media = media
        self._state = state
        self._policy = policy
        self._clock = clock
        self._zone = zone
        self._hour = CompressionPolicy().start_hour
        self._asked_ns: int | None = None

    @property
    def schedule(self) -> Schedule:
        now_ns = self._clock.monotonic_ns()
        if self._asked_ns is None or now_ns - self._asked_ns > _POLICY_FOR_S * NS_PER_S:
            self._asked_ns = now_ns
            with suppress(ItscamError):  # the hour that was known last is good enough
                self._hour = self._policy().start_hour
        return Daily(self._hour)

    def run(self, stopped: Callable[[], bool]) -> JobResult:
        """Work until the window closes.

        Raises:
            StorageUnavailable, DatabaseUnavailable: nothing could be begun.
        """
        policy = self._policy()
        figures: Counter[str] = Counter()
        self._remove_leftovers()
        window_s = self._left_of_window_s(policy)
        if not policy.steps or window_s <= 0:
            return JobResult({"outside_window": 1} if policy.steps else {})
        until_ns = self._clock.monotonic_ns() + round(window_s * NS_PER_S)
        limits = _Limits(stopped, self._clock, until_ns)
        with ThreadPoolExecutor(
            policy.parallelism, "compression", _step_back, (policy.niceness,)
        ) as pool:
            run, problem = _Run(self, policy, limits, pool, figures), ""
            try:
                for step, since_ns, before_ns in self._spans(policy):
                    run.step(step, since_ns, before_ns)
            except ItscamError as error:
                problem = str(error)
        return JobResult(dict(figures), audit=figures["compressed_files"] > 0, problem=problem)

    def _spans(self, policy: CompressionPolicy) -> Iterator[tuple[CompressionStep, int, int]]:
        """Each step and between when its recordings began; the oldest first."""
        now_ns = self._clock.wall_ns()
        since_ns = -_EVER_NS
        for step in reversed(policy.steps):
            before_ns = now_ns - round(step.after_days * NS_PER_DAY)
            yield step, since_ns, before_ns
            since_ns = before_ns

    def _left_of_window_s(self, policy: CompressionPolicy) -> float:
        """Seconds until the window closes; 0 or less outside it."""
        now = datetime.fromtimestamp(self._clock.wall_ns() / NS_PER_S, tz=UTC)
        local = now.astimezone(self._zone)
        since_h = (local.hour - policy.start_hour) % 24 + local.minute / 60 + local.second / 3600
        return (policy.window_h - since_h) * 3600

    def _remove_leftovers(self) -> None:
        """Files that a crash left without a row."""
        for segment_id, writing in self._state.writing.items():
            if not self._repository.has(segment_id, writing.tier, writing.path):
                self._media.store(writing.tier).delete(writing.path)
            self._state.end(segment_id)

    def keep(self, original: Segment, made: Recoded) -> bool:
        """Put the smaller file in the place of the original; False if that may not be."""
        store = self._media.store(original.tier)
        self._state.begin(made.segment)
        sha256 = hashlib.sha256(made.data).hexdigest()
        store.put(made.segment.path, _Bytes(made.data), sha256=sha256)
        now_ns = self._clock.wall_ns()
        smaller = replace(made.segment, verified_wall_ns=now_ns)
        switched = self._repository.switch(original, smaller, now_ns)
        if not switched:
            store.delete(smaller.path)
        self._state.end(original.id)
        return switched

    def read(self, segment: Segment) -> bytes:
        """
        Raises:
            Unfit: it is gone, archived, or can't be read.
        """
        if segment.size_bytes > SIZE_BYTES_MAX:
            raise Unfit("it is too large")
        try:
            file = self._media.open(segment)
        except (RecordingGone, RecordingArchived) as error:
            raise Unfit(str(error)) from error
        try:
            return file.read(segment.size_bytes, 0)
        except OSError as error:
            raise Unfit(f"it can't be read ({error.strerror or 'error'})") from error
        finally:
            file.close()

    def batch(
        self, step: CompressionStep, since_ns: int, before_ns: int, limit: int
    ) -> list[Segment]:
        """The next recordings of a step, over all tiers, oldest first."""
        after = self._state.step(step).after
        codec = codec_name(step.codec)
        found = [
            segment
            for tier in TIERS
            if tier in self._media.stores
            for segment in self._repository.due(
                codec, tier, since_ns, before_ns, after=after, limit=limit
            )
        ]
        return sorted(found, key=lambda s: (s.start_wall_ns, s.id))[:limit]

    def evidence(self, items: list[Segment]) -> set[str]:
        return self._repository.evidence(items)

    def advance(
        self, step: CompressionStep, last: Segment, footage_s: float, work_s: float
    ) -> None:
        """Note how far a step came and how long it took."""
        state, now_ns = self._state.step(step), self._clock.wall_ns()
        if now_ns - state.measured_wall_ns > MEASURED_FOR_DAYS * NS_PER_DAY:
            state = StepState(state.after, measured_wall_ns=now_ns)
        self._state.set_step(
            step,
            msgspec.structs.replace(
                state,
                after=(last.start_wall_ns, last.id),
                footage_s=state.footage_s + footage_s,
                work_s=state.work_s + work_s,
            ),
        )

    def speed(self, step: CompressionStep) -> float | None:
        """Playing time per working time of one thread; None while that is not known."""
        state = self._state.step(step)
        age_ns = self._clock.wall_ns() - state.measured_wall_ns
        if state.footage_s < MEASURED_S or age_ns > MEASURED_FOR_DAYS * NS_PER_DAY:
            return None
        return state.footage_s / max(state.work_s, 1e-6)

    def footage_of_a_day_s(self, step: CompressionStep, before_ns: int) -> float:
        """What comes into a step's age each day."""
        since_ns = before_ns - NS_PER_DAY
        codec = codec_name(step.codec)
        return self._repository.footage_ns(codec, TIERS, since_ns, before_ns) / NS_PER_S

    def now_s(self) -> float:
        return self._clock.monotonic_ns() / NS_PER_S


class _Run:
    """One night."""

    def __init__(
        self,
        job: Compression,
        policy: CompressionPolicy,
        limits: _Limits,
        pool: ThreadPoolExecutor,
        figures: Counter[str],
    ) -> None:
        self._job = job
        self._policy = policy
        self._limits = limits
        self._pool = pool
        self._figures = figures
        self._lock = threading.Lock()
        self._needed_h = 0.0

    def step(self, step: CompressionStep, since_ns: int, before_ns: int) -> None:
        """Work on one step until it is done, the night is over, or it is seen to be in vain."""
        daily_h = self._job.footage_of_a_day_s(step, before_ns) / 3600
        while not self._limits.over():
            if not self._keeps_up(step, daily_h):
                return
            batch = self._job.batch(step, since_ns, before_ns, self._policy.parallelism)
            if not batch:
                break
            evidence = self._job.evidence(batch)
            self._figures["evidence_files"] += len(evidence)
            free = [segment for segment in batch if segment.id not in evidence]
            try:
                took = list(self._pool.map(lambda s: self._one(s, step), free))
            except Stopped:
                return  # the next night begins with this batch
            footage_s = sum(s.duration_ns for s in free) / NS_PER_S
            self._job.advance(step, batch[-1], footage_s, sum(took))
        speed = self._job.speed(step)
        if speed is not None:
            self._needed_h += daily_h / (speed * self._policy.parallelism)

    def _keeps_up(self, step: CompressionStep, daily_h: float) -> bool:
        """Whether one night does what one day brings. Otherwise the work is left: it would run
        every night, be ever further behind, and still fill the disk."""
        speed = self._job.speed(step)
        if speed is None:
            return True
        needed_h = self._needed_h + daily_h / (speed * self._policy.parallelism)
        if needed_h <= self._policy.window_h:
            return True
        log.warning(
            "compression can't keep up and is left out",
            after_days=step.after_days,
            needed_h=round(needed_h, 1),
            window_h=self._policy.window_h,
        )
        self._figures["cannot_keep_up"] += 1
        self._figures["needed_minutes"] = round(needed_h * 60)
        self._figures["window_minutes"] = round(self._policy.window_h * 60)
        return False

    def _one(self, segment: Segment, step: CompressionStep) -> float:
        """Compress one recording, in a thread of the pool; returns the seconds that it took."""
        began_s = self._job.now_s()
        try:
            data = self._job.read(segment)
            made = recode(data, segment, step, self._limits.over)
            outcome = self._judged(segment, made, step)
        except Unfit as error:
            log.info("a recording is not compressed", segment=segment.id, why=str(error))
            outcome = "unfit"
        with self._lock:
            self._figures[f"{outcome}_files"] += 1
            if outcome == "compressed":
                self._figures["original_bytes"] += segment.size_bytes
                self._figures["saved_bytes"] += segment.size_bytes - len(made.data)
        return self._job.now_s() - began_s

    def _judged(self, segment: Segment, made: Recoded, step: CompressionStep) -> str:
        if made.saving(segment) < step.min_saving:
            return "too_little_saved"
        if made.ssim_min < self._policy.ssim_min:
            return "too_different"
        return "compressed" if self._job.keep(segment, made) else "evidence"


class _Bytes:
    """A file in memory."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    @property
    def size_bytes(self) -> int:
        return len(self._data)

    def read(self, size_bytes: int, at: int) -> bytes:
        return self._data[at : at + size_bytes]

    def close(self) -> None:
        """Nothing is open."""


def _step_back(niceness: int) -> None:
    """Linux keeps niceness by thread; the encoder's own threads inherit it."""
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), niceness)

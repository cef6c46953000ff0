"""Which recordings are to go, and why. Decides only; deletes nothing.

First what is too old by its class, then what is beyond a quota in days, then what is beyond one in
bytes; the oldest first in each. What a hold covers is passed over and told. Planning costs what
goes (and what is held), not what is there.
"""

import heapq
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

from its_camera_ai.core.media import StreamRole
from its_camera_ai.core.retention import Reason, RetentionOrder
from its_camera_ai.core.retention_matrix import DataClass, WithoutArchive
from its_camera_ai.core.segments import Tier
from its_camera_ai.store.aged_segments import AgedSegment

PAGE_SEGMENTS = 500
VIDEO_CLASSES = (
    DataClass.RAW_VIDEO,
    DataClass.OBJECT_VIDEO,
    DataClass.MOTION_VIDEO,
    DataClass.QUIET_VIDEO,
)
_EVER_NS = 2**63 - 1  # also what a clock that ran ahead has stamped

Place = tuple[int, str]


class RecordingsIndex(Protocol):
    """What the plan asks; ``store.aged_segments`` answers it."""

    def due(
        self,
        data_class: DataClass,
        tier: Tier,
        before_wall_ns: int,
        *,
        after: Place | None = None,
        limit: int,
    ) -> list[AgedSegment]: ...

    def of_camera(
        self,
        camera_id: str,
        role: StreamRole,
        before_wall_ns: int,
        *,
        after: Place | None = None,
        limit: int,
    ) -> list[AgedSegment]: ...

    def cameras(self) -> list[str]: ...

    def bytes_by_camera(self) -> dict[str, int]: ...


@dataclass(frozen=True, slots=True)
class Doomed:
    """A segment that is to go for this reason, unless it is held."""

    segment: AgedSegment
    reason: Reason


class RetentionPlan:
    """The plan of one run.

    Args:
        has_archive: the site has a cold tier; whether recordings go there says the policy.
        ages: also look for what is too old by its class; quotas alone otherwise.
    """

    def __init__(
        self,
        index: RecordingsIndex,
        order: RetentionOrder,
        *,
        has_archive: bool,
        ages: bool = True,
    ) -> None:
        self._index = index
        self._order = order
        self._policy = order.policy
        self._has_archive = has_archive and order.policy.tiers.cold_after_days is not None
        self._ages = ages
        self._gone_bytes: Counter[str] = Counter()
        self._taken: dict[str, Place] = {}
        self._cameras: list[str] | None = None

    def doomed(self) -> Iterator[Doomed]:
        """Everything that is due, held or not; each segment once."""
        wants_quotas = self._order.wants(DataClass.RAW_VIDEO)
        used = self._index.bytes_by_camera() if wants_quotas and self._has_byte_quota() else {}
        phases = [self._by_age()]
        if wants_quotas:
            phases += [self._by_days(), self._by_bytes(used), self._by_total_bytes(used)]
        for phase in phases:
            for doomed in phase:
                if not doomed.segment.held:
                    self._gone_bytes[doomed.segment.camera_id] += doomed.segment.size_bytes
                yield doomed

    def age_limit_wall_ns(self, data_class: DataClass, tier: Tier) -> int | None:
        """Segments of this class and tier that ended before then are too old; None: none is."""
        if not self._ages or not self._order.wants(data_class):
            return None
        raw, own = self._policy.rule(DataClass.RAW_VIDEO), self._policy.rule(data_class)
        days = own.keep_days if data_class is not DataClass.RAW_VIDEO else None
        if days is None:
            days = raw.keep_days
            if raw.archive_first and (
                tier is Tier.COLD or self._has_archive or raw.without_archive is WithoutArchive.KEEP
            ):
                days = raw.total_days
        return None if days is None else self._order.before_wall_ns(days)

    def _by_age(self) -> Iterator[Doomed]:
        streams = []
        for data_class in VIDEO_CLASSES:
            for tier in Tier:
                limit_ns = self.age_limit_wall_ns(data_class, tier)
                if limit_ns is not None:
                    streams.append(self._due(data_class, tier, limit_ns))
        for segment in heapq.merge(*streams, key=lambda s: s.place):
            yield Doomed(segment, Reason.AGE)

    def _days_limit(self, camera_id: str) -> tuple[int, Reason] | None:
        """The moment before which this camera's recordings are beyond a quota in days."""
        found = [
            (quota.max_days, reason)
            for quota, reason in (
                (self._policy.quota(camera_id), Reason.CAMERA_DAYS),
                (self._policy.total, Reason.TOTAL_DAYS),
            )
            if quota.max_days is not None
        ]
        if not found:
            return None
        days, reason = min(found)
        return self._order.before_wall_ns(days), reason

    def _by_days(self) -> Iterator[Doomed]:
        if self._policy.total.max_days is not None:
            cameras = self._all_cameras()
        else:
            cameras = sorted(c for c, q in self._policy.cameras.items() if q.max_days is not None)
        for camera_id in cameras:
            limit = self._days_limit(camera_id)
            if limit is not None:
                for segment in self._oldest(camera_id, limit[0]):
                    if not self._too_old(segment):
                        yield Doomed(segment, limit[1])

    def _by_bytes(self, used: dict[str, int]) -> Iterator[Doomed]:
        for camera_id, quota in sorted(self._policy.cameras.items()):
            if quota.max_bytes is None or camera_id not in used:
                continue
            excess = used[camera_id] - self._gone_bytes[camera_id] - quota.max_bytes
            if excess > 0:
                oldest = self._oldest(camera_id, _EVER_NS)
                yield from self._until(oldest, excess, Reason.CAMERA_BYTES, self._handled)

    def _by_total_bytes(self, used: dict[str, int]) -> Iterator[Doomed]:
        most = self._policy.total.max_bytes
        if most is None:
            return
        excess = sum(used.values()) - self._gone_bytes.total() - most
        if excess <= 0:
            return
        taken = dict(self._taken)
        streams = [self._oldest(c, _EVER_NS) for c in self._all_cameras()]
        oldest = heapq.merge(*streams, key=lambda s: s.place)

        def handled(segment: AgedSegment) -> bool:
            last = taken.get(segment.camera_id)
            return self._handled(segment) or (last is not None and segment.place <= last)

        yield from self._until(oldest, excess, Reason.TOTAL_BYTES, handled)

    def _until(
        self,
        oldest: Iterator[AgedSegment],
        excess_bytes: int,
        reason: Reason,
        handled: Callable[[AgedSegment], bool],
    ) -> Iterator[Doomed]:
        """The oldest ones until so many bytes are free."""
        for segment in oldest:
            if excess_bytes <= 0:
                return
            if handled(segment) or segment.size_bytes == 0:
                continue
            if not segment.held:
                excess_bytes -= segment.size_bytes
            if reason is Reason.CAMERA_BYTES:
                self._taken[segment.camera_id] = segment.place
            yield Doomed(segment, reason)

    def _too_old(self, segment: AgedSegment) -> bool:
        limit_ns = self.age_limit_wall_ns(segment.data_class, segment.tier)
        return limit_ns is not None and segment.end_wall_ns < limit_ns

    def _handled(self, segment: AgedSegment) -> bool:
        """Whether a phase before the quotas in bytes has told of it: in a run it is gone, in a dry
        run it is still there."""
        limit = self._days_limit(segment.camera_id)
        return self._too_old(segment) or (limit is not None and segment.end_wall_ns < limit[0])

    def _has_byte_quota(self) -> bool:
        quotas = [self._policy.total, *self._policy.cameras.values()]
        return any(quota.max_bytes is not None for quota in quotas)

    def _all_cameras(self) -> list[str]:
        if self._cameras is None:
            self._cameras = self._index.cameras()
        return self._cameras

    def _due(self, data_class: DataClass, tier: Tier, limit_ns: int) -> Iterator[AgedSegment]:
        return _pages(
            lambda after: self._index.due(
                data_class, tier, limit_ns, after=after, limit=PAGE_SEGMENTS
            )
        )

    def _oldest(self, camera_id: str, before_ns: int) -> Iterator[AgedSegment]:
        streams = [self._stream(camera_id, role, before_ns) for role in StreamRole]
        return heapq.merge(*streams, key=lambda s: s.place)

    def _stream(self, camera_id: str, role: StreamRole, before_ns: int) -> Iterator[AgedSegment]:
        return _pages(
            lambda after: self._index.of_camera(
                camera_id, role, before_ns, after=after, limit=PAGE_SEGMENTS
            )
        )


def _pages(page: Callable[[Place | None], list[AgedSegment]]) -> Iterator[AgedSegment]:
    after: Place | None = None
    while found := page(after):
        yield from found
        after = found[-1].place

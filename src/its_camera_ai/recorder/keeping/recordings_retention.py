"""Retention of recordings: does what ``retention_plan`` decides."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Protocol

from its_camera_ai.core.retention import Action, Reason, RetentionOrder, Subject, Tally
from its_camera_ai.core.retention_matrix import DataClass
from its_camera_ai.core.segments import Segment, Tier
from its_camera_ai.recorder.keeping.retention_plan import VIDEO_CLASSES, Doomed, RetentionPlan
from its_camera_ai.store.aged_segments import AgedSegments
from its_camera_ai.store.segments import Discarded

BATCH_SEGMENTS = 200
"""Deleted in one transaction: long enough to cost little, short enough to hinder nobody."""


class Discarding(Protocol):
    """The one way in which recordings are deleted; ``store.segments`` does it."""

    def discard(self, ids: list[str], *, reason: str, now_wall_ns: int) -> Discarded: ...


class RecordingsKeeper:
    """Deletes recordings by age, activity and quota, the oldest first, batch by batch.

    Args:
        has_archive: whether recordings can reach the cold tier.
        ages: False looks after quotas alone.
        after: told after each batch, such as to have the files removed.
    """

    name = "recordings"
    classes = VIDEO_CLASSES

    def __init__(
        self,
        index: AgedSegments,
        segments: Discarding,
        *,
        has_archive: bool,
        ages: bool = True,
        after: Callable[[], object] = lambda: None,
    ) -> None:
        self._index = index
        self._segments = segments
        self._has_archive = has_archive
        self._ages = ages
        self._after = after

    def work(self, order: RetentionOrder, tally: Tally) -> None:
        plan = RetentionPlan(self._index, order, has_archive=self._has_archive, ages=self._ages)
        self._count_waiting(plan, order, tally)
        doomed = plan.doomed()
        while not order.stopped() and (batch := list(islice(doomed, BATCH_SEGMENTS))):
            if order.dry_run:
                for item in batch:
                    tally.add(_subject(item), 1, item.segment.size_bytes)
            else:
                self._delete(batch, order, tally)

    def _delete(self, batch: list[Doomed], order: RetentionOrder, tally: Tally) -> None:
        by_reason: dict[Reason, list[Doomed]] = defaultdict(list)
        for item in batch:
            by_reason[item.reason].append(item)
        for reason, items in by_reason.items():
            ids = [item.segment.id for item in items]
            done = self._segments.discard(ids, reason=f"{reason}", now_wall_ns=order.now_wall_ns)
            _count(tally, items, done.segments, Action.DELETED)
            _count(tally, items, done.held, Action.KEPT)
        self._after()

    def _count_waiting(self, plan: RetentionPlan, order: RetentionOrder, tally: Tally) -> None:
        """What is old enough for the archive and not there."""
        raw = order.policy.rule(DataClass.RAW_VIDEO)
        if not (self._ages and raw.archive_first and raw.keep_days is not None):
            return
        before_ns = order.before_wall_ns(raw.keep_days)
        for data_class, tier in _outside_archive(order):
            since_ns = plan.age_limit_wall_ns(data_class, tier)
            if since_ns is not None and since_ns < before_ns:
                found = self._index.amounts(data_class, tier, since_ns, before_ns)
                for camera_id, count, size_bytes in found:
                    subject = Subject(data_class, Action.KEPT, Reason.AWAITS_ARCHIVE, camera_id)
                    tally.add(subject, count, size_bytes)


def _outside_archive(order: RetentionOrder) -> Iterator[tuple[DataClass, Tier]]:
    for data_class in VIDEO_CLASSES:
        own = data_class is not DataClass.RAW_VIDEO and order.policy.rule(data_class).keep_days
        if order.wants(data_class) and (own is None or own is False):
            yield data_class, Tier.HOT
            yield data_class, Tier.WARM


def _subject(item: Doomed) -> Subject:
    segment = item.segment
    if segment.held:
        return Subject(segment.data_class, Action.KEPT, Reason.HELD, segment.camera_id)
    return Subject(segment.data_class, Action.DELETED, item.reason, segment.camera_id)


def _count(
    tally: Tally, items: list[Doomed], segments: tuple[Segment, ...], action: Action
) -> None:
    """Count by what the database said, which may know of a hold that came since."""
    known = {item.segment.id: item for item in items}
    for segment in segments:
        item = known[segment.id]
        reason = Reason.HELD if action is Action.KEPT else item.reason
        subject = Subject(item.segment.data_class, action, reason, segment.camera_id)
        tally.add(subject, 1, item.segment.size_bytes)

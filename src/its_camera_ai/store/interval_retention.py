"""Retention of interval tables: short rows go first, their sums stay longer."""

from its_camera_ai.core.interval_store import IntervalRetention, IntervalStore
from its_camera_ai.core.retention import Action, Reason, RetentionOrder, Subject, Tally
from its_camera_ai.core.retention_matrix import DataClass


class IntervalKeeper:
    """Deletes interval rows by age; see ``IntervalRetention.of``."""

    name = "interval tables"
    classes = (DataClass.TRAFFIC_TABLES,)

    def __init__(self, store: IntervalStore) -> None:
        self._store = store

    def work(self, order: RetentionOrder, tally: Tally) -> None:
        days = order.policy.rule(DataClass.TRAFFIC_TABLES).keep_days
        if days is None or not order.wants(DataClass.TRAFFIC_TABLES):
            return
        gone = self._store.forget(
            IntervalRetention.of(days),
            order.now_wall_ns,
            dry_run=order.dry_run,
            stopped=order.stopped,
        )
        subject = Subject(DataClass.TRAFFIC_TABLES, Action.DELETED, Reason.AGE)
        tally.add(subject, sum(gone.values()))

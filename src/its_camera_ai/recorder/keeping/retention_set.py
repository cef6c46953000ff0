"""All of retention over one database and its folders."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from its_camera_ai.core.time import Clock
from its_camera_ai.recorder.keeping.export_retention import ExportKeeper
from its_camera_ai.recorder.keeping.recordings_retention import RecordingsKeeper
from its_camera_ai.recorder.keeping.retention import QUOTAS_EVERY, Retention, run_lock
from its_camera_ai.store.aged_segments import AgedSegments
from its_camera_ai.store.audit import AuditLog
from its_camera_ai.store.audit_archive import AuditArchive
from its_camera_ai.store.audit_retention import AuditKeeper
from its_camera_ai.store.database import Database
from its_camera_ai.store.event_retention import EventKeeper
from its_camera_ai.store.exports import ExportRepository
from its_camera_ai.store.holds import HoldRepository
from its_camera_ai.store.interval_retention import IntervalKeeper
from its_camera_ai.store.intervals import IntervalRepository
from its_camera_ai.store.row_retention import (
    ACCESS_LOGS,
    DELIVERED_MESSAGES,
    TRAFFIC_RECORDS,
    RowKeeper,
)
from its_camera_ai.store.segments import SegmentRepository
from its_camera_ai.store.storage_policy import StoragePolicyRepository

AUDIT_FOLDER = Path("archive") / "audit"


class RetentionSet:
    """Makes the runs; each call gives a new one over the same stores.

    Args:
        data_dir: of the site; holds the lock and the archive of the audit log.
        exports_root: the folder of the exports' folders.
        has_archive: whether recordings can reach the cold tier.
        after: told after each batch of recordings.
    """

    def __init__(
        self,
        database: Database,
        holds: HoldRepository,
        clock: Clock,
        *,
        data_dir: Path,
        exports_root: Path,
        has_archive: bool,
        after: Callable[[], object] = lambda: None,
    ) -> None:
        self._database = database
        self._holds = holds
        self._clock = clock
        self._data_dir = data_dir
        self._exports_root = exports_root
        self._has_archive = has_archive
        self._after = after

    def nightly(self) -> Retention:
        """Everything that has a time to end."""
        database = self._database
        archive = AuditArchive(self._data_dir / AUDIT_FOLDER)
        return Retention(
            [
                self._recordings(ages=True),
                ExportKeeper(ExportRepository(database), self._holds, self._exports_root),
                EventKeeper(database),
                RowKeeper(database, "trajectories and incidents", TRAFFIC_RECORDS),
                IntervalKeeper(IntervalRepository(database)),
                RowKeeper(database, "access logs", ACCESS_LOGS),
                RowKeeper(database, "delivered messages", DELIVERED_MESSAGES),
                AuditKeeper(AuditLog(database), archive),
            ],
            StoragePolicyRepository(database, self._clock).get,
            partial(run_lock, self._data_dir),
            self._clock,
        )

    def quotas(self) -> Retention:
        """Quotas alone, every few minutes."""
        return Retention(
            [self._recordings(ages=False)],
            StoragePolicyRepository(self._database, self._clock).get,
            partial(run_lock, self._data_dir),
            self._clock,
            name="quotas",
            schedule=QUOTAS_EVERY,
        )

    def _recordings(self, *, ages: bool) -> RecordingsKeeper:
        return RecordingsKeeper(
            AgedSegments(self._database),
            SegmentRepository(self._database),
            has_archive=self._has_archive,
            ages=ages,
            after=self._after,
        )

"""Retention of exports: files first, then what the database says of them."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol
from uuid import UUID

from its_camera_ai.core.errors import StorageUnavailable
from its_camera_ai.core.exports import Export, ExportState
from its_camera_ai.core.holds import Hold
from its_camera_ai.core.retention import Action, Reason, RetentionOrder, Subject, Tally
from its_camera_ai.core.retention_matrix import DataClass
from its_camera_ai.core.time import NS_PER_MS
from its_camera_ai.store.exports import ExportRepository

EXPORTS_MAX = 100_000
EXPIRED = "Its time was over; ask for it anew while the recordings are there."


class ActiveHolds(Protocol):
    """Answers which holds cover a span; ``store.holds`` does."""

    def active(
        self, camera_id: str | None, since_wall_ns: int | None, until_wall_ns: int | None
    ) -> list[Hold]: ...


class ExportKeeper:
    """Ends exports: done ones expire and keep their row, failed ones go, leftovers go.

    An export of a camera and span that a hold covers is kept like the recordings themselves.

    Args:
        root: the folder of the exports' folders, which are named by their ids.
    """

    name = "exports"
    classes = (DataClass.EXPORTS, DataClass.FAILED_UPLOADS, DataClass.TEMP_FILES)

    def __init__(self, exports: ExportRepository, holds: ActiveHolds, root: Path) -> None:
        self._exports = exports
        self._holds = holds
        self._root = root

    def work(self, order: RetentionOrder, tally: Tally) -> None:
        """See ``Keeper``.

        Raises:
            StorageUnavailable: files can't be removed.
        """
        for export in self._due(DataClass.EXPORTS, order, lambda s: s is ExportState.DONE):
            if self._held(export):
                tally.add(_subject(DataClass.EXPORTS, Reason.HELD), 1, export.size_bytes)
                continue
            if not order.dry_run:
                self._remove(export.id)
                self._exports.end(export.id, ExportState.EXPIRED, EXPIRED, order.now_wall_ns)
            tally.add(_subject(DataClass.EXPORTS), 1, export.size_bytes)
        for export in self._due(
            DataClass.FAILED_UPLOADS, order, lambda s: s is not ExportState.DONE
        ):
            if not order.dry_run:
                self._remove(export.id)
                self._exports.remove(export.id)
            tally.add(_subject(DataClass.FAILED_UPLOADS))
        for folder in self._leftovers(order):
            tally.add(_subject(DataClass.TEMP_FILES), 1, _bytes_in(folder))
            if not order.dry_run:
                self._remove(folder.name)

    def _due(
        self, data_class: DataClass, order: RetentionOrder, wanted: Callable[[ExportState], bool]
    ) -> Iterator[Export]:
        days = order.policy.rule(data_class).keep_days
        if days is None or not order.wants(data_class):
            return
        for export in self._exports.ended_before(order.before_wall_ns(days), EXPORTS_MAX):
            if order.stopped():
                return
            if wanted(export.state):
                yield export

    def _held(self, export: Export) -> bool:
        request = export.request
        return any(
            self._holds.active(camera_id, request.since_wall_ns, request.until_wall_ns)
            for camera_id in request.cameras
        )

    def _leftovers(self, order: RetentionOrder) -> Iterator[Path]:
        """Folders that no row tells of; how old they are stands in their names."""
        days = order.policy.rule(DataClass.TEMP_FILES).keep_days
        if days is None or not order.wants(DataClass.TEMP_FILES) or not self._root.is_dir():
            return
        for folder in sorted(self._root.iterdir()):
            if order.stopped():
                return
            made_ns = made_wall_ns(folder.name)
            if made_ns is None or made_ns >= order.before_wall_ns(days) or folder.is_symlink():
                continue
            if self._exports.get(folder.name) is None:
                yield folder

    def _remove(self, export_id: str) -> None:
        folder = self._root / export_id
        try:
            if folder.is_dir() and not folder.is_symlink():
                shutil.rmtree(folder)
        except OSError as error:
            raise StorageUnavailable(
                f"The export in {folder} can't be removed ({(error.strerror or 'error').lower()}): "
                "correct the rights of the folder; the next run tries again."
            ) from error


def made_wall_ns(export_id: str) -> int | None:
    """When an id was given (RFC 9562 §5.7), or None if it is none of ours.

    >>> made_wall_ns("01890a5d-ac96-774b-bcce-b302099a8057")
    1688096058518000000
    """
    try:
        value = UUID(export_id)
    except ValueError:
        return None
    return (value.int >> 80) * NS_PER_MS if value.version == 7 else None


def _subject(data_class: DataClass, reason: Reason = Reason.AGE) -> Subject:
    return Subject(data_class, Action.KEPT if reason is Reason.HELD else Action.DELETED, reason)


def _bytes_in(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())

"""Removes the files of segments that left the index [12]."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import PurePosixPath
from typing import Protocol

import structlog

from its_camera_ai.core.errors import ItscamError, RecordingGone
from its_camera_ai.core.jobs import Every, JobResult, Schedule
from its_camera_ai.core.segments import Tier
from its_camera_ai.core.time import NS_PER_S, Clock
from its_camera_ai.recorder.files.media import Media
from its_camera_ai.recorder.files.media_tree import exists, is_folder
from its_camera_ai.recorder.volumes.volume import Volume
from its_camera_ai.store.garbage import GarbageItem, GarbageRepository
from its_camera_ai.store.media_store import MediaStore

log = structlog.get_logger(__name__)

BATCH_FILES = 256
INTERVAL_S = 60.0


class FileRemover(Protocol):
    """Removes files of one tier, durably."""

    def remove(self, paths: Sequence[str]) -> Mapping[str, str]:
        """Remove them; one that is not there is removed.

        Returns:
            Why, for each path that could not be removed.
        """
        ...


@dataclass(frozen=True, slots=True)
class Collected:
    """What a run did; ``failed_files`` wait for the next one."""

    files: int = 0
    size_bytes: int = 0
    failed_files: int = 0


class Garbage:
    """The collector. May be killed at any moment and run twice: a file that is gone is done.

    Args:
        stores: who removes files of each tier; items of other tiers wait.
    """

    def __init__(self, rows: GarbageRepository, stores: Mapping[Tier, FileRemover]) -> None:
        self._rows = rows
        self._stores = stores

    @property
    def name(self) -> str:
        return "garbage"

    @property
    def schedule(self) -> Schedule:
        return Every(INTERVAL_S)

    def run(self, stopped: Callable[[], bool]) -> JobResult:
        done = self.collect(stopped)
        return JobResult(
            {
                "removed_files": done.files,
                "removed_bytes": done.size_bytes,
                "failed_files": done.failed_files,
            }
        )

    def collect(self, stopped: Callable[[], bool] = lambda: False) -> Collected:
        """Remove what waits: file, sync, then its row; what fails stays and is counted.

        Raises:
            DatabaseUnavailable: the rows can't be read or dropped.
        """
        files = size_bytes = failed = last_seq = 0
        self._rows.spare_indexed()
        while not stopped() and (items := self._rows.waiting(BATCH_FILES, after_seq=last_seq)):
            last_seq = items[-1].seq
            done = self._remove(items)
            failed += len(items) - len(done)
            files += len(done)
            size_bytes += sum(item.size_bytes for item in done)
            self._rows.drop(item.seq for item in done)
        return Collected(files, size_bytes, failed)

    def _remove(self, items: Sequence[GarbageItem]) -> list[GarbageItem]:
        by_tier: dict[Tier, list[GarbageItem]] = defaultdict(list)
        for item in items:
            by_tier[item.tier].append(item)
        done: list[GarbageItem] = []
        for tier, group in by_tier.items():
            store = self._stores.get(tier)
            if store is None:
                continue
            try:
                reasons = store.remove([item.path for item in group])
            except ItscamError as error:
                log.warning("garbage waits for its tier", tier=str(tier), problem=str(error))
                continue
            for path, reason in reasons.items():
                log.warning("a file could not be removed", path=path, problem=reason)
            done += [item for item in group if item.path not in reasons]
        return done


class VolumeFiles:
    """Removes files of the volume that is recorded to, and the folders of days that are empty."""

    def __init__(self, volume: Volume, clock: Clock) -> None:
        self._volume = volume
        self._clock = clock

    def remove(self, paths: Sequence[str]) -> Mapping[str, str]:
        """See ``FileRemover``. One sync of each folder, whatever the number of files.

        Raises:
            StorageUnavailable: it is not the volume that is wanted.
        """
        self._volume.check()
        reasons: dict[str, str] = {}
        by_folder: dict[str, list[str]] = defaultdict(list)
        for path in paths:
            parts = PurePosixPath(path)
            if parts.is_absolute() or len(parts.parts) != 4 or ".." in parts.parts:
                reasons[path] = "this is no place of a recording"
            else:
                by_folder[parts.parent.as_posix()].append(path)
        for folder, group in by_folder.items():
            reasons |= self._remove_in(folder, group)
        return reasons

    def _remove_in(self, day: str, paths: Sequence[str]) -> dict[str, str]:
        disk, root, folder = self._volume.disk, self._volume.root, self._volume.root / day
        reasons: dict[str, str] = {}
        try:
            if not is_folder(disk, root, day):
                # nothing is there; or a link, through which nothing of ours is removed
                there = [path for path in paths if exists(disk, root / path)]
                return dict.fromkeys(there, "its folder is a link: remove the link")
        except OSError as error:
            return dict.fromkeys(paths, error.strerror or "unknown error")
        for path in paths:
            try:
                disk.unlink(root / path)
            except FileNotFoundError:
                continue
            except OSError as error:
                reasons[path] = error.strerror or "unknown error"
        try:
            disk.sync_folder(folder)
        except FileNotFoundError:
            return reasons
        except OSError as error:  # the names may come back: all of them are tried again
            return dict.fromkeys(paths, error.strerror or "unknown error")
        if self._is_over(folder.name):
            with suppress(OSError):  # not empty, mostly
                disk.remove_folder(folder)
                disk.sync_folder(folder.parent)
        return reasons

    def _is_over(self, day: str) -> bool:
        """Whether the recorder will open no file in this day's folder any more."""
        now = datetime.fromtimestamp(self._clock.wall_ns() / NS_PER_S, tz=UTC)
        return day < f"{now - timedelta(days=1):%Y-%m-%d}"


class StoreFiles:
    """Removes files of another tier, one by one."""

    def __init__(self, store: MediaStore) -> None:
        self._store = store

    def remove(self, paths: Sequence[str]) -> Mapping[str, str]:
        """See ``FileRemover``.

        Raises:
            StorageUnavailable: the tier can't be reached; what was removed until then finds itself
                gone the next time.
        """
        for path in paths:
            with suppress(RecordingGone):
                self._store.delete(path)
        return {}


def removers(volume: Volume, media: Media, clock: Clock) -> dict[Tier, FileRemover]:
    """Who removes files of each tier that has a place."""
    found: dict[Tier, FileRemover] = {
        tier: StoreFiles(store) for tier, store in media.stores.items()
    }
    return found | {Tier.HOT: VolumeFiles(volume, clock)}

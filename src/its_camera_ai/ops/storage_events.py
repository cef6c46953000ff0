"""Heartbeats → events about the disk: it fills up, recordings had to go, it is well again.

They concern every camera; their ``camera_id`` is empty.
"""

from collections.abc import Callable
from dataclasses import dataclass

from its_camera_ai.bus.messages import RoleStatus, StorageStatus
from its_camera_ai.core.events import Event, EventKind
from its_camera_ai.core.time import NS_PER_S, iso_utc

PRIORITIES = {70: "P4", 85: "P2", 95: "P1"}
SUMMARY_NS = 3600 * NS_PER_S
"""Making room for days is told at once and then each hour."""

Facts = dict[str, object]


@dataclass(slots=True)
class _Evictions:
    """What was told of one run of ingest."""

    run_wall_ns: int
    files: int = 0
    size_bytes: int = 0


class StorageEvents:
    """Turns changes of state into events, each once; levels come with hysteresis already.

    Args:
        new_event_id: makes an event id from a wall time in ns.
    """

    def __init__(self, new_event_id: Callable[[int], str]) -> None:
        self._new_event_id = new_event_id
        self._level = 0
        self._is_short = False
        self._protected_only = False
        self._told = _Evictions(0)
        self._told_wall_ns = 0

    def on_status(self, status: RoleStatus) -> list[Event]:
        """What is new in one heartbeat."""
        storage = status.storage
        if storage is None:
            return []
        told = [
            *self._levels(storage),
            *self._protected(storage),
            *self._short(storage),
            *self._evicted(storage, status),
        ]
        return [
            Event(
                self._new_event_id(status.wall_ns),
                kind,
                "",
                status.wall_ns,
                status.wall_ns,
                None,
                facts,
            )
            for kind, facts in told
        ]

    def _levels(self, storage: StorageStatus) -> list[tuple[EventKind, Facts]]:
        before, self._level = self._level, storage.level
        facts: Facts = {"reason": "level", "level_percent": storage.level}
        if storage.level > before:
            facts |= {"priority": PRIORITIES[storage.level], **_space(storage)}
            return [(EventKind.STORAGE_LOW, facts)]
        if storage.level < before:
            return [(EventKind.STORAGE_RECOVERED, facts | _space(storage))]
        return []

    def _protected(self, storage: StorageStatus) -> list[tuple[EventKind, Facts]]:
        before, self._protected_only = self._protected_only, storage.protected_only
        facts: Facts = {"reason": "nothing_to_remove"}
        if storage.protected_only and not before:
            facts |= {"priority": "P1", "error": storage.problem, **_space(storage)}
            return [(EventKind.STORAGE_LOW, facts)]
        if before and not storage.protected_only:
            return [(EventKind.STORAGE_RECOVERED, facts | _space(storage))]
        return []

    def _short(self, storage: StorageStatus) -> list[tuple[EventKind, Facts]]:
        before, self._is_short = self._is_short, storage.is_short
        if storage.is_short == before:
            return []
        facts: Facts = {"reason": "policy"}
        if storage.policy_days is not None and storage.keeps_days is not None:
            facts |= {
                "keeps_days": round(storage.keeps_days, 1),
                "policy_days": round(storage.policy_days, 1),
            }
        if not storage.is_short:
            return [(EventKind.STORAGE_RECOVERED, facts)]
        if storage.full_in_s is not None:
            facts["full_in_h"] = round(storage.full_in_s / 3600, 1)
        return [(EventKind.STORAGE_LOW, facts | {"priority": "P3"})]

    def _evicted(self, storage: StorageStatus, status: RoleStatus) -> list[tuple[EventKind, Facts]]:
        told = self._told
        if told.run_wall_ns != status.started_wall_ns:
            told = self._told = _Evictions(status.started_wall_ns)
        files = storage.evicted_files - told.files
        if files <= 0 or status.wall_ns - self._told_wall_ns < SUMMARY_NS:
            return []
        facts: Facts = {
            "files": files,
            "bytes": storage.evicted_bytes - told.size_bytes,
            "until": iso_utc(storage.evicted_newest_wall_ns),
        }
        self._told_wall_ns = status.wall_ns
        self._told = _Evictions(
            status.started_wall_ns,
            storage.evicted_files,
            storage.evicted_bytes,
        )
        return [(EventKind.STORAGE_EVICTED, facts)]


def _space(storage: StorageStatus) -> Facts:
    return {"free_bytes": storage.free_bytes, "total_bytes": storage.total_bytes}

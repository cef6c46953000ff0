"""What retention is asked to do, and what it says that it did."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from its_camera_ai.core.retention_matrix import DataClass
from its_camera_ai.core.storage_policy import StoragePolicy
from its_camera_ai.core.time import NS_PER_S

NS_PER_DAY = 86_400 * NS_PER_S


class Action(StrEnum):
    """What happened to some data; ``kept`` is what was due and stayed."""

    DELETED = "deleted"
    ANONYMISED = "anonymised"
    AGGREGATED = "aggregated"
    ARCHIVED = "archived"
    KEPT = "kept"


class Reason(StrEnum):
    """Why it went or stayed."""

    AGE = "age"
    CAMERA_DAYS = "camera_max_days"
    TOTAL_DAYS = "total_max_days"
    CAMERA_BYTES = "camera_max_bytes"
    TOTAL_BYTES = "total_max_bytes"
    HELD = "held"
    AWAITS_ARCHIVE = "awaits_archive"


@dataclass(frozen=True, slots=True)
class RetentionOrder:
    """One run.

    Attributes:
        dry_run: only say what would be done.
        classes: only these; None is all.
        stopped: becomes true when the run shall end early.
    """

    policy: StoragePolicy
    now_wall_ns: int
    dry_run: bool = False
    classes: frozenset[DataClass] | None = None
    stopped: Callable[[], bool] = lambda: False

    def wants(self, data_class: DataClass) -> bool:
        return self.classes is None or data_class in self.classes

    def before_wall_ns(self, days: float) -> int:
        """The moment that lies so many days back."""
        return self.now_wall_ns - round(days * NS_PER_DAY)


@dataclass(frozen=True, slots=True, order=True)
class Subject:
    """What a figure counts: all of one class and camera to which the same happened for the same
    reason. ``camera_id`` is empty for data that belongs to no camera."""

    data_class: DataClass
    action: Action
    reason: Reason
    camera_id: str = ""


@dataclass(slots=True)
class Amount:
    """How many files or rows, and their bytes (0 for rows)."""

    count: int = 0
    size_bytes: int = 0


class Tally:
    """Counts what a run did, as it does it: what was done before a failure is told too."""

    def __init__(self) -> None:
        self._amounts: dict[Subject, Amount] = {}

    def add(self, subject: Subject, count: int = 1, size_bytes: int = 0) -> None:
        if count:
            amount = self._amounts.setdefault(subject, Amount())
            amount.count += count
            amount.size_bytes += size_bytes

    @property
    def amounts(self) -> Mapping[Subject, Amount]:
        return dict(sorted(self._amounts.items()))

    def total(self, *actions: Action) -> Amount:
        """Of these actions together."""
        found = [amount for subject, amount in self._amounts.items() if subject.action in actions]
        return Amount(sum(a.count for a in found), sum(a.size_bytes for a in found))

    def figures(self) -> dict[str, float]:
        """By class and action, such as ``raw_video_deleted`` and ``raw_video_deleted_bytes``."""
        figures: dict[str, float] = {}
        for subject, amount in sorted(self._amounts.items()):
            name = f"{subject.data_class}_{subject.action}"
            figures[name] = figures.get(name, 0) + amount.count
            if amount.size_bytes:
                figures[f"{name}_bytes"] = figures.get(f"{name}_bytes", 0) + amount.size_bytes
        return figures


class Keeper(Protocol):
    """Looks after some classes of data."""

    @property
    def name(self) -> str:
        """In words, for messages."""
        ...

    @property
    def classes(self) -> Iterable[DataClass]: ...

    def work(self, order: RetentionOrder, tally: Tally) -> None:
        """Do, or in a dry run only count, what the order says for its classes.

        It may be killed at any moment and run again. A dry run counts exactly what a run at the
        same moment would do.

        Raises:
            ItscamError: it could not; what was done until then is in the tally.
        """
        ...

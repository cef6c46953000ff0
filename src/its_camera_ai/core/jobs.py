"""The port to recurring work: what runs when, and what it tells."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Every:
    """Runs again so many seconds after it ended."""

    interval_s: float


@dataclass(frozen=True, slots=True)
class Daily:
    """Runs once a day at or after this local time of the site."""

    hour: int
    minute: int = 0


Schedule = Every | Daily


@dataclass(frozen=True, slots=True)
class JobResult:
    """What a run did, as figures and words for the audit log, the API and the metrics.

    Attributes:
        figures: numbers by name, such as ``{"deleted_files": 3, "deleted_bytes": 12_000}``.
        audit: set where something was changed or deleted that an auditor will ask for.
        problem: what could not be done beside all that was done; the run counts as failed and is
            tried again.
    """

    figures: Mapping[str, float] = field(default_factory=dict)
    audit: bool = False
    problem: str = ""


class Job(Protocol):
    """One kind of recurring work. Resumable: it may be stopped or killed at any moment."""

    @property
    def name(self) -> str: ...

    @property
    def schedule(self) -> Schedule: ...

    def run(self, stopped: Callable[[], bool]) -> JobResult:
        """Do what is due and return early once ``stopped`` is true.

        Raises:
            ItscamError: it could not; the message is kept and shown, and it is tried again.
        """
        ...

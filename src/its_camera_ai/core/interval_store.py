"""The port behind which interval tables are kept, and what it gives."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Protocol

from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.core.intervals import LENGTHS_S, IntervalRow, Place, PlaceKind, Tally
from its_camera_ai.core.local_days import Span

_TIMES_AS_LONG = {60: 1, 300: 4, 900: 12}


class GapReason(StrEnum):
    """Why nothing is known of a span of time."""

    NOT_MEASURED = "not_measured"
    """There is no row: the program did not run, no picture came, or the place was not there."""
    NOT_LOOKED = "not_looked"
    """Pictures came and none was looked at."""


@dataclass(frozen=True, slots=True)
class Gap:
    """A span of whole intervals of which nothing is known; neighbours of one reason are joined."""

    since_wall_ns: int
    until_wall_ns: int
    reason: GapReason


@dataclass(frozen=True, slots=True)
class IntervalTable:
    """One place over a span of time.

    Attributes:
        rows: without a hole, by time; an interval of which nothing is known has a row with
            ``missing_share`` 1.
        gaps: the spans of such rows, with the reason.
        next_since_wall_ns: where the next page begins; None at the end.
    """

    camera_id: str
    place: Place
    length_s: int
    rows: Sequence[IntervalRow]
    gaps: tuple[Gap, ...] = ()
    next_since_wall_ns: int | None = None


@dataclass(frozen=True, slots=True)
class SpanTotal:
    """What a place measured in a span that is no single interval, such as a local day.

    Attributes:
        day: of the calendar, where it is a local day.
        length_m: as in ``IntervalRow``, of the newest part.
    """

    span: Span
    tally: Tally
    day: date | None = None
    length_m: float = 0.0

    @property
    def missing_share(self) -> float:
        """0–1, the part of the span that was not looked at."""
        return min(1.0, max(0.0, 1 - self.tally.looked_s / self.span.length_s))


@dataclass(frozen=True, slots=True)
class Added:
    """What became of rows that were handed in.

    Attributes:
        written: new, or changed since they were written last.
        known: stored already with the same content.
        too_old: of a time whose 1-minute rows were forgotten; left out, because the sums that
            they belong to can't be made again.
    """

    written: int = 0
    known: int = 0
    too_old: int = 0


@dataclass(frozen=True, slots=True)
class IntervalRetention:
    """How long interval rows stay, in days by length in seconds; None is for ever.

    >>> IntervalRetention.of(90).keep_days
    {60: 90, 300: 360, 900: 1080, 3600: None}
    """

    keep_days: Mapping[int, float | None]

    def __post_init__(self) -> None:
        if set(self.keep_days) != set(LENGTHS_S):
            raise ConfigInvalid(
                f"Retention of interval tables needs a number of days for each of {LENGTHS_S} s."
            )
        before = 0.0
        for length_s in LENGTHS_S:
            days = self.keep_days[length_s]
            now = float("inf") if days is None else days
            if not now >= max(before, 1):
                raise ConfigInvalid(
                    f"Interval rows of {length_s} s must be kept for a day at least, and no "
                    "shorter than shorter ones; give more days."
                )
            before = now

    @classmethod
    def of(cls, minute_days: float | None) -> "IntervalRetention":
        """By the days of the 1-minute rows: those of 5 minutes 4 times, of 15 minutes 12 times as
        long, those of an hour for ever."""
        days = minute_days
        keep = {s: None if days is None else days * n for s, n in _TIMES_AS_LONG.items()}
        return cls({**keep, 3600: None})


class IntervalStore(Protocol):
    """Keeps 1-minute rows, makes those of 5, 15 and 60 minutes, and gives all of them back."""

    def add(self, rows: Sequence[IntervalRow]) -> Added:
        """Store 1-minute rows of named writers and bring the longer intervals up to date, all in
        one durable transaction.

        The row of one writer for one place and minute is stored once: handed in again it changes
        nothing, or replaces what it was. Rows of different writers add up.

        Raises:
            ValueError: a row of another length, off its minute, or without a writer.
            RetryableError: nothing was written; try again.
        """
        ...

    def places(self, camera_id: str | None = None) -> list[tuple[str, Place]]:
        """Camera and place of everything that ever had a row, in their order."""
        ...

    def table(
        self,
        camera_id: str,
        place: Place,
        length_s: int,
        since_wall_ns: int,
        until_wall_ns: int,
        *,
        limit: int = 10_000,
    ) -> IntervalTable:
        """The intervals that begin in ``[since, until)``, at most ``limit`` of them.

        Raises:
            ConfigInvalid: no such length, or a limit outside 1–100,000.
        """
        ...

    def tables(
        self,
        camera_id: str,
        length_s: int,
        since_wall_ns: int,
        until_wall_ns: int,
        *,
        kinds: Sequence[PlaceKind] | None = None,
        limit: int = 10_000,
    ) -> list[IntervalTable]:
        """The same of every place of a camera that ever had a row; ``limit`` is for each."""
        ...

    def totals(self, camera_id: str, place: Place, spans: Sequence[Span]) -> list[SpanTotal]:
        """The sum over each span, from the longest intervals that fit into it.

        Raises:
            ConfigInvalid: a span that does not begin and end on a minute.
        """
        ...

    def days(
        self, camera_id: str, place: Place, first: date, last: date, zone: str
    ) -> list[SpanTotal]:
        """The sum over each local day, both ends included; a day of a time change has its 23 or
        25 hours.

        Raises:
            ConfigInvalid: no such time zone, days in the wrong order, or more than ten years.
        """
        ...

    def forget(
        self,
        retention: IntervalRetention,
        now_wall_ns: int,
        *,
        dry_run: bool = False,
        stopped: Callable[[], bool] = lambda: False,
    ) -> Mapping[int, int]:
        """Delete rows by age, in whole hours.

        Args:
            dry_run: only count them.
            stopped: becomes true when it shall end early.

        Returns:
            How many by length in seconds.
        """
        ...

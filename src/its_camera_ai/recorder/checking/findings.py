"""What a check of recordings can find. Numbers are the invariants of docs/design/recording.md."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from its_camera_ai.core.segments import Segment

LISTED_MAX = 10_000
"""Findings that a report lists; all of them are counted."""


@dataclass(frozen=True, slots=True)
class FindingFacts:
    """One row of the table below.

    Attributes:
        slug: its name in JSON.
        invariant: the number of the invariant that does not hold.
        problem: False for what a healthy site may show for a moment or after its clock was set.
        meaning: for people, what it is.
    """

    slug: str
    invariant: int
    problem: bool
    meaning: str


class FindingKind(Enum):
    """All kinds."""

    ROW_WITHOUT_FILE = FindingFacts("row-without-file", 10, True, "indexed, but there is no file")
    FILE_WITHOUT_ROW = FindingFacts("file-without-row", 11, True, "a recording, but not indexed")
    FILE_IS_BACK = FindingFacts("file-is-back", 10, True, "said to be missing, but it is there")
    SIZE_DIFFERS = FindingFacts("size-differs", 10, True, "not of the size that the index says")
    HASH_DIFFERS = FindingFacts("hash-differs", 10, True, "not the file that the index tells of")
    CONTENT_DIFFERS = FindingFacts("content-differs", 9, True, "its content is not as sealed")
    SEAL_MISSING = FindingFacts("seal-missing", 9, True, "in its place, but cut off or not closed")
    UNREADABLE = FindingFacts("unreadable", 8, True, "named like a recording, but it is none")
    READ_FAILED = FindingFacts("read-failed", 10, True, "the disk can't read it")
    LYING_NAME = FindingFacts("lying-name", 8, True, "lies where another recording belongs")
    FOREIGN_FILE = FindingFacts("foreign-file", 11, True, "no recording")
    NO_FILE = FindingFacts("no-file", 11, True, "a symbolic link, or something else but a file")
    IN_BOTH_PLACES = FindingFacts("in-both-places", 7, True, "in the making and closed at once")
    LEFT_OPEN = FindingFacts("left-open", 7, False, "in the making, but nobody writes it")
    CHAIN_BROKEN = FindingFacts("chain-broken", 15, True, "follows another than it says")
    OVERLAP = FindingFacts("overlap", 15, False, "begins before the one before it ends")
    GARBAGE_INDEXED = FindingFacts("garbage-indexed", 12, True, "garbage and indexed at once")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be.

    Attributes:
        path: relative to the root of the tier.
        segment_id: of the row that it is about; empty without one.
        detail: what in particular, for people.
        segment: what the file says of itself, where it says something.
    """

    kind: FindingKind
    path: str
    segment_id: str = ""
    detail: str = ""
    segment: Segment | None = None

    @property
    def text(self) -> str:
        """One line for people; names that are no text are told by their bytes."""
        path = self.path.encode("utf-8", "backslashreplace").decode()
        more = f" ({self.detail})" if self.detail else ""
        return f"{path}: {self.kind.value.meaning}{more} [{self.kind.value.invariant}]"


OnFinding = Callable[[Finding], None]


@dataclass(slots=True)
class CheckReport:
    """What a check saw.

    Attributes:
        files, size_bytes: closed recordings that were seen.
        rows: of the index that were seen.
        in_the_making: files that are being written.
        newer: closed a moment ago, to be indexed at any moment.
        waiting_garbage: files that are garbage and not removed yet.
        known_damaged, known_missing: rows that say so already.
        findings: the first 10,000.
        counts: of all, by kind.
    """

    files: int = 0
    size_bytes: int = 0
    rows: int = 0
    in_the_making: int = 0
    newer: int = 0
    waiting_garbage: int = 0
    known_damaged: int = 0
    known_missing: int = 0
    findings: list[Finding] = field(default_factory=list)
    counts: Counter[FindingKind] = field(default_factory=Counter)

    def add(self, finding: Finding) -> None:
        self.counts[finding.kind] += 1
        if len(self.findings) < LISTED_MAX:
            self.findings.append(finding)

    @property
    def clean(self) -> bool:
        """Nothing found that a healthy site can't show."""
        return not any(kind.value.problem for kind in self.counts)

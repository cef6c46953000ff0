"""A report before it is HTML or PDF: headings, text, tables and figures in order."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Drawing = Callable[[Any], None]
"""Draws into an empty ``matplotlib.figure.Figure``."""


@dataclass(frozen=True, slots=True)
class Heading:
    """Level 1 begins a part of the report on a page of its own."""

    text: str
    level: int = 2


class Tone(StrEnum):
    PLAIN = "plain"
    QUIET = "quiet"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Words:
    """A paragraph."""

    text: str
    tone: Tone = Tone.PLAIN


@dataclass(frozen=True, slots=True)
class Table:
    """Cells are text already; those of ``numbers`` stand right.

    Attributes:
        numbers: columns, from 0.
        wide: a column of text that may take what room is left; None for none.
    """

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: frozenset[int] = frozenset()
    wide: int | None = None


@dataclass(frozen=True, slots=True)
class Picture:
    """A figure.

    Attributes:
        size_in: width and height, inches; 7 inches are the full width.
        caption: what it shows, also for those who can't see it.
    """

    draw: Drawing
    size_in: tuple[float, float]
    caption: str


Block = Heading | Words | Table | Picture


@dataclass(frozen=True, slots=True)
class Report:
    """A whole report.

    Attributes:
        made: when and by what; the only thing that differs between two reports of the same data.
    """

    title: str
    subtitle: str
    made: str
    blocks: Sequence[Block] = field(default=())

"""Tables as data: what a column is called, holds, and where its values come from."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, TypeVar

T = TypeVar("T")
Cell = str | int | float | bool | None
"""None is "not known"; it is written as nothing, never as 0."""


class CellKind(StrEnum):
    """What the cells of a column hold."""

    TEXT = "text"
    WHOLE = "whole"
    NUMBER = "number"
    FLAG = "flag"
    MOMENT = "moment"
    """UTC, ns since the epoch."""
    LOCAL = "local"
    """RFC 3339 text with the offset of the site's time zone."""


@dataclass(frozen=True, slots=True)
class Column(Generic[T]):
    """One column.

    Attributes:
        name: with its unit at the end; never changed once it was published.
        unit: as people write it; empty for none.
        meaning: for the documentation and the metadata of files that have some.
    """

    name: str
    kind: CellKind
    unit: str
    meaning: str
    of: Callable[[T], Cell]


Columns = Sequence[Column[T]]


def number(name: str, unit: str, meaning: str, of: Callable[[T], float | None]) -> Column[T]:
    """A column of numbers."""
    return Column(name, CellKind.NUMBER, unit, meaning, of)


def whole(name: str, meaning: str, of: Callable[[T], int | None], unit: str = "") -> Column[T]:
    """A column of whole numbers."""
    return Column(name, CellKind.WHOLE, unit, meaning, of)


def text(name: str, meaning: str, of: Callable[[T], str]) -> Column[T]:
    """A column of text; empty for none."""
    return Column(name, CellKind.TEXT, "", meaning, of)

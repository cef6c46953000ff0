"""Values in the form and number that one SQL statement can take."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")

CHUNK_ROWS = 500
"""Values in one IN (…): well below every database's limit on parameters."""


def chunks(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """Cut a sequence in parts that fit one statement.

    >>> [len(part) for part in chunks(range(1001))]
    [500, 500, 1]
    """
    for start in range(0, len(items), CHUNK_ROWS):
        yield items[start : start + CHUNK_ROWS]


_INT64_MAX = 2**63 - 1


def clamped(number: int) -> int:
    """The nearest 64-bit integer: the year 9999 in nanoseconds is beyond what a column can hold.

    >>> clamped(10**30) == 2**63 - 1
    True
    """
    return max(-_INT64_MAX - 1, min(_INT64_MAX, number))

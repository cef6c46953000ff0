"""Long lists in parts that one SQL statement can take."""

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

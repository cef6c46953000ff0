"""Values in the form and number that one SQL statement can take."""

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

import numpy as np

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


def plain(value: Any) -> Any:
    """A number of NumPy as Python's own, for encoders that know no others (``enc_hook``).

    Raises:
        NotImplementedError: it is something else.

    >>> plain(np.float64(1.5))
    1.5
    """
    if isinstance(value, np.generic):
        return value.item()
    raise NotImplementedError(f"A {type(value).__name__} can't be stored.")

"""A cache bounded by what its values weigh."""

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")


class BoundedCache(Generic[Key, Value]):
    """Forgets what was used longest ago. Any number of threads may use it.

    Args:
        weight_max: all values together, in the unit of ``put``; heavier ones are not kept at all.
    """

    def __init__(self, weight_max: int) -> None:
        self._weight_max = weight_max
        self._weight = 0
        self._values: OrderedDict[Key, tuple[Value, int]] = OrderedDict()
        self._lock = threading.Lock()

    @property
    def weight(self) -> int:
        """Of all that is kept."""
        return self._weight

    def get(self, key: Key) -> Value | None:
        """The value, which counts as used now."""
        with self._lock:
            found = self._values.get(key)
            if found is None:
                return None
            self._values.move_to_end(key)
            return found[0]

    def put(self, key: Key, value: Value, weight: int) -> None:
        """Keep a value; one of the same key is replaced."""
        with self._lock:
            replaced = self._values.pop(key, None)
            if replaced is not None:
                self._weight -= replaced[1]
            if weight > self._weight_max:
                return
            self._values[key] = value, weight
            self._weight += weight
            while self._weight > self._weight_max:
                self._weight -= self._values.popitem(last=False)[1][1]

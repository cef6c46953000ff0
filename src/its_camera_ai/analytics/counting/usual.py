"""Which way road users go over each part of a line, learned from the crossings counted."""

import numpy as np
import numpy.typing as npt

from its_camera_ai.analytics.counting.paths import Floats

_PARTS = 16
"""A line is judged in so many parts of equal length, each with its neighbours."""
_KNOWN = 3
"""Crossings one way from which a way is usual."""
_RARE = 0.1
"""Share of them that may have gone the other way."""
_MEMORY = 30.0
"""Crossings of a part after which its oldest count for less."""


class UsualWays:
    """Counts of crossings by line, part of the line and direction; memory is fixed."""

    def __init__(self, lines: int) -> None:
        self._count: Floats = np.zeros((lines, _PARTS + 2, 2))

    def learn(self, line: int, along: float, *, inward: bool) -> None:
        """Add a crossing ``along`` (0 at the line's first point, 1 at its second) of a line."""
        part = 1 + min(max(int(along * _PARTS), 0), _PARTS - 1)
        here = self._count[line, part]
        here[int(inward)] += 1.0
        here *= min(1.0, _MEMORY / float(here.sum()))

    def contrary(
        self, line: npt.NDArray[np.intp], along: Floats, inward: npt.NDArray[np.bool_]
    ) -> npt.NDArray[np.bool_]:
        """(K,): whether nearly all go the other way there.

        Args:
            line: (K,) indices. along: (K,) place on the line, 0–1. inward: (K,).
        """
        part = 1 + np.clip((along * _PARTS).astype(np.intp), 0, _PARTS - 1)
        near = self._count[line, part - 1] + self._count[line, part] + self._count[line, part + 1]
        each = np.arange(len(line))
        own, other = near[each, inward.astype(np.intp)], near[each, (~inward).astype(np.intp)]
        against: npt.NDArray[np.bool_] = (other >= _KNOWN) & (own <= _RARE * other)
        return against

"""Trips → who went from where to where: origin–destination matrix and turning movements."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from its_camera_ai.analytics.trips.ways import Ways
from its_camera_ai.core.road import LineSide
from its_camera_ai.core.road_users import Trip
from its_camera_ai.core.scene import Scene

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class OdMatrix:
    """How many went from each origin to each destination, and who could not be placed.

    Of every side: its crossings are its row, its column, and what is named under ``entered_only``,
    ``left_only`` and ``repeated`` (``crossings``); so a matrix can be held against the line counts.

    Attributes:
        entries, exits: of the rows and columns.
        counts: (entries, exits). by_class: the same by class label; they add up to ``counts``.
        movements: movement id → class label → number, for every movement of the scene.
        unnamed: complete trips whose pair is no movement of the scene.
        entered_only: entry without an exit. left_only: exit without an entry.
        repeated: crossings beyond the entry and the exit of their road user.
    """

    entries: tuple[LineSide, ...]
    exits: tuple[LineSide, ...]
    counts: Ints
    by_class: Mapping[str, Ints]
    movements: Mapping[str, Counter[str]]
    unnamed: int
    entered_only: Counter[LineSide]
    left_only: Counter[LineSide]
    repeated: Counter[LineSide]

    @property
    def unassigned(self) -> int:
        """Trips without an entry or without an exit."""
        return self.entered_only.total() + self.left_only.total()

    def of(self, entry: LineSide, leave: LineSide) -> int:
        """From here to there; 0 for sides that are not in the matrix."""
        if entry not in self.entries or leave not in self.exits:
            return 0
        return int(self.counts[self.entries.index(entry), self.exits.index(leave)])

    def crossings(self, side: LineSide) -> int:
        """How often the side was crossed: its row, its column and what is named beside them."""
        total = self.entered_only[side] + self.left_only[side] + self.repeated[side]
        if side in self.entries:
            total += int(self.counts[self.entries.index(side)].sum())
        if side in self.exits:
            total += int(self.counts[:, self.exits.index(side)].sum())
        return total


def od_matrix(trips: Iterable[Trip], scene: Scene) -> OdMatrix:
    """Sum trips up.

    Rows and columns are the sides by which the scene's trips begin and end (``Ways``), with a
    zero where nobody went; sides that only the trips know, from before the scene was changed,
    follow after them.
    """
    ways = Ways(scene)
    entries = dict.fromkeys(ways.entries)
    exits = dict.fromkeys(ways.exits)
    pairs: Counter[tuple[str, LineSide, LineSide]] = Counter()
    movements: dict[str, Counter[str]] = {m.id: Counter() for m in scene.movements}
    entered_only: Counter[LineSide] = Counter()
    left_only: Counter[LineSide] = Counter()
    repeated: Counter[LineSide] = Counter()
    unnamed = 0
    for trip in trips:
        label, entry, leave = trip.vehicle.label, trip.entry, trip.exit
        repeated.update(trip.more)
        if entry is not None and leave is not None:
            entries.setdefault(entry)
            exits.setdefault(leave)
            pairs[label, entry, leave] += 1
            if trip.movement:
                movements.setdefault(trip.movement, Counter())[label] += 1
            else:
                unnamed += 1
        elif entry is not None:
            entered_only[entry] += 1
        elif leave is not None:
            left_only[leave] += 1
    rows, columns = tuple(entries), tuple(exits)
    by_class = _tables(pairs, rows, columns)
    counts = sum(by_class.values(), np.zeros((len(rows), len(columns)), np.int64))
    return OdMatrix(
        rows,
        columns,
        counts,
        by_class,
        movements,
        unnamed,
        entered_only,
        left_only,
        repeated,
    )


def _tables(
    pairs: Counter[tuple[str, LineSide, LineSide]],
    rows: tuple[LineSide, ...],
    columns: tuple[LineSide, ...],
) -> dict[str, Ints]:
    tables: dict[str, Ints] = {}
    for (label, entry, leave), number in sorted(pairs.items()):
        table = tables.setdefault(label, np.zeros((len(rows), len(columns)), np.int64))
        table[rows.index(entry), columns.index(leave)] += number
    return tables

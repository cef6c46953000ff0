"""True trips: pairs of passages, the one in and the one out, over the lines of movements."""

from collections.abc import Sequence

from its_camera_ai.core.road import Direction
from its_camera_ai.sim.road.layout import Layout
from its_camera_ai.sim.road.truth import TruePassage, TrueTrip

OPEN_MAX = 10_000
"""So many may be under way; the oldest are forgotten."""


class Trips:
    """Joins passages to trips; lines that belong to no movement don't matter."""

    def __init__(self, layout: Layout) -> None:
        self._movements = {
            (turn.entry, turn.exit): f"{turn.approach}-{turn.turn}" for turn in layout.turns
        }
        self._lines = {line for pair in self._movements for line in pair}
        self._entries: dict[int, TruePassage] = {}

    def take(self, passages: Sequence[TruePassage]) -> list[TrueTrip]:
        trips = []
        for passage in passages:
            if passage.line not in self._lines or passage.delay_s is None:
                continue
            if passage.direction is Direction.IN:
                self._entries.setdefault(passage.object_id, passage)
                if len(self._entries) > OPEN_MAX:
                    del self._entries[next(iter(self._entries))]
                continue
            entry = self._entries.pop(passage.object_id, None)
            if entry is not None:
                trips.append(self._trip(entry, passage))
        return trips

    def _trip(self, entry: TruePassage, leave: TruePassage) -> TrueTrip:
        return TrueTrip(
            leave.object_id,
            leave.class_id,
            leave.kind,
            self._movements.get((entry.line, leave.line), ""),
            entry.line,
            leave.line,
            entry.pts_ns,
            leave.pts_ns,
            leave.delay_s or 0.0,
        )

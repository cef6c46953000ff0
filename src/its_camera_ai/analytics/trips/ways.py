"""Which crossings of one road user are its entry and its exit, and where a further way begins."""

from collections.abc import Sequence

from its_camera_ai.core.road import Direction, LineSide
from its_camera_ai.core.scene import Scene


class Ways:
    """The rules of one scene; sides are in order of time.

    Attributes:
        entries, exits: the crossings by which ways begin and end, in the scene's order: those that
            its movements name; without movements all of them, in a scene of two lines or more.
    """

    def __init__(self, scene: Scene) -> None:
        self._movements = {(m.entry, m.exit): m.id for m in scene.movements}
        if scene.movements:
            self.entries = tuple(dict.fromkeys(m.entry for m in scene.movements))
            self.exits = tuple(dict.fromkeys(m.exit for m in scene.movements))
        elif len(scene.lines) > 1:
            every = tuple(LineSide(line.id, way) for line in scene.lines for way in Direction)
            self.entries = self.exits = every
        else:
            self.entries = self.exits = ()

    def movement(self, entry: LineSide | None, leave: LineSide | None) -> str:
        """Id of the movement from here to there, empty for none."""
        return "" if entry is None or leave is None else self._movements.get((entry, leave), "")

    def ends(self, sides: Sequence[LineSide]) -> tuple[int | None, int | None]:
        """Indices of the entry, the first there is, and of the exit, the last one after it."""
        begin = next((k for k, side in enumerate(sides) if side in self.entries), None)
        first = -1 if begin is None else begin
        entry = None if begin is None else sides[begin]
        leaves = [
            k for k, side in enumerate(sides) if k > first and side in self.exits and side != entry
        ]
        return begin, leaves[-1] if leaves else None

    def goes_through(self, sides: Sequence[LineSide]) -> bool:
        """Whether this is a movement of the scene from one line to another."""
        begin, end = self.ends(sides)
        if begin is None or end is None or sides[begin].line == sides[end].line:
            return False
        return (sides[begin], sides[end]) in self._movements

    def cuts(self, sides: Sequence[LineSide]) -> list[int]:
        """Where a further way begins: after a movement from line to line, at the next one.

        To and fro over one line is no movement from line to line, so it cuts nothing.
        """
        cuts, start = [], 0
        for k in range(1, len(sides) - 1):
            if self.goes_through(sides[k : k + 2]) and self.goes_through(sides[start:k]):
                cuts.append(k)
                start = k
        return cuts

    def open_from(self, sides: Sequence[LineSide]) -> int:
        """Index of the entry, after the last exit, with which an unfinished way begins; the number
        of sides where there is none."""
        exits = [k for k, side in enumerate(sides) if side in self.exits]
        after = exits[-1] + 1 if exits else 0
        entries = (k for k in range(after, len(sides)) if sides[k] in self.entries)
        return next(entries, len(sides))

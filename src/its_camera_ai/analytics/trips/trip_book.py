"""Crossings → trips: where each road user came into the picture and where it left."""

from collections.abc import Callable
from dataclasses import dataclass, field

from its_camera_ai.core.road import Direction, LineSide
from its_camera_ai.core.road_users import Passage, Trip, VehicleFacts
from its_camera_ai.core.scene import Scene
from its_camera_ai.core.time import NS_PER_S

SETTLE_S = 10.0
"""A trip with entry and exit is told when so long nothing was added to it: time for one to turn
round and come back, and soon enough for the interval tables (``core.intervals.LATE_S``)."""
OPEN_MAX = 10_000
"""Road users under way at once; far more than a picture holds."""
NO_ENTRY = "first seen between the lines"
NO_EXIT = "last seen between the lines"
CAME_BACK = "came back after its trip had been told"


@dataclass(slots=True)
class _Way:
    """The crossings of one road user since its trip was told, if it was.

    Attributes:
        crossings: stream time, wall time, where.
        leaves: whether an exit is among them.
    """

    crossings: list[tuple[int, int, LineSide]] = field(default_factory=list)
    told: bool = False
    leaves: bool = False


class TripBook:
    """Keeps the crossings of the road users in sight and makes one trip of each, at its end or
    when it has been complete for ``SETTLE_S``.

    **Entry** is the first crossing of a side by which some movement begins, **exit** the last one
    after it of a side by which some movement ends. So one that goes to and fro over a line, or
    round and round, is still one trip; what it crossed beyond these two is named in ``Trip.more``.
    Should it cross more after it was told, that follows at its end as a trip without entry and
    exit. A scene without movements takes every side of every line for both, and makes trips from two
    lines on.

    Attributes:
        dropped: road users forgotten because more than ``OPEN_MAX`` were open, which means that
            ``ended`` is not called.

    >>> from its_camera_ai.core.scene import Line
    >>> scene = Scene((Line("n", ((0, 0.2), (1, 0.2))), Line("s", ((0, 0.8), (1, 0.8)))))
    >>> book = TripBook("cam", scene)
    >>> car = VehicleFacts("car", 1.0)
    >>> for line, second in (("n", 1), ("s", 4)):
    ...     ns = second * 10**9
    ...     book.passage(Passage("cam", line, Direction.IN, ns, ns, 7, car))
    >>> trip = book.ended(7, car, 5 * 10**9)
    >>> str(trip.entry), str(trip.exit), trip.travel_s
    ('n:in', 's:in', 3.0)
    """

    def __init__(self, camera_id: str, scene: Scene) -> None:
        self._camera_id = camera_id
        self._movements = {(m.entry, m.exit): m.id for m in scene.movements}
        self._entries, self._exits = sides_of(scene)
        self._ways: dict[int, _Way] = {}
        self.dropped = 0

    def passage(self, passage: Passage) -> None:
        """Take in a crossing; they may come late and in any order."""
        side = LineSide(passage.line, passage.direction)
        if side not in self._entries and side not in self._exits:
            return
        way = self._ways.setdefault(passage.track_id, _Way())
        way.crossings.append((passage.pts_ns, passage.wall_ns, side))
        way.leaves |= side in self._exits
        if len(self._ways) > OPEN_MAX:
            del self._ways[next(iter(self._ways))]
            self.dropped += 1

    def joined(self, before: int, now: int) -> None:
        """The track ``before`` goes on as ``now`` (``SceneAnalytics.joined``); call this before
        handing in the ends of the same frame."""
        way = self._ways.pop(before, None)
        if way is not None:
            goes_on = self._ways.setdefault(now, _Way())
            goes_on.crossings += way.crossings
            goes_on.told |= way.told
            goes_on.leaves |= way.leaves

    def due(self, now_wall_ns: int, facts_of: Callable[[int], VehicleFacts]) -> list[Trip]:
        """Complete trips that nothing was added to for ``SETTLE_S``, though their road users may
        still be in sight.

        Args:
            now_wall_ns: of the frame. facts_of: what is known of a track by now.
        """
        before_ns = now_wall_ns - round(SETTLE_S * NS_PER_S)
        trips = []
        for track_id, way in self._ways.items():
            if way.told or not way.leaves or way.crossings[-1][1] > before_ns:
                continue
            trip = self._trip(track_id, way, facts_of, now_wall_ns)
            if trip.exit is not None:
                trips.append(trip)
                way.told, way.crossings = True, []
        return trips

    def ended(self, track_id: int, facts: VehicleFacts, wall_ns: int) -> Trip | None:
        """The road user is gone; call this after its last crossing was handed in.

        Args:
            facts: what is known of it by its whole track. wall_ns: when it was last seen.

        Returns:
            None where it crossed no line that trips begin or end at, or all was told by ``due``.
        """
        way = self._ways.pop(track_id, None)
        if way is None or not way.crossings:
            return None
        return self._trip(track_id, way, lambda _: facts, wall_ns)

    def _trip(
        self, track_id: int, way: _Way, facts_of: Callable[[int], VehicleFacts], wall_ns: int
    ) -> Trip:
        crossings = sorted(way.crossings, key=lambda crossing: crossing[0])
        begin, end = (None, None) if way.told else self._ends([side for *_, side in crossings])
        entry = None if begin is None else crossings[begin][2]
        leave = None if end is None else crossings[end][2]
        problems = [NO_ENTRY] * (entry is None) + [NO_EXIT] * (leave is None)
        return Trip(
            self._camera_id,
            track_id,
            facts_of(track_id),
            entry,
            leave,
            crossings[0 if begin is None else begin][1],
            max(wall_ns, crossings[-1][1]) if end is None else crossings[end][1],
            "" if entry is None or leave is None else self._movements.get((entry, leave), ""),
            CAME_BACK if way.told else "; ".join(problems),
            tuple(side for k, (_, _, side) in enumerate(crossings) if k not in (begin, end)),
        )

    def under_way(self) -> tuple[int, ...]:
        """Ids of those who crossed something; at the end of the input, end them too."""
        return tuple(self._ways)

    def _ends(self, sides: list[LineSide]) -> tuple[int | None, int | None]:
        """Indices of entry and exit among the crossings in order of time."""
        begin = next((k for k, side in enumerate(sides) if side in self._entries), None)
        first = -1 if begin is None else begin
        entry = None if begin is None else sides[begin]
        ends = [
            k for k, side in enumerate(sides) if k > first and side in self._exits and side != entry
        ]
        return begin, ends[-1] if ends else None


def sides_of(scene: Scene) -> tuple[tuple[LineSide, ...], tuple[LineSide, ...]]:
    """By which crossings trips of this scene begin, and by which they end, in the scene's order.

    Those that its movements name; without movements all of them, in a scene of two lines or more.
    """
    if scene.movements:
        entries = dict.fromkeys(movement.entry for movement in scene.movements)
        exits = dict.fromkeys(movement.exit for movement in scene.movements)
        return tuple(entries), tuple(exits)
    if len(scene.lines) < 2:
        return (), ()
    every = tuple(LineSide(line.id, way) for line in scene.lines for way in Direction)
    return every, every

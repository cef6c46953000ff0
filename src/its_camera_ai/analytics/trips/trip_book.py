"""Crossings → trips: where each road user came into the picture and where it left."""

from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise

from its_camera_ai.analytics.trips.ways import Ways
from its_camera_ai.core.road import LineSide
from its_camera_ai.core.road_users import Passage, Trip, VehicleFacts
from its_camera_ai.core.scene import Scene
from its_camera_ai.core.time import NS_PER_S

SETTLE_S = 10.0
"""A trip with an exit is told when so long nothing was added to it: time for one to turn round and
come back, and soon enough for the interval tables (``core.intervals.LATE_S``)."""
OPEN_MAX = 10_000
"""Road users under way at once; far more than a picture holds."""
NO_ENTRY = "first seen between the lines"
NO_EXIT = "last seen between the lines"
CAME_BACK = "came back after its trip had been told"

Crossing = tuple[int, int, LineSide]
"""Stream time, wall time, where."""


@dataclass(slots=True)
class _Open:
    """One road user.

    Attributes:
        crossings: that no trip has told yet. told: whether a trip was.
        leaves: whether an exit is among the crossings.
    """

    crossings: list[Crossing] = field(default_factory=list)
    told: bool = False
    leaves: bool = False


class TripBook:
    """Keeps the crossings of the road users in sight and makes one trip of each, at its end or
    when it has been complete for ``SETTLE_S``.

    **Entry** is the first crossing of a side by which some movement begins, **exit** the last one
    after it of a side by which some movement ends. So one that goes to and fro over a line is
    still one trip; what it crossed beyond these two is named in ``Trip.more``. Only who makes a
    whole movement from line to line and then another one makes two trips, as in any turning
    movement count; more often that is a track that went over to another vehicle. Other crossings
    after a trip was told follow as one without entry and exit. A scene without movements takes
    every side of every line for both, and makes trips from two lines on.

    Attributes:
        dropped: road users forgotten because more than ``OPEN_MAX`` were open, which means that
            ``ended`` is not called.

    >>> from its_camera_ai.core.road import Direction
    >>> from its_camera_ai.core.scene import Line
    >>> scene = Scene((Line("n", ((0, 0.2), (1, 0.2))), Line("s", ((0, 0.8), (1, 0.8)))))
    >>> book = TripBook("cam", scene)
    >>> car = VehicleFacts("car", 1.0)
    >>> for line, second in (("n", 1), ("s", 4)):
    ...     ns = second * 10**9
    ...     book.passage(Passage("cam", line, Direction.IN, ns, ns, 7, car))
    >>> (trip,) = book.ended(7, car, 5 * 10**9)
    >>> str(trip.entry), str(trip.exit), trip.travel_s
    ('n:in', 's:in', 3.0)
    """

    def __init__(self, camera_id: str, scene: Scene) -> None:
        self._camera_id = camera_id
        self._ways = Ways(scene)
        self._open: dict[int, _Open] = {}
        self.dropped = 0

    def passage(self, passage: Passage) -> None:
        """Take in a crossing; they may come late and in any order."""
        side = LineSide(passage.line, passage.direction)
        leaves = side in self._ways.exits
        if not leaves and side not in self._ways.entries:
            return
        road_user = self._open.setdefault(passage.track_id, _Open())
        road_user.crossings.append((passage.pts_ns, passage.wall_ns, side))
        road_user.crossings.sort()
        road_user.leaves |= leaves
        if len(self._open) > OPEN_MAX:
            del self._open[next(iter(self._open))]
            self.dropped += 1

    def joined(self, before: int, now: int) -> None:
        """The track ``before`` goes on as ``now`` (``SceneAnalytics.joined``); call this before
        handing in the ends of the same frame."""
        earlier = self._open.pop(before, None)
        if earlier is not None:
            later = self._open.setdefault(now, _Open())
            later.crossings = sorted(earlier.crossings + later.crossings)
            later.told |= earlier.told
            later.leaves |= earlier.leaves

    def due(self, now_wall_ns: int, facts_of: Callable[[int], VehicleFacts]) -> list[Trip]:
        """Trips with an exit that nothing was added to for ``SETTLE_S``, though their road users
        may still be in sight.

        Args:
            now_wall_ns: of the frame. facts_of: what is known of a track by now.
        """
        before_ns = now_wall_ns - round(SETTLE_S * NS_PER_S)
        trips: list[Trip] = []
        for track_id, road_user in self._open.items():
            if not road_user.leaves or road_user.crossings[-1][1] > before_ns:
                continue
            until = self._ways.open_from([side for *_, side in road_user.crossings])
            done, rest = road_user.crossings[:until], road_user.crossings[until:]
            trips += self._trips(track_id, road_user, done, facts_of(track_id), now_wall_ns)
            road_user.crossings, road_user.told, road_user.leaves = rest, True, False
        return trips

    def ended(self, track_id: int, facts: VehicleFacts, wall_ns: int) -> list[Trip]:
        """The road user is gone; call this after its last crossing was handed in.

        Args:
            facts: what is known of it by its whole track. wall_ns: when it was last seen.

        Returns:
            One trip, as a rule; none where it crossed no line that trips begin or end at, or all
            was told by ``due``.
        """
        road_user = self._open.pop(track_id, None)
        if road_user is None or not road_user.crossings:
            return []
        return self._trips(track_id, road_user, road_user.crossings, facts, wall_ns)

    def under_way(self) -> tuple[int, ...]:
        """Ids of those who crossed something; at the end of the input, end them too."""
        return tuple(self._open)

    def _trips(
        self,
        track_id: int,
        road_user: _Open,
        crossings: list[Crossing],
        facts: VehicleFacts,
        wall_ns: int,
    ) -> list[Trip]:
        sides = [side for *_, side in crossings]
        borders = [0, *self._ways.cuts(sides), len(sides)]
        trips = []
        for since, until in pairwise(borders):
            came_back = road_user.told and not self._ways.goes_through(sides[since:until])
            part = crossings[since:until]
            last_ns = max(wall_ns, part[-1][1]) if until == len(sides) else part[-1][1]
            trips.append(self._trip(track_id, part, facts, last_ns, came_back=came_back))
        return trips

    def _trip(
        self,
        track_id: int,
        crossings: list[Crossing],
        facts: VehicleFacts,
        last_wall_ns: int,
        *,
        came_back: bool,
    ) -> Trip:
        sides = [side for *_, side in crossings]
        begin, end = (None, None) if came_back else self._ways.ends(sides)
        entry = None if begin is None else sides[begin]
        leave = None if end is None else sides[end]
        problems = [NO_ENTRY] * (entry is None) + [NO_EXIT] * (leave is None)
        return Trip(
            self._camera_id,
            track_id,
            facts,
            entry,
            leave,
            crossings[0 if begin is None else begin][1],
            last_wall_ns if end is None else crossings[end][1],
            self._ways.movement(entry, leave),
            CAME_BACK if came_back else "; ".join(problems),
            tuple(side for k, side in enumerate(sides) if k not in (begin, end)),
        )

"""What scripts may do with a road world, and how they are played."""

from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

import numpy as np

from its_camera_ai.core.incidents import IncidentKind
from its_camera_ai.sim.road.fleet import Table
from its_camera_ai.sim.road.layout import Layout
from its_camera_ai.sim.road.lights import Lights
from its_camera_ai.sim.road.movers import Mover
from its_camera_ai.sim.road.network import Network
from its_camera_ai.sim.road.truth import TrueIncident


class Script(Protocol):
    """Something that happens.

    Attributes:
        at_s: stream time at which it is played from; what it needs may come later.
    """

    @property
    def at_s(self) -> float: ...

    def play(self, stage: "Stage") -> Iterator[None]:
        """One step at every tick, before the vehicles move."""
        ...


class Stage:
    """A road world as scripts see it.

    Attributes:
        fleet: the vehicles at this tick; scripts write its fields and may append rows.
        movers: who has been added since the last tick. closed: ways that nobody may drive into.
        incidents: all so far.
    """

    def __init__(
        self,
        layout: Layout,
        network: Network,
        lights: Lights,
        rng: np.random.Generator,
        new_id: Callable[[], int],
        scripts: Sequence[Script],
        tick_s: float,
    ) -> None:
        self.layout, self.network, self.lights = layout, network, lights
        self.rng, self.new_id, self.tick_s = rng, new_id, tick_s
        self.fleet: Table
        self.movers: list[Mover] = []
        self.closed: set[int] = set()
        self.incidents: list[TrueIncident] = []
        self.now_s = 0.0
        self._due = sorted(scripts, key=lambda script: script.at_s)
        self._playing: list[Iterator[None]] = []

    def step(self, now_s: float, fleet: Table) -> tuple[Table, list[Mover]]:
        """Play this tick; the fleet as it is then, and the new movers."""
        self.now_s, self.fleet, self.movers = now_s, fleet, []
        while self._due and self._due[0].at_s <= now_s:
            self._playing.append(self._due.pop(0).play(self))
        self._playing = [play for play in self._playing if next(play, self) is not self]
        return self.fleet, self.movers

    def row(self, object_id: int) -> int | None:
        """Where a vehicle stands in the fleet; None after it has left."""
        rows = np.flatnonzero(self.fleet["id"] == object_id)
        return int(rows[0]) if len(rows) else None

    def approaching(self, way: str, place_m: float, brake_mps2: float = 2.0) -> int | None:
        """The id of the vehicle nearest before a place on a way that can still stop there."""
        fleet = self.fleet
        needs = fleet["speed"] ** 2 / (2 * brake_mps2) + 3.0
        rows = np.flatnonzero(
            (fleet["way"] == self.network.ways.index(way)) & (fleet["front_m"] + needs < place_m)
        )
        if not len(rows):
            return None
        return int(fleet["id"][rows[np.argmax(fleet["front_m"][rows])]])

    def lane_at(self, way: str, place_m: float) -> str:
        """Id of the lane at a place on a way, empty for none."""
        w = np.array([self.network.ways.index(way)])
        stretch, inside = self.network.stretch_of(w, np.array([place_m]))
        name, at = self.network.stretches[int(stretch[0])], float(inside[0])
        for lane in self.layout.lanes:
            if lane.stretch == name and lane.from_m <= at < lane.to_m:
                return lane.id
        return ""

    def begin(
        self, kind: IncidentKind, place: str, ids: tuple[int, ...], **facts: float
    ) -> TrueIncident:
        incident = TrueIncident(kind, place, ids, self._pts_ns(), facts=facts)
        self.incidents.append(incident)
        return incident

    def end(self, incident: TrueIncident) -> None:
        incident.ended_pts_ns = self._pts_ns()

    def note(self, incident: TrueIncident) -> None:
        """One whose moments are known in advance."""
        self.incidents.append(incident)

    def _pts_ns(self) -> int:
        return round(self.now_s * 1e9)

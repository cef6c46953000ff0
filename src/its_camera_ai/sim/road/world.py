"""A road world: traffic that moves in ticks, and the truth about each of them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from math import isfinite

import numpy as np
import numpy.typing as npt

from its_camera_ai.core.errors import ConfigInvalid
from its_camera_ai.sim.agents import Ids
from its_camera_ai.sim.camera import PinholeCamera
from its_camera_ai.sim.road.arrivals import Arrivals
from its_camera_ai.sim.road.book import TrueTables
from its_camera_ai.sim.road.fleet import (
    CLEARANCE_M,
    VEHICLE,
    Ahead,
    accel_mps2,
    body,
    drive,
)
from its_camera_ai.sim.road.kinds import CLASS_ID
from its_camera_ai.sim.road.lane_changes import change_lanes
from its_camera_ai.sim.road.lanes import Lanes
from its_camera_ai.sim.road.layout import Layout
from its_camera_ai.sim.road.lights import Lights
from its_camera_ai.sim.road.movers import Mover, blocked_m
from its_camera_ai.sim.road.network import Network
from its_camera_ai.sim.road.passages import PassageWatch
from its_camera_ai.sim.road.projection import look
from its_camera_ai.sim.road.queues import Queues, SpillBacks
from its_camera_ai.sim.road.stage import Script, Stage
from its_camera_ai.sim.road.trips import Trips
from its_camera_ai.sim.road.truth import (
    RoadTruth,
    TrueIncident,
    TruePassage,
    TrueQueue,
    TrueTrip,
)
from its_camera_ai.sim.road.walkers import Walkers

Floats = npt.NDArray[np.float64]
_GATE_M = 0.5
"""A front stops so far before its gate."""


def _steady(_: float) -> float:
    return 1.0


@dataclass(frozen=True, slots=True)
class RoadSpec:
    """What kind of day it is.

    Attributes:
        size_wh: pixels of the camera's pictures; None for no pictures.
        tick_s: a frame comes at the end of each tick.
        demand: factor on all flows by seconds since the start.
        start_wall_ns: UTC of stream time 0.
        warm_up_s: passes before the first frame.
        scripts: what happens beside normal traffic, see ``scripts`` and ``free_scripts``.
    """

    layout: Layout
    size_wh: tuple[int, int] | None = (1280, 720)
    tick_s: float = 0.1
    demand: Callable[[float], float] = _steady
    start_wall_ns: int = 1_790_002_800_000_000_000
    warm_up_s: float = 60.0
    scripts: tuple[Script, ...] = ()

    def __post_init__(self) -> None:
        if not (isfinite(self.tick_s) and 0.01 <= self.tick_s <= 0.2):
            raise ConfigInvalid("tick_s must lie between 0.01 and 0.2; drivers decide by it.")


class RoadWorld:
    """Seeded traffic on a layout: the same seed gives the same truth.

    Attributes:
        camera: of the layout's viewpoint, None without pictures.
        fleet: the vehicles, see ``sim.road.fleet.VEHICLE``. movers: everyone else.
        passages, trips: all so far, since stream time 0; may be cleared by the caller.
        queues: at the end of this tick. tables: true interval tables.

    >>> from its_camera_ai.sim.road.straight import straight_road
    >>> world = RoadWorld(RoadSpec(straight_road()), seed=1)
    >>> world.step().pts_ns
    100000000
    """

    def __init__(self, spec: RoadSpec, seed: int) -> None:
        layout = spec.layout
        self.spec = spec
        self.network = Network(layout.stretches, layout.ways)
        self.camera = PinholeCamera(layout.viewpoint, spec.size_wh) if spec.size_wh else None
        self._rng = np.random.default_rng(seed)
        ids = Ids()
        self.lights = Lights(layout, self.network, float(self._rng.uniform(0, 30)))
        self._arrivals = Arrivals(self.network, layout.inflows, self._rng, spec.demand, ids)
        self._walkers = Walkers(layout.zebras, self.lights, self._rng, ids)
        self._stage = Stage(
            layout, self.network, self.lights, self._rng, ids, spec.scripts, spec.tick_s
        )
        self.fleet = np.zeros(0, VEHICLE)
        self.movers: list[Mover] = []
        self._lane_m = layout.lanes[0].width_m
        self._lanes = Lanes(layout, self.network)
        self._parallel = bool((self.network.left >= 0).any())
        self._ticks = -round(spec.warm_up_s / spec.tick_s)
        self._before: tuple[npt.NDArray[np.int64], Floats] = (
            np.zeros(0, np.int64),
            np.zeros((0, 2)),
        )
        self._watch = PassageWatch(layout, self.camera)
        self._queues = Queues(layout)
        self._spill_backs = SpillBacks(layout)
        self._trips = Trips(layout)
        self.tables = TrueTables(layout, spec.start_wall_ns, spec.tick_s)
        self.passages: list[TruePassage] = []
        self.trips: list[TrueTrip] = []
        self.queues: list[TrueQueue] = []
        while self._ticks < 0:
            self._move()

    @property
    def incidents(self) -> list[TrueIncident]:
        """What scripts let happen so far, and queues that spilled back."""
        return self._stage.incidents

    @property
    def now_s(self) -> float:
        """Stream time, s; negative while warming up."""
        return self._ticks * self.spec.tick_s

    def step(self) -> RoadTruth:
        """The next tick, and what is true at its end."""
        self._move()
        truth = self._truth()
        self._measure(truth)
        return truth

    def run(self, length_s: float) -> Iterator[RoadTruth]:
        """So many seconds, tick by tick."""
        for _ in range(round(length_s / self.spec.tick_s)):
            yield self.step()

    def _move(self) -> None:
        tick_s = self.spec.tick_s
        self._ticks += 1
        now = self.now_s
        self.lights.step(tick_s)
        fleet = self._arrivals.step(now, tick_s, self.fleet, self._stage.closed)
        self.movers += self._walkers.step(now, tick_s, self.spec.demand(now))
        fleet, come = self._stage.step(now, fleet)
        self.movers += come
        if len(fleet):
            wish = self.network.limit_mps(fleet["way"], fleet["front_m"]) * fleet["pace"]
            wish = np.minimum(np.minimum(wish, fleet["top_mps"]), fleet["cap_mps"])
            if self._parallel:
                ahead = Ahead(self.network, fleet, self._lane_m)
                closed = self._stage.closed
                change_lanes(
                    self.network, fleet, wish, ahead, self._ticks, tick_s, closed, self._lane_m
                )
            gap, lead = Ahead(self.network, fleet, self._lane_m).of_all()
            gate, fleet["goes"] = self.lights.gates(fleet, self._walkers.busy(now))
            hold = np.minimum(gate, fleet["hold_m"] - fleet["front_m"])
            hold = np.minimum(hold, blocked_m(self.network, fleet, self.movers, now))
            accel = np.minimum(
                accel_mps2(fleet, wish, gap, lead),
                accel_mps2(fleet, wish, hold + 2.0 - _GATE_M, np.zeros(len(fleet))),
            )
            was_m = fleet["front_m"].copy()
            drive(fleet, accel, np.minimum(gap - CLEARANCE_M, hold - 0.05), tick_s)
            fleet["free_s"] += (fleet["front_m"] - was_m) / np.maximum(wish, 0.1)
            gone = fleet["front_m"] - fleet["length"] > self.network.length_m[fleet["way"]]
            fleet = fleet[~gone] if gone.any() else fleet
        self.fleet = fleet
        self.movers = [m for m in self.movers if m.times_s[-1] >= now]

    def _measure(self, truth: RoadTruth) -> None:
        tick_s, fleet = self.spec.tick_s, self.fleet
        n = len(fleet)
        delay_s = self.now_s - fleet["born_s"] - fleet["free_s"]
        passages = self._watch.observe(truth, round(tick_s * 1e9), delay_s, self.lights.since_s)
        trips = self._trips.take(passages)
        self.queues = self._queues.step(
            fleet["id"], truth.lane[:n], truth.along_m[:n], fleet["length"], fleet["speed"]
        )
        driven = fleet[fleet["top_mps"] > 0]
        for incident in self._spill_backs.step(truth.pts_ns, self.queues):
            self._stage.note(incident)
        self.tables.tick(truth.wall_ns, self._lanes.tick(driven, tick_s), self.queues)
        for passage in passages:
            self.tables.passage(passage)
        for trip in trips:
            self.tables.trip(trip)
        self.passages += passages
        self.trips += trips

    def _truth(self) -> RoadTruth:
        fleet, spec = self.fleet, self.spec
        middle, heading = body(self.network, fleet)
        lane, along = self._lanes.of(fleet)
        n = len(fleet)
        free = [(m, at) for m in self.movers if (at := m.at(self.now_s)) is not None]
        extra = np.array([at for _, at in free], np.float64).reshape(-1, 3)
        ids = np.concatenate([fleet["id"], np.array([m.id for m, _ in free], np.int64)])
        kind = np.concatenate([fleet["kind"], np.array([m.kind for m, _ in free], np.int64)])
        own = np.column_stack([fleet["length"], fleet["width"], fleet["height"]])
        dims = np.concatenate([own, np.array([m.dims_m for m, _ in free]).reshape(-1, 3)])
        xy = np.concatenate([middle, extra[:, :2]])
        heading = np.concatenate([heading, extra[:, 2]])
        none = np.full(len(free), -1)
        if self.camera is None or not len(ids):
            xyxy, visible = np.full((len(ids), 4), np.nan), np.zeros(len(ids))
        else:
            views = look(self.camera, kind, dims, xy, heading)
            xyxy, visible = views.xyxy, views.visible
        pts_ns = round(self._ticks * spec.tick_s * 1e9)
        return RoadTruth(
            pts_ns,
            spec.start_wall_ns + pts_ns,
            ids,
            kind,
            CLASS_ID[kind],
            xy,
            heading,
            self._velocity(ids, xy),
            dims,
            np.concatenate([lane, none]),
            np.concatenate([along, np.full(len(free), np.nan)]),
            np.concatenate([fleet["way"][:n], none]),
            xyxy,
            visible,
            self.lights.showing(),
        )

    def _velocity(self, ids: npt.NDArray[np.int64], xy: Floats) -> Floats:
        """Over the tick; 0 for who has just appeared."""
        known, before = self._before
        self._before = (ids, xy)
        velocity = np.zeros((len(ids), 2))
        _, new, old = np.intersect1d(ids, known, assume_unique=True, return_indices=True)
        velocity[new] = (xy[new] - before[old]) / self.spec.tick_s
        return velocity

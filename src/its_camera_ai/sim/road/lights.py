"""The junction's signals: what they show, and which gates they close."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from its_camera_ai.core.signals import SignalState
from its_camera_ai.sim.road.fleet import Table
from its_camera_ai.sim.road.layout import Layout
from its_camera_ai.sim.road.network import Network
from its_camera_ai.sim.signals import YELLOW_S, Aspect, SignalPlan

Bools = npt.NDArray[np.bool_]
HARD_MPS2 = 3.2
"""Whoever would have to brake harder for yellow, goes."""
WALK_S = 4.0
"""People may step on a crossing so long after their phase's green began."""

STATE = {
    Aspect.RED: SignalState.RED,
    Aspect.YELLOW: SignalState.YELLOW,
    Aspect.GREEN: SignalState.GREEN,
}


class Lights:
    """Fixed-time signals of a layout. A vehicle's signal is the first gate of its way."""

    def __init__(self, layout: Layout, network: Network, offset_s: float) -> None:
        self._layout, self._network = layout, network
        self._plan = SignalPlan(layout.phases, offset_s) if layout.phases else None
        self._phases = [phase.name for phase in layout.phases]
        self._phase_of_keeper = np.array(
            [self._phases.index(k) if k in self._phases else -1 for k in network.keepers] or [-1]
        )
        self._way_phase = self._phase_of_keeper[network.gate_by[:, 0]]
        self._way_phase[~np.isfinite(network.gate_m[:, 0])] = -1
        ends = np.isfinite(network.starts_m).sum(axis=1) - 1
        self._exit_m = network.starts_m[np.arange(len(ends)), ends]

    def step(self, tick_s: float) -> None:
        if self._plan is not None:
            self._plan.step(tick_s)

    def showing(self) -> Mapping[str, SignalState]:
        """Head → state."""
        plan = self._plan
        if plan is None:
            return {}
        aspects = {name: STATE[plan.aspect(name)] for name in self._phases}
        return {head.id: aspects[head.phase] for head in self._layout.heads}

    def since_s(self, head: str) -> float:
        """How long it has shown what it shows."""
        plan = self._plan
        phase = next(h.phase for h in self._layout.heads if h.id == head)
        if plan is None:
            return 0.0
        began, aspect = plan.began(phase), plan.aspect(phase)
        green_s = next(p.green_s for p in self._layout.phases if p.name == phase)
        if aspect is Aspect.GREEN:
            return began
        return began - green_s if aspect is Aspect.YELLOW else began - green_s - YELLOW_S

    def walk_in_s(self, phase: str, later_s: float) -> float:
        """How long, from ``later_s`` from now on, until people may step on the crossing that goes
        with this phase.
        """
        plan = self._plan
        if plan is None or phase not in self._phases:
            return 0.0
        began = (plan.began(phase) + later_s) % plan.cycle_s
        return 0.0 if began < WALK_S else plan.cycle_s - began

    def gates(self, fleet: Table, busy: frozenset[str]) -> tuple[npt.NDArray[np.float64], Bools]:
        """How far each vehicle's next closed gate is, (N,) metres from its front (inf for none),
        and who goes from now on whatever its signal shows.

        Args:
            busy: crossings with people on them.
        """
        network = self._network
        way, goes = fleet["way"], fleet["goes"].copy()
        left = network.gate_m[way] - fleet["front_m"][:, None]
        keeper = network.gate_by[way]
        shut = np.array([name in busy for name in network.keepers] or [False])[keeper]
        phase = self._way_phase[way]
        signalled = phase >= 0
        if signalled.any():
            red, soft = self._closed(fleet)
            before = left[:, 0] >= 0
            stop = np.where(signalled, red[phase], False)
            wait = np.where(signalled, soft[phase], False)
            need = fleet["speed"] ** 2 / np.maximum(2 * left[:, 0], 1e-6)
            goes |= before & wait & ~stop & (need > HARD_MPS2)
            shut[:, 0] = np.where(signalled, (stop | wait) & ~goes, shut[:, 0])
        places = np.where(shut & (left >= 0), left, np.inf)
        return places.min(axis=1), goes

    def _closed(self, fleet: Table) -> tuple[Bools, Bools]:
        """(phases,) which show red; which show yellow, or green while others are on the way."""
        plan = self._plan
        if plan is None:
            return np.zeros(0, np.bool_), np.zeros(0, np.bool_)
        aspects = [plan.aspect(name) for name in self._phases]
        way = fleet["way"]
        rear = fleet["front_m"] - fleet["length"]
        inside = (fleet["front_m"] > self._network.gate_m[way, 0]) & (rear < self._exit_m[way])
        phases_inside = self._way_phase[way[inside]]
        numbers = np.arange(len(aspects))
        others = (phases_inside[None, :] != numbers[:, None]).any(axis=1)
        red = np.array([a is Aspect.RED for a in aspects])
        return red, others | np.array([a is Aspect.YELLOW for a in aspects])

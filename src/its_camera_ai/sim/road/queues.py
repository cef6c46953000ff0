"""True queues before stop lines."""

import numpy as np
import numpy.typing as npt

from its_camera_ai.core.incidents import IncidentKind
from its_camera_ai.sim.road.layout import Layout
from its_camera_ai.sim.road.truth import TrueIncident, TrueQueue

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
BEGIN_MPS, END_MPS = 5 / 3.6, 10 / 3.6
"""A vehicle belongs to a queue from below the first speed until it is above the second
(PTV Vissim's queue counters)."""
CLEARANCE_M = 20.0
"""No gap in a queue is longer; nor does it begin further from the lane's downstream end."""


class Queues:
    """Steps through a world's ticks; a vehicle's state has hysteresis."""

    def __init__(self, layout: Layout) -> None:
        self._lanes = [
            (k, lane.id, lane.to_m - lane.from_m)
            for k, lane in enumerate(layout.lanes)
            if lane.stop_line
        ]
        self._slow: set[int] = set()

    def step(
        self, ids: Ints, lane: Ints, front_m: Floats, length_m: Floats, speed_mps: Floats
    ) -> list[TrueQueue]:
        """Queues at this tick's end, of lanes that have one.

        Args:
            lane: (N,) index, −1 for none. front_m: (N,) from the lane's upstream end.
        """
        if not self._lanes:
            return []
        was = np.isin(ids, np.fromiter(self._slow, np.int64, len(self._slow)))
        slow = (speed_mps < BEGIN_MPS) | (was & (speed_mps <= END_MPS))
        self._slow = set(ids[slow].tolist())
        queues = []
        for k, name, end_m in self._lanes:
            rows = np.flatnonzero(slow & (lane == k))
            if not len(rows):
                continue
            rows = rows[np.argsort(-front_m[rows])]
            rear, count = end_m, 0
            for front, length in zip(front_m[rows].tolist(), length_m[rows].tolist(), strict=True):
                if rear - front > CLEARANCE_M:
                    break
                rear, count = front - length, count + 1
            if count:
                queues.append(TrueQueue(name, count, end_m - rear))
        return queues


class SpillBacks:
    """Queues longer than their lane's storage, from the tick when they are until they are not."""

    def __init__(self, layout: Layout) -> None:
        self._storage_m = {lane.id: lane.storage_m for lane in layout.lanes if lane.storage_m}
        self._open: dict[str, TrueIncident] = {}

    def step(self, pts_ns: int, queues: list[TrueQueue]) -> list[TrueIncident]:
        """Those that begin now; those that end are marked."""
        long_m = {queue.lane: queue.length_m for queue in queues}
        begun = []
        for lane, storage_m in self._storage_m.items():
            over = long_m.get(lane, 0.0) > storage_m
            if over and lane not in self._open:
                facts = {"storage_m": storage_m}
                incident = TrueIncident(IncidentKind.QUEUE_SPILLBACK, lane, (), pts_ns, facts=facts)
                self._open[lane] = incident
                begun.append(incident)
            elif not over and lane in self._open:
                self._open.pop(lane).ended_pts_ns = pts_ns
        return begun

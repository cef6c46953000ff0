"""Travel times and speeds between two lines."""

from math import sqrt

import numpy as np

from its_camera_ai.core.ground import GroundPlane
from its_camera_ai.core.road import Gate, LineSide
from its_camera_ai.core.road_users import GateRun, Passage, SpeedEstimate
from its_camera_ai.core.scene import Scene
from its_camera_ai.core.time import NS_PER_S

CROSSING_SD_S = 0.02
"""Standard deviation of an interpolated crossing: about a pixel of jitter of a box whose anchor
goes 50 px/s; half an interval between looks would be the worst."""
SPEED_MAX_KMH = 300.0
"""What is faster than this on a road is a mistake and is told as one."""
SHARE_MAX = 0.5
"""A speed whose 95 % interval is wider than this share of it says nothing."""
OPEN_MAX = 10_000
"""Road users between two lines at once; far more than a picture holds."""
_Z95 = 1.959964


class GateBook:
    """Pairs the crossings of each gate's two lines by road user.

    The last crossing of the first line before one of the second counts, so that one that turned
    round and came again is timed from its second coming. A crossing of the second line without
    one of the first is nobody's run.

    The speed is the gate's length over the travel time. Its 95 % interval holds the error of both
    crossing times (``crossing_sd_s`` each) and, where the length comes from the calibration, that
    of its scale.
    """

    def __init__(
        self,
        camera_id: str,
        scene: Scene,
        plane: GroundPlane | None,
        *,
        crossing_sd_s: float = CROSSING_SD_S,
    ) -> None:
        """
        Args:
            plane: for gates without a length of their own; None where nothing is calibrated.
        """
        self._camera_id = camera_id
        self._crossing_sd_s = crossing_sd_s
        self._by_entry: dict[LineSide, list[Gate]] = {}
        self._by_exit: dict[LineSide, list[Gate]] = {}
        for gate in scene.gates:
            self._by_entry.setdefault(gate.entry, []).append(gate)
            self._by_exit.setdefault(gate.exit, []).append(gate)
        self._lengths = {gate.id: gate_length(gate, scene, plane) for gate in scene.gates}
        self._entered: dict[tuple[str, int], Passage] = {}

    def passage(self, passage: Passage) -> list[GateRun]:
        """Take in a crossing; each road user's crossings come in order of time.

        Returns:
            The runs that it completes.
        """
        side = LineSide(passage.line, passage.direction)
        runs = []
        for gate in self._by_exit.get(side, ()):
            begun = self._entered.get((gate.id, passage.track_id))
            if begun is not None and begun.pts_ns < passage.pts_ns:
                del self._entered[gate.id, passage.track_id]
                runs.append(self._run(gate, begun, passage))
        for gate in self._by_entry.get(side, ()):
            self._entered.pop((gate.id, passage.track_id), None)
            self._entered[gate.id, passage.track_id] = passage
            if len(self._entered) > OPEN_MAX:
                del self._entered[next(iter(self._entered))]
        return runs

    def joined(self, before: int, now: int) -> None:
        """The track ``before`` goes on as ``now``."""
        for gate, track_id in [key for key in self._entered if key[1] == before]:
            self._entered.setdefault((gate, now), self._entered.pop((gate, track_id)))

    def ended(self, track_id: int) -> None:
        """The road user is gone."""
        for key in [key for key in self._entered if key[1] == track_id]:
            del self._entered[key]

    def _run(self, gate: Gate, begun: Passage, done: Passage) -> GateRun:
        travel_s = (done.pts_ns - begun.pts_ns) / NS_PER_S
        length, scale_sd, problem = self._lengths[gate.id]
        speed = None
        if not problem:
            kmh = length / travel_s * 3.6
            share = _Z95 * sqrt(2 * (self._crossing_sd_s / travel_s) ** 2 + scale_sd**2)
            if kmh > SPEED_MAX_KMH:
                problem = f"impossible: {kmh:.0f} km/h over {length:.1f} m in {travel_s:.2f} s"
            elif share > SHARE_MAX:
                problem = f"too short: {travel_s:.2f} s leave the speed open by ±{share:.0%}"
            else:
                speed = SpeedEstimate(kmh, kmh * (1 - share), kmh * (1 + share))
        return GateRun(
            self._camera_id,
            gate.id,
            done.track_id,
            done.vehicle,
            begun.wall_ns,
            done.wall_ns,
            travel_s,
            speed,
            problem,
        )


def gate_length(gate: Gate, scene: Scene, plane: GroundPlane | None) -> tuple[float, float, str]:
    """Metres along the road between a gate's lines.

    The gate's own ``distance_m``, else the straight way on the ground from the middle of one line
    to the middle of the other.

    Returns:
        Length in metres and its relative standard deviation; or a reason in words why there is
        none, with zeros.
    """
    if gate.distance_m is not None:
        return gate.distance_m, 0.0, ""
    if plane is None:
        return 0.0, 0.0, "no length: give the gate a distance_m or calibrate the camera"
    lines = {line.id: line for line in scene.lines}
    ends = (lines[gate.entry.line], lines[gate.exit.line])
    middles = np.array([line.pixels(plane.size_wh).mean(axis=0) for line in ends])
    if not plane.is_valid(middles).all():
        return 0.0, 0.0, "a line of the gate lies outside the calibrated area"
    first, second = plane.to_world(middles)
    return float(np.hypot(*(second - first))), plane.scale_sd, ""

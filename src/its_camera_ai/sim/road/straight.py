"""A straight road of parallel lanes, one way or both."""

from its_camera_ai.core.scene import ZoneUse
from its_camera_ai.sim.camera import Viewpoint
from its_camera_ai.sim.paths import Point
from its_camera_ai.sim.road.kinds import MOTORWAY, Mix
from its_camera_ai.sim.road.layout import Area, Inflow, LaneArea, Layout
from its_camera_ai.sim.road.network import Stretch, Way
from its_camera_ai.sim.world import WorldLine

SHOULDER_M = 2.6


def straight_road(
    lanes: int = 3,
    *,
    lanes_back: int = 0,
    length_m: float = 400.0,
    lane_width_m: float = 3.65,
    limit_kmh: float = 100.0,
    per_hour_lane: float = 900.0,
    mix: Mix = MOTORWAY,
    lane_changes: bool = True,
    cycle_lane: bool = False,
    viewpoint: Viewpoint | None = None,
) -> Layout:
    """Right-hand traffic along the y axis: ``lanes`` go north on the right, ``lanes_back`` south
    on the left. Lanes are ``away-1`` … and ``towards-1`` … from the middle of the road outwards.

    The camera hangs over the verge at y = 0; lines ``near`` (40 m) and ``far`` (80 m) lie across
    all lanes north, ``near_back`` and ``far_back`` across those south. Lanes are measured from
    25 to 125 m; the gate ``gate`` leads from ``near`` to ``far``.
    """
    stretches, ways, inflows, areas_of_lanes = [], [], [], []
    for side, count, word in ((1, lanes, "away"), (-1, lanes_back, "towards")):
        for k in range(count):
            x = side * (k + 0.5) * lane_width_m
            name = f"{word}-{k + 1}"
            low, high = (x, -60.0), (x, length_m - 60.0)
            points = (low, high) if side > 0 else (high, low)
            stretches.append(Stretch(name, points, limit_kmh / 3.6))
            changes = lane_changes and count > 1
            ways.append(
                Way(
                    name,
                    (name,),
                    left=f"{word}-{k}" if changes and k > 0 else "",
                    right=f"{word}-{k + 2}" if changes and k < count - 1 else "",
                )
            )
            inflows.append(Inflow(per_hour_lane, ((name, 1.0),), mix))
            near, far = 85.0, 185.0
            if side < 0:
                near, far = length_m - far, length_m - near
            areas_of_lanes.append(
                LaneArea(name, name, near, far, lane_width_m, word, speed_limit_kmh=limit_kmh)
            )
    right = lanes * lane_width_m
    left = -lanes_back * lane_width_m
    if cycle_lane:
        x = right + 1.0
        points = ((x, -60.0), (x, length_m - 60.0))
        stretches.append(Stretch("cycle", points, 6.0))
        ways.append(Way("cycle", ("cycle",)))
        inflows.append(Inflow(120.0, (("cycle", 1.0),), {"bicycle": 1.0}))
    kerb = right + 2.0 * cycle_lane
    lines = [_line("near", 40.0, 0.0, kerb + 0.5), _line("far", 80.0, 0.0, kerb + 0.5)]
    if lanes_back:
        lines += [
            _line("near_back", 40.0, left - 0.5, 0.0),
            _line("far_back", 80.0, left - 0.5, 0.0),
        ]
    return Layout(
        "straight",
        tuple(stretches),
        tuple(ways),
        tuple(inflows),
        tuple(areas_of_lanes),
        tuple(lines),
        viewpoint or Viewpoint((left + right) / 2, 0.0, 9.0, 0.0, 12.0, 50.0),
        areas=(
            Area("carriageway", _box(left, 25.0, right, 125.0), ZoneUse.CARRIAGEWAY),
            Area(
                "shoulder",
                _box(kerb, 25.0, kerb + SHOULDER_M, 125.0),
                ZoneUse.NO_STOPPING,
                10.0,
            ),
        ),
        gates=(("gate", "near", "far"),),
    )


def _line(name: str, y: float, x0: float, x1: float) -> WorldLine:
    """Drawn from the right to the left, so that going north is ``in``."""
    return WorldLine(name, name, ((x1, y), (x0, y)))


def _box(x0: float, y0: float, x1: float, y1: float) -> tuple[Point, ...]:
    return (x0, y0), (x1, y0), (x1, y1), (x0, y1)

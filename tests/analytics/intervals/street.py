"""A straight street seen from above, 10 pixels to the metre, and frames of vehicles on it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.core.ground import GroundPlane
from its_camera_ai.core.road import Direction, Gate, Lane, LineSide, Movement, Turn
from its_camera_ai.core.road_users import RoadFrame, VehicleFacts
from its_camera_ai.core.scene import Line, Scene, Zone
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.core.tracks import Unknown

PX_PER_M = 10.0
SIZE_WH = (1000, 200)
BEGIN_NS = 1_699_999_980 * NS_PER_S  # on a minute
CAR = VehicleFacts("car", 1.0)


def point(x_m: float, y_m: float) -> tuple[float, float]:
    return x_m * PX_PER_M / SIZE_WH[0], y_m * PX_PER_M / SIZE_WH[1]


def box(x0: float, y0: float, x1: float, y1: float) -> tuple[tuple[float, float], ...]:
    return point(x0, y0), point(x1, y0), point(x1, y1), point(x0, y1)


PLANE = GroundPlane(
    SIZE_WH,
    np.diag([1 / PX_PER_M, 1 / PX_PER_M, 1.0]),
    np.array([[0, 0], [1000, 0], [1000, 200], [0, 200]], np.float64),
)
EAST = Lane(  # 80 m long, from x = 10 m on
    "east",
    box(10, 4, 90, 8),
    (point(10, 6), point(90, 6)),
    speed_limit_kmh=36.0,
    stop_line="stop",
)
WEST = Lane("west", box(10, 12, 90, 16), (point(90, 14), point(10, 14)))
STOP = Line("stop", (point(85, 0), point(85, 20)))  # eastbound is out
MIDDLE = Line("middle", (point(50, 0), point(50, 20)))
SQUARE = Zone("square", box(20, 0, 30, 20))
GATE = Gate("trap", LineSide("middle", Direction.OUT), LineSide("stop", Direction.OUT))
THROUGH = Movement("through", GATE.entry, GATE.exit, Turn.THROUGH)
SCENE = Scene((STOP, MIDDLE), (SQUARE,), (EAST, WEST), (GATE,), (THROUGH,))


@dataclass(frozen=True)
class Vehicle:
    """Where the middle of a vehicle is at a second: ``x_m + mps · t``."""

    id: int
    x_m: float
    mps: float
    y_m: float = 6.0
    length_m: float = 4.0
    kind: ObjectClass = ObjectClass.CAR
    since_s: float = -1e9
    until_s: float = 1e9
    valid: bool = True

    def at(self, second: float) -> float:
        return self.x_m + self.mps * second

    @property
    def lane(self) -> int:
        return 0 if self.y_m == 6.0 else 1


def frame(
    second: float,
    vehicles: Sequence[Vehicle] = (),
    *,
    unknown: Unknown | None = None,
    looks_per_s: float = 10.0,
    lane_lag_m: float = 0.0,
) -> RoadFrame:
    """All vehicles that are there now.

    Args:
        lane_lag_m: how far into its lane a vehicle is told to be in it.
    """
    here = [v for v in vehicles if v.since_s <= second < v.until_s and 0 < v.at(second) < 100]
    n = len(here)
    x = np.array([v.at(second) for v in here])
    y = np.array([v.y_m for v in here])
    speed = np.array([v.mps for v in here])
    length = np.array([v.length_m for v in here])
    along = np.where(speed >= 0, x - 10, 90 - x)
    lanes = np.array([v.lane for v in here], np.int16)
    inside = (along >= lane_lag_m) & (along <= 80)
    u, v = x * PX_PER_M, y * PX_PER_M
    pts_ns = round(second * NS_PER_S)
    return RoadFrame(
        "cam",
        pts_ns,
        BEGIN_NS + pts_ns,
        unknown,
        looks_per_s,
        track_id=np.array([v.id for v in here], np.int64),
        class_id=np.array([v.kind for v in here], np.int8),
        class_share=np.ones(n),
        observed=np.ones(n, np.bool_),
        valid=np.array([v.valid for v in here], np.bool_),
        xyxy=np.stack([u - 20, v - 15, u + 20, v], axis=1).astype(np.float32),
        xy_m=np.stack([x, y], axis=1),
        velocity_mps=np.stack([speed, np.zeros(n)], axis=1),
        position_sd_m=np.full(n, 0.1),
        speed_sd_mps=np.full(n, 0.1),
        heading_rad=np.where(speed >= 0, 0.0, np.pi),
        length_m=length,
        width_m=np.full(n, 1.8),
        lane=np.where(inside, lanes, -1).astype(np.int16),
        along_m=along + length / 2,
        seen_s=np.array([min(second - v.since_s, 100.0) for v in here]),
    )


def seconds(since: float, until: float, rate: float = 10.0) -> list[float]:
    """Moments of looks, both ends included."""
    return [since + k / rate for k in range(round((until - since) * rate) + 1)]

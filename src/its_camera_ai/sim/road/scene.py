"""What a camera over a road world would have configured: its scene and exact calibration."""

import numpy as np
import numpy.typing as npt

from its_camera_ai.core.calibration import Calibration, PointPair
from its_camera_ai.core.errors import SceneInvalid
from its_camera_ai.core.picture_points import Point, Unit
from its_camera_ai.core.road import Direction, Gate, Lane, LineSide, Movement, SignalHead
from its_camera_ai.core.scene import Line, Scene, Zone
from its_camera_ai.sim.camera import PinholeCamera
from its_camera_ai.sim.road.layout import LaneArea, Layout
from its_camera_ai.sim.road.network import Network

Floats = npt.NDArray[np.float64]
_COLUMNS, _ROWS = 4, 3
_NEAR_M = 1.0


def scene_of_road(layout: Layout, camera: PinholeCamera, *, reach_m: float = 130.0) -> Scene:
    """Lines, lanes, zones, movements, gates and signals of a layout as this camera sees them.

    Points are pixels of the camera's pictures; an area may reach beyond the picture. The ids are
    those of the layout, lanes in the same order. What can't be seen at all is left out, together
    with what refers to it; lanes keep their places.

    Args:
        reach_m: nothing is measured further away than this.

    Raises:
        SceneInvalid: a lane can't be seen, so that truth and scene would number lanes differently.
    """
    lines = tuple(
        Line(line.id, (ends[0], ends[1]), Unit.PX)
        for line in layout.lines
        if (ends := _pixels(camera, line.points)) is not None
    )
    have = {line.id for line in lines}
    zones = tuple(
        Zone(area.id, corners, Unit.PX, use=area.use, limit_s=area.limit_s)
        for area in layout.areas
        if (corners := _pixels(camera, area.points)) is not None
    )
    movements = tuple(
        Movement(
            f"{turn.approach}-{turn.turn}",
            LineSide(turn.entry, Direction.IN),
            LineSide(turn.exit, Direction.OUT),
            turn.turn,
            turn.approach,
        )
        for turn in layout.turns
        if {turn.entry, turn.exit} <= have
    )
    gates = tuple(
        Gate(name, LineSide(entry, Direction.IN), LineSide(exit_, Direction.IN))
        for name, entry, exit_ in layout.gates
        if {entry, exit_} <= have
    )
    signals = tuple(
        SignalHead(head.id, (LineSide(head.line, Direction.IN),))
        for head in layout.heads
        if head.line in have
    )
    lanes = tuple(_lane(layout, lane, camera, have) for lane in layout.lanes)
    return Scene(
        lines, zones, lanes, gates, movements, signals, exact_calibration(camera, reach_m=reach_m)
    )


def exact_calibration(camera: PinholeCamera, *, reach_m: float = 130.0) -> Calibration:
    """Point pairs spread over the visible ground, without error; valid up to ``reach_m``."""
    width, height = camera.size_wh
    top = _row_at(camera, reach_m)
    rows = top + (height - top) * np.array([0.06, 0.35, 0.95])[:_ROWS]
    columns = width * np.linspace(0.06, 0.94, _COLUMNS)
    uv = np.array([(u, v) for v in rows for u in columns])
    pairs = tuple(
        PointPair((float(u), float(v)), (float(x), float(y)), f"point {k + 1}")
        for k, ((u, v), (x, y)) in enumerate(zip(uv, camera.ground(uv), strict=True))
    )
    valid = ((0.0, top), (float(width), top), (float(width), float(height)), (0.0, float(height)))
    return Calibration(pairs, Unit.PX, valid=valid)


def _row_at(camera: PinholeCamera, reach_m: float) -> float:
    """The picture's row in which the ground straight ahead is so far away."""
    height = camera.size_wh[1]
    rows = np.linspace(0.0, height - 1.0, 4 * height)
    uv = np.column_stack([np.full(len(rows), camera.size_wh[0] / 2), rows])
    ground = camera.ground(uv)
    away = np.hypot(*(ground - camera.position[:2]).T)
    forward = np.column_stack([ground, np.zeros(len(ground))]) @ camera.matrix[2, :3]
    before = forward + camera.matrix[2, 3] > 0
    return float(rows[np.argmax(before & (away <= reach_m))])


def _pixels(camera: PinholeCamera, points: tuple[Point, ...]) -> tuple[Point, ...] | None:
    """None where a point lies behind the camera or no point is near the picture."""
    xyz = np.array([(x, y, 0.0) for x, y in points])
    seen = camera.project(xyz)
    if (seen[:, 2] < _NEAR_M).any():
        return None
    wh = np.array(camera.size_wh, np.float64)
    if not ((seen[:, :2] > -wh) & (seen[:, :2] < 2 * wh)).all(axis=1).any():
        return None
    return tuple((float(u), float(v)) for u, v in seen[:, :2])


def _lane(layout: Layout, lane: LaneArea, camera: PinholeCamera, lines: set[str]) -> Lane:
    network = Network(layout.stretches, layout.ways)
    stretch = network.stretches.index(lane.stretch)
    way = int(np.flatnonzero(~np.isnan(network.offset_m[:, stretch]))[0])
    offset = float(network.offset_m[way, stretch])
    steps = np.linspace(lane.from_m, lane.to_m, max(2, round((lane.to_m - lane.from_m) / 5) + 1))
    ways = np.full(len(steps), way)
    half = np.full(len(steps), lane.width_m / 2)
    left, middle, right = (network.at(ways, steps + offset, side * half) for side in (1, 0, -1))
    corners = _pixels(camera, (*map(tuple, left), *map(tuple, right[::-1])))
    heading = _pixels(camera, (tuple(middle[0]), tuple(middle[-1])))
    if corners is None or heading is None:
        raise SceneInvalid(f"Lane '{lane.id}' can't be seen by this camera; turn or move it.")
    return Lane(
        lane.id,
        corners,
        (heading[0], heading[1]),
        Unit.PX,
        approach=lane.approach,
        speed_limit_kmh=lane.speed_limit_kmh,
        stop_line=lane.stop_line if lane.stop_line in lines else "",
        storage_m=lane.storage_m,
    )

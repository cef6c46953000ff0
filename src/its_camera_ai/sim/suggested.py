"""What is worth measuring in a street, as its camera sees it."""

import numpy as np

from its_camera_ai.core.calibration import Calibration, PointPair
from its_camera_ai.core.geometry import line_side
from its_camera_ai.core.road import Direction, Lane, LineSide, Movement
from its_camera_ai.core.scene import Line, Scene, Zone
from its_camera_ai.sim.camera import PinholeCamera
from its_camera_ai.sim.paths import Point
from its_camera_ai.sim.world import SceneDescription, WorldLane, WorldLine, WorldWay


def scene_of(description: SceneDescription, camera: PinholeCamera) -> Scene:
    """The recommended lines, zones, lanes and movements, cut to the picture, and the calibration
    by the surveyed places."""
    lines = {line.id: line for line in description.lines}
    return Scene(
        lines=tuple(
            Line(line.id, (ends[0], ends[1]), name=line.name)
            for line in description.lines
            if (ends := _cut(_seen(camera, line.points)))
        ),
        zones=tuple(
            Zone(zone.id, _cut(_seen(camera, zone.points)), name=zone.name, use=zone.use)
            for zone in description.zones
        ),
        lanes=tuple(_lane(camera, lane) for lane in description.lanes),
        movements=tuple(_movement(camera, lines, way) for way in description.ways),
        calibration=_calibration(camera, description.surveyed),
    )


def _lane(camera: PinholeCamera, lane: WorldLane) -> Lane:
    start, end = _cut(_seen(camera, (lane.start, lane.end)))
    return Lane(
        lane.id,
        _cut(_seen(camera, lane.corners)),
        (start, end),
        name=lane.name,
        approach=lane.approach,
        speed_limit_kmh=lane.speed_limit_kmh,
        stop_line=lane.stop_line,
    )


def _movement(camera: PinholeCamera, lines: dict[str, WorldLine], way: WorldWay) -> Movement:
    entry, leave = (_side(camera, lines[line], to) for line, to in (way.entry, way.exit))
    return Movement(way.id, entry, leave, way.turn, way.approach, way.name)


def _side(camera: PinholeCamera, line: WorldLine, to: Point) -> LineSide:
    """Which way the line is crossed in the picture by who goes to that place."""
    start, end, there = (np.array(p) for p in _seen(camera, (*line.points, to)))
    scale = np.array(camera.size_wh)  # fractions of the sides would bend angles, not signs
    side = float(line_side((there * scale)[None], start * scale, end * scale)[0])
    return LineSide(line.id, Direction.IN if side > 0 else Direction.OUT)


def _calibration(camera: PinholeCamera, surveyed: tuple[Point, ...]) -> Calibration | None:
    """By those places that are in the picture; None without any.

    World points stay exact; picture points are rounded as a person's clicks would be, finely.
    """
    pairs = [
        PointPair((round(u, 5), round(v, 5)), place)
        for place, (u, v) in zip(surveyed, _seen(camera, surveyed), strict=True)
        if 0 <= u <= 1 and 0 <= v <= 1
    ]
    return Calibration(tuple(pairs)) if pairs else None


def _seen(camera: PinholeCamera, points: tuple[Point, ...]) -> list[Point]:
    """Fractions of the picture, perhaps beside it."""
    if not points:
        return []
    seen = camera.project(np.array([(x, y, 0.0) for x, y in points]))
    width, height = camera.size_wh
    return [(float(u) / width, float(v) / height) for u, v, _ in seen]


def _cut(points: list[Point]) -> tuple[Point, ...]:
    return tuple(
        (round(min(max(u, 0.0), 1.0), 4), round(min(max(v, 0.0), 1.0), 4)) for u, v in points
    )

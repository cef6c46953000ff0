"""Lanes as straight axes on the ground, and the points on them where presence is detected."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from its_camera_ai.core.geometry import line_side, points_in_polygon, segments_touch
from its_camera_ai.core.ground import GroundPlane
from its_camera_ai.core.road import Direction, Lane
from its_camera_ai.core.scene import Line, Scene

Floats = npt.NDArray[np.float64]

SECTIONS = 100
"""Cross-sections by which a lane's width and its measurable part are found: 1 % of its length."""
SIDE_MARGIN_M = 0.3
"""A vehicle's middle may be so far beyond the lane's edge and still cover its detector."""
STOP_LINE_REACH_M = 10.0
"""A stop line so far beyond the lane's drawn area is still its own."""
_WHOLE = (1, 1)


@dataclass(frozen=True, slots=True)
class LineLane:
    """A lane that passes under a line.

    Attributes:
        direction: how traffic in the lane's way of travel crosses the line.
    """

    line: str
    lane: str
    direction: Direction


@dataclass(frozen=True, slots=True)
class Detector:
    """A point detector on a lane: a vehicle is present while its body covers it.

    Attributes:
        lane: index. line: id of the line it lies under; empty in the middle of a lane without.
        at_m: along the lane. side_m: where the lane's middle is there. half_width_m: of the lane.
    """

    lane: int
    line: str
    at_m: float
    side_m: float
    half_width_m: float


@dataclass(frozen=True, slots=True, eq=False)
class LaneAxes:
    """All lanes of a calibrated scene, L of them.

    Attributes:
        upstream_xy_m: (L, 2) ground point from which along is counted. heading: (L, 2) unit
            vectors of the way of travel.
        from_m, to_m: (L,) the part along the lane that lies in the validity polygon; equal where
            there is none.
        detectors: of every line across a lane, the lane's own first; ``own`` (L,) is the index of
            each lane's own one, −1 for none: under its stop line, else under the first line
            across it, else in its middle.
    """

    upstream_xy_m: Floats
    heading: Floats
    from_m: Floats
    to_m: Floats
    detectors: tuple[Detector, ...]
    own: npt.NDArray[np.int64]

    @property
    def length_m(self) -> Floats:
        """(L,) of the measurable part; 0 for none."""
        return self.to_m - self.from_m

    def along_m(self, xy_m: Floats, lane: npt.NDArray[np.integer]) -> Floats:
        """(N, 2) ground points and the (N,) lane of each → (N,) along it."""
        ahead: Floats = ((xy_m - self.upstream_xy_m[lane]) * self.heading[lane]).sum(axis=1)
        return ahead

    @classmethod
    def of(cls, scene: Scene, plane: GroundPlane) -> "LaneAxes":
        shapes = [_Shape.of(lane, plane) for lane in scene.lanes]
        lines = {line.id: line for line in scene.lines}
        under = lanes_under_lines(scene, plane)
        detectors: list[Detector] = []
        own = []
        for number, (lane, shape) in enumerate(zip(scene.lanes, shapes, strict=True)):
            names = [found.line for found in under if found.lane == lane.id]
            if lane.stop_line:
                names = [lane.stop_line, *(name for name in names if name != lane.stop_line)]
            found = [
                detector
                for name in names
                if (detector := shape.detector(number, name, lines[name], plane)) is not None
            ]
            if not found and shape.to_m > shape.from_m:
                found = [shape.detector_at(number, "", (shape.from_m + shape.to_m) / 2)]
            own.append(len(detectors) if found else -1)
            detectors += found
        return cls(
            np.array([shape.upstream_xy_m for shape in shapes]).reshape(-1, 2),
            np.array([shape.heading for shape in shapes]).reshape(-1, 2),
            np.array([shape.from_m for shape in shapes]),
            np.array([shape.to_m for shape in shapes]),
            tuple(detectors),
            np.array(own, np.int64),
        )


def lanes_under_lines(scene: Scene, plane: GroundPlane | None) -> list[LineLane]:
    """Which lanes each line crosses, as far as it can be told: without a picture's size a line and
    a lane of different units can't be compared."""
    found = []
    for line in scene.lines:
        for lane in scene.lanes:
            if line.unit is lane.unit or plane is not None:
                size_wh = _WHOLE if plane is None else plane.size_wh
                ends, corners = line.pixels(size_wh), lane.pixels(size_wh)
                if line.id == lane.stop_line or _crosses(ends, corners):
                    sides = line_side(lane.heading_pixels(size_wh), *ends)
                    way = Direction.IN if sides[1] > sides[0] else Direction.OUT
                    found.append(LineLane(line.id, lane.id, way))
    return found


def _crosses(ends: Floats, corners: Floats) -> bool:
    edges = zip(corners, np.roll(corners, -1, axis=0), strict=True)
    return bool(points_in_polygon(ends, corners).any()) or any(
        segments_touch(ends[0], ends[1], a, b) for a, b in edges
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Shape:
    """A lane in its own axes: along the way of travel, and to the left of it."""

    upstream_xy_m: Floats
    heading: Floats
    corners_m: Floats
    from_m: float
    to_m: float

    @classmethod
    def of(cls, lane: Lane, plane: GroundPlane) -> "_Shape":
        corners = plane.to_world(lane.pixels(plane.size_wh))
        begin, end = plane.to_world(lane.heading_pixels(plane.size_wh))
        heading = (end - begin) / np.hypot(*(end - begin))
        if not (np.isfinite(corners).all() and np.isfinite(heading).all()):
            nowhere = np.zeros(2)
            return cls(nowhere, np.array([1.0, 0.0]), np.zeros((3, 2)), 0.0, 0.0)
        upstream = begin + heading * float(((corners - begin) @ heading).min())
        own = np.stack([(corners - upstream) @ axis for axis in (heading, _left(heading))], axis=1)
        length = float(own[:, 0].max())
        shape = cls(upstream, heading, own, 0.0, length)
        places = (np.arange(SECTIONS) + 0.5) / SECTIONS * length
        middles = np.array([shape.section(at)[0] for at in places])
        ground = upstream + np.outer(places, heading) + np.outer(middles, _left(heading))
        good = np.flatnonzero(plane.is_valid(plane.to_image(ground)))
        if not good.size:
            return cls(upstream, heading, own, 0.0, 0.0)
        step = length / SECTIONS
        return cls(upstream, heading, own, good[0] * step, (good[-1] + 1) * step)

    def section(self, at_m: float) -> tuple[float, float]:
        """Where the lane's middle is to the left of the axis, and half its width."""
        inside = float(np.clip(at_m, 1e-6, self.corners_m[:, 0].max() - 1e-6))
        along, side = self.corners_m.T
        far, far_side = np.roll(along, -1), np.roll(side, -1)
        cut = (along <= inside) != (far <= inside)
        crossings = side[cut] + (inside - along[cut]) / (far[cut] - along[cut]) * (
            far_side[cut] - side[cut]
        )
        if not crossings.size:
            return 0.0, 0.0
        low, high = float(crossings.min()), float(crossings.max())
        return (low + high) / 2, (high - low) / 2

    def detector_at(self, lane: int, line: str, at_m: float) -> Detector:
        middle, half = self.section(at_m)
        return Detector(lane, line, at_m, middle, half + SIDE_MARGIN_M)

    def detector(self, lane: int, name: str, line: Line, plane: GroundPlane) -> Detector | None:
        """Where the line meets the lane's middle; None where it does not."""
        ends = plane.to_world(line.pixels(plane.size_wh)) - self.upstream_xy_m
        (a0, s0), (a1, s1) = ((end @ self.heading, end @ _left(self.heading)) for end in ends)
        (b0, t0), (b1, t1) = (
            (at, self.section(at)[0]) for at in (self.from_m, max(self.to_m, self.from_m + 1e-6))
        )
        cross = (a1 - a0) * (t1 - t0) - (s1 - s0) * (b1 - b0)
        if not abs(cross) > 1e-12:  # also for NaN, beyond the horizon
            return None
        share = ((b0 - a0) * (t1 - t0) - (t0 - s0) * (b1 - b0)) / cross
        at_m = float(a0 + share * (a1 - a0))
        if not self.from_m - STOP_LINE_REACH_M <= at_m <= self.to_m + STOP_LINE_REACH_M:
            return None
        return self.detector_at(lane, name, at_m)


def _left(heading: Floats) -> Floats:
    return np.array([-heading[1], heading[0]])

"""The lanes and zones of a scene as polygons in the picture, and who is in them."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from its_camera_ai.core.geometry import points_in_polygon
from its_camera_ai.core.ground import GroundPlane
from its_camera_ai.core.scene import Anchor, Scene, ZoneUse, anchor_points

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Geometry of one scene for pictures of one size.

    Attributes:
        lanes, zones: polygons, (M, 2) px each.
        lane_way_px, lane_way_m: (L, 2) unit vectors of travel in the picture and on the ground;
            the latter NaN without a plane.
        lane_end_px: (L, 2, 2) the stop line, or where the heading ends, twice.
        lane_length_m: (L,) along the heading, NaN without a plane.
        carriageways, crossings, parkings: (Z,) which zones are that.
    """

    scene: Scene
    plane: GroundPlane | None
    size_wh: tuple[int, int]
    lanes: tuple[Floats, ...]
    zones: tuple[Floats, ...]
    lane_way_px: Floats
    lane_way_m: Floats
    lane_end_px: Floats
    lane_length_m: Floats
    carriageways: Bools
    crossings: Bools
    parkings: Bools

    @classmethod
    def of(cls, scene: Scene, plane: GroundPlane | None, size_wh: tuple[int, int]) -> "Places":
        lanes = tuple(lane.pixels(size_wh) for lane in scene.lanes)
        ends = np.array([lane.heading_pixels(size_wh) for lane in scene.lanes]).reshape(-1, 2, 2)
        lines = {line.id: line.pixels(size_wh) for line in scene.lines}
        stops = [
            lines[lane.stop_line] if lane.stop_line else np.stack([ends[k, 1], ends[k, 1]])
            for k, lane in enumerate(scene.lanes)
        ]
        way_m = np.full((len(lanes), 2), np.nan)
        length_m = np.full(len(lanes), np.nan)
        if plane is not None and lanes:
            world = plane.to_world(ends.reshape(-1, 2)).reshape(-1, 2, 2)
            way_m = _unit(world[:, 1] - world[:, 0])
            for k, polygon in enumerate(lanes):
                along = plane.to_world(polygon) @ way_m[k]
                length_m[k] = float(np.nanmax(along) - np.nanmin(along))
        uses = np.array([zone.use.value for zone in scene.zones], dtype=object)
        return cls(
            scene,
            plane,
            size_wh,
            lanes,
            tuple(zone.pixels(size_wh) for zone in scene.zones),
            _unit(ends[:, 1] - ends[:, 0]),
            way_m,
            np.array(stops).reshape(-1, 2, 2),
            length_m,
            uses == ZoneUse.CARRIAGEWAY.value,
            uses == ZoneUse.CROSSING.value,
            uses == ZoneUse.PARKING.value,
        )

    def in_lanes(self, ground_px: Floats) -> Bools:
        """(N, 2) ground points → (N, L)."""
        if not self.lanes:
            return np.zeros((len(ground_px), 0), bool)
        return np.stack([points_in_polygon(ground_px, lane) for lane in self.lanes], axis=1)

    def in_zones(self, ground_px: Floats, xyxy: npt.NDArray[np.float32]) -> Bools:
        """(N, Z); by the anchor of each zone, the ground point for ``BOTTOM_CENTRE``."""
        inside = np.zeros((len(ground_px), len(self.zones)), bool)
        for k, (zone, polygon) in enumerate(zip(self.scene.zones, self.zones, strict=True)):
            on_ground = zone.anchor is Anchor.BOTTOM_CENTRE
            points = ground_px if on_ground else anchor_points(xyxy, zone.anchor)
            inside[:, k] = points_in_polygon(points, polygon)
        return inside


def _unit(vectors: Floats) -> Floats:
    unit: Floats = vectors / np.hypot(vectors[:, 0], vectors[:, 1])[:, None]
    return unit


def distance_to_edge(point: Floats, polygon: Floats) -> float:
    """From a (2,) point to the nearest edge of an (M, 2) polygon, in its unit."""
    return float(distance_to_segments(point, polygon, np.roll(polygon, -1, axis=0)).min())


def distance_to_segments(point: Floats, start: Floats, end: Floats) -> Floats:
    """(M,) from a (2,) point to segments (M, 2)–(M, 2), ends included."""
    along = end - start
    length2 = (along * along).sum(axis=1)
    share = ((point - start) * along).sum(axis=1)
    share = np.clip(np.divide(share, length2, out=np.zeros_like(share), where=length2 > 0), 0, 1)
    gap = start + share[:, None] * along - point
    distance: Floats = np.hypot(gap[:, 0], gap[:, 1])
    return distance

"""The lanes and zones of a scene as polygons in the picture, and who is in them."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from its_camera_ai.analytics.incidents.polygons import Bools, Floats, Polygons
from its_camera_ai.core.ground import GroundPlane
from its_camera_ai.core.scene import Anchor, Scene, ZoneUse, anchor_points


@dataclass(frozen=True, slots=True, eq=False)
class Places:
    """Geometry of one scene for pictures of one size.

    Attributes:
        lane_way_px, lane_way_m: (L, 2) unit vectors of travel in the picture and on the ground;
            the latter NaN without a plane.
        lane_end_px, lane_end_m: (L, 2, 2) the stop line, or where the heading ends, twice.
        lane_length_m: (L,) along the heading, NaN without a plane.
        zones: polygons, (M, 2) px each.
        carriageways, crossings, parkings: (Z,) which zones are that.
        restricted: (Z,) those that limit the time one may stand.
    """

    scene: Scene
    plane: GroundPlane | None
    size_wh: tuple[int, int]
    zones: tuple[Floats, ...]
    lane_way_px: Floats
    lane_way_m: Floats
    lane_end_px: Floats
    lane_end_m: Floats
    lane_length_m: Floats
    carriageways: Bools
    crossings: Bools
    parkings: Bools
    restricted: Bools
    _areas: Polygons
    _lifted: tuple[tuple[int, Anchor], ...]

    @classmethod
    def of(cls, scene: Scene, plane: GroundPlane | None, size_wh: tuple[int, int]) -> "Places":
        lanes = tuple(lane.pixels(size_wh) for lane in scene.lanes)
        zones = tuple(zone.pixels(size_wh) for zone in scene.zones)
        ways = np.array([lane.heading_pixels(size_wh) for lane in scene.lanes]).reshape(-1, 2, 2)
        lines = {line.id: line.pixels(size_wh) for line in scene.lines}
        ends = np.array(
            [
                lines[lane.stop_line] if lane.stop_line else ways[k, [1, 1]]
                for k, lane in enumerate(scene.lanes)
            ]
        ).reshape(-1, 2, 2)
        way_m, end_m = np.full((len(lanes), 2), np.nan), np.full((len(lanes), 2, 2), np.nan)
        length_m = np.full(len(lanes), np.nan)
        if plane is not None and lanes:
            world = plane.to_world(ways.reshape(-1, 2)).reshape(-1, 2, 2)
            way_m = _unit(world[:, 1] - world[:, 0])
            end_m = plane.to_world(ends.reshape(-1, 2)).reshape(-1, 2, 2)
            for k, polygon in enumerate(lanes):
                along = plane.to_world(polygon) @ way_m[k]
                length_m[k] = float(np.nanmax(along) - np.nanmin(along))
        return cls(
            scene,
            plane,
            size_wh,
            zones,
            _unit(ways[:, 1] - ways[:, 0]),
            way_m,
            ends,
            end_m,
            length_m,
            _with_use(scene, ZoneUse.CARRIAGEWAY),
            _with_use(scene, ZoneUse.CROSSING),
            _with_use(scene, ZoneUse.PARKING),
            _with_use(scene, ZoneUse.NO_STOPPING, ZoneUse.NO_PARKING),
            Polygons((*lanes, *zones)),
            tuple(
                (k, zone.anchor)
                for k, zone in enumerate(scene.zones)
                if zone.anchor is not Anchor.BOTTOM_CENTRE
            ),
        )

    def holding(self, ground_px: Floats, xyxy: npt.NDArray[np.float32]) -> tuple[Bools, Bools]:
        """(N, 2) ground points → (N, L) in which lanes, (N, Z) in which zones; a zone with another
        anchor looks at that point of the box.
        """
        inside = self._areas.hold(ground_px)
        lanes = len(self.scene.lanes)
        in_lane, in_zone = inside[:, :lanes], inside[:, lanes:]
        for k, anchor in self._lifted:
            in_zone[:, k] = self._areas.hold(anchor_points(xyxy, anchor))[:, lanes + k]
        return in_lane, in_zone


def _with_use(scene: Scene, *uses: ZoneUse) -> Bools:
    return np.array([zone.use in uses for zone in scene.zones], bool)


def _unit(vectors: Floats) -> Floats:
    unit: Floats = vectors / np.hypot(vectors[:, 0], vectors[:, 1])[:, None]
    return unit


def distance_to_edge(point: Floats, polygon: Floats) -> float:
    """From a (2,) point to the nearest edge of an (M, 2) polygon, in its unit."""
    return float(distance_to_segments(point, polygon, np.roll(polygon, -1, axis=0)).min())


def distance_to_segments(points: Floats, start: Floats, end: Floats) -> Floats:
    """(M,) from points (M, 2), or one (2,), to segments (M, 2)–(M, 2), ends included."""
    along = end - start
    length2 = (along * along).sum(axis=1)
    share = ((points - start) * along).sum(axis=1)
    share = np.clip(np.divide(share, length2, out=np.zeros_like(share), where=length2 > 0), 0, 1)
    gap = start + share[:, None] * along - points
    distance: Floats = np.hypot(gap[:, 0], gap[:, 1])
    return distance

"""Vehicles of known size that drive through a camera's view at known speeds, as boxes: the truth
that the speed figures are measured against.

A body is a cuboid; its box is the one round its eight projected corners, clipped to the picture,
with Gaussian noise on each edge. The ground plane is the camera's own, or one solved by anybody
from its point pairs.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.core.ground import GroundPlane
from its_camera_ai.core.picture_points import Point, Unit
from its_camera_ai.core.road import Lane
from its_camera_ai.core.scene import Line, Scene
from its_camera_ai.core.tracks import FrameTracks
from its_camera_ai.sim.camera import PinholeCamera, Viewpoint

Floats = npt.NDArray[np.float64]
SIZE_WH = (1280, 720)
WALL_NS = 1_800_000_000 * 1_000_000_000
"""A round moment in 2027."""

VIEWS = {
    "gantry": Viewpoint(4.0, 0.0, 8.0, 0.0, 14.0, 50.0),
    "roadside": Viewpoint(-9.0, 0.0, 9.0, 25.0, 15.0, 55.0),
    "mast": Viewpoint(-22.0, 22.0, 12.0, 80.0, 24.0, 70.0),
}
"""A road runs north along x = 0…8 m: seen from above it, from its edge, and from the side."""
LINE_M = {"gantry": 32.0, "roadside": 32.0, "mast": 28.0}
"""Where the counting line of each view lies across the road."""
SIZES_M = {
    ObjectClass.MOTORCYCLE: ((1.9, 2.3), (0.7, 0.9), (1.3, 1.6)),
    ObjectClass.CAR: ((3.6, 5.4), (1.65, 2.0), (1.4, 1.9)),
    ObjectClass.BUS: ((10.0, 18.0), (2.5, 2.55), (2.9, 3.4)),
    ObjectClass.TRUCK: ((6.5, 18.5), (2.2, 2.55), (2.6, 4.0)),
}
"""Length, width and height ranges from which bodies are drawn."""


@dataclass(frozen=True, slots=True)
class Drive:
    """One vehicle along a lane.

    Attributes:
        x_m: of its middle. forward: True drives north.
        begin_s, begin_m: when its middle is at which y. mps: speed then; accel: m/s², steady.
        dims_m: length, width, height.
    """

    track_id: int
    kind: ObjectClass
    x_m: float
    forward: bool
    begin_s: float
    begin_m: float
    mps: float
    accel: float
    dims_m: tuple[float, float, float]

    def way_m(self, t_s: float) -> float:
        """Along its lane since ``begin_m``; it does not back up."""
        t = t_s - self.begin_s
        if self.accel < 0:
            t = min(t, self.mps / -self.accel)
        return self.mps * t + self.accel * t * t / 2

    def speed_mps(self, t_s: float) -> float:
        return max(0.0, self.mps + self.accel * (t_s - self.begin_s))

    def y_m(self, t_s: float) -> float:
        return self.begin_m + (1 if self.forward else -1) * self.way_m(t_s)

    def front_reaches_s(self, view: str) -> float:
        """When its front is over the line of a view."""
        half = self.dims_m[0] / 2
        return self.reaches_s(LINE_M[view] + (-half if self.forward else half))

    def reaches_s(self, y_m: float) -> float:
        """When its middle is there (bisection; speeds never fall to 0 before)."""
        low, high = self.begin_s, self.begin_s + 60.0
        for _ in range(60):
            middle = (low + high) / 2
            before = self.way_m(middle) < abs(y_m - self.begin_m)
            low, high = (middle, high) if before else (low, middle)
        return low


def exact_plane(camera: PinholeCamera, reach_m: float = 90.0) -> GroundPlane:
    """The camera's own ground plane, valid wherever it is not farther than ``reach_m``."""
    back = np.linalg.inv(camera.homography)
    plane = GroundPlane(camera.size_wh, back, np.zeros((0, 2)))
    width, height = camera.size_wh
    at = plane.to_world(np.array([[width / 2.0, height - 1.0]]))
    back = back * (1.0 if np.isfinite(at).all() else -1.0)
    plane = GroundPlane(camera.size_wh, back, np.zeros((0, 2)))
    u, v = np.full(height, width / 2.0), np.arange(height, dtype=np.float64)
    ground = plane.to_world(np.stack([u, v], axis=1))
    far = np.hypot(ground[:, 0] - camera.position[0], ground[:, 1] - camera.position[1])
    top = float(v[np.nan_to_num(far, nan=np.inf) <= reach_m].min())
    valid = np.array([[0, top], [width, top], [width, height], [0, height]], np.float64)
    return GroundPlane(camera.size_wh, back, valid)


def draw(
    rng: np.random.Generator,
    number: int,
    kmh: tuple[float, float],
    accel_sd: float,
    kinds: tuple[ObjectClass, ...] = (ObjectClass.CAR, ObjectClass.TRUCK, ObjectClass.BUS),
) -> list[Drive]:
    """Vehicles that reach y = 30 m one after another, 1.5–4.5 s apart, by turns on two lanes; what
    would stop before is drawn again."""
    drives: list[Drive] = []
    arrives_s = 15.0
    while len(drives) < number:
        kind = kinds[int(rng.integers(len(kinds)))]
        dims = tuple(float(rng.uniform(*span)) for span in SIZES_M[kind])
        forward = bool(len(drives) % 2)
        drive = Drive(
            len(drives) + 1,
            kind,
            6.0 + rng.normal(0, 0.2) if forward else 2.0 + rng.normal(0, 0.2),
            forward,
            0.0,
            -10.0 if forward else 110.0,
            float(rng.uniform(*kmh)) / 3.6,
            float(rng.normal(0, accel_sd)),
            (dims[0], dims[1], dims[2]),
        )
        takes_s = drive.reaches_s(30.0)
        if drive.speed_mps(takes_s) > kmh[0] / 3.6 / 2:
            drives.append(replace(drive, begin_s=arrives_s - takes_s))
            arrives_s += float(rng.uniform(1.5, 4.5))
    return drives


def box(camera: PinholeCamera, drive: Drive, t_s: float) -> Floats | None:
    """The box at a time, unclipped; None where it is not wholly in front of the camera."""
    length, width, height = drive.dims_m
    x = drive.x_m + width / 2 * np.array([-1, 1, 1, -1] * 2)
    y = drive.y_m(t_s) + length / 2 * np.array([-1, -1, 1, 1] * 2)
    seen = camera.project(np.stack([x, y, np.repeat([0.0, height], 4)], axis=1))
    if seen[:, 2].min() < 1.0:
        return None
    return np.concatenate([seen[:, :2].min(axis=0), seen[:, :2].max(axis=0)])


def frames(
    camera: PinholeCamera,
    drives: list[Drive],
    times_s: Floats,
    noise_px: float,
    rng: np.random.Generator,
) -> Iterator[FrameTracks]:
    """What a perfect tracker would say of noisy boxes at these moments.

    A vehicle is seen while at least half of its box lies in the picture, and it is at least 12 px
    high.
    """
    width, height = camera.size_wh
    for t_s in times_s.tolist():
        rows: list[tuple[Drive, Floats]] = []
        for drive in drives:
            if not 0 <= t_s - drive.begin_s <= 60:
                continue
            full = box(camera, drive, t_s)
            if full is None:
                continue
            noisy = full + rng.normal(0, noise_px, 4)
            clipped = np.clip(noisy, 0, [width, height, width, height])
            area = np.prod(np.maximum(clipped[2:] - clipped[:2], 0))
            if area < 0.5 * np.prod(full[2:] - full[:2]) or clipped[3] - clipped[1] < 12:
                continue
            rows.append((drive, clipped))
        pts_ns = round(t_s * 1e9)
        yield FrameTracks(
            pts_ns,
            WALL_NS + pts_ns,
            camera.size_wh,
            np.array([d.track_id for d, _ in rows], np.int64),
            np.array([b for _, b in rows], np.float32).reshape(-1, 4),
            np.full(len(rows), 0.9, np.float32),
            np.array([int(d.kind) for d, _ in rows], np.int8),
            np.ones(len(rows), np.bool_),
            looks_per_s=10.0,
        )


def road_scene(camera: PinholeCamera, view: str) -> Scene:
    """One line across the road and a lane each way."""

    def px(*ground: Point) -> tuple[Point, ...]:
        seen = camera.project(np.array([[x, y, 0.0] for x, y in ground]))
        return tuple((float(u), float(v)) for u, v, _ in seen)

    y = LINE_M[view]
    lanes = []
    for name, left, way in (("south", 0.0, -1), ("north", 4.0, 1)):
        right = left + 4
        corners = px((left, y - 12), (right, y - 12), (right, y + 25), (left, y + 25))
        start, end = px((left + 2, y - 6 * way), (left + 2, y + 6 * way))
        lanes.append(Lane(name, corners, (start, end), Unit.PX))
    start, end = px((-2.0, y), (10.0, y))
    return Scene((Line("line", (start, end), Unit.PX),), lanes=tuple(lanes))

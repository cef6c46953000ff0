"""Road users in the picture: where they are seen (box, outline) and how they are painted."""

import math
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from its_camera_ai.sim.bodies import MATERIAL_BGR, UNLIT, Bgr, Material, VehicleShape
from its_camera_ai.sim.camera import NEAR_M, PinholeCamera
from its_camera_ai.sim.figures import ARC_POINTS, Clothing, capsule_outlines, pose_figure

FloatArray = npt.NDArray[np.float64]
Image = npt.NDArray[np.uint8]

SHIFT = 4
"""Fractional bits of the coordinates that OpenCV gets."""
COORDINATE_MAX = 1 << 24
DETAIL_HEIGHT_PX = (14.0, 30.0)
"""Vehicles lower than these in the picture are painted without medium and small details."""
ROUND_HEIGHT_PX = 42.0
"""Figures at least this tall get a lit and a dark side on every limb."""
LIT_SHARE = 0.55
"""How much of a limb's thickness is in the light."""


@dataclass(frozen=True, slots=True)
class Pose:
    """Middle on the street plane, metres; heading in radians, 0 to the east, counterclockwise."""

    x_m: float
    y_m: float
    heading: float
    phase: float = 0.0
    gait: float = 0.0


@dataclass(frozen=True, slots=True)
class VehicleLook:
    shape: VehicleShape
    paint: Bgr
    load: Bgr

    @property
    def footprint_m(self) -> tuple[float, float]:
        return self.shape.length_m, self.shape.width_m

    @property
    def height_m(self) -> float:
        return self.shape.height_m


@dataclass(frozen=True, slots=True)
class PersonLook:
    clothing: Clothing

    @property
    def footprint_m(self) -> tuple[float, float]:
        return 0.5, 0.5

    @property
    def height_m(self) -> float:
        return 1.74 * self.clothing.scale


Look = VehicleLook | PersonLook
Polygon = tuple[npt.NDArray[np.int32], Bgr]


class View:
    """One body as the camera sees it.

    Attributes:
        xyxy: tight box of everything painted, pixels, may reach outside the picture.
        polygons: painted in order; each with its colour, corners as ``fixed_point`` gives them.
    """

    __slots__ = ("_outline", "_uv", "polygons", "xyxy")

    def __init__(self, polygons: list[Polygon], uv: FloatArray) -> None:
        """From everything painted and its corners, (N, 2) pixels."""
        self.polygons = polygons
        self._uv = uv
        self._outline: npt.NDArray[np.float32] | None = None
        (left, top), (right, bottom) = uv.min(axis=0).tolist(), uv.max(axis=0).tolist()
        self.xyxy: tuple[float, float, float, float] = (left, top, right, bottom)

    @property
    def outline(self) -> npt.NDArray[np.float32]:
        """(K, 2) convex outline, pixels."""
        if self._outline is None:
            hull = cv2.convexHull(np.clip(self._uv, -8000, 8000).astype(np.float32))
            self._outline = hull.reshape(-1, 2).astype(np.float32)
        return self._outline


@dataclass(frozen=True, slots=True)
class Sun:
    """Direction to the sun: azimuth like a heading, elevation above the horizon (degrees)."""

    azimuth_deg: float = 215.0
    elevation_deg: float = 48.0

    @property
    def vector(self) -> tuple[float, float, float]:
        a, e = math.radians(self.azimuth_deg), math.radians(self.elevation_deg)
        return math.cos(a) * math.cos(e), math.sin(a) * math.cos(e), math.sin(e)


def _camera_to_body(camera: PinholeCamera, pose: Pose) -> FloatArray:
    """(3, 4): projects homogeneous points in the body's own axes."""
    c, s = math.cos(pose.heading), math.sin(pose.heading)
    placed = np.array(
        [[c, -s, 0, pose.x_m], [s, c, 0, pose.y_m], [0, 0, 1, 0], [0, 0, 0, 1]], np.float64
    )
    return camera.matrix @ placed


def _to_body(heading: float, vector: tuple[float, float, float]) -> tuple[float, float, float]:
    c, s = math.cos(heading), math.sin(heading)
    return c * vector[0] + s * vector[1], c * vector[1] - s * vector[0], vector[2]


def _eye_in_body(camera: PinholeCamera, pose: Pose) -> tuple[float, float, float]:
    eye = camera.viewpoint
    return _to_body(pose.heading, (eye.x_m - pose.x_m, eye.y_m - pose.y_m, eye.height_m))


def _palette(look: VehicleLook) -> FloatArray:
    table = np.zeros((len(Material), 3))
    for material, bgr in MATERIAL_BGR.items():
        table[material] = bgr
    table[Material.PAINT] = look.paint
    table[Material.PAINT_LOW] = [0.82 * c for c in look.paint]
    table[Material.LOAD] = look.load
    return table


_LIT = np.array([m not in UNLIT for m in Material])
_HEADING_STEP = math.radians(3.0)


@lru_cache(maxsize=600)
def _shades(look: VehicleLook, heading_step: int, sun: Sun, braking: bool) -> list[Bgr]:
    """Colours of all faces: sky light from above, sun from its side."""
    shape = look.shape
    normals = shape.normals
    sunward = _to_body(heading_step * _HEADING_STEP, sun.vector)
    direct = np.clip(normals @ np.array(sunward), 0, None)
    light = 0.50 + 0.14 * normals[:, 2] + 0.52 * direct
    light = np.where(_LIT[shape.materials], light, 1.0)
    colours = _palette(look)[shape.materials] * light[:, None]
    if braking:
        colours[shape.materials == Material.TAIL_LAMP] = (60, 60, 250)
    return [(b, g, r) for b, g, r in np.clip(colours, 0, 255).astype(np.uint8).tolist()]


def _vehicle_corners(
    camera: PinholeCamera, look: VehicleLook, pose: Pose
) -> tuple[FloatArray, FloatArray | None]:
    """Pixels of all vertices (V, 2) and None; or, where some come too near, what is left of the
    faces, as pixels, and the (V, 3) vertices in world metres.
    """
    seen = _camera_to_body(camera, pose) @ look.shape.homogeneous
    if float(seen[2].min()) >= NEAR_M:
        return (seen[:2] / seen[2]).T, None
    c, s = math.cos(pose.heading), math.sin(pose.heading)
    x, y, z, _ = look.shape.homogeneous
    world = np.stack([c * x - s * y + pose.x_m, s * x + c * y + pose.y_m, z], axis=1)
    left = np.concatenate([camera.clip_near(world[face]) for face in look.shape.faces])
    return camera.project(left)[:, :2], world


def vehicle_box(camera: PinholeCamera, look: VehicleLook, pose: Pose) -> View | None:
    """Outline and box only (``polygons`` empty); None where nothing is before the camera."""
    uv, _ = _vehicle_corners(camera, look, pose)
    return View([], uv) if len(uv) else None


def view_vehicle(
    camera: PinholeCamera, look: VehicleLook, pose: Pose, sun: Sun, *, braking: bool
) -> View | None:
    """A vehicle with everything that is needed to paint it."""
    corners, world = _vehicle_corners(camera, look, pose)
    if not len(corners):
        return None
    view = View([], corners)
    shape = look.shape
    eye = _eye_in_body(camera, pose)
    shown = shape.normals @ np.array(eye) > shape.offsets
    tall_px = view.xyxy[3] - view.xyxy[1]
    if tall_px < DETAIL_HEIGHT_PX[1]:
        shown &= shape.detail <= (0 if tall_px < DETAIL_HEIGHT_PX[0] else 1)
    colours = _shades(look, round(pose.heading / _HEADING_STEP), sun, braking)
    flags = shown.tolist()
    order = shape.from_front if eye[0] > 0 else shape.from_rear
    if world is None:
        uv = fixed_point(corners)
        faces = shape.faces
        view.polygons = [(uv[faces[i]], colours[i]) for i in order if flags[i]]
    else:
        for i in order:
            if not flags[i]:
                continue
            piece = camera.clip_near(world[shape.faces[i]])
            if len(piece) >= 3:
                view.polygons.append((fixed_point(camera.project(piece)[:, :2]), colours[i]))
    return view


def _figure_outlines(
    camera: PinholeCamera, look: PersonLook, pose: Pose
) -> tuple[FloatArray, FloatArray] | None:
    """Ends (K, 2, 2) and outlines (K, 2·ARC_POINTS, 2) of all limbs, pixels."""
    limbs = pose_figure(pose.phase, pose.gait)
    scale = look.clothing.scale
    seen = _camera_to_body(camera, pose) @ (limbs.homogeneous * [[scale], [scale], [scale], [1]])
    depth = seen[2]
    if float(depth.min()) < NEAR_M:
        return None
    radius = limbs.radii * (scale * camera.focal_px) / depth.reshape(-1, 2)
    bones = (seen[:2] / depth).T.reshape(-1, 2, 2)
    return bones, capsule_outlines(bones, radius)


@cache
def _limb_order(near: int, from_front: bool) -> tuple[int, ...]:
    """Which limb is painted after which: far arm and leg, near leg, trunk, head, near arm."""
    sides = pose_figure(0, 0).sides
    rank = {-2 * near: 0, -near: 1, near: 2, 0: 3, 2 * near: 4}
    order = sorted(range(len(sides)), key=lambda i: rank[sides[i]])
    if from_front:  # the face lies over the hair
        face, hair = order.index(len(sides) - 2), order.index(len(sides) - 1)
        order[face], order[hair] = order[hair], order[face]
    return tuple(order)


def view_person(camera: PinholeCamera, look: PersonLook, pose: Pose) -> View | None:
    """A figure with everything that is needed to paint it."""
    found = _figure_outlines(camera, look, pose)
    if found is None:
        return None
    bones, outlines = found
    view = View([], outlines.reshape(-1, 2))
    limbs = pose_figure(pose.phase, pose.gait)
    eye = _eye_in_body(camera, pose)
    near = 1 if eye[1] > 0 else -1
    whole = fixed_point(outlines)
    rounded = view.xyxy[3] - view.xyxy[1] >= ROUND_HEIGHT_PX
    if rounded:
        bones = np.repeat(bones[:, ::-1], ARC_POINTS, axis=1)
        inner = fixed_point(bones + (outlines - bones) * LIT_SHARE)
    for i in _limb_order(near, eye[0] > 0):
        b, g, r = getattr(look.clothing, limbs.wears[i])
        far = 0.76 if limbs.sides[i] * near < 0 else 0.9
        view.polygons.append((whole[i], (int(b * far), int(g * far), int(r * far))))
        if rounded:
            up = far * 1.16
            lit = (min(255, int(b * up)), min(255, int(g * up)), min(255, int(r * up)))
            view.polygons.append((inner[i], lit))
    return view


def ground_shadow(look: Look, pose: Pose, sun: Sun) -> FloatArray:
    """Corners of the shadow on the street, (8, 2) metres, not yet a convex outline."""
    length, width = (0.34, 0.34) if isinstance(look, PersonLook) else look.footprint_m
    c, s = math.cos(pose.heading) / 2, math.sin(pose.heading) / 2
    ax, ay, bx, by = c * length, s * length, -s * width, c * width
    x, y, z = sun.vector
    dx, dy = -x / z * look.height_m * 0.96, -y / z * look.height_m * 0.96
    foot = [(pose.x_m + u * ax + v * bx, pose.y_m + u * ay + v * by)
            for u, v in ((1, 1), (1, -1), (-1, -1), (-1, 1))]  # fmt: skip
    return np.array(foot + [(px + dx, py + dy) for px, py in foot])


def fixed_point(uv: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.int32]:
    """Pixel edges → what OpenCV's drawing calls take: pixel middles with ``SHIFT`` bits."""
    scaled = np.rint((uv - 0.5) * (1 << SHIFT))
    return np.asarray(scaled.clip(-COORDINATE_MAX, COORDINATE_MAX), np.int32)


def paint(image: Image, view: View) -> None:
    for uv, colour in view.polygons:
        cv2.fillConvexPoly(image, uv, colour, cv2.LINE_AA, SHIFT)

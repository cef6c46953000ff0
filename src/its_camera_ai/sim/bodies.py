"""Vehicles as small polygon models: body, glass, wheels, lamps, plates.

Local axes: x forward, y to the left, z up, metres; the origin is on the ground under the middle.
"""

import math
from dataclasses import dataclass, field
from enum import IntEnum
from functools import cache

import numpy as np
import numpy.typing as npt

from its_camera_ai.core.detections import ObjectClass

FloatArray = npt.NDArray[np.float64]
Point3 = tuple[float, float, float]
Bgr = tuple[int, int, int]


class Material(IntEnum):
    """What a face is made of. ``PAINT`` and ``LOAD`` take the vehicle's own colours."""

    PAINT = 0
    GLASS = 1
    SKY_GLASS = 2
    TYRE = 3
    RIM = 4
    TRIM = 5
    HEADLAMP = 6
    TAIL_LAMP = 7
    PLATE = 8
    LOAD = 9
    PAINT_LOW = 10
    SIGN = 11


MATERIAL_BGR: dict[Material, Bgr] = {
    Material.GLASS: (52, 44, 38),
    Material.SKY_GLASS: (150, 128, 108),
    Material.TYRE: (24, 23, 22),
    Material.RIM: (150, 150, 148),
    Material.TRIM: (34, 33, 32),
    Material.HEADLAMP: (235, 240, 240),
    Material.TAIL_LAMP: (30, 24, 170),
    Material.PLATE: (205, 222, 226),
    Material.SIGN: (40, 170, 245),
}
UNLIT = frozenset({Material.HEADLAMP, Material.TAIL_LAMP, Material.SIGN})
"""Shown in their own colour, whatever side the sun is on."""


@dataclass(frozen=True, slots=True)
class Face:
    """One flat polygon; for ``detail`` see ``VehicleShape``."""

    corners: tuple[Point3, ...]
    material: Material
    normal: Point3
    detail: int


@dataclass(frozen=True, slots=True, eq=False)
class VehicleShape:
    """A model ready to be painted: arrays over all faces, in the order of painting.

    Attributes:
        homogeneous: (4, V): x, y, z, 1.
        faces: for every face the indices of its corners.
        normals: (F, 3) outward unit vectors; offsets: (F,) their plane distances.
        materials: (F,) values of ``Material``.
        detail: (F,) 0 always painted, 1 and 2 left out where the body is small, smaller.
        from_front, from_rear: painting orders, seen from ahead and from behind.
    """

    name: str
    class_id: ObjectClass
    length_m: float
    width_m: float
    height_m: float
    homogeneous: FloatArray
    faces: tuple[npt.NDArray[np.intp], ...]
    normals: FloatArray
    offsets: FloatArray
    materials: npt.NDArray[np.int8]
    detail: npt.NDArray[np.int8]
    from_front: tuple[int, ...]
    from_rear: tuple[int, ...]


@dataclass(slots=True)
class _Builder:
    """Collects faces part by part; parts are listed from the rear to the front."""

    parts: list[list[Face]] = field(default_factory=list)

    def part(self) -> None:
        self.parts.append([])

    def add(
        self, corners: list[Point3], material: Material, toward: Point3, *, detail: int = 0
    ) -> None:
        """One polygon whose outside is on the side of ``toward``."""
        a, b, c = (np.array(corners[i]) for i in (0, 1, 2))
        normal = np.cross(b - a, c - a)
        normal = normal / np.linalg.norm(normal)
        if normal @ np.array(toward) < 0:
            normal = -normal
        self.parts[-1].append(
            Face(
                tuple(corners),
                material,
                (float(normal[0]), float(normal[1]), float(normal[2])),
                detail,
            )
        )

    def both_sides(
        self, profile: list[tuple[float, float]], y: float, material: Material, *, detail: int = 0
    ) -> None:
        """A side view of (x, z) points on the left and on the right at ``±y``."""
        self.add([(x, y, z) for x, z in profile], material, (0, 1, 0), detail=detail)
        self.add([(x, -y, z) for x, z in profile], material, (0, -1, 0), detail=detail)

    def across(
        self,
        rear: tuple[float, float, float],
        front: tuple[float, float, float],
        material: Material,
        toward: Point3,
        *,
        detail: int = 0,
    ) -> None:
        """A face over the whole width between two edges, each given as (x, z, half width)."""
        (x0, z0, y0), (x1, z1, y1) = rear, front
        corners = [(x0, y0, z0), (x1, y1, z1), (x1, -y1, z1), (x0, -y0, z0)]
        self.add(corners, material, toward, detail=detail)

    def wheels(self, axles: tuple[float, ...], radius: float, y: float) -> None:
        for x in axles:
            for size, depth, material, detail in (
                (radius * 1.16, 0.0, Material.TRIM, 2),
                (radius, 0.01, Material.TYRE, 1),
                (radius * 0.62, 0.02, Material.RIM, 2),
            ):
                disc = [
                    (
                        x + size * math.cos(k * math.tau / 12),
                        radius + size * math.sin(k * math.tau / 12),
                    )
                    for k in range(12)
                ]
                disc = [(px, max(pz, 0.0)) for px, pz in disc]
                self.both_sides(disc, y + depth, material, detail=detail)

    def build(self, name: str, class_id: ObjectClass, lwh: Point3) -> VehicleShape:
        faces = [face for part in self.parts for face in part]
        vertices: list[Point3] = []
        index: dict[Point3, int] = {}
        rows = []
        for face in faces:
            row = []
            for corner in face.corners:
                if corner not in index:
                    index[corner] = len(vertices)
                    vertices.append(corner)
                row.append(index[corner])
            rows.append(np.array(row, np.intp))
        normals = np.array([face.normal for face in faces])
        first = np.array([face.corners[0] for face in faces])
        starts = np.cumsum([0] + [len(part) for part in self.parts])
        blocks = [tuple(range(starts[i], starts[i + 1])) for i in range(len(self.parts))]
        return VehicleShape(
            name,
            class_id,
            *lwh,
            homogeneous=np.vstack([np.array(vertices).T, np.ones(len(vertices))]),
            faces=tuple(rows),
            normals=normals,
            offsets=np.einsum("ij,ij->i", normals, first),
            materials=np.array([face.material for face in faces], np.int8),
            detail=np.array([face.detail for face in faces], np.int8),
            from_front=tuple(i for block in blocks for i in block),
            from_rear=tuple(i for block in reversed(blocks) for i in block),
        )


@dataclass(frozen=True, slots=True)
class CarStyle:
    """The side view of a car, as x positions in shares of half its length (rear −1, front 1)."""

    name: str
    length_m: float
    width_m: float
    height_m: float
    screen_foot: float
    roof_front: float
    roof_rear: float
    rear_foot: float
    boot_m: float


CAR_STYLES = (
    CarStyle("hatchback", 4.05, 1.76, 1.49, 0.42, 0.10, -0.72, -0.93, 0.98),
    CarStyle("saloon", 4.65, 1.82, 1.45, 0.38, 0.08, -0.46, -0.74, 0.98),
    CarStyle("estate", 4.60, 1.82, 1.50, 0.40, 0.10, -0.84, -0.95, 1.00),
    CarStyle("suv", 4.50, 1.88, 1.70, 0.42, 0.14, -0.80, -0.94, 1.10),
)


def _car_lower(b: _Builder, st: CarStyle, belt: float) -> None:
    h, w = st.length_m / 2, st.width_m / 2
    foot, rear = st.screen_foot * h, st.rear_foot * h
    nose = belt - 0.16
    b.both_sides(
        [(-h, 0.34), (h, 0.34), (h, nose - 0.06), (h * 0.93, nose), (foot, belt), (rear, belt),
         (-h, st.boot_m - 0.12)], w, Material.PAINT,
    )  # fmt: skip
    b.both_sides(
        [(-h * 0.97, 0.2), (h * 0.97, 0.2), (h, 0.36), (-h, 0.36)], w, Material.TRIM, detail=1
    )
    b.both_sides(
        [(-h, 0.34), (h, 0.34), (h, 0.56), (-h, 0.56)], w + 0.002, Material.PAINT_LOW, detail=1
    )
    b.across((h, 0.2, w), (h, nose - 0.06, w), Material.PAINT_LOW, (1, 0, 0))
    b.across((-h, 0.2, w), (-h, st.boot_m - 0.12, w), Material.PAINT, (-1, 0, 0))
    b.across((h * 0.93, nose, w), (h, nose - 0.06, w), Material.PAINT, (0, 0, 1))
    b.across((foot, belt, w), (h * 0.93, nose, w), Material.PAINT, (0, 0, 1))
    b.across((-h, st.boot_m - 0.12, w), (rear, belt, w), Material.PAINT, (0, 0, 1))
    b.across((rear, belt, w), (foot, belt, w), Material.PAINT, (0, 0, 1))
    rear_x, front_x = -h - 0.01, h + 0.01
    b.across((rear_x, 0.2, w * 0.98), (rear_x, 0.37, w * 0.98), Material.TRIM, (-1, 0, 0), detail=1)
    _patch(b, front_x, -w * 0.72, w * 0.72, 0.22, 0.36, Material.TRIM, detail=1)
    _patch(b, front_x, -w * 0.52, w * 0.52, nose - 0.2, nose - 0.08, Material.TRIM, detail=1)
    _patch(b, front_x, -w, w, nose - 0.075, nose - 0.055, Material.TRIM, detail=2)
    for y in (-1, 1):
        _patch(b, h + 0.02, y * w * 0.6, y * w * 0.98, nose - 0.24, nose - 0.09, Material.HEADLAMP)
        _patch(b, -h - 0.02, y * w * 0.62, y * w * 0.98, st.boot_m - 0.42, st.boot_m - 0.16,
               Material.TAIL_LAMP)  # fmt: skip
    _patch(b, h + 0.02, -0.26, 0.26, 0.4, 0.51, Material.PLATE, detail=2)
    _patch(b, -h - 0.02, -0.26, 0.26, 0.5, 0.62, Material.PLATE, detail=2)


def _patch(
    b: _Builder,
    x: float,
    y0: float,
    y1: float,
    z0: float,
    z1: float,
    material: Material,
    *,
    detail: int = 0,
) -> None:
    """An upright rectangle across the vehicle, facing away from its middle."""
    corners = [(x, y0, z0), (x, y1, z0), (x, y1, z1), (x, y0, z1)]
    b.add(corners, material, (1 if x > 0 else -1, 0, 0), detail=detail)


def _lerp(a: Point3, b: Point3, t: float) -> Point3:
    return (a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t)


def _inset(quad: list[Point3], u0: float, u1: float, v0: float, v1: float) -> list[Point3]:
    """Part of a quad whose corners run foot-left, foot-right, head-right, head-left."""

    def at(u: float, v: float) -> Point3:
        return _lerp(_lerp(quad[0], quad[1], u), _lerp(quad[3], quad[2], u), v)

    return [at(u0, v0), at(u1, v0), at(u1, v1), at(u0, v1)]


def _car_cabin(b: _Builder, st: CarStyle, belt: float) -> None:
    h, w = st.length_m / 2, st.width_m / 2 * 0.97
    roof_w, z = w * 0.76, st.height_m
    foot, rear = st.screen_foot * h, st.rear_foot * h
    f, r = st.roof_front * h, st.roof_rear * h
    sides = {
        (0, 1, 0.3): [(rear, w, belt), (foot, w, belt), (f, roof_w, z), (r, roof_w, z)],
        (0, -1, 0.3): [(rear, -w, belt), (foot, -w, belt), (f, -roof_w, z), (r, -roof_w, z)],
        (1, 0, 0.4): [(foot, w, belt), (foot, -w, belt), (f, -roof_w, z), (f, roof_w, z)],
        (-1, 0, 0.4): [(rear, w, belt), (rear, -w, belt), (r, -roof_w, z), (r, roof_w, z)],
    }
    for toward, quad in sides.items():
        b.add(quad, Material.PAINT, toward)
    b.add(
        [(r, roof_w, z), (f, roof_w, z), (f, -roof_w, z), (r, -roof_w, z)],
        Material.PAINT,
        (0, 0, 1),
    )
    for toward, quad in sides.items():
        if toward[0]:
            b.add(_inset(quad, 0.06, 0.94, 0.06, 0.92), Material.GLASS, toward)
            b.add(_inset(quad, 0.1, 0.9, 0.6, 0.9), Material.SKY_GLASS, toward, detail=2)
        else:
            b.add(_inset(quad, 0.08, 0.48, 0.08, 0.88), Material.GLASS, toward)
            b.add(_inset(quad, 0.52, 0.93, 0.08, 0.88), Material.GLASS, toward)
            b.add(_inset(quad, 0.55, 0.88, 0.62, 0.84), Material.SKY_GLASS, toward, detail=2)


def _car(st: CarStyle) -> VehicleShape:
    b = _Builder()
    b.part()
    belt = st.height_m * 0.63
    _car_lower(b, st, belt)
    b.wheels((-st.length_m * 0.30, st.length_m * 0.31), 0.32, st.width_m / 2 + 0.004)
    _car_cabin(b, st, belt)
    return b.build(st.name, ObjectClass.CAR, (st.length_m, st.width_m, st.height_m))


def _box(
    b: _Builder, x0: float, x1: float, w: float, z0: float, z1: float, material: Material
) -> None:
    b.both_sides([(x0, z0), (x1, z0), (x1, z1), (x0, z1)], w, material)
    b.across((x1, z0, w), (x1, z1, w), material, (1, 0, 0))
    b.across((x0, z0, w), (x0, z1, w), material, (-1, 0, 0))
    b.across((x0, z1, w), (x1, z1, w), material, (0, 0, 1))


def _ends(b: _Builder, h: float, w: float, lamp_z: float) -> None:
    for y in (-1, 1):
        _patch(b, h + 0.02, y * w * 0.62, y * w * 0.95, lamp_z, lamp_z + 0.2, Material.HEADLAMP)
        _patch(b, -h - 0.02, y * w * 0.7, y * w * 0.96, lamp_z, lamp_z + 0.3, Material.TAIL_LAMP)
    _patch(b, h + 0.02, -0.26, 0.26, lamp_z - 0.15, lamp_z - 0.03, Material.PLATE, detail=2)
    _patch(b, -h - 0.02, -0.26, 0.26, lamp_z - 0.1, lamp_z + 0.02, Material.PLATE, detail=2)


def _bus() -> VehicleShape:
    length, width, height = 11.8, 2.5, 3.05
    h, w = length / 2, width / 2
    b = _Builder()
    b.part()
    _box(b, -h, h, w, 0.3, height, Material.PAINT)
    b.both_sides([(-h, 0.3), (h, 0.3), (h, 0.75), (-h, 0.75)], w + 0.004, Material.PAINT_LOW)
    b.wheels((-3.1, 3.3), 0.48, w + 0.005)
    for k in range(7):
        x0 = -h + 0.45 + k * 1.56
        b.both_sides([(x0, 1.25), (x0 + 1.4, 1.25), (x0 + 1.4, 2.35), (x0, 2.35)], w + 0.01,
                     Material.GLASS)  # fmt: skip
        b.both_sides([(x0 + 0.1, 2.0), (x0 + 1.3, 2.0), (x0 + 1.3, 2.3), (x0 + 0.1, 2.3)],
                     w + 0.015, Material.SKY_GLASS, detail=2)  # fmt: skip
    for x0 in (-0.6, 4.35):
        door = [(x0, 0.4), (x0 + 1.15, 0.4), (x0 + 1.15, 2.4), (x0, 2.4)]
        b.add([(x, -w - 0.018, z) for x, z in door], Material.GLASS, (0, -1, 0))
    _patch(b, h + 0.01, -w * 0.93, w * 0.93, 1.05, 2.45, Material.GLASS)
    _patch(b, h + 0.015, -w * 0.85, w * 0.85, 2.05, 2.4, Material.SKY_GLASS, detail=2)
    _patch(b, h + 0.012, -w * 0.7, w * 0.7, 2.55, 2.9, Material.TRIM)
    _patch(b, h + 0.016, -w * 0.5, w * 0.5, 2.62, 2.83, Material.SIGN, detail=2)
    _patch(b, -h - 0.01, -w * 0.8, w * 0.8, 1.5, 2.5, Material.GLASS)
    _ends(b, h, w, 0.62)
    return b.build("bus", ObjectClass.BUS, (length, width, height))


def _lorry(name: str, length: float, height: float) -> VehicleShape:
    width, cab = 2.45, 2.1
    h, w = length / 2, width / 2
    split = h - cab
    b = _Builder()
    b.part()
    _box(b, -h, split - 0.25, w * 0.8, 0.55, 1.0, Material.TRIM)
    _box(b, -h, split - 0.25, w, 1.0, height, Material.LOAD)
    b.wheels((-h + 1.2, -h + 2.4) if length > 8 else (-h + 1.5,), 0.48, w * 0.86)
    for y in (-1, 1):
        _patch(b, -h - 0.02, y * w * 0.6, y * w * 0.78, 0.6, 0.85, Material.TAIL_LAMP)
    _patch(b, -h - 0.01, -0.01, 0.01, 1.05, height - 0.1, Material.TRIM, detail=2)
    _patch(b, -h - 0.02, -0.26, 0.26, 0.62, 0.74, Material.PLATE, detail=2)
    b.part()
    _box(b, split, h, w * 0.94, 0.4, 2.55, Material.PAINT)
    b.wheels((split + 0.85,), 0.48, w * 0.95)
    glass = [(split + 0.75, 1.45), (h - 0.12, 1.45), (h - 0.12, 2.2), (split + 0.75, 2.3)]
    b.both_sides(glass, w * 0.95, Material.GLASS)
    _patch(b, h + 0.01, -w * 0.86, w * 0.86, 1.4, 2.35, Material.GLASS)
    _patch(b, h + 0.015, -w * 0.8, w * 0.8, 2.0, 2.3, Material.SKY_GLASS, detail=2)
    _patch(b, h + 0.012, -w * 0.55, w * 0.55, 0.75, 1.2, Material.TRIM)
    for y in (-1, 1):
        _patch(b, h + 0.02, y * w * 0.6, y * w * 0.9, 0.6, 0.82, Material.HEADLAMP)
    _patch(b, h + 0.02, -0.26, 0.26, 0.5, 0.62, Material.PLATE, detail=2)
    return b.build(name, ObjectClass.TRUCK, (length, width, height))


@cache
def vehicle_shapes() -> dict[str, VehicleShape]:
    """Every vehicle model by name, made once per process; the models are constant."""
    shapes = [
        *(_car(style) for style in CAR_STYLES),
        _bus(),
        _lorry("box_lorry", 7.4, 3.3),
        _lorry("long_lorry", 10.5, 3.8),
    ]
    return {shape.name: shape for shape in shapes}


CAR_COLOURS: tuple[Bgr, ...] = (
    (225, 226, 226), (198, 197, 195), (150, 150, 152), (96, 94, 92), (46, 44, 44), (34, 32, 36),
    (48, 40, 172), (40, 34, 128), (150, 92, 44), (112, 60, 30), (70, 92, 52), (120, 168, 196),
)  # fmt: skip
BUS_COLOURS: tuple[Bgr, ...] = ((40, 44, 190), (70, 140, 232), (150, 96, 40), (222, 226, 226))
LOAD_COLOURS: tuple[Bgr, ...] = ((228, 228, 226), (205, 200, 196), (150, 110, 60), (60, 70, 170))

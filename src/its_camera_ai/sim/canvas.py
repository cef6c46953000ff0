"""The still picture behind the traffic: ground, markings, buildings, trees, poles.

Everything is given in world metres and painted once, at twice the wanted size where that is
affordable, so that thin markings come out smooth.
"""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from its_camera_ai.sim.bodies import Bgr
from its_camera_ai.sim.camera import PinholeCamera, Viewpoint
from its_camera_ai.sim.paths import Point
from its_camera_ai.sim.sprites import SHIFT, Image, Sun, fixed_point

FloatArray = npt.NDArray[np.float64]
SUPERSAMPLED_WIDTH_PX_MAX = 1300
_NEAR_M = 2.5

ASPHALT: Bgr = (92, 90, 88)
PAVING: Bgr = (138, 142, 146)
GRASS: Bgr = (58, 104, 84)
WHITE: Bgr = (205, 208, 208)
KERB: Bgr = (160, 162, 164)


@dataclass(frozen=True, slots=True, eq=False)
class Occluder:
    """Something still that may stand before a road user.

    Attributes:
        at: its foot on the street, metres: painted after whoever is farther from the camera.
        roi: x, y, width, height in pixels.
        mask: (height, width) uint8, 255 where it covers.
    """

    at: Point
    roi: tuple[int, int, int, int]
    mask: Image


def _noise(rng: np.random.Generator, size: int, blur: float) -> npt.NDArray[np.float32]:
    """A tile of smooth noise, mean 0, deviation 1, that wraps round."""
    tile = rng.normal(0, 1, (size, size)).astype(np.float32)
    wide = cv2.copyMakeBorder(tile, 32, 32, 32, 32, cv2.BORDER_WRAP)
    smooth = cv2.GaussianBlur(wide, (0, 0), blur)[32:-32, 32:-32]
    return np.asarray((smooth - smooth.mean()) / smooth.std(), np.float32)


class Canvas:
    """Paints a backdrop in the order of the calls: the ground first, then from far to near.

    Args:
        seed: of textures and foliage; the same for every street of a scene.
    """

    def __init__(self, viewpoint: Viewpoint, size_wh: tuple[int, int], sun: Sun, seed: int) -> None:
        self.size_wh = size_wh
        self._scale = 2 if size_wh[0] <= SUPERSAMPLED_WIDTH_PX_MAX else 1
        width, height = size_wh[0] * self._scale, size_wh[1] * self._scale
        self.camera = PinholeCamera(viewpoint, (width, height))
        self.image: Image = np.zeros((height, width, 3), np.uint8)
        self._rough = np.zeros((height, width), np.float32)
        self._sun = sun
        self._rng = np.random.default_rng(seed)
        self._occluders: list[tuple[Point, Image]] = []
        far = self.camera.position[:2] + 4000 * np.array(
            [math.sin(math.radians(viewpoint.yaw_deg)), math.cos(math.radians(viewpoint.yaw_deg))]
        )
        seen = self.camera.project(np.array([[far[0], far[1], 0.0]]))
        self.horizon_px = int(np.clip(seen[0, 1], 0, height))

    def uv(self, points: list[Point], z: float = 0.0) -> FloatArray:
        """Corners on a level as pixels, cut off before they come too near."""
        world = np.array([(x, y, z) for x, y in points])
        return self._uv3(world)

    def _uv3(self, world: FloatArray) -> FloatArray:
        clipped = self.camera.clip_near(world, _NEAR_M)
        return self.camera.project(clipped)[:, :2] if len(clipped) >= 3 else np.empty((0, 2))

    def _fill(self, uv: FloatArray, colour: Bgr) -> None:
        if len(uv):
            cv2.fillPoly(self.image, [fixed_point(uv)], colour, cv2.LINE_AA, SHIFT)

    def sky(self, top: Bgr = (226, 186, 150), bottom: Bgr = (236, 226, 214)) -> None:
        """A vertical gradient with soft clouds down to the horizon."""
        height = max(self.horizon_px, 1)
        share = np.linspace(0, 1, height, dtype=np.float32)[:, None, None]
        rows = np.array(top, np.float32) * (1 - share) + np.array(bottom, np.float32) * share
        sky = np.repeat(rows, self.image.shape[1], axis=1)
        cloud = cv2.resize(_noise(self._rng, 64, 4.0), (self.image.shape[1], height))
        sky += (np.clip(cloud, 0, 2) * 12)[:, :, None]
        self.image[: self.horizon_px] = np.clip(sky, 0, 255).astype(np.uint8)[: self.horizon_px]

    def plain(self, colour: Bgr, rough: float) -> None:
        """The ground as far as one can see. ``rough`` is its texture's strength, about 0–0.3."""
        self.image[self.horizon_px :] = colour
        self._rough[self.horizon_px :] = rough

    def area(self, points: list[Point], colour: Bgr, rough: float = 0.05) -> None:
        """A piece of ground with its own colour and texture."""
        uv = self.uv(points)
        self._fill(uv, colour)
        if len(uv):
            cv2.fillPoly(self._rough, [fixed_point(uv)], (rough,), cv2.LINE_8, SHIFT)

    def rectangle(
        self, x0: float, y0: float, x1: float, y1: float, colour: Bgr, rough: float = 0.05
    ) -> None:
        self.area([(x0, y0), (x1, y0), (x1, y1), (x0, y1)], colour, rough)

    def stripe(self, a: Point, b: Point, width_m: float, colour: Bgr = WHITE) -> None:
        """A painted line; long ones are cut up so that perspective keeps their width right."""
        length = math.dist(a, b)
        nx, ny = (b[1] - a[1]) / length * width_m / 2, (a[0] - b[0]) / length * width_m / 2
        self.area(
            [(a[0] + nx, a[1] + ny), (b[0] + nx, b[1] + ny),
             (b[0] - nx, b[1] - ny), (a[0] - nx, a[1] - ny)], colour, 0.05,
        )  # fmt: skip

    def dashes(self, a: Point, b: Point, width_m: float, on_m: float, off_m: float) -> None:
        length = math.dist(a, b)
        ux, uy = (b[0] - a[0]) / length, (b[1] - a[1]) / length
        s = 0.0
        while s < length:
            e = min(s + on_m, length)
            self.stripe((a[0] + ux * s, a[1] + uy * s), (a[0] + ux * e, a[1] + uy * e), width_m)
            s += on_m + off_m

    def texture(self) -> None:
        """Grain, patches and stains over all ground painted so far; call it after the ground."""
        height, width = self._rough.shape
        top = min(self.horizon_px + 1, height - 1)
        v, u = np.mgrid[top:height, 0:width].astype(np.float64) + 0.5
        inverse = np.linalg.inv(self.camera.homography)
        plane = np.stack([u, v, np.ones_like(u)], axis=-1) @ inverse.T
        x, y = plane[..., 0] / plane[..., 2], plane[..., 1] / plane[..., 2]
        away = np.hypot(x - self.camera.position[0], y - self.camera.position[1])
        metres_per_px = away**2 / (self.camera.focal_px * self.camera.position[2])
        total = np.zeros_like(x)
        for cell_m, share in ((0.07, 0.75), (0.6, 0.55), (5.0, 0.6)):
            tile = _noise(self._rng, 256, 1.2)
            ui = np.floor(x / cell_m).astype(np.int64) % 256
            vi = np.floor(y / cell_m).astype(np.int64) % 256
            fade = np.clip(cell_m * 6 / np.maximum(metres_per_px, 1e-6), 0, 1)
            total += share * fade * tile[vi, ui]
        gain = 1 + self._rough[top:] * total
        ground = self.image[top:].astype(np.float32) * gain[..., None].astype(np.float32)
        self.image[top:] = np.clip(ground, 0, 255).astype(np.uint8)

    def block(
        self,
        x0: float,
        y0: float,
        x1: float,
        y1: float,
        height_m: float,
        colour: Bgr,
        *,
        windows: tuple[float, float] | None = None,
        base_m: float = 0.0,
    ) -> None:
        """A box with upright walls.

        Args:
            windows: distance between window middles along the wall and between storeys, m.
        """
        corners = [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
        normals = [(0.0, -1.0), (1.0, 0.0), (0.0, 1.0), (-1.0, 0.0)]
        eye = self.camera.position
        if eye[2] > base_m + height_m:
            self._fill(self.uv(corners, base_m + height_m), _shade(colour, 1.05))
        for k, (nx, ny) in enumerate(normals):
            a, b = corners[k], corners[(k + 1) % 4]
            if (eye[0] - a[0]) * nx + (eye[1] - a[1]) * ny <= 0:
                continue
            sx, sy, _ = self._sun.vector
            light = 0.66 + 0.4 * max(0.0, nx * sx + ny * sy)
            self._wall(a, b, base_m, base_m + height_m, _shade(colour, light))
            if windows is not None:
                self._windows(a, b, height_m, windows, light)

    def _wall(self, a: Point, b: Point, z0: float, z1: float, colour: Bgr) -> None:
        quad = np.array([(*a, z0), (*b, z0), (*b, z1), (*a, z1)])
        self._fill(self._uv3(quad), colour)

    def _windows(
        self, a: Point, b: Point, height_m: float, pitch: tuple[float, float], light: float
    ) -> None:
        length = math.dist(a, b)
        ux, uy = (b[0] - a[0]) / length, (b[1] - a[1]) / length
        columns, floors = int(length / pitch[0]), int(height_m / pitch[1])
        for floor in range(floors):
            z0 = floor * pitch[1] + 0.9
            for column in range(columns):
                s = (column + 0.5) * length / columns
                e, f = s - pitch[0] * 0.28, s + pitch[0] * 0.28
                glass = _shade((96, 84, 74), light * float(self._rng.uniform(0.7, 1.35)))
                self._wall(
                    (a[0] + ux * e, a[1] + uy * e),
                    (a[0] + ux * f, a[1] + uy * f),
                    z0,
                    min(z0 + pitch[1] * 0.5, height_m - 0.2),
                    glass,
                )

    def tree(self, x: float, y: float, height_m: float, colour: Bgr = (50, 92, 62)) -> None:
        """A trunk and a crown of leaves in many greens."""
        self._ground_shade(x, y, height_m * 0.32, height_m * 0.6)
        width = height_m * 0.02
        across = self._across(x, y)
        self._wall(
            (x - across[0] * width, y - across[1] * width),
            (x + across[0] * width, y + across[1] * width),
            0.0,
            height_m * 0.5,
            (48, 58, 66),
        )
        seen = self.camera.project(np.array([[x, y, height_m * 0.62]]))[0]
        if seen[2] < 1.0:
            return
        px_per_m = self.camera.focal_px / seen[2]
        for k in range(110):
            share = k / 110
            r = height_m * 0.34 * math.sqrt(float(self._rng.uniform(0, 1)))
            angle = float(self._rng.uniform(0, math.tau))
            dx, dz = r * math.cos(angle), r * math.sin(angle) * 1.05
            light = 0.5 + 0.45 * share + 0.25 * dz / height_m + float(self._rng.normal(0, 0.08))
            size = max(1, round(px_per_m * height_m * float(self._rng.uniform(0.03, 0.07))))
            centre = (round(seen[0] + dx * px_per_m), round(seen[1] - dz * px_per_m))
            if max(abs(centre[0]), abs(centre[1])) < 30000:
                cv2.circle(self.image, centre, size, _shade(colour, light), -1, cv2.LINE_AA)

    def _ground_shade(self, x: float, y: float, radius_m: float, lift_m: float) -> None:
        sx, sy, sz = self._sun.vector
        cx, cy = x - sx / sz * lift_m, y - sy / sz * lift_m
        points = [
            (
                cx + radius_m * math.cos(k * math.tau / 20),
                cy + radius_m * math.sin(k * math.tau / 20),
            )
            for k in range(20)
        ]
        uv = self.uv(points)
        if not len(uv):
            return
        mask = np.zeros(self.image.shape[:2], np.uint8)
        cv2.fillPoly(mask, [fixed_point(uv)], (255,), cv2.LINE_AA, SHIFT)
        mask[: self.horizon_px] = 0
        shade = 1 - 0.38 * (mask[mask > 0].astype(np.float32) / 255)
        self.image[mask > 0] = (self.image[mask > 0] * shade[:, None]).astype(np.uint8)

    def _across(self, x: float, y: float) -> Point:
        """Unit vector on the street at right angles to the line of sight."""
        dx, dy = x - self.camera.position[0], y - self.camera.position[1]
        length = math.hypot(dx, dy)
        return float(dy / length), float(-dx / length)

    def pole(self, x: float, y: float, height_m: float, width_m: float, colour: Bgr) -> None:
        ax, ay = self._across(x, y)
        half = width_m / 2
        a, b = (x - ax * half, y - ay * half), (x + ax * half, y + ay * half)
        self._wall(a, b, 0.0, height_m, colour)
        m = ((a[0] + b[0]) / 2, (a[1] + b[1]) / 2)
        self._wall(m, b, 0.0, height_m, _shade(colour, 0.75))

    def board(self, a: Point, b: Point, z0: float, z1: float, colour: Bgr) -> None:
        """An upright plate between two places on the street."""
        self._wall(a, b, z0, z1, colour)

    @contextmanager
    def occluder(self, at: Point) -> Iterator[None]:
        """What is painted inside also covers road users that are farther away than ``at``."""
        before = self.image.copy()
        yield
        changed = (self.image != before).any(axis=2)
        self._occluders.append((at, changed.astype(np.uint8) * 255))

    def finished(self) -> tuple[Image, tuple[Occluder, ...]]:
        """The backdrop at the wanted size and what of it stands before road users."""
        size = self.size_wh
        image = cv2.resize(self.image, size, interpolation=cv2.INTER_AREA)
        occluders = []
        for at, mask in self._occluders:
            small = cv2.resize(mask, size, interpolation=cv2.INTER_AREA)
            cover: Image = ((np.asarray(small) > 127) * 255).astype(np.uint8)
            x, y, w, h = cv2.boundingRect(cover)
            if w and h:
                patch = np.ascontiguousarray(cover[y : y + h, x : x + w])
                occluders.append(Occluder(at, (x, y, w, h), patch))
        return np.ascontiguousarray(image, np.uint8), tuple(occluders)


def _shade(colour: Bgr, light: float) -> Bgr:
    b, g, r = (max(0, min(255, int(c * light))) for c in colour)
    return b, g, r

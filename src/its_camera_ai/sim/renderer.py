"""Paints frames: the still backdrop, shadows, bodies from far to near, light, noise, caption."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import cv2
import numpy as np
import numpy.typing as npt

from its_camera_ai.sim.agents import Agent
from its_camera_ai.sim.camera import PinholeCamera
from its_camera_ai.sim.canvas import Canvas, Occluder
from its_camera_ai.sim.clock import DEFAULT_WALL_NS
from its_camera_ai.sim.depth_order import Footprint, far_to_near
from its_camera_ai.sim.sprites import (
    SHIFT,
    Image,
    Look,
    PersonLook,
    Pose,
    VehicleLook,
    View,
    fixed_point,
    ground_shadow,
    paint,
    view_person,
    view_vehicle,
)
from its_camera_ai.sim.truth import TruthObject
from its_camera_ai.sim.world import Lamp, SceneDescription

BACKDROP_SEED = 20_240_501
SHADE = 0.58
"""What is left of the light in a shadow."""
NOISE_DEVIATION = 2.2
LAMP_SEEN_COS = 0.25
"""Signal lamps have hoods: from farther aside they can't be seen."""
ID_MASK_WIDTH_PX = 640
SHADOW_HEIGHT_PX = 5.0
"""Smaller bodies cast no shadow that could be seen."""
SMALLEST_PX = 1.0
"""Bodies whose box in the picture is thinner than this are not told of."""


@dataclass(frozen=True, slots=True)
class Finish:
    """What is laid over the bare bodies and backdrop; tests switch it off to measure pixels."""

    shadows: bool = True
    lamps: bool = True
    light: bool = True
    noise: bool = True
    caption: bool = True


@dataclass(frozen=True, slots=True, eq=False)
class _Seen:
    """A body in the picture; kept from frame to frame while it stands still."""

    agent: Agent
    pose: Pose
    braking: bool
    view: View
    xyxy: tuple[float, float, float, float]
    shadow: "_Shadow | None"


@dataclass(frozen=True, slots=True, eq=False)
class _Shadow:
    """Where it falls: left, top, right, bottom in whole pixels, and its corners within that."""

    roi: tuple[int, int, int, int]
    corners: npt.NDArray[np.int32]


class Renderer:
    """Everything that depends on the picture's size, for one scene."""

    def __init__(
        self, description: SceneDescription, size_wh: tuple[int, int], finish: Finish
    ) -> None:
        self._scene = description
        self._finish = finish
        self.size_wh = size_wh
        self.camera = PinholeCamera(description.viewpoint, size_wh)
        canvas = Canvas(description.viewpoint, size_wh, description.sun, BACKDROP_SEED)
        description.paint(canvas)
        self.backdrop, self._occluders = canvas.finished()
        self._shade = cv2.convertScaleAbs(self.backdrop, alpha=SHADE)
        self._still = self.backdrop.copy()
        self._lamps: Sequence[Lamp] = ()
        self._bright, self._dark = _noise_tiles(size_wh)
        scale = min(1.0, ID_MASK_WIDTH_PX / size_wh[0])
        self._id_scale = scale
        self._ids = np.zeros(
            (math.ceil(size_wh[1] * scale), math.ceil(size_wh[0] * scale)), np.uint8
        )
        self._mask = np.zeros((size_wh[1], size_wh[0]), np.uint8)
        self._last: dict[int, _Seen] = {}
        self._eye = (description.viewpoint.x_m, description.viewpoint.y_m)

    def render(
        self,
        agents: Sequence[Agent],
        share: float,
        lamps: Sequence[Lamp],
        index: int,
        time_ns: int,
        seed: int,
    ) -> tuple[Image, tuple[TruthObject, ...]]:
        """One picture and its truth.

        Args:
            share: place between the world's last two ticks, 0–1.
            time_ns: of the simulated day, for the light and the caption.
            seed: of the noise.
        """
        seen = [s for agent in agents if (s := self._look_at(agent, agent.pose(share))) is not None]
        self._last = {s.agent.id: s for s in seen}
        order = self._order(seen)
        self._light_lamps(lamps)
        frame = self._still.copy()
        if self._finish.shadows:
            self._cast_shadows(frame, seen)
        for item in order:
            if isinstance(item, Occluder):
                self._stamp(frame, item)
            else:
                if self._finish.shadows and isinstance(item.agent.look, VehicleLook):
                    self._darken_under(frame, item)
                paint(frame, item.view)
        shares = self._visible_shares(order)
        self._finish_frame(frame, index, time_ns, seed)
        truth = tuple(
            TruthObject(
                s.agent.id,
                s.agent.class_id,
                s.xyxy,
                (s.pose.x_m, s.pose.y_m),
                s.agent.speed_mps,
                shares[s.agent.id],
            )
            for s in sorted(seen, key=lambda s: s.agent.id)
        )
        return frame, truth

    def _look_at(self, agent: Agent, pose: Pose) -> _Seen | None:
        last = self._last.get(agent.id)
        if last is not None and last.pose is pose and last.braking == agent.braking:
            return last
        look = agent.look
        if not in_sight(self.camera, look, pose):
            return None
        view = (
            view_person(self.camera, look, pose)
            if isinstance(look, PersonLook)
            else view_vehicle(self.camera, look, pose, self._scene.sun, braking=agent.braking)
        )
        if view is None:
            return None
        xyxy = cut_to(view.xyxy, self.size_wh)
        if xyxy is None:
            return None
        small = xyxy[3] - xyxy[1] < SHADOW_HEIGHT_PX
        shadow = self._shadow(look, pose) if self._finish.shadows and not small else None
        return _Seen(agent, pose, agent.braking, view, xyxy, shadow)

    def _shadow(self, look: Look, pose: Pose) -> _Shadow | None:
        ground = ground_shadow(look, pose, self._scene.sun)
        uvw = ground @ self.camera.homography[:, :2].T + self.camera.homography[:, 2]
        if float(uvw[:, 2].min()) < 1.0:
            return None
        hull = cv2.convexHull((uvw[:, :2] / uvw[:, 2:]).astype(np.float32)).reshape(-1, 2)
        low, high = hull.min(axis=0).tolist(), hull.max(axis=0).tolist()
        x0, y0 = max(int(low[0]) - 1, 0), max(int(low[1]) - 1, 0)
        x1, y1 = min(self.size_wh[0], int(high[0]) + 2), min(self.size_wh[1], int(high[1]) + 2)
        if x1 <= x0 or y1 <= y0:
            return None
        return _Shadow((x0, y0, x1, y1), fixed_point(np.asarray(hull, np.float64) - (x0, y0)))

    def _order(self, seen: list[_Seen]) -> list[_Seen | Occluder]:
        items: list[_Seen | Occluder] = [*seen, *self._occluders]
        prints, boxes = [], []
        for item in items:
            if isinstance(item, Occluder):
                prints.append(Footprint(item.at, 0.0, (0.05, 0.05)))
                x, y, w, h = item.roi
                boxes.append((float(x), float(y), float(x + w), float(y + h)))
            else:
                length, width = item.agent.look.footprint_m
                pose = item.pose
                prints.append(
                    Footprint((pose.x_m, pose.y_m), pose.heading, (length / 2, width / 2))
                )
                boxes.append(item.xyxy)
        return [items[i] for i in far_to_near(prints, boxes, self._eye)]

    def _light_lamps(self, lamps: Sequence[Lamp]) -> None:
        if not self._finish.lamps or lamps == self._lamps:
            return
        self._lamps = lamps
        np.copyto(self._still, self.backdrop)
        for lamp in lamps:
            u, v, depth = self.camera.project(np.array([lamp.xyz_m]))[0]
            dx, dy = self._eye[0] - lamp.xyz_m[0], self._eye[1] - lamp.xyz_m[1]
            seen_from = (dx * lamp.facing[0] + dy * lamp.facing[1]) / math.hypot(dx, dy)
            if depth > 1 and seen_from > LAMP_SEEN_COS:
                radius = max(1.2, lamp.radius_m * self.camera.focal_px / depth)
                centre = fixed_point(np.array([u, v]))
                cv2.circle(
                    self._still, (int(centre[0]), int(centre[1])), round(radius * (1 << SHIFT)),
                    lamp.bgr, -1, cv2.LINE_AA, SHIFT,
                )  # fmt: skip

    def _cast_shadows(self, frame: Image, seen: list[_Seen]) -> None:
        for item in seen:
            if item.shadow is None:
                continue
            x0, y0, x1, y1 = item.shadow.roi
            mask = self._mask[y0:y1, x0:x1]
            cv2.fillConvexPoly(mask, item.shadow.corners, (255,), cv2.LINE_8, SHIFT)
            cv2.copyTo(self._shade[y0:y1, x0:x1], mask, frame[y0:y1, x0:x1])
            mask[:] = 0

    def _darken_under(self, frame: Image, item: _Seen) -> None:
        length, width = item.agent.look.footprint_m
        pose = item.pose
        rectangle = Footprint((pose.x_m, pose.y_m), pose.heading, (length * 0.49, width * 0.49))
        world = np.array([(x, y, 0.02) for x, y in rectangle.corners()])
        uvw = self.camera.project(world)
        if float(uvw[:, 2].min()) > 1.0:
            cv2.fillConvexPoly(frame, fixed_point(uvw[:, :2]), (34, 33, 32), cv2.LINE_AA, SHIFT)

    def _stamp(self, frame: Image, occluder: Occluder) -> None:
        x, y, w, h = occluder.roi
        cv2.copyTo(self._still[y : y + h, x : x + w], occluder.mask, frame[y : y + h, x : x + w])

    def _visible_shares(self, order: list[_Seen | Occluder]) -> dict[int, float]:
        """Share of each silhouette that is in the picture and not covered, by object id."""
        ids, scale = self._ids, self._id_scale
        ids[:] = 0
        drawn: list[tuple[_Seen, int, int, tuple[slice, slice]]] = []
        for number, item in enumerate(order):
            label = number % 255 + 1
            if isinstance(item, Occluder):
                _stamp_id(ids, item, scale)
                continue
            outline = fixed_point(item.view.outline * np.float32(scale))
            cv2.fillConvexPoly(ids, outline, (label,), cv2.LINE_8, SHIFT)
            x0, y0, x1, y1 = item.xyxy
            roi = (
                slice(int(y0 * scale), math.ceil(y1 * scale) + 1),
                slice(int(x0 * scale), math.ceil(x1 * scale) + 1),
            )
            drawn.append((item, label, cv2.countNonZero(cv2.inRange(ids[roi], label, label)), roi))
        shares = {}
        for item, label, whole, roi in drawn:
            left = cv2.countNonZero(cv2.inRange(ids[roi], label, label))
            inside = _inside_share(item.view, self.size_wh)
            shares[item.agent.id] = round(min(1.0, left / whole) * inside, 3) if whole else 0.0
        return shares

    def _finish_frame(self, frame: Image, index: int, time_ns: int, seed: int) -> None:
        if self._finish.light:
            t = time_ns / 1e9
            gain = 1 + 0.045 * math.sin(t / 27.0) + 0.025 * math.sin(t / 7.3)
            cv2.convertScaleAbs(frame, frame, gain, 0.0)
        if self._finish.noise:
            x, y = _mixed(seed, index)
            width, height = self.size_wh
            area = slice(y, y + height), slice(x, x + width)
            cv2.add(frame, self._bright[area], frame)
            cv2.subtract(frame, self._dark[area], frame)
        if self._finish.caption:
            moment = datetime.fromtimestamp((DEFAULT_WALL_NS + time_ns) // 1_000_000 / 1000, tz=UTC)
            text = f"{moment:%Y-%m-%d %H:%M:%S}.{moment.microsecond // 1000:03d}  {self._scene.id}"
            _caption(frame, f"{text}  #{index}")


_NOISE_MARGIN_PX = 64


def _noise_tiles(size_wh: tuple[int, int]) -> tuple[Image, Image]:
    """What the sensor's noise adds and what it takes away; shifted by some pixels every frame."""
    rng = np.random.default_rng(BACKDROP_SEED)
    shape = (size_wh[1] + _NOISE_MARGIN_PX, size_wh[0] + _NOISE_MARGIN_PX, 3)
    grain = np.round(rng.standard_normal(shape, np.float32) * NOISE_DEVIATION)
    return np.clip(grain, 0, 255).astype(np.uint8), np.clip(-grain, 0, 255).astype(np.uint8)


def _mixed(seed: int, index: int) -> tuple[int, int]:
    """Where the noise tile is cut for a frame (splitmix64 of seed and frame number)."""
    z = (seed * 0x9E3779B97F4A7C15 + (index + 1) * 0xBF58476D1CE4E5B9) & (1 << 64) - 1
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & (1 << 64) - 1
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB & (1 << 64) - 1
    z ^= z >> 31
    return z % _NOISE_MARGIN_PX, (z >> 20) % _NOISE_MARGIN_PX


def _caption(frame: Image, text: str) -> None:
    """White on a dark strip in the upper left corner."""
    scale = max(0.3, frame.shape[1] / 640 * 0.4)
    thick = max(1, round(scale / 0.6))
    height = round(20 * scale / 0.4)
    cv2.rectangle(frame, (0, 0), (round(len(text) * 19.2 * scale), height), (28, 28, 28), -1)
    place = (round(6 * scale / 0.4), round(14 * scale / 0.4))
    cv2.putText(frame, text, place, cv2.FONT_HERSHEY_SIMPLEX, scale, (240, 240, 240), thick)


def _stamp_id(ids: Image, occluder: Occluder, scale: float) -> None:
    x, y, w, h = (round(v * scale) for v in occluder.roi)
    if w < 1 or h < 1:
        return
    mask = cv2.resize(occluder.mask, (w, h), interpolation=cv2.INTER_NEAREST)
    area = ids[y : y + h, x : x + w]
    area[mask[: area.shape[0], : area.shape[1]] > 0] = 0


def _inside_share(view: View, size_wh: tuple[int, int]) -> float:
    """Share of the outline's area that lies in the picture."""
    width, height = size_wh
    x0, y0, x1, y1 = view.xyxy
    if x0 >= 0 and y0 >= 0 and x1 <= width and y1 <= height:
        return 1.0
    whole = cv2.contourArea(view.outline)
    if whole <= 0:
        return 0.0
    picture = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    part, _ = cv2.intersectConvexConvex(view.outline, picture)
    return min(1.0, float(part) / whole)


def in_sight(camera: PinholeCamera, look: Look, pose: Pose) -> bool:
    """A cheap test that never says no to a body of which something is in the picture."""
    length, width = look.footprint_m
    height = look.height_m
    radius = math.hypot(length, width, height + 0.6) / 2 + 0.3  # arms and legs swing out
    return camera.sees_ball(pose.x_m, pose.y_m, height / 2, radius)


def cut_to(
    xyxy: tuple[float, float, float, float], size_wh: tuple[int, int]
) -> tuple[float, float, float, float] | None:
    """The part of a box inside the picture; None where that is thinner than a pixel."""
    x0, y0 = max(xyxy[0], 0.0), max(xyxy[1], 0.0)
    x1, y1 = min(xyxy[2], float(size_wh[0])), min(xyxy[3], float(size_wh[1]))
    if x1 - x0 < SMALLEST_PX or y1 - y0 < SMALLEST_PX:
        return None
    return x0, y0, x1, y1

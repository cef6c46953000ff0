"""True crossings, from the exact motion between ticks and not from frames."""

import math
from collections.abc import Sequence

import numpy as np

from its_camera_ai.core.geometry import line_side
from its_camera_ai.core.road import Direction
from its_camera_ai.core.scene import Line
from its_camera_ai.sim.agents import Agent
from its_camera_ai.sim.camera import PinholeCamera
from its_camera_ai.sim.renderer import cut_to, in_sight
from its_camera_ai.sim.sprites import PersonLook, Pose, vehicle_box
from its_camera_ai.sim.truth import TrueCrossing

Anchor = tuple[float, float]
_HALVINGS = 18
"""A tenth of a second halved so often is less than a microsecond."""


BODY_RADIUS_M = 0.12


class CrossingWatch:
    """Follows every body's anchor over the lines.

    The anchor of a vehicle is the bottom centre of its box in the picture. A walker's box sways
    with every step, which would cross a line to and fro; a walker's anchor is therefore that of
    the upright body, so that one walk over a line is one crossing.
    """

    def __init__(self, camera: PinholeCamera, lines: Sequence[Line]) -> None:
        self._camera = camera
        self._ids = [line.id for line in lines]
        ends = [line.pixels(camera.size_wh) for line in lines]
        self._starts = [e[0] for e in ends]
        self._ends = [e[1] for e in ends]
        self._ground = [camera.ground(end).tolist() for end in ends]
        self._known: dict[int, list[float]] = {}

    def observe(
        self, agents: Sequence[Agent], tick_start_ns: int, tick_ns: int
    ) -> list[TrueCrossing]:
        """What happened during the tick that began at ``tick_start_ns``, in order of time."""
        found: list[TrueCrossing] = []
        known: dict[int, list[float]] = {}
        for agent in agents:
            before = self._known.get(agent.id)
            if before is not None and agent.now is agent.before:
                known[agent.id] = before
                continue
            anchor = self._anchor(agent, agent.now) if self._near_a_line(agent) else None
            if anchor is None:
                continue
            sides = [self._side(k, anchor) for k in range(len(self._ids))]
            if before is not None:
                for k, (was, side) in enumerate(zip(before, sides, strict=True)):
                    if side == 0:
                        sides[k] = was
                    elif was * side < 0:
                        crossing = self._crossing(k, agent, was, tick_start_ns, tick_ns)
                        found += [] if crossing is None else [crossing]
            known[agent.id] = sides
        self._known = known
        return sorted(found, key=lambda c: (c.pts_ns, c.object_id, c.line_id))

    def _near_a_line(self, agent: Agent) -> bool:
        """Whether the anchor can be at a line: on the street it is never far from the body."""
        reach = agent.look.footprint_m[0] + agent.look.height_m + 3.0
        x, y = agent.now.x_m, agent.now.y_m
        for (ax, ay), (bx, by) in self._ground:
            dx, dy = bx - ax, by - ay
            share = ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy)
            share = max(0.0, min(1.0, share))
            if math.hypot(x - ax - share * dx, y - ay - share * dy) < reach:
                return True
        return False

    def _side(self, k: int, anchor: Anchor) -> float:
        return float(line_side(np.array([anchor]), self._starts[k], self._ends[k])[0])

    def _anchor(self, agent: Agent, pose: Pose) -> Anchor | None:
        if not in_sight(self._camera, agent.look, pose):
            return None
        if isinstance(agent.look, PersonLook):
            return self._standing_point(pose)
        view = vehicle_box(self._camera, agent.look, pose)
        box = None if view is None else cut_to(view.xyxy, self._camera.size_wh)
        return None if box is None else ((box[0] + box[2]) / 2, box[3])

    def _standing_point(self, pose: Pose) -> Anchor | None:
        """The foot of an upright body that is round from above, whatever its legs do."""
        eye = self._camera.viewpoint
        dx, dy = eye.x_m - pose.x_m, eye.y_m - pose.y_m
        nearer = BODY_RADIUS_M / max(math.hypot(dx, dy), BODY_RADIUS_M)
        place = np.array([[pose.x_m + dx * nearer, pose.y_m + dy * nearer, 0.0]])
        u, v, depth = self._camera.project(place)[0].tolist()
        width, height = self._camera.size_wh
        return (u, v) if depth > 0 and 0 <= u <= width and 0 <= v <= height else None

    def _crossing(
        self, k: int, agent: Agent, was: float, tick_start_ns: int, tick_ns: int
    ) -> TrueCrossing | None:
        low, high = 0.0, 1.0
        place: Anchor | None = None
        for _ in range(_HALVINGS):
            middle = (low + high) / 2
            anchor = self._anchor(agent, agent.pose(middle))
            if anchor is None:
                return None
            if self._side(k, anchor) * was > 0:
                low = middle
            else:
                high, place = middle, anchor
        if place is None:
            place = self._anchor(agent, agent.now)
        if place is None or not self._within(k, place):
            return None
        return TrueCrossing(
            self._ids[k],
            Direction.IN if was < 0 else Direction.OUT,
            agent.id,
            agent.class_id,
            tick_start_ns + round(high * tick_ns),
        )

    def _within(self, k: int, place: Anchor) -> bool:
        """Whether the place on the line lies between its ends."""
        start, end = self._starts[k], self._ends[k]
        along = end - start
        share = ((place[0] - start[0]) * along[0] + (place[1] - start[1]) * along[1]) / (
            along[0] ** 2 + along[1] ** 2
        )
        return bool(0 <= share <= 1)

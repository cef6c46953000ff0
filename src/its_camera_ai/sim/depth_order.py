"""Who stands before whom, from footprints on the street.

Two convex footprints that do not overlap are parted by one of their sides; whichever of the two
lies on the camera's side of it may cover the other, never the reverse.
"""

import math
from dataclasses import dataclass

from its_camera_ai.sim.paths import Point


@dataclass(frozen=True, slots=True)
class Footprint:
    """A rectangle on the street.

    Attributes:
        half: half length along the heading, half width, metres.
    """

    centre: Point
    heading: float
    half: Point

    def corners(self) -> tuple[Point, ...]:
        c, s = math.cos(self.heading), math.sin(self.heading)
        a, b = self.half
        x, y = self.centre
        return tuple(
            (x + c * u * a - s * v * b, y + s * u * a + c * v * b)
            for u, v in ((1, 1), (1, -1), (-1, -1), (-1, 1))
        )

    def holds(self, place: Point, margin_m: float = 0.0) -> bool:
        """Whether a place lies inside, or nearer than the margin to a side."""
        c, s = math.cos(self.heading), math.sin(self.heading)
        dx, dy = place[0] - self.centre[0], place[1] - self.centre[1]
        return (
            abs(c * dx + s * dy) < self.half[0] + margin_m
            and abs(c * dy - s * dx) < self.half[1] + margin_m
        )


def covers(near: Footprint, far: Footprint, eye: Point) -> bool | None:
    """True if ``near`` may cover ``far``, False for the reverse, None where neither can be told."""
    for rectangle, other, flip in ((near, far, False), (far, near, True)):
        c, s = math.cos(rectangle.heading), math.sin(rectangle.heading)
        x, y = rectangle.centre
        others = other.corners()
        for nx, ny, reach in (
            (c, s, rectangle.half[0]),
            (-c, -s, rectangle.half[0]),
            (-s, c, rectangle.half[1]),
            (s, -c, rectangle.half[1]),
        ):
            if all((px - x) * nx + (py - y) * ny >= reach - 1e-6 for px, py in others):
                eye_with_other = (eye[0] - x) * nx + (eye[1] - y) * ny >= reach
                return eye_with_other if flip else not eye_with_other
    return None


def far_to_near(
    footprints: list[Footprint],
    boxes: list[tuple[float, float, float, float]],
    eye: Point,
) -> list[int]:
    """Order of painting. Only bodies whose boxes overlap in the picture constrain each other; the
    rest go by distance, and so does a ring of bodies that each cover the next.

    Args:
        boxes: left, top, right, bottom in pixels of each footprint's body.
    """
    count = len(footprints)
    distance = [math.dist(f.centre, eye) for f in footprints]
    waits: list[set[int]] = [set() for _ in range(count)]
    for i in range(count):
        a = boxes[i]
        for j in range(i):
            b = boxes[j]
            if a[0] >= b[2] or b[0] >= a[2] or a[1] >= b[3] or b[1] >= a[3]:
                continue
            i_covers = covers(footprints[i], footprints[j], eye)
            if i_covers is None:
                i_covers = distance[i] < distance[j]
            waits[i if i_covers else j].add(j if i_covers else i)
    left = sorted(range(count), key=lambda i: (-distance[i], i))
    order: list[int] = []
    placed: set[int] = set()
    while left:
        pick = next((i for i in left if waits[i] <= placed), left[0])
        left.remove(pick)
        placed.add(pick)
        order.append(pick)
    return order

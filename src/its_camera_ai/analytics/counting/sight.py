"""What of a scene can't be seen in a picture of some size."""

from itertools import pairwise

import numpy as np

from its_camera_ai.analytics.counting.paths import Floats
from its_camera_ai.core.geometry import points_in_polygon
from its_camera_ai.core.scene import Scene


def out_of_sight(scene: Scene, size_wh: tuple[int, int]) -> list[str]:
    """Lines, zones and lanes that are not wholly inside the picture, each as a sentence that tells
    what to do. Pixels are those of the decoded frame, so this can be known only once there is one.

    Args:
        size_wh: of the decoded frame.

    >>> from its_camera_ai.core.picture_points import Unit
    >>> from its_camera_ai.core.scene import Line
    >>> far = Line("far", ((0, 900), (600, 900)), Unit.PX)
    >>> out_of_sight(Scene((far,)), (640, 480))[0][:49]
    "Line 'far' lies outside of the picture of 640x480"
    """
    width, height = size_wh
    found = []
    for kind, parts in (("Line", scene.lines), ("Zone", scene.zones), ("Lane", scene.lanes)):
        for part in parts:
            corners = part.pixels(size_wh)
            if (corners >= 0).all() and (corners <= size_wh).all():
                continue
            seen = _in_sight(corners, size_wh)
            what = "reaches out of" if seen else "lies outside of"
            end = "" if seen else ", so nothing will be counted there"
            found.append(
                f"{kind} '{part.id}' {what} the picture of {width}x{height} pixels{end}; check its "
                "points and unit, or draw it again on a live picture."
            )
    return found


def _in_sight(corners: Floats, size_wh: tuple[int, int]) -> bool:
    """Whether a segment, (2, 2), or polygon, (M, 2), shares a point with the picture."""
    closed = corners if len(corners) == 2 else np.concatenate([corners, corners[:1]])
    if any(_meets(a, b, size_wh) for a, b in pairwise(closed)):
        return True
    # A polygon whose edges all pass outside may still surround the whole picture.
    return len(corners) > 2 and bool(points_in_polygon(np.zeros((1, 2)), corners)[0])


def _meets(a: Floats, b: Floats, size_wh: tuple[int, int]) -> bool:
    """Whether the segment a–b meets the rectangle from (0, 0) to ``size_wh``: its stretches within
    the two bands have a part in common (Liang and Barsky, ACM Transactions on Graphics 3(1), 1984).
    """
    since, until = 0.0, 1.0
    for start, step, limit in zip(a, b - a, size_wh, strict=True):
        if step == 0:
            if not 0 <= start <= limit:
                return False
            continue
        near, far = sorted((-start / step, (limit - start) / step))
        since, until = max(since, near), min(until, far)
    return since <= until

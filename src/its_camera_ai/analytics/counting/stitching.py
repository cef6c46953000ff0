"""One road user whose track broke: the end of one path and the beginning of the next."""

import numpy as np

from its_camera_ai.analytics.counting.config import AnalyticsConfig
from its_camera_ai.analytics.counting.paths import Floats, Paths, Rows, Sightings
from its_camera_ai.core.detections import VEHICLES
from its_camera_ai.core.time import NS_PER_S

_VEHICLES = np.array([int(c) for c in VEHICLES])
_SLOW_H_S = 0.3
"""Below this speed, in box heights per second, direction means nothing."""


def broken_end(paths: Paths, row: int, second: Sightings, config: AnalyticsConfig) -> int | None:
    """The row of the ended track that ``row``, now seen for the second time, continues.

    The other must have been seen last shortly before ``row`` was first seen and never since; its
    speed must lead to where ``row`` began; size and class must agree, and the first step of
    ``row`` must not go against its direction.

    Args:
        paths: all known tracks. row: one with a single sighting so far.
        second: (1,) its second sighting.

    Returns:
        None where no track, or more than one equally near, fits.
    """
    born_ns = int(paths.born_ns[row])
    gap_s = (born_ns - paths.seen_ns) / NS_PER_S
    rows = np.flatnonzero(
        (gap_s > 0) & (gap_s <= config.stitch_s) & (paths.track_id >= 0) & (paths.sightings > 1)
    )
    if not len(rows):
        return None
    rows = rows[_same_kind(paths, rows, row)]
    height = paths.height
    ratio = np.abs(np.log(height[rows] / height[row]))
    moved, took_s = paths.trend(rows)
    speed = moved[:, 0] / np.maximum(took_s, 1e-9)[:, None]
    gap = gap_s[rows]
    off = paths.anchors[row, 0] - (paths.anchors[rows, 0] + speed * gap[:, None])
    fast = np.hypot(*speed.T)
    # A standing one is where it was: next to it stands another.
    reach = np.where(fast > _SLOW_H_S * height[row], config.stitch_h, config.stitch_h / 3)
    reach = reach * height[row] + 0.5 * fast * gap
    distance = np.hypot(*off.T)
    step_s = (second.pts_ns - born_ns) / NS_PER_S
    step = (second.anchors[0, 0] - paths.anchors[row, 0]) / step_s
    fits = (ratio <= config.stitch_log_size) & (distance <= reach)
    fits &= _agree(speed, step, float(height[row]))
    if not fits.any():
        return None
    rows, distance = rows[fits], distance[fits]
    return int(rows[distance.argmin()])


def _same_kind(paths: Paths, rows: Rows, row: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    mine = paths.class_id[row]
    same: np.ndarray[tuple[int], np.dtype[np.bool_]] = paths.class_id[rows] == mine
    if mine in _VEHICLES:
        same = np.isin(paths.class_id[rows], _VEHICLES)
    return same


def _agree(
    speed: Floats, step: Floats, height: float
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Whether (K, 2) px/s and (2,) px/s point the same way; slow ones agree with slow ones."""
    fast = np.hypot(*speed.T)
    mine = float(np.hypot(*step))
    slow = _SLOW_H_S * height
    aligned = speed @ step >= 0.5 * fast * mine
    agree: np.ndarray[tuple[int], np.dtype[np.bool_]] = np.where(
        (fast > slow) & (mine > slow), aligned, (fast <= slow) & (mine <= 3 * slow)
    )
    return agree

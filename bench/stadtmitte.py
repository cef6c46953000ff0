"""Speeds on TUD-Stadtmitte (MOT15): its boxes through a homography against its world columns.

The homography is fitted to four of the 1,156 pairs of foot point and world place, those farthest
out. A window is one second (26 pictures) of one person, beginning every tenth picture; its true
speed is the slope of a straight line through the world places. They carry the rounding of foot
points to whole pixels, so way over time between a window's ends strays by itself: the speed of the
same columns smoothed differs by 0.2 km/h from it. Both are given.
"""

from pathlib import Path

import numpy as np
import numpy.typing as npt

from its_camera_ai.analytics.road_users.users import RoadUsers
from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.core.ground import GroundPlane
from its_camera_ai.core.scene import Scene
from its_camera_ai.core.tracks import FrameTracks

Floats = npt.NDArray[np.float64]
SIZE_WH = (640, 480)
FPS = 25
STEP = 10
_FRAME, _ID, _LEFT, _TOP, _WIDTH, _HEIGHT, _X, _Y = 0, 1, 2, 3, 4, 5, 7, 8


def foot_points(rows: Floats) -> Floats:
    return np.stack(
        [rows[:, _LEFT] + rows[:, _WIDTH] / 2, rows[:, _TOP] + rows[:, _HEIGHT]], axis=1
    )


def plane_of_four(rows: Floats) -> GroundPlane:
    """Through the four foot points farthest to the corners (direct linear transform)."""
    foot, world = foot_points(rows), rows[:, [_X, _Y]]
    spread = (foot - foot.mean(axis=0)) / foot.std(axis=0)
    corners = np.array([[1, 1], [1, -1], [-1, 1], [-1, -1]])
    four = [int((spread @ corner).argmax()) for corner in corners]
    equations = []
    for (u, v), (x, y) in zip(foot[four], world[four], strict=True):
        equations.append([u, v, 1, 0, 0, 0, -x * u, -x * v, -x])
        equations.append([0, 0, 0, u, v, 1, -y * u, -y * v, -y])
    matrix = np.linalg.svd(np.array(equations))[2][-1].reshape(3, 3)
    matrix = matrix * np.sign(matrix[2] @ [*foot.mean(axis=0), 1.0])
    width, height = SIZE_WH
    valid = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)
    return GroundPlane(SIZE_WH, matrix.astype(np.float64), valid)


def tracked(rows: Floats, plane: GroundPlane) -> Floats:
    """(N, 2) where the road users' room puts each row."""
    users = RoadUsers("bench", Scene(), plane)
    places = np.full((len(rows), 2), np.nan)
    boxes = rows[:, [_LEFT, _TOP, _LEFT, _TOP]].copy()
    boxes[:, 2:] += rows[:, [_WIDTH, _HEIGHT]]
    for number in np.unique(rows[:, _FRAME]):
        index = np.flatnonzero(rows[:, _FRAME] == number)
        pts_ns = round(float(number) * 1e9 / FPS)
        frame = users.update(
            FrameTracks(
                pts_ns,
                pts_ns,
                SIZE_WH,
                rows[index, _ID].astype(np.int64),
                boxes[index].astype(np.float32),
                np.ones(len(index), np.float32),
                np.full(len(index), int(ObjectClass.PERSON), np.int8),
                np.ones(len(index), np.bool_),
                looks_per_s=FPS,
            )
        )
        places[index] = frame.xy_m
    return places


def windows(rows: Floats, places: Floats, *, ends_only: bool) -> Floats:
    """(W,) km/h of every window."""
    found = []
    for person in np.unique(rows[:, _ID]):
        index = np.flatnonzero(rows[:, _ID] == person)
        index = index[np.argsort(rows[index, _FRAME])]
        for begin in range(0, len(index) - FPS, STEP):
            part = index[begin : begin + FPS + 1]
            t_s = (rows[part, _FRAME] - rows[part[0], _FRAME]) / FPS
            if ends_only:
                way = (places[part[-1]] - places[part[0]]) / t_s[-1]
            else:
                way = np.polyfit(t_s, places[part], 1)[0]
            found.append(float(np.hypot(*way)) * 3.6)
    return np.array(found)


def measure(truth: Path) -> dict[str, float]:
    """Errors in km/h over all windows."""
    rows = np.loadtxt(truth, delimiter=",")
    plane = plane_of_four(rows)
    ours, world = tracked(rows, plane), rows[:, [_X, _Y]]
    raw = plane.to_world(foot_points(rows))
    result = {"windows": float(len(windows(rows, world, ends_only=False)))}
    for name, ends_only in (("slope", False), ("ends", True)):
        true = windows(rows, world, ends_only=ends_only)
        for who, places in (("ours", ours), ("bottom_centre", raw)):
            error = np.abs(windows(rows, places, ends_only=ends_only) - true)
            result[f"{who}_{name}_mae_kmh"] = round(float(error.mean()), 3)
            result[f"{who}_{name}_p95_kmh"] = round(float(np.percentile(error, 95)), 3)
    return result

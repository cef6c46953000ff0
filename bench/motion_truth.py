"""Which true crossings the motion gate saw coming, on real clips and on simulated streets."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from its_camera_ai.sim.street import open_street
from its_camera_ai.vision.motion import MotionGate

BEFORE_S = 2.0
STREET_S, STREET_FPS, STREET_SEED = 30.0, 10.0, 31
VISIBLE_MIN = 0.2

Box = tuple[float, float, float, float]


@dataclass(frozen=True)
class Clip:
    """A real clip and where its crossings happen.

    Attributes:
        near: part of the picture (x0, y0, x1, y1; pixels) that an object is in before it crosses.
        frames: at which they cross, by eye; empty where only their number is known.
        crossings: how many there are.
    """

    name: str
    near: Box
    frames: tuple[int, ...]
    crossings: int


CLIPS = (
    Clip("motorway_dvrscan", (150, 350, 1150, 470), (), 51),
    Clip("road_ozlu", (200, 170, 640, 260), (19, 75, 127, 178, 238, 419, 475, 712), 8),
    Clip("overhead_cars_intel", (0, 130, 768, 300), (78, 206, 208, 330), 4),
    Clip("room_one_by_one_intel", (380, 100, 600, 432), (190, 443, 690, 856, 1188, 1350), 6),
    Clip("walkway_handheld_ozlu", (273, 60, 400, 340), (82, 94, 210, 216), 4),
    Clip("plates_nz_kosni", (160, 90, 320, 240), (210, 798, 945, 1147, 1312), 5),
)


@dataclass(frozen=True)
class LostCrossings:
    """What became of the crossings of one source.

    Attributes:
        touched: mean over the crossings of the share of frames before the line, in view, with a
            box of the gate on the object (on real clips: on the approach to the line).
    """

    source: str
    weather: str
    crossings: int
    lost: int
    touched: float


def luma_of(path: Path) -> Iterator[tuple[int, Any]]:
    """Stream time in nanoseconds and luma plane (H, W) of every frame."""
    capture = cv2.VideoCapture(str(path))
    fps = capture.get(cv2.CAP_PROP_FPS)
    index = 0
    while True:
        read, frame = capture.read()
        if not read:
            return
        yield round(index / fps * 1e9), cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)
        index += 1


def touches(boxes: Any, box: Box) -> bool:
    """Whether one of the boxes (K, 4) lies on this one, wholly or in part."""
    if not len(boxes):
        return False
    low = np.maximum(boxes[:, :2], box[:2])
    high = np.minimum(boxes[:, 2:], box[2:])
    return bool((high > low).all(axis=1).any())


def clip_crossings(data: Path, clip: Clip) -> LostCrossings:
    """Crossings whose frame is known: seen if there was a box on the approach within a second
    before. Where only the number is known every second of the clip must have one.
    """
    gate: MotionGate | None = None
    seen, pts = [], []
    for pts_ns, luma in luma_of(data / "videos" / f"{clip.name}.mp4"):
        if gate is None:
            gate = MotionGate((luma.shape[1], luma.shape[0]))
        seen.append(touches(gate.update(luma, pts_ns).boxes, clip.near))
        pts.append(pts_ns / 1e9)
    second = round(1 / (pts[1] - pts[0]))
    if clip.frames:
        windows = [seen[max(0, frame - second) : frame + 1] for frame in clip.frames]
        lost = sum(not any(window) for window in windows)
    else:
        windows = [seen[k : k + second] for k in range(second, len(seen) - second, second)]
        lost = clip.crossings * (not all(any(window) for window in windows))
    touched = float(np.mean([np.mean(window) for window in windows]))
    return LostCrossings(clip.name, "", clip.crossings, lost, round(touched, 3))


def street_crossings(scene: str, weather: str) -> LostCrossings:
    """Every true crossing of a simulated street but those of the first second."""
    street = open_street(scene, weather=weather, fps=STREET_FPS, seed=STREET_SEED)
    gate = MotionGate(street.size_wh)
    in_view: dict[int, list[tuple[float, bool]]] = defaultdict(list)
    for index in range(round(STREET_S * STREET_FPS)):
        frame = street.frame(index)
        luma = np.asarray(cv2.cvtColor(frame.bgr, cv2.COLOR_BGR2GRAY), np.uint8)
        boxes = gate.update(luma, frame.pts_ns).boxes
        for thing in frame.truth:
            if thing.visible >= VISIBLE_MIN:
                in_view[thing.id].append((frame.pts_ns / 1e9, touches(boxes, thing.xyxy)))
    shares = []
    for crossing in street.crossings:
        until_s = crossing.pts_ns / 1e9
        views = [on for t_s, on in in_view[crossing.object_id] if -BEFORE_S < t_s - until_s <= 0]
        if until_s >= 1 and views:
            shares.append(float(np.mean(views)))
    touched = round(float(np.mean(shares)), 3) if shares else 0.0
    return LostCrossings(f"sim {scene}", weather, len(shares), shares.count(0.0), touched)

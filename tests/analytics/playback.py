"""Paths of anchors written by hand, played to the analytics as frames of tracks."""

import itertools
from collections.abc import Mapping, Sequence

import numpy as np

from its_camera_ai.analytics.counting.config import AnalyticsConfig
from its_camera_ai.analytics.counting.scene import SceneAnalytics
from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.core.events import Event
from its_camera_ai.core.picture_points import Unit
from its_camera_ai.core.scene import Line, Scene, Zone
from its_camera_ai.core.tracks import FrameTracks, Unknown

SIZE_WH = (640, 480)
STEP_NS = 40_000_000
GATE = Line("gate", ((100, 240), (500, 240)), Unit.PX)
PLAZA = Zone("plaza", ((200, 100), (400, 100), (400, 300), (200, 300)), Unit.PX)
WALL_NS = 1_700_000_000_000_000_000

Spot = tuple[float, float] | None
"""A bottom centre in px; None where the track is not seen."""


def analytics(*items: Line | Zone, config: AnalyticsConfig | None = None) -> SceneAnalytics:
    number = itertools.count()
    return SceneAnalytics(
        "cam",
        Scene(
            tuple(i for i in items if isinstance(i, Line)),
            tuple(i for i in items if isinstance(i, Zone)),
        ),
        lambda wall_ns: f"event-{next(number)}",
        config=config,
    )


def frame(
    spots: Sequence[tuple[int, Spot]],
    pts_ns: int,
    *,
    box_wh: tuple[float, float] = (40, 60),
    class_id: int = ObjectClass.CAR,
    unknown: Unknown | None = None,
    predicted: bool = False,
) -> FrameTracks:
    """One frame: (track id, bottom centre) each; ``predicted`` marks all boxes as not seen."""
    seen = [(i, s) for i, s in spots if s is not None]
    w, h = box_wh
    boxes = np.array([[x - w / 2, y - h, x + w / 2, y] for _, (x, y) in seen], np.float32)
    n = len(seen)
    return FrameTracks(
        pts_ns,
        pts_ns + WALL_NS,
        SIZE_WH,
        np.array([i for i, _ in seen], np.int64),
        boxes.reshape(n, 4),
        np.full(n, 0.8, np.float32),
        np.full(n, class_id, np.int8),
        np.full(n, not predicted and unknown is None),
        unknown,
    )


def play(
    scene: SceneAnalytics,
    paths: Mapping[int, Sequence[Spot]],
    *,
    step_ns: int = STEP_NS,
    start_ns: int = 0,
    box_wh: tuple[float, float] = (40, 60),
    class_id: int = ObjectClass.CAR,
    finish: bool = True,
) -> list[Event]:
    """Every path from the first frame on; a path that is shorter than others just ends."""
    events: list[Event] = []
    for k in range(max(len(path) for path in paths.values())):
        spots = [(i, path[k]) for i, path in paths.items() if k < len(path)]
        events += scene.update(
            frame(spots, start_ns + k * step_ns, box_wh=box_wh, class_id=class_id)
        )
    return events + scene.finish() if finish else events


def straight(a: tuple[float, float], b: tuple[float, float], steps: int) -> list[Spot]:
    """``steps`` + 1 spots evenly from a to b."""
    points = np.linspace(a, b, steps + 1)
    return [(float(x), float(y)) for x, y in points]


def directions(events: Sequence[Event], line: str = "gate") -> list[str]:
    return [str(e.detail["direction"]) for e in events if e.detail.get("line") == line]


def in_out(scene: SceneAnalytics, line: str = "gate") -> tuple[int, int]:
    counts = scene.counts().lines[line]
    return counts.inward.total, counts.outward.total

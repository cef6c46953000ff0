"""Crossings counted on a clip with looks at parts of frames, beside whole frames at the same rate.

No clock is in it: look k is at frame k × stride, whatever the machine, so it gives the same counts
everywhere.
"""

import itertools
from dataclasses import dataclass
from pathlib import Path

from its_camera_ai.analytics.counting.scene import SceneAnalytics
from its_camera_ai.core.picture_points import Unit
from its_camera_ai.core.scene import Anchor, Line, Scene
from its_camera_ai.tracking.tracker import Tracker
from its_camera_ai.video.files import open_video
from its_camera_ai.vision.attention import Attention
from its_camera_ai.vision.detector import DetectorModel
from its_camera_ai.vision.look_batch import Look, run_looks
from its_camera_ai.vision.motion import MotionGate
from its_camera_ai.vision.regions import RegionPlanner, region_sizes


@dataclass(frozen=True, slots=True)
class CountedClip:
    """A clip of the data folder with one line. Truth is in its ``labels/counts.json``."""

    file: str
    line: Line
    inward: int
    outward: int


def _line(a: tuple[float, float], b: tuple[float, float]) -> Line:
    return Line("line", (a, b), Unit.PX, Anchor.BOTTOM_CENTRE)


CLIPS = (
    CountedClip("motorway_dvrscan.mp4", _line((150, 430), (1150, 430)), 23, 28),
    CountedClip("road_ozlu.mp4", _line((200, 240), (640, 240)), 8, 0),
)


@dataclass(frozen=True, slots=True)
class Counted:
    """What one run counted, and what it looked at. ``input_share`` is the network's input pixels
    beside those of a whole frame at every look."""

    inward: int
    outward: int
    looks: int
    looks_full: int
    areas: int
    input_share: float


def count(
    clip: CountedClip,
    data: Path,
    model: DetectorModel,
    *,
    looks_per_s: float,
    full_look_s: float,
    object_min_px: float = 16.0,
) -> Counted:
    """Play a clip through gate, planner, detector, tracker and line.

    Args:
        full_look_s: 0 looks at whole frames only.
    """
    number = itertools.count()
    scene = SceneAnalytics("clip", Scene((clip.line,)), lambda _: str(next(number)))
    tracker, attention = Tracker(), Attention(full_look_s=full_look_s)
    detector = model.open(clip.file)
    video = open_video(data / "videos" / clip.file)
    gate, planner, stride = None, None, 1
    events, looks, full, areas, cost = [], 0, 0, 0, 0
    try:
        for k, frame in enumerate(video.frames()):
            if gate is None or planner is None:
                gate = MotionGate(frame.size_wh)
                sizes = () if model.areas is None else region_sizes(model.areas)
                planner = RegionPlanner(
                    frame.size_wh, model.info.input_wh, sizes, object_min_px=object_min_px
                )
                stride = max(1, round((video.info.video.fps or 25.0) / looks_per_s))
            attention.saw(gate.update(frame.luma(), frame.pts_ns), frame.pts_ns)
            if k % stride:
                continue
            plan = attention.take(planner, frame.pts_ns)
            known = attention.tracks_at(frame.pts_ns)
            look = Look(
                "clip", model, detector, frame.bgr(), frame.pts_ns, frame.pts_ns, plan, known, 0
            )
            found = run_looks([look], lambda: 0.0)[0].found
            assert found is not None, "the detector failed"
            looked_xyxy = None if plan.is_full else plan.looked_xyxy()
            tracks = tracker.update(
                found, frame.pts_ns, frame.pts_ns, frame.size_wh, looked_xyxy=looked_xyxy
            )
            attention.follow(tracks)
            events += scene.update(tracks)
            looks, full = looks + 1, full + plan.is_full
            areas, cost = areas + len(plan.areas), cost + plan.cost_px
    finally:
        video.close()
    events += scene.finish()
    ways = [event.detail["direction"] for event in events]
    share = cost / (looks * planner.full.cost_px) if planner is not None and looks else 0.0
    return Counted(ways.count("in"), ways.count("out"), looks, full, areas, share)

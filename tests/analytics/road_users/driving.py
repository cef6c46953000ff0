"""What the tests of this room share: a camera over a road, and tracks made by hand."""

from collections.abc import Iterator

import numpy as np

from bench.driven import SIZE_WH, VIEWS, Drive, exact_plane, frames, road_scene
from its_camera_ai.analytics.counting.scene import SceneAnalytics
from its_camera_ai.analytics.road_users.config import RoadUsersConfig
from its_camera_ai.analytics.road_users.users import RoadUsers
from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.core.events import Event, EventKind
from its_camera_ai.core.road_users import Passage, RoadFrame
from its_camera_ai.core.tracks import FrameTracks, Unknown
from its_camera_ai.sim.camera import PinholeCamera

VIEW = "mast"
CAMERA = PinholeCamera(VIEWS[VIEW], SIZE_WH)
PLANE = exact_plane(CAMERA)
SCENE = road_scene(CAMERA, VIEW)
CAR_M = (4.5, 1.8, 1.5)


def car(
    track_id: int = 1,
    kmh: float = 50.0,
    *,
    forward: bool = True,
    begin_s: float = 0.0,
    kind: ObjectClass = ObjectClass.CAR,
    dims_m: tuple[float, float, float] = CAR_M,
    accel: float = 0.0,
    begin_m: float | None = None,
) -> Drive:
    """On the middle of its lane, from one end of the view to the other."""
    if begin_m is None:
        begin_m = 0.0 if forward else 60.0
    x_m = 6.0 if forward else 2.0
    return Drive(track_id, kind, x_m, forward, begin_s, begin_m, kmh / 3.6, accel, dims_m)


def looks(
    drives: list[Drive], until_s: float, *, every_s: float = 0.1, noise_px: float = 0.5
) -> Iterator[FrameTracks]:
    times_s = np.arange(0.0, until_s, every_s)
    yield from frames(CAMERA, drives, times_s, noise_px, np.random.default_rng(3))


def users(config: RoadUsersConfig | None = None) -> RoadUsers:
    return RoadUsers("cam", SCENE, PLANE, config=config)


def run(room: RoadUsers, drives: list[Drive], until_s: float, **how: float) -> list[Passage]:
    """Count and measure; the passages."""
    counting, found = SceneAnalytics("cam", SCENE, lambda _: ""), []
    for tracks in looks(drives, until_s, **how):
        events = counting.update(tracks)
        room.update(tracks)
        found += [room.passage(e) for e in events if e.kind is EventKind.LINE_CROSSED]
    return found


def crossed(tracks: FrameTracks, track_id: int, line: str = "line") -> Event:
    """As if counting had seen this track pass in this frame."""
    detail: dict[str, object] = {"line": line, "direction": "in", "class": "car"}
    kind = EventKind.LINE_CROSSED
    return Event("", kind, "cam", tracks.pts_ns, tracks.wall_ns, track_id, detail)


def row_of(frame: RoadFrame, track_id: int) -> int:
    return int(np.flatnonzero(frame.track_id == track_id)[0])


def nothing(pts_ns: int, unknown: Unknown | None = None) -> FrameTracks:
    return FrameTracks.nothing(pts_ns, pts_ns, SIZE_WH, unknown)

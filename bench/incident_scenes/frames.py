"""A road world as incident rules are given it: from the truth itself, or from its boxes."""

import math
from collections.abc import Mapping
from itertools import count

import numpy as np

from its_camera_ai.analytics.counting.scene import SceneAnalytics
from its_camera_ai.analytics.incidents.places import Places
from its_camera_ai.analytics.road_users.users import RoadUsers
from its_camera_ai.core.calibration import Calibration
from its_camera_ai.core.events import EventKind
from its_camera_ai.core.ground import GroundPlane
from its_camera_ai.core.road_users import Passage, RoadFrame
from its_camera_ai.core.scene import Scene
from its_camera_ai.core.signals import SignalReading
from its_camera_ai.core.tracks import FrameTracks, Unknown
from its_camera_ai.sim.camera import PinholeCamera
from its_camera_ai.sim.road.truth import RoadTruth


def plane_of(camera: PinholeCamera, calibration: Calibration | None) -> GroundPlane:
    """The exact ground plane of a simulated camera, valid where its calibration says."""
    inverse = np.asarray(np.linalg.inv(camera.homography), np.float64)
    width, height = camera.size_wh
    if (inverse @ np.array([width / 2, height - 1.0, 1.0]))[2] < 0:
        inverse = -inverse
    whole = ((0.0, 0.0), (width, 0.0), (width, height), (0.0, height))
    corners = calibration.valid if calibration is not None and calibration.valid else whole
    return GroundPlane(camera.size_wh, inverse, np.asarray(corners, np.float64))


class TruthFrames:
    """Rows are those at least half of whose box can be seen, the others are predictions."""

    def __init__(
        self, scene: Scene, plane: GroundPlane, *, calibrated: bool = True, seen_min: float = 0.5
    ) -> None:
        self._plane, self._calibrated, self._seen_min = plane, calibrated, seen_min
        self._places = Places.of(scene, plane, plane.size_wh)
        self._since: dict[int, int] = {}

    def frame(
        self,
        truth: RoadTruth,
        *,
        unknown: Unknown | None = None,
        renamed: Mapping[int, int] | None = None,
    ) -> RoadFrame:
        """
        Args:
            renamed: object id → the track id under which it goes.
        """
        inside = np.flatnonzero(truth.in_picture)
        px = self._plane.to_image(truth.xy_m[inside])
        valid = self._plane.is_valid(px) & self._calibrated
        n = len(inside)
        ids = truth.id[inside].astype(np.int64)
        if renamed:
            ids = np.array([renamed.get(i, i) for i in ids.tolist()], np.int64)
        since = [self._since.setdefault(i, truth.pts_ns) for i in ids.tolist()]
        in_lane, _ = self._places.holding(px, truth.xyxy[inside].astype(np.float32))
        lane = np.where(in_lane.any(axis=1), in_lane.argmax(axis=1), -1) if n else np.zeros(0)
        nowhere = np.full((n, 2), math.nan)
        known = self._calibrated
        return RoadFrame(
            "sim",
            truth.pts_ns,
            truth.wall_ns,
            unknown,
            1 / 0.1,
            ids,
            truth.class_id[inside].astype(np.int8),
            np.ones(n),
            truth.visible[inside] >= self._seen_min,
            valid,
            truth.xyxy[inside].astype(np.float32),
            truth.xy_m[inside] if known else nowhere,
            truth.velocity_mps[inside] if known else nowhere,
            np.full(n, 0.1),
            np.full(n, 0.1),
            truth.heading_rad[inside] if known else nowhere[:, 0],
            truth.dims_m[inside, 0] if known else nowhere[:, 0],
            truth.dims_m[inside, 1] if known else nowhere[:, 0],
            lane.astype(np.int16),
            truth.along_m[inside] if known else nowhere[:, 0],
            (truth.pts_ns - np.asarray(since, np.int64)) / 1e9,
            self._plane.size_wh,
        )


class BoxFrames:
    """True boxes, a pixel of noise on each edge, through counting and the road users' filters.

    Boxes less than half of which can be seen are not detected; ids are the true ones.
    """

    def __init__(
        self, scene: Scene, plane: GroundPlane, *, seed: int, noise_px: float = 1.0
    ) -> None:
        numbers = count(1)
        self._size_wh = plane.size_wh
        self._counting = SceneAnalytics("sim", scene, lambda _: str(next(numbers)))
        self._users = RoadUsers("sim", scene, plane)
        self._rng, self._noise_px = np.random.default_rng(seed), noise_px

    def frame(self, truth: RoadTruth) -> tuple[RoadFrame, list[Passage]]:
        seen = np.flatnonzero(truth.in_picture & (truth.visible >= 0.5))
        boxes = truth.xyxy[seen]
        boxes = boxes + self._rng.normal(0, self._noise_px, boxes.shape)
        n = len(seen)
        tracks = FrameTracks(
            truth.pts_ns,
            truth.wall_ns,
            self._size_wh,
            truth.id[seen].astype(np.int64),
            boxes.astype(np.float32),
            np.full(n, 0.9, np.float32),
            truth.class_id[seen].astype(np.int8),
            np.ones(n, bool),
            looks_per_s=10.0,
            class_share=np.ones(n, np.float32),
        )
        events = self._counting.update(tracks)
        frame = self._users.update(tracks)
        crossed = [event for event in events if event.kind is EventKind.LINE_CROSSED]
        return frame, [self._users.passage(event) for event in crossed]


class Readings:
    """The signals of a world as readings, each since when it holds."""

    def __init__(self) -> None:
        self._now: dict[str, SignalReading] = {}

    def at(self, truth: RoadTruth) -> Mapping[str, SignalReading]:
        for head, state in truth.signals.items():
            if head not in self._now or self._now[head].state is not state:
                self._now[head] = SignalReading(head, state, truth.wall_ns)
        return dict(self._now)

"""What is measured along lanes: Edie's sums, presence over detectors, queues, delays."""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from its_camera_ai.analytics.intervals.lane_axes import LaneAxes
from its_camera_ai.analytics.intervals.lane_motion import LaneMotion, lane_motion
from its_camera_ai.analytics.intervals.minutes import LaneSums, Minute
from its_camera_ai.analytics.intervals.zone_stays import union
from its_camera_ai.analytics.measures.delay import delay_s
from its_camera_ai.analytics.measures.queue import VISSIM, QueueRule, Queues, step_frame
from its_camera_ai.core.ground import GroundPlane
from its_camera_ai.core.intervals import Place, PlaceKind, Tally
from its_camera_ai.core.road_users import Passage, RoadFrame
from its_camera_ai.core.scene import Scene
from its_camera_ai.core.time import NS_PER_S

FORGET_NS = 300 * NS_PER_S
"""How long after it came in a vehicle that is not seen any more can still have a delay."""


class LaneBook:
    """All lanes of one scene. Without calibration only how many vehicles were in each of them."""

    def __init__(self, scene: Scene, plane: GroundPlane | None, rule: QueueRule = VISSIM) -> None:
        self._lanes = scene.lanes
        self._plane = plane
        self._axes = None if plane is None else LaneAxes.of(scene, plane)
        self._rule = rule
        self._queues = Queues.none(len(scene.lanes))
        self._came: dict[int, tuple[int, int, float]] = {}  # track: lane, pts_ns, along_m
        detectors = () if self._axes is None else self._axes.detectors
        self._lines = tuple(dict.fromkeys(d.line for d in detectors if d.line))
        self._line_of = [self._lines.index(d.line) if d.line else -1 for d in detectors]

    def sums(self) -> LaneSums:
        """Room for a minute."""
        return LaneSums.none(len(self._lanes), len(self._line_of), len(self._lines))

    @property
    def length_m(self) -> list[float]:
        """Of each lane's measurable part; 0 without."""
        return [0.0] * len(self._lanes) if self._axes is None else self._axes.length_m.tolist()

    def own_line(self, lane: int) -> str:
        """The line under which the lane's own detector lies; its stop line without calibration."""
        if self._axes is None:
            return self._lanes[lane].stop_line
        own = int(self._axes.own[lane])
        return self._axes.detectors[own].line if own >= 0 else ""

    def doubted(self, frame: RoadFrame) -> bool:
        """Whether the calibration is in doubt: nobody has a valid place, though at least one
        stands inside the validity polygon. Then the lanes are unknown, not empty."""
        if self._plane is None or not len(frame) or frame.valid.any():
            return False
        feet = np.stack([frame.xyxy[:, [0, 2]].mean(axis=1), frame.xyxy[:, 3]], axis=1)
        return bool(self._plane.is_valid(feet.astype(np.float64)).any())

    def between(
        self,
        before: RoadFrame,
        now: RoadFrame,
        dt_s: float,
        parts: Sequence[tuple[Minute, float, float]],
    ) -> None:
        """Sum up the time between two known looks into its minutes; see ``Minutes.split``."""
        if self._axes is None:
            self._count(before, now, dt_s, parts)
            return
        if len(before) or len(now):
            motion = lane_motion(before, now, self._axes, dt_s)
            self._remember(motion, now.pts_ns)
            for minute, since_u, until_u in parts:
                self._add(minute.lanes, motion, since_u, until_u)
        for minute, since_u, until_u in parts:
            sums, part_s = minute.lanes, (until_u - since_u) * dt_s
            sums.looked_s += part_s
            length = self._queues.length_m
            sums.queue_m_s += length * part_s
            sums.queued_s += (self._queues.vehicles > 0) * part_s
            np.maximum(sums.queue_max_m, length, out=sums.queue_max_m)

    def look(self, frame: RoadFrame) -> None:
        """The queues from now on."""
        if self._axes is not None:
            self._queues = step_frame(self._queues, frame, self._rule)

    def delay_s(self, passage: Passage) -> float | None:
        """Of a vehicle that passed the detector of its lane, against the lane's speed limit; None
        where it was not seen coming in, or there is no limit."""
        came = self._came.get(passage.track_id)
        if came is None or self._axes is None:
            return None
        number, pts_ns, along_m = came
        lane, own = self._lanes[number], int(self._axes.own[number])
        if lane.id != passage.lane or not lane.speed_limit_kmh or own < 0:
            return None
        detector = self._axes.detectors[own]
        travel_s = (passage.pts_ns - pts_ns) / NS_PER_S
        if detector.line != passage.line or travel_s <= 0 or detector.at_m <= along_m:
            return None
        return delay_s(travel_s, detector.at_m - along_m, lane.speed_limit_kmh)

    def joined(self, before: int, now: int) -> None:
        """The track ``before`` goes on as ``now``."""
        came = self._came.pop(before, None)
        if came is not None:
            self._came[now] = came

    def forget(self, frame: RoadFrame) -> None:
        """Drop what is kept of vehicles that are gone."""
        here = set(frame.track_id.tolist())
        since_ns = frame.pts_ns - FORGET_NS
        self._came = {
            track_id: came
            for track_id, came in self._came.items()
            if track_id in here or came[1] > since_ns
        }

    def restart(self) -> None:
        """Tracks and stream time begin anew."""
        self._came.clear()
        self._queues = Queues.none(len(self._lanes))

    def fill(self, tally: Tally, place: Place, sums: LaneSums) -> None:
        """Put a minute's sums of a lane, or the presence at a line, into its tally."""
        if place.kind is PlaceKind.LINE:
            tally.present_s = self._line_present_s(place, sums)
        if place.kind is not PlaceKind.LANE:
            return
        lane = next(n for n, lane in enumerate(self._lanes) if lane.id == place.id)
        for name in ("vehicle_s", "vehicle_m", "queue_m_s", "queue_max_m", "queued_s"):
            setattr(tally, name, float(getattr(sums, name)[lane]))
        if self._axes is not None:
            tally.looked_s = sums.looked_s
            own = int(self._axes.own[lane])
            tally.present_s = float(sums.detector_s[own]) if own >= 0 else 0.0

    def _line_present_s(self, place: Place, sums: LaneSums) -> float:
        if self._axes is None or place.id not in self._lines:
            return 0.0
        if not place.lane:
            return float(sums.line_s[self._lines.index(place.id)])
        for number, detector in enumerate(self._axes.detectors):
            if detector.line == place.id and self._lanes[detector.lane].id == place.lane:
                return float(sums.detector_s[number])
        return 0.0

    def _count(
        self,
        before: RoadFrame,
        now: RoadFrame,
        dt_s: float,
        parts: Sequence[tuple[Minute, float, float]],
    ) -> None:
        both = np.concatenate([before.lane[before.lane >= 0], now.lane[now.lane >= 0]])
        vehicles = np.bincount(both, minlength=len(self._lanes)) / 2
        for minute, since_u, until_u in parts:
            minute.lanes.vehicle_s += vehicles * (until_u - since_u) * dt_s

    def _remember(self, motion: LaneMotion, now_pts_ns: int) -> None:
        for k in np.flatnonzero(motion.entered):
            ago_s = (1 - motion.since_u[k]) * motion.dt_s + motion.recalled_s[k]
            came_ns = now_pts_ns - round(float(ago_s) * NS_PER_S)
            where = float(motion.along_m[k])
            self._came[int(motion.track_id[k])] = (int(motion.lane[k]), came_ns, where)

    def _add(self, sums: LaneSums, motion: LaneMotion, since_u: float, until_u: float) -> None:
        lanes = len(self._lanes)
        sums.vehicle_s += motion.vehicle_s(since_u, until_u, lanes)
        sums.vehicle_m += motion.vehicle_m(since_u, until_u, lanes)
        at_detector: dict[int, list[tuple[float, float]]] = defaultdict(list)
        at_line: dict[int, list[tuple[float, float]]] = defaultdict(list)
        for detector, since, until in motion.covered(since_u, until_u):
            at_detector[detector].append((since, until))
            if self._line_of[detector] >= 0:
                at_line[self._line_of[detector]].append((since, until))
        for all_spans, present_s in ((at_detector, sums.detector_s), (at_line, sums.line_s)):
            for number, spans in all_spans.items():
                covered = sum(b - a for a, b in union(sorted(spans)))
                present_s[number] += covered * motion.dt_s

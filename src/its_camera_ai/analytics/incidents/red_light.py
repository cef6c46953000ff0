"""Vehicles that pass the stop line while their signal head shows red."""

from collections.abc import Iterator, Sequence

import numpy as np

from its_camera_ai.analytics.incidents.finding import Finding
from its_camera_ai.analytics.incidents.limits import IncidentLimits
from its_camera_ai.analytics.incidents.memory import TrackMemory
from its_camera_ai.analytics.incidents.signal_log import SignalLog
from its_camera_ai.analytics.incidents.view import BODY_M
from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.core.ground import GroundPlane
from its_camera_ai.core.incidents import IncidentKind
from its_camera_ai.core.road import SignalHead, SignalSource
from its_camera_ai.core.road_users import Passage
from its_camera_ai.core.scene import Scene
from its_camera_ai.core.signals import SignalState
from its_camera_ai.core.time import NS_PER_S

_MOTOR_LABELS = frozenset({"car", "bus", "truck", "motorcycle"})
_KEPT_S = 3.0
_SLOW_MPS, _BODY_MAX_S = 5.0, 3.0
"""Speed of a passage without one, and the longest that a body may take over the line."""
_GRADES_S = (2.0, 5.0)
"""Longer into red than these is a grade worse each."""


class RedLight:
    """The moment that counts is that of the front. Where the track on the ground tells it, that is
    taken; else it is as early as the body is long, in the driver's favour.

    Judges a passage once the readings that may still come late are in.

    Waiting ends just before ``late_s`` is over, so that it is told within that time; a red reading
    that comes later still counts for a while. ``UNKNOWN`` and ``DARK`` are never red.
    """

    def __init__(self, scene: Scene, plane: GroundPlane | None, limits: IncidentLimits) -> None:
        self._limits = limits
        self._lines_m = (
            {line.id: plane.to_world(line.pixels(plane.size_wh)) for line in scene.lines}
            if plane is not None
            else {}
        )
        # a tall body seen at an angle may pass its neighbours' line in the picture
        self._stop_of = {lane.id: lane.stop_line for lane in scene.lanes if lane.stop_line}
        self._heads: dict[str, list[SignalHead]] = {}
        for head in scene.signals:
            for side in head.governs:
                self._heads.setdefault(str(side), []).append(head)
        self._open: list[tuple[Passage, int, SignalHead]] = []
        self._before_ns: int | None = None

    def update(
        self,
        passages: Sequence[Passage],
        log: SignalLog,
        memory: TrackMemory,
        pts_ns: int,
        wall_ns: int,
    ) -> Iterator[Finding]:
        """Also for frames that were not looked at: the passages came earlier."""
        step_ns = 0 if self._before_ns is None else min(pts_ns - self._before_ns, NS_PER_S // 2)
        self._before_ns = pts_ns
        for passage in passages:
            elsewhere = self._stop_of.get(passage.lane, passage.line) != passage.line
            if passage.vehicle.label in _MOTOR_LABELS and not elsewhere:
                governing = self._heads.get(f"{passage.line}:{passage.direction}", [])
                if governing:
                    lead_ns = round(self._lead_s(passage, memory) * NS_PER_S)
                    self._open += [(passage, lead_ns, head) for head in governing]
        left = []
        for passage, lead_ns, head in self._open:
            late_s = (
                self._limits.signal_late_s
                if head.source is SignalSource.INPUT
                else self._limits.lamps_late_s
            )
            if wall_ns + step_ns < passage.wall_ns - lead_ns + late_s * NS_PER_S:
                left.append((passage, lead_ns, head))
                continue
            finding = self._judged(passage, lead_ns, head, log)
            if finding is not None:
                yield finding
            elif wall_ns < passage.wall_ns - lead_ns + _KEPT_S * NS_PER_S:
                left.append((passage, lead_ns, head))
        self._open = left

    def _lead_s(self, passage: Passage, memory: TrackMemory) -> float:
        """How long before the passage the body's front came over the line, 0 or more."""
        kind = ObjectClass[passage.vehicle.label.upper()]
        length_m = passage.vehicle.length_m or float(BODY_M[kind, 0])
        speed_mps = _SLOW_MPS if passage.speed is None else passage.speed.kmh / 3.6
        longest_s = min(length_m / max(speed_mps, 0.1), _BODY_MAX_S)
        ends_m = self._lines_m.get(passage.line)
        slot = memory.slot_of(passage.track_id)
        if ends_m is None or slot is None or not memory.table["metric"][slot]:
            return longest_s
        at_ns, places, way_rad = memory.path(slot)
        front = places + length_m / 2 * np.stack([np.cos(way_rad), np.sin(way_rad)], axis=1)
        along = ends_m[1] - ends_m[0]
        side = along[0] * (front[:, 1] - ends_m[0, 1]) - along[1] * (front[:, 0] - ends_m[0, 0])
        over = np.flatnonzero(np.signbit(side[:-1]) != np.signbit(side[1:]))
        if not len(over) or not np.isfinite(side).all():
            return longest_s
        k = int(over[-1])
        share = float(side[k] / (side[k] - side[k + 1]))
        crossed_ns = int(at_ns[k]) + share * int(at_ns[k + 1] - at_ns[k])
        return float(np.clip((passage.pts_ns - crossed_ns) / NS_PER_S, 0.0, longest_s))

    def _judged(
        self, passage: Passage, lead_ns: int, head: SignalHead, log: SignalLog
    ) -> Finding | None:
        front_ns = passage.wall_ns - lead_ns
        if any(
            log.state_at(head.id, at_ns) is not SignalState.RED
            for at_ns in (front_ns, passage.wall_ns)
        ):
            return None
        red_s = log.lasted_s(head.id, front_ns)
        if red_s <= head.grace_s:
            return None
        speed = passage.speed
        at = f" at {speed.kmh:.0f} km/h" if speed is not None else ""
        facts: dict[str, object] = {
            "red_s": round(red_s, 2),
            "grace_s": head.grace_s,
            "line": passage.line,
        }
        if speed is not None:
            facts["speed_kmh"] = round(speed.kmh, 1)
        return Finding(
            IncidentKind.RED_LIGHT,
            (head.id, passage.track_id),
            head.id,
            (passage.track_id,),
            passage.pts_ns - lead_ns,
            passage.pts_ns - lead_ns,
            sum(red_s >= limit_s for limit_s in _GRADES_S),
            f"{passage.vehicle.label} {passage.track_id} passed {passage.line}{at} {red_s:.1f} s "
            f"after {head.id} had turned red ({head.grace_s:g} s are allowed).",
            facts,
        )

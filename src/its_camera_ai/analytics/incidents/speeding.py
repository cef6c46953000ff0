"""Vehicles that are faster than their lane's limit beyond doubt."""

from collections.abc import Iterator, Sequence

from its_camera_ai.analytics.incidents.finding import Finding
from its_camera_ai.analytics.incidents.limits import IncidentLimits
from its_camera_ai.core.incidents import IncidentKind
from its_camera_ai.core.road_users import Passage
from its_camera_ai.core.scene import Scene

_GRADES = (0.2, 0.4)
"""Faster than the limit by more than these shares is a grade worse each."""


class Speeding:
    """A passage whose whole 95 % confidence interval lies above the limit."""

    def __init__(self, scene: Scene, limits: IncidentLimits) -> None:
        self._over_kmh = limits.speeding_over_kmh
        self._limit_kmh = {
            lane.id: lane.speed_limit_kmh for lane in scene.lanes if lane.speed_limit_kmh
        }

    def update(self, passages: Sequence[Passage]) -> Iterator[Finding]:
        for passage in passages:
            limit_kmh, speed = self._limit_kmh.get(passage.lane), passage.speed
            if limit_kmh is None or speed is None or speed.low_kmh <= limit_kmh + self._over_kmh:
                continue
            yield Finding(
                IncidentKind.SPEEDING,
                passage.track_id,
                passage.lane,
                (passage.track_id,),
                passage.pts_ns,
                passage.pts_ns,
                sum(speed.low_kmh > limit_kmh * (1 + share) for share in _GRADES),
                f"{passage.vehicle.label} {passage.track_id} passed {passage.line} at "
                f"{speed.kmh:.1f} km/h, at least {speed.low_kmh:.1f} km/h with 95 % confidence; "
                f"lane {passage.lane} allows {limit_kmh:g} km/h.",
                {
                    "speed_kmh": round(speed.kmh, 1),
                    "low_kmh": round(speed.low_kmh, 1),
                    "high_kmh": round(speed.high_kmh, 1),
                    "limit_kmh": limit_kmh,
                    "line": passage.line,
                },
            )

"""The per-vehicle record at a line."""

import math

import numpy as np

from its_camera_ai.analytics.road_users import history
from its_camera_ai.analytics.road_users.config import RoadUsersConfig
from its_camera_ai.analytics.road_users.facts import NOTHING_KNOWN, vehicle_facts
from its_camera_ai.analytics.road_users.fitting import Fitter
from its_camera_ai.analytics.road_users.headways import Headways, Passing
from its_camera_ai.analytics.road_users.path_fit import HEADING, LENGTH, SPEED, PathFit, X, Y
from its_camera_ai.analytics.road_users.roster import Floats, Roster
from its_camera_ai.analytics.road_users.spot_speed import KMH, SpotSpeed, spot_speed
from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.core.events import Event
from its_camera_ai.core.ground import GroundPlane
from its_camera_ai.core.road import Direction
from its_camera_ai.core.road_users import Passage, VehicleFacts
from its_camera_ai.core.scene import Anchor, Scene
from its_camera_ai.core.time import NS_PER_S

NO_CALIBRATION = "no calibration"
_FOLLOWERS = frozenset(
    {
        ObjectClass.BICYCLE.label,
        ObjectClass.MOTORCYCLE.label,
        ObjectClass.CAR.label,
        ObjectClass.BUS.label,
        ObjectClass.TRUCK.label,
    }
)
_FRONT_S_MAX = 3.0
_SQUARE_MIN = 0.2


class Passages:
    """Makes passages of crossings.

    Args:
        fitter: None where nothing is known in metres; then ``problem`` tells why.
    """

    def __init__(
        self,
        camera_id: str,
        scene: Scene,
        size_wh: tuple[int, int],
        plane: GroundPlane | None,
        fitter: Fitter | None,
        headways: Headways,
        config: RoadUsersConfig,
    ) -> None:
        self._camera_id = camera_id
        self._scene = scene
        self._plane = plane
        self._fitter = fitter
        self._headways = headways
        self._config = config
        self._ends_px = {line.id: line.pixels(size_wh) for line in scene.lines}
        self._on_ground = {line.id for line in scene.lines if line.anchor is Anchor.BOTTOM_CENTRE}

    def of(self, event: Event, roster: Roster, problem: str) -> Passage:
        """The record of one crossing.

        Args:
            event: kind ``LINE_CROSSED``.
            roster: the tracks as they are in the frame that decided it.
            problem: why nothing can be measured now, in words; empty if it can.
        """
        line, direction = str(event.detail["line"]), Direction(str(event.detail["direction"]))
        slot = None if event.track_id is None else roster.slot(event.track_id)
        lane, speed, front_ns, facts = "", SpotSpeed(None, problem), None, NOTHING_KNOWN
        if slot is None:
            facts = VehicleFacts(str(event.detail.get("class", NOTHING_KNOWN.label)), 0.0)
            speed = SpotSpeed(None, problem or "the track is not known any more")
        else:
            index = history.lane_at(roster, slot, event.pts_ns)
            lane = self._scene.lanes[index].id if index >= 0 else ""
            if not problem:
                speed, front_ns = self._measure(event, line, slot)
            facts = vehicle_facts(roster, slot, self._config)
        headway_s = gap_s = None
        if facts.label in _FOLLOWERS:
            clear_s = None
            if facts.length_m is not None and speed.estimate and speed.estimate.kmh > 0:
                clear_s = facts.length_m / (speed.estimate.kmh / KMH)
            headway_s, gap_s = self._headways.add(
                line, direction, lane, Passing(event.pts_ns, front_ns, clear_s)
            )
        decided_after_s = event.detail.get("decided_after_s", 0.0)
        return Passage(
            self._camera_id,
            line,
            direction,
            event.pts_ns,
            event.wall_ns,
            -1 if event.track_id is None else event.track_id,
            facts,
            lane,
            speed.estimate,
            speed.problem,
            headway_s,
            gap_s,
            float(decided_after_s) if isinstance(decided_after_s, int | float) else 0.0,
        )

    def _measure(self, event: Event, line: str, slot: int) -> tuple[SpotSpeed, int | None]:
        if self._fitter is None or self._plane is None:
            return SpotSpeed(None, NO_CALIBRATION), None
        fit = self._fitter.at(slot, event.pts_ns)
        if isinstance(fit, str):
            return SpotSpeed(None, fit), None
        where = self._plane.to_image(fit.state[:1, [X, Y]])
        if not (np.isfinite(where).all() and self._plane.is_valid(where)[0]):
            return SpotSpeed(None, "outside the calibrated area"), None
        speed = spot_speed(fit, 0, self._plane.scale_sd, self._config)
        return speed, self._front_ns(event, line, fit)

    def _front_ns(self, event: Event, line: str, fit: PathFit) -> int | None:
        """When the front of the body was over the line: its way to the line over its speed."""
        ends = self._ends_px.get(line)
        if self._plane is None or ends is None or line not in self._on_ground:
            return None
        start, end = self._plane.to_world(ends)
        x, y, heading, mps = (float(fit.state[0, i]) for i in (X, Y, HEADING, SPEED))
        ahead: Floats = np.array([math.cos(heading), math.sin(heading)])
        along = (end - start) / np.hypot(*(end - start))
        square = float(ahead[0] * along[1] - ahead[1] * along[0])
        if not abs(square) > _SQUARE_MIN or not mps > 0:
            return None
        to_start = start - np.array([x, y]) - ahead * float(fit.state[0, LENGTH]) / 2
        way_m = float(to_start[0] * along[1] - to_start[1] * along[0]) / square
        after_s = way_m / mps
        if not abs(after_s) <= _FRONT_S_MAX:
            return None
        return event.pts_ns + round(after_s * NS_PER_S)

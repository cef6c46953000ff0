"""Road users, passages and signals → incidents. See ``docs/incidents.md`` for the exact rules."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from its_camera_ai.analytics.incidents.courses import CollisionCourses
from its_camera_ai.analytics.incidents.encroachments import Encroachments
from its_camera_ai.analytics.incidents.finding import Finding
from its_camera_ai.analytics.incidents.lane_state import CongestedLanes, QueueSpillback
from its_camera_ai.analytics.incidents.ledger import Ledger
from its_camera_ai.analytics.incidents.limits import IncidentLimits
from its_camera_ai.analytics.incidents.memory import TrackMemory
from its_camera_ai.analytics.incidents.on_road import OnRoad
from its_camera_ai.analytics.incidents.places import Places
from its_camera_ai.analytics.incidents.red_light import RedLight
from its_camera_ai.analytics.incidents.signal_log import SignalLog
from its_camera_ai.analytics.incidents.slow import SlowVehicles
from its_camera_ai.analytics.incidents.speeding import Speeding
from its_camera_ai.analytics.incidents.standing import StandingWatch
from its_camera_ai.analytics.incidents.stopped import Debris, IllegalParking, StoppedVehicles
from its_camera_ai.analytics.incidents.view import View
from its_camera_ai.analytics.incidents.wrong_way import WrongWay
from its_camera_ai.core.ground import GroundPlane
from its_camera_ai.core.incidents import Incident
from its_camera_ai.core.road_users import Passage, RoadFrame
from its_camera_ai.core.scene import Scene
from its_camera_ai.core.signals import SignalReading
from its_camera_ai.core.time import NS_PER_S

_NO_SIGNALS: Mapping[str, SignalReading] = {}


class IncidentWatch:
    """All incident rules of one camera.

    Without a ground plane those rules remain that make sense in the picture alone: standing,
    parking, wrong way, people on the road, things on the road, red light.
    """

    def __init__(
        self,
        camera_id: str,
        scene: Scene,
        plane: GroundPlane | None,
        new_incident_id: Callable[[int], str],
        limits: IncidentLimits | None = None,
    ) -> None:
        """
        Args:
            new_incident_id: UTC ns → a new id, such as ``core.ids.new_id``.
        """
        self._scene, self._plane = scene, plane
        self._limits = limits = limits or IncidentLimits()
        self._places: Places | None = None
        self._memory = TrackMemory(limits.forget_s)
        self._signals = SignalLog()
        self._ledger = Ledger(camera_id, limits, new_incident_id)
        self._standing = StandingWatch(scene, limits)
        self._stopped = StoppedVehicles(scene, limits)
        self._parking = IllegalParking(scene, limits)
        self._debris = Debris(scene, limits)
        self._slow = SlowVehicles(scene, limits)
        self._wrong_way = WrongWay(scene, limits)
        self._on_road = OnRoad(scene, limits)
        self._spillback = QueueSpillback(scene, limits)
        self._congested = CongestedLanes(scene, limits)
        self._courses = CollisionCourses(scene, limits)
        self._encroachments = Encroachments(limits)
        self._red_light = RedLight(scene, plane, limits)
        self._speeding = Speeding(scene, limits)
        self._before_ns: int | None = None
        self._doubted = False

    @property
    def open(self) -> list[Incident]:
        """The incidents that last, as they stand."""
        return self._ledger.open

    def doubt(self) -> None:
        """The camera may have moved: lanes and zones are not where they were. Nothing is looked
        for, and nothing ends, until ``trust``.
        """
        self._doubted = True

    def trust(self) -> None:
        self._doubted = False

    def update(
        self,
        frame: RoadFrame,
        passages: Sequence[Passage] = (),
        signals: Mapping[str, SignalReading] = _NO_SIGNALS,
    ) -> list[Incident]:
        """The incidents that were opened, updated or closed with this frame.

        Args:
            frame: in order of time; an earlier one is left out.
            passages: told with this frame.
            signals: the reading of each head as it is known now; one may come late.
        """
        if self._before_ns is not None and frame.pts_ns <= self._before_ns:
            return []
        step_s = 0.0 if self._before_ns is None else (frame.pts_ns - self._before_ns) / NS_PER_S
        self._before_ns = frame.pts_ns
        self._signals.update(signals, frame.wall_ns)
        view = None
        if frame.unknown is None and not self._doubted:
            dt_s = min(step_s, self._limits.look_gap_s)
            view = View.of(frame, self._geometry(frame), self._memory, dt_s)
        findings = self._findings(view, frame, passages)
        return self._ledger.settle(findings, view, frame.pts_ns, frame.wall_ns)

    def _geometry(self, frame: RoadFrame) -> Places:
        fits = self._plane is not None and frame.size_wh in (None, self._plane.size_wh)
        plane = self._plane if fits else None
        size_wh = frame.size_wh or (self._plane.size_wh if self._plane is not None else (1, 1))
        if self._places is None or self._places.size_wh != size_wh:
            self._places = Places.of(self._scene, plane, size_wh)
        return self._places

    def _findings(
        self, view: View | None, frame: RoadFrame, passages: Sequence[Passage]
    ) -> Iterator[Finding]:
        if view is not None:
            standing = self._standing.update(view, self._signals, self._congested.jammed())
            yield from self._stopped.update(view, standing)
            yield from self._parking.update(view, standing)
            yield from self._debris.update(view, standing)
            yield from self._slow.update(view, standing)
            yield from self._wrong_way.update(view)
            yield from self._on_road.update(view)
            yield from self._spillback.update(view)
            yield from self._congested.update(view)
            yield from self._courses.update(view)
            yield from self._encroachments.update(view)
        yield from self._red_light.update(
            passages, self._signals, self._memory, frame.pts_ns, frame.wall_ns
        )
        yield from self._speeding.update(passages)

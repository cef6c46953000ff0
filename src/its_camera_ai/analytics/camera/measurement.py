"""One camera's tracks → all that is measured on them: facts, incidents, tables, trajectories."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace

from its_camera_ai.analytics.calibration.solving import solve
from its_camera_ai.analytics.camera.records import crossing_record, incident_record
from its_camera_ai.analytics.counting.counts import Counts
from its_camera_ai.analytics.counting.scene import SceneAnalytics
from its_camera_ai.analytics.counting.sight import out_of_sight
from its_camera_ai.analytics.incidents.watch import IncidentWatch
from its_camera_ai.analytics.intervals.book import IntervalBook
from its_camera_ai.analytics.road_users.users import RoadUsers
from its_camera_ai.analytics.trips.gates import GateBook
from its_camera_ai.analytics.trips.trip_book import TripBook
from its_camera_ai.core.errors import CalibrationInvalid
from its_camera_ai.core.events import Event, EventKind
from its_camera_ai.core.ground import GroundPlane
from its_camera_ai.core.incidents import Incident, IncidentStep, abandoned
from its_camera_ai.core.intervals import IntervalRow
from its_camera_ai.core.road_users import Passage, Trajectory
from its_camera_ai.core.scene import Scene
from its_camera_ai.core.signals import SignalReading
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.core.tracks import FrameTracks

DOUBT_SURE_S = 3.0
"""A doubt about the calibration that lasts so long is told."""
_NO_SIGNALS: Mapping[str, SignalReading] = {}


@dataclass(slots=True)
class Told:
    """What a frame gave. Events are in order of stream time, incidents in order of their states.

    Attributes:
        warnings: what of the scene the pictures don't show, told with the first of their size.
    """

    events: list[Event] = field(default_factory=list)
    incidents: list[Incident] = field(default_factory=list)
    rows: list[IntervalRow] = field(default_factory=list)
    trajectories: list[Trajectory] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


class CameraMeasurement:
    """Everything that is measured on one camera.

    The calibration is solved for the size of the pictures that come. One that can't be solved
    leaves everything that needs no metres, and says why in an event.
    """

    def __init__(
        self,
        camera_id: str,
        scene: Scene,
        new_id: Callable[[int], str],
        *,
        writer: str,
        wanted_looks_per_s: float = 0.0,
    ) -> None:
        """
        Args:
            new_id: UTC ns → a new id, for events and incidents.
            writer: names this run of the process in the interval tables; never used again.
            wanted_looks_per_s: what the camera asks for.
        """
        self._camera_id = camera_id
        self._scene = scene
        self._new_id = new_id
        self._writer = writer
        self._wanted = wanted_looks_per_s
        self._counting = SceneAnalytics(camera_id, scene, new_id)
        self._on_road: _OnRoad | None = None
        self._sizes = 0
        self._doubt = ""
        self._doubted_at = (0, 0)
        self._doubt_told = False

    def counts(self) -> Counts:
        """The running totals; a live object until ``count_anew``."""
        return self._counting.counts()

    def count_anew(self) -> None:
        """Totals begin at zero again, as at midnight; everything else goes on."""
        self._counting.count_anew()

    def update(
        self, tracks: FrameTracks, signals: Mapping[str, SignalReading] = _NO_SIGNALS
    ) -> Told:
        """Take in one frame.

        Args:
            signals: the newest reading of every traffic light, by head.
        """
        told = Told()
        parts = self._on_road
        if parts is None or parts.size_wh != tracks.size_wh:
            parts = self._begin(tracks, told)
        self._heed_doubt(tracks, parts, told)
        parts.now_wall_ns, parts.now_pts_ns = tracks.wall_ns, tracks.pts_ns
        events = self._counting.update(tracks)
        frame = parts.users.update(tracks)
        for before, now in self._counting.joined():
            parts.joined(before, now)
        parts.book.frame(frame, self._wanted)
        passages = self._take(events, parts, told)
        parts.tell_trips(frame.wall_ns)
        told.trajectories += parts.end(parts.users.ended())
        self._tell_incidents(parts, parts.watch.update(frame, passages, signals), told)
        told.rows += parts.book.due(frame.wall_ns)
        return told

    def idle(self, now_wall_ns: int) -> list[IntervalRow]:
        """The rows that are due by now though no frame came; call it now and then."""
        return [] if self._on_road is None else self._on_road.book.due(now_wall_ns)

    def finish(self) -> Told:
        """End of input: whatever is pending is decided, every row comes out, and incidents that
        last are closed with their end unknown."""
        told = Told()
        if self._on_road is not None:
            self._finish(self._on_road, told)
        return told

    def _begin(self, tracks: FrameTracks, told: Told) -> "_OnRoad":
        """Parts for pictures of a new size."""
        if self._on_road is not None:
            self._finish(self._on_road, told)
        self._sizes += 1
        told.warnings += out_of_sight(self._scene, tracks.size_wh)
        plane, problem = self._plane(tracks.size_wh)
        if problem:
            kind, when = EventKind.CALIBRATION_DOUBTED, (tracks.pts_ns, tracks.wall_ns)
            told.events.append(self._event(kind, *when, {"reason": problem}))
        writer = self._writer if self._sizes == 1 else f"{self._writer}+{self._sizes}"
        self._on_road = _OnRoad(
            self._camera_id, self._scene, plane, self._new_id, writer, tracks.size_wh
        )
        if self._doubt:
            self._on_road.doubt(self._doubt)
        return self._on_road

    def _plane(self, size_wh: tuple[int, int]) -> tuple[GroundPlane | None, str]:
        if self._scene.calibration is None:
            return None, ""
        try:
            return solve(self._scene.calibration, size_wh).plane, ""
        except CalibrationInvalid as error:
            return None, str(error)

    def _heed_doubt(self, tracks: FrameTracks, parts: "_OnRoad", told: Told) -> None:
        """Measuring stops with the first doubt; people are told once it lasts."""
        reason = tracks.calibration_doubt if self._scene.calibration is not None else ""
        if reason != self._doubt:
            if not self._doubt:
                self._doubted_at = (tracks.pts_ns, tracks.wall_ns)
            self._doubt = reason
            parts.doubt(reason)
        pts_ns, wall_ns = self._doubted_at
        if reason and not self._doubt_told and tracks.pts_ns - pts_ns >= DOUBT_SURE_S * NS_PER_S:
            self._doubt_told = True
            detail: dict[str, object] = {"reason": reason}
            told.events.append(self._event(EventKind.CALIBRATION_DOUBTED, pts_ns, wall_ns, detail))
        elif not reason and self._doubt_told:
            self._doubt_told = False
            when = (tracks.pts_ns, tracks.wall_ns)
            told.events.append(self._event(EventKind.CALIBRATION_TRUSTED, *when, {}))

    def _take(self, events: Iterable[Event], parts: "_OnRoad", told: Told) -> list[Passage]:
        passages = []
        for event in events:
            if event.kind is EventKind.LINE_CROSSED:
                passage = parts.users.passage(event)
                passages.append(passage)
                parts.passage(passage)
                told.events.append(replace(event, detail=crossing_record(event, passage)))
            else:
                parts.book.visit(event)
                told.events.append(event)
        return passages

    def _finish(self, parts: "_OnRoad", told: Told) -> None:
        self._take(self._counting.finish(), parts, told)
        told.trajectories += parts.end(parts.users.finish())
        left = [abandoned(incident, parts.now_wall_ns) for incident in parts.watch.open]
        self._tell_incidents(parts, left, told)
        told.rows += parts.book.due(parts.now_wall_ns, final=True)

    def _tell_incidents(self, parts: "_OnRoad", incidents: list[Incident], told: Told) -> None:
        offset_ns = parts.now_wall_ns - parts.now_pts_ns
        told.incidents += incidents
        told.events += [
            incident_record(incident, self._new_id, offset_ns)
            for incident in incidents
            if incident.step is not IncidentStep.UPDATED
        ]

    def _event(
        self, kind: EventKind, pts_ns: int, wall_ns: int, detail: dict[str, object]
    ) -> Event:
        event_id = self._new_id(wall_ns)
        return Event(event_id, kind, self._camera_id, pts_ns, wall_ns, None, detail)


class _OnRoad:
    """What is made for pictures of one size."""

    def __init__(
        self,
        camera_id: str,
        scene: Scene,
        plane: GroundPlane | None,
        new_id: Callable[[int], str],
        writer: str,
        size_wh: tuple[int, int],
    ) -> None:
        self.size_wh = size_wh
        self.users = RoadUsers(camera_id, scene, plane)
        # Without movements nobody asked where road users go; a row for each would be noise.
        self.trips = TripBook(camera_id, scene) if scene.movements else None
        self.gates = GateBook(camera_id, scene, plane)
        self.watch = IncidentWatch(camera_id, scene, plane, new_id)
        self.book = IntervalBook(camera_id, scene, plane, writer=writer)
        self.now_wall_ns = self.now_pts_ns = 0

    def joined(self, before: int, now: int) -> None:
        self.users.join(before, now)
        self.book.joined(before, now)
        if self.trips is not None:
            self.trips.joined(before, now)
        self.gates.joined(before, now)

    def passage(self, passage: Passage) -> None:
        self.book.passage(passage)
        if self.trips is not None:
            self.trips.passage(passage)
        for run in self.gates.passage(passage):
            self.book.gate(run)

    def tell_trips(self, now_wall_ns: int) -> None:
        """Trips that are complete though their road users may still be in sight."""
        if self.trips is not None:
            for trip in self.trips.due(now_wall_ns, self.users.facts):
                self.book.trip(trip)

    def end(self, ended: list[Trajectory]) -> list[Trajectory]:
        """Tell the trips of road users that are gone; gives those that were on the ground."""
        for path in ended:
            self.gates.ended(path.track_id)
            if self.trips is None:
                continue
            last_ns = int(path.wall_ns[-1]) if len(path.wall_ns) else self.now_wall_ns
            for trip in self.trips.ended(path.track_id, path.vehicle, last_ns):
                self.book.trip(trip)
        return [path for path in ended if len(path.wall_ns)]

    def doubt(self, reason: str) -> None:
        if reason:
            self.users.doubt(reason)
            self.watch.doubt()
        else:
            self.users.trust()
            self.watch.trust()

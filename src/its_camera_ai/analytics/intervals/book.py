"""Frames and facts → rows of one minute each; see ``docs/design/intervals.md``."""

from collections import Counter
from math import floor, isfinite

from its_camera_ai.analytics.intervals.lane_axes import lanes_under_lines
from its_camera_ai.analytics.intervals.lane_book import LaneBook
from its_camera_ai.analytics.intervals.minutes import LATE_NS, Minute, Minutes
from its_camera_ai.analytics.intervals.zone_stays import ZoneStays
from its_camera_ai.analytics.measures.plausible import speed_problem
from its_camera_ai.core.events import Event, EventKind
from its_camera_ai.core.ground import GroundPlane
from its_camera_ai.core.intervals import IntervalRow, Moments, Place, PlaceKind, Tally
from its_camera_ai.core.road import Direction, LineSide
from its_camera_ai.core.road_users import (
    GateRun,
    Passage,
    RoadFrame,
    SpeedEstimate,
    Trip,
    VehicleFacts,
)
from its_camera_ai.core.scene import Scene
from its_camera_ai.core.time import NS_PER_S

LOOK_GAP_S = 3.0
"""Between two looks further apart nobody knows what was; idle cameras are looked at every 2 s."""
UNASSIGNED = "unassigned"
"""The movement of trips whose entry or exit was not seen."""
DELAYED_MAX = 10_000
"""Road users whose delay waits for their trip; far more than a picture holds."""
PAIRS_MAX = 1000
"""Pairs of crossings without a name that get rows of their own; far more than a scene has."""


class IntervalBook:
    """Sums up what one camera sees, minute by minute.

    Every place of the scene gets a row for every minute in which a picture came, also if nothing
    happened there. Time is known between two looks that follow each other; a frame that was not
    looked at makes the time before and after it missing, and so does a pause beyond
    ``LOOK_GAP_S``. Facts go into the minute of their own moment, however much later they are told,
    until ``LATE_S`` after its end; what comes later is counted in ``late`` of a later row.

    Durations are stream time; a minute is one of UTC. Where the clock is set back, a new part
    begins (``writer/2``), whose rows add up with those of the earlier one.
    """

    def __init__(
        self, camera_id: str, scene: Scene, plane: GroundPlane | None, *, writer: str
    ) -> None:
        """
        Args:
            plane: None where nothing is known in metres; then lanes have no length.
            writer: names this run of this process; never used again by another one.
        """
        self._camera_id = camera_id
        self._writer = writer
        self._part = 1
        self._lanes = LaneBook(scene, plane)
        self._minutes = Minutes(self._lanes.sums)
        self._stays = {zone.id: ZoneStays() for zone in scene.zones}
        self._lane_numbers = {lane.id: number for number, lane in enumerate(scene.lanes)}
        self._gate_length_m = {gate.id: gate.distance_m or 0.0 for gate in scene.gates}
        self._places = dict.fromkeys(_places(scene, plane))
        self._late: Counter[Place] = Counter()
        self._delayed: dict[int, tuple[LineSide, float]] = {}
        self._before: RoadFrame | None = None
        self._finished: list[IntervalRow] = []

    def frame(self, frame: RoadFrame, wanted_looks_per_s: float) -> None:
        """Take in the next frame; one that is not after the last is ignored."""
        before = self._before
        if before is not None:
            if before.wall_ns - frame.wall_ns > LATE_NS:
                self._begin_anew()
                before = None
            elif frame.wall_ns <= before.wall_ns:
                return
        self._minutes.heard(frame.wall_ns)
        if before is not None:
            dt_s = (frame.pts_ns - before.pts_ns) / NS_PER_S
            if dt_s <= 0:  # another stream under the same name
                self._lanes.restart()
            elif dt_s <= LOOK_GAP_S:
                self._between(before, frame, dt_s, wanted_looks_per_s)
        if frame.unknown is None and not self._lanes.doubted(frame):
            self._lanes.look(frame)
        self._before = frame

    def passage(self, passage: Passage) -> None:
        """A road user crossed a line."""
        side = LineSide(passage.line, passage.direction)
        places = [Place(PlaceKind.LINE, passage.line, passage.direction)]
        lane = self._lane_numbers.get(passage.lane)
        delay = None
        if passage.lane:
            places.append(Place(PlaceKind.LINE, passage.line, passage.direction, lane=passage.lane))
        if lane is not None and self._lanes.own_line(lane) == passage.line:
            delay = self._lanes.delay_s(passage)
            if delay is not None:
                self._delayed[passage.track_id] = (side, delay)
                if len(self._delayed) > DELAYED_MAX:
                    del self._delayed[next(iter(self._delayed))]
            places.append(Place(PlaceKind.LANE, passage.lane))
        for place in places:
            tally = self._tally(place, passage.wall_ns)
            if tally is None:
                continue
            _add_vehicle(tally, passage.vehicle)
            _add_speed(tally, passage.speed)
            _add(tally.headway, passage.headway_s)
            _add(tally.gap, passage.gap_s)
            if place.kind is PlaceKind.LANE:
                _add(tally.delay, delay)

    def trip(self, trip: Trip) -> None:
        """A road user's way through the picture is known."""
        name = trip.movement or f"{trip.entry}>{trip.exit}"
        if trip.entry is None or trip.exit is None:
            name = UNASSIGNED
        if Place(PlaceKind.MOVEMENT, name) not in self._places and len(self._places) > PAIRS_MAX:
            name = UNASSIGNED
        tally = self._tally(Place(PlaceKind.MOVEMENT, name), trip.left_wall_ns)
        side, delay = self._delayed.pop(trip.track_id, (None, None))
        if tally is None:
            return
        _add_vehicle(tally, trip.vehicle)
        _add(tally.travel, trip.travel_s)
        if side == trip.entry:
            _add(tally.delay, delay)

    def gate(self, run: GateRun) -> None:
        """A road user passed both lines of a gate."""
        if run.speed is not None and run.gate in self._gate_length_m:
            self._gate_length_m[run.gate] = run.speed.kmh / 3.6 * run.travel_s
        tally = self._tally(Place(PlaceKind.GATE, run.gate), run.left_wall_ns)
        if tally is not None:
            _add_vehicle(tally, run.vehicle)
            _add_speed(tally, run.speed)
            _add(tally.travel, run.travel_s)

    def visit(self, event: Event) -> None:
        """A zone was entered or left; other events are ignored."""
        zone, track_id = str(event.detail.get("zone")), event.track_id or 0
        stays = self._stays.get(zone)
        if stays is None or event.kind not in (EventKind.ZONE_ENTERED, EventKind.ZONE_LEFT):
            return
        tally = self._tally(Place(PlaceKind.ZONE, zone), event.wall_ns)
        if event.kind is EventKind.ZONE_ENTERED:
            stays.entered(track_id, event.wall_ns)
            if tally is not None:
                tally.volume[str(event.detail.get("class"))] += 1
            return
        dwell = event.detail.get("dwell_s")
        dwell_s = float(dwell) if isinstance(dwell, (int, float)) else 0.0
        stays.left(track_id, event.wall_ns, dwell_s)
        if tally is not None:
            _add(tally.dwell, dwell_s)

    def joined(self, before: int, now: int) -> None:
        """The track ``before`` goes on as ``now`` (``SceneAnalytics.joined``); call this before
        handing in the facts of the same frame."""
        self._lanes.joined(before, now)
        for stays in self._stays.values():
            stays.joined(before, now)
        delayed = self._delayed.pop(before, None)
        if delayed is not None:
            self._delayed[now] = delayed

    def due(self, now_wall_ns: int, *, final: bool = False) -> list[IntervalRow]:
        """The rows of minutes that are over, each exactly once.

        Args:
            now_wall_ns: of the newest frame; the clock's where no frames come any more.
            final: also those that are still being filled; nothing may be handed in afterwards.
        """
        minutes = self._minutes.rest() if final else self._minutes.due(now_wall_ns)
        rows, self._finished = self._finished, []
        for minute in minutes:
            rows += self._rows(minute)
        if minutes and self._before is not None:
            self._lanes.forget(self._before)
        return rows

    def _between(
        self, before: RoadFrame, frame: RoadFrame, dt_s: float, wanted_looks_per_s: float
    ) -> None:
        until_ns = frame.wall_ns
        since_ns = until_ns - (frame.pts_ns - before.pts_ns)
        parts = self._minutes.split(since_ns, until_ns)
        known = before.unknown is None and frame.unknown is None
        for minute, since_u, until_u in parts:
            part_s = (until_u - since_u) * dt_s
            minute.rate_s += frame.looks_per_s * part_s
            minute.wanted_s += wanted_looks_per_s * part_s
            if known:
                minute.saw(max(since_ns, minute.start_ns), min(until_ns, minute.end_ns), part_s)
        if known and not (self._lanes.doubted(before) or self._lanes.doubted(frame)):
            self._lanes.between(before, frame, dt_s, parts)

    def _begin_anew(self) -> None:
        for minute in self._minutes.begin_anew():
            self._finished += self._rows(minute)
        self._part += 1
        self._lanes.restart()

    def _tally(self, place: Place, wall_ns: int) -> Tally | None:
        """Where a fact goes; None for one that comes too late, which is counted."""
        self._places.setdefault(place)
        minute = self._minutes.at(wall_ns)
        if minute is None:
            self._late[place] += 1
            return None
        return minute.tally(place)

    def _rows(self, minute: Minute) -> list[IntervalRow]:
        lengths = self._lanes.length_m
        writer = self._writer if self._part == 1 else f"{self._writer}/{self._part}"
        rows = []
        for place in self._places:
            tally = minute.facts.get(place) or Tally()
            tally.looked_s, tally.rate_s = minute.looked_s, minute.rate_s
            tally.wanted_s = minute.wanted_s
            tally.late = self._late.pop(place, 0)
            length_m = 0.0
            if place.kind is PlaceKind.LANE:
                length_m = lengths[self._lane_numbers[place.id]]
            elif place.kind is PlaceKind.GATE:
                length_m = self._gate_length_m.get(place.id, 0.0)
            elif place.kind is PlaceKind.ZONE:
                tally.present_s, tally.vehicle_s = self._stays[place.id].sums(
                    minute.start_ns, minute.end_ns, minute.looked
                )
            self._lanes.fill(tally, place, minute.lanes)
            rows.append(
                IntervalRow(self._camera_id, place, minute.start_ns, 60, tally, length_m, writer)
            )
        for stays in self._stays.values():
            stays.forget(minute.end_ns)
        return rows


def _places(scene: Scene, plane: GroundPlane | None) -> list[Place]:
    """Everything that gets a row although nothing was seen there yet."""
    places = [
        Place(PlaceKind.LINE, line.id, direction) for line in scene.lines for direction in Direction
    ]
    places += [
        Place(PlaceKind.LINE, found.line, found.direction, found.lane)
        for found in lanes_under_lines(scene, plane)
    ]
    places += [Place(PlaceKind.LANE, lane.id) for lane in scene.lanes]
    places += [Place(PlaceKind.ZONE, zone.id) for zone in scene.zones]
    places += [Place(PlaceKind.GATE, gate.id) for gate in scene.gates]
    places += [Place(PlaceKind.MOVEMENT, movement.id) for movement in scene.movements]
    if scene.movements:
        places.append(Place(PlaceKind.MOVEMENT, UNASSIGNED))
    return places


def _add_vehicle(tally: Tally, vehicle: VehicleFacts) -> None:
    tally.volume[vehicle.label] += 1
    if vehicle.length_class is not None:
        tally.length_classes[str(vehicle.length_class)] += 1
    for group, probability in vehicle.fhwa.items():
        tally.fhwa[int(group)] = tally.fhwa.get(group, 0.0) + float(probability)


def _add_speed(tally: Tally, speed: SpeedEstimate | None) -> None:
    if speed is None or speed_problem(speed.kmh):
        tally.speed_invalid += 1
    else:
        tally.speed.add(speed.kmh)
        tally.speed_bins[floor(speed.kmh)] += 1


def _add(moments: Moments, value: float | None) -> None:
    """Durations that can't be are left out: their number is below that of the vehicles."""
    if value is not None and isfinite(value) and value >= 0:
        moments.add(value)

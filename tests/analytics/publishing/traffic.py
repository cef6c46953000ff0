"""A crossroads with an hour of made-up traffic, for exports and reports."""

import random
from collections.abc import Iterator
from dataclasses import replace
from zoneinfo import ZoneInfo

import numpy as np

from its_camera_ai.analytics.publishing.camera import PublishedCamera
from its_camera_ai.analytics.publishing.export import TrafficSources
from its_camera_ai.core.calibration import Calibration, PointPair, WorldFrame
from its_camera_ai.core.events import Event, EventKind
from its_camera_ai.core.geodesy import to_lon_lat
from its_camera_ai.core.incidents import Incident, IncidentKind, IncidentStep, Severity
from its_camera_ai.core.intervals import IntervalRow, Place, PlaceKind, Tally
from its_camera_ai.core.local_days import Span
from its_camera_ai.core.picture_points import Unit
from its_camera_ai.core.road import Direction, Lane, LineSide, Movement, Turn
from its_camera_ai.core.road_users import Trajectory, VehicleFacts
from its_camera_ai.core.scene import Line, Scene, Zone
from its_camera_ai.core.time import NS_PER_S
from its_camera_ai.store.database import Database
from its_camera_ai.store.events import EventRepository
from its_camera_ai.store.incidents import IncidentRepository
from its_camera_ai.store.intervals import IntervalRepository
from its_camera_ai.store.trajectories import TrajectoryRepository

CAMERA = "gate"
ZONE = ZoneInfo("Europe/Berlin")
BEGIN_NS = 1_790_665_200 * NS_PER_S  # 2026-09-29 09:00 in Berlin
MINUTE_NS, HOUR_NS = 60 * NS_PER_S, 3600 * NS_PER_S
SPAN = Span(BEGIN_NS, BEGIN_NS + 2 * HOUR_NS)
ORIGIN = (13.4, 52.5)
METRES = ((0.0, 0.0), (20.0, 0.0), (20.0, 60.0), (0.0, 60.0), (10.0, 20.0), (10.0, 40.0))
MIDDLE = (10.0, 30.0)
"""Of the calibration's points, where the world of a calibration in WGS-84 begins."""
SIZE_WH = (1920, 1080)
BAD_NAME = '=HYPERLINK("http://x","y")'
ARMS = ("north", "south")


def image_of(x: float, y: float) -> tuple[float, float]:
    """A camera at the bottom of the picture that looks along y, in fractions."""
    away = 1 + y / 20
    return 0.5 + (x - 10) / 40 / away, 0.35 + 0.55 / away


def calibration(frame: WorldFrame) -> Calibration:
    world = to_lon_lat(np.array(METRES), ORIGIN) if frame is WorldFrame.WGS84 else METRES
    pairs = tuple(
        PointPair(image_of(*metres), (float(place[0]), float(place[1])))
        for metres, place in zip(METRES, world, strict=True)
    )
    return Calibration(pairs, Unit.NORMALISED, frame)


def scene(frame: WorldFrame | None = WorldFrame.WGS84) -> Scene:
    """Two lines over a road with two lanes, a crossing, and four movements."""
    lines = (
        Line("north", (image_of(0, 40), image_of(20, 40)), name=BAD_NAME),
        Line("south", (image_of(20, 5), image_of(0, 5)), name="Süd <&>"),
    )
    lanes = tuple(
        Lane(
            f"lane-{k}",
            tuple(image_of(x, y) for x, y in ((k * 10, 5), (k * 10 + 10, 5), (k * 10 + 10, 50))),
            (image_of(k * 10 + 5, 5), image_of(k * 10 + 5, 50)),
            approach="south",
            stop_line="north",
            speed_limit_kmh=50,
        )
        for k in range(2)
    )
    zones = (Zone("plaza", tuple(image_of(x, y) for x, y in ((0, 5), (0, 15), (20, 15), (20, 5)))),)
    movements = tuple(
        Movement(
            f"{arm}-{turn}",
            LineSide(arm, Direction.IN),
            LineSide(other, Direction.OUT),
            turn,
            arm,
        )
        for arm, other, turn in (
            ("north", "south", Turn.THROUGH),
            ("north", "north", Turn.U_TURN),
            ("south", "north", Turn.THROUGH),
            ("south", "south", Turn.U_TURN),
        )
    )
    return Scene(
        lines,
        zones,
        lanes,
        movements=movements,
        calibration=None if frame is None else calibration(frame),
    )


def camera(frame: WorldFrame | None = WorldFrame.WGS84) -> PublishedCamera:
    return PublishedCamera.of(CAMERA, scene(frame), ZONE, name="North gate", size_wh=SIZE_WH)


PLACES = (
    *(Place(PlaceKind.LINE, arm, way) for arm in ARMS for way in Direction),
    Place(PlaceKind.LINE, "north", Direction.IN, "lane-0"),
    Place(PlaceKind.LANE, "lane-0"),
    Place(PlaceKind.LANE, "lane-1"),
    Place(PlaceKind.ZONE, "plaza"),
    *(Place(PlaceKind.MOVEMENT, f"{arm}-{turn}") for arm in ARMS for turn in "TU"),
    Place(PlaceKind.MOVEMENT, "unassigned"),
)
UNKNOWN_MINUTES = range(75, 90)
"""One quarter of an hour in which nothing was looked at; there is no row."""
HALF_MINUTE = 20


def rows(seed: int = 1) -> Iterator[IntervalRow]:
    """Two hours of every place, with an hour's rush in the middle."""
    rng = random.Random(seed)
    for minute in range(120):
        if minute in UNKNOWN_MINUTES:
            continue
        for place in PLACES:
            tally = _tally(rng, place, minute)
            start = BEGIN_NS + minute * MINUTE_NS
            length_m = 45.0 if place.kind is PlaceKind.LANE else 0.0
            yield IntervalRow(CAMERA, place, start, 60, tally, length_m, "w")


def _tally(rng: random.Random, place: Place, minute: int) -> Tally:
    looked_s = 30.0 if minute == HALF_MINUTE else 60.0
    tally = Tally(looked_s=looked_s, rate_s=5 * looked_s, wanted_s=300.0)
    for _ in range(rng.randrange(2, 6 if minute < 40 else 12)):
        label = rng.choices(("car", "truck", "bus", "bicycle"), (80, 10, 5, 5))[0]
        tally.volume[label] += 1
        if place.kind is PlaceKind.LINE:
            kmh = rng.gauss(48, 7)
            tally.speed.add(kmh)
            tally.speed_bins[int(kmh)] += 1
            tally.headway.add(rng.uniform(1.5, 20))
            tally.gap.add(rng.uniform(1, 18))
            tally.fhwa[2] = tally.fhwa.get(2, 0.0) + 0.8
            tally.length_classes["short"] += 1
            tally.present_s += 0.6
        elif place.kind is PlaceKind.LANE:
            seconds = rng.uniform(3, 5)
            tally.vehicle_s += seconds
            tally.vehicle_m += 45.0
            tally.present_s += min(seconds, 2.0)
    return tally


def event(k: int, **detail: object) -> Event:
    facts: dict[str, object] = {
        "line": "north",
        "direction": "in",
        "class": "car",
        "class_share": 0.95,
        "lane": "lane-0",
        "speed_kmh": 40.25 + k,
        "speed_95": [38.5 + k, 42.0 + k],
        "length_m": 4.525,
        "length_class": "short",
        "headway_s": 2.125,
        "gap_s": 1.75,
        "fhwa": {"2": 0.75, "3": 0.25},
        **detail,
    }
    wall_ns = BEGIN_NS + k * 61 * NS_PER_S + 125_000_000
    name = f"00000000-0000-7000-8000-{k:012d}"
    return Event(name, EventKind.LINE_CROSSED, CAMERA, wall_ns, wall_ns, k, facts)


def bare_event(k: int) -> Event:
    """Of a camera without calibration."""
    made = event(k)
    facts = {name: made.detail[name] for name in ("line", "direction", "class")}
    return replace(made, detail={**facts, "speed_problem": "no calibration"})


def incident(k: int, kind: IncidentKind = IncidentKind.NEAR_MISS) -> Incident:
    opened = BEGIN_NS + k * 300 * NS_PER_S
    return Incident(
        f"incident-{k:03d}",
        kind,
        Severity.HIGH if k % 2 else Severity.MEDIUM,
        CAMERA,
        "lane-0",
        IncidentStep.CLOSED if k % 3 else IncidentStep.OPENED,
        opened,
        opened + NS_PER_S,
        opened + 2 * NS_PER_S,
        "=Time to collision 1.1 s, below 1.5 s.",
        closed_wall_ns=opened + 4 * NS_PER_S if k % 3 else None,
        revision=2,
        decided_after_s=0.2,
        track_ids=(k, k + 1),
        xyxy=(800.0, 500.0, 900.0, 600.0),
        xy_m=(5.0 + k - MIDDLE[0], 20.0 + k - MIDDLE[1]),
        facts={"ttc_s": 1.1, "conflict": ("rear_end", "crossing", "lane_change")[k % 3]},
    )


def trajectory(k: int, points: int = 5) -> Trajectory:
    wall_ns = BEGIN_NS + (1800 + 7 * k) * NS_PER_S + np.arange(points) * NS_PER_S // 2
    y = 5.0 + 6.5 * np.arange(points) - MIDDLE[1]
    return Trajectory(
        CAMERA,
        k,
        VehicleFacts("car", 0.9, length_m=4.4),
        wall_ns.astype(np.int64),
        np.stack([np.full(points, 5.0 + 10 * (k % 2) - MIDDLE[0]), y], axis=1),
        np.full(points, 13.0),
        (f"lane-{k % 2}",),
    )


def filled(database: Database) -> TrafficSources:
    """The sources over a database with all of it."""
    sources = TrafficSources(
        IntervalRepository(database),
        EventRepository(database),
        IncidentRepository(database),
        TrajectoryRepository(database),
    )
    sources.intervals.add(list(rows()))
    sources.events.append([event(k) if k % 5 else bare_event(k) for k in range(90)])
    sources.incidents.put([incident(k) for k in range(12)])
    sources.trajectories.add([trajectory(k) for k in range(20)] + [trajectory(20, points=1)])
    return sources

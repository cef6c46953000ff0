"""A road seen straight from above, and actors on it: the rows that incident rules are given.

The picture has 10 px for a metre; the world's y axis points up. Lane ``east`` runs along y = 2 m,
``west`` along y = 6 m, both 3.5 m wide and 180 m long.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count

import numpy as np

from its_camera_ai.analytics.incidents.limits import IncidentLimits
from its_camera_ai.analytics.incidents.places import Places
from its_camera_ai.analytics.incidents.watch import IncidentWatch
from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.core.ground import GroundPlane
from its_camera_ai.core.incidents import Incident, IncidentKind, IncidentStep
from its_camera_ai.core.picture_points import Point, Unit
from its_camera_ai.core.road import Lane, LineSide, SignalHead
from its_camera_ai.core.road_users import Passage, RoadFrame, SpeedEstimate, VehicleFacts
from its_camera_ai.core.scene import Line, Scene, Zone, ZoneUse
from its_camera_ai.core.signals import SignalReading
from its_camera_ai.core.tracks import Unknown

PX_M = 10.0
SIZE_WH = (2000, 200)
WALL_NS = 1_790_000_000_000_000_000
SIZES_M = {
    ObjectClass.PERSON: (0.5, 0.5, 1.7),
    ObjectClass.BICYCLE: (1.8, 0.6, 1.7),
    ObjectClass.CAR: (4.5, 1.8, 1.5),
    ObjectClass.TRUCK: (9.0, 2.5, 3.0),
    ObjectClass.OTHER: (0.8, 0.8, 0.6),
}
PLANE = GroundPlane(
    SIZE_WH,
    np.array([[0.1, 0.0, 0.0], [0.0, -0.1, 20.0], [0.0, 0.0, 1.0]]),
    np.array([[0, 0], [2000, 0], [2000, 200], [0, 200]], np.float64),
)


def px(x_m: float, y_m: float) -> Point:
    return x_m * PX_M, SIZE_WH[1] - y_m * PX_M


def box(x0: float, y0: float, x1: float, y1: float) -> tuple[Point, ...]:
    return px(x0, y0), px(x1, y0), px(x1, y1), px(x0, y1)


def lane(name: str, y: float, x0: float, x1: float, **more: object) -> Lane:
    low, high = sorted((x0, x1))
    area = box(low, y - 1.75, high, y + 1.75)
    return Lane(name, area, (px(x0, y), px(x1, y)), Unit.PX, **more)  # type: ignore[arg-type] # fields


def zone(name: str, use: ZoneUse, corners: tuple[Point, ...], limit_s: float | None = None) -> Zone:
    return Zone(name, corners, Unit.PX, use=use, limit_s=limit_s)


ROAD = Scene(lanes=(lane("east", 2.0, 10, 190), lane("west", 6.0, 190, 10)))
"""Free road."""
SIGNALLED = Scene(
    lines=(Line("stop", (px(150, 4.0), px(150, 0.0)), Unit.PX),),
    lanes=(lane("east", 2.0, 10, 150, stop_line="stop", storage_m=60.0, approach="in"),),
    signals=(SignalHead("light", (LineSide.parse("stop:in"),)),),
)


@dataclass
class Actor:
    """One road user: where it is at which time; before and after, it is not there.

    Attributes:
        path: (time, x, y) rows; straight and even between two of them.
        hidden: (from, to) seconds in which it is only predicted.
        renamed: from this second on it has this other track id.
    """

    track: int
    path: Sequence[tuple[float, float, float]]
    kind: ObjectClass = ObjectClass.CAR
    share: float = 1.0
    hidden: tuple[float, float] = (-1.0, -1.0)
    gone: tuple[float, float] = (-1.0, -1.0)
    renamed: tuple[float, int] | None = None
    size_m: tuple[float, float, float] | None = None

    def at(self, t_s: float) -> tuple[np.ndarray, np.ndarray] | None:
        times = np.array([row[0] for row in self.path])
        if not times[0] <= t_s <= times[-1] or self.gone[0] <= t_s < self.gone[1]:
            return None
        places = np.array([row[1:] for row in self.path])
        place = np.array([np.interp(t_s, times, places[:, k]) for k in (0, 1)])
        k = int(np.clip(np.searchsorted(times, t_s, "left"), 1, len(times) - 1))
        velocity = (places[k] - places[k - 1]) / (times[k] - times[k - 1])
        return place, velocity


@dataclass
class Stage:
    """Plays actors to a watch, and keeps all that it told."""

    scene: Scene = ROAD
    calibrated: bool = True
    limits: IncidentLimits = field(default_factory=IncidentLimits)
    told: list[Incident] = field(default_factory=list)
    t_s: float = 0.0

    def __post_init__(self) -> None:
        numbers = count(1)
        plane = PLANE if self.calibrated else None
        self.watch = IncidentWatch(
            "cam", self.scene, plane, lambda _: f"incident-{next(numbers)}", self.limits
        )
        self._heading: dict[int, float] = {}
        self._places = Places.of(self.scene, PLANE, SIZE_WH)

    def play(
        self,
        actors: Sequence[Actor],
        until_s: float,
        *,
        step_s: float = 0.1,
        signals: Callable[[float], Mapping[str, SignalReading]] = lambda _: {},
        passages: Callable[[float], Sequence[Passage]] = lambda _: (),
        unknown: Callable[[float], Unknown | None] = lambda _: None,
    ) -> list[Incident]:
        """Frame by frame from where it stopped before; what was told with these frames."""
        began = len(self.told)
        while self.t_s < until_s - 1e-9:
            self.t_s = round(self.t_s + step_s, 6)
            frame = self.frame(actors, unknown(self.t_s))
            self.told += self.watch.update(frame, passages(self.t_s), signals(self.t_s))
        return self.told[began:]

    def opened(self, *kinds: IncidentKind) -> list[Incident]:
        """All that were opened, of these kinds or of any."""
        return [
            i for i in self.told if i.step is IncidentStep.OPENED and (not kinds or i.kind in kinds)
        ]

    def frame(self, actors: Sequence[Actor], unknown: Unknown | None = None) -> RoadFrame:
        rows = [(actor, at) for actor in actors if (at := actor.at(self.t_s)) is not None]
        n = len(rows)
        xy = np.array([at[0] for _, at in rows]).reshape(n, 2)
        velocity = np.array([at[1] for _, at in rows]).reshape(n, 2)
        ids = np.array([self._id(actor) for actor, _ in rows], np.int64)
        size = np.array([a.size_m or SIZES_M[a.kind] for a, _ in rows]).reshape(n, 3)
        heading = np.array(
            [self._way(int(i), v) for i, v in zip(ids, velocity, strict=True)], np.float64
        )
        along = np.abs(np.cos(heading)) * size[:, 0] + np.abs(np.sin(heading)) * size[:, 1]
        foot = np.array([px(x, y) for x, y in xy]).reshape(n, 2)
        xyxy = np.column_stack(
            [foot[:, 0] - along / 2 * PX_M, foot[:, 1] - size[:, 2] * PX_M,
             foot[:, 0] + along / 2 * PX_M, foot[:, 1]]
        ).reshape(n, 4)  # fmt: skip
        pts_ns = round(self.t_s * 1e9)
        real = self.calibrated
        return RoadFrame(
            "cam",
            pts_ns,
            WALL_NS + pts_ns,
            unknown,
            10.0,
            ids,
            np.array([a.kind for a, _ in rows], np.int8),
            np.array([a.share for a, _ in rows], np.float64),
            np.array([not a.hidden[0] <= self.t_s < a.hidden[1] for a, _ in rows], bool),
            np.full(n, real),
            xyxy.astype(np.float32),
            xy if real else np.full((n, 2), np.nan),
            velocity if real else np.full((n, 2), np.nan),
            np.full(n, 0.1),
            np.full(n, 0.1),
            heading if real else np.full(n, np.nan),
            size[:, 0] if real else np.full(n, np.nan),
            size[:, 1] if real else np.full(n, np.nan),
            self._lanes(foot),
            self._along(xy, size[:, 0]) if real else np.full(n, np.nan),
            np.full(n, 5.0),
            SIZE_WH,
        )

    def _id(self, actor: Actor) -> int:
        if actor.renamed is not None and self.t_s >= actor.renamed[0]:
            return actor.renamed[1]
        return actor.track

    def _way(self, track: int, velocity: np.ndarray) -> float:
        if np.hypot(*velocity) > 0.3:
            self._heading[track] = float(np.arctan2(velocity[1], velocity[0]))
        return self._heading.get(track, 0.0)

    def _lanes(self, foot: np.ndarray) -> np.ndarray:
        inside, _ = self._places.holding(foot, np.zeros((len(foot), 4), np.float32))
        if not inside.shape[1]:
            return np.full(len(foot), -1, np.int16)
        return np.where(inside.any(axis=1), inside.argmax(axis=1), -1).astype(np.int16)

    @staticmethod
    def _along(xy: np.ndarray, length: np.ndarray) -> np.ndarray:
        return np.asarray(xy[:, 0] + length / 2 - 10.0)


def passage(
    track: int,
    at_s: float,
    *,
    line: str = "stop",
    direction: str = "in",
    kmh: float | None = None,
    half_kmh: float = 2.0,
    lane: str = "east",
    label: str = "car",
) -> Passage:
    speed = None if kmh is None else SpeedEstimate(kmh, kmh - half_kmh, kmh + half_kmh)
    pts_ns = round(at_s * 1e9)
    side = LineSide(line, LineSide.parse(f"{line}:{direction}").direction)
    return Passage(
        "cam", side.line, side.direction, pts_ns, WALL_NS + pts_ns, track,
        VehicleFacts(label, 1.0), lane, speed,
    )  # fmt: skip

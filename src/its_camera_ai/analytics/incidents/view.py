"""One looked-at frame as the rules see it: places, speeds, lanes and zones of its road users.

A row with a valid place on the ground is taken in metres. Any other is taken in pixels, and a metre
there is estimated from the size of its box; that is enough for rules about standing, areas and the
way of travel, and never used for a measure.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from its_camera_ai.analytics.incidents.memory import NEVER, Slots, TrackMemory
from its_camera_ai.analytics.incidents.places import Places
from its_camera_ai.analytics.incidents.riders import riders_of
from its_camera_ai.core.detections import ObjectClass
from its_camera_ai.core.road_users import RoadFrame
from its_camera_ai.core.scene import Anchor, anchor_points
from its_camera_ai.core.time import NS_PER_S

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

BOX_M = np.array([1.0, 1.3, 1.3, 2.2, 4.5, 4.0, 1.0, 0.8])
"""Rough side of the square with the area of a box, m, by ``ObjectClass``: seen from any side."""
BODY_M = np.array(
    [
        [0.5, 0.5], [1.8, 0.6], [2.2, 0.8], [4.5, 1.8], [12.0, 2.5], [8.5, 2.5], [0.8, 0.4],
        [0.8, 0.8],
    ]
)  # fmt: skip
"""Length and width of a usual one, m, by ``ObjectClass``; taken while a body's own are unknown."""
_MOTOR = np.isin(
    np.arange(8),
    [ObjectClass.MOTORCYCLE, ObjectClass.CAR, ObjectClass.BUS, ObjectClass.TRUCK],
)
_TURN_S = (0.2, 0.6)
_TREND_S = (0.45, 2.0)
"""Speeds in the picture are taken over at least the first and at most the second."""


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """N rows, as in ``frame``.

    Attributes:
        slot: (N,) rows of the memory.
        fresh: (N,) seen in this frame; only these change or end anything.
        metric: (N,) in metres, else in pixels.
        ground_px: (N, 2) the ground point in the picture.
        place: (N, 2) metres or pixels. scale: (N,) of that unit in a metre.
        velocity: (N, 2) m/s along the place's axes. speed_mps: (N,), NaN while unknown.
        went_mps: (N,) the same by the way gone of late, NaN while too short.
        body_m: (N, 2) length and width, a usual one's where unknown.
        lane: (N,) index or −1. in_lane: (N, L). in_zone: (N, Z).
        motor: (N,) motor vehicles.
        riders: (N,) people on a two-wheeler. ridden: (N,) two-wheelers with someone on them.
        dt_s: looked-at time since the frame before; 0 for the first.
    """

    frame: RoadFrame
    places: Places
    memory: TrackMemory
    slot: Slots
    fresh: Bools
    metric: Bools
    ground_px: Floats
    place: Floats
    scale: Floats
    velocity: Floats
    speed_mps: Floats
    went_mps: Floats
    body_m: Floats
    lane: npt.NDArray[np.int16]
    in_lane: Bools
    in_zone: Bools
    motor: Bools
    riders: Bools
    ridden: Bools
    dt_s: float

    @classmethod
    def of(cls, frame: RoadFrame, places: Places, memory: TrackMemory, dt_s: float) -> "View":
        slot = memory.slots(frame.track_id, frame.pts_ns)
        metric = frame.valid & np.isfinite(frame.xy_m).all(axis=1)
        ground = anchor_points(frame.xyxy, Anchor.BOTTOM_CENTRE)
        if places.plane is None:
            metric = np.zeros(len(frame), bool)
        elif metric.any():
            ground[metric] = places.plane.to_image(frame.xy_m[metric])
        sides = (frame.xyxy[:, 2:] - frame.xyxy[:, :2]).astype(np.float64)
        kind = np.clip(frame.class_id, 0, len(BOX_M) - 1)
        box = np.sqrt(np.maximum(sides[:, 0] * sides[:, 1], 1.0))
        scale = np.where(metric, 1.0, box / BOX_M[kind])
        place = np.where(metric[:, None], frame.xy_m, ground)
        fresh = frame.observed.copy()
        _follow(memory, slot, frame, metric, place, scale, fresh)
        trend = _trend(memory, slot, place, scale, frame.pts_ns)
        memory.remember(slot[fresh], place[fresh], frame.heading_rad[fresh], frame.pts_ns)
        velocity = np.where(metric[:, None], frame.velocity_mps, trend)
        body = np.stack([frame.length_m, frame.width_m], axis=1)
        in_lane, in_zone = places.holding(ground, frame.xyxy)
        riders, ridden = riders_of(frame.xyxy, frame.class_id)
        first = in_lane.argmax(axis=1) if in_lane.shape[1] else np.zeros(len(frame), np.intp)
        held = in_lane.any(axis=1) if in_lane.shape[1] else np.zeros(len(frame), bool)
        lane = np.where(frame.lane >= 0, frame.lane, np.where(held, first, -1))
        return cls(
            frame,
            places,
            memory,
            slot,
            fresh,
            metric,
            ground,
            place,
            scale,
            velocity,
            np.hypot(velocity[:, 0], velocity[:, 1]),
            np.hypot(trend[:, 0], trend[:, 1]),
            np.where(np.isnan(body), BODY_M[kind], body),
            lane.astype(np.int16),
            in_lane,
            in_zone,
            _MOTOR[kind],
            riders,
            ridden,
            dt_s,
        )

    def rows(self, name: str) -> npt.NDArray[Any]:
        """(N, …) this field of the memory, a copy."""
        return self.memory.table[name][self.slot]

    def is_class(self, kind: ObjectClass) -> Bools:
        same: Bools = self.frame.class_id == kind
        return same

    @property
    def on_foot(self) -> Bools:
        """(N,) people and bicycles."""
        return self.is_class(ObjectClass.PERSON) | self.is_class(ObjectClass.BICYCLE)

    def since_s(self, name: str) -> Floats:
        """(N,) seconds since this time in the memory; 0 for never."""
        at = self.rows(name)
        return np.where(at == NEVER, 0.0, (self.frame.pts_ns - np.maximum(at, 0)) / NS_PER_S)

    def ways(self, rows: npt.NDArray[np.intp]) -> Floats:
        """(S, 2) unit vector of travel at these rows: the lane's, else its own; NaN if neither."""
        heading = self.frame.heading_rad[rows]
        with np.errstate(invalid="ignore", divide="ignore"):
            trend = self.velocity[rows] / self.speed_mps[rows, None]
        metric = self.metric[rows, None]
        own = np.where(metric, np.stack([np.cos(heading), np.sin(heading)], axis=1), trend)
        if not self.in_lane.shape[1]:
            return own
        lane = self.lane[rows]
        along = np.where(metric, self.places.lane_way_m[lane], self.places.lane_way_px[lane])
        return np.where(lane[:, None] >= 0, along, own)

    def lane_way(self, row: int, lane: int) -> Floats:
        """(2,) the lane's way of travel in the unit of this row."""
        places = self.places
        way: Floats = (places.lane_way_m if self.metric[row] else places.lane_way_px)[lane]
        return way

    def gaps_m(self, rows: npt.NDArray[np.intp]) -> tuple[Floats, Floats]:
        """From these rows to all, along and across their ways, m: (S, N) middle to middle each.

        NaN for those that are not in the same unit.
        """
        way = self.ways(rows)
        apart = (self.place - self.place[rows, None]) / self.scale[rows, None, None]
        apart[self.metric != self.metric[rows, None]] = np.nan
        along = apart[..., 0] * way[:, :1] + apart[..., 1] * way[:, 1:]
        across = np.abs(apart[..., 1] * way[:, :1] - apart[..., 0] * way[:, 1:])
        return along, across

    def distance_m(self, row: int) -> Floats:
        """(N,) from this row to all others, NaN for those not in the same unit."""
        apart = (self.place - self.place[row]) / self.scale[row]
        apart[self.metric != self.metric[row]] = np.nan
        distance: Floats = np.hypot(apart[:, 0], apart[:, 1])
        return distance

    def turn_radps(self) -> Floats:
        """(N,) rate of turn of late, counter-clockwise; 0 while unknown."""
        table, slot, now = self.memory.table, self.slot, self.frame.pts_ns
        age_s = _ages_s(table["at_ns"][slot], now)
        k = np.where(age_s >= _TURN_S[0], age_s, np.inf).argmin(axis=1)
        every = np.arange(len(slot))
        over_s = age_s[every, k]
        turned = self.frame.heading_rad - table["way_rad"][slot, k]
        with np.errstate(invalid="ignore"):
            rate = ((turned + np.pi) % (2 * np.pi) - np.pi) / over_s
        known = (over_s >= _TURN_S[0]) & (over_s <= _TURN_S[1]) & np.isfinite(rate)
        return np.where(known, rate, 0.0)

    def box(self, row: int) -> tuple[float, float, float, float]:
        left, top, right, bottom = (float(v) for v in self.frame.xyxy[row])
        return left, top, right, bottom

    def label(self, row: int) -> str:
        """What it is, for sentences: ``car 17``."""
        kind = ObjectClass(int(self.frame.class_id[row])).label
        return f"{'thing' if kind == 'other' else kind} {int(self.frame.track_id[row])}"


def _follow(
    memory: TrackMemory,
    slot: Slots,
    frame: RoadFrame,
    metric: Bools,
    place: Floats,
    scale: Floats,
    fresh: Bools,
) -> None:
    """Write what was seen into the memory; a row that changes its unit begins anew there."""
    table = memory.table
    new = table["seen_ns"][slot] == NEVER
    changed = (table["metric"][slot] != metric) & ~new
    if changed.any():
        rows = slot[changed]
        table["count"][rows] = 0
        table["at_ns"][rows] = NEVER
        table["back_ns"][rows] = NEVER
        table["spot"][rows] = place[changed]
    seen = slot[fresh]
    table["metric"][slot] = metric
    table["seen_ns"][slot[fresh | new]] = frame.pts_ns
    table["class_id"][seen] = frame.class_id[fresh]
    table["scale"][slot] = scale
    for name, values in (("length_m", frame.length_m), ("width_m", frame.width_m)):
        table[name][slot] = values


def _trend(memory: TrackMemory, slot: Slots, place: Floats, scale: Floats, pts_ns: int) -> Floats:
    """(N, 2) m/s from the remembered places, NaN where they are too few."""
    ages = _ages_s(memory.table["at_ns"][slot], pts_ns)
    ages = np.where((ages < _TREND_S[0]) | (ages > _TREND_S[1]), np.inf, ages)
    if not len(slot):
        return np.zeros((0, 2))
    best = ages.argmin(axis=1)
    age = ages[np.arange(len(slot)), best]
    before = memory.table["at"][slot, best]
    trend: Floats = (place - before) / (scale * age)[:, None]
    return np.where(np.isfinite(age)[:, None], trend, np.nan)


def _ages_s(at_ns: npt.NDArray[np.int64], pts_ns: int) -> Floats:
    """How long ago, inf for never."""
    return np.where(at_ns == NEVER, np.inf, (pts_ns - np.maximum(at_ns, 0)) / NS_PER_S)

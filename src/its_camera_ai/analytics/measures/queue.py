"""Queues on lanes, from what one instant shows and who was queued just before.

A vehicle is queued when it is slow and close to the queue (HCM's field rule: below about 5 mph and
within about a car length). So that a queue neither flickers nor falls apart while it creeps, a
vehicle joins below one speed and leaves above a higher one, and two neighbours belong together up
to a largest clearance (PTV Vissim's definition of the queue counter: 5 and 10 km/h, 20 m). Its
length is upstream end − downstream end: from the first front to the last rear.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from its_camera_ai.analytics.measures.plausible import Floats, checked
from its_camera_ai.core.road_users import RoadFrame

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class QueueRule:
    """When vehicles are a queue.

    Attributes:
        begin_kmh: slower than this joins. end_kmh: faster than this leaves.
        clearance_m: largest distance from the rear of one to the front of the next.
        unknown_length_m: taken for a vehicle whose length is not known: a passenger car.
    """

    begin_kmh: float = 5.0
    end_kmh: float = 10.0
    clearance_m: float = 20.0
    unknown_length_m: float = 4.5

    def __post_init__(self) -> None:
        if not 0 < self.begin_kmh <= self.end_kmh:
            raise ValueError("A queue's begin_kmh must be above 0 and not above its end_kmh.")
        if not (self.clearance_m > 0 and self.unknown_length_m > 0):
            raise ValueError("A queue's clearance_m and unknown_length_m must be above 0.")


VISSIM = QueueRule()
"""PTV Vissim's defaults."""


@dataclass(frozen=True, slots=True, eq=False)
class Queues:
    """The longest queue of each of L lanes at one instant.

    Attributes:
        queued: (Q,) ids of all vehicles that are queued, ascending; the memory of the hysteresis.
        head_m: (L,) the downstream end along the lane: the first one's front; NaN without a queue.
        tail_m: (L,) the upstream end: the last one's rear; NaN without a queue.
        vehicles: (L,) how many are in it.
    """

    queued: Ints
    head_m: Floats
    tail_m: Floats
    vehicles: Ints

    @classmethod
    def none(cls, lanes: int) -> "Queues":
        """No queue on any of so many lanes."""
        nowhere = np.full(lanes, np.nan)
        return cls(np.zeros(0, np.int64), nowhere, nowhere.copy(), np.zeros(lanes, np.int64))

    @property
    def length_m(self) -> Floats:
        """(L,) ≥ 0; 0 without a queue."""
        return np.where(self.vehicles > 0, self.head_m - self.tail_m, 0.0)


def step(
    before: Queues,
    *,
    track_id: Ints,
    lane: npt.NDArray[np.integer],
    along_m: Floats,
    length_m: Floats,
    speed_mps: Floats,
    rule: QueueRule = VISSIM,
) -> Queues:
    """The queues of all lanes one instant later. All rows are (N,); their order is free.

    Args:
        before: the instant before; ``Queues.none`` at the start.
        lane: 0 … L − 1.
        along_m: of the front, from the lane's upstream end.
        length_m: of the vehicle; NaN takes the rule's.
        speed_mps: ≥ 0.

    Raises:
        MeasureInvalid: a negative speed or length, or a place along the lane that is no number.
    """
    kmh = checked(speed_mps, "speed (m/s)") * 3.6
    body_m = np.where(np.isnan(length_m), rule.unknown_length_m, length_m)
    checked(body_m, "vehicle length (m)")
    checked(along_m, "place along the lane (m)", low=-np.inf)
    was = np.isin(track_id, before.queued)
    rows = np.flatnonzero((kmh < rule.begin_kmh) | (was & (kmh <= rule.end_kmh)))
    lanes = len(before.vehicles)
    if not rows.size:
        return Queues.none(lanes)
    rows = rows[np.lexsort((-along_m[rows], lane[rows]))]  # lane by lane, downstream first
    of, front, rear = lane[rows], along_m[rows], along_m[rows] - body_m[rows]
    breaks = (of[1:] != of[:-1]) | (rear[:-1] - front[1:] > rule.clearance_m)
    first = np.flatnonzero(np.concatenate([[True], breaks]))
    count = np.diff(np.append(first, rows.size))
    head, tail = front[first], np.minimum.reduceat(rear, first)
    after = Queues.none(lanes)
    # the longest of each lane: ascending length, so that the last assignment of a lane stays; of
    # equals the one further downstream
    best = np.lexsort((-np.arange(first.size), head - tail))
    where = of[first][best]
    after.head_m[where] = head[best]
    after.tail_m[where] = tail[best]
    after.vehicles[where] = count[best]
    return Queues(np.sort(track_id[rows]), after.head_m, after.tail_m, after.vehicles)


def step_frame(before: Queues, frame: RoadFrame, rule: QueueRule = VISSIM) -> Queues:
    """The same from a frame's road users: those with a lane and a valid place, seen or predicted.

    A frame that was not looked at changes nothing.
    """
    if frame.unknown is not None:
        return before
    rows = np.flatnonzero((frame.lane >= 0) & frame.valid & np.isfinite(frame.along_m))
    return step(
        before,
        track_id=frame.track_id[rows],
        lane=frame.lane[rows],
        along_m=frame.along_m[rows],
        length_m=frame.length_m[rows],
        speed_mps=frame.speed_mps[rows],
        rule=rule,
    )


@dataclass(frozen=True, slots=True)
class QueueStatistics:
    """What is reported of a queue over a time, metres, all of them over time, not over looks."""

    mean_m: float
    max_m: float
    p95_m: float
    """Not exceeded during 95 % of the time."""


def queue_statistics(length_m: npt.ArrayLike, time_s: npt.ArrayLike) -> QueueStatistics | None:
    """Mean, maximum and 95th percentile (PTV Vissim's evaluation).

    Args:
        length_m: (N,) each held for time_s: (N,).

    Returns:
        None for no time at all.
    """
    lengths, times = checked(length_m, "queue (m)"), checked(time_s, "time (s)")
    total_s = float(times.sum())
    if total_s == 0:
        return None
    order = np.argsort(lengths, kind="stable")
    held = times[order].cumsum()
    k = int(np.searchsorted(held, 0.95 * total_s * (1 - 1e-12), side="left"))
    longest = float(lengths[times > 0].max())
    return QueueStatistics(
        float((lengths * times).sum() / total_s), longest, float(lengths[order][k])
    )
